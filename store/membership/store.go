// Package membership keeps the memberships of patients.
package membership

import (
	"context"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	patientstore "frontdesk/store/patient"
)

// Store is what memberships need remembered.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(billing.MembershipTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	others
	patients
	billingstore.Products
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx {
	return &Tx{c, c.Elsewhere(), patientstore.On(c), billingstore.ProductsOn(c)}
}

type others interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type patients interface {
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	Touch(ctx context.Context, group practice.ID, id patient.ID, at time.Time) error
}
