// Package payment has invoices paid through a payment provider, Stripe: core/billing stays the book of what is owed and
// paid, and the provider is asked what it has received.
//
//	payment.go   what is asked to be paid, and what that needs
//	provider.go  what the provider is asked, and what it answers
//	customer.go  coupons, customers, and the payment methods of patients
//	info.go      who pays for a patient, and what is still to be paid
//	request.go   an invoice that is asked to be paid, on a page of the provider's
//	link.go      an invoice that the practice made at the provider
//	hear.go      what the provider tells us
//	settle.go    what was paid, asked of the provider and recorded
//	hold.go      appointments that must be paid before they are confirmed
//
// Details of cards go from the patient to the provider and never come here.
package payment

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"
)

// The faults of payments.
var (
	ErrNotConnected = fault.New(fault.Conflict, "payments_not_connected",
		"This practice group is not connected to a payment provider.")
	ErrDown = fault.New(fault.Unavailable, "payments_unavailable",
		"The payment provider does not answer. Try again in a moment.").After(5 * time.Second)
	ErrRefused = fault.New(fault.Conflict, "payment_provider_refused",
		"The payment provider refused this. Look at the practice's settings for payments.")
	ErrSignature = fault.New(fault.Invalid, "webhook_signature",
		"This call was not signed by the payment provider just now.")
	ErrCurrency = fault.New(fault.Conflict, "currency_not_gbp", "Only pounds sterling are taken.")
)

// CustomerID names a customer of a payment provider who is a patient.
type CustomerID int64

// String gives the id as digits.
func (id CustomerID) String() string { return strconv.FormatInt(int64(id), 10) }

// Known is that a patient is a customer of the provider.
type Known struct {
	ID         CustomerID `json:"id"`
	Patient    patient.ID `json:"patient_id"`
	ExternalID string     `json:"external_id"`
	CreatedAt  time.Time  `json:"created_at"`
}

// AuditSubject says what it is in the audit trail.
func (k Known) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "payment_customer", ID: int64(k.ID), Patient: int64(k.Patient), Personal: true}
}

// Store is what payments need remembered.
type Store interface {
	// Patient finds a patient, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	relationship.Reader
	// CustomersOf lists the provider's customers that a patient is, the newest first.
	CustomersOf(ctx context.Context, group practice.ID, of patient.ID) ([]Known, error)
	// Request finds a request, or returns the fault payment_request_not_found.
	Request(ctx context.Context, group practice.ID, id ID) (Request, error)
	// RequestsOf lists the requests for some invoices, the oldest first.
	RequestsOf(
		ctx context.Context, group practice.ID, of []billing.InvoiceID,
	) (map[billing.InvoiceID][]Request, error)
	// MustBePaid reports whether a type of appointment must be paid first, and costs something.
	MustBePaid(ctx context.Context, group practice.ID, of diary.TypeID) (bool, error)
	// Billed finds how an appointment was billed.
	Billed(ctx context.Context, group practice.ID, of booking.ID) (booking.Bill, error)
	// Due lists up to limit requests that the provider is to be asked about at a time.
	Due(ctx context.Context, group practice.ID, at time.Time, limit int) ([]ID, error)
	// ForgetEvents deletes events from before a time.
	ForgetEvents(ctx context.Context, group practice.ID, before time.Time) error
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// CustomerReader finds patients by what the provider calls them.
type CustomerReader interface {
	// KnownAs lists the patients who are some of the provider's customers.
	KnownAs(ctx context.Context, group practice.ID, customers []string) ([]Known, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	// LockPatientAgainstMerge finds the patient an id stands for and keeps them from being merged into another until the
	// end of the transaction, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	CustomersOf(ctx context.Context, group practice.ID, of patient.ID) ([]Known, error)
	// Billing is the invoices in the same transaction.
	Billing() billing.InvoiceTx
	Request(ctx context.Context, group practice.ID, id ID) (Request, error)
	// LockRequest keeps others from changing a request until the end of the transaction, and finds it. An invoice is
	// locked before its request.
	LockRequest(ctx context.Context, group practice.ID, id ID) (Request, error)
	// Payable finds the request by which an invoice can be paid, or will be.
	Payable(ctx context.Context, group practice.ID, of billing.InvoiceID) (Request, error)
	// RequestBy finds a request by the provider's id; 0 is none.
	RequestBy(ctx context.Context, group practice.ID, external string) (ID, error)
	// SaveRequest keeps a request. Error: ErrLinked, where another one has the provider's id of it, or can be paid for
	// the same invoice.
	SaveRequest(ctx context.Context, group practice.ID, r Request) error
	// NoteEvent keeps that an event was told; first is that it was not before.
	NoteEvent(ctx context.Context, group practice.ID, e Event) (first bool, err error)
	Enqueue(ctx context.Context, j job.Job) error
	// SaveCustomer keeps that a patient is a customer; one that is kept already stays.
	SaveCustomer(ctx context.Context, group practice.ID, k Known) error
	Audit(ctx context.Context, e access.Entry) error
}

// Service is the payment capability.
type Service struct {
	Store    Store
	Provider Provider
	Customer CustomerReader
	Invoices *billing.Invoices
	// Confirm confirms a hold that has been paid for.
	Confirm func(ctx context.Context, id booking.ID) error
	Now     func() time.Time
	NewID   func() int64
}
