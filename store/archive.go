package store

import (
	"context"

	"frontdesk/core/archive"
)

type archiveStore struct {
	tx *Tx
}

// Archive is what archive remembers.
func (db *DB) Archive() archive.Store { return archiveStore{db.plain()} }

func (s archiveStore) Do(ctx context.Context, fn func(archive.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}
