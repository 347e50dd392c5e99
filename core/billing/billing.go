// Package billing is what a practice sells and what is owed and paid for it.
//
//	money.go      amounts, rates of VAT, and how a line is worked out
//	product.go    what the practice offers
//	offer.go      what comes with a product; where and by whom it is offered
//	stock.go      how many there are, as invoices take them
//	membership.go what patients are members of
//	label.go      the labels on products
//	metadata.go   what other programs keep with a product
//	invoice.go    invoices: made, changed, cancelled
//	line.go       what an invoice is for
//	payment.go    what was paid and given back, and how
//	read.go       invoices found and listed
//	statement.go  account statements, kept as they were
//	news.go       what is recorded as events
//
// A change of an invoice holds its row first, and works out all its sums
// again, so that they are always those of its lines, payments and refunds.
package billing

import (
	"context"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// The faults of billing.
var (
	// ErrProductNotFound says what the documented API says.
	ErrProductNotFound = fault.New(fault.NotFound, "product_not_found", "Product must exist.")
	ErrProductDeleted  = fault.New(fault.Conflict, "product_deleted", "This product has been deleted.")
	ErrProductKind     = fault.New(fault.Conflict, "product_kind_fixed",
		"An appointment cannot become another kind of product, nor another kind an appointment.")
	ErrStock = fault.New(fault.Conflict, "stock_out_of_range",
		"The stock of this product would be less or more than can be counted.")
	ErrNotAppointment = fault.New(fault.Invalid, "part_not_an_appointment", "Only appointments can come with a product.")
	ErrNoLabel        = fault.New(fault.NotFound, "label_not_on_product", "This product has no such label.")
	ErrTooManyLabels  = patient.ErrTooMany.Saying("A product can have at most 200 labels.")

	ErrPaymentTypeNotFound = fault.New(fault.NotFound, "payment_type_not_found",
		"This practice group has no such payment type.")

	ErrNotFound    = fault.New(fault.NotFound, "invoice_not_found", "This practice group has no such invoice.")
	ErrCancelled   = fault.New(fault.Conflict, "invoice_cancelled", "This invoice has been cancelled.")
	ErrPaid        = fault.New(fault.Conflict, "invoice_paid", "This invoice has been paid, and cannot be changed.")
	ErrHasPayments = fault.New(fault.Conflict, "invoice_has_payments",
		"This invoice has payments. Refund or remove them before it is cancelled.")
	ErrLineNotFound    = fault.New(fault.NotFound, "line_item_not_found", "This invoice has no such line item.")
	ErrPaymentNotFound = fault.New(fault.NotFound, "payment_not_found", "This invoice has no such payment.")
	ErrOverpaid        = fault.New(fault.Conflict, "invoice_overpaid",
		"More would have been paid than the invoice is for.")
	ErrRefundTooLarge  = fault.New(fault.Conflict, "refund_too_large", "More would have been given back than was paid.")
	ErrPaymentRefunded = fault.New(fault.Conflict, "payment_refunded",
		"Some of this payment was given back, so it cannot be removed.")
	ErrTooMuch = fault.New(fault.Invalid, "invoice_too_long",
		"An invoice has at most 200 line items, 200 payments and 200 refunds.")
	ErrNotPayor         = fault.New(fault.Conflict, "contact_not_payor", "Invoices may not go to this contact.")
	ErrBookingOfAnother = fault.New(fault.Conflict, "booking_of_another_patient",
		"This booking is not one of the invoice's patient.")

	ErrStatementNotFound = fault.New(fault.NotFound, "statement_not_found",
		"This practice group has no such account statement.")
)

// Account is whom an invoice goes to: a patient or a contact.
type Account struct {
	Patient patient.ID `json:"patient_id,omitempty"`
	Contact contact.ID `json:"contact_id,omitempty"`
}

// Reader is what billing reads.
type Reader interface {
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Product finds a product, deleted ones too, or returns ErrProductNotFound.
	Product(ctx context.Context, group practice.ID, id ProductID) (Product, error)
	// ProductsByID finds those of the products there are, deleted ones too.
	ProductsByID(ctx context.Context, group practice.ID, ids []ProductID) (map[ProductID]Product, error)
	// PartsOfProducts lists what comes with some products.
	PartsOfProducts(ctx context.Context, group practice.ID, of []ProductID) (map[ProductID][]ProductID, error)
	// LabelsOnProducts lists the labels on some products, in the order they were
	// put on.
	LabelsOnProducts(ctx context.Context, group practice.ID, of []ProductID) (map[ProductID][]label.Use, error)
	// PaymentTypes lists them in the order they were made; inactive ones too
	// when asked.
	PaymentTypes(ctx context.Context, group practice.ID, inactive bool) ([]PaymentType, error)
	// VAT is the practice's own rate.
	VAT(ctx context.Context, group practice.ID) (Permille, error)
	// Invoice finds an invoice, cancelled ones too, or returns ErrNotFound.
	Invoice(ctx context.Context, group practice.ID, id InvoiceID) (Invoice, error)
	// LinesOf, PaymentsOf and RefundsOf list what some invoices are for, and what
	// was paid and given back, in the order it was added.
	LinesOf(ctx context.Context, group practice.ID, of []InvoiceID) (map[InvoiceID][]Line, error)
	PaymentsOf(ctx context.Context, group practice.ID, of []InvoiceID) (map[InvoiceID][]Payment, error)
	RefundsOf(ctx context.Context, group practice.ID, of []InvoiceID) (map[InvoiceID][]Refund, error)
	// Statement finds a statement, deleted ones too, or returns
	// ErrStatementNotFound.
	Statement(ctx context.Context, group practice.ID, id StatementID) (Statement, error)
}

// Store is what billing needs remembered.
type Store interface {
	Reader
	// Products lists products. Those asked for by when they were made or changed
	// come in that order, others in the order of their ids. So do Invoices, but
	// for those asked for by the date on them, which come in the order of that.
	Products(ctx context.Context, group practice.ID, q ProductRows) ([]Product, error)
	Invoices(ctx context.Context, group practice.ID, q InvoiceRows) ([]Invoice, error)
	// InvoicesByID finds those of the invoices there are, cancelled ones too.
	InvoicesByID(ctx context.Context, group practice.ID, ids []InvoiceID) (map[InvoiceID]Invoice, error)
	// InvoicesOfPatients lists the invoices about some patients with a date in a
	// stretch of days, without those that are cancelled, in the order of it.
	InvoicesOfPatients(
		ctx context.Context, group practice.ID, of []patient.ID, from, to input.Date,
	) (map[patient.ID][]Invoice, error)
	// BilledBookings are those of the bookings that an invoice is for.
	BilledBookings(ctx context.Context, group practice.ID, of []booking.ID) ([]booking.ID, error)
	// OfferedAt and OfferedBy list what was said to be offered at some places and
	// by some people; WorkedAt what sessions that run on the day or later offer.
	OfferedAt(
		ctx context.Context, group practice.ID, at []practice.LocationID,
	) (map[practice.LocationID][]ProductID, error)
	OfferedBy(
		ctx context.Context, group practice.ID, by []practice.PractitionerID,
	) (map[practice.PractitionerID][]ProductID, error)
	WorkedAt(
		ctx context.Context, group practice.ID, at []practice.LocationID, today input.Date,
	) (map[practice.LocationID][]ProductID, error)
	WorkedBy(
		ctx context.Context, group practice.ID, by []practice.PractitionerID, today input.Date,
	) (map[practice.PractitionerID][]ProductID, error)
	// Statements lists statements in the order of their ids.
	Statements(ctx context.Context, group practice.ID, q StatementQuery) ([]Statement, error)
	// InvoicesOfStatements lists what is on some statements.
	InvoicesOfStatements(
		ctx context.Context, group practice.ID, of []StatementID,
	) (map[StatementID][]StatementLine, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	practice.MetadataTx
	LabelTx
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	Practitioner(ctx context.Context, group practice.ID, id practice.PractitionerID) (practice.Practitioner, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// LockPatientAgainstMerge finds the patient an id stands for and keeps them from being
	// merged into another until the end of the transaction, or returns
	// patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error)
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)

	// LockAppointmentType keeps others from changing an appointment type until
	// the end of the transaction, when there is one of that id. It comes before
	// LockProduct.
	LockAppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) error
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
	// SaveAppointmentType keeps an appointment type and the product that it is.
	SaveAppointmentType(ctx context.Context, group practice.ID, t diary.Type) error
	// LockProduct keeps others from changing the product until the end of the
	// transaction, and finds it, or returns ErrProductNotFound.
	LockProduct(ctx context.Context, group practice.ID, id ProductID) (Product, error)
	SaveProduct(ctx context.Context, group practice.ID, p Product) error
	// SaveParts, SaveOfferedAt and SaveOfferedBy put a list in place of another.
	SaveParts(ctx context.Context, group practice.ID, of ProductID, parts []ProductID) error
	SaveOfferedAt(ctx context.Context, group practice.ID, of ProductID, at []practice.LocationID) error
	SaveOfferedBy(ctx context.Context, group practice.ID, of ProductID, by []practice.PractitionerID) error

	SavePaymentType(ctx context.Context, group practice.ID, p PaymentType) error

	// NextNumber takes the next invoice number. No one else gets one until the
	// transaction ends; should it fail, the number is free again.
	NextNumber(ctx context.Context, group practice.ID) (int64, error)
	// LockInvoice keeps others from changing the invoice until the end of the
	// transaction, and finds it, or returns ErrNotFound.
	LockInvoice(ctx context.Context, group practice.ID, id InvoiceID) (Invoice, error)
	SaveInvoice(ctx context.Context, group practice.ID, i Invoice) error
	SaveLine(ctx context.Context, group practice.ID, l Line) error
	DropLine(ctx context.Context, group practice.ID, id LineID) error
	SavePayment(ctx context.Context, group practice.ID, p Payment) error
	SaveRefund(ctx context.Context, group practice.ID, r Refund) error

	// AddStatement keeps a statement with the invoices that belong on it as they
	// are, and gives it with their sums.
	AddStatement(ctx context.Context, group practice.ID, s Statement) (Statement, error)
	// LockStatement keeps others from changing the statement until the end of the
	// transaction, and finds it, or returns ErrStatementNotFound.
	LockStatement(ctx context.Context, group practice.ID, id StatementID) (Statement, error)
	// SaveStatement keeps that a statement was deleted.
	SaveStatement(ctx context.Context, group practice.ID, s Statement) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the billing capability.
type Service struct {
	Store   Store
	Members MembershipStore
	Now     func() time.Time
	NewID   func() int64
}

func (s *Service) now() time.Time { return s.Now().Truncate(time.Microsecond) }

// today is the date on the practice's own clock.
func today(ctx context.Context, r Reader, group practice.ID, now time.Time) (input.Date, error) {
	g, err := r.Group(ctx, group)
	return input.DateOf(now.In(g.Zone())), err
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
