package notice

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Reader is what notices read.
type Reader interface {
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// NoticeSettings reads how a practice wants its messages: its own under type 0, and those of types that have any.
	NoticeSettings(ctx context.Context, group practice.ID) (map[diary.TypeID]Settings, error)
	// AppointmentType finds a type of appointment, or returns diary.ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
}

// Store is what notices need remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// In is the store inside a transaction of booking.
	In(tx booking.Tx) Tx
	// DueNotices lists what is due at a time, the oldest first.
	DueNotices(ctx context.Context, group practice.ID, at time.Time, limit int) ([]Notice, error)
	// Notices lists notices, newest first, and how many match in all, counted as input.CountTo says.
	Notices(ctx context.Context, group practice.ID, q Query) ([]Notice, int, error)
	// StaleReminders lists planned reminders of appointments that do not stand as they were planned for.
	StaleReminders(ctx context.Context, group practice.ID, limit int) ([]Notice, error)
	// Upcoming lists confirmed appointments that start after a moment and an id, and not after another, by start.
	Upcoming(ctx context.Context, group practice.ID, after Place, until time.Time, limit int) ([]Place, error)
	// Patient finds a patient, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Place is where an appointment stands in the order of their starts.
type Place struct {
	Start       time.Time
	Appointment booking.ID
	Patient     patient.ID
}

// Tx is what notices need inside a transaction.
type Tx interface {
	messaging.Taker
	Reader
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	// Appointment finds an appointment, or returns booking.ErrNotFound.
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	// NoticesOf lists the notices of an appointment, and keeps others from changing them.
	NoticesOf(ctx context.Context, group practice.ID, of booking.ID) ([]Notice, error)
	// AddNotice keeps a new notice, unless there is one on the occasion and of the version already.
	AddNotice(ctx context.Context, group practice.ID, n Notice) error
	SaveNotice(ctx context.Context, group practice.ID, n Notice) error
	SaveNoticeSettings(ctx context.Context, group practice.ID, of diary.TypeID, s Settings, at time.Time) error
}

// Service is the capability of messages around appointments.
type Service struct {
	Store    Store
	Messages *messaging.Service
	// Links finds the link by which the patient of an appointment sees, moves and cancels it, or makes it in the
	// transaction; the zero Link is that there is none. nil is that there are no links.
	Links func(ctx context.Context, tx Tx, group practice.ID, a booking.Appointment) (link.Link, error)
	Now   func() time.Time
	NewID func() int64
}
