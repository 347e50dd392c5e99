package waiting

import (
	"context"
	"errors"
	"slices"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
)

// Wish is what a patient who joins by a booking link would have.
type Wish struct {
	Type         diary.TypeID
	Practitioner practice.PractitionerID // 0 is any the link offers
	Location     practice.LocationID     // 0 is any the link offers
	Part         selfbooking.Part
	Weekdays     []int
	From, To     input.Date
	// Sooner is the appointment to be given up for an earlier one; 0 is none.
	Sooner booking.ID
}

// Place is what a patient on a page finds of the list.
type Place struct {
	selfbooking.Guest
	Type diary.Type
	// Entry is the patient's on the list for the type; nil is that there is none.
	Entry *Entry
	// Sooner is the appointment to be given up, where there is one.
	Sooner *booking.Appointment
}

// LookIn finds what a patient may wait for, and whether they wait for it already: a type of appointment, or
// something sooner than an appointment. Errors: those of link.Visited, selfbooking.ErrNotOffered, booking.ErrNotFound.
func (s *Service) LookIn(ctx context.Context, v selfbooking.Visit, of diary.TypeID, sooner booking.ID) (Place, error) {
	_, p, err := s.lookIn(ctx, v, of, sooner)
	return p, err
}

func (s *Service) lookIn(
	ctx context.Context, v selfbooking.Visit, of diary.TypeID, sooner booking.ID,
) (context.Context, Place, error) {
	inside, guest, err := s.Self.Enter(ctx, v)
	p := Place{Guest: guest}
	if err != nil {
		return ctx, p, err
	}
	if sooner != 0 {
		a, err := s.Self.Appointment(ctx, v, sooner)
		if err != nil {
			return ctx, p, err
		}
		p.Sooner, of = &a.Appointment, a.Type
	} else if !slices.Contains(guest.Offer.Types, of) {
		return ctx, p, selfbooking.ErrNotOffered
	}
	if p.Type, err = s.Diary.Store.AppointmentType(ctx, guest.Group.ID, of); err != nil {
		return ctx, p, err
	}
	live, err := s.Store.LiveEntries(ctx, guest.Group.ID, guest.Patient)
	for _, e := range live {
		if e.Type == of {
			p.Entry = &e
		}
	}
	return inside, p, err
}

// Join puts the patient of a visit on the list. One who waits for the type already stays as they are. Errors: those of
// LookIn, Add.
func (s *Service) Join(ctx context.Context, v selfbooking.Visit, w Wish) (Place, error) {
	inside, p, err := s.lookIn(ctx, v, w.Type, w.Sooner)
	if err != nil || p.Entry != nil {
		return p, err
	}
	o := p.Offer
	c := Change{Locations: &o.Locations, Practitioners: &o.Practitioners, From: &w.From, To: &w.To, Part: &w.Part,
		Weekdays: &w.Weekdays, Replaces: &w.Sooner}
	if len(o.Practitioners) > mostNamed {
		c.Practitioners = nil
	}
	if len(o.Locations) > mostNamed {
		c.Locations = nil
	}
	if w.Practitioner != 0 {
		if len(o.Practitioners) > 0 && !slices.Contains(o.Practitioners, w.Practitioner) {
			return p, selfbooking.ErrNotOffered
		}
		c.Practitioners = &[]practice.PractitionerID{w.Practitioner}
	}
	if w.Location != 0 {
		if len(o.Locations) > 0 && !slices.Contains(o.Locations, w.Location) {
			return p, selfbooking.ErrNotOffered
		}
		c.Locations = &[]practice.LocationID{w.Location}
	}
	if o.From != input.NoDate {
		*c.From = max(w.From, o.From)
	}
	if o.To != input.NoDate && (w.To == input.NoDate || w.To > o.To) {
		*c.To = o.To
	}
	e, err := s.Add(inside, Joining{Patient: p.Patient, Type: p.Type.ID, Link: o.ID, Change: c})
	if errors.Is(err, ErrWaits) {
		return s.LookIn(ctx, v, w.Type, w.Sooner) // another window was quicker
	}
	if err == nil {
		p.Entry = &e
	}
	return p, err
}

// Leave takes the patient of a visit off the list for a type. Leaving twice is leaving once. Errors: those of LookIn.
func (s *Service) Leave(ctx context.Context, v selfbooking.Visit, of diary.TypeID, sooner booking.ID) (Place, error) {
	inside, p, err := s.lookIn(ctx, v, of, sooner)
	if err != nil || p.Entry == nil {
		return p, err
	}
	_, err = s.remove(inside, p.Entry.ID, becauseLeft)
	p.Entry = nil
	return p, err
}
