package booking

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/access"
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
	who, err := access.Require(ctx, access.Booking)
	if err != nil {
		return Details{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	err = s.do(ctx, func(tx Tx) error {
		before, err := lock(ctx, tx, who.Group, id, 0)
		if err != nil {
			return err
		}
		after := before
		set(&after.SuppressMail, c.SuppressMail)
		eventType, why := "appointment.cancelled", ""
		switch {
		case before.State == Cancelled || before.State == Released:
			return nil
		case before.Lapsed(now):
			return release(ctx, tx, access.System(who.Group), id, now)
		case before.State == Reserved:
			eventType, why = "appointment.released", "cancelled"
		case !c.SuppressPolicy:
			g, err := tx.Group(ctx, who.Group)
			if err != nil {
				return err
			}
			if err := policy(g).check(before, now); err != nil {
				return err
			}
		}
		after.State, after.CancelledAt = Cancelled, now
		if err := tx.Vacate(ctx, who.Group, before); err != nil {
			return err
		}
		return change(ctx, tx, who, now, "appointment.cancel", eventType, before, &after, why)
	})
	if err != nil {
		return Details{}, err
	}
	return s.details(ctx, who, id)
}
