// Package key keeps what core/key remembers: key.go has API keys, token.go sessions, roles and who holds a token.
package key

import (
	"context"

	"frontdesk/core/key"

	"frontdesk/store"
)

// Store is what core/key remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(key.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction.
type Tx struct{ store.Conn }

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c} }
