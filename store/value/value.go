// Package value has what Go and SQL keep differently: each reader reads into what it
// points at, NULL as nothing, and each sender sends nothing as NULL.
package value

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/input"
)

// Both databases keep times to the microsecond. SQLite keeps them as text of
// one width, so that the order of the text is the order of time.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// AppendTime adds a time as SQLite keeps it.
func AppendTime(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, timeLayout) }

// parseTime reads what AppendTime wrote. It is called for every row of a list,
// so it does not go through a layout.
func parseTime(s string) (time.Time, error) {
	if len(s) != len(timeLayout) || s[10] != 'T' || s[26] != 'Z' {
		return time.Time{}, fmt.Errorf("not a stored time: %q", s)
	}
	n := func(from, to int) int {
		v := 0
		for ; from < to; from++ {
			v = v*10 + int(s[from]-'0')
		}
		return v
	}
	return time.Date(n(0, 4), time.Month(n(5, 7)), n(8, 10), n(11, 13), n(14, 16), n(17, 19), n(20, 26)*1000, time.UTC),
		nil
}

// When reads a time; NULL is the zero time.
func When(t *time.Time) sql.Scanner { return when{t} }

type when struct{ t *time.Time }

// Scan implements sql.Scanner.
func (w when) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*w.t = time.Time{}
	case time.Time:
		*w.t = v.UTC()
	case string:
		t, err := parseTime(v)
		if err != nil {
			return err
		}
		*w.t = t
	default:
		return fmt.Errorf("cannot read a time from %T", src)
	}
	return nil
}

// At sends a time; the zero time is NULL.
func At(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// Num reads an id that may be NULL, as 0.
func Num[T ~int64](n *T) sql.Scanner { return num[T]{n} }

type num[T ~int64] struct{ n *T }

// Scan implements sql.Scanner.
func (w num[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*w.n = 0
	case int64:
		*w.n = T(v)
	default:
		return fmt.Errorf("cannot read a number from %T", src)
	}
	return nil
}

// Opt sends an id; 0 is NULL.
func Opt[T ~int64](n T) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

// NumText reads an id that is kept as text, of which the empty one is 0.
func NumText(n *int64) sql.Scanner { return numText{n} }

type numText struct{ n *int64 }

// Scan implements sql.Scanner.
func (w numText) Scan(src any) (err error) {
	var digits string
	if err = Text(&digits).Scan(src); err != nil || digits == "" {
		*w.n = 0
		return err
	}
	*w.n, err = strconv.ParseInt(digits, 10, 64)
	return err
}

// AsText sends an id that is kept as text; 0 is the empty one.
func AsText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// Text reads text that may be NULL, as the empty one.
func Text(s *string) sql.Scanner { return text{s} }

type text struct{ s *string }

// Scan implements sql.Scanner.
func (w text) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*w.s = ""
	case string:
		*w.s = v
	case []byte:
		*w.s = string(v)
	default:
		return fmt.Errorf("cannot read text from %T", src)
	}
	return nil
}

// Bool reads a truth that may be NULL, as false.
func Bool(b *bool) sql.Scanner { return (*Flag)(b) }

// Flag is a truth that may be NULL, as false; SQLite keeps it as a number.
type Flag bool

// Scan implements sql.Scanner.
func (f *Flag) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*f = false
	case bool:
		*f = Flag(v)
	case int64:
		*f = v != 0
	default:
		return fmt.Errorf("cannot read a truth from %T", src)
	}
	return nil
}

// MaybeBool reads a truth that may be NULL, as nil.
func MaybeBool(b **bool) sql.Scanner { return maybeBool{b} }

type maybeBool struct{ b **bool }

// Scan implements sql.Scanner.
func (m maybeBool) Scan(src any) error {
	*m.b = nil
	if src == nil {
		return nil
	}
	var f Flag
	err := f.Scan(src)
	*m.b = (*bool)(&f)
	return err
}

// Lower reads a word that is kept in capitals.
func Lower[T ~string](word *T) sql.Scanner { return lower[T]{word} }

type lower[T ~string] struct{ to *T }

// Scan implements sql.Scanner.
func (l lower[T]) Scan(src any) error {
	var s string
	err := (text{&s}).Scan(src)
	*l.to = T(strings.ToLower(s))
	return err
}

// OptText sends text; the empty one is NULL.
func OptText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Day reads a date kept as YYYY-MM-DD; the empty text is NoDate.
func Day(d *input.Date) sql.Scanner { return day{d} }

type day struct{ d *input.Date }

// Scan implements sql.Scanner.
func (w day) Scan(src any) error {
	var s string
	if err := (text{&s}).Scan(src); err != nil {
		return err
	}
	return w.d.UnmarshalText([]byte(s))
}

// Words reads a list kept as words with commas between.
func Words[T ~string](list *[]T) sql.Scanner { return words[T]{list} }

type words[T ~string] struct{ list *[]T }

// Scan implements sql.Scanner.
func (w words[T]) Scan(src any) error {
	var s string
	if err := (text{&s}).Scan(src); err != nil {
		return err
	}
	*w.list = nil
	for word := range strings.SplitSeq(s, ",") {
		if word != "" {
			*w.list = append(*w.list, T(word))
		}
	}
	return nil
}

// Joined sends a list as words with commas between.
func Joined[T ~string](list []T) string {
	var b strings.Builder
	for i, w := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// Maybe reads a number that may be NULL, as nil.
func Maybe[T ~int | ~int64](n **T) sql.Scanner { return maybe[T]{n} }

type maybe[T ~int | ~int64] struct{ n **T }

// Scan implements sql.Scanner.
func (w maybe[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*w.n = nil
	case int64:
		n := T(v)
		*w.n = &n
	default:
		return fmt.Errorf("cannot read a number from %T", src)
	}
	return nil
}

// Given sends a number; nil is NULL.
func Given[T ~int | ~int64](n *T) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

// GivenBool sends a truth; nil is NULL.
func GivenBool(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// Stored reads a thing that is kept as JSON.
func Stored[T any](thing *T) sql.Scanner { return stored[T]{thing} }

type stored[T any] struct{ thing *T }

// Scan implements sql.Scanner.
func (j stored[T]) Scan(src any) error {
	var s string
	if err := (text{&s}).Scan(src); err != nil || s == "" {
		return err
	}
	return json.Unmarshal([]byte(s), j.thing)
}
