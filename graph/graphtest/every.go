package graphtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

const (
	tooCostly = "COMPLEXITY_LIMIT_EXCEEDED"
	// deepest is how deep a field is asked, when that does not cost too much.
	deepest = 3
)

// Every asks each query and each mutation of the schema once, with every argument
// and everything below it, and fails unless all are answered. It gives how many
// were.
func Every(p *Practice) (asked int) {
	p.T.Helper()
	p.sameRoots()
	w := p.World()
	for _, root := range []*ast.Definition{Schema().Query, Schema().Mutation} {
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			wrong := p.every(w, root, f)
			if wrong != "" && root == Schema().Mutation {
				w = p.World() // what came before changed things, or took them away
				wrong = p.every(w, root, f)
			}
			if wrong != "" {
				p.T.Error(wrong)
				continue
			}
			asked++
		}
	}
	return asked
}

// sameRoots compares the fields that a program lists with the contract's, so
// that it has none that is not asked.
func (p *Practice) sameRoots() {
	p.T.Helper()
	listed := p.get("__schema",
		`{ __schema { queryType { fields(includeDeprecated: true) { name } } mutationType { `+
			`fields(includeDeprecated: true) { name } } } }`)
	for path, root := range map[string]*ast.Definition{"queryType.fields": Schema().Query,
		"mutationType.fields": Schema().Mutation} {
		var has, want []string
		fields, _ := At(listed, path).([]any)
		for _, f := range fields {
			name, _ := At(f, "name").(string)
			has = append(has, name)
		}
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				want = append(want, f.Name)
			}
		}
		slices.Sort(has)
		slices.Sort(want)
		if !slices.Equal(has, want) {
			p.T.Errorf("the program has %v, the contract %v", has, want)
		}
	}
}

// asker asks a field as a program, or as a person where only a person may.
func (p *Practice) asker(f *ast.FieldDefinition) func(string) Answer {
	if f.Name == "approveRecordEntry" || f.Name == "rejectRecordEntry" {
		return p.askPerson
	}
	return p.ask
}

// every asks one field, and gives what is wrong with the answer.
func (p *Practice) every(w World, root *ast.Definition, f *ast.FieldDefinition) (wrong string) {
	p.T.Helper()
	// As deep as an operation may go before it costs too much.
	var document string
	var a Answer
	for depth := deepest; depth > 0; depth-- {
		document = strings.ToLower(root.Name) + " { f: " + w.Call(f, depth) + " }"
		if a = p.asker(f)(document); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != tooCostly {
			break
		}
	}
	found := At(a.Data, "f")
	payload, isPayload := found.(map[string]any)
	_, hasData := payload["data"]
	if len(a.Errors) > 0 || a.Status != 200 || found == nil || isPayload && payload["error"] != nil || hasData &&
		payload["data"] == nil {
		return fmt.Sprintf("%s\n%d %s", document, a.Status, a.Text)
	}
	return ""
}
