package migrations

import (
	"bytes"
	"context"
	"database/sql"

	"frontdesk/core/names"
	"frontdesk/store/index"
)

// RekeyVersion is the migration that works out the keys of names again. It comes
// after the one that makes the table of words.
const RekeyVersion = 32

// chunk is how many rows are read at a time.
const chunk = 1000

// scan reads the columns of a row.
type scan func(dest ...any) error

func scanID(read scan) (id int64, err error) {
	err = read(&id)
	return id, err
}

func nameKey(name string) []byte { return []byte(names.Key(name)) }

type rekeyed struct {
	id                int64
	first, last       string
	firstKey, lastKey []byte
}

// rekey works out the keys of all names again, and what they end with: which
// characters count as an apostrophe or a dash has changed.
func rekey(ctx context.Context, tx *sql.Tx) error {
	groups, err := rows(ctx, tx, `SELECT practice_group_id FROM practice_group ORDER BY practice_group_id`, nil,
		scanID)
	if err != nil {
		return err
	}
	for _, group := range groups {
		for after := int64(0); ; {
			some, err := rows(ctx, tx, `SELECT id, first_name, last_name, first_key, last_key FROM patient
				WHERE practice_group_id = $1 AND id > $2
				ORDER BY id LIMIT $3`, []any{group, after, chunk}, func(read scan) (rekeyed, error) {
				var r rekeyed
				err := read(&r.id, &r.first, &r.last, &r.firstKey, &r.lastKey)
				return r, err
			})
			if err != nil {
				return err
			}
			for _, r := range some {
				if err := r.save(ctx, tx, group); err != nil {
					return err
				}
				after = r.id
			}
			if len(some) < chunk {
				break
			}
		}
	}
	return nil
}

func (r rekeyed) save(ctx context.Context, tx *sql.Tx, group int64) error {
	if first, last := nameKey(r.first), nameKey(r.last); !bytes.Equal(first, r.firstKey) ||
		!bytes.Equal(last, r.lastKey) {
		if _, err := tx.ExecContext(ctx, `UPDATE patient SET first_key = $3, last_key = $4, full_key = $5 WHERE
			practice_group_id = $1 AND id = $2`,
			group, r.id, first, last, nameKey(r.first+" "+r.last)); err != nil {
			return err
		}
	}
	for _, word := range index.NameWords(group, r.id, r.first, r.last) {
		if _, err := tx.ExecContext(ctx, index.AddNameWord, word...); err != nil {
			return err
		}
	}
	return nil
}

func rows[T any](ctx context.Context, tx *sql.Tx, text string, args []any,
	row func(scan) (T, error)) ([]T, error) {
	found, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var out []T
	for found.Next() {
		one, err := row(found.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, found.Err()
}
