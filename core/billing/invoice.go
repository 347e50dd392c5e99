package billing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
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
	// Patient is whom it is about, and Payer whom it goes to.
	Patient      patient.ID              `json:"patient_id"`
	Payer        Account                 `json:"payer"`
	Practitioner practice.PractitionerID `json:"practitioner_id"` // whose work it is for
	Location     practice.LocationID     `json:"location_id"`
	// Payee is to whom it is addressed, as one text.
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
	// Payer is whom it goes to; the zero Account is the patient.
	Payer               Account
	Practitioner        practice.PractitionerID
	Location            practice.LocationID
	Comments, ExtraInfo string
	Lines               []LineRequest
	Payments            []PaymentRequest
}

// InvoiceChange is what to set of an invoice; nil leaves a thing as it is.
type InvoiceChange struct {
	Date                *input.Date
	Practitioner        *practice.PractitionerID
	Location            *practice.LocationID
	Comments, ExtraInfo *string
}

// bill is an invoice with all that is on it, being written.
type bill struct {
	Invoice
	Lines    []Line    `json:"line_items"`
	Payments []Payment `json:"payments"`
	Refunds  []Refund  `json:"refunds"`

	s     *Service
	tx    Tx
	group practice.ID
	now   time.Time
}

func (b bill) snapshot() bill {
	b.Lines, b.Payments, b.Refunds = slices.Clone(b.Lines), slices.Clone(b.Payments), slices.Clone(b.Refunds)
	return b
}

// CreateInvoice makes an invoice, with the next number. Errors:
// patient.ErrNotFound, contact.ErrNotFound, ErrNotPayor,
// practice.ErrPractitionerNotFound, practice.ErrLocationNotFound, and those of
// AddLine and AddPayment.
func (s *Service) CreateInvoice(ctx context.Context, r InvoiceRequest) (Invoice, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return Invoice{}, err
	}
	id, now := InvoiceID(s.NewID()), s.now()
	var made Invoice
	err = s.Store.Do(ctx, func(tx Tx) error {
		b := bill{s: s, tx: tx, group: who.Group, now: now, Invoice: Invoice{
			ID: id, Kind: Plain, Date: r.Date, Practitioner: r.Practitioner, Location: r.Location, Comments: r.Comments,
			ExtraInfo: r.ExtraInfo,
			Version:   1, CreatedAt: now, UpdatedAt: now,
		}}
		var err error
		// The number comes first: a transaction that waits for it holds nothing that
		// the one that has it might need.
		if b.Number, err = tx.NextNumber(ctx, who.Group); err != nil {
			return err
		}
		if err := b.head(ctx); err != nil {
			return err
		}
		if err := b.addressTo(ctx, r.Patient, r.Payer); err != nil {
			return err
		}
		for _, l := range r.Lines {
			if err := b.addLine(ctx, l); err != nil {
				return err
			}
		}
		for _, p := range r.Payments {
			if err := b.addPayment(ctx, p); err != nil {
				return err
			}
		}
		if err := b.save(ctx, who, bill{}); err != nil {
			return err
		}
		made = b.Invoice
		return tx.Audit(ctx, who.Audit(now, "invoice.create", "invoice", int64(id), nil, b))
	})
	return made, err
}

// head checks what stands above the lines.
func (b *bill) head(ctx context.Context) error {
	var in input.Checks
	b.Date = dated(&in, "date", b.Date)
	b.Comments = in.Lines("comments", b.Comments, 5000)
	b.ExtraInfo = in.Lines("extra_info", b.ExtraInfo, 5000)
	if err := in.Err(); err != nil {
		return err
	}
	if _, err := b.tx.Practitioner(ctx, b.group, b.Practitioner); err != nil {
		return err
	}
	_, err := b.tx.Location(ctx, b.group, b.Location)
	return err
}

// addressTo says whom the invoice is about and whom it goes to.
func (b *bill) addressTo(ctx context.Context, about patient.ID, payer Account) (err error) {
	if b.Patient, err = b.tx.LockPatientAgainstMerge(ctx, b.group, about); err != nil {
		return err
	}
	b.PaymentReference = fmt.Sprintf("INV-%d", b.Number)
	if payer.Contact != 0 {
		c, err := b.tx.Contact(ctx, b.group, payer.Contact)
		switch {
		case err != nil:
			return err
		case c.Deleted():
			return contact.ErrDeleted
		case !c.IsPayor:
			return ErrNotPayor
		}
		to := c.InvoiceRecipient
		if to == "" {
			to = c.FullName()
		}
		b.Payer, b.Payee = Account{Contact: c.ID}, oneText(append([]string{to, c.Company}, c.Address.Lines()...)...)
		if c.PaymentReference != "" {
			b.PaymentReference = c.PaymentReference
		}
		return nil
	}
	b.Payer.Patient = b.Patient
	if payer.Patient != 0 {
		if b.Payer.Patient, err = b.tx.LockPatientAgainstMerge(ctx, b.group, payer.Patient); err != nil {
			return err
		}
	}
	p, err := b.tx.Patient(ctx, b.group, b.Payer.Patient)
	a := p.Address
	b.Payee = oneText(strings.Join(strings.Fields(p.Title+" "+p.FirstName+" "+p.LastName), " "), a.Line1, a.Line2,
		a.Line3, a.Town, a.County, a.Postcode, a.Country)
	return err
}

func oneText(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// UpdateInvoice changes what stands above and below the lines. Of one that has
// been paid only the comments can be changed. Errors: ErrNotFound, ErrCancelled,
// ErrPaid, practice.ErrPractitionerNotFound, practice.ErrLocationNotFound.
func (s *Service) UpdateInvoice(ctx context.Context, id InvoiceID, ch InvoiceChange) (Invoice, error) {
	return s.change(ctx, id, "invoice.update", func(ctx context.Context, b *bill) error {
		if b.settled() && (ch.Date != nil || ch.Practitioner != nil || ch.Location != nil || ch.ExtraInfo != nil) {
			return ErrPaid
		}
		set(&b.Date, ch.Date)
		set(&b.Practitioner, ch.Practitioner)
		set(&b.Location, ch.Location)
		set(&b.Comments, ch.Comments)
		set(&b.ExtraInfo, ch.ExtraInfo)
		return b.head(ctx)
	})
}

const cancelling = "invoice.cancel"

// CancelInvoice cancels an invoice: what it took of stocks goes back, and its
// number is not used again. Cancelling it again changes nothing. Errors: ErrNotFound, ErrHasPayments.
func (s *Service) CancelInvoice(ctx context.Context, id InvoiceID) (Invoice, error) {
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
func (s *Service) change(
	ctx context.Context, id InvoiceID, action string, fn func(ctx context.Context, b *bill) error,
) (Invoice, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return Invoice{}, err
	}
	now := s.now()
	var after Invoice
	err = s.Store.Do(ctx, func(tx Tx) error {
		b := bill{s: s, tx: tx, group: who.Group, now: now}
		if err := b.read(ctx, id); err != nil {
			return err
		}
		after = b.Invoice
		switch {
		case b.Cancelled() && action == cancelling:
			return nil
		case b.Cancelled():
			return ErrCancelled
		}
		before := b.snapshot()
		if err := fn(ctx, &b); err != nil {
			return err
		}
		b.Version, b.UpdatedAt = before.Version+1, now
		if err := b.save(ctx, who, before); err != nil {
			return err
		}
		after = b.Invoice
		return tx.Audit(ctx, who.Audit(now, action, "invoice", int64(id), before, b))
	})
	return after, err
}

// read locks the invoice and reads all that is on it.
func (b *bill) read(ctx context.Context, id InvoiceID) (err error) {
	if b.Invoice, err = b.tx.LockInvoice(ctx, b.group, id); err != nil {
		return err
	}
	of := []InvoiceID{id}
	lines, err := b.tx.LinesOf(ctx, b.group, of)
	if err != nil {
		return err
	}
	payments, err := b.tx.PaymentsOf(ctx, b.group, of)
	if err != nil {
		return err
	}
	refunds, err := b.tx.RefundsOf(ctx, b.group, of)
	b.Lines, b.Payments, b.Refunds = lines[id], payments[id], refunds[id]
	return err
}

// count works out the sums. Errors: ErrTooMuch, ErrOverpaid, ErrRefundTooLarge.
func (b *bill) count() error {
	if max(len(b.Lines), len(b.Payments), len(b.Refunds)) > maxRows {
		return ErrTooMuch
	}
	b.Total, b.VAT, b.Paid, b.Refunded = 0, 0, 0, 0
	for _, l := range b.Lines {
		b.Total, b.VAT = b.Total+l.Total, b.VAT+l.VAT
	}
	for _, p := range b.Payments {
		b.Paid += p.Amount
		if b.refundedOf(p.ID) > p.Amount {
			return ErrRefundTooLarge
		}
	}
	for _, r := range b.Refunds {
		b.Refunded += r.Amount
	}
	if b.Outstanding() < 0 {
		return ErrOverpaid
	}
	return nil
}

// save works out the sums, keeps what is not as it was before, and tells of it.
func (b *bill) save(ctx context.Context, who access.Caller, before bill) error {
	if err := b.count(); err != nil {
		return err
	}
	if err := b.take(ctx, who, before); err != nil {
		return err
	}
	if err := b.tx.SaveInvoice(ctx, b.group, b.Invoice); err != nil {
		return err
	}
	if err := each(fresh(b.Lines, before.Lines), func(l Line) error {
		return b.tx.SaveLine(ctx, b.group, l)
	}); err != nil {
		return err
	}
	for _, l := range before.Lines {
		if !slices.ContainsFunc(b.Lines, func(k Line) bool { return k.ID == l.ID }) {
			if err := b.tx.DropLine(ctx, b.group, l.ID); err != nil {
				return err
			}
		}
	}
	for _, p := range before.Payments {
		if !slices.ContainsFunc(b.Payments, func(q Payment) bool { return q.ID == p.ID }) {
			p.DeletedAt, p.UpdatedAt = b.now, b.now
			if err := b.tx.SavePayment(ctx, b.group, p); err != nil {
				return err
			}
		}
	}
	if err := each(fresh(b.Payments, before.Payments), func(p Payment) error {
		return b.tx.SavePayment(ctx, b.group, p)
	}); err != nil {
		return err
	}
	if err := each(fresh(b.Refunds, before.Refunds), func(r Refund) error {
		return b.tx.SaveRefund(ctx, b.group, r)
	}); err != nil {
		return err
	}
	return b.record(ctx, who, before)
}

// fresh are those that are not as they were, or were not there.
func fresh[T comparable](now, before []T) []T {
	return slices.DeleteFunc(slices.Clone(now), func(v T) bool { return slices.Contains(before, v) })
}

func each[T any](all []T, do func(T) error) error {
	for _, v := range all {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}
