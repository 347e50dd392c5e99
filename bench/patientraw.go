package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/bench/population"
)

// What a patient needs to be written, and what an answer needs of one.
const (
	patientWritten = `practice_group_id, id, nhs_number, emis_id, ehr_partner_id, ehr_partner, birth_date,
		deceased_at, title, first_name, last_name,
		first_key, last_key, full_key, sex, mobile, landline, email, email_key, line_1, line_2, line_3, town, county,
		country, postcode, notes, source,
		restricted, status, number_status, superseded_by, pds_version, synced_at, version, created_at, updated_at`
	patientRead = `SELECT id, nhs_number, emis_id, ehr_partner_id, birth_date, deceased_at, title, first_name,
		last_name, sex, mobile, email, line_1, line_2,
		line_3, town, county, country, postcode, notes, source, restricted, status, synced_at, merged_into
		FROM patient WHERE practice_group_id = $1`
	// As the program does: the page is found in an index, then its rows are read.
	patientPage = patientRead +
		` AND id IN (SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL
			AND deleted_at IS NULL AND `
	patientCount = `SELECT count(*) FROM (SELECT 1 FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL
		AND deleted_at IS NULL AND `
)

// written are the values of a person as they are stored.
func (r *raw) written(group int64, p population.Person, now time.Time) []any {
	key := func(name string) []byte { return []byte(strings.ToLower(name)) } // the names are ASCII
	return []any{group, p.ID, p.Number, "", "", "", p.Born, nil, "", p.First, p.Last, key(p.First), key(p.Last),
		key(p.First + " " + p.Last), p.Sex,
		p.Mobile, "", p.Email, p.Email, p.Line, "", "", p.Place, "", "", p.Postcode, "", "hero", false, "unarchived",
		"", "",
		"", nil, int64(1),
		r.when(now), r.when(now)}
}

var insertPatient = func() string {
	n := strings.Count(patientWritten, ",") + 1
	marks := make([]string, n)
	for i := range marks {
		marks[i] = fmt.Sprint("$", i+1)
	}
	return `INSERT INTO patient (` + patientWritten + `) VALUES (` + strings.Join(marks, ", ") + `)`
}()

// fill writes people in one transaction. Their contact points are
// left to their own columns, as it is with patients from before there were
// sources: nothing that is measured reads more.
func (r *raw) fill(ctx context.Context, group int64, all []population.Person) error {
	now := time.Now()
	if r.pg == nil {
		tx, err := r.writer.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		stmt, err := tx.PrepareContext(ctx, insertPatient)
		if err != nil {
			return err
		}
		for _, p := range all {
			if _, err := stmt.ExecContext(ctx, r.written(group, p, now)...); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	columns := strings.Fields(strings.ReplaceAll(patientWritten, ",", " "))
	_, err := r.pg.CopyFrom(ctx, pgx.Identifier{"patient"}, columns,
		pgx.CopyFromSlice(len(all), func(i int) ([]any, error) {
			return r.written(group, all[i], now), nil
		}))
	if err != nil {
		return err
	}
	return r.analyse(ctx, "patient")
}

// analyse has PostgreSQL do what it does by itself within minutes, and must not
// begin to in the middle of a measurement.
func (r *raw) analyse(ctx context.Context, tables ...string) error {
	if r.pg == nil {
		return nil
	}
	_, err := r.pg.Exec(ctx, `VACUUM (ANALYZE) `+strings.Join(tables, ", "))
	return err
}

// patient reads one.
func (r *raw) patient(ctx context.Context, group, id int64) error {
	return r.rows(ctx, patientRead+` AND id = $2`, group, id)
}

// between are the bounds of the keys that begin with a text.
func between(text string) (from, to []byte) {
	key := strings.ToLower(text)
	return []byte(key), []byte(key + "\xff")
}

// surname reads a page of those whose surname begins with a text, and counts
// them. There are as many as are ever counted, so full names do not matter.
func (r *raw) surname(ctx context.Context, group int64, text string, offset int) error {
	from, to := between(text)
	const match, order = `last_key >= $2 AND last_key < $3`, ` ORDER BY last_key, first_key, id`
	return errors.Join(
		r.rows(ctx, patientCount+match+` LIMIT $4) AS matches`, group, from, to, countLimit),
		r.rows(ctx, patientPage+match+order+` LIMIT $4 OFFSET $5)`+order, group, from, to, pageSize, offset))
}

// mobile reads those with a number, who are fewer than a page.
func (r *raw) mobile(ctx context.Context, group int64, number string) error {
	const order = ` ORDER BY last_key, first_key, id`
	return r.rows(ctx, patientPage+`mobile = $2`+order+` LIMIT $3)`+order, group, number, pageSize)
}

// fullName reads those whose surname begins with a text, of whom there are none, and
// those whose full name does, who are fewer than a page.
func (r *raw) fullName(ctx context.Context, group int64, text string) error {
	from, to := between(text)
	const order = ` ORDER BY full_key, id`
	return errors.Join(
		r.rows(ctx,
			`SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL
				AND last_key >= $2 AND last_key < $3 LIMIT 1`, group, from, to),
		r.rows(ctx, patientPage+`full_key >= $2 AND full_key < $3`+order+` LIMIT $4)`+order, group, from, to, pageSize))
}

// register writes what a registration leaves behind.
func (r *raw) register(ctx context.Context, group int64, p population.Person) error {
	now := time.Now()
	return r.tx(ctx, func(exec func(string, ...any) error) error {
		contact := func(kind, value string) error {
			return exec(`INSERT INTO patient_contact (practice_group_id, patient_id, kind, source, value,
				recorded_at) VALUES ($1, $2, $3, 'caller', $4, $5)`,
				group, p.ID, kind, value, r.when(now))
		}
		return errors.Join(
			exec(insertPatient, r.written(group, p, now)...),
			contact("mobile", p.Mobile), contact("email", p.Email),
			contact("address", fmt.Sprintf(`{"line_1":%q,"town":%q,"postcode":%q}`, p.Line, p.Place, p.Postcode)),
			exec(`INSERT INTO audit (practice_group_id, id, at, actor, key_id, key_group_id, request_id, action,
				entity, entity_id, before, after)
				VALUES ($1, $2, $3, '', 0, 0, '', 'patient.register', 'patient',
				$2, '', '{}')`, group, p.ID, r.when(now)))
	})
}
