// Package demographics keeps what core/demographics remembers.
package demographics

import (
	"context"
	"time"

	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
)

// Store is what core/demographics remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(demographics.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	groups
	patients
	changes
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx {
	p := patientstore.On(c)
	return &Tx{c, practicestore.On(c), p, p}
}

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type patients interface {
	patient.HolderReader
	patient.PointReader
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error)
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	Patients(ctx context.Context, group practice.ID, q patient.Query) ([]patient.Patient, int, error)
}

type changes interface {
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	AddPatient(ctx context.Context, group practice.ID, p patient.Patient) (bool, error)
	SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error
	SaveParticulars(ctx context.Context, group practice.ID, id patient.ID, x patient.Particulars) error
	SaveContactPoint(ctx context.Context, group practice.ID, id patient.ID, c contactpoint.Point) error
	Touch(ctx context.Context, group practice.ID, id patient.ID, at time.Time) error
	NextEvent(ctx context.Context, group practice.ID, id patient.ID) (int64, error)
	Outlook(ctx context.Context, group practice.ID, id patient.ID, now time.Time) (patient.Outlook, error)
}
