package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// fields are those that a document asks for of a thing.
type fields []string

// any reports whether one of the names is asked for.
func (f fields) any(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(f, n) })
}

// fieldsAsked are the fields asked for of what the present field gives, or of what the
// fields of the path give, one within the other.
func fieldsAsked(ctx context.Context, path ...string) fields {
	op, at := graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field
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
	out := make(fields, len(all))
	for i, f := range all {
		out[i] = f.Name
	}
	return out
}
