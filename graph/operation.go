package graph

import (
	"context"
	"errors"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// asked is one operation as it was sent.
type asked struct {
	Query     string         `json:"query"`
	Operation *string        `json:"operationName"`
	Variables map[string]any `json:"variables"`
}

func (a asked) name() string {
	if a.Operation == nil {
		return ""
	}
	return *a.Operation
}

// read parses a document and measures it.
func read(text string) (*ast.QueryDocument, *gqlerror.Error) {
	if text == "" {
		return nil, refusal(codeRequest, "Send a document in query.")
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxTokens)
	if err != nil {
		var e *gqlerror.Error
		if !errors.As(err, &e) {
			e = &gqlerror.Error{Message: err.Error()}
		}
		if strings.HasPrefix(e.Message, "exceeded token limit") {
			return nil, refusal(codeTokens, "This document has more than %d tokens.", maxTokens)
		}
		errcode.Set(e, codeParse)
		return nil, e
	}
	if err := checkShape(doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// document is a text that has been read and found valid; the same text need not
// be read again.
func (d *door) document(ctx context.Context, text string) (*ast.QueryDocument, gqlerror.List) {
	if doc, ok := d.documents.Get(ctx, text); ok {
		return doc, nil
	}
	doc, err := read(text)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	if len(doc.Operations) == 0 {
		return nil, gqlerror.List{refusal(codeValidation, "There is no operation in this document.")}
	}
	if errs := validator.ValidateWithRules(d.schema, doc, rules.NewDefaultRules()); len(errs) > 0 {
		if len(errs) > manyErrors {
			errs = errs[:manyErrors]
		}
		for _, e := range errs {
			errcode.Set(e, codeValidation)
		}
		return nil, errs
	}
	d.documents.Add(ctx, text, doc)
	return doc, nil
}

// manyErrors is how many errors of a document are told.
const manyErrors = 50

// prepare makes an operation ready to run, or says why it cannot.
func (d *door) prepare(ctx context.Context, a asked) (*graphql.OperationContext, gqlerror.List) {
	doc, errs := d.document(ctx, a.Query)
	if errs != nil {
		return nil, errs
	}
	op := doc.Operations.ForName(a.name())
	if op == nil {
		return nil, gqlerror.List{refusal(codeValidation, "This document has no such operation, or has several and operationName does not say which.")}
	}
	if !legibleVariable(a.Variables) {
		return nil, gqlerror.List{illegible()}
	}
	variables, err := validator.VariableValues(d.schema, op, a.Variables)
	if err != nil {
		var e *gqlerror.Error
		if !errors.As(err, &e) {
			e = &gqlerror.Error{Message: err.Error()}
		}
		errcode.Set(e, codeValidation)
		return nil, gqlerror.List{e}
	}
	return &graphql.OperationContext{
		RawQuery: a.Query, OperationName: a.name(), Doc: doc, Operation: op, Variables: variables,
		RecoverFunc: recovered, ResolverMiddleware: d.field,
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			if op.Operation == ast.Mutation {
				ctx = d.withLoaders(ctx)
			}
			return next(ctx)
		},
	}, nil
}

// onlySignsIn reports whether a document does nothing but sign in, which alone
// needs no token.
func onlySignsIn(doc *ast.QueryDocument) bool {
	found := false
	for _, op := range doc.Operations {
		for _, sel := range op.SelectionSet {
			f, ok := sel.(*ast.Field)
			switch {
			case !ok:
				return false
			case op.Operation == ast.Mutation && f.Name == "signIn":
				found = true
			case f.Name != "__typename":
				return false
			}
		}
	}
	return found
}
