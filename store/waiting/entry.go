package waiting

import (
	"context"
	"strconv"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/waiting"

	"frontdesk/store"
	"frontdesk/store/value"
)

const (
	entryColumns = `id, patient_id, appointment_type_id, locations, practitioners, weekdays, from_date, to_date, part,
	priority, replaces_id, state, reason, offer_id, appointment_id, link_id, source, facts, created_at, updated_at`
	selectEntries = `SELECT ` + entryColumns + ` FROM waiting_entry WHERE practice_group_id = $1`
)

func scanEntry(scan store.Scanner) (waiting.Entry, error) {
	var e waiting.Entry
	var places, people, days []string
	err := scan(&e.ID, &e.Patient, &e.Type, value.Words(&places), value.Words(&people), value.Words(&days),
		value.Day(&e.From), value.Day(&e.To), &e.Part, &e.Priority, value.Num(&e.Replaces), &e.State, &e.Reason,
		&e.Offer, value.Num(&e.Appointment), &e.Link, &e.Source, &e.Facts, value.When(&e.CreatedAt),
		value.When(&e.UpdatedAt))
	e.Locations, e.Practitioners = read[practice.LocationID](places), read[practice.PractitionerID](people)
	e.Weekdays = read[int](days)
	return e, err
}

// read reads numbers that are kept as words.
func read[T ~int | ~int64](words []string) (out []T) {
	for _, w := range words {
		n, _ := strconv.ParseInt(w, 10, 64)
		out = append(out, T(n))
	}
	return out
}

// words are numbers as they are kept.
func words[T ~int | ~int64](list []T) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatInt(int64(n), 10)
	}
	return value.Joined(out)
}

// Entry finds an entry.
func (t *Tx) Entry(ctx context.Context, group practice.ID, id waiting.ID) (waiting.Entry, error) {
	return store.ByKey(ctx, t.Conn, waiting.ErrNotFound, selectEntries+` AND id = $2`, store.In{group, id}, scanEntry)
}

// LockEntry keeps others from changing an entry, and finds it.
func (t *Tx) LockEntry(ctx context.Context, group practice.ID, id waiting.ID) (waiting.Entry, error) {
	if _, err := t.Exec(ctx, `UPDATE waiting_entry SET updated_at = updated_at WHERE practice_group_id = $1
		AND id = $2`, group, id); err != nil {
		return waiting.Entry{}, err
	}
	return t.Entry(ctx, group, id)
}

// LiveEntries lists the entries of a patient that wait or have an offer.
func (t *Tx) LiveEntries(ctx context.Context, group practice.ID, of patient.ID) ([]waiting.Entry, error) {
	return store.List(ctx, t.Conn, selectEntries+` AND patient_id = $2 AND state IN ('waiting', 'offered')
		ORDER BY id`, store.In{group, of}, scanEntry)
}

// SaveEntry keeps an entry, and what it would have while it waits.
func (t *Tx) SaveEntry(ctx context.Context, group practice.ID, e waiting.Entry) error {
	_, err := t.Exec(ctx, `INSERT INTO waiting_entry (practice_group_id, `+entryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET locations = $5, practitioners = $6, weekdays = $7,
		from_date = $8, to_date = $9, part = $10, priority = $11, replaces_id = $12, state = $13, reason = $14,
		offer_id = $15, appointment_id = $16, facts = $19, updated_at = $21`,
		group, e.ID, e.Patient, e.Type, words(e.Locations), words(e.Practitioners), words(e.Weekdays), e.From.String(),
		e.To.String(), string(e.Part), e.Priority, value.Opt(e.Replaces), string(e.State), e.Reason, e.Offer,
		value.Opt(e.Appointment), e.Link, string(e.Source), e.Facts, e.CreatedAt, e.UpdatedAt)
	if err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `DELETE FROM waiting_want WHERE practice_group_id = $1 AND entry_id = $2`, group,
		e.ID); err != nil {
		return err
	}
	var rows []store.In
	for _, w := range e.Combinations() {
		rows = append(rows, store.In{group, e.Type, w.Practitioner, w.Location, w.Half, e.Priority, e.ID,
			e.From.String(), e.To.String()})
	}
	if err := store.Insert(ctx, t.Conn, `INSERT INTO waiting_want (practice_group_id, appointment_type_id,
		practitioner_id, location_id, half, priority, entry_id, from_date, to_date)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, rows); err != nil || len(rows) == 0 {
		return err
	}
	_, err = t.Exec(ctx, `UPDATE practice_group SET waited = true WHERE practice_group_id = $1 AND NOT waited`, group)
	return err
}

// The statements of a list.
const (
	inJoining = ` AND id > $2 AND (CAST($3 AS bigint) = 0 OR appointment_type_id = $3) `
	ofState   = `AND state = $5 `
	ofPatient = `AND patient_id = $6 AND (CAST($5 AS text) = '' OR state = $5) `
	inOrder   = `ORDER BY id LIMIT $4`
)

// Entries lists entries by id.
func (t *Tx) Entries(ctx context.Context, group practice.ID, q waiting.Query) ([]waiting.Entry, error) {
	args := store.In{group, q.After, q.Type, q.Limit}
	switch {
	case q.Patient != 0:
		return store.List(ctx, t.Conn, selectEntries+inJoining+ofPatient+inOrder,
			append(args, string(q.State), q.Patient), scanEntry)
	case q.State != "":
		return store.List(ctx, t.Conn, selectEntries+inJoining+ofState+inOrder, append(args, string(q.State)), scanEntry)
	}
	return store.List(ctx, t.Conn, selectEntries+inJoining+inOrder, args, scanEntry)
}

// headsOf finds the first entries under one combination: by equality in the columns its index begins with, and then in
// the order in which they stand there.
const headsOf = `SELECT priority, entry_id FROM waiting_want WHERE practice_group_id = $1
	AND appointment_type_id = $2 AND practitioner_id = $3 AND location_id = $4 AND half = $5
	AND (priority, entry_id) > ($6, $7) AND from_date <= $8 AND (to_date = '' OR to_date >= $9)
	ORDER BY priority, entry_id LIMIT $10`

// Heads lists the entries that would have a combination on a day between two, after a rank.
func (t *Tx) Heads(
	ctx context.Context, group practice.ID, k waiting.Key, after waiting.Rank, limit int,
) ([]waiting.Rank, error) {
	return store.List(ctx, t.Conn, headsOf,
		store.In{group, k.Type, k.Practitioner, k.Location, k.Half, after.Priority, after.Entry, k.Last.String(),
			k.First.String(), limit},
		func(scan store.Scanner) (waiting.Rank, error) {
			var r waiting.Rank
			err := scan(&r.Priority, &r.Entry)
			return r, err
		})
}

// Outdated lists entries that wait and whose last day is before a day.
func (t *Tx) Outdated(ctx context.Context, group practice.ID, day input.Date, limit int) ([]waiting.ID, error) {
	return store.List(ctx, t.Conn, `SELECT id FROM waiting_entry WHERE practice_group_id = $1 AND state = 'waiting'
		AND to_date <> '' AND to_date < $2 ORDER BY to_date LIMIT $3`, store.In{group, day.String(), limit},
		store.ScanID[waiting.ID])
}
