package booking

import (
	"cmp"
	"context"
	"errors"
	"slices"
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
	// Start is a whole minute; zero means it was left out.
	Start time.Time
	// Length is how long the appointment lasts, in whole minutes.
	Length    time.Duration
	Patient   patient.ID
	Billpayer patient.ID
	Reason    string
	// SuppressMail sends the patient no message about it.
	SuppressMail bool
	Notices      []Notice
	// Override takes the time whether a session offers it or not. It never takes a time that is held or booked.
	Override bool
	// Pending and Comments are as in Appointment.
	Pending  bool
	Comments string
	// Link is the booking link a patient asks by. Admit says in the transaction whether the link and the patient may
	// have the time, when the diary and the patient are locked.
	Link  int64
	Admit func(ctx context.Context, tx Tx, a Appointment, now time.Time) error
	// Until is the end of a hold, where it is not as long as any; zero is that it is. Source is where it came from;
	// empty is the caller's door.
	Until  time.Time
	Source access.Door
	// Then is done in the transaction of a hold, when it is kept.
	Then func(ctx context.Context, tx Tx, a Appointment) error
}

// checkTimes checks a start and a length.
func checkTimes(in *input.Checks, start time.Time, length time.Duration) {
	switch {
	case start.IsZero():
		in.Wrong("start", input.CodeType, "an instant, such as 2026-03-15T09:30:00Z",
			"An appointment needs a time to start.")
	case start.Year() < 2000 || start.Year() > 2198:
		in.Wrong("start", input.CodeDate, "an instant from the year 2000 to 2198", "This time is too far away.")
	case start.Truncate(time.Minute) != start:
		in.Wrong("start", input.CodeDate, "an instant on a whole minute", "Appointments start on a whole minute.")
	}
	if length > 0 && length < diary.MaxLength && length%time.Minute != 0 {
		in.Wrong("length", input.CodeType, "a whole number of minutes",
			"Appointments last whole minutes: "+strconv.FormatFloat(length.Minutes(), 'g', -1, 64)+" was sent.")
		return
	}
	in.Between("length", int(length/time.Minute), 1, int(diary.MaxLength/time.Minute))
}

// maxReason is the longest reason for coming, and maxComments are the longest comments, in characters.
const (
	maxReason   = 2000
	maxComments = 10_000
)

// Reserve holds a time until Hold has passed. The time is free again then, whether or not the hold has been released.
// Errors: field faults; not found for a type, place, practitioner or patient the group lacks; ErrSlotTaken and
// ErrNoSession as a NotFree with the nearest free slots; ErrElsewhere.
func (s *Service) Reserve(ctx context.Context, r Request) (Appointment, error) {
	return s.create(ctx, r, Reserved)
}

// Book takes a time and confirms it at once. What must be paid first is held, and confirmed when it has been paid.
// Errors: as Reserve, and ErrNeedsPatient, ErrNotOffered, ErrUnpaid with the way to pay.
func (s *Service) Book(ctx context.Context, r Request) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	if r.Patient == 0 {
		return Appointment{}, ErrNeedsPatient
	}
	must, err := s.mustPay(ctx, who, r.Type, someCost)
	if err != nil {
		return Appointment{}, err
	}
	if !must {
		return s.create(ctx, r, Booked)
	}
	t, err := s.Diary.Terms(ctx, who.Group, r.Type, r.Location)
	if err == nil {
		err = s.provided(ctx, t)
	}
	if err != nil {
		return Appointment{}, err
	}
	a, err := s.create(ctx, r, Reserved)
	if errors.Is(err, ErrSlotTaken) && r.Admit == nil {
		known, findErr := s.heldBefore(ctx, who, r)
		if findErr != nil || known != 0 {
			a.ID, err = known, findErr
		}
	}
	if err != nil {
		return a, err
	}
	return s.Confirm(ctx, a.ID, Confirmation{})
}

// heldBefore finds the hold that was left when the same was asked for before and had to be paid; 0 is none.
func (s *Service) heldBefore(ctx context.Context, who access.Caller, r Request) (id ID, err error) {
	comes, err := patient.Current(ctx, s.Store, who.Group, r.Patient)
	if err != nil {
		return 0, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		all, err := tx.Occupied(ctx, who.Group, r.Practitioner, r.Start, r.Start.Add(r.Length))
		if err != nil || len(all) != 1 {
			return err
		}
		a, err := tx.Appointment(ctx, who.Group, all[0].Appointment)
		if err == nil && a.State == Reserved && !a.Lapsed(s.Now()) && a.Patient == comes.ID && a.Type == r.Type &&
			a.Location == r.Location && a.Start.Equal(r.Start) && a.Length() == r.Length &&
			a.Source == cmp.Or(r.Source, who.Door) {
			id = a.ID
		}
		return err
	})
	return id, err
}

// someCost stands for a price that is not known yet.
const someCost = 1

func (s *Service) create(ctx context.Context, r Request, state State) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	var in input.Checks
	checkTimes(&in, r.Start, r.Length)
	now := s.Now().Truncate(time.Microsecond)
	a := Appointment{
		ID: ID(s.NewID()), State: state, Patient: r.Patient, Billpayer: r.Billpayer, Practitioner: r.Practitioner,
		Location: r.Location, Type: r.Type, Start: r.Start.UTC(), End: r.Start.UTC().Add(r.Length), ReservedUntil: now,
		Reason: in.Lines("reason", r.Reason, maxReason), SuppressMail: r.SuppressMail, Notices: r.Notices,
		Override: r.Override,
		Pending:  r.Pending, Comments: in.Lines("comments", r.Comments, maxComments), Source: cmp.Or(r.Source, who.Door),
		Link:    r.Link,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := in.Err(); err != nil {
		return Appointment{}, err
	}
	if state == Booked {
		a.ConfirmedAt = now
	} else {
		a.ReservedUntil = s.holdUntil(r, now)
	}
	if err := s.offered(ctx, who.Group, &a); err != nil {
		return Appointment{}, s.orNearest(ctx, who, a, err)
	}
	if state == Reserved {
		if a.ReservedUntil, err = s.heldLonger(ctx, who, a, now); err != nil {
			return Appointment{}, err
		}
	}
	err = s.do(ctx, func(tx Tx) error {
		if err := s.begin(ctx, tx, who, &a, r.Admit, now); err != nil {
			return err
		}
		if state == Reserved {
			err := record(ctx, tx, who, now, "appointment.reserve", event.AppointmentReserved, nil, a, "")
			if err == nil {
				err = then(ctx, tx, r.Then, a)
			}
			if err != nil {
				return err
			}
			return tx.Enqueue(ctx, ReleaseJob(who.Group, a.ReservedUntil))
		}
		if err := record(ctx, tx, who, now, "appointment.book", event.AppointmentConfirmed, nil, a, ""); err != nil {
			return err
		}
		elsewhere := a.Elsewhere
		a, err = tx.Appointment(ctx, who.Group, a.ID)
		a.Elsewhere = elsewhere
		if err != nil {
			return err
		}
		return follow(ctx, tx, who.Group, a, OnConfirmed)
	})
	return a, s.orNearest(ctx, who, a, err)
}

// holdUntil is the end of a hold that begins now.
func (s *Service) holdUntil(r Request, now time.Time) time.Time {
	if r.Until.IsZero() {
		return now.Add(s.Hold)
	}
	return r.Until
}

// heldLonger is the end of a hold, later where a patient has to pay meanwhile.
func (s *Service) heldLonger(
	ctx context.Context, who access.Caller, a Appointment, now time.Time,
) (time.Time, error) {
	must, err := s.mustPay(ctx, who, a.Type, a.Price)
	if least := now.Add(payTime); err == nil && must && a.ReservedUntil.Before(least) {
		return least, nil
	}
	return a.ReservedUntil, err
}

// offered makes sure that what a new appointment names exists, that a session offers its time, unless it overrides
// that, and that a time that is booked at once is of a type its place has. It needs no lock: when a session ends during
// the check, the appointment came first.
func (s *Service) offered(ctx context.Context, group practice.ID, a *Appointment) error {
	t, err := s.Diary.Terms(ctx, group, a.Type, a.Location)
	if err != nil {
		return err
	}
	if a.State == Booked {
		if err := s.provided(ctx, t); err != nil {
			return err
		}
	}
	a.Modes, a.Price = t.Type.Modes, t.Type.Price
	pays := func(id patient.ID) (patient.ID, error) {
		p, err := patient.Current(ctx, s.Store, group, id)
		return p.ID, err
	}
	comes := func(id patient.ID) (patient.ID, error) {
		p, err := patient.Current(ctx, s.Store, group, id)
		if err == nil && p.Dead() {
			err = patient.ErrDeceased
		}
		return p.ID, err
	}
	if err := people(a, comes, pays); err != nil || a.Override {
		return err
	}
	return s.inSession(ctx, t, *a)
}

// inSession makes sure that a session offers the time of an appointment.
func (s *Service) inSession(ctx context.Context, t diary.Terms, a Appointment) error {
	yes, err := s.Diary.Offered(ctx, t, a.Practitioner, a.Start, a.End)
	if err == nil && !yes {
		err = ErrNoSession
	}
	return err
}

// provided makes sure that a place has a type of appointment at all: staff may book outside sessions, but not where
// other places were set for the type. A type with no places set is offered everywhere. Error: ErrNotOffered.
func (s *Service) provided(ctx context.Context, t diary.Terms) error {
	places, err := s.Diary.Store.PlacesOffering(ctx, t.Group.ID, t.Type.ID)
	if err == nil && len(places) > 0 && !slices.Contains(places, t.Location.ID) {
		return ErrNotOffered.Saying(t.Type.Name + " is not available at location " + t.Location.Name + ".")
	}
	return err
}

// Available reports whether a time could be reserved now. Errors: field faults, and not found for a place, practitioner
// or type the group lacks.
func (s *Service) Available(ctx context.Context, r Request) (bool, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return false, err
	}
	var in input.Checks
	checkTimes(&in, r.Start, r.Length)
	if err := in.Err(); err != nil {
		return false, err
	}
	t, err := s.Diary.Terms(ctx, who.Group, r.Type, r.Location)
	if err != nil {
		return false, err
	}
	start, end := r.Start.UTC(), r.Start.UTC().Add(r.Length)
	if yes, err := s.Diary.Offered(ctx, t, r.Practitioner, start, end); err != nil || !yes {
		return false, err
	}
	return s.Diary.Free(ctx, t.Group, r.Practitioner, start, end)
}

// finder finds the patient an id stands for: where that patient has been merged into another, the other.
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

// locked is people, and keeps them from being merged away until the end of the transaction. Of two bookings for one
// patient, one waits for the other.
func locked(ctx context.Context, tx Tx, group practice.ID, a *Appointment) error {
	return people(a,
		func(id patient.ID) (patient.ID, error) { return tx.LockPatientForBooking(ctx, group, id) },
		func(id patient.ID) (patient.ID, error) { return tx.LockPatientAgainstMerge(ctx, group, id) })
}

// begin keeps a new appointment in a free time. It locks the diary first, so that of two requests one sees the other's
// appointment.
func (s *Service) begin(
	ctx context.Context, tx Tx, who access.Caller, a *Appointment,
	admit func(context.Context, Tx, Appointment, time.Time) error, now time.Time,
) error {
	if err := tx.LockDiary(ctx, who.Group, a.Practitioner); err != nil {
		return err
	}
	if err := locked(ctx, tx, who.Group, a); err != nil {
		return err
	}
	if err := claim(ctx, tx, who.Group, *a, now); err != nil {
		return err
	}
	if admit != nil {
		if err := admit(ctx, tx, *a, now); err != nil {
			return err
		}
	}
	if err := s.overlaps(ctx, tx, who, a, now); err != nil {
		return err
	}
	if err := tx.AddAppointment(ctx, who.Group, *a); err != nil {
		return err
	}
	return tx.Occupy(ctx, who.Group, *a)
}

// claim makes sure no other appointment has any of this one's time. Lapsed holds in the way are released. The caller
// has locked the diary.
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
