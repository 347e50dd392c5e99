// Package diary is when practitioners work and which of their times are free.
//
//	type.go        appointment types, and how many slots each has
//	session.go     when a practitioner works, or does not
//	change.go      what to set of a session, and its recurrence
//	block.go       time taken away from sessions
//	list.go        sessions and blocks found and listed
//	edit.go        and made, changed, ended
//	walltime.go    local wall-clock time to instants, over clock changes
//	sheet.go       what is remembered of each diary between searches
//	free.go        the one function that says which times are free
//	slots.go       list, count and look up free slots
//	stretch.go     whole times that are worked, and that are free
//
// Slots are not stored. They are sessions, less what is taken away, held or booked.
package diary

import (
	"context"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// The faults of diary.
var (
	ErrTypeNotFound = fault.New(fault.NotFound, "appointment_type_not_found",
		"This practice group has no such appointment type.")
	ErrSessionNotFound = fault.New(fault.NotFound, "session_not_found", "This practice group has no such session.")
	ErrNothingOffered  = fault.New(fault.Conflict, "nothing_offered",
		"The practitioner offers no appointment type at this location. Add one first.")
	ErrSlotNotFound = fault.New(fault.NotFound, "slot_not_found", "There is no such slot, or it is no longer free.")
)

// Diary is a practitioner's diary as a whole.
type Diary struct {
	Practitioner practice.PractitionerID
	// Version changes with every hold and booking, and Hours with every session and block. Both are 0 inside a
	// transaction, where a change may yet be undone.
	Version, Hours int64
	// Active is false for a practitioner who offers no slots.
	Active bool
}

// Taken is one stretch of a diary that is held or booked.
type Taken struct {
	Practitioner practice.PractitionerID
	Start, End   time.Time
	// HeldUntil is when a hold runs out; zero for a booking.
	HeldUntil time.Time
}

// Practice is what diary reads of a practice.
type Practice interface {
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Location finds a place, or returns practice.ErrLocationNotFound.
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	// Locations lists places by name; inactive ones too when asked.
	Locations(ctx context.Context, group practice.ID, inactive bool) ([]practice.Location, error)
	// Practitioner finds a practitioner, or returns practice.ErrPractitionerNotFound.
	Practitioner(ctx context.Context, group practice.ID, id practice.PractitionerID) (practice.Practitioner, error)
	practice.HolidayReader
}

// Store is what diary needs remembered.
type Store interface {
	// AppointmentType finds an appointment type, or returns ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id TypeID) (Type, error)
	// AppointmentTypes lists them by name; inactive ones too when asked.
	AppointmentTypes(ctx context.Context, group practice.ID, inactive bool) ([]Type, error)
	// PlacesOffering lists the locations set for a type of appointment.
	PlacesOffering(ctx context.Context, group practice.ID, kind TypeID) ([]practice.LocationID, error)
	// Session finds a session or a block, or returns ErrSessionNotFound.
	Session(ctx context.Context, group practice.ID, id SessionID) (Session, error)
	// Sessions lists sessions that may run between two dates, with their types and their exceptions in that time, by
	// id; and after them blocks.
	Sessions(ctx context.Context, group practice.ID, q Dates) ([]Session, error)
	// SessionPage lists sessions and blocks by id, with their exceptions and without their types: size of them after
	// offset, and whether more follow.
	SessionPage(ctx context.Context, group practice.ID, q SessionQuery, offset, size int) ([]Session, bool, error)
	// Diaries lists the diaries of some practitioners, or of all.
	Diaries(ctx context.Context, group practice.ID, of []practice.PractitionerID) ([]Diary, error)
	// Taken lists what is held or booked, lapsed holds too.
	Taken(ctx context.Context, group practice.ID, q TakenQuery) ([]Taken, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Dates says which sessions to read: those that may run between two dates, of some practitioners or, with none named,
// of all.
type Dates struct {
	Practitioners []practice.PractitionerID
	From, To      input.Date
	Blocks        bool // blocks too; those of no practitioner too, whichever are named
}

// TakenQuery says what of the time taken to read: what overlaps the time, of some practitioners or, with none named, of
// all. Where Appointments are named, it is their time and nothing else is looked at.
type TakenQuery struct {
	Practitioners []practice.PractitionerID
	From, To      time.Time
	Appointments  []int64
}

// Tx is the store inside a transaction.
type Tx interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	Practitioner(ctx context.Context, group practice.ID, id practice.PractitionerID) (practice.Practitioner, error)
	AppointmentType(ctx context.Context, group practice.ID, id TypeID) (Type, error)
	// HoldAppointmentType finds an appointment type and keeps others from changing it until the end of the transaction.
	HoldAppointmentType(ctx context.Context, group practice.ID, id TypeID) (Type, error)
	// SaveAppointmentType keeps an appointment type and the product that it is.
	SaveAppointmentType(ctx context.Context, group practice.ID, t Type) error
	assignee.Finder
	// FormPublished reports whether a version of a form was published that is not deleted.
	FormPublished(ctx context.Context, group practice.ID, form int64) (bool, error)
	// TypesOffered lists the active appointment types that a practitioner offers at a place: those set for them, and
	// all where none were set.
	TypesOffered(
		ctx context.Context, group practice.ID, by practice.PractitionerID, at practice.LocationID,
	) ([]Type, error)
	Session(ctx context.Context, group practice.ID, id SessionID) (Session, error)
	SaveSession(ctx context.Context, group practice.ID, s Session) error
	DropSession(ctx context.Context, group practice.ID, s Session) error
	// ChangeHours locks a diary to change its sessions and blocks, or returns practice.ErrPractitionerNotFound.
	ChangeHours(ctx context.Context, group practice.ID, id practice.PractitionerID) error
	// ChangeAllHours locks every diary of the group.
	ChangeAllHours(ctx context.Context, group practice.ID) error
	Audit(ctx context.Context, e audit.Entry) error
	Enqueue(ctx context.Context, j job.Job) error
}

// Service is the diary capability.
type Service struct {
	Store    Store
	Practice Practice
	Now      func() time.Time
	NewID    func() int64
	// Changed follows a session or a block that was made, changed or ended, in the transaction of that; nil is nothing.
	Changed func(ctx context.Context, tx Tx, group practice.ID, s Session, now time.Time) error

	sheets sheets
}

// MaxLength is the longest appointment. The search for what overlaps a time looks back no further.
const MaxLength = 24 * time.Hour
