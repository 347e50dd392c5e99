package statement

import (
	"context"

	"frontdesk/core/contact"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/statement"

	"frontdesk/store"
	contactstore "frontdesk/store/contact"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
)

// Store is what core/statement remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(statement.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practice.GroupReader
	patients
	contacts
}

func on(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), patientstore.On(c), contactstore.On(c)}
}

type patients interface {
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type contacts interface {
	Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error)
}
