package graph

import (
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/graph/scalar"
)

func ptr[T any](v T) *T { return &v }

// text is text to answer with; the empty one is null.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// on is a date to answer with: its midnight, marked Z.
func on(d input.Date) *scalar.Moment {
	if d == input.NoDate {
		return nil
	}
	return &scalar.Moment{T: d.UTC(), Form: scalar.Zulu}
}

// pounds are pence to answer with.
func pounds(pence int) *float64 { return ptr(float64(pence) / 100) }

// given is the value of an input's field: nil when it was left out and when it
// was null.
func given[T any](o graphql.Omittable[*T]) *T { return o.Value() }

// word is text of an input, empty when there is none.
func word(o graphql.Omittable[*string]) string {
	if v := o.Value(); v != nil {
		return *v
	}
	return ""
}

// change is text to set: nil leaves a thing as it is, and null clears it.
func change(o graphql.Omittable[*string]) *string {
	v, set := o.ValueOK()
	switch {
	case !set:
		return nil
	case v == nil:
		return ptr("")
	}
	return v
}

// deref is what a pointer points at, or nothing.
func deref[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}

// dateOf is the calendar date somebody wrote; no zone moves it.
func dateOf(m *scalar.Moment) input.Date {
	if m == nil || m.IsZero() {
		return input.NoDate
	}
	return input.DateOf(time.Date(m.T.Year(), m.T.Month(), m.T.Day(), 0, 0, 0, 0, time.UTC))
}

// ErrDate is the fault of a time that does not say its zone where it must. The
// words are those programs look for.
var ErrDate = fault.New(fault.Invalid, "invalid_date", "Invalid date")

// street is lines of an address as the one text that this API has for them.
func street(lines ...string) *string {
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return text(strings.Join(out, ", "))
}
