package billing

import (
	"context"
	"maps"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// InvoiceQuery is what invoices to list. Deleted gives cancelled ones too.
type InvoiceQuery struct {
	input.Listing
	// From and To are the first and the last date on the invoices; nil leaves
	// that side open.
	From, To *input.Date
}

// InvoiceRows is an InvoiceQuery in the form the store takes.
type InvoiceRows struct {
	InvoiceQuery
	Offset, Limit int
}

// Invoice finds one invoice, cancelled or not. Error: ErrNotFound.
func (s *Service) Invoice(ctx context.Context, id InvoiceID) (Invoice, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return Invoice{}, err
	}
	i, err := s.Store.Invoice(ctx, who.Group, id)
	if err == nil {
		audit.Seen(ctx, i)
	}
	return i, err
}

// Invoices lists invoices, and whether more follow the page. Those asked for by
// when they were made or changed come in that order, else those asked for by the
// date on them in that one, others in the order of their ids.
func (s *Service) Invoices(ctx context.Context, q InvoiceQuery) (found []Invoice, more bool, err error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	found, err = s.Store.Invoices(ctx, who.Group, InvoiceRows{q, offset, size + 1})
	more = len(found) > size
	found = found[:min(len(found), size)]
	audit.Seen(ctx, found...)
	return found, more, err
}

// InvoicesByID finds those of the invoices there are, cancelled ones too.
func (s *Service) InvoicesByID(ctx context.Context, ids []InvoiceID) (map[InvoiceID]Invoice, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.InvoicesByID(ctx, who.Group, ids)
	audit.SeenEach(ctx, maps.Values(found))
	return found, err
}

// InvoicesOfPatients lists the invoices about some patients with a date from one
// day to another, without those that are cancelled.
func (s *Service) InvoicesOfPatients(
	ctx context.Context, of []patient.ID, from, to input.Date,
) (map[patient.ID][]Invoice, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.InvoicesOfPatients(ctx, who.Group, of, from, to)
	audit.SeenAll(ctx, found)
	return found, err
}

// LinesOf lists what some invoices are for.
func (s *Service) LinesOf(ctx context.Context, of []InvoiceID) (map[InvoiceID][]Line, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	return s.Store.LinesOf(ctx, who.Group, of)
}

// PaymentsOf lists what was paid for some invoices.
func (s *Service) PaymentsOf(ctx context.Context, of []InvoiceID) (map[InvoiceID][]Payment, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	return s.Store.PaymentsOf(ctx, who.Group, of)
}

// RefundsOf lists what was given back of what was paid for some invoices.
func (s *Service) RefundsOf(ctx context.Context, of []InvoiceID) (map[InvoiceID][]Refund, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	return s.Store.RefundsOf(ctx, who.Group, of)
}

// BilledBookings says which of some bookings an invoice is for that has not been
// cancelled. Callers who may see bookings may know.
func (s *Service) BilledBookings(ctx context.Context, of []booking.ID) (map[booking.ID]bool, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	billed, err := s.Store.BilledBookings(ctx, who.Group, of)
	out := make(map[booking.ID]bool, len(billed))
	for _, id := range billed {
		out[id] = true
	}
	return out, err
}
