package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// bill is an invoice with all that is on it, being written.
type bill struct {
	Invoice
	Items

	s     *Invoices
	tx    InvoiceTx
	group practice.ID
	now   time.Time
}

func (b bill) snapshot() bill {
	b.Items = Items{slices.Clone(b.Lines), slices.Clone(b.Payments), slices.Clone(b.Refunds)}
	return b
}

// head checks what stands above the lines.
func (b *bill) head(ctx context.Context) error {
	var in input.Checks
	b.Date = Dated(&in, "date", b.Date)
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

// addressTo sets the patient the invoice is about, and the account it goes to.
func (b *bill) addressTo(ctx context.Context, of patient.ID, payer Account) (err error) {
	if b.Patient, err = b.tx.LockPatientAgainstMerge(ctx, b.group, of); err != nil {
		return err
	}
	b.PaymentReference = fmt.Sprintf("INV-%d", b.Number)
	about, err := b.tx.Patient(ctx, b.group, b.Patient)
	if err != nil {
		return err
	}
	b.describe(about)
	if payer.Contact != 0 {
		c, err := Payor(ctx, b.tx, b.group, payer.Contact)
		if err == nil && !c.IsPayor {
			err = ErrNotPayor
		}
		if err != nil {
			return err
		}
		to := c.InvoiceRecipient
		if to == "" {
			to = c.FullName()
		}
		b.Payer, b.Payee = Account{Contact: c.ID}, oneText(append([]string{to, c.Company}, c.Address.Lines()...)...)
		if c.PaymentReference != "" {
			b.PaymentReference = c.PaymentReference
		}
		return b.insure(ctx, c)
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

// save works out the sums, keeps what is not as it was before, and records the events.
func (b *bill) save(ctx context.Context, who access.Caller, before bill) error {
	if err := b.count(); err != nil {
		return err
	}
	if err := b.take(ctx, who, before); err != nil {
		return err
	}
	changed := Items{fresh(b.Lines, before.Lines), fresh(b.Payments, before.Payments),
		fresh(b.Refunds, before.Refunds)}
	var dropped []LineID
	for _, l := range before.Lines {
		if !slices.ContainsFunc(b.Lines, func(k Line) bool { return k.ID == l.ID }) {
			dropped = append(dropped, l.ID)
		}
	}
	for _, p := range before.Payments {
		if !slices.ContainsFunc(b.Payments, func(q Payment) bool { return q.ID == p.ID }) {
			p.DeletedAt, p.UpdatedAt = b.now, b.now
			changed.Payments = append(changed.Payments, p)
		}
	}
	if err := b.tx.SaveInvoice(ctx, b.group, b.Invoice, changed, dropped); err != nil {
		return err
	}
	return b.record(ctx, who, before)
}

// fresh are those that are not as they were, or were not there.
func fresh[T comparable](now, before []T) []T {
	return slices.DeleteFunc(slices.Clone(now), func(v T) bool { return slices.Contains(before, v) })
}
