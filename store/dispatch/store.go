// Package dispatch keeps what core/dispatch remembers.
//
//	dispatch.go  messages that are leased to be handed over
//	settle.go    how handing over ended, and what is due
//	about.go     what messages are about that the program sent by itself
//	journal.go   the journal of what is being handed over
package dispatch

import (
	"context"

	"frontdesk/core/dispatch"
	"frontdesk/core/event"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	batchstore "frontdesk/store/batch"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
)

// Store is what core/dispatch remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{*on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(dispatch.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	addressees
	messages
	batches interface {
		BatchHalted(ctx context.Context, group practice.ID, id messaging.BatchID) (bool, error)
	}
	links interface {
		LinksAmong(ctx context.Context, group practice.ID, ids []link.ID) (map[link.ID]link.Link, error)
	}
}

func on(c store.Conn) *Tx {
	messages := messagingstore.On(c)
	return &Tx{c, messages, messages, batchstore.On(c), linkstore.On(c)}
}

// LinksAmong finds links, as they are now.
func (t *Tx) LinksAmong(ctx context.Context, group practice.ID, ids []link.ID) (map[link.ID]link.Link, error) {
	return t.links.LinksAmong(ctx, group, ids)
}

// BatchHalted reports whether a batch is paused or cancelled.
func (t *Tx) BatchHalted(ctx context.Context, group practice.ID, id messaging.BatchID) (bool, error) {
	return t.batches.BatchHalted(ctx, group, id)
}

type addressees interface {
	messaging.AddresseeReader
	Addressees(ctx context.Context, group practice.ID, ids []patient.ID) (map[patient.ID]patient.Patient, error)
}

type messages interface {
	AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	RecordEntryOf(ctx context.Context, group practice.ID, message int64) (record.Entry, error)
	RecordMessageEvent(ctx context.Context, group practice.ID, id messaging.ID, e event.Event) error
	SaveMessage(ctx context.Context, group practice.ID, m messaging.Message) error
	SendingPaused(ctx context.Context) (bool, error)
	Steps(ctx context.Context, group practice.ID, id messaging.ID) ([]messaging.Step, error)
}
