package rest

import (
	"time"

	"frontdesk/core/input"
	"frontdesk/rest/oas"
)

// id reads an id from a path. What cannot be an id is the id of nothing.
func id[T ~int64](s string) T {
	n, _ := input.Digits(s)
	return T(n)
}

// ids reads ids, each of which must be one.
func ids[T ~int64](in *input.Checks, field string, list []oas.ID) []T {
	if len(list) == 0 {
		return nil
	}
	out := make([]T, len(list))
	for i, s := range list {
		out[i] = body[T](in, field, string(s))
	}
	return out
}

// body reads an id from a field of a body or a query; it must be one, and not of
// more than the 53 bits that ids have.
func body[T ~int64](in *input.Checks, field, s string) T {
	n, ok := input.Digits(s)
	if !ok {
		in.Wrong(field, input.CodeString, "an id of digits", "This is not an id.")
	}
	return T(n)
}

// optional reads an id that may be left out.
func optional[T ~int64](in *input.Checks, field string, s oas.OptString) T {
	if !s.Set {
		return 0
	}
	return body[T](in, field, s.Value)
}

func digits[T interface{ String() string }](v T) oas.ID { return oas.ID(v.String()) }

// ptr is a pointer to an optional value, or nil.
func ptr[T any](v T, set bool) *T {
	if !set {
		return nil
	}
	return &v
}

// to is ptr for a value core has another type for.
func to[T ~string, F ~string](v F, set bool) *T { return ptr(T(v), set) }

func instant(t time.Time) oas.NilDateTime {
	if t.IsZero() {
		return oas.NilDateTime{Null: true}
	}
	return oas.NewNilDateTime(t)
}

func optInstant(t time.Time) oas.OptNilDateTime {
	if t.IsZero() {
		return oas.OptNilDateTime{Set: true, Null: true}
	}
	return oas.NewOptNilDateTime(t)
}

// text is a text that is null when it is not known.
func text(s string) oas.OptNilString {
	return oas.OptNilString{Value: s, Set: true, Null: s == ""}
}

func str(s string) oas.OptString { return oas.NewOptString(s) }

// filter reads a filter that may be left out.
func filter[T ~int64](in *input.Checks, field string, s oas.OptID) T {
	if !s.Set {
		return 0
	}
	return body[T](in, field, string(s.Value))
}
