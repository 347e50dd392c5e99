package billing

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// InvoiceID names an invoice within a practice group.
type InvoiceID int64

// String gives the id as digits.
func (id InvoiceID) String() string { return strconv.FormatInt(int64(id), 10) }

// InvoiceKind says what an invoice is; we make the first kind alone.
type InvoiceKind string

// The kinds of invoice, spelt as the contract spells them.
const (
	Plain            InvoiceKind = "invoice"
	CreditNote       InvoiceKind = "creditNote"
	PaymentOnAccount InvoiceKind = "paymentOnAccount"
)

// Standing says whether there is anything left to pay.
type Standing string

// The standings, spelt as the contract spells them.
const (
	Paid        Standing = "Paid"
	Outstanding Standing = "Outstanding"
	Void        Standing = "Void" // the invoice was cancelled
)

// Invoice is what a patient or another payer owes the practice.
type Invoice struct {
	ID     InvoiceID   `json:"id"`
	Number int64       `json:"number"` // 1, 2, 3, without gaps in a practice
	Kind   InvoiceKind `json:"kind"`
	Date   input.Date  `json:"date"`
	// Patient is the patient it is about, and Payer the account it goes to.
	Patient      patient.ID              `json:"patient_id"`
	Payer        Account                 `json:"payer"`
	Practitioner practice.PractitionerID `json:"practitioner_id"` // whose work it is for
	Location     practice.LocationID     `json:"location_id"`
	Insured
	Claim Claim `json:"healthcode,omitzero"`
	// Pathway is the clinical pathway it belongs to, deleted or not; 0 is none.
	Pathway pathway.ID `json:"clinical_pathway_id,omitempty"`
	// Payee is the name and address of the payer, as one text.
	Payee            string    `json:"payee"`
	PaymentReference string    `json:"payment_reference"`
	Comments         string    `json:"comments"`   // not on the invoice
	ExtraInfo        string    `json:"extra_info"` // on it
	Total            Pence     `json:"total"`      // with VAT
	VAT              Pence     `json:"vat"`
	Paid             Pence     `json:"paid"`
	Refunded         Pence     `json:"refunded"`
	SharedAt         time.Time `json:"shared_at,omitzero"`
	CancelledAt      time.Time `json:"cancelled_at,omitzero"`
	// Version counts the changes of the invoice and of all that is on it.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (i Invoice) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "invoice", ID: int64(i.ID), Patient: int64(i.Patient), Personal: true}
}

// Outstanding is what is still to be paid.
func (i Invoice) Outstanding() Pence { return i.Total - i.Paid + i.Refunded }

// Cancelled reports whether the invoice was cancelled.
func (i Invoice) Cancelled() bool { return !i.CancelledAt.IsZero() }

// Standing says whether there is anything left to pay.
func (i Invoice) Standing() Standing {
	switch {
	case i.Cancelled():
		return Void
	case i.Outstanding() == 0:
		return Paid
	}
	return Outstanding
}

// settled reports whether all was paid of it: an invoice that is for
// nothing yet can still be written.
func (i Invoice) settled() bool { return i.Total > 0 && i.Outstanding() == 0 }

// InvoiceRequest asks for an invoice.
type InvoiceRequest struct {
	Date    input.Date
	Patient patient.ID
	// Payer is the account it goes to; the zero Account is the patient.
	Payer               Account
	Practitioner        practice.PractitionerID
	Location            practice.LocationID
	Comments, ExtraInfo string
	Pathway             pathway.ID
	Insurance           *InsuranceChange // beside what is known of the patient's policy with the payer
	Lines               []LineRequest
	Payments            []PaymentRequest
}

// InvoiceChange is what to set of an invoice; nil leaves a thing as it is.
type InvoiceChange struct {
	Date                *input.Date
	Practitioner        *practice.PractitionerID
	Location            *practice.LocationID
	Comments, ExtraInfo *string
	Insurance           *InsuranceChange
	Claim               *ClaimChange
	Pathway             *pathway.ID // 0 is none
}

// onPaper reports whether it changes what is on the invoice that was sent.
func (ch InvoiceChange) onPaper() bool {
	return ch.Date != nil || ch.Practitioner != nil || ch.Location != nil || ch.ExtraInfo != nil || ch.Insurance != nil
}

// Items are what is on an invoice.
type Items struct {
	Lines    []Line    `json:"line_items"`
	Payments []Payment `json:"payments"`
	Refunds  []Refund  `json:"refunds"`
}

// InvoiceStore is what invoices need remembered.
type InvoiceStore interface {
	// Invoice finds an invoice, cancelled ones too, or returns ErrNotFound.
	Invoice(ctx context.Context, group practice.ID, id InvoiceID) (Invoice, error)
	// Invoices lists invoices. Those asked for by when they were made or changed come in that order, those asked for
	// by their date in the order of it, others in the order of their ids.
	Invoices(ctx context.Context, group practice.ID, q InvoiceQuery, rows input.Rows) ([]Invoice, error)
	// CountInvoices counts those that are asked for by their date, up to a limit.
	CountInvoices(ctx context.Context, group practice.ID, q InvoiceQuery, limit int) (int, error)
	// InvoicesByID finds those of the invoices there are, cancelled ones too.
	InvoicesByID(ctx context.Context, group practice.ID, ids []InvoiceID) (map[InvoiceID]Invoice, error)
	// InvoicesOfPatients lists the invoices about some patients with a date in a
	// stretch of days, without those that are cancelled, in the order of it.
	InvoicesOfPatients(
		ctx context.Context, group practice.ID, of []patient.ID, from, to input.Date,
	) (map[patient.ID][]Invoice, error)
	// LinesOf, PaymentsOf and RefundsOf list what some invoices are for, and what
	// was paid and refunded, in the order it was added.
	LinesOf(ctx context.Context, group practice.ID, of []InvoiceID) (map[InvoiceID][]Line, error)
	PaymentsOf(ctx context.Context, group practice.ID, of []InvoiceID) (map[InvoiceID][]Payment, error)
	RefundsOf(ctx context.Context, group practice.ID, of []InvoiceID) (map[InvoiceID][]Refund, error)
	// BilledBookings are those of the bookings that an invoice is for.
	BilledBookings(ctx context.Context, group practice.ID, of []booking.ID) ([]booking.ID, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(InvoiceTx) error) error
}

// InvoiceTx is an InvoiceStore inside a transaction.
type InvoiceTx interface {
	AccountTx
	PaymentTypeReader
	StockTx
	Policies
	Reductions
	pathway.Finder
	event.Recorder
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	Practitioner(ctx context.Context, group practice.ID, id practice.PractitionerID) (practice.Practitioner, error)
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	Product(ctx context.Context, group practice.ID, id ProductID) (Product, error)
	// InvoiceForBooking finds the invoice that is for a booking, one that was cancelled aside; 0 is none.
	InvoiceForBooking(ctx context.Context, group practice.ID, of booking.ID) (InvoiceID, error)
	// NextNumber takes the next invoice number. No one else gets one until the
	// transaction ends; should it fail, the number is free again.
	NextNumber(ctx context.Context, group practice.ID) (int64, error)
	// LockInvoice keeps others from changing the invoice until the end of the
	// transaction, and finds it with what is on it, or returns ErrNotFound.
	LockInvoice(ctx context.Context, group practice.ID, id InvoiceID) (Invoice, Items, error)
	// SaveInvoice keeps an invoice with the items of it that are new or changed, and deletes lines.
	SaveInvoice(ctx context.Context, group practice.ID, i Invoice, changed Items, dropped []LineID) error
}

// AccountTx finds the patients and contacts that invoices and statements go to, inside a transaction.
type AccountTx interface {
	practice.GroupReader
	// LockPatientAgainstMerge finds the patient an id stands for and keeps them from being merged into another until the
	// end of the transaction, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error)
}

// Payor finds a contact that has not been deleted. Errors: contact.ErrNotFound, contact.ErrDeleted.
func Payor(ctx context.Context, tx AccountTx, group practice.ID, id contact.ID) (contact.Contact, error) {
	c, err := tx.Contact(ctx, group, id)
	if err == nil && c.Deleted() {
		err = contact.ErrDeleted
	}
	return c, err
}

// Invoices is what patients and other payers owe the practice.
type Invoices struct {
	Store InvoiceStore
	Now   func() time.Time
	NewID func() int64
}

// Create makes an invoice, with the next number. Errors:
// patient.ErrNotFound, contact.ErrNotFound, ErrNotPayor,
// practice.ErrPractitionerNotFound, practice.ErrLocationNotFound, and those of
// AddLine and AddPayment.
func (s *Invoices) Create(ctx context.Context, r InvoiceRequest) (Invoice, error) {
	return write.Do(ctx, access.EditInvoices, s.Now, s.Store.Do, func(e write.Edit[InvoiceTx]) (Invoice, error) {
		return s.create(ctx, e, r)
	})
}

// create makes an invoice in a transaction.
func (s *Invoices) create(ctx context.Context, e write.Edit[InvoiceTx], r InvoiceRequest) (_ Invoice, err error) {
	b := bill{s: s, tx: e.Tx, group: e.Group(), now: e.Now, Invoice: Invoice{
		ID: InvoiceID(s.NewID()), Kind: Plain, Date: r.Date, Practitioner: r.Practitioner, Location: r.Location,
		Comments: r.Comments, ExtraInfo: r.ExtraInfo, Version: 1, CreatedAt: e.Now, UpdatedAt: e.Now,
	}}
	// The number comes first: a transaction that waits for it holds nothing that
	// the one that has it might need.
	if b.Number, err = e.Tx.NextNumber(ctx, e.Group()); err != nil {
		return b.Invoice, err
	}
	if err := b.head(ctx); err != nil {
		return b.Invoice, err
	}
	if err := b.addressTo(ctx, r.Patient, r.Payer); err != nil {
		return b.Invoice, err
	}
	if err := pathway.Set(ctx, b.tx, b.group, b.Patient, &b.Pathway, &r.Pathway); err != nil {
		return b.Invoice, err
	}
	if err := r.Insurance.apply(&b.Insurance); err != nil {
		return b.Invoice, err
	}
	if err := each(r.Lines, func(l LineRequest) error { return b.addLine(ctx, l) }); err != nil {
		return b.Invoice, err
	}
	if err := each(r.Payments, func(p PaymentRequest) error { return b.addPayment(ctx, p) }); err != nil {
		return b.Invoice, err
	}
	if err := b.save(ctx, e.Who, bill{}); err != nil {
		return b.Invoice, err
	}
	return b.Invoice, e.Audit(ctx, "invoice.create", int64(b.ID), nil, b)
}

// Update changes what stands above and below the lines, and notes the patient's title and birth date as they are now.
// Of one that has been paid only the comments, how far it is with Healthcode, and its clinical pathway can be changed.
// Errors: ErrNotFound, ErrCancelled, ErrPaid, pathway.ErrNotFound, pathway.ErrOtherPatient,
// practice.ErrPractitionerNotFound, practice.ErrLocationNotFound.
func (s *Invoices) Update(ctx context.Context, id InvoiceID, ch InvoiceChange) (Invoice, error) {
	return s.change(ctx, id, "invoice.update", func(ctx context.Context, b *bill) error {
		if b.settled() && ch.onPaper() {
			return ErrPaid
		}
		if !b.settled() {
			p, err := b.tx.Patient(ctx, b.group, b.Patient)
			if err != nil {
				return err
			}
			b.describe(p)
		}
		if err := pathway.Set(ctx, b.tx, b.group, b.Patient, &b.Pathway, ch.Pathway); err != nil {
			return err
		}
		if err := ch.Insurance.apply(&b.Insurance); err != nil {
			return err
		}
		if err := ch.Claim.apply(&b.Claim, b.now); err != nil {
			return err
		}
		input.Set(&b.Date, ch.Date)
		input.Set(&b.Practitioner, ch.Practitioner)
		input.Set(&b.Location, ch.Location)
		input.Set(&b.Comments, ch.Comments)
		input.Set(&b.ExtraInfo, ch.ExtraInfo)
		return b.head(ctx)
	})
}

const cancelling = "invoice.cancel"

// Cancel cancels an invoice: what it took of stocks goes back, and its
// number is not used again. Cancelling it again changes nothing. Errors: ErrNotFound, ErrHasPayments.
func (s *Invoices) Cancel(ctx context.Context, id InvoiceID) (Invoice, error) {
	return s.change(ctx, id, cancelling, func(_ context.Context, b *bill) error {
		if b.Paid > b.Refunded {
			return ErrHasPayments
		}
		b.CancelledAt = b.now
		for i := range b.Lines {
			b.Lines[i].Taken = 0
		}
		return nil
	})
}

// change changes an invoice or what is on it, works its sums out again, and
// writes the audit entry, in one transaction.
func (s *Invoices) change(
	ctx context.Context, id InvoiceID, action string, fn func(ctx context.Context, b *bill) error,
) (Invoice, error) {
	return write.Do(ctx, access.EditInvoices, s.Now, s.Store.Do, func(e write.Edit[InvoiceTx]) (_ Invoice, err error) {
		b := bill{s: s, tx: e.Tx, group: e.Group(), now: e.Now}
		if b.Invoice, b.Items, err = e.Tx.LockInvoice(ctx, e.Group(), id); err != nil {
			return b.Invoice, err
		}
		switch {
		case b.Cancelled() && action == cancelling:
			return b.Invoice, nil
		case b.Cancelled():
			return b.Invoice, ErrCancelled
		}
		before := b.snapshot()
		if err := fn(ctx, &b); err != nil {
			return before.Invoice, err
		}
		b.Version, b.UpdatedAt = before.Version+1, e.Now
		if err := b.save(ctx, e.Who, before); err != nil {
			return before.Invoice, err
		}
		return b.Invoice, e.Audit(ctx, action, int64(id), before, b)
	})
}

func each[T any](all []T, do func(T) error) error {
	for _, v := range all {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}
