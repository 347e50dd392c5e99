package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	"frontdesk/web"
)

// codes are extensions.code of each kind of fault; UNAUTHENTICATED and
// INTERNAL_SERVER_ERROR are those of Apollo Server.
var codes = map[fault.Kind]string{
	fault.Invalid:         codeInput,
	fault.Unauthenticated: "UNAUTHENTICATED",
	fault.Forbidden:       "FORBIDDEN",
	fault.NotFound:        "NOT_FOUND",
	fault.Gone:            "GONE",
	fault.Conflict:        "CONFLICT",
	fault.Mismatch:        "CONFLICT",
	fault.Limited:         "TOO_MANY_REQUESTS",
	fault.Unavailable:     "SERVICE_UNAVAILABLE",
	fault.Internal:        "INTERNAL_SERVER_ERROR",
}

// sentence is a fault in words: with what was wrong with each field, when it
// names some.
func sentence(f *fault.Error) string {
	if len(f.Fields) == 0 {
		return f.Message
	}
	parts := make([]string, 0, len(f.Fields))
	for _, field := range f.Fields {
		s := field.Message
		if field.Expected != "" {
			s = fmt.Sprintf("%s Expected %s.", s, field.Expected)
		}
		if len(field.Path) > 0 {
			s = strings.Join(field.Path, ".") + ": " + s
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// presented is a fault as an error of GraphQL. reason is the code that REST
// gives it too.
func presented(f *fault.Error) *gqlerror.Error {
	f = refusalOf(f)
	code, ok := codes[f.Kind]
	if !ok {
		code = codes[fault.Internal]
	}
	e := &gqlerror.Error{Message: sentence(f), Extensions: map[string]any{"code": code}}
	if f.Kind == fault.Internal {
		e.Message = "Something went wrong."
		return e
	}
	e.Extensions["reason"] = f.Code
	return e
}

// present gives an error the contract's shape. Errors of fields are faults by
// the time they come here; other errors come from reading the arguments.
func present(ctx context.Context, err error) *gqlerror.Error {
	var at *gqlerror.Error
	if !errors.As(err, &at) {
		at = graphql.DefaultErrorPresenter(ctx, err)
	}
	var f *fault.Error
	if errors.As(err, &f) {
		e := presented(f)
		e.Path, e.Locations = at.Path, at.Locations
		if f.Kind == fault.Internal {
			note(ctx, f)
		}
		return e
	}
	e := &gqlerror.Error{Message: at.Message, Path: at.Path, Locations: at.Locations,
		Extensions: map[string]any{"code": codeInput}}
	if code, ok := at.Extensions["code"]; ok {
		e.Extensions["code"] = code
	}
	return e
}

// recovered turns a panic into a fault whose cause is for our log alone.
func recovered(_ context.Context, p any) error {
	return fault.Unknown.Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// reasonRole is the code this API has had for a permission that is missing.
const reasonRole = "missing_permission_of_role"

// refusalOf gives refusals the codes and the sentences that programs written for this
// API compare.
func refusalOf(f *fault.Error) *fault.Error {
	c := *f
	switch f.Code {
	case access.ErrPermission.Code:
		c.Code, c.Fields = reasonRole, nil
	case access.ErrNoCaller.Code:
		c.Code, c.Message = key.ErrNoToken.Code, key.ErrNoToken.Message
	}
	return &c
}

// note remembers what went wrong inside, for our log.
func note(ctx context.Context, f *fault.Error) {
	if about := web.Of(ctx); about.Cause == nil {
		about.Cause = f
	}
}
