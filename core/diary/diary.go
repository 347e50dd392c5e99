// Package diary is when practitioners work and which of their times are free.
//
//	type.go        appointment types, and how many slots each has
//	session.go     when a practitioner works, or does not
//	recurrence.go  the weekly rule of a session (iCalendar RRULE)
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

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
)

// The faults of diary.
var (
	ErrTypeNotFound = fault.New(fault.NotFound, "appointment_type_not_found",
		"This practice group has no such appointment type.")
	ErrSessionNotFound = fault.New(fault.NotFound, "session_not_found", "This practice group has no such session.")
	ErrNothingOffered  = fault.New(fault.Conflict, "nothing_offered",
		"They offer nothing there that can be booked. Add an appointment type first.")
	ErrSlotNotFound = fault.New(fault.NotFound, "slot_not_found", "There is no such slot, or it is no longer free.")
)

// Diary is a practitioner's diary as a whole.
type Diary struct {
	Practitioner practice.PractitionerID
	// Version changes with every hold and booking, and Hours with every session
	// and block.
	// Both are 0 inside a transaction, where a change may yet be undone.
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

// Reader is what diary reads.
type Reader interface {
	practice.Reader
	// AppointmentType finds one, or returns ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id TypeID) (Type, error)
	// AppointmentTypes lists them by name; inactive ones too when asked.
	AppointmentTypes(ctx context.Context, group practice.ID, inactive bool) ([]Type, error)
	// Session finds a session or a block, or returns ErrSessionNotFound.
	Session(ctx context.Context, group practice.ID, id SessionID) (Session, error)
	// Sessions lists those that may run between two dates, with their types,
	// and their exceptions in that time.
	Sessions(ctx context.Context, group practice.ID, q SessionQuery) ([]Session, error)
	// SessionsByID finds sessions and blocks with their exceptions and without their types.
	SessionsByID(ctx context.Context, group practice.ID, ids []SessionID) (map[SessionID]Session, error)
	// Blocks lists those with a date between two dates, of some practitioners or,
	// with none named, of all; those of all at a place too.
	Blocks(ctx context.Context, group practice.ID, q SessionQuery) ([]Session, error)
	// SessionIDs lists the ids of sessions and blocks in their order.
	SessionIDs(ctx context.Context, group practice.ID, q PageRows) ([]SessionID, error)
	// Diaries lists the diaries of some practitioners, or of all.
	Diaries(ctx context.Context, group practice.ID, of []practice.PractitionerID) ([]Diary, error)
	// Taken lists what is held or booked and overlaps the time, lapsed holds
	// too, for some practitioners or, with none named, for all.
	Taken(ctx context.Context, group practice.ID, of []practice.PractitionerID, from, to time.Time) ([]Taken, error)
	// TakenBy lists the times of some appointments that are held or booked.
	TakenBy(ctx context.Context, group practice.ID, appointments []int64) ([]Taken, error)
}

// Store is what diary needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockAppointmentType keeps others from changing an appointment type until
	// the end of the transaction, when there is one of that id.
	LockAppointmentType(ctx context.Context, group practice.ID, id TypeID) error
	// SaveAppointmentType keeps an appointment type and the product that it is.
	SaveAppointmentType(ctx context.Context, group practice.ID, t Type) error
	SaveSession(ctx context.Context, group practice.ID, s Session) error
	DropSession(ctx context.Context, group practice.ID, s Session) error
	// TypesOffered lists the active appointment types a practitioner offers at a
	// place: those said to be, and all where nothing was said.
	TypesOffered(ctx context.Context, group practice.ID, by practice.PractitionerID, at practice.LocationID) ([]Type,
		error)
	// ChangeHours locks a diary to change its sessions and blocks, or returns
	// practice.ErrPractitionerNotFound.
	ChangeHours(ctx context.Context, group practice.ID, id practice.PractitionerID) error
	// ChangeAllHours locks every diary of the group.
	ChangeAllHours(ctx context.Context, group practice.ID) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the diary capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64

	sheets sheets
}

// MaxLength is the longest appointment. The search for what overlaps a time
// looks back no further.
const MaxLength = 24 * time.Hour

// setup runs fn in one transaction for a caller who may set up the practice.
func (s *Service) setup(ctx context.Context, fn func(tx Tx, who access.Caller, now time.Time) error) error {
	who, err := access.Require(ctx, access.EditAvailability)
	if err != nil {
		return err
	}
	now := s.Now()
	return s.Store.Do(ctx, func(tx Tx) error { return fn(tx, who, now) })
}
