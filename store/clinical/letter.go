package clinical

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const letterColumns = `id, patient_id, staff_id, location_id, recipient_kind, recipient_patient_id,
	recipient_id, dated, title, body, review, shared_at, deleted_at,
	version, created_at, updated_at`

func scanLetter(scan store.Scanner) (clinical.Letter, error) {
	var l clinical.Letter
	var to, other int64
	err := scan(&l.ID, &l.Patient, value.Num(&l.Doctor), value.Num(&l.Location), &l.Recipient.Kind, value.Num(&to),
		value.Num(&other), value.Day(&l.Date), &l.Title, &l.Body, &l.Review, value.When(&l.SharedAt),
		value.When(&l.DeletedAt), &l.Version, value.When(&l.CreatedAt), value.When(&l.UpdatedAt))
	l.Recipient.ID = to + other // one of the two is 0
	return l, err
}

// Letter finds a letter.
func (t *Tx) Letter(ctx context.Context, group practice.ID, id clinical.LetterID) (clinical.Letter, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoLetter, `SELECT `+letterColumns+` FROM letter WHERE
		practice_group_id = $1 AND id = $2`, store.In{group, id}, scanLetter)
}

// LockLetter keeps others from changing the letter, and reads it.
func (t *Tx) LockLetter(ctx context.Context, group practice.ID, id clinical.LetterID) (clinical.Letter, error) {
	if _, err := t.Exec(ctx, `UPDATE letter SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return clinical.Letter{}, err
	}
	return t.Letter(ctx, group, id)
}

const someLetters = `SELECT ` + letterColumns + ` FROM letter WHERE practice_group_id = $1` + listing.Asked + datedIn

var letterOrders = listing.Orders{
	ByID: someLetters + listing.InOrderOfIDs, Made: someLetters + listing.InOrderMade,
	Updated: someLetters + listing.InOrderUpdated, When: someLetters + inOrderDated,
	Next: someLetters + listing.NextIDs, Previous: someLetters + listing.PreviousIDs,
}

func letterOrder(l clinical.Letter) store.Columns {
	return store.Columns{"id": l.ID, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "dated": l.Date.String()}
}

// Letters lists letters.
func (t *Tx) Letters(ctx context.Context, group practice.ID, q clinical.Query,
	rows input.Rows) ([]clinical.Letter, error) {
	return Read(ctx, t.Conn, letterOrders, group, q, rows, scanLetter, letterOrder, listing.Days(q.Dated)...)
}

const (
	placedLetters = `SELECT ` + letterColumns + ` FROM (SELECT ` + letterColumns + listing.OfPatients + `letter` +
		listing.AmongLive
	placedLettersBy = `SELECT ` + letterColumns + ` FROM (SELECT ` + letterColumns +
		`, ROW_NUMBER() OVER (PARTITION BY staff_id ORDER BY id) AS place FROM letter
		WHERE practice_group_id = $1 AND deleted_at IS NULL AND staff_id IN `
	inStaffsPlace = `) AS placed WHERE place > $2 AND place <= $3 ORDER BY staff_id, place`
)

var (
	lettersOf = store.Among(placedLetters+store.Few4+listing.InTheirPlace, placedLetters+store.Many4+
		listing.InTheirPlace)
	lettersBy = store.Among(placedLettersBy+store.Few4+inStaffsPlace, placedLettersBy+store.Many4+inStaffsPlace)
)

// LettersOf lists some of each patient's letters.
func (t *Tx) LettersOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Letter, error) {
	return store.SomeOf(ctx, t.Conn, lettersOf, group, of, from, until, scanLetter,
		func(l clinical.Letter) patient.ID { return l.Patient })
}

// LettersBy lists some of the letters of each member of staff.
func (t *Tx) LettersBy(
	ctx context.Context, group practice.ID, by []practice.PractitionerID, from, until int,
) (map[practice.PractitionerID][]clinical.Letter, error) {
	return store.SomeOf(ctx, t.Conn, lettersBy, group, by, from, until, scanLetter,
		func(l clinical.Letter) practice.PractitionerID { return l.Doctor })
}

// SaveLetter keeps a letter.
func (t *Tx) SaveLetter(ctx context.Context, group practice.ID, l clinical.Letter) error {
	to, other := l.Recipient.ID, int64(0)
	if l.Recipient.Kind != clinical.ToPatient {
		to, other = other, to
	}
	_, err := t.Exec(ctx, `INSERT INTO letter (`+letterColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET patient_id = $2, staff_id = $3, location_id = $4,
		recipient_kind = $5, recipient_patient_id = $6,
			recipient_id = $7, dated = $8, title = $9, body = $10, review = $11, deleted_at = $13,
			version = $14, updated_at = $16`,
		l.ID, l.Patient, value.Opt(l.Doctor), value.Opt(l.Location), l.Recipient.Kind, value.Opt(to), value.Opt(other),
		l.Date.String(), l.Title, l.Body, l.Review, value.At(l.SharedAt),
		value.At(l.DeletedAt), l.Version, l.CreatedAt, l.UpdatedAt, group)
	return err
}
