package wire

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/graph/scalar"
)

// Text is text to answer with; the empty one is null.
func Text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Date is a date to answer with: its midnight, marked Z.
func Date(d input.Date) *scalar.Moment {
	if d == input.NoDate {
		return nil
	}
	return &scalar.Moment{T: d.UTC(), Form: scalar.Zulu}
}

// Pounds are pence to answer with.
func Pounds(pence int) *float64 { return new(float64(pence) / 100) }

// Word is text of an input, empty when there is none.
func Word(o graphql.Omittable[*string]) string {
	if v := o.Value(); v != nil {
		return *v
	}
	return ""
}

// Change is text to set: nil leaves a thing as it is, and null clears it.
func Change(o graphql.Omittable[*string]) *string {
	v, set := o.ValueOK()
	switch {
	case !set:
		return nil
	case v == nil:
		return new("")
	}
	return v
}

// Deref is what a pointer points at, or nothing.
func Deref[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}

// DateOf is the calendar date that was written; no zone moves it.
func DateOf(m *scalar.Moment) input.Date {
	if m == nil || m.IsZero() {
		return input.NoDate
	}
	return input.DateOf(time.Date(m.T.Year(), m.T.Month(), m.T.Day(), 0, 0, 0, 0, time.UTC))
}

// ErrDate is the fault of a time without a zone where it must have one. Programs
// compare the words.
var ErrDate = fault.New(fault.Invalid, input.CodeDate, "Invalid date")

// Street is lines of an address as the one text that this API has for them.
func Street(lines ...string) *string {
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return Text(strings.Join(out, ", "))
}

// Enum is one of a list of words to answer with; the empty one is null.
func Enum[G, T ~string](v T) *G {
	if v == "" {
		return nil
	}
	return new(G(v))
}

// DateIf is a date to answer with, where there is one.
func DateIf(d *input.Date) *scalar.Moment {
	if d == nil {
		return nil
	}
	return Date(*d)
}

// ChangeEnum is a choice to set: nil leaves it as it is, and null clears it.
func ChangeEnum[T ~string](o graphql.Omittable[*T]) *string {
	v, set := o.ValueOK()
	switch {
	case !set:
		return nil
	case v == nil:
		return new("")
	}
	return new(string(*v))
}

// Lower is a word of this API's enums as core spells it.
func Lower[T, W ~string](word W) T { return T(strings.ToLower(string(word))) }

// Upper is a word of core as this API's enums spell it.
func Upper[T, W ~string](word W) T { return T(strings.ToUpper(string(word))) }

// Standing is the word for whether a thing was deleted.
func Standing(deleted bool) *string {
	if deleted {
		return new("deleted")
	}
	return new("active")
}

// JSON is the JSON of a value that always has one.
func JSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain text and numbers always encode
	}
	return b
}

// HomeCountry is the country of the practices this program is for, by ISO 3166-1.
const HomeCountry = "GB"
