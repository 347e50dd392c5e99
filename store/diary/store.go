// Package diary keeps what core/diary remembers.
//
//	diary.go    diaries, and what is taken in them
//	session.go  when practitioners work
//	block.go    time taken away from sessions
//	type.go     appointment types, and where they are offered
package diary

import (
	"context"

	"frontdesk/core/assignee"
	"frontdesk/core/diary"
	"frontdesk/core/practice"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	practicestore "frontdesk/store/practice"
)

// Store is what core/diary remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(diary.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of the practice there.
type Tx struct {
	store.Conn
	others
	assignee.Finder
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, practicestore.On(c), assigneestore.On(c)} }

type others interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	Practitioner(ctx context.Context, group practice.ID, id practice.PractitionerID) (practice.Practitioner, error)
}
