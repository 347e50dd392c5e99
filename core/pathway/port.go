package pathway

import (
	"context"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/episode"
	"frontdesk/core/practice"
)

// Reader is what pathway reads.
type Reader interface {
	// Pathway finds a pathway, deleted ones too, or returns ErrNotFound.
	Pathway(ctx context.Context, group practice.ID, id ID) (Pathway, error)
	// PathwaysByID finds those of the pathways there are, deleted ones too.
	PathwaysByID(ctx context.Context, group practice.ID, ids []ID) (map[ID]Pathway, error)
	// PathwaysOf lists the pathways of an episode in the order they were made, without those that were deleted, up to
	// a number.
	PathwaysOf(ctx context.Context, group practice.ID, of episode.ID, most int) ([]Pathway, error)
}

// Store is what pathway needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	assignee.Finder
	practice.MetadataTx
	// LockEpisode keeps others from changing the episode until the end of the transaction, and finds it, or returns
	// episode.ErrNotFound.
	LockEpisode(ctx context.Context, group practice.ID, id episode.ID) (episode.Episode, error)
	// Offered reports whether the practice group offers a product.
	Offered(ctx context.Context, group practice.ID, id ProductID) (bool, error)
	// LockPathway keeps others from changing the pathway until the end of the transaction, and finds it, or returns
	// ErrNotFound.
	LockPathway(ctx context.Context, group practice.ID, id ID) (Pathway, error)
	// SavePathway keeps a pathway. Of which episode it is stays as it is.
	SavePathway(ctx context.Context, group practice.ID, p Pathway) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the capability of clinical pathways.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}
