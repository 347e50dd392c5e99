// Package attachment keeps what core/attachment remembers.
package attachment

import (
	"context"

	"frontdesk/core/attachment"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	patientstore "frontdesk/store/patient"
)

// Store is what core/attachment remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(attachment.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
}

// On is the statements over a connection or in a transaction.
func On(c store.Conn) *Tx { return &Tx{c, patientstore.On(c)} }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}
