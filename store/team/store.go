// Package team keeps what core/team remembers.
package team

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/practice"
	"frontdesk/core/team"

	"frontdesk/store"
	accountstore "frontdesk/store/account"
)

// Store is what core/team remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(team.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	staff
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, accountstore.On(c)} }

type staff interface {
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
}
