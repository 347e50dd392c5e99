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

	"frontdesk/core/audit"
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
func (d *door) read(text string) (*ast.QueryDocument, *gqlerror.Error) {
	if text == "" {
		return nil, refusal(codeRequest, "Send a document in query.")
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, d.limits.Tokens)
	if err != nil {
		var e *gqlerror.Error
		if !errors.As(err, &e) {
			e = &gqlerror.Error{Message: err.Error()}
		}
		if strings.HasPrefix(e.Message, "exceeded token limit") {
			return nil, refusal(codeTokens, "This document has more than %d tokens.", d.limits.Tokens)
		}
		errcode.Set(e, codeParse)
		return nil, e
	}
	if err := d.limits.checkShape(doc); err != nil {
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
	doc, err := d.read(text)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	if len(doc.Operations) == 0 {
		return nil, gqlerror.List{refusal(codeValidation, "There is no operation in this document.")}
	}
	wholeLiterals(d.schema, doc)
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

// manyErrors is how many errors of a document are answered.
const manyErrors = 50

// prepare makes an operation ready to run, or gives the error that forbids it.
func (d *door) prepare(ctx context.Context, a asked) (*graphql.OperationContext, gqlerror.List) {
	doc, errs := d.document(ctx, a.Query)
	if errs != nil {
		return nil, errs
	}
	op := doc.Operations.ForName(a.name())
	if op == nil {
		return nil,
			gqlerror.List{refusal(codeValidation,
				"This document has no such operation, or has several and operationName does not say which.")}
	}
	if !legibleVariable(a.Variables) {
		return nil, gqlerror.List{illegible()}
	}
	if err := (numbers{d.schema}).of(op, a.Variables); err != nil {
		return nil, gqlerror.List{err}
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
	doc, op = givenOf(doc, op, variables)
	return &graphql.OperationContext{
		RawQuery: a.Query, OperationName: a.name(), Doc: doc, Operation: op, Variables: variables,
		RecoverFunc: recovered, ResolverMiddleware: d.field,
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			if op.Operation == ast.Mutation {
				ctx = d.WithLoaders(ctx)
			}
			// A field has a collector of its own, for all that is read below it. What
			// several fields load together is noted at the first of them.
			ctx, _ = audit.Collect(ctx)
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

// signsInOnce refuses a request that signs in more than once: a password is slow to
// check on purpose, and one request must not have many checked.
func (d *door) signsInOnce(ctx context.Context, ops []asked) *gqlerror.Error {
	found := 0
	for _, a := range ops {
		doc, errs := d.document(ctx, a.Query)
		if errs != nil {
			continue // which is its answer
		}
		if op := doc.Operations.ForName(a.name()); op != nil && op.Operation == ast.Mutation {
			names := map[string]bool{}
			signIns(doc, op.SelectionSet, names)
			found += len(names)
		}
	}
	if found > 1 {
		return refusal(codeAliases, "A request may sign in once.")
	}
	return nil
}

// signIns finds the names that signIn has in an answer, of fragments too.
func signIns(doc *ast.QueryDocument, set ast.SelectionSet, names map[string]bool) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if sel.Name == "signIn" {
				names[sel.Alias] = true
			}
		case *ast.InlineFragment:
			signIns(doc, sel.SelectionSet, names)
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(sel.Name); f != nil {
				signIns(doc, f.SelectionSet, names)
			}
		}
	}
}
