package limit

import (
	"context"
	"time"

	"frontdesk/store"
)

// Throttle takes the next free moment of an outside system that may be asked
// perSecond times a second, by all running programs together, and says how long
// to wait for it. With none within patience, taken is false and nothing is
// taken.
func (s *Store) Throttle(
	ctx context.Context, name string, perSecond float64, patience time.Duration, now time.Time,
) (wait time.Duration, taken bool, err error) {
	step, at := int64(1e6/perSecond), now.UnixMicro()
	err = s.db.Do(ctx, func(t store.Conn) error {
		if _, err := t.Exec(ctx, `INSERT INTO throttle (name, free_at) VALUES ($1, $2)
			ON CONFLICT (name) DO NOTHING`, name,
			at); err != nil {
			return err
		}
		var free int64
		// A moment that far ahead is from before the clock was put back.
		ahead := at + step + time.Minute.Microseconds()
		taken, err = t.One(ctx,
			`UPDATE throttle SET free_at = CASE WHEN free_at > $2 AND free_at <= $5 THEN free_at ELSE $2 END + $3
			WHERE name = $1 AND (free_at <= $4
			OR free_at > $5) RETURNING free_at`, store.In{name, at, step, at + patience.Microseconds(), ahead}, &free)
		wait = max(0, time.Duration(free-step-at)*time.Microsecond)
		return err
	})
	return wait, taken, err
}
