package payment

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// The faults of linking.
var (
	ErrNoInvoice = fault.New(fault.NotFound, "stripe_invoice_not_found", "The practice has no such invoice at Stripe.")
	ErrLinked    = fault.New(fault.Conflict, "stripe_invoice_linked",
		"This invoice at Stripe is linked to an invoice already, or the appointment's invoice is being paid otherwise.")
	ErrOtherTotal = fault.New(fault.Conflict, "invoice_totals_differ",
		"The invoice at Stripe comes to another amount than the appointment's. Correct one of them.")
	ErrVoid = fault.New(fault.Conflict, "stripe_invoice_not_open", "This invoice at Stripe is a draft, or was taken back.")
)

// Link links an invoice that the practice made at Stripe to an appointment: its invoice here is the one that is for the
// appointment already, or a new one for the same amount. Issuer is whose work it is for; 0 is the appointment's
// practitioner. Linking again is linking once. Errors: booking.ErrNotFound, booking.ErrNeedsPatient, ErrNoInvoice,
// ErrCurrency, ErrVoid, ErrLinked, ErrOtherTotal, and those of Provider.
func (s *Service) Link(
	ctx context.Context, external string, to booking.ID, issuer practice.PractitionerID,
) (billing.InvoiceID, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return 0, err
	}
	var in input.Checks
	external = in.Required("stripe_invoice_id", external, 255)
	if err := in.Err(); err != nil {
		return 0, err
	}
	there, err := s.Provider.Invoice(ctx, who.Group, external)
	switch {
	case err != nil:
		return 0, err
	case there.Currency != Pounds:
		return 0, ErrCurrency
	case there.State != Live && there.State != Done:
		return 0, ErrVoid
	}
	r, err := s.link(ctx, who, there, to, issuer)
	if err != nil {
		return 0, err
	}
	return r.Invoice, s.settle(ctx, who.Group, r)
}

func (s *Service) link(
	ctx context.Context, who access.Caller, there Invoice, to booking.ID, issuer practice.PractitionerID,
) (r Request, err error) {
	now := s.Now().Truncate(time.Microsecond)
	err = s.Store.Do(ctx, func(tx Tx) error {
		e := edit(tx, who, now)
		// Taking the next number keeps another from making an invoice for the appointment at the same time.
		i, err := s.Invoices.ForBooking(ctx, e, to, billing.ForBooking{Practitioner: issuer, Net: &there.Net})
		if err != nil {
			return err
		}
		if i.Total != there.Total {
			return ErrOtherTotal
		}
		if id, err := tx.RequestBy(ctx, who.Group, there.ID); err != nil {
			return err
		} else if id != 0 {
			if r, err = tx.Request(ctx, who.Group, id); err == nil && r.Invoice != i.ID {
				err = ErrLinked
			}
			return err
		}
		if _, err := tx.Payable(ctx, who.Group, i.ID); err == nil {
			return ErrLinked
		}
		r = Request{ID: ID(s.NewID()), Invoice: i.ID, Kind: Linked, State: Live, Amount: there.Total,
			External: there.ID, Customer: there.Customer, URL: there.URL, DueAt: now.Add(again), CreatedAt: now,
			UpdatedAt: now}
		if err := tx.SaveRequest(ctx, who.Group, r); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "payment_request.link", "payment_request", int64(r.ID), nil, r))
	})
	return r, err
}
