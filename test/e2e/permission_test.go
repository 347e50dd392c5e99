package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/practice"
	"frontdesk/graph/graphtest"
	"frontdesk/store/storetest"
)

// TestOperationsAllowThePermissionsInTheTable asks for every operation of the REST
// contract with keys of each scope and extra permission and of each two, and for
// every query and mutation of the GraphQL API as a program and as a member of staff
// of each preset role. testdata/permissions.txt lists which are allowed.
func TestOperationsAllowThePermissionsInTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/permissions.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			operation, who, _ := strings.Cut(strings.TrimSpace(line), ": ")
			want[operation] = who
		}
	}
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := start(t, address, "--rate-limit", "0")
		got := allowedKeys(t, s, address)
		maps.Copy(got, allowedRoles(t, s, address))
		for _, operation := range slices.Sorted(maps.Keys(got)) {
			if who, ok := want[operation]; !ok || who != got[operation] {
				t.Errorf("%s allows %q, the table has %q", operation, got[operation], who)
			}
		}
		for operation := range want {
			if _, ok := got[operation]; !ok {
				t.Errorf("the table has %s, which no door has or every role may see", operation)
			}
		}
	})
}

// keySets are the named sets of permissions that a key is made with.
var keySets = func() []string {
	var out []string
	for _, s := range access.Scopes {
		out = append(out, string(s))
	}
	for _, p := range access.KeyPermissions {
		out = append(out, string(p))
	}
	return out
}()

// combinations are the empty set, each set, and each two sets.
func combinations() [][]string {
	out := [][]string{nil}
	for _, a := range keySets {
		out = append(out, []string{a})
	}
	for i, a := range keySets {
		for _, b := range keySets[i+1:] {
			out = append(out, []string{a, b})
		}
	}
	return out
}

// least names the combinations that are allowed.
func least(allowed [][]string) string {
	if len(allowed) > 0 && len(allowed[0]) == 0 {
		return "any key"
	}
	var out []string
	for _, sets := range allowed {
		out = append(out, strings.Join(sets, "+"))
	}
	return strings.Join(out, " ")
}

// among reports whether a combination has another one in it that is allowed.
func among(allowed [][]string, sets []string) bool {
	return slices.ContainsFunc(allowed, func(other []string) bool {
		return !slices.ContainsFunc(other, func(s string) bool { return !slices.Contains(sets, s) })
	})
}

// withRealID names the first thing of its list in the path of an operation that reads one: what is not there is not
// found, before the permission for what belongs to it is asked for.
func (s *process) withRealID(path string) string {
	list, _, one := strings.Cut(path, "/{id}")
	if !one {
		return path
	}
	found := s.call("GET", strings.Replace(list, "/v2/", "/v1/", 1), nil)
	if data, ok := found.Body["data"].([]any); ok && len(data) > 0 {
		if id, ok := data[0].(map[string]any)["id"].(string); ok {
			return strings.Replace(path, "{id}", id, 1)
		}
	}
	return path
}

// allowedKeys asks for each operation of REST with a key of each combination.
func allowedKeys(t *testing.T, s *process, address string) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for _, sets := range combinations() {
		ask := map[string]any{"partner": "x", "rate_limit": 0, "scopes": []string{}, "permissions": []string{}}
		for _, name := range sets {
			kind := "permissions"
			if slices.Contains(access.Scopes, access.Scope(name)) {
				kind = "scopes"
			}
			ask[kind] = append(ask[kind].([]string), name)
		}
		keys[strings.Join(sets, "+")] = s.call("POST", "/v1/api_keys", ask, key(s.creds.Key)).str("api_key")
	}
	ids := regexp.MustCompile(`\{[a-z_]+\}`)
	known := strings.NewReplacer("{kind}", "mobile", "{date}", "2031-12-25", "/customers", "/customers?query=nia")
	out := map[string]string{}
	for _, o := range operations(t) {
		operation := o.method + " " + o.path
		path := known.Replace(strings.Replace(o.path, "{type}", "task", 1))
		if o.method == "GET" {
			path = s.withRealID(path)
		}
		path = ids.ReplaceAllString(path, "4503599627370497")
		var allowed [][]string
		for _, sets := range combinations() {
			if among(allowed, sets) {
				continue // what one set allows, two do
			}
			got := s.call(o.method, path, acrossNetwork[operation].body, key(keys[strings.Join(sets, "+")]))
			if got.Status == http.StatusUnauthorized || got.Status >= 500 {
				t.Errorf("%s with %v: %d %s", operation, sets, got.Status, got.Text)
			}
			if got.Status != http.StatusForbidden {
				allowed = append(allowed, sets)
			}
		}
		out[operation] = least(allowed)
	}
	return out
}

// roles are the preset roles. Those that may do least come first, so that the others
// have not yet taken away what they ask about.
var roles = []string{"readonly", "billing", "booking", "frontdesk", "everything"}

// tokens are a program's token of each role, and that of a member of staff, whose
// name is the role's with "staff:" before it.
func tokens(t *testing.T, p *graphtest.Practice, address string) map[string]string {
	t.Helper()
	ctx := access.With(t.Context(), access.Operator(p.Group))
	out := map[string]string{}
	for _, role := range roles {
		made := ofCommand(t, "", "token", "create", "--db", address, "--group", p.Group.String(), "--name", role,
			"--role", role,
			"--rate-limit", "0", "--json")
		out[role], _ = made["api_key"].(string)
		email := role + "@staff.example.org"
		_, err := p.Core.Account.Add(ctx, account.Change{FirstName: &role, LastName: &role, Email: &email, Role: &role})
		if err == nil {
			_, err = p.Core.Account.SetPassword(ctx, email, graphtest.Password)
		}
		signed, signErr := p.Core.Account.SignIn(ctx, account.Credentials{Email: email, Password: graphtest.Password})
		if err != nil || signErr != nil {
			t.Fatal(err, signErr)
		}
		out["staff:"+role] = signed.Token
	}
	return out
}

// refusedAt are the paths of the fields that a document's answer refuses for want of a
// permission, without numbers: f is all of it.
func refusedAt(t *testing.T, status int, text string) []string {
	t.Helper()
	var a graphtest.Answer
	if err := json.Unmarshal([]byte(text), &a); err != nil || status == http.StatusUnauthorized || status >= 500 {
		t.Fatalf("%d %s", status, text)
	}
	var out []string
	for _, e := range a.Errors {
		if strings.Contains(e.Message, "used too often") {
			t.Fatal(e.Message)
		}
		if strings.HasPrefix(e.Message, "Missing permission ") || strings.HasSuffix(e.Message, "A program cannot.") {
			var path []string
			for _, step := range e.Path {
				if name, ok := step.(string); ok {
					path = append(path, name)
				}
			}
			out = append(out, strings.Join(path, "."))
		}
	}
	return out
}

// allowedRoles asks for each query and mutation as each role, and of what queries
// answer one level below.
func allowedRoles(t *testing.T, s *process, address string) map[string]string {
	t.Helper()
	group, err := practice.ParseID(s.creds.Group)
	if err != nil {
		t.Fatal(err)
	}
	p := &graphtest.Practice{T: t, Core: operators(t, address), Group: group, Now: time.Now}
	p.AskAs = func(token, document string) (int, string) {
		a := s.call("POST", "/graphql", fields{"query": document}, header("x-token", token), key(""), ofGroup(""))
		return a.Status, a.Text
	}
	token := tokens(t, p, address)
	p.Ask = func(document string) (int, string) { return p.AskAs(token["everything"], document) }
	refused := func(who, document string) []string {
		status, text := p.AskAs(token[who], document)
		return refusedAt(t, status, text)
	}
	w := p.World()
	out := map[string]string{}
	for _, root := range []*ast.Definition{graphtest.Schema().Query, graphtest.Schema().Mutation} {
		kind := strings.ToLower(root.Name)
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") || f.Name == "signIn" || f.Name == "signOut" {
				continue // they are for anyone
			}
			document := kind + " { f: " + w.Call(f, 0) + " }"
			var allowed, programs []string
			for _, role := range roles {
				program := !slices.Contains(refused(role, document), "f")
				person := !slices.Contains(refused("staff:"+role, document), "f")
				switch {
				case program && person:
					allowed, programs = append(allowed, role), append(programs, role)
				case person:
					allowed = append(allowed, "staff:"+role)
				case program:
					t.Errorf("%s: a program may, and staff may not", f.Name)
				}
			}
			out[kind+" "+f.Name] = strings.Join(allowed, " ")
			if root == graphtest.Schema().Query {
				maps.Copy(out, below(f.Name, programs, func(role string) []string {
					return refused(role, "{ f: "+w.Call(f, 1)+" }")
				}))
			}
		}
	}
	return out
}

// below are the fields below a query that not all may see who may ask for it.
func below(query string, roles []string, refused func(role string) []string) map[string]string {
	hidden := map[string][]string{}
	for _, role := range roles {
		for _, path := range refused(role) {
			if !slices.Contains(hidden[path], role) {
				hidden[path] = append(hidden[path], role)
			}
		}
	}
	out := map[string]string{}
	for path, from := range hidden {
		sees := slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return slices.Contains(from, role) })
		out[fmt.Sprintf("query %s%s", query, strings.TrimPrefix(path, "f"))] = strings.Join(sees, " ")
	}
	return out
}
