// Package connector keeps what core/connector remembers.
package connector

import (
	"context"

	"frontdesk/core/connector"

	"frontdesk/store"
)

// Store is what core/connector remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(connector.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		t := on(c)
		return fn(&t)
	})
}

// Tx is its statements in one transaction.
type Tx struct{ store.Conn }

func on(c store.Conn) Tx { return Tx{c} }
