// Package payment keeps what core/payment remembers.
//
//	payment.go  where it is kept, and which patients are customers
//	request.go  invoices that are asked to be paid, and what the provider told us
package payment

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/patient"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"
	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	patientstore "frontdesk/store/patient"
	relationshipstore "frontdesk/store/relationship"
	"frontdesk/store/value"
)

// Store is what core/payment remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(payment.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
	relationship.Reader
}

func on(c store.Conn) *Tx { return &Tx{c, patientstore.On(c), relationshipstore.On(c)} }

// Billing is the invoices in the same transaction.
func (t *Tx) Billing() billing.InvoiceTx { return billingstore.In(t.Conn) }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

// CustomersOf lists the provider's customers that a patient is, the newest first.
func (t *Tx) CustomersOf(ctx context.Context, group practice.ID, of patient.ID) ([]payment.Known, error) {
	return store.List(ctx, t.Conn, `SELECT id, patient_id, external_id, created_at FROM payment_customer
		WHERE practice_group_id = $1 AND patient_id = $2 ORDER BY id DESC LIMIT 20`, store.In{group, of},
		func(scan store.Scanner) (payment.Known, error) {
			var k payment.Known
			err := scan(&k.ID, &k.Patient, &k.ExternalID, value.When(&k.CreatedAt))
			return k, err
		})
}

// SaveCustomer keeps that a patient is a customer; one that is kept already stays.
func (t *Tx) SaveCustomer(ctx context.Context, group practice.ID, k payment.Known) error {
	_, err := t.Exec(ctx, `INSERT INTO payment_customer (practice_group_id, id, patient_id, external_id, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, group, k.ID, k.Patient, k.ExternalID, k.CreatedAt)
	return err
}
