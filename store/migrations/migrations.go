// Package migrations brings a database up to the schema this program has.
//
//	NNNNN_name.sql  one step each, one text for both databases
//	rekey.go        a step in Go: the keys of names
//	audit.go        a step in Go: what entries of the audit trail are about
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"frontdesk/core/fault"
	"frontdesk/store/plan"
)

//go:embed *.sql
var files embed.FS

// ErrNewer is returned for a database that knows migrations this program does not.
var ErrNewer = fault.New(fault.Conflict, "database_newer",
	"This database was made by a newer Frontdesk. Use that version, or a backup from before it was upgraded.")

// Database is what is brought up to date: a pool of PostgreSQL's, or the connection that writes an SQLite file.
type Database struct {
	Postgres *pgxpool.Pool
	SQLite   *sql.DB
	// Outward is an error of the database in the terms callers know: a fault when it may heal by itself.
	Outward func(error) error
}

// migrator is what brings one database up to date.
type migrator struct {
	Database
	goose *goose.Provider
	sql   *sql.DB
	river func(context.Context, *slog.Logger) error // applies River's own migrations
	valid func(context.Context) (bool, error)       // reports whether they are all applied
}

func (db Database) migrator() (*migrator, error) {
	m := &migrator{Database: db, sql: db.SQLite}
	goosed := goose.DialectSQLite3
	if db.Postgres != nil {
		// Building an index may take longer than a request may.
		cfg := db.Postgres.Config().ConnConfig.Copy()
		delete(cfg.RuntimeParams, "statement_timeout")
		m.sql, goosed = stdlib.OpenDB(*cfg), goose.DialectPostgres
		useRiver(m, riverpgxv5.New(db.Postgres))
	} else {
		useRiver(m, riversqlite.New(db.SQLite))
	}
	var err error
	m.goose, err = goose.NewProvider(goosed, m.sql, files, goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true), // numbers are given before it is known which is ready first
		goose.WithGoMigrations(
			goose.NewGoMigration(RekeyVersion, &goose.GoFunc{RunTx: rekey}, nil),
			goose.NewGoMigration(IndexAuditVersion, &goose.GoFunc{RunTx: indexAudit}, nil)))
	return m, err
}

func useRiver[T any](m *migrator, driver riverdriver.Driver[T]) {
	m.river = func(ctx context.Context, log *slog.Logger) error {
		r, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		res, err := r.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err == nil && len(res.Versions) > 0 {
			log.InfoContext(ctx, "migrated the job queue", "to", res.Versions[len(res.Versions)-1].Version)
		}
		return err
	}
	m.valid = func(ctx context.Context) (bool, error) {
		r, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return false, err
		}
		res, err := r.Validate(ctx, nil)
		return err == nil && res.OK, err
	}
}

// close ends the connection made for migrating PostgreSQL.
func (m *migrator) close() {
	if m.sql != m.SQLite {
		m.sql.Close()
	}
}

// Version is the number of the schema the database has, and whether there are
// migrations still to apply. Error: ErrNewer.
func (db Database) Version(ctx context.Context) (version int64, pending bool, err error) {
	m, err := db.migrator()
	if err != nil {
		return 0, false, err
	}
	defer m.close()
	return m.version(ctx)
}

func (m *migrator) version(ctx context.Context) (int64, bool, error) {
	// Asking goose's own way would make its table; only look.
	var current int64
	err := m.sql.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&current)
	if err != nil {
		var down *fault.Error
		if err = m.Outward(err); errors.As(err, &down) {
			return 0, false, err
		}
		return 0, true, nil // no such table: a new database
	}
	sources := m.goose.ListSources()
	latest := sources[len(sources)-1].Version
	switch {
	case current > latest:
		return current, false,
			ErrNewer.Saying(fmt.Sprintf("This database has schema version %d, made by a newer Frontdesk; this one "+
				"knows version %d. Use the newer Frontdesk, or a backup from before it was upgraded.", current, latest))
	case current < latest:
		return current, true, nil
	}
	if missing, err := m.missing(ctx, sources); err != nil || missing {
		return current, missing, err
	}
	ok, err := m.valid(ctx)
	return current, !ok, m.Outward(err)
}

// missing reports whether a migration was left out: one with a lower number that came later.
func (m *migrator) missing(ctx context.Context, sources []*goose.Source) (bool, error) {
	var applied int
	err := m.sql.QueryRowContext(ctx,
		`SELECT count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0`).Scan(&applied)
	return applied < len(sources), m.Outward(err)
}

// Up brings the schema up to date. Several programs may start at once on
// PostgreSQL: one migrates and the others wait for it. Error: ErrNewer.
func (db Database) Up(ctx context.Context, log *slog.Logger) (err error) {
	m, err := db.migrator()
	if err != nil {
		return err
	}
	defer m.close()
	switch _, pending, err := m.version(ctx); {
	case err != nil:
		return err
	case !pending:
		return m.finish(ctx)
	}
	if db.Postgres != nil {
		unlock, err := lockMigrations(ctx, m.sql)
		if err != nil {
			return m.Outward(err)
		}
		defer func() { err = errors.Join(err, unlock()) }()
		if _, pending, err := m.version(ctx); err != nil || !pending {
			return err
		}
	}
	done, err := m.goose.Up(ctx)
	for _, r := range done {
		log.InfoContext(ctx, "migrated the database", "to", r.Source.Version, "took", r.Duration)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", m.Outward(err))
	}
	if err := m.river(ctx, log); err != nil {
		return fmt.Errorf("migrate the job queue: %w", m.Outward(err))
	}
	return m.finish(ctx)
}

// finish does what follows the last migration, unless it is done: a program may have been killed between the two.
func (m *migrator) finish(ctx context.Context) error {
	if m.Postgres == nil {
		done, err := plan.Estimated(ctx, m.SQLite)
		if err == nil && !done {
			err = plan.Estimate(ctx, m.SQLite)
		}
		return m.Outward(err)
	}
	var logged bool // see 00021_handover.sql
	err := m.sql.QueryRowContext(ctx,
		`SELECT relpersistence <> 'u' FROM pg_class WHERE oid = 'handover_note'::regclass`).Scan(&logged)
	if err == nil && logged {
		_, err = m.sql.ExecContext(ctx, `ALTER TABLE handover_note SET UNLOGGED`)
	}
	return m.Outward(err)
}

// migrationLock is the number of the lock that one program migrates under.
const migrationLock = 0x66726f6e74 // "front"

// lockMigrations waits, at most two minutes, until no other program migrates. The
// lock is a transaction's: a session's would stay with the connection that a pooler
// hands to the next.
func lockMigrations(ctx context.Context, pool *sql.DB) (unlock func() error, err error) {
	tx, err := pool.BeginTx(context.WithoutCancel(ctx), nil) // which would end the transaction
	if err != nil {
		return nil, err
	}
	for _, text := range []string{`SET LOCAL idle_in_transaction_session_timeout = 0`,
		`SET LOCAL lock_timeout = 120000`, `SET LOCAL statement_timeout = 0`} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx.Rollback, nil
}
