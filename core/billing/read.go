package billing

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// InvoiceQuery is what invoices to list. Deleted gives cancelled ones too.
type InvoiceQuery struct {
	input.Listing
	// From and To are the first and the last date on the invoices; nil and NoDate leave
	// that side open.
	From, To *input.Date
	InvoiceFilter
}

// open leaves the sides without a date open.
func (q *InvoiceQuery) open() {
	for _, side := range []**input.Date{&q.From, &q.To} {
		if *side != nil && **side == input.NoDate {
			*side = nil
		}
	}
}

// Find finds one invoice, cancelled or not. Error: ErrNotFound.
func (s *Invoices) Find(ctx context.Context, id InvoiceID) (Invoice, error) {
	return read.One(ctx, access.SeeInvoices, id, s.Store.Invoice)
}

// List lists invoices, and reports whether more follow the page. Those asked for by when they were made or changed come
// in that order, else those asked for by their date in the order of it, others in the order of their ids.
func (s *Invoices) List(ctx context.Context, q InvoiceQuery) (found []Invoice, more bool, err error) {
	var in input.Checks
	q.InvoiceFilter.check(&in)
	q.open()
	return read.Page(ctx, access.SeeInvoices, &in, in.Rows(q.Page), q, s.Store.Invoices)
}

// Count counts the invoices that are asked for by their date, as input.CountTo says.
func (s *Invoices) Count(ctx context.Context, q InvoiceQuery) (int, error) {
	var in input.Checks
	offset, size := in.Window(q.Page)
	if err := in.Err(); err != nil {
		return 0, err
	}
	q.open()
	return read.Of(ctx, access.SeeInvoices, q,
		func(ctx context.Context, group practice.ID, q InvoiceQuery) (int, error) {
			return s.Store.CountInvoices(ctx, group, q, input.CountTo(offset, size))
		})
}

// ByID finds those of the invoices that exist, cancelled ones too.
func (s *Invoices) ByID(ctx context.Context, ids []InvoiceID) (map[InvoiceID]Invoice, error) {
	return read.ByID(ctx, access.SeeInvoices, ids, s.Store.InvoicesByID)
}

// OfPatients lists the invoices about some patients with a date from one day to another, without those that are
// cancelled.
func (s *Invoices) OfPatients(
	ctx context.Context, of []patient.ID, from, to input.Date,
) (map[patient.ID][]Invoice, error) {
	return read.Lists(ctx, access.SeeInvoices, of,
		func(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Invoice, error) {
			return s.Store.InvoicesOfPatients(ctx, group, of, from, to)
		})
}

// LinesOf lists what some invoices are for.
func (s *Invoices) LinesOf(ctx context.Context, of []InvoiceID) (map[InvoiceID][]Line, error) {
	return read.Of(ctx, access.SeeInvoices, of, s.Store.LinesOf)
}

// PaymentsOf lists what was paid for some invoices.
func (s *Invoices) PaymentsOf(ctx context.Context, of []InvoiceID) (map[InvoiceID][]Payment, error) {
	return read.Of(ctx, access.SeeInvoices, of, s.Store.PaymentsOf)
}

// RefundsOf lists what was refunded of what was paid for some invoices.
func (s *Invoices) RefundsOf(ctx context.Context, of []InvoiceID) (map[InvoiceID][]Refund, error) {
	return read.Of(ctx, access.SeeInvoices, of, s.Store.RefundsOf)
}

// BilledBookings says which of some bookings are on an invoice that has not been cancelled. Callers who may see
// bookings may know.
func (s *Invoices) BilledBookings(ctx context.Context, of []booking.ID) (map[booking.ID]bool, error) {
	billed, err := read.Of(ctx, access.SeeBookings, of, s.Store.BilledBookings)
	out := make(map[booking.ID]bool, len(billed))
	for _, id := range billed {
		out[id] = true
	}
	return out, err
}
