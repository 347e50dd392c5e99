package store

import (
	"context"

	"frontdesk/store/place"
)

// Planned is the text of a statement as SQLite gets it.
var Planned = planned

// Limits tells how long a statement may take inside a transaction, and outside one.
func (db *DB) Limits(ctx context.Context) (inside, outside string, err error) {
	const text = `SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' ||
		current_setting('idle_in_transaction_session_timeout')`
	err = db.do(ctx, func(t *Tx) error {
		_, err := t.one(ctx, text, nil, &inside)
		return err
	})
	if err == nil {
		_, err = db.plain().one(ctx, text, nil, &outside)
	}
	return inside, outside, err
}

// After is the text of a list as it is read from a place, and the columns of its
// order; false for what is no such list.
func After(text string) (after string, order []string, ok bool) {
	if !place.Paged(text) {
		return "", nil, false
	}
	r := place.Read(text)
	return r.After, r.Columns, true
}
