// Package relationship keeps what core/relationship remembers.
package relationship

import (
	"context"
	"time"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"

	"frontdesk/store"
	patientstore "frontdesk/store/patient"
)

// Store is what core/relationship remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(relationship.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, patientstore.On(c)} }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	Touch(ctx context.Context, group practice.ID, id patient.ID, at time.Time) error
}
