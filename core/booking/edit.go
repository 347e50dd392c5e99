package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
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
	return s.move(ctx, id, m, mover{action: "appointment.edit", event: event.AppointmentReserved, allowed: func(a Appointment, _ practice.Group, now time.Time) error {
		switch {
		case a.State == Booked:
			return ErrConfirmed
		case a.State == Cancelled:
			return ErrCancelled
		case a.State == Released || a.Lapsed(now):
			return ErrHoldExpired
		}
		return nil
	}})
}

// Reschedule moves a confirmed appointment: it keeps its old time until it has
// the new one, or for good when it cannot have it. Asking again for the time it
// already has changes nothing. Errors: as Reserve, and ErrNotConfirmed,
// ErrCancelled, ErrHoldExpired, ErrTooLate.
func (s *Service) Reschedule(ctx context.Context, id ID, m Move) (Details, error) {
	return s.move(ctx, id, m, mover{action: "appointment.reschedule", event: event.AppointmentRescheduled, stay: Booked, allowed: func(a Appointment, g practice.Group, now time.Time) error {
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
	}})
}

// mover is what editing a hold and moving an appointment differ in.
type mover struct {
	action string
	event  event.Type
	// allowed says whether the appointment may move now.
	allowed func(a Appointment, g practice.Group, now time.Time) error
	// stay is the state in which one that is there already has nothing to do.
	stay State
}

func (s *Service) move(ctx context.Context, id ID, m Move, how mover) (Details, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Details{}, err
	}
	start, end, err := Request{Start: m.Start, Minutes: m.Minutes}.times()
	if err != nil {
		return Details{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var answer Details
	var wanted Appointment
	err = s.do(ctx, func(tx Tx) error {
		before, err := lockBoth(ctx, tx, who.Group, id, m.Practitioner)
		if err != nil {
			return err
		}
		wanted = before.Appointment
		wanted.Practitioner, wanted.Start, wanted.End, wanted.Override = m.Practitioner, start, end, m.Override
		set(&wanted.SuppressMail, m.SuppressMail)
		after, err := s.shift(ctx, tx, who, before.Appointment, wanted, how, now)
		if err != nil {
			return err
		}
		answer, err = tx.Details(ctx, who.Group, id)
		answer.Elsewhere = after.Elsewhere
		return err
	})
	answer.judge(now)
	return answer, s.orNearest(ctx, who, wanted, err)
}

// shift gives the appointment its new time, in one transaction with giving the
// old one back.
func (s *Service) shift(ctx context.Context, tx Tx, who access.Caller, before, after Appointment, how mover, now time.Time) (Appointment, error) {
	if sameTime(before, after) && before.State == how.stay {
		// Asked again, when it may be too late to move.
		var err error
		before.Elsewhere, err = tx.Elsewhere(ctx, who.Group, before, mostElsewhere)
		return before, err
	}
	g, err := tx.Group(ctx, who.Group)
	if err != nil {
		return before, err
	}
	if err := how.allowed(before, g, now); err != nil {
		return before, err
	}
	if err := s.offered(ctx, tx, who.Group, &after); err != nil {
		return before, err
	}
	after.Modes = before.Modes
	return s.shifted(ctx, tx, who, now, how.action, how.event, before, after)
}

// sameTime reports whether two appointments are with the same practitioner at the
// same time.
func sameTime(a, b Appointment) bool {
	return a.Practitioner == b.Practitioner && a.Start.Equal(b.Start) && a.End.Equal(b.End)
}

// shifted gives the appointment a time nobody else has for its old one, and tells
// of it. The caller has locked both diaries.
func (s *Service) shifted(ctx context.Context, tx Tx, who access.Caller, now time.Time, action string, of event.Type, before, after Appointment) (Appointment, error) {
	if err := before.Journey.open(); err != nil {
		return before, err
	}
	if err := claim(ctx, tx, who.Group, after, now); err != nil {
		return before, err
	}
	if err := takeFor(ctx, tx, who.Group, after); err != nil {
		return before, err
	}
	if err := s.beside(ctx, tx, who, &after, now); err != nil {
		return before, err
	}
	if err := tx.Vacate(ctx, who.Group, before); err != nil {
		return before, err
	}
	if err := tx.MoveAppointment(ctx, who.Group, after); err != nil {
		return before, err
	}
	after, err := change(ctx, tx, who, now, action, of, before, after, "")
	if err != nil {
		return before, err
	}
	return after, tx.Occupy(ctx, who.Group, after)
}
