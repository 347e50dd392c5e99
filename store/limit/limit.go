// Package limit keeps what core/limit remembers, and when outside systems may be asked next (throttle.go).
package limit

import (
	"context"
	"time"

	"frontdesk/core/access"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Store is what core/limit remembers.
type Store struct{ db *store.DB }

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{db} }

// TakeRate adds to the key's window.
func (s *Store) TakeRate(
	ctx context.Context, group access.GroupID, id int64, now time.Time, window time.Duration, want int,
) (start time.Time, used int, err error) {
	err = s.db.Do(ctx, func(t store.Conn) error {
		_, err := t.One(ctx, `INSERT INTO rate_window (practice_group_id, key_id, started_at, used) VALUES ($1, $2,
			$3, $4)
			ON CONFLICT (practice_group_id, key_id) DO UPDATE SET
				used = CASE WHEN rate_window.started_at <= $5 OR rate_window.started_at > $6 THEN $4 ELSE
				rate_window.used + $4 END,
				started_at = CASE WHEN rate_window.started_at <= $5 OR rate_window.started_at > $6 THEN $3 ELSE
				rate_window.started_at END
			RETURNING started_at, used`, store.In{group, id, now, int64(want), now.Add(-window), now.Add(window)},
			value.When(&start), &used)
		return err
	})
	return start, used, err
}
