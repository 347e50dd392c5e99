// Package fault is the one error type every room speaks: what went wrong, in
// a code a program can test and a sentence a person can read.
//
// Declare each fault once, beside the type it is about. Add a cause with
// Because and compare with errors.Is, which looks at the code alone.
package fault

import (
	"errors"
	"slices"
	"time"
)

// Kind says what sort of thing went wrong; each door maps it to its own terms.
type Kind string

// The kinds of fault.
const (
	Invalid         Kind = "invalid"         // the caller's input does not make sense
	Unauthenticated Kind = "unauthenticated" // we do not know who is asking
	Forbidden       Kind = "forbidden"       // we know, and the answer is no
	NotFound        Kind = "not_found"       // no such thing, for this caller
	Gone            Kind = "gone"            // it was there, and is of no use any more
	Conflict        Kind = "conflict"        // the state of things does not allow it
	Mismatch        Kind = "mismatch"        // the same idempotency key came with another request
	Limited         Kind = "limited"         // too many requests
	Unavailable     Kind = "unavailable"     // something we need does not answer; try again
	Internal        Kind = "internal"        // our own mistake
)

// Error is a fault. Code and Message are for callers and never tell anything
// about a patient; Err is for our own log.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	// Fields names what was wrong with the input, for kind Invalid.
	Fields []Field
	// RetryAfter says how long to wait before trying again; zero says nothing.
	RetryAfter time.Duration
	Err        error
}

// Field is one thing wrong with the input.
type Field struct {
	// Path is where, from the outside in, in core's own names; each door has a table
	// of the names its contract has for them.
	Path     []string
	Code     string // a stable word for what is wrong, for example "too_small"
	Expected string // what would have been right
	Message  string // one plain sentence
}

// New declares a fault.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// CodeInvalid is the code of every fault made by Input.
const CodeInvalid = "invalid_request"

// Input is the fault of a request whose fields are wrong.
func Input(fields ...Field) *Error {
	return &Error{Kind: Invalid, Code: CodeInvalid, Message: "The request has a field that is missing or wrong.",
		Fields: fields}
}

// Wrong is Input for one field: its name, a code, and what was expected.
func Wrong(name, code, expected, message string) *Error {
	return Input(Field{Path: []string{name}, Code: code, Expected: expected, Message: message})
}

// Error gives the code, and the cause when there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Code + ": " + e.Err.Error()
	}
	return e.Code
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is says that two faults with the same code are the same fault.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because is the same fault with a cause for our log.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Saying is the same fault with another sentence, for one that names a time or
// a scope.
func (e *Error) Saying(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// Renamed is the same fault with other names for its fields.
func (e *Error) Renamed(name func(string) string) *Error {
	c := *e
	c.Fields = make([]Field, len(e.Fields))
	for i, f := range e.Fields {
		c.Fields[i] = f
		c.Fields[i].Path = make([]string, len(f.Path))
		for j, part := range f.Path {
			c.Fields[i].Path[j] = name(part)
		}
	}
	return &c
}

// Within says that the fields of a fault are parts of another field. An error with no fields stays as it is.
func Within(err error, path ...string) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	c := *e
	c.Fields = slices.Clone(e.Fields)
	for i, f := range e.Fields {
		c.Fields[i].Path = append(slices.Clone(path), f.Path...)
	}
	return &c
}

// After is the same fault with the time to wait before trying again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Unknown answers an error that is not declared as a fault.
var Unknown = New(Internal, "internal_error", "Something went wrong on our side. Nothing was changed by this request.")

// Of finds the fault in err. Any other error is Unknown, with err as its cause.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Unknown.Because(err)
}

// Later reports whether trying again can help.
func Later(err error) bool {
	switch Of(err).Kind {
	case Unavailable, Limited, Internal:
		return true
	}
	return false
}
