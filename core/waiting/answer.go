package waiting

import (
	"context"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/link"
	"frontdesk/core/selfbooking"
)

// Accept gives a patient the time that was offered: as a new appointment, or in place of the one it replaces, whose
// time is free in the same moment. Accepting twice is accepting once. Errors: those of link.Visited, ErrOfferOver,
// booking.ErrElsewhere, booking.ErrTooLate.
func (s *Service) Accept(ctx context.Context, v selfbooking.Visit) (Seen, error) {
	ctx, seen, err := s.enter(ctx, v)
	if err != nil || seen.Offer.Verdict == Accepted {
		return seen, err
	}
	if !seen.Stands() {
		return seen, ErrOfferOver
	}
	err = s.accept(ctx, seen)
	if err != nil {
		for _, late := range []error{booking.ErrHoldExpired, booking.ErrCancelled, booking.ErrSlotTaken} {
			if errors.Is(err, late) {
				err = ErrOfferOver
			}
		}
	}
	// Of two who press at once one finds it done.
	_, after, again := s.enter(ctx, v)
	if again != nil || after.Offer.Verdict == Accepted {
		return after, again
	}
	return after, err
}

func (s *Service) accept(ctx context.Context, seen Seen) error {
	o, held := seen.Offer, seen.Held
	then := func(ctx context.Context, within booking.Tx, a booking.Appointment) error {
		return s.accepted(ctx, within, o, a)
	}
	if old := seen.Replaced; old != nil && old.State == booking.Booked {
		_, err := s.Booking.Change(ctx, old.ID, booking.Change{State: booking.Booked, Practitioner: &held.Practitioner,
			Location: &held.Location, Start: &held.Start, End: &held.End, Hold: held.ID, MustHold: true, Link: int64(o.Link),
			Then: then})
		if !errors.Is(err, booking.ErrCancelled) {
			return err
		}
	}
	_, err := s.Booking.Confirm(ctx, held.ID, booking.Confirmation{Link: int64(o.Link), Then: then})
	return err
}

// accepted keeps that an offer was accepted, in the transaction that gives its patient the time.
func (s *Service) accepted(ctx context.Context, within booking.Tx, o Offer, a booking.Appointment) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	tx := s.Store.In(within)
	before, err := tx.LockEntry(ctx, who.Group, o.Entry)
	if err != nil {
		return err
	}
	if o, err = tx.Offer(ctx, who.Group, o.ID); err != nil {
		return err
	}
	if o.Verdict != Held || before.Offer != o.ID {
		return ErrOfferOver
	}
	e := before
	o.Verdict, e.State, e.Appointment = Accepted, Booked, a.ID
	return save(ctx, tx, who, s.now(), before, e, o, a.ID)
}

// Decline turns an offer down, and takes the patient off the list where leave says so. Declining twice is declining
// once. Errors: those of link.Visited.
func (s *Service) Decline(ctx context.Context, v selfbooking.Visit, leave bool) (Seen, error) {
	ctx, seen, err := s.enter(ctx, v)
	if err != nil {
		return seen, err
	}
	if seen.Offer.Verdict == Held {
		if _, err = s.end(ctx, seen.Offer.ID, Declined, ""); err != nil {
			return seen, err
		}
	}
	if leave {
		if _, err := s.remove(ctx, seen.Entry.ID, becauseLeft); err != nil {
			return seen, err
		}
	}
	_, seen, err = s.enter(ctx, v)
	return seen, err
}

// end ends an offer and gives its time back; with a reason its entry is taken off the list. One that was accepted
// stays.
func (s *Service) end(ctx context.Context, id OfferID, as Verdict, reason string) (booking.Appointment, error) {
	who, err := access.Who(ctx)
	if err != nil {
		return booking.Appointment{}, err
	}
	o, err := s.Store.Offer(ctx, who.Group, id)
	if err != nil {
		return booking.Appointment{}, err
	}
	return s.Booking.Cancel(ctx, o.Hold, booking.Cancellation{HoldOnly: true,
		Then: func(ctx context.Context, within booking.Tx, a booking.Appointment) error {
			tx, now := s.Store.In(within), s.now()
			before, err := tx.LockEntry(ctx, who.Group, o.Entry)
			if err != nil {
				return err
			}
			if o, err = tx.Offer(ctx, who.Group, id); err != nil || o.Verdict != Held {
				return err
			}
			e := before
			switch {
			case a.State == booking.Booked:
				o.Verdict, e.State, e.Appointment = Accepted, Booked, a.ID
			case reason != "":
				o.Verdict = as
				e.end(reason, now)
			default:
				o.Verdict, e.State = as, Waiting
			}
			return save(ctx, tx, who, now, before, e, o, a.ID)
		}})
}

// Seen is an offer as its patient sees it.
type Seen struct {
	selfbooking.Guest
	Offer Offer
	Entry Entry
	// Held is the hold that has the time, or had it, and Replaced the appointment it would replace.
	Held     booking.Appointment
	Replaced *booking.Appointment
	// Got is what came of it, where the patient has taken it.
	Got *booking.Appointment
	// Manageable says that what came of it can be moved and cancelled by the same link.
	Manageable bool
	stands     bool
}

// Stands reports whether the time is still held for the patient.
func (s Seen) Stands() bool { return s.stands }

// See finds the offer a link leads to. Errors: those of link.Visited.
func (s *Service) See(ctx context.Context, v selfbooking.Visit) (Seen, error) {
	_, seen, err := s.enter(ctx, v)
	return seen, err
}

func (s *Service) enter(ctx context.Context, v selfbooking.Visit) (context.Context, Seen, error) {
	ctx, guest, err := s.Self.Enter(ctx, v)
	seen := Seen{Guest: guest}
	if err != nil {
		return ctx, seen, err
	}
	group := guest.Group.ID
	if seen.Offer, err = s.Store.OfferByLink(ctx, group, guest.Offer.ID); err != nil {
		if errors.Is(err, ErrNotFound) {
			err = link.ErrUnknown
		}
		return ctx, seen, err
	}
	if seen.Held, err = s.Booking.Read(ctx, seen.Offer.Hold); err != nil {
		return ctx, seen, err
	}
	if seen.stands = seen.Offer.stands(seen.Held, s.now()); !seen.stands {
		// What ended the hold, between the two that were read, may be that it was taken.
		if seen.Offer, err = s.Store.Offer(ctx, group, seen.Offer.ID); err != nil {
			return ctx, seen, err
		}
	}
	if seen.Entry, err = s.Store.Entry(ctx, group, seen.Offer.Entry); err != nil {
		return ctx, seen, err
	}
	if id := seen.Offer.Replaces; id != 0 {
		old, err := s.Booking.Read(ctx, id)
		if err != nil {
			return ctx, seen, err
		}
		seen.Replaced = &old
	}
	if seen.Offer.Verdict == Accepted && seen.Entry.Appointment != 0 {
		got, err := s.Booking.Read(ctx, seen.Entry.Appointment)
		if err != nil {
			return ctx, seen, err
		}
		seen.Got, seen.Manageable = &got, got.Link == int64(guest.Offer.ID)
	}
	return ctx, seen, nil
}
