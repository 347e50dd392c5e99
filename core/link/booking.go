package link

import (
	"context"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"github.com/google/uuid"
)

// Booking leads to free times, of which the patient books one. How often it was used is how many appointments it has
// made that were confirmed.
const Booking Kind = "booking"

// Offer leads to a time that is held for a patient on the waiting list, who takes it or not.
const Offer Kind = "offer"

// Held is a booking link by which a time is held now.
const Held Status = "held"

// Made is what a booking link has made of appointments, counted where it is read.
type Made struct {
	// Bookings is how many were confirmed; those cancelled since too.
	Bookings int `json:"-"`
	// HeldUntil is the end of the last hold, and ComesUntil the start of the last confirmed appointment.
	HeldUntil, ComesUntil time.Time `json:"-"`
}

// Used is how often a link was used.
func (l Link) Used() int { return l.Uses + l.Bookings }

// comes reports whether the patient still has an appointment that the link made: it can be managed by the link.
func (l Link) comes(now time.Time) bool { return l.Kind == Booking && now.Before(l.ComesUntil) }

// Bookable is why nothing can be booked by the link; nil is that a time can be held. Errors: ErrWithdrawn, ErrLocked,
// ErrUsed, ErrExpired. By the links of an appointment and of an offer there is never another.
func (l Link) Bookable(now time.Time) error {
	if err := ends[l.StatusAt(now)]; err != nil || l.Kind == Booking {
		return err
	}
	return ErrUsed
}

// New is a link that is not kept yet. in collects what is wrong with its end and its uses. Error: seal.ErrNoKey.
func (s *Service) New(
	in *input.Checks, g practice.Group, kind Kind, of patient.ID, expires *input.Bound, maxUses *int, now time.Time,
) (Link, error) {
	l := Link{ID: ID(s.NewID()), Group: g.ID, Kind: kind, UUID: uuid.NewString(), Patient: of, MaxUses: maxUses,
		ExpiresAt: expiry(in, expires, now, g.Zone()), CreatedAt: now, UpdatedAt: now}
	l.limit(in, maxUses)
	return l, s.renew(&l)
}

// Extend gives a link another end and another number of uses; nil leaves either as it is.
func (l *Link) Extend(in *input.Checks, g practice.Group, expires *input.Bound, maxUses *int, now time.Time) {
	if expires != nil {
		l.ExpiresAt = expiry(in, expires, now, g.Zone())
	}
	if maxUses != nil {
		l.limit(in, maxUses)
	}
	l.UpdatedAt = now
}

func (l *Link) limit(in *input.Checks, maxUses *int) {
	if maxUses != nil {
		in.Between("max_uses", *maxUses, 1, manyUses)
	}
	l.MaxUses = maxUses
}

// Shown is a link with its address and its status.
func (s *Service) Shown(l Link) (Link, error) { return s.shown(l, nil) }

// Visited is the link of a visitor who proved who they are, and the practice it is of. A link that is used up or too
// old stays open until the end of a visit: what it has booked can be managed. The link's Patient is the visitor: of a
// link for anyone, the one who proved to be so in this visit. Errors: ErrUnknown, ErrWithdrawn, ErrLocked,
// ErrVisitOver.
func (s *Service) Visited(ctx context.Context, address, proof string) (practice.Group, Link, error) {
	p, l, err := s.look(ctx, address)
	if err != nil {
		return p.Group, l, err
	}
	if status := l.StatusAt(s.Now()); status == Withdrawn || status == Locked {
		return p.Group, l, ends[status]
	}
	v, err := s.visit(ctx, l, proof)
	l.Patient = v.of
	return p.Group, l, err
}
