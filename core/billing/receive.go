package billing

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// Received is money that a payment provider has for an invoice, by its own id.
type Received struct {
	ID       string
	Amount   Pence
	At       time.Time
	Returned []Returned
}

// Returned is money of a payment that the provider gave back, by its own id.
type Returned struct {
	ID     string
	Amount Pence
	At     time.Time
	Reason string
}

// provided is the way to pay that a provider's payments are of, and source what it is called on them.
const (
	provided PaymentTypeID = 1
	source                 = "Stripe"
)

// Lock keeps others from changing an invoice until the end of a transaction, and finds it. Error: ErrNotFound.
func (s *Invoices) Lock(ctx context.Context, e write.Edit[InvoiceTx], id InvoiceID) (Invoice, error) {
	i, _, err := e.Tx.LockInvoice(ctx, e.Group(), id)
	return i, err
}

// Receive records what a payment provider has received for an invoice and given back, in a transaction: each once,
// however often it is called. It gives the invoice as it is then, and the ids of what cannot be recorded on it,
// because the invoice was cancelled, is for less, or was paid in another way since. Error: ErrNotFound.
func (s *Invoices) Receive(
	ctx context.Context, e write.Edit[InvoiceTx], id InvoiceID, all []Received,
) (after Invoice, left []string, err error) {
	b := bill{s: s, tx: e.Tx, group: e.Group(), now: e.Now}
	if b.Invoice, b.Items, err = e.Tx.LockInvoice(ctx, e.Group(), id); err != nil {
		return b.Invoice, nil, err
	}
	before := b.snapshot()
	for _, r := range all {
		more, err := b.receive(ctx, r)
		if err != nil {
			return before.Invoice, nil, err
		}
		left = append(left, more...)
	}
	if len(b.Payments) == len(before.Payments) && len(b.Refunds) == len(before.Refunds) {
		return before.Invoice, left, nil
	}
	b.Version, b.UpdatedAt = before.Version+1, e.Now
	if err := b.save(ctx, e.Who, before); err != nil {
		return before.Invoice, nil, err
	}
	return b.Invoice, left, e.Audit(ctx, "invoice.receive", int64(id), before, b)
}

// receive puts one payment and what was given back of it on the bill, and gives the ids of what has no place there.
func (b *bill) receive(ctx context.Context, r Received) (left []string, err error) {
	i := slices.IndexFunc(b.Payments, func(p Payment) bool { return p.External == r.ID })
	if i < 0 {
		var paid Pence
		for _, p := range b.Payments {
			paid += p.Amount - b.refundedOf(p.ID)
		}
		if b.Cancelled() || r.Amount < 1 || paid+r.Amount > b.total() || len(b.Payments) >= maxRows {
			return []string{r.ID}, nil
		}
		day, err := practice.Today(ctx, b.tx, b.group, r.At)
		if err != nil {
			return nil, err
		}
		i = len(b.Payments)
		b.Payments = append(b.Payments, Payment{ID: PaymentID(b.s.NewID()), Invoice: b.ID, Type: provided,
			Source: source, Amount: r.Amount, Date: day, External: r.ID, CreatedAt: b.now, UpdatedAt: b.now})
	}
	p := b.Payments[i]
	for _, back := range r.Returned {
		if slices.ContainsFunc(b.Refunds, func(known Refund) bool { return known.External == back.ID }) {
			continue
		}
		if back.Amount < 1 || b.refundedOf(p.ID)+back.Amount > p.Amount || len(b.Refunds) >= maxRows {
			left = append(left, back.ID)
			continue
		}
		day, err := practice.Today(ctx, b.tx, b.group, back.At)
		if err != nil {
			return nil, err
		}
		b.Refunds = append(b.Refunds, Refund{ID: RefundID(b.s.NewID()), Invoice: b.ID, Payment: p.ID,
			Amount: back.Amount, Date: day, Reason: back.Reason, External: back.ID, CreatedAt: b.now})
	}
	return left, nil
}

// total is what the lines come to.
func (b *bill) total() (sum Pence) {
	for _, l := range b.Lines {
		sum += l.Total
	}
	return sum
}
