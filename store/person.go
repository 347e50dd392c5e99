package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

const particularColumns = `gender, occupation, payment_reference, birth_surname, birth_name, birth_names, birth_place, birth_place_code,
	social_security_number, ins, receive_email, receive_sms, marketing, payment_reminders, privacy_policy, on_hold,
	archived_at, archived_by, archived_reason, archived_comments, unarchived_at, unarchived_by, unarchived_reason`

const selectPeople = `SELECT ` + patientColumns + `, ` + particularColumns + ` FROM patient
	LEFT JOIN patient_profile x ON x.practice_group_id = patient.practice_group_id AND x.patient_id = patient.id
	WHERE patient.practice_group_id = $1`

// optBool reads a truth that may be unknown.
type optBool struct{ b **bool }

// Scan implements sql.Scanner.
func (o optBool) Scan(src any) error {
	var n sql.NullBool
	if err := n.Scan(src); err != nil {
		return err
	}
	*o.b = nil
	if n.Valid {
		*o.b = &n.Bool
	}
	return nil
}

func optTruth(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

func scanPerson(scan scanner) (patient.Full, error) {
	var p patient.Full
	x := &p.Particulars
	var ins string
	var hold flag
	err := scan(append(patientDest(&p.Patient), text{&x.Gender}, text{&x.Occupation}, text{&x.PaymentReference}, text{&x.BirthSurname}, text{&x.BirthName},
		text{&x.BirthNames}, text{&x.BirthPlace}, text{&x.BirthPlaceCode}, text{&x.SocialSecurityNumber}, text{&ins}, optBool{&x.ReceiveEmail},
		optBool{&x.ReceiveSMS}, optBool{&x.Marketing}, optBool{&x.PaymentReminders}, text{&x.PrivacyPolicy}, &hold, when{&x.ArchivedAt},
		num[int64]{&x.ArchivedBy}, text{&x.ArchivedReason}, text{&x.ArchivedComments}, when{&x.UnarchivedAt}, num[int64]{&x.UnarchivedBy},
		text{&x.UnarchivedReason})...)
	x.OnHold = bool(hold)
	if ins != "" {
		x.INS = json.RawMessage(ins)
	}
	return p, err
}

// People finds patients with what else is known of them.
func (t *Tx) People(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Full, error) {
	return listAmong(ctx, t, amongst{selectPeople + ` AND patient.id IN ` + few2, selectPeople + ` AND patient.id IN ` + many2}, in{group}, ids, scanPerson)
}

// The arguments of the lists: 2 deleted ones too, 3 to 6 when made and changed,
// 7 and 8 between which ids, 9 and 10 limit and offset. COALESCE keeps a database
// from looking for rows by when they were made or changed, which may be all of
// them, where it can read them in the order that is wanted.
const (
	peopleIn = ` AND merged_into IS NULL AND COALESCE(created_at, $3) >= $3 AND COALESCE(created_at, $4) <= $4
		AND COALESCE(updated_at, $5) >= $5 AND COALESCE(updated_at, $6) <= $6 AND id > $7 AND id < $8`
	paged = ` LIMIT $9 OFFSET $10`
	// Names, addresses and numbers are found through their own indexes.
	searched = ` AND patient.id IN (SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into IS NULL AND deleted_at IS NULL
			AND (last_key >= $11 AND last_key < $12 OR first_key >= $11 AND first_key < $12 OR full_key >= $11 AND full_key < $12
			OR email_key >= $13 AND email_key < $14 OR birth_date = $15)
		UNION SELECT w.patient_id FROM patient_word w WHERE w.practice_group_id = $1 AND w.word_key >= $11 AND w.word_key < $12
		UNION ` + numbered16 + `)`
)

// The page is found among the patients alone; what else is known is read for it.
const (
	idsForward     = ` AND patient.id IN (SELECT id FROM patient WHERE practice_group_id = $1` + peopleIn + ` AND ($2 OR deleted_at IS NULL) ORDER BY id` + paged + `) ORDER BY id`
	idsBackward    = ` AND patient.id IN (SELECT id FROM patient WHERE practice_group_id = $1` + peopleIn + ` AND ($2 OR deleted_at IS NULL) ORDER BY id DESC` + paged + `) ORDER BY id DESC`
	peopleFound    = selectPeople + peopleIn + ` AND deleted_at IS NULL AND CAST($2 AS boolean) IS NOT NULL` + searched + ` ORDER BY last_key, first_key, id` + paged
	peopleFoundAll = selectPeople + peopleIn + ` AND $2` + searched + ` ORDER BY last_key, first_key, id` + paged

	// Without what else is known.
	selectBarePeople = `SELECT ` + patientColumns + ` FROM patient WHERE practice_group_id = $1`
)

// scanBarePeople reads many, as scanBareBookings does.
func scanBarePeople() func(scanner) (patient.Full, error) {
	var p patient.Full
	to := patientDest(&p.Patient)
	return func(scan scanner) (patient.Full, error) {
		p = patient.Full{}
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

// forward is how patients are read on from one of them: by the bound that cursors
// have, too.
func forward(text string) reading {
	return reading{after: text, columns: []string{"id"}, limit: 9, offset: 10, from: 7, bound: true}
}

func personOrder(p patient.Full) columns {
	return columns{"id": p.ID, "last_key": nameKey(p.LastName), "first_key": nameKey(p.FirstName)}
}

// PeopleList lists patients.
func (t *Tx) PeopleList(ctx context.Context, group practice.ID, q patient.PeopleQuery) ([]patient.Full, error) {
	before := int64(q.Before)
	if before == 0 {
		before = beyondIDs
	}
	args := in{
		group, q.Deleted, orTime(q.CreatedFrom, ever), orTime(q.CreatedUntil, never), orTime(q.UpdatedFrom, ever), orTime(q.UpdatedUntil, never),
		q.After, before, q.Limit, q.Offset,
	}
	switch {
	case q.Search == "" && q.Backwards && q.Bare:
		return list(ctx, t, selectBarePeople+idsBackward, args, scanBarePeople())
	case q.Search == "" && q.Backwards:
		return list(ctx, t, selectPeople+idsBackward, args, scanPerson)
	case q.Search == "" && q.Bare:
		return readPageBy(ctx, t, selectBarePeople+idsForward, forward(selectBarePeople+idsForward), args, scanBarePeople(), personOrder)
	case q.Search == "":
		return readPageBy(ctx, t, selectPeople+idsForward, forward(selectPeople+idsForward), args, scanPerson, personOrder)
	}
	key, mail := nameKey(q.Search), emailKey(q.Search)
	if len(key) == 0 {
		key = []byte{0xff} // nothing but punctuation begins no name
	}
	birth := "-"
	if q.Birth != input.NoDate {
		birth = q.Birth.String()
	}
	args = append(append(args, key, beyond(key), mail, mail+"\uffff", birth), numberArgs(q.Numbers)...)
	if q.Deleted {
		return readPage(ctx, t, peopleFoundAll, args, scanPerson, personOrder)
	}
	return readPage(ctx, t, peopleFound, args, scanPerson, personOrder)
}

// SaveParticulars keeps what else is known of a patient.
func (t *Tx) SaveParticulars(ctx context.Context, group practice.ID, id patient.ID, x patient.Particulars) error {
	_, err := t.exec(ctx, `INSERT INTO patient_profile (practice_group_id, patient_id, `+particularColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		ON CONFLICT (practice_group_id, patient_id) DO UPDATE SET gender = $3, occupation = $4, payment_reference = $5, birth_surname = $6,
			birth_name = $7, birth_names = $8, birth_place = $9, birth_place_code = $10, social_security_number = $11, ins = $12, receive_email = $13,
			receive_sms = $14, marketing = $15, payment_reminders = $16, privacy_policy = $17, on_hold = $18, archived_at = $19, archived_by = $20,
			archived_reason = $21, archived_comments = $22, unarchived_at = $23, unarchived_by = $24, unarchived_reason = $25`,
		group, id, x.Gender, x.Occupation, x.PaymentReference, x.BirthSurname, x.BirthName, x.BirthNames, x.BirthPlace, x.BirthPlaceCode,
		x.SocialSecurityNumber, string(x.INS), optTruth(x.ReceiveEmail), optTruth(x.ReceiveSMS), optTruth(x.Marketing), optTruth(x.PaymentReminders),
		x.PrivacyPolicy, x.OnHold, at(x.ArchivedAt), opt(x.ArchivedBy), x.ArchivedReason, x.ArchivedComments, at(x.UnarchivedAt), opt(x.UnarchivedBy),
		x.UnarchivedReason)
	return err
}
