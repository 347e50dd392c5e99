package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"frontdesk/core/input"
)

// wholeLiterals writes whole numbers of a document as the type Int has them, where
// it is an Int that is wanted: programs put 30.0 into their documents too.
func wholeLiterals(schema *ast.Schema, doc *ast.QueryDocument) {
	events := &validator.Events{}
	events.OnValue(func(_ *validator.Walker, v *ast.Value) {
		if v.Kind != ast.FloatValue || v.Definition == nil || v.Definition.Name != "Int" {
			return
		}
		if n, ok := input.Whole(v.Raw); ok {
			v.Kind, v.Raw = ast.IntValue, strconv.FormatInt(n, 10)
		}
	})
	validator.Walk(schema, doc, events)
}

// numbers reads the numbers and booleans among the variables by their types, and quotes
// one that is wrong.
type numbers struct{ schema *ast.Schema }

func (n numbers) of(op *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		sent, ok := variables[v.Variable]
		if !ok {
			continue
		}
		read, err := n.value(ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}, v.Type, sent)
		if err != nil {
			return err
		}
		variables[v.Variable] = read
	}
	return nil
}

func (n numbers) value(path ast.Path, kind *ast.Type, v any) (any, *gqlerror.Error) {
	if v == nil {
		return nil, nil
	}
	if kind.Elem != nil {
		list, ok := v.([]any)
		if !ok {
			return n.value(path, kind.Elem, v)
		}
		for i := range list {
			read, err := n.value(append(slices.Clip(path), ast.PathIndex(i)), kind.Elem, list[i])
			if err != nil {
				return nil, err
			}
			list[i] = read
		}
		return list, nil
	}
	def := n.schema.Types[kind.Name()]
	if def != nil && def.Kind == ast.InputObject {
		object, ok := v.(map[string]any)
		if !ok {
			return v, nil // validation says so
		}
		for _, f := range def.Fields {
			sent, ok := object[f.Name]
			if !ok {
				continue
			}
			read, err := n.value(append(slices.Clip(path), ast.PathName(f.Name)), f.Type, sent)
			if err != nil {
				return nil, err
			}
			object[f.Name] = read
		}
		return object, nil
	}
	return n.scalar(path, kind.Name(), v)
}

func (numbers) scalar(path ast.Path, kind string, v any) (any, *gqlerror.Error) {
	text := ""
	switch x := v.(type) {
	case json.Number:
		text = x.String()
	case string: // some programs send numbers as text
		text = x
	}
	good := true
	switch kind {
	case "Int":
		var whole int64
		if whole, good = input.Whole(text); good {
			v = json.Number(strconv.FormatInt(whole, 10))
		}
	case "Float":
		_, err := strconv.ParseFloat(text, 64)
		good = err == nil
	case "Boolean":
		_, good = v.(bool)
	}
	if good {
		return v, nil
	}
	e := gqlerror.ErrorPathf(path, "%s cannot represent %s.", kind, sent(v))
	errcode.Set(e, codeValidation)
	return nil, e
}

// mostSent is how much of a value that was sent an error quotes.
const mostSent = 64

// sent is a value of a variable as it was sent.
func sent(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		if r := []rune(v); len(r) > mostSent {
			v = string(r[:mostSent])
		}
		return strconv.Quote(v)
	case json.Number:
		return v.String()[:min(len(v), mostSent)]
	}
	return fmt.Sprint(v)
}

// givenVariables leaves out of a document the fields of input objects whose variables were
// not given, as the specification of GraphQL has it (October 2021, 3.10): a field
// that was not given stays as it is, where null would clear it. Documents are kept
// and run side by side, so what changes is copied.
type givenVariables struct {
	variables map[string]any
	fragments map[*ast.FragmentDefinition]*ast.FragmentDefinition
}

func givenOf(
	doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any,
) (*ast.QueryDocument, *ast.OperationDefinition) {
	if !slices.ContainsFunc(op.VariableDefinitions, func(v *ast.VariableDefinition) bool {
		_, ok := variables[v.Variable]
		return !ok
	}) {
		return doc, op
	}
	g := givenVariables{variables, map[*ast.FragmentDefinition]*ast.FragmentDefinition{}}
	set, changed := g.set(op.SelectionSet)
	if !changed {
		return doc, op
	}
	newOp, newDoc := *op, *doc
	newOp.SelectionSet = set
	newDoc.Operations = slices.Clone(doc.Operations)
	newDoc.Operations[slices.Index(doc.Operations, op)] = &newOp
	newDoc.Fragments = slices.Clone(doc.Fragments)
	for i, f := range newDoc.Fragments {
		newDoc.Fragments[i] = g.fragment(f)
	}
	return &newDoc, &newOp
}

// set gives a selection set, and whether it had to be copied.
func (g givenVariables) set(set ast.SelectionSet) (ast.SelectionSet, bool) {
	return replaced(set, func(sel ast.Selection) (ast.Selection, bool) {
		switch sel := sel.(type) {
		case *ast.Field:
			arguments, one := replaced(sel.Arguments, g.argument)
			below, other := g.set(sel.SelectionSet)
			if !one && !other {
				return sel, false
			}
			out := *sel
			out.Arguments, out.SelectionSet = arguments, below
			return &out, true
		case *ast.InlineFragment:
			below, changed := g.set(sel.SelectionSet)
			if !changed {
				return sel, false
			}
			out := *sel
			out.SelectionSet = below
			return &out, true
		case *ast.FragmentSpread:
			of := g.fragment(sel.Definition)
			if of == sel.Definition {
				return sel, false
			}
			out := *sel
			out.Definition = of
			return &out, true
		}
		return sel, false
	})
}

// fragment is a fragment, or its copy. Validation has seen that fragments make no
// circle.
func (g givenVariables) fragment(f *ast.FragmentDefinition) *ast.FragmentDefinition {
	if known, ok := g.fragments[f]; ok {
		return known
	}
	g.fragments[f] = f
	if set, changed := g.set(f.SelectionSet); changed {
		out := *f
		out.SelectionSet = set
		g.fragments[f] = &out
	}
	return g.fragments[f]
}

func (g givenVariables) argument(a *ast.Argument) (*ast.Argument, bool) {
	v, changed := g.value(a.Value)
	if !changed {
		return a, false
	}
	out := *a
	out.Value = v
	return &out, true
}

func (g givenVariables) value(v *ast.Value) (*ast.Value, bool) {
	children := v.Children
	left := false
	if v.Kind == ast.ObjectValue && slices.ContainsFunc(children, g.leftOut) {
		children, left = slices.DeleteFunc(slices.Clone(children), g.leftOut), true
	}
	children, changed := replaced(children, func(c *ast.ChildValue) (*ast.ChildValue, bool) {
		v, changed := g.value(c.Value)
		if !changed {
			return c, false
		}
		out := *c
		out.Value = v
		return &out, true
	})
	if !left && !changed {
		return v, false
	}
	out := *v
	out.Children = children
	return &out, true
}

// leftOut reports whether a field of an input object has a variable that was not
// given. One with a default has its value by now.
func (g givenVariables) leftOut(c *ast.ChildValue) bool {
	if c.Value.Kind != ast.Variable {
		return false
	}
	_, ok := g.variables[c.Value.Raw]
	return !ok
}

// replaced gives a list with what takes the place of each, and copies it only
// where something does.
func replaced[L ~[]T, T any](all L, with func(T) (T, bool)) (L, bool) {
	out, changed := all, false
	for i, one := range all {
		now, different := with(one)
		if !different {
			continue
		}
		if !changed {
			out, changed = slices.Clone(all), true
		}
		out[i] = now
	}
	return out, changed
}
