package wire

import (
	"math"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/graph/gql"
)

// The faults of asking for a page.
var (
	// ErrPagedTwice is returned for a page asked for by number and by cursor at once.
	ErrPagedTwice = fault.New(fault.Invalid, "two_paginations", "Give pagination or cursorPagination, not both.")
	// ErrCursor is returned for a cursor that nothing on the list can have given: to
	// begin the list again would never end.
	ErrCursor = fault.New(fault.Invalid, "invalid_cursor", "This cursor is not the id of one on this list.")
)

// Pages, as api/graphql/schema.graphql promises them.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Page is a part of a list, by its number.
type Page struct{ Number, Size int }

// PageOf reads which page is wanted. A number that cannot be is the nearest that can,
// as programs have come to expect.
func PageOf(p *gql.Pagination) Page {
	if p == nil {
		return Numbered(nil, nil)
	}
	return Numbered(p.Page.Value(), p.PageSize.Value())
}

// Numbered is the page of a number and a size.
func Numbered(number, size *int) Page {
	out := Page{Number: 1, Size: DefaultPage}
	if number != nil {
		out.Number = min(max(*number, 1), math.MaxInt32)
	}
	if size != nil && *size > 0 {
		out.Size = min(*size, MaxPage)
	}
	return out
}

// Offset is how many rows come before the page.
func (p Page) Offset() int { return (p.Number - 1) * p.Size }

// More is how many rows to read: one more than the page, which shows whether another page
// follows.
func (p Page) More() int { return p.Size + 1 }

// Info describes the page, and whether another follows.
func (p Page) Info(more bool) *gql.PageInfo {
	return &gql.PageInfo{Page: new(p.Number), PageSize: new(p.Size), HasMore: new(more)}
}

// Cut removes the row after the page, and reports whether there was one.
func Cut[T any](rows []T, size int) ([]T, bool) {
	if len(rows) > size {
		return rows[:size], true
	}
	return rows, false
}

// Cursor reads a cursor of things of a kind: nil where there is none.
func Cursor(k Kind, p *gql.Pagination, c *gql.CursorPagination) (*input.Cursor, Page, error) {
	if c == nil {
		return nil, PageOf(p), nil
	}
	if p != nil {
		return nil, Page{}, ErrPagedTwice
	}
	at := Numbered(nil, c.PageSize.Value())
	out := &input.Cursor{Size: at.Size}
	var err error
	if from := Word(c.Cursor); from != "" {
		if out.From, err = Known[int64](k, from); err == nil && out.From == 0 {
			err = ErrCursor
		}
	}
	if d := c.Direction.Value(); d != nil {
		out.Back = *d == gql.CursorPaginationDirectionPrevious
	}
	return out, at, err
}
