// Package pathway keeps what core/pathway remembers.
//
//	store.go    the store and its transactions
//	pathway.go  clinical pathways, found, listed and kept
package pathway

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/pathway"
	"frontdesk/core/practice"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	episodestore "frontdesk/store/episode"
	practicestore "frontdesk/store/practice"
)

// Store is what core/pathway remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(pathway.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	practice.MetadataTx
	episodes
	assignees
}

func on(c store.Conn) *Tx {
	return &Tx{c, practicestore.On(c), episodestore.On(c), assigneestore.On(c)}
}

type episodes interface {
	LockEpisode(ctx context.Context, group practice.ID, id episode.ID) (episode.Episode, error)
}

type assignees interface {
	Assignable(ctx context.Context, group access.GroupID, r assignee.Ref) (bool, error)
}
