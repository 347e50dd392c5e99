package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"

	"frontdesk/core/names"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// A name is looked for in what it begins with, and then in what its further parts
// begin with: these are the fields of the second and third look.
const (
	anyWords   patient.Field = "words"
	firstWords patient.Field = "first_words"
	lastWords  patient.Field = "last_words"
)

// looks are the fields that are looked at one after another for one.
var looks = map[patient.Field][]patient.Field{
	patient.FieldName:      {patient.FieldLastName, patient.FieldName, anyWords},
	patient.FieldLastName:  {patient.FieldLastName, lastWords},
	patient.FieldFirstName: {patient.FieldFirstName, firstWords},
}

const (
	wordOf4 = ` AND id IN (SELECT w.patient_id FROM patient_word w WHERE w.practice_group_id = $1 AND w.word_key >= $4 AND w.word_key < $5`
	wordOf3 = ` AND id IN (SELECT w.patient_id FROM patient_word w WHERE w.practice_group_id = $1 AND w.word_key >= $3 AND w.word_key < $4`
	// What is found in another table is few: COALESCE keeps a database from reading
	// all patients in their order instead.
	byLastFound = ` ORDER BY COALESCE(last_key, full_key), first_key, id`
)

// Who has a number. A list of those whose own it is leaves out those who are gone;
// the list this is part of does so for the others.
const (
	idOfPatients = ` FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL AND `
	byNHS        = `SELECT id` + idOfPatients + `nhs_number = `
	byFormer     = ` UNION SELECT patient_id FROM former_number WHERE practice_group_id = $1 AND nhs_number = `
	byOwn        = ` UNION SELECT n.patient_id FROM patient_number n JOIN number_definition d ON d.practice_group_id = n.practice_group_id
		AND d.id = n.definition_id WHERE n.practice_group_id = $1 AND d.deleted_at IS NULL AND n.value_key = `
	byEHR      = ` UNION SELECT id` + idOfPatients + `ehr_partner_id IN `
	byEMIS     = ` UNION SELECT id` + idOfPatients + `emis_id IN `
	byMobile   = ` UNION SELECT id` + idOfPatients + `mobile IN `
	byLandline = ` UNION SELECT id` + idOfPatients + `landline IN `
	byPhone    = ` UNION SELECT patient_id FROM patient_phone WHERE practice_group_id = $1 AND number IN `
	byID       = ` UNION SELECT id` + idOfPatients + `id IN `

	// The arguments are those of numberArgs, from $3, $4 and $16 on.
	numbered3 = byNHS + `$3` + byFormer + `$3` + byOwn + `$3` + byEHR + `($3, $4)` + byEMIS + `($3, $4)` + byMobile + `($5, $6)` +
		byLandline + `($5, $6)` + byPhone + `($5, $6)` + byID + `($7, $8)`
	numbered4 = byNHS + `$4` + byFormer + `$4` + byOwn + `$4` + byEHR + `($4, $5)` + byEMIS + `($4, $5)` + byMobile + `($6, $7)` +
		byLandline + `($6, $7)` + byPhone + `($6, $7)` + byID + `($8, $9)`
	numbered16 = byNHS + `$16` + byFormer + `$16` + byOwn + `$16` + byEHR + `($16, $17)` + byEMIS + `($16, $17)` + byMobile + `($18, $19)` +
		byLandline + `($18, $19)` + byPhone + `($18, $19)` + byID + `($20, $21)`
)

// numberArgs are the forms of a number; what has none is a dash, which is no number.
func numberArgs(n patient.Numbers) in {
	return in{cmp.Or(n.Key, "-"), n.Raw, cmp.Or(n.Phone, "-"), cmp.Or(n.Dialled, "-"), int64(n.IDs[0]), int64(n.IDs[1])}
}

// rekeyVersion is the migration that works out the keys of names again. It comes
// after the one that makes the table of words.
const rekeyVersion = 32

// The parts of a name that patient_word has the endings of.
const (
	firstPart = "first"
	lastPart  = "last"
)

const (
	addWord = `INSERT INTO patient_word (practice_group_id, patient_id, part, word_key) VALUES ($1, $2, $3, $4)
		ON CONFLICT (practice_group_id, patient_id, part, word_key) DO NOTHING`
	dropWords = `DELETE FROM patient_word WHERE practice_group_id = $1 AND patient_id = $2`
)

// saveWords keeps what the names of a patient end with.
func (t *Tx) saveWords(ctx context.Context, group practice.ID, p patient.Patient, fresh bool) error {
	if !fresh {
		if _, err := t.exec(ctx, dropWords, group, p.ID); err != nil {
			return err
		}
	}
	for _, name := range [][2]string{{firstPart, p.FirstName}, {lastPart, p.LastName}} {
		for _, ending := range names.Endings(name[1]) {
			if _, err := t.exec(ctx, addWord, group, p.ID, name[0], []byte(ending)); err != nil {
				return err
			}
		}
	}
	return nil
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
	groups, err := rekeyRows(ctx, tx, `SELECT practice_group_id FROM practice_group ORDER BY practice_group_id`, nil, func(scan scanner) (int64, error) {
		var id int64
		err := scan(&id)
		return id, err
	})
	if err != nil {
		return err
	}
	for _, group := range groups {
		for after := int64(0); ; {
			some, err := rekeyRows(ctx, tx, `SELECT id, first_name, last_name, first_key, last_key FROM patient WHERE practice_group_id = $1 AND id > $2
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
	if first, last := nameKey(r.first), nameKey(r.last); !bytes.Equal(first, r.firstKey) || !bytes.Equal(last, r.lastKey) {
		if _, err := tx.ExecContext(ctx, `UPDATE patient SET first_key = $3, last_key = $4, full_key = $5 WHERE practice_group_id = $1 AND id = $2`,
			group, r.id, first, last, nameKey(r.first+" "+r.last)); err != nil {
			return err
		}
	}
	for _, name := range [][2]string{{firstPart, r.first}, {lastPart, r.last}} {
		for _, ending := range names.Endings(name[1]) {
			if _, err := tx.ExecContext(ctx, addWord, group, r.id, name[0], []byte(ending)); err != nil {
				return err
			}
		}
	}
	return nil
}

func rekeyRows[T any](ctx context.Context, tx *sql.Tx, text string, args in, row func(scanner) (T, error)) ([]T, error) {
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
