// Package instance keeps what a database knows of itself: instance.go whether it is a sandbox and whether messages go
// out, installation.go what it knows of the programs that run on it.
package instance

import (
	"context"
	"math/rand/v2"
	"time"

	"frontdesk/core/sending"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Store is what a database knows of itself.
type Store struct {
	store.Conn
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{db.Conn(), db} }

// Instance tells whether the database is a sandbox; found is false while it is
// neither that nor a real one, because it has no practice group yet.
func (s *Store) Instance(ctx context.Context) (sandbox, found bool, err error) {
	found, err = s.One(ctx, `SELECT sandbox FROM instance WHERE id = 1`, nil, &sandbox)
	return sandbox, found, err
}

// Found makes the database a sandbox or a real one, unless it is either
// already, and reports whether it did. Of several programs doing it at once,
// one does; the others wait for it.
func (s *Store) Found(ctx context.Context, sandbox bool, now time.Time) (fresh bool, err error) {
	err = s.db.Do(ctx, func(c store.Conn) error {
		n, err := c.Exec(ctx, `INSERT INTO instance (id, sandbox, created_at) VALUES (1, $1, $2) ON CONFLICT (id)
			DO NOTHING`, sandbox, now)
		fresh = n == 1
		return err
	})
	return fresh, err
}

// Sending tells whether messages go out.
func (s *Store) Sending(ctx context.Context) (state sending.State, err error) {
	_, err = s.One(ctx, `SELECT database_id, beat, paused_at, paused_why FROM instance WHERE id = 1`, nil,
		&state.Identity, &state.Beat, value.When(&state.Paused), &state.Why)
	return state, err
}

// PauseSending stops all sending, unless it is stopped already.
func (s *Store) PauseSending(ctx context.Context, now time.Time, why string) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, `UPDATE instance SET paused_at = $1, paused_why = $2 WHERE id = 1 AND paused_at IS NULL`,
			now, why)
		return err
	})
}

// ResumeSending lets messages go out again.
func (s *Store) ResumeSending(ctx context.Context) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, `UPDATE instance SET paused_at = NULL, paused_why = '' WHERE id = 1`)
		return err
	})
}

// Beat counts that the database is in use, and gives the count and the
// database's identity; 0 before there is a practice group.
func (s *Store) Beat(ctx context.Context) (beat, identity int64, err error) {
	err = s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.One(ctx, `UPDATE instance SET beat = beat + 1, database_id = CASE WHEN database_id = 0 THEN $1
			ELSE database_id END WHERE id = 1
			RETURNING beat, database_id`, store.In{1 + rand.Int64N(1<<52)}, &beat, &identity)
		return err
	})
	return beat, identity, err
}
