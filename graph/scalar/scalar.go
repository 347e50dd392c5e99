// Package scalar is the values the GraphQL contract adds to GraphQL's own:
// dates and moments. It reads and writes them without a practice's zone.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Form is how a moment was written.
type Form int

// The forms.
const (
	// Day is a date alone.
	Day Form = iota
	// Local is a time without a zone.
	Local
	// Zulu is a time marked Z.
	Zulu
	// Offset is a time with the distance from UTC, or a count from 1970.
	Offset
)

// Moment is a value of the scalars Date and DateTime.
type Moment struct {
	// T is the clock face as it was written, in UTC where no zone was given.
	T    time.Time
	Form Form
}

// Of is a moment to answer with; the zero time is null.
func Of(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{T: t.UTC(), Form: Zulu}
}

// IsZero reports whether nothing was given: the empty text stands for null.
func (m Moment) IsZero() bool { return m.T.IsZero() }

const layout = `"2006-01-02T15:04:05.000Z"`

// MarshalGQL writes the moment in UTC, to the millisecond.
func (m Moment) MarshalGQL(w io.Writer) {
	var b [len(layout)]byte
	_, _ = w.Write(m.T.UTC().AppendFormat(b[:0], layout))
}

// forms are the layouts that are read. RFC 3339 leaves out neither seconds nor
// the zone; programs do both.
var forms = []struct {
	layout string
	form   Form
}{
	{time.RFC3339Nano, Offset},
	{"2006-01-02T15:04Z07:00", Offset},
	{"2006-01-02T15:04:05.999999999", Local},
	{"2006-01-02 15:04:05.999999999", Local},
	{"2006-01-02T15:04", Local},
	{time.DateOnly, Day},
}

// The years a moment may be in: what four digits can write, and no JSON
// number is mistaken for a year.
const firstYear, lastYear = 1, 9999

// UnmarshalGQL reads a moment: text of ISO 8601, or milliseconds since 1970.
func (m *Moment) UnmarshalGQL(v any) error {
	*m = Moment{}
	switch v := v.(type) {
	case string:
		return m.parse(v)
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return errDate(v.String())
		}
		return m.count(n)
	case int64:
		return m.count(v)
	case int:
		return m.count(int64(v))
	case float64:
		return m.count(int64(v))
	}
	return errDate(fmt.Sprint(v))
}

func (m *Moment) count(ms int64) error {
	t := time.UnixMilli(ms).UTC()
	if t.Year() < firstYear || t.Year() > lastYear {
		return errDate(strconv.FormatInt(ms, 10))
	}
	*m = Moment{T: t, Form: Offset}
	return nil
}

func (m *Moment) parse(s string) error {
	if s == "" {
		return nil
	}
	text := s
	if text[len(text)-1] == 'z' { // RFC 3339 allows it
		text = text[:len(text)-1] + "Z"
	}
	for _, f := range forms {
		t, err := time.Parse(f.layout, text)
		if err != nil {
			continue
		}
		if t.UTC().Year() < firstYear || t.UTC().Year() > lastYear {
			break
		}
		*m = Moment{T: t, Form: f.form}
		if f.form == Offset && text[len(text)-1] == 'Z' {
			m.Form = Zulu
		}
		return nil
	}
	return errDate(s)
}

// longest is how much of a value that was sent an error quotes.
const longest = 64

// errDate does not repeat more than it must: a log may keep it.
func errDate(s string) error {
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest])
	}
	const text = "Invalid date: %s is not a date or a moment of ISO 8601"
	return fmt.Errorf(text, strconv.Quote(s)) //nolint:staticcheck // programs look for these words
}

// Wall is a value of the scalar LocalDateTime: the clock face of a time, in the
// zone the time is in.
type Wall struct{ T time.Time }

// MarshalGQL writes the clock face without a zone.
func (l Wall) MarshalGQL(w io.Writer) {
	const layout = `"2006-01-02T15:04:05"`
	var b [len(layout)]byte
	_, _ = w.Write(l.T.AppendFormat(b[:0], layout))
}

// UnmarshalGQL reads a clock face.
func (l *Wall) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return errDate(fmt.Sprint(v))
	}
	t, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		return errDate(s)
	}
	l.T = t
	return nil
}
