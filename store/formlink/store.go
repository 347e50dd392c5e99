// Package formlink keeps what core/formlink remembers.
package formlink

import (
	"context"

	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/selfbooking"
	"frontdesk/core/task"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	episodestore "frontdesk/store/episode"
	formstore "frontdesk/store/form"
	linkstore "frontdesk/store/link"
	recordstore "frontdesk/store/record"
	selfbookingstore "frontdesk/store/selfbooking"
	taskstore "frontdesk/store/task"
)

// Store is what core/formlink remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(formlink.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Answers keeps answers in a transaction.
func (s *Store) Answers(tx formlink.Tx) form.Keeper { return formstore.On(tx.(*Tx).Conn) }

// Entries keeps entries for records in a transaction.
func (s *Store) Entries(tx formlink.Tx) record.Keeper { return recordstore.On(tx.(*Tx).Conn) }

// Tasks keeps tasks in a transaction.
func (s *Store) Tasks(tx formlink.Tx) task.Raiser { return taskstore.On(tx.(*Tx).Conn) }

// Episodes puts things into episodes in the transaction.
func (t *Tx) Episodes() episode.Keeper { return episodestore.On(t.Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	links
	assignee.Finder
	offers
}

// On is its statements inside a transaction that spans several areas.
func On(c store.Conn) *Tx {
	return &Tx{c, linkstore.On(c), assigneestore.On(c), selfbookingstore.On(c)}
}

type links interface {
	LockLink(ctx context.Context, group practice.ID, id link.ID) (link.Link, error)
	SaveLink(ctx context.Context, group practice.ID, l link.Link) error
	AddLinks(ctx context.Context, group practice.ID, all []link.Link) error
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

type offers interface {
	SaveOffer(ctx context.Context, group practice.ID, o selfbooking.Offer) error
}
