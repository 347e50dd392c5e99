package booking

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Notice is a message a patient can be sent about a booking.
type Notice string

// The notices.
const (
	Confirming Notice = "confirmation"
	Reminder   Notice = "reminder"
	FollowUp   Notice = "followup"
	Cancelling Notice = "cancellation"
)

// Told are the notices the patient has been sent about an appointment: none, as
// no messages are sent about appointments yet. What was asked for is kept in
// SuppressMail and Tell.
func (a Appointment) Told() []Notice { return nil }

// Desk is what the front desk keeps of an appointment.
type Desk struct {
	// Pending waits to be confirmed, and keeps its time all the same.
	Pending  bool     `json:"pending"`
	Comments string   `json:"comments"`
	Tell     []Notice `json:"tell,omitempty"`
}

// Booking is an appointment as staff see it: with all that is kept of it.
type Booking struct {
	Details
	Desk
	Price       int // of its type, in pence
	TypeMinutes int
	Address     practice.Address // of its place
}

// The faults of bookings by staff.
var (
	ErrNeedsPatient = fault.New(fault.Invalid, "patient_required", "A booking needs a patient.")
	ErrPatientFixed = fault.New(fault.Conflict, "patient_fixed", "The patient of a booking cannot be changed.")
	ErrUnconfirm    = fault.New(fault.Conflict, "booking_confirmed", "A confirmed booking cannot become pending.")
	ErrTimes        = fault.New(fault.Invalid, "invalid_times", "A booking ends after it starts, on whole minutes, and within a day.")
	ErrDouble       = ErrSlotTaken.Saying("That time is already taken: it would be a double booking.")
	ErrNotOffered   = fault.New(fault.Conflict, "not_available_at_location", "This appointment is not available at that location.")
	ErrBookingState = fault.New(fault.Invalid, "status_not_taken", "A booking here is pending or confirmed.")
)

// DeskQuery says which bookings to list, by start. Zero values ask for all.
type DeskQuery struct {
	// From and Until are a stretch in which a booking starts or ends, both
	// included.
	From, Until               time.Time
	CreatedFrom, CreatedUntil time.Time
	UpdatedFrom, UpdatedUntil time.Time
	// Deleted lists cancelled ones too; OnlyDeleted no others.
	Deleted, OnlyDeleted bool
	Practitioner         practice.PractitionerID
	// Key and Value find bookings by what other programs keep with them; HasValue
	// tells the empty value from any.
	Key, Value    string
	HasValue      bool
	Now           time.Time // when holds have lapsed
	Descending    bool
	Offset, Limit int
	// Bare finds who, where, when, the state, and comments, and leaves out the rest,
	// which is not always wanted. BookingsOf alone looks at it.
	Bare bool
}

// DeskReader is what the front desk reads.
type DeskReader interface {
	// BookingsByID finds bookings; those the group lacks are left out.
	BookingsByID(ctx context.Context, group practice.ID, ids []ID) ([]Booking, error)
	Bookings(ctx context.Context, group practice.ID, q DeskQuery) ([]Booking, error)
	// BookingsOf lists a page of the bookings of each patient, by patient and then
	// by start, and CountBookingsOf counts them.
	BookingsOf(ctx context.Context, group practice.ID, of []patient.ID, q DeskQuery) ([]Booking, error)
	CountBookingsOf(ctx context.Context, group practice.ID, of []patient.ID, q DeskQuery) (map[patient.ID]int, error)
	// PlacesOffering lists where a type of appointment was said to be offered.
	PlacesOffering(ctx context.Context, group practice.ID, kind diary.TypeID) ([]practice.LocationID, error)
}

// DeskTx is what the front desk keeps.
type DeskTx interface {
	practice.MetadataTx
	// SaveDesk keeps what the front desk keeps of an appointment, and its place
	// and type.
	SaveDesk(ctx context.Context, group practice.ID, a Appointment, d Desk) error
}

// live leaves out what is no booking: a hold that has run out.
func (b Booking) live(now time.Time) bool { return b.Seen(now) != Released }

// BookingsByID finds bookings by id, cancelled ones too; those the practice lacks
// are left out.
func (s *Service) BookingsByID(ctx context.Context, ids []ID) (map[ID]Booking, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.BookingsByID(ctx, who.Group, ids)
	out := make(map[ID]Booking, len(all))
	for _, b := range all {
		if b.live(s.Now()) {
			out[b.ID] = b
		}
	}
	return out, err
}

// Bookings lists bookings by start.
func (s *Service) Bookings(ctx context.Context, q DeskQuery) ([]Booking, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	q.Now = s.Now()
	return s.Store.Bookings(ctx, who.Group, q)
}

// BookingsOf lists a page of the bookings of each patient, by start.
func (s *Service) BookingsOf(ctx context.Context, of []patient.ID, q DeskQuery) (map[patient.ID][]Booking, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	q.Now = s.Now()
	all, err := s.Store.BookingsOf(ctx, who.Group, of, q)
	out := make(map[patient.ID][]Booking, len(of))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Patient == all[0].Patient {
			n++
		}
		out[all[0].Patient], all = all[:n:n], all[n:]
	}
	return out, err
}

// CountBookingsOf counts the bookings of each patient.
func (s *Service) CountBookingsOf(ctx context.Context, of []patient.ID, q DeskQuery) (map[patient.ID]int, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	q.Now = s.Now()
	return s.Store.CountBookingsOf(ctx, who.Group, of, q)
}

// Order is what staff want booked.
type Order struct {
	Patient      patient.ID
	Billpayer    patient.ID
	Location     practice.LocationID
	Type         diary.TypeID
	Practitioner practice.PractitionerID
	Start, End   time.Time
	Comments     string
	Tell         []Notice
	Pending      bool
}

// times checks when a booking is.
func times(start, end time.Time) error {
	if start.IsZero() || end.IsZero() || !start.Before(end) || end.Sub(start) > diary.MaxLength ||
		start.Truncate(time.Minute) != start || end.Truncate(time.Minute) != end || start.Year() < 2000 || start.Year() > 2198 {
		return ErrTimes
	}
	return nil
}

// Create books a time, whether a session offers it or not: staff may. It never
// takes a time that is held or booked. Errors: ErrNeedsPatient, ErrTimes,
// ErrDouble, ErrNotOffered; not found for what the practice lacks.
func (s *Service) Create(ctx context.Context, o Order) (Booking, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Booking{}, err
	}
	if o.Patient == 0 {
		return Booking{}, ErrNeedsPatient
	}
	if err := times(o.Start, o.End); err != nil {
		return Booking{}, err
	}
	var in input.Checks
	desk := Desk{Pending: o.Pending, Comments: in.Lines("comments", o.Comments, maxComments), Tell: o.Tell}
	if err := in.Err(); err != nil {
		return Booking{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	a := Appointment{
		ID: ID(s.NewID()), State: Booked, Patient: o.Patient, Billpayer: o.Billpayer, Practitioner: o.Practitioner, Location: o.Location, Type: o.Type,
		Start: o.Start.UTC(), End: o.End.UTC(), ReservedUntil: now, ConfirmedAt: now, SuppressMail: !slices.Contains(o.Tell, Confirming),
		Override: true, Source: "graphql", Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	t, err := terms(ctx, s.Store, who.Group, a.Type, a.Location)
	if err != nil {
		return Booking{}, err
	}
	if err := provided(ctx, s.Store, t.group, t.kind, t.place); err != nil {
		return Booking{}, err
	}
	if err := s.fits(ctx, s.Store, t, &a); err != nil {
		return Booking{}, err
	}
	var made Booking
	err = s.do(ctx, func(tx Tx) error {
		if err := s.begin(ctx, tx, who, &a, now); err != nil {
			return err
		}
		if err := tx.SaveDesk(ctx, who.Group, a, desk); err != nil {
			return err
		}
		if err := tell(ctx, tx, who, now, "appointment.book", event.AppointmentConfirmed, nil, a, ""); err != nil {
			return err
		}
		if made, err = oneBooking(ctx, tx, who.Group, a.ID); err == nil {
			made.Elsewhere = a.Elsewhere
		}
		return err
	})
	return made, double(err)
}

// kept is what the log of changes has of what the front desk keeps.
func (b Booking) kept() any {
	return struct {
		Desk
		Journey Journey `json:"journey"`
	}{b.Desk, b.Journey}
}

// provided makes sure that a type of appointment may be had at a place at all:
// staff may book outside sessions, and not where it was said to be elsewhere. A
// type of which nothing was said may be had anywhere. Error: ErrNotOffered.
func provided(ctx context.Context, r Reader, group practice.Group, kind diary.Type, at practice.Location) error {
	places, err := r.PlacesOffering(ctx, group.ID, kind.ID)
	if err == nil && len(places) > 0 && !slices.Contains(places, at.ID) {
		return ErrNotOffered.Saying(kind.Name + " is not available at location " + at.Name + ".")
	}
	return err
}

const maxComments = 10_000

// double is a conflict over a time in the words programs look for.
func double(err error) error {
	if f := fault.Of(err); err != nil && f.Code == ErrSlotTaken.Code {
		return ErrDouble
	}
	return err
}

func oneBooking(ctx context.Context, r DeskReader, group practice.ID, id ID) (Booking, error) {
	all, err := r.BookingsByID(ctx, group, []ID{id})
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Booking{}, err
	}
	return all[0], nil
}

// Alteration is what to change of a booking; nil leaves a thing as it is.
type Alteration struct {
	Patient      *patient.ID // refused when it is another
	Location     *practice.LocationID
	Type         *diary.TypeID
	Practitioner *practice.PractitionerID
	Start, End   *time.Time
	// StartTwice and EndTwice are the later of two moments at which clocks show the
	// same, where Start and End are the first. A booking that is then already stays.
	StartTwice, EndTwice time.Time
	Comments             *string
	Tell                 *[]Notice
	Pending              *bool
}

// Alter changes a booking: it keeps its old time until it has the new one, or for
// good when it cannot have it. Errors: ErrNotFound, ErrCancelled, ErrPatientFixed,
// ErrUnconfirm, ErrTimes, ErrDouble, ErrNotOffered; not found for what the practice
// lacks. And ErrJourneyOver, ErrElsewhere.
func (s *Service) Alter(ctx context.Context, id ID, c Alteration) (Booking, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Booking{}, err
	}
	return s.atDesk(ctx, who, id, c.Practitioner, func(tx Tx, b *Booking, now time.Time) error {
		before, was := b.Appointment, b.Desk
		if b.State == Cancelled {
			return ErrCancelled
		}
		if c.Patient != nil {
			p, err := patient.Current(ctx, tx, who.Group, *c.Patient)
			if err != nil || p.ID != b.Patient {
				return ErrPatientFixed
			}
		}
		if c.Pending != nil && *c.Pending && !b.Pending {
			return ErrUnconfirm
		}
		set(&b.Pending, c.Pending)
		set(&b.Tell, c.Tell)
		set(&b.Location, c.Location)
		set(&b.Type, c.Type)
		set(&b.Practitioner, c.Practitioner)
		if c.Start != nil && !c.StartTwice.Equal(before.Start) {
			b.Start = *c.Start
		}
		if c.End != nil && !c.EndTwice.Equal(before.End) {
			b.End = *c.End
		}
		if c.Comments != nil {
			var in input.Checks
			b.Comments = in.Lines("comments", *c.Comments, maxComments)
			if err := in.Err(); err != nil {
				return err
			}
		}
		b.Start, b.End = b.Start.UTC(), b.End.UTC()
		if err := times(b.Start, b.End); err != nil {
			return err
		}
		moved, err := s.place(ctx, tx, who, before, &b.Appointment, now)
		if err != nil {
			return err
		}
		// The event of a move says where it moved to.
		if !moved && !b.same(was) {
			if err := record(ctx, tx, who, now, event.AppointmentUpdated, before); err != nil {
				return err
			}
		}
		return tx.SaveDesk(ctx, who.Group, b.Appointment, b.Desk)
	})
}

// place gives a booking another time, practitioner, place or type, and reports
// whether it has another.
func (s *Service) place(ctx context.Context, tx Tx, who access.Caller, before Appointment, after *Appointment, now time.Time) (moved bool, err error) {
	elsewhere := before.Location != after.Location || before.Type != after.Type
	if elsewhere {
		o, err := terms(ctx, tx, who.Group, after.Type, after.Location)
		if err != nil {
			return false, err
		}
		if err := provided(ctx, tx, o.group, o.kind, o.place); err != nil {
			return false, err
		}
		after.Modes = o.kind.Modes
	}
	switch {
	case !sameTime(before, *after):
		after.Override = true
		*after, err = s.shifted(ctx, tx, who, now, "appointment.reschedule", event.AppointmentRescheduled, before, *after)
	case elsewhere:
		*after, err = change(ctx, tx, who, now, "appointment.reschedule", event.AppointmentRescheduled, before, *after, "")
	default:
		return false, nil
	}
	return true, err
}

// atDesk locks the diaries a booking is and will be in, changes it, and writes the
// audit entry of what the front desk keeps.
func (s *Service) atDesk(ctx context.Context, who access.Caller, id ID, also *practice.PractitionerID, do func(tx Tx, b *Booking, now time.Time) error) (Booking, error) {
	now := s.Now().Truncate(time.Microsecond)
	var after Booking
	err := s.do(ctx, func(tx Tx) error {
		seen, err := tx.Appointment(ctx, who.Group, id)
		if err != nil {
			return err
		}
		other := seen.Practitioner
		if also != nil {
			other = *also
		}
		if _, err := lockBoth(ctx, tx, who.Group, id, other); err != nil {
			return err
		}
		b, err := oneBooking(ctx, tx, who.Group, id)
		if err == nil && !b.live(now) {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		before := b
		b.UpdatedAt = now
		if err := do(tx, &b, now); err != nil {
			return err
		}
		if err := tx.Audit(ctx, who.Audit(now, "appointment.desk", "appointment", int64(id), before.kept(), b.kept())); err != nil {
			return err
		}
		if after, err = oneBooking(ctx, tx, who.Group, id); err == nil {
			after.Elsewhere = b.Elsewhere
		}
		return err
	})
	return after, double(err)
}

// Annotate keeps a value with a booking. Errors: ErrNotFound, and those of
// practice.SetMetadata.
func (s *Service) Annotate(ctx context.Context, id ID, m practice.Metadata) (Booking, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Booking{}, err
	}
	return s.atDesk(ctx, who, id, nil, func(tx Tx, b *Booking, now time.Time) error {
		had, err := tx.Metadata(ctx, who.Group, practice.OfBooking, []int64{int64(id)})
		if err != nil {
			return err
		}
		if err := practice.SetMetadata(ctx, tx, who.Group, practice.OfBooking, int64(id), m, now); err != nil {
			return err
		}
		if !slices.ContainsFunc(had[int64(id)], func(x practice.Metadata) bool { return x.Key == m.Key && x.Value == m.Value }) {
			if err := record(ctx, tx, who, now, event.AppointmentUpdated, b.Appointment); err != nil {
				return err
			}
		}
		return tx.SaveDesk(ctx, who.Group, b.Appointment, b.Desk)
	})
}

// Remove cancels a booking, however soon it starts: the practice's policy binds
// patients and not its staff. Cancelling twice is cancelling once. Error:
// ErrNotFound.
func (s *Service) Remove(ctx context.Context, id ID, tellPatient bool) (Booking, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Booking{}, err
	}
	return s.atDesk(ctx, who, id, nil, func(tx Tx, b *Booking, now time.Time) error {
		quiet := !tellPatient
		a, err := giveBack(ctx, tx, who, b.Details, Cancellation{SuppressMail: &quiet, SuppressPolicy: true}, now)
		if err != nil {
			return err
		}
		b.Appointment = a
		if tellPatient && !slices.Contains(b.Tell, Cancelling) {
			b.Tell = append(slices.Clone(b.Tell), Cancelling)
			return tx.SaveDesk(ctx, who.Group, b.Appointment, b.Desk)
		}
		return nil
	})
}
