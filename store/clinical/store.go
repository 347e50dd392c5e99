// Package clinical keeps what core/clinical remembers.
package clinical

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/contact"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	accountstore "frontdesk/store/account"
	contactstore "frontdesk/store/contact"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	relationshipstore "frontdesk/store/relationship"
)

// Records keeps consultations with their entries.
type Records struct {
	*Tx
	db *store.DB
}

// NewRecords keeps records in a database.
func NewRecords(db *store.DB) *Records { return &Records{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Records) Do(ctx context.Context, fn func(clinical.RecordTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Letters keeps letters.
type Letters struct {
	*Tx
	db *store.DB
}

// NewLetters keeps letters in a database.
func NewLetters(db *store.DB) *Letters { return &Letters{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Letters) Do(ctx context.Context, fn func(clinical.LetterTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Imported keeps prescriptions and laboratory requests.
type Imported struct {
	*Tx
	db *store.DB
}

// NewImported keeps prescriptions and laboratory requests in a database.
func NewImported(db *store.DB) *Imported { return &Imported{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Imported) Do(ctx context.Context, fn func(clinical.ImportTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practices
	clinical.StaffReader
	clinical.PatientLock
	relationships
	contacts
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), accountstore.On(c), patientstore.On(c), relationshipstore.On(c),
		contactstore.On(c)}
}

type practices interface {
	practice.GroupReader
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
}

type relationships interface {
	RelatedTo(ctx context.Context, group practice.ID, relationship int64) (patient.ID, error)
}

type contacts interface {
	Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error)
}
