// Package booking keeps what core/booking remembers.
//
//	appointment.go  appointments, found and kept
//	diary.go        diaries locked, and their minutes taken and given back
//	list.go         appointments listed
//	ofpatient.go    and those of each of many patients
package booking

import (
	"context"

	"frontdesk/core/assignee"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
	diarystore "frontdesk/store/diary"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	taskstore "frontdesk/store/task"
)

// Store is what core/booking remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(booking.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Work is what giving staff the work around an appointment needs, in a transaction.
func (s *Store) Work(tx booking.Tx) booking.Work { return tx.(*Tx) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practices
	types
	patients
	tasks
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), diarystore.On(c), patientstore.On(c), taskstore.On(c)}
}

type practices interface {
	practice.MetadataTx
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type types interface {
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
	assignee.Finder
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	LockPatientForBooking(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type tasks interface {
	SaveTask(ctx context.Context, group practice.ID, t task.Task) error
}
