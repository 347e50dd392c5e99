// Package account keeps what core/account remembers: account.go has members of staff, invitations and access groups,
// attempt.go attempts to sign in,
// leave.go what it takes to leave.
package account

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/practice"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	practicestore "frontdesk/store/practice"
)

// Store is what core/account remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(account.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Leave runs fn in one transaction, in which a member of staff leaves.
func (s *Store) Leave(ctx context.Context, fn func(account.LeaveTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practices
	work
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, practicestore.On(c), assigneestore.On(c)} }

type work interface {
	WorkOf(ctx context.Context, group practice.ID, r assignee.Ref) (assignee.Work, error)
}

type practices interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	AddPractitioner(ctx context.Context, group practice.ID, p practice.Practitioner) error
}
