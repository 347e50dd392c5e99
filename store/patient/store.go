// Package patient keeps what core/patient remembers: patient.go has the patient, particulars.go what few have,
// belonging.go what is theirs (numbers, telephones, attributes, labels, access groups), list.go and search.go the
// lists, alike.go who may be the same person.
package patient

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	accountstore "frontdesk/store/account"
	labelstore "frontdesk/store/label"
	practicestore "frontdesk/store/practice"
)

// Store is what core/patient remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(patient.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Belongings is what the changes of what is theirs remembers.
type Belongings struct {
	*Tx
	db *store.DB
}

// NewBelongings keeps them in a database.
func NewBelongings(db *store.DB) *Belongings { return &Belongings{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Belongings) Do(ctx context.Context, fn func(patient.BelongingTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	groups
	accessGroups
	labels
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, practicestore.On(c), accountstore.On(c), labelstore.On(c)} }

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type accessGroups interface {
	AccessGroups(ctx context.Context, group practice.ID) ([]account.AccessGroup, error)
}

type labels interface {
	LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error)
}
