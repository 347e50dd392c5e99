package sequence

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Store is what sequences need remembered.
type Store interface {
	// Sequence finds a sequence, or returns ErrNotFound.
	Sequence(ctx context.Context, group practice.ID, id ID) (Sequence, error)
	Sequences(ctx context.Context, group practice.ID, p Page) ([]Sequence, int, error)
	// Entries lists the patients of a sequence, newest first, and how many there are.
	Entries(ctx context.Context, group practice.ID, of ID, p Page) ([]Entry, int, error)
	// DueEntries lists those whose next message is due, and HeldEntries those whose last one waits, by id.
	DueEntries(ctx context.Context, group practice.ID, at time.Time, after EntryID, limit int) ([]Entry, error)
	HeldEntries(ctx context.Context, group practice.ID, at time.Time, after EntryID, limit int) ([]Entry, error)
	// AppointmentType finds a type of appointment, or returns diary.ErrTypeNotFound.
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
	// Patient finds a patient, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is what sequences need inside a transaction.
type Tx interface {
	messaging.Taker
	LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	SaveMessage(ctx context.Context, group practice.ID, m messaging.Message) error
	AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error
	// LockSequence keeps others from changing a sequence and from adding patients to it, and finds it, or returns
	// ErrNotFound.
	LockSequence(ctx context.Context, group practice.ID, id ID) (Sequence, error)
	SaveSequence(ctx context.Context, group practice.ID, s Sequence) error
	// LockActive keeps others from changing what a patient has active in a sequence, and lists it, the oldest first.
	LockActive(ctx context.Context, group practice.ID, of ID, p patient.ID) ([]Entry, error)
	SaveEntry(ctx context.Context, group practice.ID, e Entry) error
	// Booked lists the types of the appointments of a patient that were confirmed from a time on.
	Booked(ctx context.Context, group practice.ID, of patient.ID, since time.Time) ([]diary.TypeID, error)
	Record(ctx context.Context, e event.Event) error
}

// Service is the capability of sequences.
type Service struct {
	Store    Store
	Messages *messaging.Service
	Now      func() time.Time
	NewID    func() int64
}
