// Package booking finds free times in a diary, holds them, and turns them into
// appointments.
//
//	type.go        appointment types, and how many slots each has
//	session.go     when a practitioner works: made, changed, ended
//	recurrence.go  the weekly rule of a session (iCalendar RRULE)
//	walltime.go    local wall-clock time to instants, over clock changes
//	sheet.go       what is remembered of each diary between searches
//	diary.go       the one function that says which times are free
//	slots.go       list, count and look up free slots
//	reserve.go     hold a time for a patient
//	edit.go        change a hold; move a confirmed appointment
//	book.go        confirm a held time
//	cancel.go      give a time back, by the practice's policy
//	release.go     free holds that nobody confirmed
//	read.go        look up and list appointments
//
// Slots are not stored. They are sessions, less what is held or booked. A hold
// and a booking occupy time in the same way, and whoever changes a diary holds
// its row first, so no two of them can overlap.
package booking

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// ID names an appointment.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// State is where an appointment is in its life.
type State string

// The states.
const (
	Reserved  State = "reserved"  // held until a time, not confirmed
	Booked    State = "booked"    // confirmed
	Cancelled State = "cancelled" // given back by somebody
	Released  State = "released"  // a hold nobody confirmed in time
)

// States are all the states.
var States = []State{Reserved, Booked, Cancelled, Released}

// Appointment is a time held or booked in a practitioner's diary.
type Appointment struct {
	ID           ID                      `json:"id"`
	State        State                   `json:"state"`
	Patient      patient.ID              `json:"patient_id,omitempty"`
	Billpayer    patient.ID              `json:"billpayer_id,omitempty"`
	Practitioner practice.PractitionerID `json:"practitioner_id"`
	Location     practice.LocationID     `json:"location_id"`
	Type         TypeID                  `json:"appointment_type_id"`
	Start        time.Time               `json:"start_time"`
	End          time.Time               `json:"end_time"`
	Modes
	ReservedUntil time.Time `json:"reserved_until"`
	ConfirmedAt   time.Time `json:"booking_confirmed_at,omitzero"`
	CancelledAt   time.Time `json:"cancelled_at,omitzero"`
	ReleasedAt    time.Time `json:"released_at,omitzero"`
	Reason        string    `json:"reason"`
	SuppressMail  bool      `json:"suppress_mail"`
	// Override marks a time taken without asking whether a session offers it.
	Override bool   `json:"suppress_availability_check"`
	Source   string `json:"appointment_source"` // the door it came through
	// Version counts changes, and is the sequence of its last event.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Modes are the ways an appointment can take place.
type Modes struct {
	Video     bool `json:"video"`
	InPerson  bool `json:"in_person"`
	Telephone bool `json:"telephone"`
}

// Length is how long the appointment lasts.
func (a Appointment) Length() time.Duration { return a.End.Sub(a.Start) }

// Lapsed reports whether it is a hold whose time is up.
func (a Appointment) Lapsed(now time.Time) bool {
	return a.State == Reserved && !now.Before(a.ReservedUntil)
}

// The faults of booking.
var (
	ErrNotFound        = fault.New(fault.NotFound, "appointment_not_found", "This practice group has no such appointment.")
	ErrTypeNotFound    = fault.New(fault.NotFound, "appointment_type_not_found", "This practice group has no such appointment type.")
	ErrSessionNotFound = fault.New(fault.NotFound, "session_not_found", "This practice group has no such session.")
	ErrSlotNotFound    = fault.New(fault.NotFound, "slot_not_found", "There is no such slot, or it is no longer free.")

	ErrSlotTaken    = fault.New(fault.Conflict, "slot_taken", "That time is no longer free.")
	ErrNoSession    = fault.New(fault.Conflict, "slot_not_offered", "No session offers that time for this appointment type, location and practitioner.")
	ErrHoldExpired  = fault.New(fault.Conflict, "hold_expired", "The hold on this time has run out. Reserve the time again.")
	ErrCancelled    = fault.New(fault.Conflict, "appointment_cancelled", "This appointment has been cancelled.")
	ErrConfirmed    = fault.New(fault.Conflict, "appointment_confirmed", "This appointment is confirmed. Reschedule it instead of editing it.")
	ErrNotConfirmed = fault.New(fault.Conflict, "appointment_not_confirmed", "This appointment is not confirmed yet. Edit it instead of rescheduling it.")
	ErrOtherPatient = fault.New(fault.Conflict, "appointment_of_another_patient", "This appointment is already confirmed for another patient.")
	ErrTooLate      = fault.New(fault.Conflict, "cancellation_window_closed", "It is too late to cancel or move this appointment.")

	// errMoved says the appointment went to another diary between looking and
	// locking; the whole change is tried again.
	errMoved = fault.New(fault.Unavailable, "appointment_moved", "The appointment was being moved by somebody else. Try again.")
)

// NotFree is a conflict with the nearest times that are free.
type NotFree struct {
	Fault   *fault.Error
	Nearest []Slot
}

// Error gives the fault's code.
func (e *NotFree) Error() string { return e.Fault.Error() }

// Unwrap gives the fault.
func (e *NotFree) Unwrap() error { return e.Fault }

// Occupied is one stretch of a diary that is held or booked.
type Occupied struct {
	Appointment  ID
	Practitioner practice.PractitionerID
	Start, End   time.Time
	// HeldUntil is when a hold runs out; zero for a booking.
	HeldUntil time.Time
}

func (o Occupied) lapsed(now time.Time) bool {
	return !o.HeldUntil.IsZero() && !now.Before(o.HeldUntil)
}

// Reader is what booking reads.
type Reader interface {
	practice.Reader
	// Patient finds a patient, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)

	// AppointmentType finds one, or returns ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id TypeID) (Type, error)
	// AppointmentTypes lists them by name; inactive ones too when asked.
	AppointmentTypes(ctx context.Context, group practice.ID, inactive bool) ([]Type, error)
	// Session finds a session, or returns ErrSessionNotFound.
	Session(ctx context.Context, group practice.ID, id SessionID) (Session, error)
	// Sessions lists those that may run between two dates, with their types,
	// and their exceptions in that time.
	Sessions(ctx context.Context, group practice.ID, q SessionQuery) ([]Session, error)
	// Diaries lists the diaries of some practitioners, or of all.
	Diaries(ctx context.Context, group practice.ID, of []practice.PractitionerID) ([]Diary, error)
	// Occupied lists what is held or booked and overlaps the time, lapsed
	// holds too, for some practitioners or, with none named, for all.
	Occupied(ctx context.Context, group practice.ID, of []practice.PractitionerID, from, to time.Time) ([]Occupied, error)

	// Appointment finds an appointment, or returns ErrNotFound.
	Appointment(ctx context.Context, group practice.ID, id ID) (Appointment, error)
	// Details is Appointment with the names around it.
	Details(ctx context.Context, group practice.ID, id ID) (Details, error)
	// Appointments lists appointments by start, and how many match in all,
	// counted up to CountLimit.
	Appointments(ctx context.Context, group practice.ID, q Query) ([]Details, int, error)
	// LapsedHolds lists up to limit holds that ran out at or before the time.
	LapsedHolds(ctx context.Context, group practice.ID, at time.Time, limit int) ([]Occupied, error)
}

// Store is what booking needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	SaveAppointmentType(ctx context.Context, group practice.ID, t Type) error
	SaveSession(ctx context.Context, group practice.ID, s Session) error
	DropSession(ctx context.Context, group practice.ID, id SessionID) error
	// LockDiary keeps others from changing the diary until the end of the
	// transaction, or returns practice.ErrPractitionerNotFound. Lock several in
	// the order of their ids.
	LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error
	// ChangeHours locks a diary to change its sessions, or returns
	// practice.ErrPractitionerNotFound.
	ChangeHours(ctx context.Context, group practice.ID, id practice.PractitionerID) error
	// LockDiaryOf locks the diary an appointment is in and says whose it is, or
	// returns ErrNotFound.
	LockDiaryOf(ctx context.Context, group practice.ID, id ID) (practice.PractitionerID, error)
	// AddAppointment keeps a new appointment; SaveAppointment keeps a changed
	// one, and MoveAppointment whose it is and when. Vacate gives back
	// the time it occupies and Occupy takes the time it has now; the database
	// refuses to let two occupy the same minute of one diary.
	AddAppointment(ctx context.Context, group practice.ID, a Appointment) error
	SaveAppointment(ctx context.Context, group practice.ID, a Appointment) error
	MoveAppointment(ctx context.Context, group practice.ID, a Appointment) error
	Occupy(ctx context.Context, group practice.ID, a Appointment) error
	Vacate(ctx context.Context, group practice.ID, a Appointment) error

	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
	Enqueue(ctx context.Context, j job.Job) error
}

// Service is the booking capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
	// Hold is how long a reservation keeps its time.
	Hold time.Duration

	sheets sheets
}

// MaxLength is the longest appointment. The search for what overlaps a time
// looks back no further.
const MaxLength = 24 * time.Hour

// tries is how often a change is begun again because the appointment moved.
const tries = 4

// do is Store.Do, begun again when the appointment moved under it.
func (s *Service) do(ctx context.Context, fn func(Tx) error) error {
	for i := 1; ; i++ {
		err := s.Store.Do(ctx, fn)
		if i == tries || !errors.Is(err, errMoved) {
			return err
		}
	}
}

// lock locks the diary of the appointment, then reads it.
func lock(ctx context.Context, tx Tx, group practice.ID, id ID) (Details, error) {
	of, err := tx.LockDiaryOf(ctx, group, id)
	if err != nil {
		return Details{}, err
	}
	d, err := tx.Details(ctx, group, id)
	if err == nil && d.Practitioner != of {
		err = errMoved
	}
	return d, err
}

// lockBoth is lock with another diary besides, in the order of their ids.
func lockBoth(ctx context.Context, tx Tx, group practice.ID, id ID, also practice.PractitionerID) (Details, error) {
	seen, err := tx.Appointment(ctx, group, id)
	if err != nil {
		return Details{}, err
	}
	for _, of := range slices.Compact([]practice.PractitionerID{min(seen.Practitioner, also), max(seen.Practitioner, also)}) {
		if err := tx.LockDiary(ctx, group, of); err != nil {
			return Details{}, err
		}
	}
	d, err := tx.Details(ctx, group, id)
	if err == nil && d.Practitioner != seen.Practitioner {
		err = errMoved
	}
	return d, err
}

// change keeps a changed appointment with its event and its audit entry, and
// gives it as it is now.
func change(ctx context.Context, tx Tx, who access.Caller, now time.Time, action, eventType string, before, after Appointment, why string) (Appointment, error) {
	after.Version, after.UpdatedAt = before.Version+1, now
	if err := tx.SaveAppointment(ctx, who.Group, after); err != nil {
		return before, err
	}
	return after, tell(ctx, tx, who, now, action, eventType, &before, after, why)
}

// tell writes the event and the audit entry of a change.
func tell(ctx context.Context, tx Tx, who access.Caller, now time.Time, action, eventType string, before *Appointment, a Appointment, why string) error {
	data := fact{
		AppointmentID: a.ID.String(), State: a.State, PractitionerID: a.Practitioner.String(), LocationID: a.Location.String(),
		TypeID: a.Type.String(), StartTime: a.Start, EndTime: a.End, Reason: why,
	}
	if a.Patient != 0 {
		data.PatientID = a.Patient.String()
	}
	if a.State == Reserved {
		data.ReservedUntil = a.ReservedUntil
	}
	if before != nil {
		data.Previous = &previous{State: before.State, PractitionerID: before.Practitioner.String(), StartTime: before.Start, EndTime: before.End}
	}
	err := tx.Record(ctx, event.Event{
		Group: int64(who.Group), Type: eventType, Subject: int64(a.ID), Sequence: a.Version, At: now, Data: audit.Snapshot(data),
	})
	if err != nil {
		return err
	}
	var was any
	if before != nil {
		was = *before
	}
	return tx.Audit(ctx, who.Audit(now, action, "appointment", int64(a.ID), was, a))
}

// fact is the data of an appointment's event.
type fact struct {
	AppointmentID  string    `json:"appointment_id"`
	State          State     `json:"state"`
	PatientID      string    `json:"patient_id,omitempty"`
	PractitionerID string    `json:"practitioner_id"`
	LocationID     string    `json:"location_id"`
	TypeID         string    `json:"appointment_type_id"`
	StartTime      time.Time `json:"start_time"`
	EndTime        time.Time `json:"end_time"`
	ReservedUntil  time.Time `json:"reserved_until,omitzero"`
	Reason         string    `json:"reason,omitempty"` // why it happened, never why the patient comes
	Previous       *previous `json:"previous,omitempty"`
}

type previous struct {
	State          State     `json:"state"`
	PractitionerID string    `json:"practitioner_id"`
	StartTime      time.Time `json:"start_time"`
	EndTime        time.Time `json:"end_time"`
}

// closedDays are the group's bank holidays on which it is closed.
func closedDays(ctx context.Context, r Reader, g practice.Group, from, to input.Date) (map[input.Date]bool, error) {
	holidays, err := practice.Holidays(ctx, r, g, from, to)
	if err != nil {
		return nil, err
	}
	closed := make(map[input.Date]bool, len(holidays))
	for _, h := range holidays {
		if h.Closed {
			closed[h.Day] = true
		}
	}
	return closed, nil
}
