// Package practice keeps what core/practice remembers: practice.go has groups, locations, practitioners and holidays,
// metadata.go what other programs keep with things here.
package practice

import (
	"context"

	"frontdesk/core/practice"

	"frontdesk/store"
)

// Store is what core/practice remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(practice.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction.
type Tx struct{ store.Conn }

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c} }
