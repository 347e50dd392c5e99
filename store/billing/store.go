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
	practicestore "frontdesk/store/practice"
)

// Products keeps what practices offer.
type Products struct {
	*Tx
	db *store.DB
}

// NewProducts keeps products in a database.
func NewProducts(db *store.DB) *Products { return &Products{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Products) Do(ctx context.Context, fn func(billing.ProductTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Invoices keeps invoices, with what is on them.
type Invoices struct {
	*Tx
	db *store.DB
}

// NewInvoices keeps invoices in a database.
func NewInvoices(db *store.DB) *Invoices { return &Invoices{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Invoices) Do(ctx context.Context, fn func(billing.InvoiceTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// InvoiceMetadata keeps what other programs keep with invoices.
type InvoiceMetadata struct{ db *store.DB }

// NewInvoiceMetadata keeps it in a database.
func NewInvoiceMetadata(db *store.DB) *InvoiceMetadata { return &InvoiceMetadata{db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *InvoiceMetadata) Do(ctx context.Context, fn func(billing.InvoiceMetadataTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// NewPaymentTypes keeps the ways to pay in a database.
func NewPaymentTypes(db *store.DB) billing.PaymentTypeReader { return on(db.Conn()) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practices
	patients
	labels
	contacts
	appointments
	types
	product
}

func on(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), patientstore.On(c), labelstore.On(c), contactstore.On(c), bookingstore.On(c),
		diarystore.On(c), product{c}}
}

type practices interface {
	practice.MetadataTx
	practice.GroupReader
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

// In is the invoices in a transaction.
func In(c store.Conn) billing.InvoiceTx { return on(c) }
