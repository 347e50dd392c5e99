package store

import (
	"context"
	"fmt"
	"frontdesk/core/sending"
	"math/rand/v2"
	"time"
)

// Instance tells whether the database is a sandbox; found is false while it is
// neither that nor a real one, because it has no practice group yet.
func (db *DB) Instance(ctx context.Context) (sandbox, found bool, err error) {
	found, err = db.plain().one(ctx, `SELECT sandbox FROM instance WHERE id = 1`, nil, &sandbox)
	return sandbox, found, err
}

// Found makes the database a sandbox or a real one, unless it is either
// already, and reports whether it did. Of several programs doing it at once,
// one does; the others wait for it.
func (db *DB) Found(ctx context.Context, sandbox bool, now time.Time) (fresh bool, err error) {
	err = db.do(ctx, func(t *Tx) error {
		n, err := t.exec(ctx, `INSERT INTO instance (id, sandbox, created_at) VALUES (1, $1, $2) ON CONFLICT (id)
			DO NOTHING`, sandbox, now)
		fresh = n == 1
		return err
	})
	return fresh, err
}

// Health is what a database says of itself.
type Health struct {
	Version string
	// Damage is what a look over the file or the tables found, or nothing.
	Damage string
	// Durable says that a commit survives a loss of power, and Durability how.
	Durable    bool
	Durability string
	// Clock is how far the database's clock is ahead of ours.
	Clock time.Duration
}

// Examine looks a database over. It changes nothing.
func (db *DB) Examine(ctx context.Context) (Health, error) {
	if db.pg != nil {
		return db.examinePostgres(ctx)
	}
	return db.examineSQLite(ctx)
}

func (db *DB) examineSQLite(ctx context.Context) (h Health, err error) {
	t := db.plain()
	var damage, journal string
	var sync int64
	for _, q := range []struct {
		text string
		dest any
	}{{`SELECT sqlite_version()`, &h.Version}, {`PRAGMA quick_check(1)`, &damage}, {`PRAGMA journal_mode`, &journal},
		{`PRAGMA synchronous`, &sync}} {
		if _, err := t.one(ctx, q.text, nil, q.dest); err != nil {
			return h, err
		}
	}
	if damage != "ok" {
		h.Damage = damage
	}
	h.Durable = sync >= 2
	h.Durability = fmt.Sprintf("journal_mode=%s synchronous=%d", journal, sync)
	return h, nil
}

func (db *DB) examinePostgres(ctx context.Context) (h Health, err error) {
	t := db.plain()
	before := time.Now()
	var now time.Time
	var fsync, commit string
	_, err = t.one(ctx, `SELECT current_setting('server_version'), clock_timestamp(), current_setting('fsync'),
		current_setting('synchronous_commit')`,
		nil, &h.Version, when{&now}, &fsync, &commit)
	h.Clock = now.Sub(before.Add(time.Since(before) / 2))
	h.Durable = fsync == "on" && commit != "off"
	h.Durability = fmt.Sprintf("fsync=%s synchronous_commit=%s", fsync, commit)
	return h, err
}

// Sending tells whether messages go out.
func (db *DB) Sending(ctx context.Context) (s sending.State, err error) {
	_, err = db.plain().one(ctx, `SELECT database_id, beat, paused_at, paused_why FROM instance WHERE id = 1`, nil,
		&s.Identity, &s.Beat, when{&s.Paused}, &s.Why)
	return s, err
}

// PauseSending stops all sending, unless it is stopped already.
func (db *DB) PauseSending(ctx context.Context, now time.Time, why string) error {
	return db.do(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `UPDATE instance SET paused_at = $1, paused_why = $2 WHERE id = 1 AND paused_at IS NULL`,
			now, why)
		return err
	})
}

// ResumeSending lets messages go out again.
func (db *DB) ResumeSending(ctx context.Context) error {
	return db.do(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `UPDATE instance SET paused_at = NULL, paused_why = '' WHERE id = 1`)
		return err
	})
}

// Beat counts that the database is in use, and gives the count and the
// database's identity; 0 before there is a practice group.
func (db *DB) Beat(ctx context.Context) (beat, identity int64, err error) {
	err = db.do(ctx, func(t *Tx) error {
		_, err := t.one(ctx, `UPDATE instance SET beat = beat + 1, database_id = CASE WHEN database_id = 0 THEN $1
			ELSE database_id END WHERE id = 1
			RETURNING beat, database_id`, in{1 + rand.Int64N(1<<52)}, &beat, &identity)
		return err
	})
	return beat, identity, err
}
