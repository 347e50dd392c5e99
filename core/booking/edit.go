package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/practice"
)

// Move asks for an appointment to be at another time, of another length, or
// with another practitioner. Its place and its type stay.
type Move struct {
	Practitioner practice.PractitionerID
	Start        time.Time
	Minutes      float64
	Override     bool  // as in Request
	SuppressMail *bool // nil leaves it as it is
	// SuppressPolicy moves a confirmed appointment however soon it starts.
	SuppressPolicy bool
}

// Edit changes a hold. It does not make it last longer. Errors: as Reserve,
// and ErrConfirmed, ErrCancelled, ErrHoldExpired.
func (s *Service) Edit(ctx context.Context, id ID, m Move) (Details, error) {
	return s.move(ctx, id, m, func(a Appointment, _ practice.Group, now time.Time) error {
		switch {
		case a.State == Booked:
			return ErrConfirmed
		case a.State == Cancelled:
			return ErrCancelled
		case a.State == Released || a.Lapsed(now):
			return ErrHoldExpired
		}
		return nil
	}, "appointment.edit", "appointment.reserved")
}

// Reschedule moves a confirmed appointment: it keeps its old time until it has
// the new one, or for good when it cannot have it. Asking again for the time it
// already has changes nothing. Errors: as Reserve, and ErrNotConfirmed,
// ErrCancelled, ErrHoldExpired, ErrTooLate.
func (s *Service) Reschedule(ctx context.Context, id ID, m Move) (Details, error) {
	return s.move(ctx, id, m, func(a Appointment, g practice.Group, now time.Time) error {
		switch {
		case a.State == Cancelled:
			return ErrCancelled
		case a.State == Released || a.Lapsed(now):
			return ErrHoldExpired
		case a.State == Reserved:
			return ErrNotConfirmed
		case !m.SuppressPolicy:
			return policy(g).check(a, now)
		}
		return nil
	}, "appointment.reschedule", "appointment.rescheduled")
}

func (s *Service) move(ctx context.Context, id ID, m Move, allowed func(Appointment, practice.Group, time.Time) error, action, eventType string) (Details, error) {
	who, err := access.Require(ctx, access.Booking)
	if err != nil {
		return Details{}, err
	}
	r := Request{Start: m.Start, Minutes: m.Minutes}
	start, end, err := r.times()
	if err != nil {
		return Details{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var after Appointment
	err = s.do(ctx, func(tx Tx) error {
		before, err := lock(ctx, tx, who.Group, id, m.Practitioner)
		if err != nil {
			return err
		}
		after = before
		after.Practitioner, after.Start, after.End = m.Practitioner, start, end
		set(&after.SuppressMail, m.SuppressMail)
		same := after == before
		o, err := terms(ctx, tx, who.Group, before.Type, before.Location)
		if err != nil {
			return err
		}
		if same && before.State == Booked && eventType == "appointment.rescheduled" {
			return nil // it is there already, so nothing is too late
		}
		if err := allowed(before, o.group, now); err != nil {
			return err
		}
		if same {
			return nil
		}
		after.Override = m.Override
		if err := s.claim(ctx, tx, who, o, after, now); err != nil {
			return err
		}
		if err := tx.Vacate(ctx, who.Group, before); err != nil {
			return err
		}
		if err := change(ctx, tx, who, now, action, eventType, before, &after, ""); err != nil {
			return err
		}
		return tx.Occupy(ctx, who.Group, after)
	})
	if err := s.orNearest(ctx, who, m.Practitioner, after.Type, start, err); err != nil {
		return Details{}, err
	}
	return s.details(ctx, who, id)
}
