package api_test

import (
	"bufio"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/api"
)

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	names, err := fs.Glob(api.GraphQL, "graphql/*.graphql")
	if err != nil || len(names) == 0 {
		t.Fatal("there is no GraphQL contract", err)
	}
	var sources []*ast.Source
	for _, name := range names {
		text, err := fs.ReadFile(api.GraphQL, name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
	}
	s, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ours are the definitions of the contract, without GraphQL's own.
func ours(s *ast.Schema) []*ast.Definition {
	var out []*ast.Definition
	for _, d := range s.Types {
		if !d.BuiltIn && !strings.HasPrefix(d.Name, "__") {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func TestGraphQLContractDescribesEachDefinition(t *testing.T) {
	say := func(what, description string) {
		if description == "" {
			t.Errorf("%s does not say what it is", what)
		} else if !strings.HasSuffix(strings.TrimSpace(description), ".") {
			t.Errorf("%s does not say it in a sentence", what)
		}
	}
	s := schema(t)
	say("the schema", s.Description)
	for _, d := range ours(s) {
		say(d.Name, d.Description)
		for _, v := range d.EnumValues {
			say(d.Name+"."+v.Name, v.Description)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			say(d.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				say(d.Name+"."+f.Name+"("+a.Name+")", a.Description)
			}
		}
	}
}

// TestGraphQLContractHasNoUnusedTypes finds types that no operation reaches.
func TestGraphQLContractHasNoUnusedTypes(t *testing.T) {
	s := schema(t)
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		d := s.Types[name]
		if d == nil || seen[name] {
			return
		}
		seen[name] = true
		for _, f := range d.Fields {
			visit(f.Type.Name())
			for _, a := range f.Arguments {
				visit(a.Type.Name())
			}
		}
		for _, name := range slices.Concat(d.Types, d.Interfaces) {
			visit(name)
		}
	}
	visit("Query")
	visit("Mutation")
	for _, d := range ours(s) {
		if !seen[d.Name] {
			t.Errorf("%s is used by nothing", d.Name)
		}
	}
}

// TestGraphQLContractKeepsPublishedFacts compares it with facts.txt, and
// names each fact that does not hold.
func TestGraphQLContractKeepsPublishedFacts(t *testing.T) {
	c := checker{schema: schema(t), known: map[string]map[string]bool{}, open: map[string]bool{}}
	f, err := os.Open("graphql/facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	facts := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		facts++
		for _, wrong := range c.check(line) {
			t.Errorf("published: %s\nbut %s", line, wrong)
		}
	}
	if facts < 1400 {
		t.Errorf("only %d facts were read", facts)
	}
	// A program written from what is published must be able to call us.
	for name, inputs := range c.known {
		if c.open[name] {
			continue
		}
		for input, required := range c.inputs(name) {
			if required && !inputs[input] {
				t.Errorf("%s needs %s, which is not published", name, input)
			}
		}
	}
}

func TestCheckFindsAContractThatBreaksAFact(t *testing.T) {
	s, err := gqlparser.LoadSchema(&ast.Source{Input: `
		type Query { patient(id: ID!, why: String): Patient list(page: Int = 2): [Patient!] }
		type Patient { id: ID! name: String }
		input In { a: String! }
		interface Thing { id: ID! }
		enum Colour { red blue }
		union Both = Patient | Query
		scalar Date`})
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range []string{
		"type Patient", "input In", "scalar Date", "interface Thing",
		"Query.patient(id: ID!): Patient", "Query.patient(id: ?): ?", "Query.patient(...): Patient",
		"Query.list(page: Int = 2): [Patient!]",
		"Patient.id: ID!", "enum Colour: red blue", "enum Colour: blue ...", "union Both = Patient | Query",
		"union Both = Patient | ...",
	} {
		c := checker{schema: s, known: map[string]map[string]bool{}, open: map[string]bool{}}
		if wrong := c.check(fact); len(wrong) != 0 {
			t.Errorf("%s holds, but: %v", fact, wrong)
		}
	}
	for _, fact := range []string{
		"type Missing", "type In", "input Patient", "scalar Patient", "type Patient implements Thing",
		"Query.patient(id: ID): Patient", "Query.patient(ID: ID!): Patient", "Query.patient(id: ID!): Patient!",
		"Query.list: [Patient]",
		"Query.list(page: Int): [Patient!]", "Patient.nme: String", "Patient.name: Int", "enum Colour: red",
		"enum Colour: blue red",
		"enum Colour: green ...", "enum Color: ...", "union Both = Patient", "union Both = Query | Patient",
		"union Both = In | ...", "nonsense",
	} {
		c := checker{schema: s, known: map[string]map[string]bool{}, open: map[string]bool{}}
		if wrong := c.check(fact); len(wrong) == 0 {
			t.Errorf("%s does not hold, and the check passed", fact)
		}
	}
}

// checker compares facts with a schema, and remembers which arguments of which
// fields, and which fields of which inputs, are published.
type checker struct {
	schema *ast.Schema
	known  map[string]map[string]bool
	open   map[string]bool // not everything of it is published
}

var (
	kindFact  = regexp.MustCompile(`^(type|input|interface|scalar) (\w+)(?: implements (\w+))?$`)
	fieldFact = regexp.MustCompile(`^(\w+)\.(\w+)(?:\((.*)\))?: (\S+)$`)
	enumFact  = regexp.MustCompile(`^enum (\w+): (.+)$`)
	unionFact = regexp.MustCompile(`^union (\w+) = (.+)$`)
)

var kinds = map[string]ast.DefinitionKind{
	"type": ast.Object, "input": ast.InputObject, "interface": ast.Interface, "scalar": ast.Scalar,
}

// check gives what is wrong with a fact.
func (c checker) check(fact string) []string {
	switch {
	case kindFact.MatchString(fact):
		m := kindFact.FindStringSubmatch(fact)
		d := c.schema.Types[m[2]]
		if d == nil || d.Kind != kinds[m[1]] {
			return []string{"there is no " + m[1] + " " + m[2]}
		}
		if m[3] != "" && !slices.Contains(d.Interfaces, m[3]) {
			return []string{"it does not"}
		}
		return nil
	case fieldFact.MatchString(fact):
		m := fieldFact.FindStringSubmatch(fact)
		return c.field(m[1], m[2], m[3], m[4])
	case enumFact.MatchString(fact):
		m := enumFact.FindStringSubmatch(fact)
		d := c.schema.Types[m[1]]
		if d == nil || d.Kind != ast.Enum {
			return []string{"there is no enum " + m[1]}
		}
		var have []string
		for _, v := range d.EnumValues {
			have = append(have, v.Name)
		}
		return compare(have, strings.Fields(m[2]))
	case unionFact.MatchString(fact):
		m := unionFact.FindStringSubmatch(fact)
		d := c.schema.Types[m[1]]
		if d == nil || d.Kind != ast.Union {
			return []string{"there is no union " + m[1]}
		}
		return compare(d.Types, strings.Split(m[2], " | "))
	}
	return []string{"the fact has no known form"}
}

// compare gives what is wrong with a list, which may end with ... for more.
func compare(have, want []string) []string {
	if want[len(want)-1] != "..." {
		if !slices.Equal(have, want) {
			return []string{"it is " + strings.Join(have, " ")}
		}
		return nil
	}
	var wrong []string
	for _, v := range want[:len(want)-1] {
		if !slices.Contains(have, v) {
			wrong = append(wrong, "it lacks "+v)
		}
	}
	return wrong
}

func (c checker) field(typ, name, arguments, result string) []string {
	d := c.schema.Types[typ]
	if d == nil {
		return []string{"there is no " + typ}
	}
	f := d.Fields.ForName(name)
	if f == nil {
		return []string{"there is no such field"}
	}
	var wrong []string
	if result != "?" && f.Type.String() != result {
		wrong = append(wrong, "it is "+f.Type.String())
	}
	if d.Kind == ast.InputObject {
		c.publish(typ, name)
		return wrong
	}
	c.publish(typ+"."+name, "")
	for _, a := range strings.Split(arguments, ", ") {
		if a == "" {
			continue
		}
		if a == "..." {
			c.open[typ+"."+name] = true
			continue
		}
		argument, want, _ := strings.Cut(a, ": ")
		c.publish(typ+"."+name, argument)
		have := f.Arguments.ForName(argument)
		if have == nil {
			wrong = append(wrong, "it takes no "+argument)
			continue
		}
		is := have.Type.String()
		if have.DefaultValue != nil {
			is += " = " + have.DefaultValue.String()
		}
		if want != "?" && is != want {
			wrong = append(wrong, argument+" is "+is)
		}
	}
	return wrong
}

func (c checker) publish(name, input string) {
	if c.known[name] == nil {
		c.known[name] = map[string]bool{}
	}
	c.known[name][input] = true
}

// inputs are the arguments of a field, or the fields of an input, and whether
// they are needed.
func (c checker) inputs(name string) map[string]bool {
	out := map[string]bool{}
	typ, field, isField := strings.Cut(name, ".")
	d := c.schema.Types[typ]
	if d == nil {
		return nil
	}
	if !isField {
		for _, f := range d.Fields {
			out[f.Name] = f.Type.NonNull && f.DefaultValue == nil
		}
		return out
	}
	if f := d.Fields.ForName(field); f != nil {
		for _, a := range f.Arguments {
			out[a.Name] = a.Type.NonNull && a.DefaultValue == nil
		}
	}
	return out
}
