package wire

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Fields are those that a document asks for of a thing.
type Fields []string

// Any reports whether one of the names is asked for.
func (f Fields) Any(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(f, n) })
}

// askedAt is what is selected at a place of the document, by where it is in memory,
// and the names of a path from it. One field may be at several places, by fragments,
// and not everywhere with the same selections.
type askedAt struct {
	first *ast.Selection
	n     int
	path  string
}

// FieldsAsked are the fields asked for of what the present field gives, or of what
// the fields of the path give, one within the other. The selections of one
// place are worked out once for all rows of a list.
func FieldsAsked(ctx context.Context, path ...string) Fields {
	at, c := graphql.GetFieldContext(ctx).Field, loadersOf(ctx)
	if len(at.Selections) == 0 {
		return nil // it is a leaf
	}
	place := askedAt{&at.Selections[0], len(at.Selections), strings.Join(path, ".")}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.asked[place]; ok {
		return known
	}
	op := graphql.GetOperationContext(ctx)
	all := graphql.CollectFields(op, at.Selections, []string{at.Definition.Type.Name()})
	for _, name := range path {
		var within []graphql.CollectedField
		for _, f := range all {
			if f.Name == name {
				within = append(within, graphql.CollectFields(op, f.Selections, []string{f.Definition.Type.Name()})...)
			}
		}
		all = within
	}
	out := make(Fields, len(all))
	for i, f := range all {
		out[i] = f.Name
	}
	c.asked[place] = out
	return out
}
