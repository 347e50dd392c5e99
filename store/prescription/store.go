// Package prescription keeps what core/prescription remembers: pharmacies, beside the prescriptions of store/clinical.
package prescription

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/prescription"
	"frontdesk/core/record"

	"frontdesk/store"
	accountstore "frontdesk/store/account"
	clinicalstore "frontdesk/store/clinical"
	patientstore "frontdesk/store/patient"
	recordstore "frontdesk/store/record"
	"frontdesk/store/value"
)

// Store is what core/prescription remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(prescription.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Patients keeps patients in a transaction.
func (s *Store) Patients(tx prescription.Tx) patient.Tx { return patientstore.On(tx.(*Tx).Conn) }

// Entries keeps entries for records in a transaction.
func (s *Store) Entries(tx prescription.Tx) record.Keeper { return recordstore.On(tx.(*Tx).Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	staff
	patients
	prescriptions
}

// On is its statements in a transaction.
func On(c store.Conn) *Tx { return &Tx{c, accountstore.On(c), patientstore.On(c), clinicalstore.On(c)} }

type staff interface {
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type prescriptions interface {
	SavePrescription(ctx context.Context, group practice.ID, p clinical.Prescription) error
	LivePrescription(
		ctx context.Context, group practice.ID, id clinical.PrescriptionID,
	) (clinical.Prescription, error)
	LivePrescriptions(ctx context.Context, group practice.ID, of patient.ID, limit, offset int,
	) ([]clinical.Prescription, error)
	CountPrescriptions(ctx context.Context, group practice.ID, of patient.ID, limit int) (int, error)
}

// Prescription finds a prescription.
func (t *Tx) Prescription(
	ctx context.Context, group practice.ID, id clinical.PrescriptionID,
) (clinical.Prescription, error) {
	return t.LivePrescription(ctx, group, id)
}

// Prescriptions lists prescriptions, and counts them.
func (t *Tx) Prescriptions(
	ctx context.Context, group practice.ID, q prescription.Query,
) ([]clinical.Prescription, int, error) {
	count, err := t.CountPrescriptions(ctx, group, q.Patient, input.CountTo(q.Offset, q.Limit))
	if err != nil || count <= q.Offset {
		return nil, count, err
	}
	found, err := t.LivePrescriptions(ctx, group, q.Patient, q.Limit, q.Offset)
	return found, count, err
}

// LockPrescriber keeps others from adding pharmacies to a prescriber.
func (t *Tx) LockPrescriber(ctx context.Context, group practice.ID, id account.StaffID) error {
	_, err := t.Exec(ctx, `UPDATE staff SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id)
	return err
}

const pharmacyColumns = `id, staff_id, name, email, mobile, created_at`

func scanPharmacy(scan store.Scanner) (prescription.Pharmacy, error) {
	var p prescription.Pharmacy
	err := scan(&p.ID, &p.Prescriber, &p.Name, &p.Email, &p.Mobile, value.When(&p.CreatedAt))
	return p, err
}

// Pharmacy finds a pharmacy.
func (t *Tx) Pharmacy(
	ctx context.Context, group practice.ID, id prescription.PharmacyID,
) (prescription.Pharmacy, error) {
	return store.Find(ctx, t.Conn, prescription.ErrNoPharmacy, `SELECT `+pharmacyColumns+` FROM pharmacy
		WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanPharmacy)
}

// Pharmacies lists a prescriber's pharmacies, and counts them.
func (t *Tx) Pharmacies(
	ctx context.Context, group practice.ID, of account.StaffID, p prescription.Page,
) ([]prescription.Pharmacy, int, error) {
	var count int
	if _, err := t.One(ctx, `SELECT count(*) FROM pharmacy WHERE practice_group_id = $1 AND staff_id = $2`,
		store.In{group, of}, &count); err != nil || count <= p.Offset {
		return nil, count, err
	}
	found, err := store.ReadPage(ctx, t.Conn, `SELECT `+pharmacyColumns+` FROM pharmacy
		WHERE practice_group_id = $1 AND staff_id = $2 ORDER BY id LIMIT $3 OFFSET $4`,
		store.In{group, of, p.Limit, p.Offset}, scanPharmacy,
		func(p prescription.Pharmacy) store.Columns { return store.Columns{"id": p.ID} })
	return found, count, err
}

// AddPharmacy keeps a new pharmacy.
func (t *Tx) AddPharmacy(ctx context.Context, group practice.ID, p prescription.Pharmacy) error {
	_, err := t.Exec(ctx, `INSERT INTO pharmacy (`+pharmacyColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, p.ID, p.Prescriber, p.Name, p.Email, p.Mobile, p.CreatedAt, group)
	return err
}
