package selfbooking

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/calendar"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Visit is a visitor who proved who they are, by the address of a link and the proof of it.
type Visit struct{ Address, Proof string }

// guest is what a visitor may do: see free times, and book.
var guest = []access.Permission{access.SeeAvailability, access.SeeBookings, access.EditBookings}

// inside is a visit under way.
type inside struct {
	group   practice.Group
	offer   Offer
	patient patient.ID
	// only is the one appointment that the link of an appointment is for; 0 of a booking link.
	only booking.ID
	now  time.Time
}

// enter checks a visit, and gives a context in which the visitor is the caller. Errors: those of link.Visited.
func (s *Service) enter(ctx context.Context, v Visit) (context.Context, inside, error) {
	in := inside{now: s.Now().Truncate(time.Microsecond)}
	face, l, err := s.Link.Visited(ctx, v.Address, v.Proof)
	if err == nil && l.Kind != link.Booking && l.Kind != link.Appointment && l.Kind != link.Offer {
		err = link.ErrUnknown
	}
	if in.group = face; err != nil {
		return ctx, in, err
	}
	if in.group, err = s.Store.Group(ctx, face.ID); err != nil {
		return ctx, in, err
	}
	p, err := patient.Current(ctx, s.Store, face.ID, l.Patient)
	if err != nil {
		return ctx, in, err
	}
	in.patient = p.ID
	who := access.Visitor(ctx, face.ID, "patient")
	who.Permissions, who.Door = guest, access.Page
	ctx = access.With(ctx, who)
	if in.only = booking.ID(l.Appointment); in.only == 0 {
		in.offer, err = s.offerOf(ctx, l, p.ID, in.now)
		return ctx, in, err
	}
	return ctx, in, s.narrow(ctx, &in, l)
}

// narrow has a visit by the link of an appointment be for that alone: its type can be had at another time, anywhere and
// with anyone. An appointment that is another patient's by now is as good as withdrawn.
func (s *Service) narrow(ctx context.Context, in *inside, l link.Link) error {
	in.offer = Offer{Link: l, From: input.NoDate, To: input.NoDate}
	a, err := s.Booking.Read(ctx, in.only)
	if err == nil && a.Patient != in.patient {
		err = link.ErrWithdrawn
	}
	in.offer.Types = []diary.TypeID{a.Type}
	return err
}

// offerOf is what a link offers. By one that offered a time of the waiting list, what was taken can be moved.
func (s *Service) offerOf(ctx context.Context, l link.Link, of patient.ID, now time.Time) (Offer, error) {
	if l.Kind == link.Booking {
		return s.Store.Offer(ctx, l.Group, l.ID)
	}
	o := Offer{Link: l, From: input.NoDate, To: input.NoDate}
	made, err := s.Store.Made(ctx, l.Group, of, now)
	for _, m := range made {
		if m.Link == l.ID {
			o.Types = append(o.Types, m.Type)
		}
	}
	return o, err
}

// Guest is a visitor of a booking link who gave the date of birth.
type Guest struct {
	Group   practice.Group
	Offer   Offer
	Patient patient.ID
}

// Enter checks a visit, and gives a context in which the visitor is the caller, with no more permissions than one who
// books. Errors: those of link.Visited.
func (s *Service) Enter(ctx context.Context, v Visit) (context.Context, Guest, error) {
	ctx, in, err := s.enter(ctx, v)
	return ctx, Guest{in.group, in.offer, in.patient}, err
}

// Home is what a visitor finds first.
type Home struct {
	Group practice.Group
	// Types can be booked. Held is what is held for the patient by this link, and ToCome what was booked by it, or the
	// one appointment that it is for.
	Types  []diary.Type
	Held   *booking.Appointment
	ToCome []booking.Appointment
	// Shut is why nothing more can be booked; nil is that it can.
	Shut error
}

// Open is what a visitor finds first. Errors: those of link.Visited.
func (s *Service) Open(ctx context.Context, v Visit) (Home, error) {
	ctx, in, err := s.enter(ctx, v)
	h := Home{Group: in.group}
	if err != nil {
		return h, err
	}
	h.Shut = in.offer.Bookable(in.now)
	if in.only != 0 {
		a, err := s.Booking.Read(ctx, in.only)
		h.ToCome = []booking.Appointment{a}
		return h, err
	}
	if h.Types, err = s.types(ctx, in); err != nil {
		return h, err
	}
	made, err := s.Store.Made(ctx, in.group.ID, in.patient, in.now)
	if err != nil {
		return h, err
	}
	var ids []booking.ID
	for _, m := range made {
		if m.live(in.now) && m.Link == in.offer.ID {
			ids = append(ids, m.ID)
		}
	}
	all, err := s.Booking.ReadMany(ctx, ids)
	for _, id := range ids {
		switch a := all[id]; a.State {
		case booking.Booked:
			h.ToCome = append(h.ToCome, a)
		case booking.Reserved:
			h.Held = &a
		}
	}
	return h, err
}

// types are the types of appointment that the link offers and that are offered at all, by name.
func (s *Service) types(ctx context.Context, in inside) ([]diary.Type, error) {
	all, err := s.Diary.Store.AppointmentTypes(ctx, in.group.ID, false)
	return slices.DeleteFunc(all, func(t diary.Type) bool { return !slices.Contains(in.offer.Types, t.ID) }), err
}

// kind finds one of them. Error: ErrNotOffered.
func (s *Service) kind(ctx context.Context, in inside, id diary.TypeID) (diary.Type, error) {
	all, err := s.types(ctx, in)
	if err != nil {
		return diary.Type{}, err
	}
	if at := slices.IndexFunc(all, func(t diary.Type) bool { return t.ID == id }); at >= 0 {
		return all[at], nil
	}
	return diary.Type{}, ErrNotOffered
}

// Seen is an appointment of the patient, as they see it.
type Seen struct {
	Group practice.Group
	booking.Appointment
	// Closes is the last moment to cancel or move it.
	Closes time.Time
	// Form is the form that the patient fills in before it; 0 is none.
	Form int64
	// Again is whether another can be booked by the link.
	Again bool
	Now   time.Time
}

// Appointment finds one of the patient's appointments that the link made, in any state. Errors: those of link.Visited,
// booking.ErrNotFound.
func (s *Service) Appointment(ctx context.Context, v Visit, id booking.ID) (Seen, error) {
	ctx, in, err := s.enter(ctx, v)
	if err != nil {
		return Seen{Group: in.group}, err
	}
	a, err := s.own(ctx, in, id)
	out := in.seen(a)
	if err != nil || a.State != booking.Booked || !in.now.Before(a.Start) {
		return out, err
	}
	t, err := s.Diary.Store.AppointmentType(ctx, in.group.ID, a.Type)
	out.Form = t.Form
	return out, err
}

// Calendar is the appointment as a file for the patient's own calendar (RFC 5545). Its UID and sequence are those of
// the e-mails about it, so that what came first is changed by what comes later.
func (a Seen) Calendar() string {
	return calendar.Entry{
		Method: calendar.Publish, UID: calendar.UID(int64(a.Group.ID), int64(a.ID)), Sequence: a.Version,
		Start: a.Start, End: a.End, Stamp: a.Now, Zone: a.Group.Zone(), Title: "Appointment at " + a.Group.Name,
		Place: a.LocationName, Organiser: a.Group.Name, From: a.Group.Email,
	}.Text()
}

func (in inside) seen(a booking.Appointment) Seen {
	return Seen{Group: in.group, Appointment: a, Again: in.offer.Bookable(in.now) == nil, Now: in.now,
		Closes: booking.Policy{Hours: a.PolicyHours, Zone: in.group.Zone()}.Closes(a)}
}

// own finds an appointment, which must be one that the link made for the patient, or the one that it is for.
func (s *Service) own(ctx context.Context, in inside, id booking.ID) (booking.Appointment, error) {
	a, err := s.Booking.Read(ctx, id)
	mine := a.Link == int64(in.offer.ID)
	if in.only != 0 {
		mine = id == in.only
	}
	if err == nil && (!mine || a.Patient != in.patient) {
		return booking.Appointment{}, booking.ErrNotFound
	}
	return a, err
}
