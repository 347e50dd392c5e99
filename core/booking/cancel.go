package booking

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/practice"
)

// Policy is until when an appointment may be cancelled or moved. It decides
// what is told of an appointment and what is done to it.
type Policy struct {
	Hours int // before the start
	Zone  *time.Location
}

func policy(g practice.Group) Policy { return Policy{Hours: g.CancellationHours, Zone: g.Zone()} }

// Closes is the last moment to cancel or move the appointment.
func (p Policy) Closes(a Appointment) time.Time {
	return a.Start.Add(-time.Duration(p.Hours) * time.Hour)
}

// Open reports whether a confirmed appointment may still be cancelled or moved.
func (p Policy) Open(a Appointment, now time.Time) bool { return !now.After(p.Closes(a)) }

// check gives ErrTooLate, saying when the window closed.
func (p Policy) check(a Appointment, now time.Time) error {
	if p.Open(a, now) {
		return nil
	}
	return ErrTooLate.Saying(fmt.Sprintf("Appointments can be cancelled or moved until %d hours before they start; for this one that was %s.",
		p.Hours, p.Closes(a).In(p.Zone).Format("15:04 MST on Monday 2 January 2006")))
}

// Cancellation says how to cancel.
type Cancellation struct {
	SuppressMail   *bool
	SuppressPolicy bool // cancel however soon it starts
}

// Cancel gives the time back: of a hold at any time, of a confirmed appointment
// while the practice's policy allows. Cancelling twice is cancelling once, and
// a hold that has run out is left as it is. Error: ErrTooLate.
func (s *Service) Cancel(ctx context.Context, id ID, c Cancellation) (Details, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
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
		answer.Appointment, err = giveBack(ctx, tx, who, before, c, now)
		return err
	})
	answer.judge(now)
	return answer, err
}

func giveBack(ctx context.Context, tx Tx, who access.Caller, d Details, c Cancellation, now time.Time) (Appointment, error) {
	a := d.Appointment
	of, why := event.AppointmentCancelled, ""
	switch {
	case a.State == Cancelled || a.State == Released:
		return a, nil
	case a.Lapsed(now):
		return release(ctx, tx, access.System(who.Group), a, now)
	case a.State == Reserved:
		of, why = event.AppointmentReleased, "cancelled"
	case !c.SuppressPolicy:
		g, err := tx.Group(ctx, who.Group)
		if err != nil {
			return a, err
		}
		if err := policy(g).check(a, now); err != nil {
			return a, err
		}
	}
	after := a
	set(&after.SuppressMail, c.SuppressMail)
	after.State, after.CancelledAt = Cancelled, now
	if err := tx.Vacate(ctx, who.Group, a); err != nil {
		return a, err
	}
	return change(ctx, tx, who, now, "appointment.cancel", of, a, after, why)
}
