package waiting

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// settleDue ends the offers whose time to answer is over.
func (s *Service) settleDue(ctx context.Context, group practice.ID, now time.Time) error {
	for {
		due, err := s.Queue.DueOffers(ctx, group, now, roundChunk)
		if err != nil {
			return err
		}
		for _, o := range due {
			if err := s.settle(ctx, group, o.ID, now); err != nil {
				return err
			}
		}
		if len(due) < roundChunk {
			return nil
		}
	}
}

// settleThere ends the offers of a stretch that became free whose holds are no more: the practice ended them.
func (s *Service) settleThere(ctx context.Context, group practice.ID, f booking.Freed) error {
	made, err := s.Queue.OffersOf(ctx, group, f.Practitioner, f.From, f.To)
	if err != nil {
		return err
	}
	for _, o := range made {
		if o.Verdict == Held {
			if err := s.settle(ctx, group, o.ID, s.now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Confirmed settles the offer of a time that was confirmed because it has been paid for. Again is once.
func (s *Service) Confirmed(ctx context.Context, a booking.Appointment) error {
	if a.Source != Source {
		return nil
	}
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	return s.settleThere(ctx, who.Group, booking.Freed{Practitioner: a.Practitioner, From: a.Start, To: a.Start})
}

// settle ends an offer that does not stand any more, by the state of its hold.
func (s *Service) settle(ctx context.Context, group practice.ID, id OfferID, now time.Time) error {
	return s.Store.Do(ctx, func(tx Tx) error {
		o, err := tx.Offer(ctx, group, id)
		if err != nil {
			return err
		}
		before, err := tx.LockEntry(ctx, group, o.Entry)
		if err != nil {
			return err
		}
		if o, err = tx.Offer(ctx, group, id); err != nil || o.Verdict != Held {
			return err
		}
		held, err := tx.Appointment(ctx, group, o.Hold)
		if err == nil && o.stands(held, now) && o.Until.Before(held.ReservedUntil) {
			o.Until = held.ReservedUntil // it is held until the patient has paid
			return tx.SaveOffer(ctx, group, o)
		}
		if err != nil || o.stands(held, now) {
			return err
		}
		e := before
		o.Verdict = Withdrawn
		switch {
		case held.State == booking.Booked:
			o.Verdict = Accepted // a member of staff confirmed it for the patient
			e.State, e.Appointment = Booked, held.ID
		case held.State == booking.Released, held.Lapsed(now):
			o.Verdict = Expired
			fallthrough
		default:
			if e.State == Offered {
				e.State = Waiting
			}
		}
		return save(ctx, tx, access.System(group), now, before, e, o, held.ID)
	})
}

// Tidy takes entries off whose last day has passed, and forgets free time that is over, of the caller's practice group.
func (s *Service) Tidy(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil || !g.Waited {
		return err
	}
	now := s.now()
	if err := s.Queue.DropFree(ctx, g.ID, now); err != nil {
		return err
	}
	for {
		ids, err := s.Queue.Outdated(ctx, g.ID, input.DateOf(now.In(g.Zone())), roundChunk)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			err := s.Store.Do(ctx, func(tx Tx) error {
				e, err := tx.LockEntry(ctx, g.ID, id)
				if err != nil || e.State != Waiting {
					return err
				}
				return takeOff(ctx, tx, who, e, becauseOver, now)
			})
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
	}
}
