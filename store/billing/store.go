// Package billing keeps what core/billing remembers.
package billing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/diary"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	contactstore "frontdesk/store/contact"
	diarystore "frontdesk/store/diary"
	labelstore "frontdesk/store/label"
	patientstore "frontdesk/store/patient"
)

// Store is what core/billing remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(billing.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		t := on(c)
		return fn(&t)
	})
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	others
	patients
	labels
	contacts
	appointments
	types
	Products
}

func on(c store.Conn) Tx {
	return Tx{c, c.Elsewhere(), patientstore.On(c), labelstore.On(c), contactstore.On(c), bookingstore.On(c),
		diarystore.On(c), ProductsOn(c)}
}

type others interface {
	practice.MetadataTx
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	Practitioner(ctx context.Context, group practice.ID, id practice.PractitionerID) (practice.Practitioner, error)
}

type appointments interface {
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
}

type types interface {
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
	LockAppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) error
	SaveAppointmentType(ctx context.Context, group practice.ID, t diary.Type) error
}

type labels interface {
	LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error)
	PutOnProduct(ctx context.Context, group practice.ID, of billing.ProductID, use label.UseID, id label.ID) error
	TakeOffProduct(ctx context.Context, group practice.ID, of billing.ProductID, use label.UseID) error
	LabelsOnProducts(
		ctx context.Context, group practice.ID, of []billing.ProductID,
	) (map[billing.ProductID][]label.Use, error)
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type contacts interface {
	Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error)
}
