// Package clinical keeps what core/clinical remembers.
package clinical

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	accountstore "frontdesk/store/account"
	documents "frontdesk/store/document"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	relationshipstore "frontdesk/store/relationship"
)

// Store is what core/clinical remembers.
type Store struct {
	Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(clinical.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		t := on(c)
		return fn(&t)
	})
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practices
	staff
	patients
	relationships
	files
}

func on(c store.Conn) Tx {
	d := documents.On(c)
	return Tx{c, practicestore.On(c), accountstore.On(c), patientstore.On(c), relationshipstore.On(c), &d}
}

// files are the documents that answers are kept in.
type files interface {
	SaveDocument(ctx context.Context, group practice.ID, d document.Document) error
	KeepContent(ctx context.Context, group practice.ID, id document.ID, content []byte) error
}

type practices interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
}

type staff interface {
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
}

type patients interface {
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type relationships interface {
	RelatedTo(ctx context.Context, group practice.ID, relationship int64) (patient.ID, error)
}
