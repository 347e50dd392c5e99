package store

import (
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// The lists of the GraphQL API have their first arguments in common: the group,
// whether deleted ones are wanted, when they were made and changed, and which
// rows. A stretch of time that was not asked for is 0 and its ends say nothing.
const (
	listed = ` AND ($2 OR deleted_at IS NULL) AND (CAST($3 AS bigint) = 0 OR created_at >= $4 AND created_at <= $5)
		AND (CAST($6 AS bigint) = 0 OR updated_at >= $7 AND updated_at <= $8)`

	// The orders of lists, each with an index of its own.
	inOrderOfIDs = ` ORDER BY id LIMIT $9 OFFSET $10`
	inOrderMade  = ` AND created_at >= $4 AND created_at <= $5 ORDER BY created_at, id LIMIT $9 OFFSET $10`
	inOrderTold  = ` AND updated_at >= $7 AND updated_at <= $8 ORDER BY updated_at, id LIMIT $9 OFFSET $10`
	// From a cursor, which takes the place of the offset.
	nextIDs     = ` AND id > $10 ORDER BY id LIMIT $9`
	previousIDs = ` AND id < $10 ORDER BY id DESC LIMIT $9`
)

// orders are the texts of one list in each order it can have.
type orders struct{ byID, made, told string }

func (o orders) of(l input.Listing) string {
	switch {
	case l.Updated.Given():
		return o.told
	case l.Created.Given():
		return o.made
	}
	return o.byID
}

// listing is the arguments lists have in common, and what follows them.
func listing(group practice.ID, l input.Listing, limit int, from int64, more ...any) in {
	made, unmade := l.Created.Bounds()
	told, untold := l.Updated.Bounds()
	return append(in{group, l.Deleted, number(l.Created.Given()), made, unmade, number(l.Updated.Given()), told, untold, limit, from}, more...)
}

// number is a truth as SQL compares it: 1 or 0.
func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// days are a stretch of dates: whether it was asked for, and its ends.
func days(d *input.Days) in {
	if d == nil {
		return in{int64(0), "", ""}
	}
	until := d.Until.String()
	if until == "" {
		until = "9999-12-31"
	}
	return in{int64(1), d.From.String(), until}
}

// oneOf is a list of words as LIKE finds one in it; the empty text is any word.
func oneOf[T ~string](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return "," + joined(list) + ","
}
