package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// Confirmation is what to set when a hold is confirmed; nil or 0 leaves a
// thing as it is.
type Confirmation struct {
	Patient, Billpayer patient.ID
	Reason             *string
	SuppressMail       *bool
}

// Book confirms a hold. Confirming twice is confirming once. Errors:
// ErrHoldExpired with the nearest free slots, ErrCancelled, ErrOtherPatient,
// and a field fault when no patient is known.
func (s *Service) Book(ctx context.Context, id ID, c Confirmation) (Details, error) {
	who, err := access.Require(ctx, access.Booking)
	if err != nil {
		return Details{}, err
	}
	var in input.Checks
	if c.Reason != nil {
		*c.Reason = in.Lines("reason", *c.Reason, maxReason)
	}
	if err := in.Err(); err != nil {
		return Details{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var before Appointment
	err = s.do(ctx, func(tx Tx) error {
		if before, err = lock(ctx, tx, who.Group, id, 0); err != nil {
			return err
		}
		switch {
		case before.State == Booked && c.Patient != 0 && c.Patient != before.Patient:
			return ErrOtherPatient
		case before.State == Booked:
			return nil
		case before.State == Cancelled:
			return ErrCancelled
		case before.State == Released || before.Lapsed(now):
			return ErrHoldExpired
		}
		after := before
		after.State, after.ConfirmedAt = Booked, now
		if c.Patient != 0 {
			after.Patient = c.Patient
		}
		if c.Billpayer != 0 {
			after.Billpayer = c.Billpayer
		}
		set(&after.Reason, c.Reason)
		set(&after.SuppressMail, c.SuppressMail)
		if after.Patient == 0 {
			var in input.Checks
			in.Wrong("patient_id", "patient_required", "the id of the patient", "An appointment without a patient cannot be confirmed.")
			return in.Err()
		}
		if after.Patient != before.Patient || after.Billpayer != before.Billpayer {
			if err := people(ctx, tx, who.Group, after); err != nil {
				return err
			}
		}
		return change(ctx, tx, who, now, "appointment.book", "appointment.confirmed", before, &after, "")
	})
	if err := s.orNearest(ctx, who, before.Practitioner, before.Type, before.Start, err); err != nil {
		return Details{}, err
	}
	return s.details(ctx, who, id)
}
