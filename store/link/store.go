// Package link keeps what core/link remembers.
package link

import (
	"context"

	"frontdesk/core/attachment"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	practicestore "frontdesk/store/practice"
)

// Store is what core/link remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(link.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	attachments
	groups
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, attachmentstore.On(c), practicestore.On(c)} }

type attachments interface {
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	AddAttachment(ctx context.Context, group practice.ID, a attachment.Attachment) error
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	Attachment(ctx context.Context, group practice.ID, of patient.ID, id int64) (attachment.Attachment, error)
}

type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}
