// Package archive keeps what core/archive asks of other areas in one transaction.
package archive

import (
	"context"
	"time"

	"frontdesk/core/archive"
	"frontdesk/core/booking"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	mergestore "frontdesk/store/merge"
	patientstore "frontdesk/store/patient"
)

// Store is what core/archive needs.
type Store struct{ db *store.DB }

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(archive.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		return fn(&tx{bookingstore.On(c), patientstore.On(c), mergestore.DiariesOn(c)})
	})
}

type tx struct {
	appointments
	patients
	diaries
}

type appointments interface {
	booking.LeaveTx
	Enqueue(ctx context.Context, j job.Job) error
}

type diaries interface {
	LockDiariesOfPatients(ctx context.Context, group practice.ID, ids ...patient.ID) error
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error
	SaveParticulars(ctx context.Context, group practice.ID, id patient.ID, x patient.Particulars) error
	Touch(ctx context.Context, group practice.ID, id patient.ID, at time.Time) error
	NextEvent(ctx context.Context, group practice.ID, id patient.ID) (int64, error)
	Outlook(ctx context.Context, group practice.ID, id patient.ID, now time.Time) (patient.Outlook, error)
}
