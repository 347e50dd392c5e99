package booking

import (
	"context"
	"errors"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Request asks for a time.
type Request struct {
	Type         diary.TypeID
	Location     practice.LocationID
	Practitioner practice.PractitionerID
	// Start is a whole minute; zero means the caller left it out.
	Start time.Time
	// Minutes is how long the appointment lasts, a whole number.
	Minutes   float64
	Patient   patient.ID
	Billpayer patient.ID
	Reason    string
	// SuppressMail keeps the patient from being written to about it.
	SuppressMail bool
	// Override takes the time whether a session offers it or not. It never
	// takes a time that is held or booked.
	Override bool
	// Source is the door the request came through.
	Source string
}

// times checks the start and the length, and gives start and end.
func (r Request) times() (start, end time.Time, err error) {
	var in input.Checks
	if r.Start.IsZero() {
		in.Wrong("start", input.CodeType, "an instant, such as 2026-03-15T09:30:00Z", "An appointment needs a time to start.")
	} else if r.Start.Year() < 2000 || r.Start.Year() > 2198 {
		in.Wrong("start", input.CodeDate, "an instant from the year 2000 to 2198", "This time is too far away.")
	} else if r.Start.Truncate(time.Minute) != r.Start {
		in.Wrong("start", input.CodeDate, "an instant on a whole minute", "Appointments start on a whole minute.")
	}
	minutes := int(min(max(r.Minutes, -1), float64(maxMinutes)+1))
	if float64(minutes) != r.Minutes && minutes > 0 && minutes <= maxMinutes {
		in.Wrong("length", input.CodeType, "a whole number of minutes",
			"Appointments last whole minutes: "+strconv.FormatFloat(r.Minutes, 'g', -1, 64)+" was sent.")
	} else {
		in.Between("length", minutes, 1, maxMinutes)
	}
	return r.Start.UTC(), r.Start.UTC().Add(time.Duration(minutes) * time.Minute), in.Err()
}

// maxMinutes is the longest appointment.
const maxMinutes = int(diary.MaxLength / time.Minute)

// maxReason is the longest reason for coming, in characters.
const maxReason = 2000

// offer is the group, the type and the place of a request.
type offer struct {
	group practice.Group
	kind  diary.Type
	place practice.Location
}

// terms reads what a request is about.
func terms(ctx context.Context, r Reader, group practice.ID, kind diary.TypeID, at practice.LocationID) (offer, error) {
	var o offer
	var err error
	if o.group, err = r.Group(ctx, group); err != nil {
		return o, err
	}
	if o.kind, err = r.AppointmentType(ctx, group, kind); err != nil {
		return o, err
	}
	o.place, err = r.Location(ctx, group, at)
	return o, err
}

// Reserve holds a time until Hold has passed. It is free again then, whether or
// not anything has cleared it away. Errors: field faults; not found for a type,
// place, practitioner or patient the group lacks; ErrSlotTaken and ErrNoSession
// as a NotFree with the nearest free slots; ErrElsewhere.
func (s *Service) Reserve(ctx context.Context, r Request) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	start, end, err := r.times()
	if err != nil {
		return Appointment{}, err
	}
	var in input.Checks
	r.Reason = in.Lines("reason", r.Reason, maxReason)
	if err := in.Err(); err != nil {
		return Appointment{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	a := Appointment{
		ID: ID(s.NewID()), State: Reserved, Patient: r.Patient, Billpayer: r.Billpayer,
		Practitioner: r.Practitioner, Location: r.Location, Type: r.Type, Start: start, End: end,
		ReservedUntil: now.Add(s.Hold), Reason: r.Reason, SuppressMail: r.SuppressMail, Override: r.Override,
		Source: r.Source, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.offered(ctx, s.Store, who.Group, &a); err != nil {
		return Appointment{}, s.orNearest(ctx, who, a, err)
	}
	err = s.do(ctx, func(tx Tx) error {
		if err := s.begin(ctx, tx, who, &a, now); err != nil {
			return err
		}
		if err := tell(ctx, tx, who, now, "appointment.reserve", event.AppointmentReserved, nil, a, ""); err != nil {
			return err
		}
		return tx.Enqueue(ctx, ReleaseJob(who.Group, a.ReservedUntil))
	})
	return a, s.orNearest(ctx, who, a, err)
}

// offered makes sure that what the appointment names exists, and that a session
// offers its time, unless it overrides that. It needs no lock: when a session
// ends while this looks, the appointment came first.
func (s *Service) offered(ctx context.Context, r Reader, group practice.ID, a *Appointment) error {
	o, err := terms(ctx, r, group, a.Type, a.Location)
	if err != nil {
		return err
	}
	return s.fits(ctx, r, o, a)
}

// fits is offered for whoever has read the terms.
func (s *Service) fits(ctx context.Context, r Reader, o offer, a *Appointment) error {
	a.Modes = o.kind.Modes
	pays := func(id patient.ID) (patient.ID, error) {
		p, err := patient.Current(ctx, r, o.group.ID, id)
		return p.ID, err
	}
	comes := func(id patient.ID) (patient.ID, error) {
		p, err := patient.Current(ctx, r, o.group.ID, id)
		if err == nil && p.Dead() {
			err = patient.ErrDeceased
		}
		return p.ID, err
	}
	if err := people(a, comes, pays); err != nil || a.Override {
		return err
	}
	yes, err := s.Diary.Offered(ctx, r, o.group, a.ask(o.kind))
	if err == nil && !yes {
		err = ErrNoSession
	}
	return err
}

// ask is the appointment as a question to the diary.
func (a Appointment) ask(kind diary.Type) diary.Ask {
	return diary.Ask{Practitioner: a.Practitioner, Location: a.Location, Type: kind, Start: a.Start, End: a.End}
}

// Available reports whether a time could be reserved now. Errors: field faults,
// and not found for a place, practitioner or type the group lacks.
func (s *Service) Available(ctx context.Context, r Request) (bool, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return false, err
	}
	start, end, err := r.times()
	if err != nil {
		return false, err
	}
	o, err := terms(ctx, s.Store, who.Group, r.Type, r.Location)
	if err != nil {
		return false, err
	}
	ask := Appointment{Practitioner: r.Practitioner, Location: r.Location, Start: start, End: end}.ask(o.kind)
	if yes, err := s.Diary.Offered(ctx, s.Store, o.group, ask); err != nil || !yes {
		return false, err
	}
	return s.Diary.Free(ctx, o.group, ask)
}

// finder finds the patient an id stands for: of one that has been merged into
// another, that other.
type finder func(patient.ID) (patient.ID, error)

// people finds the patients an appointment names.
func people(a *Appointment, comes, pays finder) error {
	for _, p := range []struct {
		id    *patient.ID
		field string
		find  finder
	}{{&a.Patient, "patient", comes}, {&a.Billpayer, "billpayer", pays}} {
		if *p.id == 0 {
			continue
		}
		id, err := p.find(*p.id)
		if err != nil {
			return patient.Misnamed(err, p.field)
		}
		*p.id = id
	}
	return nil
}

// locked is people, who are kept from being merged away before the transaction is
// over. Of two who book for one patient, one waits for the other.
func locked(ctx context.Context, tx Tx, group practice.ID, a *Appointment) error {
	return people(a,
		func(id patient.ID) (patient.ID, error) { return tx.TakePatient(ctx, group, id) },
		func(id patient.ID) (patient.ID, error) { return tx.HoldPatient(ctx, group, id) })
}

// begin keeps a new appointment in a time nobody else has. Locking the diary comes
// first, so that of two who ask one sees the other's.
func (s *Service) begin(ctx context.Context, tx Tx, who access.Caller, a *Appointment, now time.Time) error {
	if err := tx.LockDiary(ctx, who.Group, a.Practitioner); err != nil {
		return err
	}
	if err := locked(ctx, tx, who.Group, a); err != nil {
		return err
	}
	if err := claim(ctx, tx, who.Group, *a, now); err != nil {
		return err
	}
	if err := s.beside(ctx, tx, who, a, now); err != nil {
		return err
	}
	if err := tx.AddAppointment(ctx, who.Group, *a); err != nil {
		return err
	}
	return tx.Occupy(ctx, who.Group, *a)
}

// claim makes sure nobody else has any of the appointment's time. Lapsed holds
// in the way are released. The caller has locked the diary.
func claim(ctx context.Context, tx Tx, group practice.ID, a Appointment, now time.Time) error {
	occupied, err := tx.Occupied(ctx, group, a.Practitioner, a.Start, a.End)
	if err != nil {
		return err
	}
	for _, o := range occupied {
		switch {
		case o.Appointment == a.ID:
		case !o.lapsed(now):
			return ErrSlotTaken
		default:
			held, err := tx.Appointment(ctx, group, o.Appointment)
			if err != nil {
				return err
			}
			if _, err := release(ctx, tx, access.System(group), held, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// orNearest gives a conflict over a time the nearest times that are free.
func (s *Service) orNearest(ctx context.Context, who access.Caller, a Appointment, err error) error {
	if !errors.Is(err, ErrSlotTaken) && !errors.Is(err, ErrNoSession) && !errors.Is(err, ErrHoldExpired) {
		return err
	}
	free, nearErr := s.Diary.Nearest(ctx, who.Group, a.Practitioner, a.Type, a.Start)
	if nearErr != nil {
		return nearErr
	}
	return &NotFree{Fault: fault.Of(err), Nearest: free}
}
