// Package sequence keeps what core/sequence remembers.
//
//	store.go     where it is kept
//	sequence.go  sequences, and the patients in them
package sequence

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/sequence"
	"frontdesk/store"
	diarystore "frontdesk/store/diary"
	messagingstore "frontdesk/store/messaging"
)

// Store is what core/sequence remembers.
type Store struct {
	*Tx
	types
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store {
	c := db.Conn()
	return &Store{on(c), diarystore.On(c), db}
}

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(sequence.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	messaging.Taker
	messages
}

func on(c store.Conn) *Tx {
	m := messagingstore.On(c)
	return &Tx{c, m, m}
}

// Enqueue keeps a job in this transaction.
func (t *Tx) Enqueue(ctx context.Context, j job.Job) error { return t.Conn.Enqueue(ctx, j) }

// Audit keeps an audit entry in this transaction.
func (t *Tx) Audit(ctx context.Context, e audit.Entry) error { return t.Conn.Audit(ctx, e) }

// Record keeps an event in this transaction.
func (t *Tx) Record(ctx context.Context, e event.Event) error { return t.Conn.Record(ctx, e) }

type messages interface {
	LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	SaveMessage(ctx context.Context, group practice.ID, m messaging.Message) error
	AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type types interface {
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
}
