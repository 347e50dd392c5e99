// Package booking holds times in a diary and turns them into appointments.
//
//	reserve.go  hold a time for a patient
//	edit.go     change a hold; move a confirmed appointment
//	book.go     confirm a held time
//	cancel.go   give a time back, by the practice's policy
//	leave.go    give back all that a patient who leaves has to come
//	release.go  free holds that nobody confirmed
//	read.go     look up and list appointments
//	elsewhere.go a patient who would be in two places at once
//	desk.go     what staff do: book, change
//	journey.go  how far the patient has come on the day
//	tell.go     the event and the audit entry of each change
//
// A hold and a booking occupy time in the same way, and whoever changes a diary holds
// its row first, so no two of them can overlap.
package booking

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
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
	Type         diary.TypeID            `json:"appointment_type_id"`
	Start        time.Time               `json:"start_time"`
	End          time.Time               `json:"end_time"`
	diary.Modes
	ReservedUntil time.Time `json:"reserved_until"`
	ConfirmedAt   time.Time `json:"booking_confirmed_at,omitzero"`
	CancelledAt   time.Time `json:"cancelled_at,omitzero"`
	ReleasedAt    time.Time `json:"released_at,omitzero"`
	Reason        string    `json:"reason"`
	// SuppressMail is what was asked for; Told says what patients were sent.
	SuppressMail bool `json:"suppress_mail"`
	// Override marks a time taken without asking whether a session offers it.
	Override bool   `json:"suppress_availability_check"`
	Source   string `json:"appointment_source"` // the door it came through
	// Journey is how far the patient has come on the day.
	Journey Journey `json:"journey,omitzero"`
	// Elsewhere are other appointments the patient has at the same time, told of one
	// that was held, booked or moved just now.
	Elsewhere []Elsewhere `json:"-"`
	// Version counts changes, and is the sequence of its last event.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Length is how long the appointment lasts.
func (a Appointment) Length() time.Duration { return a.End.Sub(a.Start) }

// Lapsed reports whether it is a hold whose time is up.
func (a Appointment) Lapsed(now time.Time) bool {
	return a.State == Reserved && !now.Before(a.ReservedUntil)
}

// The faults of booking.
var (
	ErrNotFound = fault.New(fault.NotFound, "appointment_not_found", "This practice group has no such appointment.")

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
	Nearest []diary.Slot
}

// Error gives the fault's code.
func (e *NotFree) Error() string { return e.Fault.Error() }

// Unwrap gives the fault.
func (e *NotFree) Unwrap() error { return e.Fault }

// Occupied is a stretch of a diary, and the appointment that has it.
type Occupied struct {
	Appointment ID
	diary.Taken
}

func (o Occupied) lapsed(now time.Time) bool {
	return !o.HeldUntil.IsZero() && !now.Before(o.HeldUntil)
}

// Reader is what booking reads.
type Reader interface {
	diary.Reader
	DeskReader
	// Patient finds a patient, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Elsewhere lists up to limit confirmed appointments of the patient of an
	// appointment that overlap it, but for itself.
	Elsewhere(ctx context.Context, group practice.ID, a Appointment, limit int) ([]Elsewhere, error)
	// Occupied lists what one practitioner has held or booked that overlaps the
	// time, lapsed holds too.
	Occupied(ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time) ([]Occupied, error)

	// Appointment finds an appointment, or returns ErrNotFound.
	Appointment(ctx context.Context, group practice.ID, id ID) (Appointment, error)
	// Details is Appointment with the names around it.
	Details(ctx context.Context, group practice.ID, id ID) (Details, error)
	// Appointments lists appointments by start, and how many match in all,
	// counted as patient.CountTo says.
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
	DeskTx
	// LockDiary keeps others from changing the diary until the end of the
	// transaction, or returns practice.ErrPractitionerNotFound. Lock several in
	// the order of their ids.
	LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error
	// LockDiaryOf locks the diary an appointment is in and says whose it is, or
	// returns ErrNotFound.
	LockDiaryOf(ctx context.Context, group practice.ID, id ID) (practice.PractitionerID, error)
	// HoldPatient finds the patient an id stands for and keeps them from being
	// merged into another until the end of the transaction, or returns
	// patient.ErrNotFound.
	HoldPatient(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// TakePatient is HoldPatient for somebody who is booked for: others who book for
	// the patient wait. One who has died is patient.ErrDeceased.
	TakePatient(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	SaveTask(ctx context.Context, group practice.ID, t task.Task) error
	// ToCome lists a patient's appointments, held or booked, that start after a
	// time, by start.
	ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]ID, error)
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
	Diary *diary.Service
	Now   func() time.Time
	NewID func() int64
	// Hold is how long a reservation keeps its time.
	Hold time.Duration
}

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

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
