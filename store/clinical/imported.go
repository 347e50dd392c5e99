package clinical

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const prescriptionColumns = `id, patient_id, staff_id, at, status, kind, content, comments, shared_at, deleted_at, ` +
	`version, created_at, updated_at`

func scanPrescription(scan store.Scanner) (clinical.Prescription, error) {
	var p clinical.Prescription
	err := scan(&p.ID, &p.Patient, value.Num(&p.Doctor), value.When(&p.At), &p.Status, &p.Kind,
		value.Stored(&p.Content),
		&p.Comments, value.When(&p.SharedAt), value.When(&p.DeletedAt), &p.Version, value.When(&p.CreatedAt),
		value.When(&p.UpdatedAt))
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
	listing.Asked + whenIn

var prescriptionOrders = listing.Orders{
	ByID: somePrescriptions + listing.InOrderOfIDs, Made: somePrescriptions + listing.InOrderMade,
	Updated: somePrescriptions +
		listing.InOrderUpdated, When: somePrescriptions + inOrderWhen,
	Next: somePrescriptions + listing.NextIDs, Previous: somePrescriptions + listing.PreviousIDs,
}

func prescriptionOrder(p clinical.Prescription) store.Columns {
	return store.Columns{"id": p.ID, "created_at": p.CreatedAt, "updated_at": p.UpdatedAt, "at": p.At}
}

// Prescriptions lists prescriptions.
func (t *Tx) Prescriptions(
	ctx context.Context, group practice.ID, q clinical.Query, rows input.Rows,
) ([]clinical.Prescription, error) {
	return Read(ctx, t.Conn, prescriptionOrders, group, q, rows, scanPrescription, prescriptionOrder,
		listing.Span(q.When)...)
}

const placedPrescriptions = `SELECT ` + prescriptionColumns + ` FROM (SELECT ` + prescriptionColumns +
	listing.OfPatients + `prescription` + listing.AmongLive

var prescriptionsOf = store.Among(placedPrescriptions+store.Few4+listing.InTheirPlace, placedPrescriptions+store.Many4+
	listing.InTheirPlace)

// PrescriptionsOf lists some of each patient's prescriptions.
func (t *Tx) PrescriptionsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Prescription, error) {
	return store.SomeOf(ctx, t.Conn, prescriptionsOf, group, of, from, until, scanPrescription,
		func(p clinical.Prescription) patient.ID { return p.Patient })
}

// SavePrescription keeps a new prescription.
func (t *Tx) SavePrescription(ctx context.Context, group practice.ID, p clinical.Prescription) error {
	_, err := t.Exec(ctx, `INSERT INTO prescription (`+prescriptionColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		p.ID, p.Patient, value.Opt(p.Doctor), p.At, p.Status, p.Kind, string(audit.Snapshot(p.Content)), p.Comments,
		value.At(p.SharedAt), value.At(p.DeletedAt), p.Version,
		p.CreatedAt, p.UpdatedAt, group)
	return err
}

const labColumns = `id, patient_id, staff_id, status, requested_on, sampled_on, fasting, order_number,
	tests, results, received_at, shared_at, deleted_at, version,
	created_at, updated_at`

func scanLab(scan store.Scanner) (clinical.Lab, error) {
	var l clinical.Lab
	err := scan(&l.ID, &l.Patient, value.Num(&l.Doctor), &l.Status, value.Day(&l.Requested), value.Day(&l.Sampled),
		&l.Fasting, &l.OrderNumber, &l.Tests,
		&l.Results, value.When(&l.ReceivedAt), value.When(&l.SharedAt), value.When(&l.DeletedAt), &l.Version,
		value.When(&l.CreatedAt), value.When(&l.UpdatedAt))
	return l, err
}

// Lab finds a laboratory request.
func (t *Tx) Lab(ctx context.Context, group practice.ID, id clinical.LabID) (clinical.Lab, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoLab, `SELECT `+labColumns+` FROM lab WHERE practice_group_id = $1
		AND id = $2`, store.In{group, id}, scanLab)
}

const (
	someLabs = `SELECT ` + labColumns + ` FROM lab WHERE practice_group_id = $1` + listing.Asked + `
		AND (CAST($11 AS bigint) = 0 OR received_at >= $12 AND received_at <= $13)`
	inOrderReceived = ` AND received_at >= $12 AND received_at <= $13 ORDER BY received_at, id LIMIT $9 OFFSET $10`
)

var labOrders = listing.Orders{
	ByID: someLabs + listing.InOrderOfIDs, Made: someLabs + listing.InOrderMade,
	Updated: someLabs + listing.InOrderUpdated,
	When:    someLabs + inOrderReceived,
	Next:    someLabs + listing.NextIDs, Previous: someLabs + listing.PreviousIDs,
}

func labOrder(l clinical.Lab) store.Columns {
	return store.Columns{"id": l.ID, "created_at": l.CreatedAt, "updated_at": l.UpdatedAt, "received_at": l.ReceivedAt}
}

// Labs lists laboratory requests.
func (t *Tx) Labs(ctx context.Context, group practice.ID, q clinical.Query,
	rows input.Rows) ([]clinical.Lab, error) {
	return Read(ctx, t.Conn, labOrders, group, q, rows, scanLab, labOrder, listing.Span(q.When)...)
}

const placedLabs = `SELECT ` + labColumns + ` FROM (SELECT ` + labColumns + listing.OfPatients + `lab` +
	listing.AmongLive

var labsOf = store.Among(placedLabs+store.Few4+listing.InTheirPlace, placedLabs+store.Many4+listing.InTheirPlace)

// LabsOf lists some of each patient's laboratory requests.
func (t *Tx) LabsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Lab, error) {
	return store.SomeOf(ctx, t.Conn, labsOf, group, of, from, until, scanLab,
		func(l clinical.Lab) patient.ID { return l.Patient })
}

// SaveLab keeps a new laboratory request.
func (t *Tx) SaveLab(ctx context.Context, group practice.ID, l clinical.Lab) error {
	_, err := t.Exec(ctx, `INSERT INTO lab (`+labColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		l.ID, l.Patient, value.Opt(l.Doctor), l.Status, l.Requested.String(), l.Sampled.String(), l.Fasting,
		l.OrderNumber, l.Tests, l.Results, value.At(l.ReceivedAt),
		value.At(l.SharedAt), value.At(l.DeletedAt), l.Version, l.CreatedAt, l.UpdatedAt, group)
	return err
}
