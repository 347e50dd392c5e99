package store

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/limit"
)

type limitStore struct{ tx *Tx }

// Limit is what core/limit remembers.
func (db *DB) Limit() limit.Store { return limitStore{db.plain()} }

// TakeRate adds to the key's window.
func (s limitStore) TakeRate(
	ctx context.Context, group access.GroupID, id int64, now time.Time, window time.Duration, want int,
) (start time.Time, used int, err error) {
	err = s.tx.db.do(ctx, func(t *Tx) error {
		_, err := t.one(ctx, `INSERT INTO rate_window (practice_group_id, key_id, started_at, used) VALUES ($1, $2,
			$3, $4)
			ON CONFLICT (practice_group_id, key_id) DO UPDATE SET
				used = CASE WHEN rate_window.started_at <= $5 OR rate_window.started_at > $6 THEN $4 ELSE
				rate_window.used + $4 END,
				started_at = CASE WHEN rate_window.started_at <= $5 OR rate_window.started_at > $6 THEN $3 ELSE
				rate_window.started_at END
			RETURNING started_at, used`, in{group, id, now, int64(want), now.Add(-window), now.Add(window)},
			when{&start}, &used)
		return err
	})
	return start, used, err
}
