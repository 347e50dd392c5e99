package booking

import (
	"context"
	"fmt"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Policy is until when an appointment may be cancelled or moved.
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

// Check gives ErrTooLate with the time at which the window closed.
func (p Policy) Check(a Appointment, now time.Time) error {
	if p.Open(a, now) {
		return nil
	}
	return ErrTooLate.Saying(fmt.Sprintf(
		"Appointments can be cancelled or moved until %d hours before they start; for this one that was %s.",
		p.Hours, p.Closes(a).In(p.Zone).Format("15:04 MST on Monday 2 January 2006")))
}

// Cancellation is how to cancel.
type Cancellation struct {
	SuppressMail   *bool
	SuppressPolicy bool // cancel however soon it starts
	Notify         bool // send the patient a notice of it
	HoldOnly       bool // leave an appointment that is confirmed as it is
	// Then is done in the transaction, with the appointment as it is afterwards, changed or not.
	Then func(ctx context.Context, tx Tx, a Appointment) error
}

// Cancel gives the time back: of a hold at any time, of a confirmed appointment while the practice's policy allows.
// Cancelling twice is cancelling once, and a hold that has run out is left as it is. Error: ErrTooLate.
func (s *Service) Cancel(ctx context.Context, id ID, c Cancellation) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	return s.changing(ctx, who, id, 0, func(tx Tx, a Appointment, now time.Time) (Appointment, error) {
		if a.State == Booked && c.HoldOnly {
			return a, then(ctx, tx, c.Then, a)
		}
		if a.State == Booked && !c.SuppressPolicy {
			g, err := tx.Group(ctx, who.Group)
			if err == nil {
				err = policy(g).Check(a, now)
			}
			if err != nil {
				return a, err
			}
		}
		after, err := giveBack(ctx, tx, who, a, c, now)
		if err == nil {
			err = then(ctx, tx, c.Then, after)
		}
		if err != nil || a.State != Booked {
			return after, err
		}
		return after, follow(ctx, tx, who.Group, after, OnCancelled)
	})
}

// then does what a caller wants done in the transaction of a change, if anything.
func then(ctx context.Context, tx Tx, do func(context.Context, Tx, Appointment) error, a Appointment) error {
	if do == nil {
		return nil
	}
	return do(ctx, tx, a)
}

// giveBack cancels an appointment, however soon it starts.
func giveBack(
	ctx context.Context, tx releaser, who access.Caller, a Appointment, c Cancellation, now time.Time,
) (Appointment, error) {
	of, why := event.AppointmentCancelled, ""
	switch {
	case a.State == Cancelled || a.State == Released:
		return a, nil
	case a.Lapsed(now):
		return release(ctx, tx, access.System(who.Group), a, now)
	case a.State == Reserved:
		of, why = event.AppointmentReleased, "cancelled"
	}
	after := a
	input.Set(&after.SuppressMail, c.SuppressMail)
	if c.Notify && !slices.Contains(a.Notices, Cancelling) {
		after.Notices = append(slices.Clone(a.Notices), Cancelling)
	}
	after.State, after.CancelledAt = Cancelled, now
	if err := tx.Vacate(ctx, who.Group, a); err != nil {
		return a, err
	}
	if err := freed(ctx, tx, who.Group, a); err != nil {
		return a, err
	}
	return save(ctx, tx, who, now, "appointment.cancel", of, a, after, why)
}
