// Package graphtest asks a practice everything that the schema of the GraphQL API
// has. The tests of the door ask the door itself, those of the whole program a
// program over its socket.
//
//	practice.go  a practice that is asked
//	world.go     one thing of each kind, for the ids that arguments take
//	call.go      a field written as it is called: its arguments, what is below it
//	every.go     every field asked once
//	leave.go     every update with what is optional left out
package graphtest

import (
	"context"
	"encoding/json"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/api"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/practice"
)

// Practice is a practice group that is asked.
type Practice struct {
	T testing.TB
	// Ask sends a document and gives the status and the body of the answer. Its
	// token may do everything, as often as it likes.
	Ask func(document string) (status int, body string)
	// AskAs is Ask with another token, for what only a person may do.
	AskAs func(token, document string) (status int, body string)
	// Core makes what only an operator can. It needs Account, Billing, Clinical,
	// Document, Episode, Patient and Record.
	Core  *core.Core
	Group practice.ID
	// Now is the practice's clock: some times must be soon.
	Now func() time.Time
	// Mark is a word in every text of the worlds, which shows whether they are
	// another practice's.
	Mark string

	worlds int
	person string // the token of a member of staff who has signed in
	shared World  // what all worlds have in common
}

// operator is the context of who may do everything.
func (p *Practice) operator() context.Context {
	return access.With(context.Background(), access.Operator(p.Group))
}

func (p *Practice) must(err error) {
	p.T.Helper()
	if err != nil {
		p.T.Fatal(err)
	}
}

// Answer is what came back.
type Answer struct {
	Status int
	Text   string
	Data   map[string]any `json:"data"`
	Errors []Error        `json:"errors"`
}

// Error is what is wrong with a field, or with all of it.
type Error struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

func (p *Practice) ask(document string) Answer {
	p.T.Helper()
	status, body := p.Ask(document)
	return p.read(document, status, body)
}

// askPerson is ask for a member of staff who may do everything.
func (p *Practice) askPerson(document string) Answer {
	p.T.Helper()
	if p.person == "" {
		first, last, email, role := "Mary", "Seacole", "seacole@"+p.domain(), "everything"
		_, err := p.Core.Account.Add(p.operator(),
			account.Change{FirstName: &first, LastName: &last, Email: &email, Role: &role})
		p.must(err)
		_, err = p.Core.Account.SetPassword(p.operator(), email, Password)
		p.must(err)
		signed, err := p.Core.Account.SignIn(p.operator(), account.Credentials{Email: email, Password: Password})
		p.must(err)
		p.person = signed.Token
	}
	status, body := p.AskAs(p.person, document)
	return p.read(document, status, body)
}

func (p *Practice) read(document string, status int, body string) Answer {
	p.T.Helper()
	a := Answer{Status: status, Text: body}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		p.T.Fatalf("%s\n%d %s: %v", document, status, body, err)
	}
	return a
}

// get asks what must be answered without an error, and gives what is at a path.
func (p *Practice) get(path, document string) any {
	p.T.Helper()
	a := p.ask(document)
	found := At(a.Data, path)
	if a.Status != 200 || len(a.Errors) > 0 || found == nil {
		p.T.Fatalf("%s\n%d %s", document, a.Status, a.Text)
	}
	return found
}

// id is get for a text, mostly an id.
func (p *Practice) id(path, document string) string {
	p.T.Helper()
	text, _ := p.get(path, document).(string)
	return text
}

// made runs a mutation and gives its data's id.
func (p *Practice) made(mutation string) string {
	p.T.Helper()
	return p.id("m.data.id", "mutation { m: "+mutation+" { data { id } error } }")
}

// At follows names and numbers with dots between; nil is nothing there.
func At(v any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

// Schema is the contract.
var Schema = sync.OnceValue(func() *ast.Schema {
	var sources []*ast.Source
	err := fs.WalkDir(api.GraphQL, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(api.GraphQL, name)
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
		return err
	})
	if err != nil {
		panic(err) // it is built in
	}
	return gqlparser.MustLoadSchema(sources...)
})
