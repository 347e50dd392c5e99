// Package wire is what the areas of the REST door share: the contract's ids, times and optional values for core's.
package wire

import (
	"cmp"
	"strconv"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/input"
	"frontdesk/rest/oas"
)

// ID reads an id from a path. What cannot be an id is the id of nothing.
func ID[T ~int64](s string) T {
	n, _ := input.Digits(s)
	return T(n)
}

// IDs reads ids, each of which must be one.
func IDs[T ~int64](in *input.Checks, field string, list []oas.ID) []T {
	if len(list) == 0 {
		return nil
	}
	out := make([]T, len(list))
	for i, s := range list {
		out[i] = FieldID[T](in, field, string(s))
	}
	return out
}

// FieldID reads an id from a field of a body or a query; it must be one, and not of
// more than the 53 bits that ids have.
func FieldID[T ~int64](in *input.Checks, field, s string) T {
	n, ok := input.Digits(s)
	if !ok {
		in.Wrong(field, input.CodeString, "an id of digits", "This is not an id.")
	}
	return T(n)
}

// OptionalID reads an id that may be left out.
func OptionalID[T ~int64](in *input.Checks, field string, s oas.OptString) T {
	if !s.Set {
		return 0
	}
	return FieldID[T](in, field, s.Value)
}

// Day reads a day; an empty text is no bound, and nil is that nothing was sent.
func Day(wrong *input.Checks, field string, in oas.OptString) *input.Date {
	if !in.Set {
		return nil
	}
	d := input.NoDate
	if in.Value != "" {
		d = wrong.Date(field, in.Value)
	}
	return &d
}

// Assignee reads to whom work is given: a member of staff when the kind is left out. No id of a kind is the id of
// nothing.
func Assignee[K ~string](wrong *input.Checks, kind K, id string) assignee.Ref {
	if id == "" && kind == "" {
		return assignee.Ref{}
	}
	to := assignee.Ref{Kind: cmp.Or(assignee.Kind(kind), assignee.Admin)}
	if id != "" {
		to.ID = FieldID[int64](wrong, "assignee_id", id)
	}
	return to
}

// AssigneeID is the id of an assignee to answer with; null for none.
func AssigneeID(r assignee.Ref) oas.OptNilString { return Text(value(r.ID)) }

func value(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// Time reads an instant; an empty text is the zero time, and one that is no instant is refused by core.
func Time(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if t, ok := input.Instant(text); ok {
		return t
	}
	return input.NotAnInstant
}

// Clock reads a time of day, 08:00 or 24:00, in minutes since midnight; core refuses -1, which is what is none.
func Clock(s oas.OptString) *int {
	if !s.Set {
		return nil
	}
	at, err := time.Parse("15:04", s.Value)
	switch {
	case s.Value == "24:00":
		return new(24 * 60)
	case err != nil:
		return new(-1)
	}
	return new(60*at.Hour() + at.Minute())
}

// Digits is an id to answer with.
func Digits[T interface{ String() string }](v T) oas.ID { return oas.ID(v.String()) }

// Ptr is a pointer to an optional value, or nil.
func Ptr[T any](v T, set bool) *T {
	if !set {
		return nil
	}
	return &v
}

// As is Ptr for a value core has another type for.
func As[T ~string, F ~string](v F, set bool) *T { return Ptr(T(v), set) }

// Instant is a time to answer with; null for the zero time.
func Instant(t time.Time) oas.NilDateTime {
	if t.IsZero() {
		return oas.NilDateTime{Null: true}
	}
	return oas.NewNilDateTime(t)
}

// OptInstant is Instant for a field that may be left out.
func OptInstant(t time.Time) oas.OptNilDateTime {
	if t.IsZero() {
		return oas.OptNilDateTime{Set: true, Null: true}
	}
	return oas.NewOptNilDateTime(t)
}

// Text is a text that is null when it is not known.
func Text(s string) oas.OptNilString {
	return oas.OptNilString{Value: s, Set: true, Null: s == ""}
}

// String is a text that is never null.
func String(s string) oas.OptString { return oas.NewOptString(s) }

// FilterID reads a filter that may be left out.
func FilterID[T ~int64](in *input.Checks, field string, s oas.OptID) T {
	if !s.Set {
		return 0
	}
	return FieldID[T](in, field, string(s.Value))
}

// Moment is an instant as text, or null.
// Moment is a time as text; null for the zero time.
func Moment(t time.Time) oas.OptNilString {
	if t.IsZero() {
		return Text("")
	}
	return Text(t.UTC().Format(time.RFC3339Nano))
}

// IDOrNull is an id to answer with; 0 is null.
func IDOrNull[T interface {
	~int64
	String() string
}](id T) oas.OptNilString {
	if id == 0 {
		return Text("")
	}
	return Text(id.String())
}
