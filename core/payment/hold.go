package payment

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/practice"
)

// holdLife is how long a page is good on which a held appointment is paid: the provider allows no less than half an
// hour.
const holdLife = 31 * time.Minute

const (
	// longestHold is longer than any time is held, and heldAgain how often an unpaid one is looked at until then.
	longestHold, heldAgain = 26 * time.Hour, 30 * time.Minute
	// holdChecked is how often the provider is asked at the least about a page on which a held time is paid: what is paid
	// in the page's last minute is noticed before the time is let go.
	holdChecked = 5 * time.Minute
)

// MustBePaid reports whether appointments of a type must be paid before they are confirmed: the type says that it needs
// an invoice, or its product that it is paid while booking, and it costs something.
func (s *Service) MustBePaid(ctx context.Context, group practice.ID, of diary.TypeID) (bool, error) {
	return s.Store.MustBePaid(ctx, group, of)
}

// Billed finds how an appointment was billed.
func (s *Service) Billed(ctx context.Context, group practice.ID, of booking.ID) (booking.Bill, error) {
	return s.Store.Billed(ctx, group, of)
}

// Ask bills a hold, once, and gives booking.ErrUnpaid with the way to pay: the invoice and, where the practice is
// connected to a payment provider that answers, the page on which it is paid.
func (s *Service) Ask(ctx context.Context, group practice.ID, hold booking.Appointment) error {
	who, now := access.System(group), s.Now().Truncate(time.Microsecond)
	var i billing.Invoice
	if err := s.Store.Do(ctx, func(tx Tx) (err error) {
		i, err = s.Invoices.ForBooking(ctx, edit(tx, who, now), hold.ID, billing.ForBooking{})
		return err
	}); err != nil {
		return err
	}
	unpaid := &booking.Unpaid{Fault: booking.ErrUnpaid, Invoice: i.ID.String()}
	r, err := s.open(ctx, who, i.ID, hold.ID)
	switch {
	case errors.Is(err, ErrNotConnected), errors.Is(err, ErrTooSmall), errors.Is(err, ErrRefused):
		return unpaid // it is paid to the practice
	case errors.Is(err, ErrNothingDue):
		return nil // it has been paid just now
	case err != nil:
		return err
	}
	unpaid.URL = r.URL
	unpaid.Fault = booking.ErrUnpaid.Saying(booking.ErrUnpaid.Message + " Pay it at " + r.URL)
	return unpaid
}

// held is the appointment that a request is to pay for, as it is now.
func (s *Service) held(ctx context.Context, group practice.ID, id booking.ID) (a booking.Appointment, err error) {
	err = s.Store.Do(ctx, func(tx Tx) error {
		a, err = tx.Billing().Appointment(ctx, group, id)
		return err
	})
	return a, err
}

// over reports whether the time that a request is to pay for was let go: it ran out, or was given back. One that was
// confirmed and then cancelled can still be paid.
func (s *Service) over(ctx context.Context, group practice.ID, r Request) (bool, error) {
	if r.Appointment == 0 {
		return false, nil
	}
	a, err := s.held(ctx, group, r.Appointment)
	return a.State == booking.Released || a.State == booking.Cancelled && a.ConfirmedAt.IsZero() || a.Lapsed(s.Now()), err
}

// holdOf is the held time that an invoice is for, which is confirmed when it has been paid; 0 is none.
func (s *Service) holdOf(
	ctx context.Context, tx Tx, group practice.ID, of billing.InvoiceID,
) (booking.ID, error) {
	_, items, err := tx.Billing().LockInvoice(ctx, group, of)
	if err != nil {
		return 0, err
	}
	for _, l := range items.Lines {
		if l.Booking == 0 {
			continue
		}
		a, err := tx.Billing().Appointment(ctx, group, l.Booking)
		if err != nil || a.State == booking.Reserved && !a.Lapsed(s.Now()) {
			return a.ID, err
		}
	}
	return 0, nil
}

// drop cancels the invoice of a hold that was let go unpaid.
func (s *Service) drop(ctx context.Context, group practice.ID, r Request) error {
	_, err := s.Invoices.Cancel(access.With(ctx, access.System(group)), r.Invoice)
	if errors.Is(err, billing.ErrHasPayments) {
		return nil // which staff see to
	}
	return err
}
