// Package messaging keeps what core/messaging remembers.
//
//	message.go    messages, their steps and events, opt-outs and pages
//	addressee.go  what matters of a patient to messages
package messaging

import (
	"context"

	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	episodestore "frontdesk/store/episode"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
)

// Store is what core/messaging remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{*On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(messaging.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Episodes puts things into episodes in a transaction.
func (s *Store) Episodes(tx messaging.Tx) episode.Keeper { return episodestore.On(tx.(*Tx).Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	groups
	patients
	entries
	assignee.Finder
}

// On is those statements in a transaction that another area began.
func On(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), patientstore.On(c), recordstore.On(c), assigneestore.On(c)}
}

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type entries interface {
	AddRecordEntry(ctx context.Context, group practice.ID, e record.Entry) error
	RecordEntryOf(ctx context.Context, group practice.ID, message int64) (record.Entry, error)
}
