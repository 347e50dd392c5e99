// Package record keeps what core/record remembers.
package record

import (
	"context"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
)

// Store is what core/record remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{*On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(record.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	groups
	patients
}

// On is those statements in a transaction that another area began.
func On(c store.Conn) *Tx { return &Tx{c, practicestore.On(c), patientstore.On(c)} }

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type patients interface {
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
}
