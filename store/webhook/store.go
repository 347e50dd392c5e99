// Package webhook keeps what core/webhook and core/courier remember.
//
//	webhook.go   endpoints
//	log.go       the log of events
//	delivery.go  what is delivered to endpoints
//	backlog.go   what waits for endpoints that take nothing for now
//
// What queues an event for endpoints, in the transaction of the event, is in package store.
package webhook

import (
	"context"

	"frontdesk/core/courier"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store"
	practicestore "frontdesk/store/practice"
)

// Store is what core/webhook and core/courier remember, and the log of events.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{*on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(webhook.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// DoUnawaited runs fn in one transaction, which may end before the disk has it.
func (s *Store) DoUnawaited(ctx context.Context, fn func(courier.Tx) error) error {
	return s.db.DoUnawaited(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	groups
}

func on(c store.Conn) *Tx { return &Tx{c, practicestore.On(c)} }

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

// NewEvents gives a channel that is closed when the group has new events.
func (s *Store) NewEvents(group practice.ID) <-chan struct{} { return s.db.NewEvents(group) }
