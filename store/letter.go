package store

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

const letterColumns = `id, patient_id, staff_id, location_id, recipient_kind, recipient_patient_id, recipient_id, dated, title, body, review, shared_at, deleted_at,
	version, created_at, updated_at`

func scanLetter(scan scanner) (clinical.Letter, error) {
	var l clinical.Letter
	var to, other int64
	err := scan(&l.ID, &l.Patient, num[practice.PractitionerID]{&l.Doctor}, num[practice.LocationID]{&l.Location}, &l.Recipient.Kind, num[int64]{&to},
		num[int64]{&other}, day{&l.Date}, &l.Title, &l.Body, &l.Review, when{&l.SharedAt}, when{&l.DeletedAt}, &l.Version, when{&l.CreatedAt}, when{&l.UpdatedAt})
	l.Recipient.ID = to + other // one of the two is 0
	return l, err
}

// Letter finds a letter.
func (t *Tx) Letter(ctx context.Context, group practice.ID, id clinical.LetterID) (clinical.Letter, error) {
	return find(ctx, t, clinical.ErrNoLetter, `SELECT `+letterColumns+` FROM letter WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanLetter)
}

// LockLetter keeps others from changing the letter, and reads it.
func (t *Tx) LockLetter(ctx context.Context, group practice.ID, id clinical.LetterID) (clinical.Letter, error) {
	if _, err := t.exec(ctx, `UPDATE letter SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id); err != nil {
		return clinical.Letter{}, err
	}
	return t.Letter(ctx, group, id)
}

const someLetters = `SELECT ` + letterColumns + ` FROM letter WHERE practice_group_id = $1` + listed + datedIn

var letterOrders = orders{
	byID: someLetters + inOrderOfIDs, made: someLetters + inOrderMade, told: someLetters + inOrderTold, when: someLetters + inOrderDated,
	next: someLetters + nextIDs, previous: someLetters + previousIDs,
}

func letterOrder(l clinical.Letter) columns {
	return columns{"id": l.ID, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "dated": l.Date.String()}
}

// Letters lists letters.
func (s clinicalStore) Letters(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Letter, error) {
	return clinicalRows(ctx, s.Tx, letterOrders, group, q, scanLetter, letterOrder, days(q.Dated)...)
}

const (
	placedLetters   = `SELECT ` + letterColumns + ` FROM (SELECT ` + letterColumns + ofPatients + `letter` + amongLive
	placedLettersBy = `SELECT ` + letterColumns + ` FROM (SELECT ` + letterColumns + `, ROW_NUMBER() OVER (PARTITION BY staff_id ORDER BY id) AS place FROM letter
		WHERE practice_group_id = $1 AND deleted_at IS NULL AND staff_id IN `
	inStaffsPlace = `) AS placed WHERE place > $2 AND place <= $3 ORDER BY staff_id, place`
)

var (
	lettersOf = amongst{placedLetters + few4 + inTheirPlace, placedLetters + many4 + inTheirPlace}
	lettersBy = amongst{placedLettersBy + few4 + inStaffsPlace, placedLettersBy + many4 + inStaffsPlace}
)

// LettersOf lists some of each patient's letters.
func (s clinicalStore) LettersOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]clinical.Letter, error) {
	return someOf(ctx, s.Tx, lettersOf, group, of, from, until, scanLetter, func(l clinical.Letter) patient.ID { return l.Patient })
}

// LettersBy lists some of the letters of each member of staff.
func (s clinicalStore) LettersBy(ctx context.Context, group practice.ID, by []practice.PractitionerID, from, until int) (map[practice.PractitionerID][]clinical.Letter, error) {
	return someOf(ctx, s.Tx, lettersBy, group, by, from, until, scanLetter, func(l clinical.Letter) practice.PractitionerID { return l.Doctor })
}

// SaveLetter keeps a letter.
func (t *Tx) SaveLetter(ctx context.Context, group practice.ID, l clinical.Letter) error {
	to, other := l.Recipient.ID, int64(0)
	if l.Recipient.Kind != clinical.ToPatient {
		to, other = other, to
	}
	_, err := t.exec(ctx, `INSERT INTO letter (`+letterColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET patient_id = $2, staff_id = $3, location_id = $4, recipient_kind = $5, recipient_patient_id = $6,
			recipient_id = $7, dated = $8, title = $9, body = $10, review = $11, deleted_at = $13, version = $14, updated_at = $16`,
		l.ID, l.Patient, opt(l.Doctor), opt(l.Location), l.Recipient.Kind, opt(to), opt(other), l.Date.String(), l.Title, l.Body, l.Review, at(l.SharedAt),
		at(l.DeletedAt), l.Version, l.CreatedAt, l.UpdatedAt, group)
	return err
}

const questionnaireColumns = `id, token, title, content, deleted_at, version, created_at, updated_at`

func scanQuestionnaire(scan scanner) (clinical.Questionnaire, error) {
	var q clinical.Questionnaire
	err := scan(&q.ID, &q.Token, &q.Title, stored[clinical.Content]{&q.Content}, when{&q.DeletedAt}, &q.Version, when{&q.CreatedAt}, when{&q.UpdatedAt})
	return q, err
}

// Questionnaire finds a questionnaire.
func (t *Tx) Questionnaire(ctx context.Context, group practice.ID, id clinical.QuestionnaireID) (clinical.Questionnaire, error) {
	return find(ctx, t, clinical.ErrNoQuestionnaire, `SELECT `+questionnaireColumns+` FROM questionnaire WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanQuestionnaire)
}

const someQuestionnaires = `SELECT ` + questionnaireColumns + ` FROM questionnaire WHERE practice_group_id = $1` + listed

var questionnaireOrders = orders{
	byID: someQuestionnaires + inOrderOfIDs, made: someQuestionnaires + inOrderMade, told: someQuestionnaires + inOrderTold,
	next: someQuestionnaires + nextIDs, previous: someQuestionnaires + previousIDs,
}

func questionnaireOrder(q clinical.Questionnaire) columns {
	return columns{"id": q.ID, "created_at": q.CreatedAt, "updated_at": q.UpdatedAt}
}

// Questionnaires lists questionnaires.
func (s clinicalStore) Questionnaires(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Questionnaire, error) {
	return clinicalRows(ctx, s.Tx, questionnaireOrders, group, q, scanQuestionnaire, questionnaireOrder)
}

// SaveQuestionnaire keeps a new questionnaire.
func (t *Tx) SaveQuestionnaire(ctx context.Context, group practice.ID, q clinical.Questionnaire) error {
	_, err := t.exec(ctx, `INSERT INTO questionnaire (`+questionnaireColumns+`, practice_group_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		q.ID, q.Token, q.Title, string(audit.Snapshot(q.Content)), at(q.DeletedAt), q.Version, q.CreatedAt, q.UpdatedAt, group)
	return err
}

const prescriptionColumns = `id, patient_id, staff_id, at, status, kind, content, comments, shared_at, deleted_at, version, created_at, updated_at`

func scanPrescription(scan scanner) (clinical.Prescription, error) {
	var p clinical.Prescription
	err := scan(&p.ID, &p.Patient, num[practice.PractitionerID]{&p.Doctor}, when{&p.At}, &p.Status, &p.Kind, stored[clinical.PrescriptionContent]{&p.Content},
		&p.Comments, when{&p.SharedAt}, when{&p.DeletedAt}, &p.Version, when{&p.CreatedAt}, when{&p.UpdatedAt})
	return p, err
}

// Prescription finds a prescription.
func (t *Tx) Prescription(ctx context.Context, group practice.ID, id clinical.PrescriptionID) (clinical.Prescription, error) {
	return find(ctx, t, clinical.ErrNoPrescription, `SELECT `+prescriptionColumns+` FROM prescription WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanPrescription)
}

const somePrescriptions = `SELECT ` + prescriptionColumns + ` FROM prescription WHERE practice_group_id = $1` + listed + whenIn

var prescriptionOrders = orders{
	byID: somePrescriptions + inOrderOfIDs, made: somePrescriptions + inOrderMade, told: somePrescriptions + inOrderTold, when: somePrescriptions + inOrderWhen,
	next: somePrescriptions + nextIDs, previous: somePrescriptions + previousIDs,
}

func prescriptionOrder(p clinical.Prescription) columns {
	return columns{"id": p.ID, "created_at": p.CreatedAt, "updated_at": p.UpdatedAt, "at": p.At}
}

// Prescriptions lists prescriptions.
func (s clinicalStore) Prescriptions(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Prescription, error) {
	return clinicalRows(ctx, s.Tx, prescriptionOrders, group, q, scanPrescription, prescriptionOrder, span(q.When)...)
}

const placedPrescriptions = `SELECT ` + prescriptionColumns + ` FROM (SELECT ` + prescriptionColumns + ofPatients + `prescription` + amongLive

var prescriptionsOf = amongst{placedPrescriptions + few4 + inTheirPlace, placedPrescriptions + many4 + inTheirPlace}

// PrescriptionsOf lists some of each patient's prescriptions.
func (s clinicalStore) PrescriptionsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]clinical.Prescription, error) {
	return someOf(ctx, s.Tx, prescriptionsOf, group, of, from, until, scanPrescription, func(p clinical.Prescription) patient.ID { return p.Patient })
}

// SavePrescription keeps a new prescription.
func (t *Tx) SavePrescription(ctx context.Context, group practice.ID, p clinical.Prescription) error {
	_, err := t.exec(ctx, `INSERT INTO prescription (`+prescriptionColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		p.ID, p.Patient, opt(p.Doctor), p.At, p.Status, p.Kind, string(audit.Snapshot(p.Content)), p.Comments, at(p.SharedAt), at(p.DeletedAt), p.Version,
		p.CreatedAt, p.UpdatedAt, group)
	return err
}

const labColumns = `id, patient_id, staff_id, status, requested_on, sampled_on, fasting, order_number, tests, results, received_at, shared_at, deleted_at, version,
	created_at, updated_at`

func scanLab(scan scanner) (clinical.Lab, error) {
	var l clinical.Lab
	err := scan(&l.ID, &l.Patient, num[practice.PractitionerID]{&l.Doctor}, &l.Status, day{&l.Requested}, day{&l.Sampled}, &l.Fasting, &l.OrderNumber, &l.Tests,
		&l.Results, when{&l.ReceivedAt}, when{&l.SharedAt}, when{&l.DeletedAt}, &l.Version, when{&l.CreatedAt}, when{&l.UpdatedAt})
	return l, err
}

// Lab finds a laboratory request.
func (t *Tx) Lab(ctx context.Context, group practice.ID, id clinical.LabID) (clinical.Lab, error) {
	return find(ctx, t, clinical.ErrNoLab, `SELECT `+labColumns+` FROM lab WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanLab)
}

const (
	someLabs = `SELECT ` + labColumns + ` FROM lab WHERE practice_group_id = $1` + listed + `
		AND (CAST($11 AS bigint) = 0 OR received_at >= $12 AND received_at <= $13)`
	inOrderReceived = ` AND received_at >= $12 AND received_at <= $13 ORDER BY received_at, id LIMIT $9 OFFSET $10`
)

var labOrders = orders{
	byID: someLabs + inOrderOfIDs, made: someLabs + inOrderMade, told: someLabs + inOrderTold, when: someLabs + inOrderReceived,
	next: someLabs + nextIDs, previous: someLabs + previousIDs,
}

func labOrder(l clinical.Lab) columns {
	return columns{"id": l.ID, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "received_at": l.ReceivedAt}
}

// Labs lists laboratory requests.
func (s clinicalStore) Labs(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Lab, error) {
	return clinicalRows(ctx, s.Tx, labOrders, group, q, scanLab, labOrder, span(q.When)...)
}

const placedLabs = `SELECT ` + labColumns + ` FROM (SELECT ` + labColumns + ofPatients + `lab` + amongLive

var labsOf = amongst{placedLabs + few4 + inTheirPlace, placedLabs + many4 + inTheirPlace}

// LabsOf lists some of each patient's laboratory requests.
func (s clinicalStore) LabsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]clinical.Lab, error) {
	return someOf(ctx, s.Tx, labsOf, group, of, from, until, scanLab, func(l clinical.Lab) patient.ID { return l.Patient })
}

// SaveLab keeps a new laboratory request.
func (t *Tx) SaveLab(ctx context.Context, group practice.ID, l clinical.Lab) error {
	_, err := t.exec(ctx, `INSERT INTO lab (`+labColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		l.ID, l.Patient, opt(l.Doctor), l.Status, l.Requested.String(), l.Sampled.String(), l.Fasting, l.OrderNumber, l.Tests, l.Results, at(l.ReceivedAt),
		at(l.SharedAt), at(l.DeletedAt), l.Version, l.CreatedAt, l.UpdatedAt, group)
	return err
}
