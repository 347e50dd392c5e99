// Package store is the memory: one set of SQL for SQLite and PostgreSQL.
//
//	db.go        open a database
//	tx.go        statements and transactions, and what is tried again
//	prepared.go  SQLite's prepared statements
//	writer.go    SQLite's transactions, committed several at once
//	dialect.go   every difference between the two databases
//	node.go      ids, and this program's number among its peers
//	health.go    what a database says of itself
//	home.go file.go home_linux.go home_other.go
//	             where it is, and which server has its file
//	audit.go     entries of the audit trail
//	namekey.go   names and addresses as they are compared
//	insert.go    rows added many at a time
//	conn.go      what areas in packages of their own work with
//	job.go       jobs, kept with what caused them
//	event.go     events, and what queues them for endpoints
//	listen.go    what is notified of events when they are committed
//	page.go      pages of lists, read on from where the one before ended
//	among.go     questions about many things at once
//	count.go     how many statements something takes
//
// The folders in it are what each capability asks to be remembered, migrations what brings a database up to this
// program's schema. The rules of the SQL are in docs/decisions/one-sql.md; two tests hold them.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"frontdesk/core/fault"
	"frontdesk/store/migrations"
	"frontdesk/store/place"
)

// DB is an open database.
type DB struct {
	dialect
	// PostgreSQL has one pool; SQLite one connection that writes and a few
	// that read.
	pg             *pgxpool.Pool
	writer, reader *sql.DB
	writes, reads  statements
	lines          *writer // who waits for the connection that writes
	pgJobs         *river.Client[pgx.Tx]
	liteJobs       *river.Client[*sql.Tx]
	node           node
	onClose        []func()
	listeners      listeners
	insertRows     sync.Map     // see insertion
	path           string       // of SQLite's file
	lock           *flock.Flock // on it, when this program serves
	pooled         bool
	begin          pgx.TxOptions
	places         place.Places
	closed         sync.Once
}

// Options are how to open a database.
type Options struct {
	Log *slog.Logger
	// NoMigrate leaves the schema as it is.
	NoMigrate bool
	// Make makes an SQLite file where there is none.
	Make bool
	// Serve says that the program serves: of those there is one on an SQLite file.
	Serve bool
}

// The faults of opening and using a database.
var (
	// ErrUnavailable is returned while the database does not answer. It heals
	// by itself when the database is back.
	ErrUnavailable = fault.New(fault.Unavailable, "database_unavailable",
		"The database does not answer at the moment. Try again shortly.").After(2 * time.Second)
	ErrBadAddress = fault.New(fault.Invalid, "bad_database_address",
		"A database address is sqlite:PATH or postgres://USER@HOST/NAME.")
	// ErrOlder is returned for a database that must be migrated first.
	ErrOlder = fault.New(fault.Conflict, "database_older",
		"This database was made by an older Frontdesk. Run: frontdesk migrate")
	// ErrNewer is returned for a database that a newer program has migrated.
	ErrNewer = migrations.ErrNewer
)

// Open opens the database at an address, sqlite:PATH or postgres://…, brings
// its schema up to date, and takes a node number. Errors: ErrBadAddress,
// ErrNewer, ErrUnavailable, ErrNoDatabase, ErrFile, ErrInUse.
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db := &DB{}
	var err error
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		err = db.openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"), o)
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		err = db.openPostgres(ctx, address)
	default:
		return nil, ErrBadAddress
	}
	if err == nil {
		err = db.check(ctx, o)
	}
	if err == nil {
		err = db.takeNode(ctx, o.Log)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// check brings the schema up to date, or only looks whether it is.
func (db *DB) check(ctx context.Context, o Options) error {
	if o.NoMigrate {
		_, pending, err := db.Version(ctx)
		if err == nil && pending {
			err = ErrOlder
		}
		return err
	}
	return db.Migrate(ctx, o.Log)
}

func (db *DB) migrations() migrations.Database {
	return migrations.Database{Postgres: db.pg, SQLite: db.writer, Outward: outward}
}

// Version is the number of the schema the database has, and whether there are
// migrations still to apply. Error: ErrNewer.
func (db *DB) Version(ctx context.Context) (version int64, pending bool, err error) {
	return db.migrations().Version(ctx)
}

// Migrate brings the schema up to date. Several programs may start at once on
// PostgreSQL: one migrates and the others wait for it. Error: ErrNewer.
func (db *DB) Migrate(ctx context.Context, log *slog.Logger) error {
	return db.migrations().Up(ctx, log)
}

func (db *DB) openSQLite(ctx context.Context, path string, o Options) error {
	if path == "" || strings.ContainsAny(path, "?#") {
		return ErrBadAddress
	}
	db.dialect, db.path = sqlite, path
	if err := makeFile(path, o.Make); err != nil {
		return err
	}
	if o.Serve {
		if err := db.occupy(); err != nil {
			return err
		}
	}
	// The log is copied into the file every 8,000 pages (32 MB) instead of every
	// 1,000: a booking touches forty, and most of them again and again.
	dsn := "file:" + path +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)" +
		"&_pragma=wal_autocheckpoint(8000)"
	// The writer comes first: it makes the file, which readers cannot.
	var err error
	if db.writer, err = sql.Open("sqlite", dsn+"&_txlock=immediate&_pragma=temp_store(2)"); err != nil {
		return err
	}
	db.writer.SetMaxOpenConns(1)
	db.writer.SetMaxIdleConns(1)
	if err := db.writer.PingContext(ctx); err != nil {
		return fileTrouble(path, err)
	}
	if db.reader, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	const readers = 6
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	db.writes.db, db.reads.db = db.writer, db.reader
	db.lines = startWriter(db)
	db.liteJobs, err = river.NewClient(riversqlite.New(db.writer), &river.Config{})
	return err
}

// Limits that keep one statement from holding others up for ever.
const (
	statementTimeout = 10 * time.Second
	lockTimeout      = 5 * time.Second
	doTimeout        = 20 * time.Second
)

// beginning is how a transaction begins: with its limits, since a pooler between
// this program and PostgreSQL takes none when a connection is made, and hands one
// connection to many.
func beginning(set map[string]string) string {
	text := "BEGIN"
	for _, l := range []struct {
		name string
		most time.Duration
	}{{"statement_timeout", statementTimeout}, {"lock_timeout", lockTimeout},
		{"idle_in_transaction_session_timeout", doTimeout}} {
		if _, said := set[l.name]; !said { // the address may say otherwise
			text += fmt.Sprintf("; SET LOCAL %s = %d", l.name, l.most.Milliseconds())
		}
	}
	return text
}

func (db *DB) openPostgres(ctx context.Context, address string) error {
	db.dialect = postgres
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return ErrBadAddress.Because(errors.New("cannot parse it")) // the cause may hold a password
	}
	if !strings.Contains(address, "pool_max_conns") {
		cfg.MaxConns = 16
	}
	db.begin.BeginQuery = beginning(cfg.ConnConfig.RuntimeParams)
	db.pooled = cfg.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	if db.pg, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return outward(err)
	}
	if err := db.pg.Ping(ctx); err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "3D000" { // invalid_catalog_name
			return ErrNoDatabase.Saying("PostgreSQL answers: " + refused.Message + ". Make it with createdb.")
		}
		if err = outward(err); errors.Is(err, ErrUnavailable) {
			err = ErrUnavailable.Saying("The database does not answer.").Because(err)
		}
		return err
	}
	db.pgJobs, err = river.NewClient(riverpgxv5.New(db.pg), &river.Config{})
	return err
}

// Close gives the node number back and closes the database. Closing twice is
// closing once.
func (db *DB) Close() { db.closed.Do(db.close) }

func (db *DB) close() {
	db.leaveNode()
	if db.lines != nil {
		db.lines.close()
	}
	for _, fn := range db.onClose {
		fn()
	}
	if db.pg != nil {
		db.pg.Close()
	}
	for _, pool := range []*sql.DB{db.reader, db.writer} {
		if pool != nil {
			pool.Close()
		}
	}
	db.leave()
}

// OnClose has fn called when the database is closed. Call it before the database is used by several at once.
func (db *DB) OnClose(fn func()) { db.onClose = append(db.onClose, fn) }

// File is the path of SQLite's file.
func (db *DB) File() string { return db.path }

// Engine is "sqlite" or "postgres".
func (db *DB) Engine() string { return db.name }

// Postgres is the pool, or nil on SQLite; for the job runner.
func (db *DB) Postgres() *pgxpool.Pool { return db.pg }

// Pooled reports whether the address says that a pooler is between this program
// and PostgreSQL, which hands out connections by transaction: nothing is heard
// through it.
func (db *DB) Pooled() bool { return db.pooled }

// SQLite is the connection that writes, or nil on PostgreSQL; for the job runner.
func (db *DB) SQLite() *sql.DB { return db.writer }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int64
	_, err := db.plain().one(ctx, `SELECT 1`, nil, &one)
	return err
}
