package input

import (
	"math"
	"time"
)

// The sizes of a page of a list.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Page says which page of a list is wanted. The zero value is the first one.
type Page struct {
	Number int // from 1
	Size   int
}

// Window is how many rows to skip for the page, and how many there are on it.
func (c *Checks) Window(p Page) (offset, size int) {
	if p.Number == 0 {
		p.Number = 1
	}
	if p.Size == 0 {
		p.Size = DefaultPage
	}
	size = c.Between("page_size", p.Size, 1, MaxPage)
	number := c.Between("page", p.Number, 1, math.MaxInt32)
	return (number - 1) * size, size
}

// Rows are the rows of a list to read: Limit of them, one more than are shown, after Offset, or after the id From and,
// with Back, before it.
type Rows struct {
	Offset, Limit int
	From          int64
	Back          bool
}

// Rows are the rows of a page.
func (c *Checks) Rows(p Page) Rows {
	offset, size := c.Window(p)
	return Rows{Offset: offset, Limit: size + 1}
}

// Near are the rows next to a cursor.
func (c *Checks) Near(r Cursor) Rows {
	if r.Size == 0 {
		r.Size = DefaultPage
	}
	if r.Back && r.From == 0 {
		r.From = maxID + 1
	}
	return Rows{From: r.From, Back: r.Back, Limit: c.Between("page_size", r.Size, 1, MaxPage) + 1}
}

// Cut takes the row too many off what was found, and reports whether there was one. Lists are in the order of ids, so
// that of a list read backwards it is the first.
func Cut[T any](found []T, r Rows) (cut []T, more bool) {
	size := r.Limit - 1
	switch {
	case len(found) <= size:
		return found, false
	case r.Back:
		return found[1:], true
	}
	return found[:size], true
}

// CountLimit is where counting matches stops, unless a page beyond it is asked for.
const CountLimit = 10_000

// CountTo is how far matches are counted for a page: far enough to say that another
// follows it, so that a caller who reads on while there are more reads to the end.
func CountTo(offset, limit int) int { return max(CountLimit, offset+limit+1) }

// Span is a stretch of time with its first and its last moment. A zero time
// leaves that side open.
type Span struct{ From, Until time.Time }

// Given reports whether the span bounds anything.
func (s Span) Given() bool { return !s.From.IsZero() || !s.Until.IsZero() }

// The moments before and after everything.
var (
	firstMoment = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	lastMoment  = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
)

// Bounds are the two moments, with those before and after everything where a
// side is open.
func (s Span) Bounds() (from, until time.Time) {
	from, until = s.From, s.Until
	if from.IsZero() {
		from = firstMoment
	}
	if until.IsZero() {
		until = lastMoment
	}
	return from, until
}

// Listing is what every list can be narrowed by.
type Listing struct {
	Page
	// Deleted gives deleted ones too.
	Deleted bool
	// Created and Updated are when they were made and last changed.
	Created, Updated Span
}

// Part is a page of what belongs to one of many.
type Part[T any] struct {
	Items []T
	// More says that there are more after them.
	More bool
}

// Parts reads a page of each of many: list gives of each the rows after from and up
// to until, of which the last says no more than that there is another. Errors:
// field faults.
func Parts[K comparable, T any](p Page, list func(from, until int) (map[K][]T, error)) (map[K]Part[T], error) {
	var in Checks
	offset, size := in.Window(p)
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, err := list(offset, offset+size+1)
	out := make(map[K]Part[T], len(found))
	for k, items := range found {
		out[k] = Part[T]{items[:min(size, len(items))], len(items) > size}
	}
	return out, err
}
