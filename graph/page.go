package graph

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
	defaultPage = 50
	maxPage     = 200
)

// page is a part of a list, by its number.
type page struct{ number, size int }

// pageOf reads which page is wanted. A number that cannot be is the nearest that can,
// as programs have come to expect.
func pageOf(p *gql.Pagination) page {
	if p == nil {
		return numbered(nil, nil)
	}
	return numbered(p.Page.Value(), p.PageSize.Value())
}

func numbered(number, size *int) page {
	out := page{number: 1, size: defaultPage}
	if number != nil {
		out.number = min(max(*number, 1), math.MaxInt32)
	}
	if size != nil && *size > 0 {
		out.size = min(*size, maxPage)
	}
	return out
}

// offset is how many rows come before the page.
func (p page) offset() int { return (p.number - 1) * p.size }

// more is how many rows to read: one besides the page says whether another
// follows.
func (p page) more() int { return p.size + 1 }

func (p page) info(more bool) *gql.PageInfo {
	return &gql.PageInfo{Page: new(p.number), PageSize: new(p.size), HasMore: new(more)}
}

// cut takes the row besides the page off again, and says whether there was one.
func cut[T any](rows []T, size int) ([]T, bool) {
	if len(rows) > size {
		return rows[:size], true
	}
	return rows, false
}

// cursored reads a cursor of things of a kind: nil where there is none.
func cursored(k kind, p *gql.Pagination, c *gql.CursorPagination) (*input.Cursor, page, error) {
	if c == nil {
		return nil, pageOf(p), nil
	}
	if p != nil {
		return nil, page{}, ErrPagedTwice
	}
	at := numbered(nil, c.PageSize.Value())
	out := &input.Cursor{Size: at.size}
	var err error
	if from := word(c.Cursor); from != "" {
		if out.From, err = known[int64](k, from); err == nil && out.From == 0 {
			err = ErrCursor
		}
	}
	if d := c.Direction.Value(); d != nil {
		out.Back = *d == gql.CursorPaginationDirectionPrevious
	}
	return out, at, err
}
