// Package waiting keeps what core/waiting remembers.
//
//	store.go  where it is kept
//	entry.go  who waits, and what they would have
//	offer.go  what was offered, and what is free
package waiting

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/waiting"

	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	linkstore "frontdesk/store/link"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
)

// Store is what core/waiting remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(waiting.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// In is the store inside a transaction of booking.
func (s *Store) In(tx booking.Tx) waiting.Tx { return on(tx.(*bookingstore.Tx).Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	links
	patients
	practices
	appointments
}

func on(c store.Conn) *Tx {
	return &Tx{c, linkstore.On(c), patientstore.On(c), practicestore.On(c), bookingstore.On(c)}
}

type links interface {
	SaveLink(ctx context.Context, group practice.ID, l link.Link) error
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type practices interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Practitioners(ctx context.Context, group practice.ID, inactive bool) ([]practice.Practitioner, error)
}

type appointments interface {
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]booking.ID, error)
}
