package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// Confirmation is what to set when a hold is confirmed; nil or 0 leaves a thing as it is.
type Confirmation struct {
	Patient, Billpayer patient.ID
	Reason             *string
	SuppressMail       *bool
	// Link is the link by which the patient confirms it; 0 leaves the one it was made by.
	Link int64
	// Then is done in the transaction, when it was confirmed just now.
	Then func(ctx context.Context, tx Tx, a Appointment) error
}

// Confirm confirms a hold. Confirming twice is confirming once. Errors: ErrHoldExpired with the nearest free slots,
// ErrCancelled, ErrOtherPatient, ErrElsewhere, ErrUnpaid with the way to pay, and a field fault when no patient is
// known.
func (s *Service) Confirm(ctx context.Context, id ID, c Confirmation) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	var in input.Checks
	if c.Reason != nil {
		*c.Reason = in.Lines("reason", *c.Reason, maxReason)
	}
	if err := in.Err(); err != nil {
		return Appointment{}, err
	}
	judged, err := s.unpaid(ctx, who, id, c)
	if err != nil {
		return Appointment{}, err
	}
	a, err := s.changing(ctx, who, id, 0, func(tx Tx, a Appointment, now time.Time) (Appointment, error) {
		if a.Type != judged {
			return a, errMoved
		}
		named := Appointment{Patient: c.Patient, Billpayer: c.Billpayer}
		if err := locked(ctx, tx, who.Group, &named); err != nil {
			return a, err
		}
		if c.Patient == 0 {
			if err := lockPatient(ctx, tx, who.Group, a); err != nil {
				return a, err
			}
		}
		c.Patient, c.Billpayer = named.Patient, named.Billpayer
		return s.confirm(ctx, tx, who, a, c, now)
	})
	return a, s.orNearest(ctx, who, a, err)
}

func (s *Service) confirm(
	ctx context.Context, tx Tx, who access.Caller, a Appointment, c Confirmation, now time.Time,
) (Appointment, error) {
	switch {
	case a.State == Booked && c.Patient != 0 && c.Patient != a.Patient:
		return a, ErrOtherPatient
	case a.State == Booked:
		var err error
		a.Elsewhere, err = tx.Elsewhere(ctx, who.Group, a, mostElsewhere)
		return a, err
	case a.State == Cancelled:
		return a, ErrCancelled
	case a.State == Released || a.Lapsed(now):
		return a, ErrHoldExpired
	}
	after := a
	after.State, after.ConfirmedAt = Booked, now
	if c.Patient != 0 {
		after.Patient = c.Patient
	}
	if c.Billpayer != 0 {
		after.Billpayer = c.Billpayer
	}
	if c.Link != 0 {
		after.Link = c.Link
	}
	input.Set(&after.Reason, c.Reason)
	input.Set(&after.SuppressMail, c.SuppressMail)
	if after.Patient == 0 {
		return a, fault.Wrong("patient", ErrNeedsPatient.Code, "the id of the patient",
			"An appointment without a patient cannot be confirmed.")
	}
	if err := s.overlaps(ctx, tx, who, &after, now); err != nil {
		return a, err
	}
	after, err := save(ctx, tx, who, now, "appointment.book", event.AppointmentConfirmed, a, after, "")
	if err == nil {
		err = then(ctx, tx, c.Then, after)
	}
	if err != nil {
		return a, err
	}
	return after, follow(ctx, tx, who.Group, after, OnConfirmed)
}
