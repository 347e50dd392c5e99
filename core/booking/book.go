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

// Confirmation is what to set when a hold is confirmed; nil or 0 leaves a
// thing as it is.
type Confirmation struct {
	Patient, Billpayer patient.ID
	Reason             *string
	SuppressMail       *bool
}

// Book confirms a hold. Confirming twice is confirming once. Errors:
// ErrHoldExpired with the nearest free slots, ErrCancelled, ErrOtherPatient, ErrElsewhere,
// and a field fault when no patient is known.
func (s *Service) Book(ctx context.Context, id ID, c Confirmation) (Details, error) {
	who, err := access.Require(ctx, access.EditBookings)
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
	var answer Details
	err = s.do(ctx, func(tx Tx) error {
		before, err := lock(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		answer = before
		named := Appointment{Patient: c.Patient, Billpayer: c.Billpayer}
		if err := locked(ctx, tx, who.Group, &named); err != nil {
			return err
		}
		if c.Patient == 0 {
			if err := takeFor(ctx, tx, who.Group, before.Appointment); err != nil {
				return err
			}
		}
		c.Patient, c.Billpayer = named.Patient, named.Billpayer
		answer.Appointment, err = s.confirm(ctx, tx, who, before.Appointment, c, now)
		beside := answer.Elsewhere
		if err == nil && answer.Patient != before.Patient {
			answer, err = tx.Details(ctx, who.Group, id) // with the patient's name
		}
		answer.Elsewhere = beside
		return err
	})
	answer.judge(now)
	return answer, s.orNearest(ctx, who, answer.Appointment, err)
}

// confirm gives the appointment as it is afterwards, also when it refuses.
func (s *Service) confirm(ctx context.Context, tx Tx, who access.Caller, a Appointment, c Confirmation, now time.Time) (Appointment, error) {
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
	set(&after.Reason, c.Reason)
	set(&after.SuppressMail, c.SuppressMail)
	if after.Patient == 0 {
		return a, fault.Wrong("patient", "patient_required", "the id of the patient", "An appointment without a patient cannot be confirmed.")
	}
	if err := s.beside(ctx, tx, who, &after, now); err != nil {
		return a, err
	}
	return change(ctx, tx, who, now, "appointment.book", event.AppointmentConfirmed, a, after, "")
}
