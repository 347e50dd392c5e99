// Package batch keeps what core/batch remembers.
package batch

import (
	"context"

	"frontdesk/core/batch"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
)

// Store is what core/batch remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{*On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(batch.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	groups
	patients
	messages
}

// On is those statements in a transaction that another area began.
func On(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), patientstore.On(c), messagingstore.On(c)}
}

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

type messages interface {
	AddMessages(ctx context.Context, group practice.ID, m []messaging.Message) error
	RecordMessageEvent(ctx context.Context, group practice.ID, id messaging.ID, e event.Event) error
	SendingPaused(ctx context.Context) (bool, error)
}
