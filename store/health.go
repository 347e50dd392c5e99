package store

import (
	"context"
	"fmt"
	"frontdesk/store/value"
	"time"
)

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
		nil, &h.Version, value.When(&now), &fsync, &commit)
	h.Clock = now.Sub(before.Add(time.Since(before) / 2))
	h.Durable = fsync == "on" && commit != "off"
	h.Durability = fmt.Sprintf("fsync=%s synchronous_commit=%s", fsync, commit)
	return h, err
}
