// Package merge keeps what core/merge remembers, and locks the diaries of patients.
package merge

import (
	"context"
	"time"

	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	patientstore "frontdesk/store/patient"
)

// Store is what core/merge remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(merge.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
	Diaries
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, patientstore.On(c), DiariesOn(c)} }

type patients interface {
	patient.PointReader
	patient.PointTx
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error)
	Alike(ctx context.Context, group practice.ID, p patient.Patient, limit int) ([]patient.Patient, error)
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error
	NextEvent(ctx context.Context, group practice.ID, id patient.ID) (int64, error)
	Outlook(ctx context.Context, group practice.ID, id patient.ID, now time.Time) (patient.Outlook, error)
}
