package selfbooking

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
)

// movable finds an appointment that is confirmed, and may be moved now. Errors: booking.ErrNotFound,
// booking.ErrNotConfirmed, booking.ErrCancelled, booking.ErrTooLate.
func (s *Service) movable(ctx context.Context, in inside, id booking.ID) (booking.Appointment, error) {
	a, err := s.own(ctx, in, id)
	switch {
	case err != nil:
	case a.State == booking.Cancelled || a.State == booking.Released:
		err = booking.ErrCancelled
	case a.State != booking.Booked:
		err = booking.ErrNotConfirmed
	default:
		err = booking.Policy{Hours: a.PolicyHours, Zone: in.group.Zone()}.Check(a, in.now)
	}
	return a, err
}

// offered finds an appointment that may be moved to a time. Errors: those of movable, ErrNotOffered.
func (s *Service) offered(ctx context.Context, in inside, id booking.ID, c Choice) (booking.Appointment, error) {
	a, err := s.movable(ctx, in, id)
	if err == nil && c.Type != a.Type {
		err = ErrNotOffered
	}
	if err == nil {
		_, err = s.chosen(ctx, in, c)
	}
	return a, err
}

// HoldMove holds a time for an appointment that the patient may move to it, and gives the hold. A patient has one such
// hold at most: another one ends. Errors: those of link.Visited, ErrNotOffered, booking.ErrNotFound,
// booking.ErrTooLate, booking.ErrCancelled, and booking.ErrSlotTaken and the others of booking.Reserve.
func (s *Service) HoldMove(ctx context.Context, v Visit, id booking.ID, c Choice) (Seen, error) {
	return s.act(ctx, v, id, func(ctx context.Context, in inside) (booking.Appointment, error) {
		a, err := s.offered(ctx, in, id, c)
		if err != nil {
			return a, err
		}
		ask := booking.Request{Type: c.Type, Location: c.Location, Practitioner: c.Practitioner, Start: c.Start,
			Length: a.Length(), Patient: in.patient, Admit: s.admitMove(in)}
		var held booking.Appointment
		for range tries {
			held, err = s.holdMove(ctx, in, c, ask)
			if !errors.Is(err, errHeld) && !errors.Is(err, booking.ErrSlotTaken) {
				break
			}
		}
		return held, err
	})
}

func (s *Service) holdMove(
	ctx context.Context, in inside, c Choice, ask booking.Request,
) (booking.Appointment, error) {
	others, err := s.Store.Moving(ctx, in.group.ID, in.patient, in.now)
	if err != nil {
		return booking.Appointment{}, err
	}
	for _, o := range others {
		if c.is(o) {
			return s.Booking.Read(ctx, o.ID)
		}
	}
	// What is held already is given up only for a time that can be had.
	if len(others) > 0 {
		free, err := s.Booking.Available(ctx, ask)
		if err == nil && !free {
			err = booking.ErrSlotTaken
		}
		if err != nil {
			return booking.Appointment{}, err
		}
	}
	for _, o := range others {
		if _, err := s.Booking.Cancel(ctx, o.ID, booking.Cancellation{HoldOnly: true}); err != nil {
			return booking.Appointment{}, err
		}
	}
	return s.Booking.Reserve(ctx, ask)
}

// admitMove judges in the transaction that nothing else is held for the patient to move to.
func (s *Service) admitMove(in inside) func(context.Context, booking.Tx, booking.Appointment, time.Time) error {
	return func(ctx context.Context, within booking.Tx, a booking.Appointment, now time.Time) error {
		others, err := s.Store.In(within).Moving(ctx, in.group.ID, a.Patient, now)
		if err == nil && len(others) > 0 {
			err = errHeld
		}
		return err
	}
}

// HeldMove finds the time that is held for an appointment the patient is moving. Errors: those of link.Visited,
// booking.ErrNotFound, booking.ErrHoldExpired.
func (s *Service) HeldMove(ctx context.Context, v Visit, hold booking.ID) (Seen, error) {
	ctx, in, err := s.enter(ctx, v)
	if err != nil {
		return Seen{Group: in.group}, err
	}
	a, err := s.Booking.Read(ctx, hold)
	switch {
	case err != nil:
	case a.Patient != in.patient || a.Link != 0 || a.Source != access.Page:
		a, err = booking.Appointment{}, booking.ErrNotFound
	case a.State != booking.Reserved:
		err = booking.ErrHoldExpired
	}
	return in.seen(a), err
}

// Move gives an appointment another time, by the practice's policy; hold is what holds that, and 0 is nothing. Errors:
// those of link.Visited, ErrNotOffered, booking.ErrNotFound, booking.ErrTooLate, booking.ErrSlotTaken,
// booking.ErrNoSession, booking.ErrCancelled.
func (s *Service) Move(ctx context.Context, v Visit, id booking.ID, c Choice, hold booking.ID) (Seen, error) {
	return s.act(ctx, v, id, func(ctx context.Context, in inside) (booking.Appointment, error) {
		a, err := s.offered(ctx, in, id, c)
		if err != nil {
			return a, err
		}
		if hold != 0 {
			held, err := s.Booking.Read(ctx, hold)
			if err != nil || held.Link != 0 || held.Source != access.Page {
				return a, errors.Join(err, booking.ErrNotFound)
			}
		}
		end := c.Start.Add(a.Length())
		return s.Booking.Change(ctx, id, booking.Change{State: booking.Booked, Practitioner: &c.Practitioner,
			Location: &c.Location, Start: &c.Start, End: &end, InSession: true, Hold: hold})
	})
}
