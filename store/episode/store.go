// Package episode keeps what core/episode remembers.
//
//	store.go    the store and its transactions
//	episode.go  episodes, found and kept
//	list.go     episodes listed
//	item.go     what is in an episode
package episode

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	patientstore "frontdesk/store/patient"
	taskstore "frontdesk/store/task"
)

// Store is what core/episode remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(episode.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
	tasks
	assignees
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, patientstore.On(c), taskstore.On(c), assigneestore.On(c)} }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type tasks interface {
	TasksAmong(ctx context.Context, group practice.ID, ids []task.ID) ([]task.Task, error)
}

type assignees interface {
	Assignable(ctx context.Context, group access.GroupID, r assignee.Ref) (bool, error)
}
