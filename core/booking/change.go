package booking

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Change is what to set of an appointment; nil leaves a thing as it is.
type Change struct {
	// State is the one the appointment must be in: Reserved or Booked; empty is either.
	State        State
	Patient      *patient.ID // refused when it is another
	Location     *practice.LocationID
	Type         *diary.TypeID
	Practitioner *practice.PractitionerID
	Start, End   *time.Time
	// SecondStart and SecondEnd are the later of two moments at which clocks show the same, where Start and End are the
	// first. An appointment that is then already stays.
	SecondStart, SecondEnd time.Time
	Override               bool // as in Request
	// InSession has a session offer the time at another place too, where staff may choose any.
	InSession bool
	// Hold is a hold of the same patient that gives the appointment its time; 0 is none. One that is no hold any more
	// gives nothing.
	Hold ID
	// SuppressPolicy moves a confirmed appointment however soon it starts.
	SuppressPolicy bool
	SuppressMail   *bool // about a move, or with Notices
	Comments       *string
	Notices        *[]Notice
	Pending        *bool
	// MustHold refuses a change whose Hold does not hold the time any more; where it does, a session need not offer it.
	// Link is the link by which it is moved, and kept where the appointment has none.
	MustHold bool
	Link     int64
	// Then is done in the transaction, when it was changed.
	Then func(ctx context.Context, tx Tx, a Appointment) error
}

// apply gives the appointment as it will be, and whether its time is another.
func (c Change) apply(a Appointment) (after Appointment, moves bool) {
	after = a
	input.Set(&after.Location, c.Location)
	input.Set(&after.Type, c.Type)
	input.Set(&after.Practitioner, c.Practitioner)
	if c.Start != nil && !c.SecondStart.Equal(a.Start) {
		after.Start = c.Start.UTC()
	}
	if c.End != nil && !c.SecondEnd.Equal(a.End) {
		after.End = c.End.UTC()
	}
	input.Set(&after.Comments, c.Comments)
	input.Set(&after.Notices, c.Notices)
	input.Set(&after.Pending, c.Pending)
	if after.Link == 0 {
		after.Link = c.Link
	}
	// A hold that is edited is asked for anew.
	moves = !sameTime(a, after) || c.State == Reserved
	if moves {
		after.Override = c.Override
	}
	if moves || c.Notices != nil {
		input.Set(&after.SuppressMail, c.SuppressMail)
	}
	return after, moves
}

// allowed checks that the appointment may be changed at all.
func (c Change) allowed(a Appointment, now time.Time) error {
	switch {
	case a.State == Cancelled:
		return ErrCancelled
	case a.State == Released || a.Lapsed(now):
		return ErrHoldExpired
	case a.State == Booked && c.State == Reserved:
		return ErrConfirmed
	case a.State == Reserved && c.State == Booked:
		return ErrNotConfirmed
	case c.Pending != nil && *c.Pending && !a.Pending:
		return ErrUnconfirm
	}
	return nil
}

// Change changes an appointment. One that is moved keeps its old time until it has the new one, or for good when it
// cannot have it; a hold does not last longer. Asking again for the time it already has changes nothing. Errors: as
// Reserve, and ErrNotFound, ErrCancelled, ErrHoldExpired, ErrConfirmed, ErrNotConfirmed, ErrTooLate, ErrPatientFixed,
// ErrUnconfirm, ErrNotOffered, ErrJourneyOver.
func (s *Service) Change(ctx context.Context, id ID, c Change) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	var in input.Checks
	if c.Comments != nil {
		*c.Comments = in.Lines("comments", *c.Comments, maxComments)
	}
	if c.Start != nil && c.End != nil {
		checkTimes(&in, *c.Start, c.End.Sub(*c.Start))
	}
	if err := in.Err(); err != nil {
		return Appointment{}, err
	}
	// As for a new appointment, what the diary offers needs no lock.
	seen, err := s.Store.Appointment(ctx, who.Group, id)
	if err != nil {
		return Appointment{}, err
	}
	modes, refusal := s.judgeChange(ctx, who.Group, seen, c)
	if unpaid := s.paidBefore(ctx, who, seen, c); unpaid != nil {
		refusal = unpaid
	}
	var also, wanted = practice.PractitionerID(0), Appointment{}
	if input.Set(&also, c.Practitioner); also == seen.Practitioner {
		also = 0
	}
	after, err := s.changing(ctx, who, id, also, func(tx Tx, a Appointment, now time.Time) (Appointment, error) {
		if a.Type != seen.Type || a.Location != seen.Location {
			return a, errMoved
		}
		after, moves := c.apply(a)
		after.Modes, wanted = modes, after
		if err := c.allowed(a, now); err != nil {
			return a, err
		}
		if moves && a.State == Booked && !c.SuppressPolicy {
			g, err := tx.Group(ctx, who.Group)
			if err == nil {
				err = policy(g).Check(a, now)
			}
			if err != nil {
				return a, err
			}
		}
		if refusal != nil {
			return a, refusal
		}
		if err := c.yield(ctx, tx, who, after, now); err != nil {
			return a, err
		}
		after, err := s.change(ctx, tx, who, now, a, after, moves)
		if err == nil {
			err = then(ctx, tx, c.Then, after)
		}
		return after, err
	})
	return after, s.orNearest(ctx, who, wanted, err)
}

// yield ends the hold that gives an appointment its time. The caller has locked the diary of that time.
func (c Change) yield(ctx context.Context, tx Tx, who access.Caller, to Appointment, now time.Time) error {
	if c.Hold == 0 {
		return nil
	}
	held, err := tx.Appointment(ctx, who.Group, c.Hold)
	if err == nil && c.MustHold && (held.State != Reserved || held.Lapsed(now) || held.Patient != to.Patient ||
		!sameTime(held, to)) {
		return ErrHoldExpired
	}
	if err != nil || held.State != Reserved || held.Patient != to.Patient || held.Practitioner != to.Practitioner {
		return err
	}
	_, err = giveBack(ctx, tx, who, held, Cancellation{}, now)
	return err
}

func (s *Service) change(
	ctx context.Context, tx Tx, who access.Caller, now time.Time, a, after Appointment, moves bool,
) (Appointment, error) {
	action, of := "appointment.reschedule", event.AppointmentRescheduled
	if a.State == Reserved {
		action, of = "appointment.edit", event.AppointmentReserved
	}
	var err error
	on := OnMoved
	switch {
	case moves:
		after, err = s.shift(ctx, tx, who, now, action, of, a, after)
	case !sameNames(a, after):
		after, err = save(ctx, tx, who, now, action, of, a, after, "")
	case after.Pending != a.Pending || after.Comments != a.Comments || !slices.Equal(after.Notices, a.Notices),
		after.SuppressMail != a.SuppressMail:
		on = ""
		if after.Pending != a.Pending {
			on = OnConfirmed
		}
		after, err = note(ctx, tx, who, now, event.AppointmentUpdated, a, after)
	default:
		return s.unchanged(ctx, tx, who, a)
	}
	if err != nil || after.State != Booked {
		return after, err
	}
	return after, follow(ctx, tx, who.Group, after, on)
}

// unchanged is an appointment that has all that was asked for already.
func (s *Service) unchanged(ctx context.Context, tx Tx, who access.Caller, a Appointment) (Appointment, error) {
	var err error
	a.Elsewhere, err = tx.Elsewhere(ctx, who.Group, a, mostElsewhere)
	return a, err
}

// judgeChange checks a change against the patients and the diary, and gives the modes the appointment will have.
func (s *Service) judgeChange(ctx context.Context, group practice.ID, a Appointment, c Change) (diary.Modes, error) {
	if c.Patient != nil {
		p, err := patient.Current(ctx, s.Store, group, *c.Patient)
		if err != nil || p.ID != a.Patient {
			return a.Modes, ErrPatientFixed
		}
	}
	after, moves := c.apply(a)
	var in input.Checks
	checkTimes(&in, after.Start, after.End.Sub(after.Start))
	if err := in.Err(); err != nil {
		return a.Modes, err
	}
	elsewhere := after.Location != a.Location || after.Type != a.Type
	inSession := c.InSession
	if c.MustHold {
		moves, inSession = false, false // it is held
	}
	if !elsewhere && (!moves || after.Override) {
		return a.Modes, nil
	}
	t, err := s.Diary.Terms(ctx, group, after.Type, after.Location)
	if err != nil {
		return a.Modes, err
	}
	if !elsewhere {
		return a.Modes, s.inSession(ctx, t, after)
	}
	if err := s.provided(ctx, t); err != nil || !inSession {
		return t.Type.Modes, err
	}
	return t.Type.Modes, s.inSession(ctx, t, after)
}

// sameTime reports whether two appointments are with the same practitioner at the same time.
func sameTime(a, b Appointment) bool {
	return a.Practitioner == b.Practitioner && a.Start.Equal(b.Start) && a.End.Equal(b.End)
}

// shift gives the appointment a free time for its old one. The caller has locked both diaries.
func (s *Service) shift(
	ctx context.Context, tx Tx, who access.Caller, now time.Time, action string, of event.Type,
	before, after Appointment,
) (Appointment, error) {
	if err := before.Journey.open(); err != nil {
		return before, err
	}
	if err := claim(ctx, tx, who.Group, after, now); err != nil {
		return before, err
	}
	if err := lockPatient(ctx, tx, who.Group, after); err != nil {
		return before, err
	}
	if err := s.overlaps(ctx, tx, who, &after, now); err != nil {
		return before, err
	}
	if err := tx.Vacate(ctx, who.Group, before); err != nil {
		return before, err
	}
	if err := freed(ctx, tx, who.Group, before); err != nil {
		return before, err
	}
	if err := tx.MoveAppointment(ctx, who.Group, after); err != nil {
		return before, err
	}
	after, err := save(ctx, tx, who, now, action, of, before, after, "")
	if err != nil {
		return before, err
	}
	return after, tx.Occupy(ctx, who.Group, after)
}

// SetMetadata keeps a value of another program with an appointment. Errors: ErrNotFound, and those of
// practice.SetMetadata.
func (s *Service) SetMetadata(ctx context.Context, id ID, m practice.Metadata) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	return s.changing(ctx, who, id, 0, func(tx Tx, a Appointment, now time.Time) (Appointment, error) {
		if a.Seen(now) == Released {
			return a, ErrNotFound
		}
		had, err := tx.Metadata(ctx, who.Group, practice.OfBooking, []int64{int64(id)})
		if err != nil {
			return a, err
		}
		err = practice.SetMetadata(ctx, tx, who.Group, practice.OfBooking, int64(id), m, now)
		if err != nil || slices.Contains(had[int64(id)], m) {
			return a, err
		}
		return note(ctx, tx, who, now, event.AppointmentUpdated, a, a)
	})
}
