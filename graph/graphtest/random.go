package graphtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Chance is where random documents come from: the bytes of a fuzz test. When they
// are used up it says 0, which ends a document soon.
type Chance struct{ Bytes []byte }

// n is a number below most.
func (c *Chance) n(most int) int {
	if most <= 1 || len(c.Bytes) == 0 {
		return 0
	}
	b := int(c.Bytes[0])
	c.Bytes = c.Bytes[1:]
	if most > 256 && len(c.Bytes) > 0 {
		b, c.Bytes = b<<8|int(c.Bytes[0]), c.Bytes[1:]
	}
	return b % most
}

// one in so many times it is true.
func (c *Chance) one(in int) bool { return len(c.Bytes) > 0 && c.n(in) == in-1 }

// pick is one of some.
func pick[T any](c *Chance, of []T) T { return of[c.n(len(of))] }

// random writes one document.
type random struct {
	*Chance
	own    World   // whose ids are right
	others []World // whose ids are not
	field  string  // the field whose arguments are written
	names  int     // aliases, fragments and variables so far
	left   int     // fields that may still be asked
	temper int     // one value in so many is odd, and one id another's

	declared  []string       // the variables of the operation
	variables map[string]any // and their values
	fragments []string
}

// The size of a random document: enough to be many things at once, and seldom too
// costly.
const (
	mostFields = 40
	mostDepth  = 5
)

// Document writes a document that is valid by the schema, with the values of its
// variables: of a few fields and what is below them, with arguments that are right
// or odd, and ids of one's own world or of others'.
func (c *Chance) Document(own World, others ...World) (document string, variables map[string]any) {
	r := &random{Chance: c, own: own, others: others, left: mostFields, variables: map[string]any{}}
	// One that is odd throughout is refused at the first thing that is.
	r.temper = pick(c, []int{3, 10, 30, 1000})
	root, word := Schema().Query, "query"
	if c.one(2) {
		root, word = Schema().Mutation, "mutation"
	}
	var fields []*ast.FieldDefinition
	for _, f := range root.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			fields = append(fields, f)
		}
	}
	body := ""
	for range 1 + c.n(3) {
		f := fields[c.n(len(fields))]
		body += " " + r.alias() + ": " + r.call(f, mostDepth)
	}
	head := word
	if c.one(4) {
		head += " Named"
	}
	if len(r.declared) > 0 {
		head += "(" + strings.Join(r.declared, ", ") + ")"
	}
	return head + " {" + body + " }" + strings.Join(r.fragments, ""), r.variables
}

func (r *random) alias() string {
	r.names++
	return "a" + strconv.Itoa(r.names)
}

// call is a field with arguments and what is below it.
func (r *random) call(f *ast.FieldDefinition, depth int) string {
	var args []string
	for _, a := range f.Arguments {
		if needed := a.Type.NonNull && a.DefaultValue == nil; !needed && r.one(3) {
			continue
		}
		r.field = f.Name
		args = append(args, a.Name+": "+r.argument(a.Name, a.Type))
	}
	out := f.Name
	if len(args) > 0 {
		out += "(" + strings.Join(args, ", ") + ")"
	}
	switch r.n(32) {
	case 30:
		out += " @include(if: true)"
	case 31:
		out += " @skip(if: " + r.argument("if", ast.NonNullNamedType("Boolean", nil)) + ")"
	}
	return out + r.below(Schema().Types[f.Type.Name()], depth-1)
}

// below is a set of fields of a type, some of them by way of a fragment.
func (r *random) below(def *ast.Definition, depth int) string {
	switch def.Kind {
	case ast.Scalar, ast.Enum:
		return ""
	case ast.Union, ast.Interface:
		out := " { __typename"
		for _, of := range Schema().PossibleTypes[def.Name] {
			if r.one(2) {
				out += " ... on " + of.Name + r.set(of, depth)
			}
		}
		return out + " }"
	}
	switch r.n(12) {
	case 10:
		r.names++
		name := "F" + strconv.Itoa(r.names)
		r.fragments = append(r.fragments, " fragment "+name+" on "+def.Name+r.set(def, depth))
		return " { ..." + name + " ..." + name + " }"
	case 11:
		return " { ... on " + def.Name + r.set(def, depth) + " }"
	}
	return r.set(def, depth)
}

func (r *random) set(def *ast.Definition, depth int) string {
	var all []*ast.FieldDefinition
	for _, f := range def.Fields {
		kind := Schema().Types[f.Type.Name()].Kind
		if leaf := kind == ast.Scalar || kind == ast.Enum; !strings.HasPrefix(f.Name, "__") && (leaf || depth > 0) {
			all = append(all, f)
		}
	}
	out := " { __typename"
	// What a payload or a page is for is below data: ask for it always.
	if data := def.Fields.ForName("data"); data != nil && depth > 0 {
		out += " " + r.alias() + ": " + r.call(data, depth)
	}
	for range r.n(6) {
		if r.left--; r.left < 0 || len(all) == 0 {
			break
		}
		out += " " + r.alias() + ": " + r.call(pick(r.Chance, all), depth)
	}
	return out + " }"
}

// argument is a value as it stands in the document: itself, or a variable.
func (r *random) argument(name string, kind *ast.Type) string {
	v := r.value(name, kind, 4)
	if r.one(3) {
		r.names++
		variable := "v" + strconv.Itoa(r.names)
		r.declared = append(r.declared, "$"+variable+": "+kind.String())
		if v != nil || !r.one(2) { // null may be left out
			r.variables[variable] = v
		}
		return "$" + variable
	}
	return literal(v)
}

// word is a name in a document: of an enum's value.
type word string

// literal writes a value into a document.
func literal(v any) string {
	switch v := v.(type) {
	case word:
		return string(v)
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = literal(one)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case object:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = one.name + ": " + literal(one.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%T has no literal: %v", v, err)) // value makes none
	}
	return string(text)
}

// object is an input object, whose fields have an order, so that the same bytes
// write the same document.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes it as a variable's value.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(strconv.AppendQuote(out, m.name), ':'), value...)
	}
	return append(out, '}'), nil
}
