package selfbooking

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/practice"
)

// Choice is a time that a visitor chose.
type Choice struct {
	Type         diary.TypeID
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Start        time.Time
}

// is reports whether an appointment has the chosen time.
func (c Choice) is(m Made) bool {
	return m.Type == c.Type && m.Practitioner == c.Practitioner && m.Location == c.Location && m.Start.Equal(c.Start)
}

// tries is how often a time is held again when another was held for the patient at the same moment.
const tries = 5

// Hold holds a time for the patient, who has one hold at most: another one ends. A time the patient has already, held
// or confirmed, is given as it is. Errors: those of link.Visited and link.Bookable, ErrNotOffered, ErrEnough, and
// booking.ErrSlotTaken and the others of booking.Reserve.
func (s *Service) Hold(ctx context.Context, v Visit, c Choice) (Seen, error) {
	ctx, in, err := s.enter(ctx, v)
	if err != nil {
		return Seen{Group: in.group}, err
	}
	kind, err := s.chosen(ctx, in, c)
	if err != nil {
		return Seen{Group: in.group}, err
	}
	var a booking.Appointment
	for range tries {
		if a, err = s.hold(ctx, in, kind, c); !errors.Is(err, errHeld) && !errors.Is(err, booking.ErrSlotTaken) {
			break
		}
	}
	return in.seen(a), err
}

// chosen makes sure that the link offers a time. Error: ErrNotOffered.
func (s *Service) chosen(ctx context.Context, in inside, c Choice) (diary.Type, error) {
	first, last := in.offer.days(in.group, in.now)
	on := input.DateOf(c.Start.In(in.group.Zone()))
	if !in.offer.offers(c, on) || on < first || on > last {
		return diary.Type{}, ErrNotOffered
	}
	return s.kind(ctx, in, c.Type)
}

func (s *Service) hold(ctx context.Context, in inside, kind diary.Type, c Choice) (booking.Appointment, error) {
	made, err := s.Store.Made(ctx, in.group.ID, in.patient, in.now)
	if err != nil {
		return booking.Appointment{}, err
	}
	var other []booking.ID
	for _, m := range made {
		switch {
		case !m.live(in.now):
		case c.is(m) && m.Link == in.offer.ID:
			return s.Booking.Read(ctx, m.ID)
		case m.holds(in.now):
			other = append(other, m.ID)
		}
	}
	if err := in.offer.Bookable(in.now); err != nil {
		return booking.Appointment{}, err
	}
	ask := booking.Request{Type: c.Type, Location: c.Location, Practitioner: c.Practitioner, Start: c.Start,
		Length: kind.Length(), Patient: in.patient, Link: int64(in.offer.ID), Admit: s.admit(in), Then: s.gather(in)}
	// What is held already is given up only for a time that can be had.
	if len(other) > 0 {
		free, err := s.Booking.Available(ctx, ask)
		if err == nil && !free {
			err = booking.ErrSlotTaken
		}
		if err != nil {
			return booking.Appointment{}, err
		}
	}
	for _, id := range other {
		if _, err := s.Booking.Cancel(ctx, id, booking.Cancellation{HoldOnly: true}); err != nil {
			return booking.Appointment{}, err
		}
	}
	return s.Booking.Reserve(ctx, ask)
}

// gather puts what is booked by a link into the episode of the message that carried the link.
func (s *Service) gather(in inside) func(context.Context, booking.Tx, booking.Appointment) error {
	return func(ctx context.Context, tx booking.Tx, a booking.Appointment) error {
		i := episode.Item{Thing: episode.Thing{Kind: episode.Appointment, ID: int64(a.ID)}, At: a.CreatedAt}
		return episode.Follow(ctx, s.Store.In(tx).Episodes(), access.Visitor(ctx, in.group.ID, "patient"), a.CreatedAt,
			a.Patient, i, episode.Thing{Kind: episode.Link, ID: int64(in.offer.ID)})
	}
}

// admit judges in the transaction whether the link and its patient may have one more time: of many who ask at once one
// sees what the other has.
func (s *Service) admit(in inside) func(context.Context, booking.Tx, booking.Appointment, time.Time) error {
	return func(ctx context.Context, within booking.Tx, a booking.Appointment, now time.Time) error {
		tx := s.Store.In(within)
		o, err := tx.LockOffer(ctx, in.group.ID, in.offer.ID)
		if err != nil {
			return err
		}
		if o.Version != in.offer.Version {
			return link.ErrUnknown
		}
		if err := o.Bookable(now); err != nil {
			return err
		}
		made, err := tx.Made(ctx, in.group.ID, a.Patient, now)
		if err != nil {
			return err
		}
		same := 0
		for _, m := range made {
			if m.holds(now) {
				return errHeld
			}
			if m.State == booking.Booked && m.Type == a.Type {
				same++
			}
		}
		if same >= mostToCome {
			return ErrEnough
		}
		return room(ctx, tx, o, now)
	}
}

// room makes sure that what other visitors hold by the link leaves a use of it. Error: link.ErrUsed.
func room(ctx context.Context, tx Tx, o Offer, now time.Time) error {
	if o.MaxUses == nil || !now.Before(o.HeldUntil) {
		return nil
	}
	held, err := tx.Holding(ctx, o.Group, o.ID, now)
	if err == nil && o.Used()+held >= *o.MaxUses {
		err = link.ErrUsed
	}
	return err
}

// Confirm confirms what is held. Confirming twice is confirming once. Errors: those of link.Visited,
// booking.ErrNotFound, booking.ErrHoldExpired, booking.ErrCancelled, booking.ErrElsewhere.
func (s *Service) Confirm(ctx context.Context, v Visit, id booking.ID) (Seen, error) {
	return s.act(ctx, v, id, func(ctx context.Context, _ inside) (booking.Appointment, error) {
		return s.Booking.Confirm(ctx, id, booking.Confirmation{})
	})
}

// Cancel gives an appointment back, by the practice's policy. Errors: those of link.Visited, booking.ErrNotFound,
// booking.ErrTooLate.
func (s *Service) Cancel(ctx context.Context, v Visit, id booking.ID) (Seen, error) {
	return s.act(ctx, v, id, func(ctx context.Context, _ inside) (booking.Appointment, error) {
		return s.Booking.Cancel(ctx, id, booking.Cancellation{})
	})
}

// act does something to one of the patient's own appointments, and gives it as it is then.
func (s *Service) act(
	ctx context.Context, v Visit, id booking.ID, do func(context.Context, inside) (booking.Appointment, error),
) (Seen, error) {
	ctx, in, err := s.enter(ctx, v)
	if err != nil {
		return Seen{Group: in.group}, err
	}
	before, err := s.own(ctx, in, id)
	if err != nil {
		return in.seen(before), err
	}
	after, err := do(ctx, in)
	if err != nil {
		return in.seen(before), err
	}
	return in.seen(after), nil
}
