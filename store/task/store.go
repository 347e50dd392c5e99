// Package task keeps what core/task remembers.
package task

import (
	"context"

	"frontdesk/core/assignee"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	patientstore "frontdesk/store/patient"
)

// Store is what core/task remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(task.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	assignee.Finder
	patients
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, assigneestore.On(c), patientstore.On(c)} }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}
