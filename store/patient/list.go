package patient

import (
	"context"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// The arguments of the lists: 2 deleted ones too, 3 to 6 when made and changed, 7 and 8 between which ids, 9 and 10
// limit and offset. COALESCE keeps a database from looking for rows by when they were made or changed, which may be all
// of them, where it can read them in the order that is wanted.
const (
	patientsIn = ` AND merged_into IS NULL AND COALESCE(created_at, $3) >= $3 AND COALESCE(created_at, $4) <= $4
		AND COALESCE(updated_at, $5) >= $5 AND COALESCE(updated_at, $6) <= $6 AND id > $7 AND id < $8`
	paged = ` LIMIT $9 OFFSET $10`
	// Names, addresses and numbers are found through their own indexes.
	searched = ` AND patient.id IN (SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND
		deleted_at IS NULL
			AND (last_key >= $11 AND last_key < $12 OR first_key >= $11 AND first_key < $12 OR full_key >= $11 AND
			full_key < $12
			OR email_key >= $13 AND email_key < $14 OR birth_date = $15)
		UNION SELECT w.patient_id FROM patient_word w WHERE w.practice_group_id = $1 AND w.word_key >= $11 AND
		w.word_key < $12
		UNION ` + numbered16 + `)`
)

// The page is found among the patients alone; what else is known is read for it.
const (
	idsForward = ` AND patient.id IN (SELECT id FROM patient WHERE practice_group_id = $1` + patientsIn +
		` AND ($2 OR deleted_at IS NULL) ORDER BY id` + paged + `) ORDER BY id`
	idsBackward = ` AND patient.id IN (SELECT id FROM patient WHERE practice_group_id = $1` + patientsIn +
		` AND ($2 OR deleted_at IS NULL) ORDER BY id DESC` + paged + `) ORDER BY id DESC`
	patientsFound = selectWhole + patientsIn + ` AND deleted_at IS NULL AND CAST($2 AS boolean) IS NOT NULL` +
		searched + ` ORDER BY last_key, first_key, id` + paged
	anyoneFound = selectWhole + patientsIn + ` AND $2` + searched + ` ORDER BY last_key, first_key, id` + paged

	// Without what else is known.
	selectBare = `SELECT ` + patientColumns + ` FROM patient WHERE practice_group_id = $1`
)

// scanBarePatients reads many, as scanBareBookings does.
func scanBarePatients() func(store.Scanner) (patient.Patient, error) {
	var p patient.Patient
	to := patientDest(&p)
	return func(scan store.Scanner) (patient.Patient, error) {
		p = patient.Patient{}
		err := scan(to...)
		return p, err
	}
}

// Times before and after all others.
var (
	ever  = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	never = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
)

func orTime(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// beyondIDs is larger than any id.
const beyondIDs = 1 << 53

// forward is how patients are read on from one of them: by the bound that cursors have, too.
var forward = store.Bound{Column: "id", Limit: 9, Offset: 10, From: 7}

func patientOrder(p patient.Patient) store.Columns {
	return store.Columns{"id": p.ID, "last_key": store.NameKey(p.LastName), "first_key": store.NameKey(p.FirstName)}
}

// Patients lists those that match, and how many do where that is asked.
func (t *Tx) Patients(ctx context.Context, group practice.ID, q patient.Query) ([]patient.Patient, int, error) {
	if q.Count {
		return t.countedPatients(ctx, group, q)
	}
	before := int64(q.Before)
	if before == 0 {
		before = beyondIDs
	}
	args := store.In{
		group, q.Deleted, orTime(q.CreatedFrom, ever), orTime(q.CreatedUntil, never), orTime(q.UpdatedFrom, ever),
		orTime(q.UpdatedUntil, never), q.After, before, q.Limit, q.Offset,
	}
	found, err := t.patientPage(ctx, q, args)
	return found, 0, err
}

func (t *Tx) patientPage(ctx context.Context, q patient.Query, args store.In) ([]patient.Patient, error) {
	l := q.Lookup
	switch {
	case l.Field == "" && q.Backwards && !q.Particulars:
		return store.List(ctx, t.Conn, selectBare+idsBackward, args, scanBarePatients())
	case l.Field == "" && q.Backwards:
		return store.List(ctx, t.Conn, selectWhole+idsBackward, args, scanWhole)
	case l.Field == "" && !q.Particulars:
		return store.ReadPageBound(ctx, t.Conn, selectBare+idsForward, forward, args, scanBarePatients(), patientOrder)
	case l.Field == "":
		return store.ReadPageBound(ctx, t.Conn, selectWhole+idsForward, forward, args, scanWhole,
			patientOrder)
	}
	key, mail := store.NameKey(l.Value), store.EmailKey(l.Value)
	if len(key) == 0 {
		key = []byte{0xff} // nothing but punctuation begins no name
	}
	birth := "-"
	if l.Birth != input.NoDate {
		birth = l.Birth.String()
	}
	args = append(append(args, key, store.Beyond(key), mail, mail+"\uffff", birth), numberArgs(l.Numbers)...)
	if q.Deleted {
		return store.ReadPage(ctx, t.Conn, anyoneFound, args, scanWhole, patientOrder)
	}
	return store.ReadPage(ctx, t.Conn, patientsFound, args, scanWhole, patientOrder)
}
