package store

import (
	"bytes"
	"context"
	"database/sql"

	"frontdesk/core/names"
)

// rekeyVersion is the migration that works out the keys of names again. It comes
// after the one that makes the table of words.
const rekeyVersion = 32

// The parts of a name that patient_word has the endings of.
const (
	firstPart = "first"
	lastPart  = "last"
)

// AddNameWord keeps one of NameWords of a patient.
const AddNameWord = `INSERT INTO patient_word (practice_group_id, patient_id, part, word_key) VALUES ($1, $2, $3, $4)
	ON CONFLICT (practice_group_id, patient_id, part, word_key) DO NOTHING`

// NameWords are the arguments of AddNameWord for each word that a name has an ending from.
func NameWords[G, P ~int64](group G, id P, first, last string) []In {
	var out []In
	for _, name := range [][2]string{{firstPart, first}, {lastPart, last}} {
		for _, ending := range names.Endings(name[1]) {
			out = append(out, In{group, id, name[0], []byte(ending)})
		}
	}
	return out
}

// rekeyChunk is how many patients are read at a time.
const rekeyChunk = 1000

type rekeyed struct {
	id                int64
	first, last       string
	firstKey, lastKey []byte
}

// rekey works out the keys of all names again, and what they end with: which
// characters count as an apostrophe or a dash has changed.
func rekey(ctx context.Context, tx *sql.Tx) error {
	groups, err := rekeyRows(ctx, tx, `SELECT practice_group_id FROM practice_group ORDER BY practice_group_id`, nil,
		func(scan scanner) (int64, error) {
			var id int64
			err := scan(&id)
			return id, err
		})
	if err != nil {
		return err
	}
	for _, group := range groups {
		for after := int64(0); ; {
			some, err := rekeyRows(ctx, tx, `SELECT id, first_name, last_name, first_key, last_key FROM patient
				WHERE practice_group_id = $1 AND id > $2
				ORDER BY id LIMIT $3`, in{group, after, rekeyChunk}, func(scan scanner) (rekeyed, error) {
				var r rekeyed
				err := scan(&r.id, &r.first, &r.last, &r.firstKey, &r.lastKey)
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
			if len(some) < rekeyChunk {
				break
			}
		}
	}
	return nil
}

func (r rekeyed) save(ctx context.Context, tx *sql.Tx, group int64) error {
	if first, last := NameKey(r.first), NameKey(r.last); !bytes.Equal(first, r.firstKey) ||
		!bytes.Equal(last, r.lastKey) {
		if _, err := tx.ExecContext(ctx, `UPDATE patient SET first_key = $3, last_key = $4, full_key = $5 WHERE
			practice_group_id = $1 AND id = $2`,
			group, r.id, first, last, NameKey(r.first+" "+r.last)); err != nil {
			return err
		}
	}
	for _, word := range NameWords(group, r.id, r.first, r.last) {
		if _, err := tx.ExecContext(ctx, AddNameWord, word...); err != nil {
			return err
		}
	}
	return nil
}

func rekeyRows[T any](ctx context.Context, tx *sql.Tx, text string, args in,
	row func(scanner) (T, error)) ([]T, error) {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		one, err := row(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
