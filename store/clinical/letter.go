package clinical

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
)

const letterColumns = `id, patient_id, staff_id, location_id, recipient_kind, recipient_patient_id,
	recipient_id, dated, title, body, review, shared_at, deleted_at,
	version, created_at, updated_at`

func scanLetter(scan store.Scanner) (clinical.Letter, error) {
	var l clinical.Letter
	var to, other int64
	err := scan(&l.ID, &l.Patient, store.Num(&l.Doctor), store.Num(&l.Location), &l.Recipient.Kind, store.Num(&to),
		store.Num(&other), store.Day(&l.Date), &l.Title, &l.Body, &l.Review, store.When(&l.SharedAt),
		store.When(&l.DeletedAt), &l.Version, store.When(&l.CreatedAt), store.When(&l.UpdatedAt))
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

const someLetters = `SELECT ` + letterColumns + ` FROM letter WHERE practice_group_id = $1` + store.Listed + datedIn

var letterOrders = store.Orders{
	ByID: someLetters + store.InOrderOfIDs, Made: someLetters + store.InOrderMade,
	Told: someLetters + store.InOrderTold, When: someLetters + inOrderDated,
	Next: someLetters + store.NextIDs, Previous: someLetters + store.PreviousIDs,
}

func letterOrder(l clinical.Letter) store.Columns {
	return store.Columns{"id": l.ID, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "dated": l.Date.String()}
}

// Letters lists letters.
func (s *Store) Letters(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Letter, error) {
	return clinicalRows(ctx, s.Conn, letterOrders, group, q, scanLetter, letterOrder, store.Days(q.Dated)...)
}

const (
	placedLetters = `SELECT ` + letterColumns + ` FROM (SELECT ` + letterColumns + store.OfPatients + `letter` +
		store.AmongLive
	placedLettersBy = `SELECT ` + letterColumns + ` FROM (SELECT ` + letterColumns +
		`, ROW_NUMBER() OVER (PARTITION BY staff_id ORDER BY id) AS place FROM letter
		WHERE practice_group_id = $1 AND deleted_at IS NULL AND staff_id IN `
	inStaffsPlace = `) AS placed WHERE place > $2 AND place <= $3 ORDER BY staff_id, place`
)

var (
	lettersOf = store.Among(placedLetters+store.Few4+store.InTheirPlace, placedLetters+store.Many4+store.InTheirPlace)
	lettersBy = store.Among(placedLettersBy+store.Few4+inStaffsPlace, placedLettersBy+store.Many4+inStaffsPlace)
)

// LettersOf lists some of each patient's letters.
func (s *Store) LettersOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Letter, error) {
	return store.SomeOf(ctx, s.Conn, lettersOf, group, of, from, until, scanLetter,
		func(l clinical.Letter) patient.ID { return l.Patient })
}

// LettersBy lists some of the letters of each member of staff.
func (s *Store) LettersBy(
	ctx context.Context, group practice.ID, by []practice.PractitionerID, from, until int,
) (map[practice.PractitionerID][]clinical.Letter, error) {
	return store.SomeOf(ctx, s.Conn, lettersBy, group, by, from, until, scanLetter,
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
		l.ID, l.Patient, store.Opt(l.Doctor), store.Opt(l.Location), l.Recipient.Kind, store.Opt(to), store.Opt(other),
		l.Date.String(), l.Title, l.Body, l.Review, store.At(l.SharedAt),
		store.At(l.DeletedAt), l.Version, l.CreatedAt, l.UpdatedAt, group)
	return err
}

const questionnaireColumns = `id, token, title, content, deleted_at, version, created_at, updated_at`

func scanQuestionnaire(scan store.Scanner) (clinical.Questionnaire, error) {
	var q clinical.Questionnaire
	err := scan(&q.ID, &q.Token, &q.Title, store.Stored(&q.Content), store.When(&q.DeletedAt), &q.Version,
		store.When(&q.CreatedAt), store.When(&q.UpdatedAt))
	return q, err
}

// Questionnaire finds a questionnaire.
func (t *Tx) Questionnaire(
	ctx context.Context, group practice.ID, id clinical.QuestionnaireID,
) (clinical.Questionnaire, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoQuestionnaire, `SELECT `+questionnaireColumns+` FROM questionnaire
		WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id}, scanQuestionnaire)
}

const someQuestionnaires = `SELECT ` + questionnaireColumns + ` FROM questionnaire WHERE practice_group_id = $1` +
	store.Listed

var questionnaireOrders = store.Orders{
	ByID: someQuestionnaires + store.InOrderOfIDs, Made: someQuestionnaires + store.InOrderMade,
	Told: someQuestionnaires + store.InOrderTold,
	Next: someQuestionnaires + store.NextIDs, Previous: someQuestionnaires + store.PreviousIDs,
}

func questionnaireOrder(q clinical.Questionnaire) store.Columns {
	return store.Columns{"id": q.ID, "created_at": q.CreatedAt, "updated_at": q.UpdatedAt}
}

// Questionnaires lists questionnaires.
func (s *Store) Questionnaires(
	ctx context.Context, group practice.ID, q clinical.Rows,
) ([]clinical.Questionnaire, error) {
	return clinicalRows(ctx, s.Conn, questionnaireOrders, group, q, scanQuestionnaire, questionnaireOrder)
}

// SaveQuestionnaire keeps a new questionnaire.
func (t *Tx) SaveQuestionnaire(ctx context.Context, group practice.ID, q clinical.Questionnaire) error {
	_, err := t.Exec(ctx, `INSERT INTO questionnaire (`+questionnaireColumns+`, practice_group_id) VALUES ($1, $2, `+
		`$3, $4, $5, $6, $7, $8, $9)`,
		q.ID, q.Token, q.Title, string(audit.Snapshot(q.Content)), store.At(q.DeletedAt), q.Version, q.CreatedAt,
		q.UpdatedAt, group)
	return err
}

const prescriptionColumns = `id, patient_id, staff_id, at, status, kind, content, comments, shared_at, deleted_at, ` +
	`version, created_at, updated_at`

func scanPrescription(scan store.Scanner) (clinical.Prescription, error) {
	var p clinical.Prescription
	err := scan(&p.ID, &p.Patient, store.Num(&p.Doctor), store.When(&p.At), &p.Status, &p.Kind,
		store.Stored(&p.Content),
		&p.Comments, store.When(&p.SharedAt), store.When(&p.DeletedAt), &p.Version, store.When(&p.CreatedAt),
		store.When(&p.UpdatedAt))
	return p, err
}

// Prescription finds a prescription.
func (t *Tx) Prescription(
	ctx context.Context, group practice.ID, id clinical.PrescriptionID,
) (clinical.Prescription, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoPrescription, `SELECT `+prescriptionColumns+` FROM prescription
		WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id}, scanPrescription)
}

const somePrescriptions = `SELECT ` + prescriptionColumns + ` FROM prescription WHERE practice_group_id = $1` +
	store.Listed + whenIn

var prescriptionOrders = store.Orders{
	ByID: somePrescriptions + store.InOrderOfIDs, Made: somePrescriptions + store.InOrderMade, Told: somePrescriptions +
		store.InOrderTold, When: somePrescriptions + inOrderWhen,
	Next: somePrescriptions + store.NextIDs, Previous: somePrescriptions + store.PreviousIDs,
}

func prescriptionOrder(p clinical.Prescription) store.Columns {
	return store.Columns{"id": p.ID, "created_at": p.CreatedAt, "updated_at": p.UpdatedAt, "at": p.At}
}

// Prescriptions lists prescriptions.
func (s *Store) Prescriptions(
	ctx context.Context, group practice.ID, q clinical.Rows,
) ([]clinical.Prescription, error) {
	return clinicalRows(ctx, s.Conn, prescriptionOrders, group, q, scanPrescription, prescriptionOrder,
		store.Span(q.When)...)
}

const placedPrescriptions = `SELECT ` + prescriptionColumns + ` FROM (SELECT ` + prescriptionColumns +
	store.OfPatients + `prescription` + store.AmongLive

var prescriptionsOf = store.Among(placedPrescriptions+store.Few4+store.InTheirPlace, placedPrescriptions+store.Many4+
	store.InTheirPlace)

// PrescriptionsOf lists some of each patient's prescriptions.
func (s *Store) PrescriptionsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Prescription, error) {
	return store.SomeOf(ctx, s.Conn, prescriptionsOf, group, of, from, until, scanPrescription,
		func(p clinical.Prescription) patient.ID { return p.Patient })
}

// SavePrescription keeps a new prescription.
func (t *Tx) SavePrescription(ctx context.Context, group practice.ID, p clinical.Prescription) error {
	_, err := t.Exec(ctx, `INSERT INTO prescription (`+prescriptionColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		p.ID, p.Patient, store.Opt(p.Doctor), p.At, p.Status, p.Kind, string(audit.Snapshot(p.Content)), p.Comments,
		store.At(p.SharedAt), store.At(p.DeletedAt), p.Version,
		p.CreatedAt, p.UpdatedAt, group)
	return err
}

const labColumns = `id, patient_id, staff_id, status, requested_on, sampled_on, fasting, order_number,
	tests, results, received_at, shared_at, deleted_at, version,
	created_at, updated_at`

func scanLab(scan store.Scanner) (clinical.Lab, error) {
	var l clinical.Lab
	err := scan(&l.ID, &l.Patient, store.Num(&l.Doctor), &l.Status, store.Day(&l.Requested), store.Day(&l.Sampled),
		&l.Fasting, &l.OrderNumber, &l.Tests,
		&l.Results, store.When(&l.ReceivedAt), store.When(&l.SharedAt), store.When(&l.DeletedAt), &l.Version,
		store.When(&l.CreatedAt), store.When(&l.UpdatedAt))
	return l, err
}

// Lab finds a laboratory request.
func (t *Tx) Lab(ctx context.Context, group practice.ID, id clinical.LabID) (clinical.Lab, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoLab, `SELECT `+labColumns+` FROM lab WHERE practice_group_id = $1
		AND id = $2`, store.In{group, id}, scanLab)
}

const (
	someLabs = `SELECT ` + labColumns + ` FROM lab WHERE practice_group_id = $1` + store.Listed + `
		AND (CAST($11 AS bigint) = 0 OR received_at >= $12 AND received_at <= $13)`
	inOrderReceived = ` AND received_at >= $12 AND received_at <= $13 ORDER BY received_at, id LIMIT $9 OFFSET $10`
)

var labOrders = store.Orders{
	ByID: someLabs + store.InOrderOfIDs, Made: someLabs + store.InOrderMade, Told: someLabs + store.InOrderTold,
	When: someLabs + inOrderReceived,
	Next: someLabs + store.NextIDs, Previous: someLabs + store.PreviousIDs,
}

func labOrder(l clinical.Lab) store.Columns {
	return store.Columns{"id": l.ID, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "received_at": l.ReceivedAt}
}

// Labs lists laboratory requests.
func (s *Store) Labs(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Lab, error) {
	return clinicalRows(ctx, s.Conn, labOrders, group, q, scanLab, labOrder, store.Span(q.When)...)
}

const placedLabs = `SELECT ` + labColumns + ` FROM (SELECT ` + labColumns + store.OfPatients + `lab` + store.AmongLive

var labsOf = store.Among(placedLabs+store.Few4+store.InTheirPlace, placedLabs+store.Many4+store.InTheirPlace)

// LabsOf lists some of each patient's laboratory requests.
func (s *Store) LabsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Lab, error) {
	return store.SomeOf(ctx, s.Conn, labsOf, group, of, from, until, scanLab,
		func(l clinical.Lab) patient.ID { return l.Patient })
}

// SaveLab keeps a new laboratory request.
func (t *Tx) SaveLab(ctx context.Context, group practice.ID, l clinical.Lab) error {
	_, err := t.Exec(ctx, `INSERT INTO lab (`+labColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		l.ID, l.Patient, store.Opt(l.Doctor), l.Status, l.Requested.String(), l.Sampled.String(), l.Fasting,
		l.OrderNumber, l.Tests, l.Results, store.At(l.ReceivedAt),
		store.At(l.SharedAt), store.At(l.DeletedAt), l.Version, l.CreatedAt, l.UpdatedAt, group)
	return err
}
