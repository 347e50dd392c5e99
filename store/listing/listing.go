// Package listing has what the lists of the GraphQL API have in common.
package listing

import (
	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store/value"
)

// Lists have their first arguments in common: the group,
// whether deleted ones are wanted, when they were made and changed, and which
// rows. A stretch of time that was not asked for is 0 and its ends say nothing.
const (
	// Asked is what every such list asks.
	Asked = ` AND ($2 OR deleted_at IS NULL) AND (CAST($3 AS bigint) = 0 OR created_at >= $4 AND created_at <= $5)
		AND (CAST($6 AS bigint) = 0 OR updated_at >= $7 AND updated_at <= $8)`

	// The orders of lists, each with an index of its own: InOrderOfIDs, InOrderMade and InOrderUpdated.
	InOrderOfIDs   = ` ORDER BY id LIMIT $9 OFFSET $10`
	InOrderMade    = ` AND created_at >= $4 AND created_at <= $5 ORDER BY created_at, id LIMIT $9 OFFSET $10`
	InOrderUpdated = ` AND updated_at >= $7 AND updated_at <= $8 ORDER BY updated_at, id LIMIT $9 OFFSET $10`

	// From a cursor, which takes the place of the offset.
	NextIDs     = ` AND id > $10 ORDER BY id LIMIT $9`
	PreviousIDs = ` AND id < $10 ORDER BY id DESC LIMIT $9`
)

// Some of what belongs to each of many patients: OfPatients numbers it, AmongLive leaves out what is deleted, and
// InTheirPlace takes the rows asked for.
const (
	OfPatients   = `, ROW_NUMBER() OVER (PARTITION BY patient_id ORDER BY id) AS place FROM `
	AmongLive    = ` WHERE practice_group_id = $1 AND deleted_at IS NULL AND patient_id IN `
	InTheirPlace = `) AS placed WHERE place > $2 AND place <= $3 ORDER BY patient_id, place`
)

// Orders are the texts of one list in each order it can have: that of ids, of
// when things were made and changed, of the time they are about, and from a
// cursor.
type Orders struct{ ByID, Made, Updated, When, Next, Previous string }

// Of is the text for what was asked.
func (o Orders) Of(l input.Listing) string {
	switch {
	case l.Updated.Given():
		return o.Updated
	case l.Created.Given():
		return o.Made
	}
	return o.ByID
}

// Arguments are those lists have in common, and what follows them.
func Arguments(group practice.ID, l input.Listing, limit int, from int64, more ...any) []any {
	made, unmade := l.Created.Bounds()
	since, until := l.Updated.Bounds()
	return append([]any{group, l.Deleted, number(l.Created.Given()), made, unmade, number(l.Updated.Given()), since,
		until,
		limit, from}, more...)
}

// number is a truth as SQL compares it: 1 or 0.
func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// Span is a stretch of time: whether it was asked for, and its ends.
func Span(s input.Span) []any {
	from, until := s.Bounds()
	return []any{number(s.Given()), from, until}
}

// Days are a stretch of dates: whether it was asked for, and its ends.
func Days(d *input.Days) []any {
	if d == nil {
		return []any{int64(0), "", ""}
	}
	until := d.Until.String()
	if until == "" {
		until = "9999-12-31"
	}
	return []any{int64(1), d.From.String(), until}
}

// OneOf is a list of words as LIKE finds one in it; the empty text is any word.
func OneOf[T ~string](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return "," + value.Joined(list) + ","
}

// Spans are the four ends of when things were made and changed.
func Spans(l input.Listing) []any {
	from, until := l.Created.Bounds()
	since, before := l.Updated.Bounds()
	return []any{from, until, since, before}
}
