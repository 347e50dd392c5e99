// Package booking holds times in a diary and turns them into appointments.
//
//	reserve.go   hold a time for a patient, or book it at once
//	confirm.go   confirm a held time
//	change.go    give an appointment another time, place or practitioner; what staff keep of it
//	cancel.go    give a time back, by the practice's policy
//	leave.go     give back what a patient who leaves has to come
//	release.go   free holds that were not confirmed in time
//	journey.go   how far the patient has come on the day
//	read.go      look up and list appointments
//	elsewhere.go a patient who would be in two places at once
//	record.go    the event and the audit entry of each change
//	follow.go    messages to the patient about it: which are wanted, and the job that makes them
//
// A hold and a booking occupy time in the same way. A change locks the row of the diary first, so no two appointments
// overlap.
package booking

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/fault"
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
	Cancelled State = "cancelled" // given back
	Released  State = "released"  // a hold that was not confirmed in time
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
	// SuppressMail and Notices say which messages the patient is sent about it: see Wants.
	SuppressMail bool     `json:"suppress_mail"`
	Notices      []Notice `json:"tell,omitempty"`
	// Override marks a time taken without asking whether a session offers it.
	Override bool        `json:"suppress_availability_check"`
	Source   access.Door `json:"appointment_source"` // the door it came through
	// Pending waits for staff to confirm it, and keeps its time all the same.
	Pending  bool   `json:"pending,omitempty"`
	Comments string `json:"comments,omitempty"`
	// Link is the booking link by which the patient made it; 0 is none.
	Link int64 `json:"link_id,omitempty"`
	// Journey is how far the patient has come on the day.
	Journey Journey `json:"journey,omitzero"`
	// Elsewhere are other appointments the patient has at the same time, of one that was held, booked or moved just
	// now.
	Elsewhere []Elsewhere `json:"-"`
	Around    `json:"-"`
	// Version counts changes, and is the sequence of its last event.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (a Appointment) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "appointment", ID: int64(a.ID), Patient: int64(a.Patient)}
}

// Around is what stands around an appointment, where it was read: names, and what may be done to it.
type Around struct {
	TypeName         string
	Price            int // of its type, in pence
	LocationName     string
	Address          practice.Address // of its place
	PatientName      Person           // empty without a patient
	PractitionerName Person
	PolicyHours      int
	// Announced says that the practice sends its patients messages about appointments.
	Announced bool
	// Waited says that the practice has a waiting list.
	Waited bool

	CanCancel, CanReschedule bool
}

// Person is a name.
type Person struct{ Title, FirstName, LastName string }

// Notice is a message a patient can be sent about an appointment.
type Notice string

// The notices.
const (
	Confirming Notice = "confirmation"
	Reminder   Notice = "reminder"
	FollowUp   Notice = "followup"
	Cancelling Notice = "cancellation"
)

// Length is how long the appointment lasts.
func (a Appointment) Length() time.Duration { return a.End.Sub(a.Start) }

// Lapsed reports whether it is a hold whose time is up.
func (a Appointment) Lapsed(now time.Time) bool {
	return a.State == Reserved && !now.Before(a.ReservedUntil)
}

// The faults of booking.
var (
	ErrNotFound = fault.New(fault.NotFound, "appointment_not_found", "This practice group has no such appointment.")

	ErrSlotTaken = fault.New(fault.Conflict, "slot_taken", "That time is no longer free.")
	ErrNoSession = fault.New(fault.Conflict, "slot_not_offered",
		"No session offers that time for this appointment type, location and practitioner.")
	ErrHoldExpired = fault.New(fault.Conflict, "hold_expired",
		"The hold on this time has run out. Reserve the time again.")
	ErrCancelled = fault.New(fault.Conflict, "appointment_cancelled", "This appointment has been cancelled.")
	ErrConfirmed = fault.New(fault.Conflict, "appointment_confirmed",
		"This appointment is confirmed. Reschedule it instead of editing it.")
	ErrNotConfirmed = fault.New(fault.Conflict, "appointment_not_confirmed",
		"This appointment is not confirmed yet. Edit it instead of rescheduling it.")
	ErrOtherPatient = fault.New(fault.Conflict, "appointment_of_another_patient",
		"This appointment is already confirmed for another patient.")
	ErrTooLate = fault.New(fault.Conflict, "cancellation_window_closed",
		"It is too late to cancel or move this appointment.")
	ErrNeedsPatient = fault.New(fault.Invalid, "patient_required", "A booking needs a patient.")
	ErrPatientFixed = fault.New(fault.Conflict, "patient_fixed", "The patient of a booking cannot be changed.")
	ErrUnconfirm    = fault.New(fault.Conflict, "booking_confirmed", "A confirmed booking cannot become pending.")
	ErrNotOffered   = fault.New(fault.Conflict, "not_available_at_location",
		"This appointment is not available at that location.")

	// errMoved means that the appointment went to another diary between reading and locking; the whole change is tried
	// again.
	errMoved = fault.New(fault.Unavailable, "appointment_moved", "The appointment was moved at the same time. Try "+
		"again.")
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

// Store is what booking needs remembered.
type Store interface {
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Patient finds a patient, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Appointment finds an appointment and what is around it, or returns ErrNotFound.
	Appointment(ctx context.Context, group practice.ID, id ID) (Appointment, error)
	// AppointmentsByID finds appointments; those the group lacks are left out.
	AppointmentsByID(ctx context.Context, group practice.ID, ids []ID) ([]Appointment, error)
	// Appointments lists appointments by start and, where q.Count asks for it, how many match in all, counted up to
	// input.CountTo.
	Appointments(ctx context.Context, group practice.ID, q Query) ([]Appointment, int, error)
	// AppointmentsOf lists a page of the appointments of each patient, by patient and then by start, and
	// CountAppointmentsOf counts them. Neither uses a Query's Patient, Practitioner, Location, Type, Name and Key.
	AppointmentsOf(ctx context.Context, group practice.ID, of []patient.ID, q Query) ([]Appointment, error)
	CountAppointmentsOf(ctx context.Context, group practice.ID, of []patient.ID, q Query) (map[patient.ID]int, error)
	// LapsedHolds lists up to limit holds that ran out at or before the time.
	LapsedHolds(ctx context.Context, group practice.ID, at time.Time, limit int) ([]Occupied, error)
	// Work is the store of the work around appointments in a transaction.
	Work(tx Tx) Work
}

// Work is what giving staff the work around an appointment needs, in a transaction.
type Work interface {
	task.Raiser
	assignee.Finder
	// AppointmentType finds a type of appointment, or returns diary.ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
}

// recorder keeps a changed appointment with its event and its audit entry.
type recorder interface {
	// SaveAppointment keeps a changed appointment, and MoveAppointment its practitioner and its time.
	SaveAppointment(ctx context.Context, group practice.ID, a Appointment) error
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
}

// releaser gives time back.
type releaser interface {
	recorder
	// Vacate gives back the time an appointment occupies.
	Vacate(ctx context.Context, group practice.ID, a Appointment) error
	enqueuer
}

// LeaveTx is what Leave needs inside a transaction.
type LeaveTx interface {
	releaser
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Appointment(ctx context.Context, group practice.ID, id ID) (Appointment, error)
	// ToCome lists a patient's appointments, held or booked, that start after a time, by start.
	ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]ID, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	releaser
	practice.MetadataTx
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Appointment(ctx context.Context, group practice.ID, id ID) (Appointment, error)
	// Elsewhere lists up to limit confirmed appointments of the patient of an appointment that overlap it, but for
	// itself.
	Elsewhere(ctx context.Context, group practice.ID, a Appointment, limit int) ([]Elsewhere, error)
	// Occupied lists what one practitioner has held or booked that overlaps the time, lapsed holds too.
	Occupied(ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time) ([]Occupied, error)
	// LockDiary keeps others from changing the diary until the end of the transaction, or returns
	// practice.ErrPractitionerNotFound. Lock several in the order of their ids.
	LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error
	// LockDiaryOf locks the diary an appointment is in and finds whose it is, or returns ErrNotFound.
	LockDiaryOf(ctx context.Context, group practice.ID, id ID) (practice.PractitionerID, error)
	// LockPatientAgainstMerge finds the patient an id stands for and keeps them from being merged into another until
	// the end of the transaction, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// LockPatientForBooking is LockPatientAgainstMerge for a patient who is booked for: others who book for the patient
	// wait. One who has died is patient.ErrDeceased.
	LockPatientForBooking(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	AddAppointment(ctx context.Context, group practice.ID, a Appointment) error
	MoveAppointment(ctx context.Context, group practice.ID, a Appointment) error
	// Occupy takes the time an appointment has; the database refuses to let two occupy the same minute of one diary. It
	// returns practice.ErrPractitionerNotFound for one who has left.
	Occupy(ctx context.Context, group practice.ID, a Appointment) error
}

// Service is the booking capability.
type Service struct {
	Store Store
	Diary *diary.Service
	Now   func() time.Time
	NewID func() int64
	// Hold is how long a reservation keeps its time.
	Hold time.Duration
	// Payments says what must be paid first; nil is nothing.
	Payments Payments
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

// changing locks the diary an appointment is in, and a second one where also names it, has fn change the appointment,
// and gives it as it is afterwards. fn gives it also when it refuses.
func (s *Service) changing(
	ctx context.Context, who access.Caller, id ID, also practice.PractitionerID,
	fn func(tx Tx, a Appointment, now time.Time) (Appointment, error),
) (Appointment, error) {
	now := s.Now().Truncate(time.Microsecond)
	var after Appointment
	err := s.do(ctx, func(tx Tx) error {
		before, err := lock(ctx, tx, who.Group, id, also)
		if err != nil {
			return err
		}
		if after, err = fn(tx, before, now); err != nil || sameNames(before, after) {
			return err
		}
		elsewhere := after.Elsewhere
		after, err = tx.Appointment(ctx, who.Group, id)
		after.Elsewhere = elsewhere
		return err
	})
	after.judge(now)
	return after, err
}

// sameNames reports whether what is around two versions of an appointment is the same.
func sameNames(a, b Appointment) bool {
	return a.Patient == b.Patient && a.Practitioner == b.Practitioner && a.Location == b.Location && a.Type == b.Type
}

// lock locks the diary of the appointment, and another in the order of their ids, then reads the appointment.
func lock(ctx context.Context, tx Tx, group practice.ID, id ID, also practice.PractitionerID) (Appointment, error) {
	var of practice.PractitionerID
	if also == 0 {
		var err error
		if of, err = tx.LockDiaryOf(ctx, group, id); err != nil {
			return Appointment{}, err
		}
	} else {
		seen, err := tx.Appointment(ctx, group, id)
		if err != nil {
			return Appointment{}, err
		}
		of = seen.Practitioner
		for _, one := range slices.Compact([]practice.PractitionerID{min(of, also), max(of, also)}) {
			if err := tx.LockDiary(ctx, group, one); err != nil {
				return Appointment{}, err
			}
		}
	}
	a, err := tx.Appointment(ctx, group, id)
	if err == nil && a.Practitioner != of {
		err = errMoved
	}
	return a, err
}
