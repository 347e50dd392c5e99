// Package reply keeps what core/reply remembers.
package reply

import (
	"context"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/episode"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/reply"
	"frontdesk/store"
	episodestore "frontdesk/store/episode"
	messagingstore "frontdesk/store/messaging"
	practicestore "frontdesk/store/practice"
	taskstore "frontdesk/store/task"
)

// Store is what core/reply remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{*on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(reply.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tasks keeps tasks in a transaction.
func (s *Store) Tasks(tx reply.Tx) reply.Tasks {
	c := tx.(*Tx).Conn
	return tasks{taskstore.On(c), practicestore.On(c)}
}

type tasks struct {
	*taskstore.Tx
	practice.GroupReader
}

// Episodes puts things into episodes in a transaction.
func (s *Store) Episodes(tx reply.Tx) episode.Keeper { return episodestore.On(tx.(*Tx).Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	messages
}

func on(c store.Conn) *Tx { return &Tx{c, messagingstore.On(c)} }

type messages interface {
	AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error
	AddOptOut(
		ctx context.Context, group practice.ID, channel carrier.Channel, contact, source string, now time.Time,
	) error
	DropOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact string) error
	LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	RecordMessageEvent(ctx context.Context, group practice.ID, id messaging.ID, e event.Event) error
}
