package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/core/practice"
)

// Tx is a transaction, or, with none begun, single statements on the pool. It
// answers every capability's questions.
type Tx struct {
	db   *DB
	pg   pgx.Tx
	lite *sql.Tx
	// batch is the context of SQLite's transaction, which is not the caller's.
	batch context.Context
	// diaries are those LockDiariesOfPatients has locked.
	diaries map[practice.PractitionerID]bool
	// happened are the events that are part of it.
	happened map[happened]bool
	// turn has statements wait for one another, in a transaction that several read
	// in at once: a connection carries out one at a time.
	turn *sync.Mutex
}

// take takes a transaction's turn for one statement. Give it back.
func (t *Tx) take() {
	if t.turn != nil {
		t.turn.Lock()
	}
}

func (t *Tx) give() {
	if t.turn != nil {
		t.turn.Unlock()
	}
}

// plain reads outside a transaction.
func (db *DB) plain() *Tx { return &Tx{db: db} }

type joinKey struct{}

// join is a transaction that every Do below this context is part of.
type join struct {
	tx     *Tx
	err    error // an error of the database that ends the whole transaction
	failed bool  // a part of it failed, so none of it may be kept
	parts  bool  // a part that fails leaves the others alone
}

// Whole runs fn in one transaction that every Do below its context joins: all of what they do happens, or none.
func (db *DB) Whole(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.do(ctx, func(t *Tx) error {
		j := &join{tx: t}
		if err := fn(context.WithValue(ctx, joinKey{}, j)); err != nil {
			return err
		}
		return j.err
	})
}

// Join gives a context below which every Do is part of this transaction; inParts says that one that fails leaves the
// others alone. Below it several may read at once. ended tells, when all of them are over, the error for which to
// begin the transaction again, and whether any has failed.
func Join(ctx context.Context, c Conn, inParts bool) (below context.Context, ended func() (retry error, failed bool)) {
	j := &join{tx: c.tx, parts: inParts}
	c.tx.turn = &sync.Mutex{}
	return context.WithValue(ctx, joinKey{}, j), func() (error, bool) {
		if j.err != nil && fateOf(j.err) == again {
			return j.err, true
		}
		return nil, j.failed
	}
}

// do runs a part of the transaction.
func (j *join) do(ctx context.Context, fn func(*Tx) error) error {
	if !j.parts {
		err := fn(j.tx)
		j.failed = j.failed || err != nil
		return err
	}
	if _, err := j.tx.exec(ctx, `SAVEPOINT part`); err != nil {
		j.failed = true
		return err
	}
	diaries, happened := maps.Clone(j.tx.diaries), maps.Clone(j.tx.happened)
	err := fn(j.tx)
	if err == nil {
		_, err = j.tx.exec(ctx, `RELEASE SAVEPOINT part`)
		j.failed = j.failed || err != nil
		return err
	}
	if _, undo := j.tx.exec(ctx, `ROLLBACK TO SAVEPOINT part`); undo != nil || fateOf(err) != final {
		j.failed = true
		return cmp.Or(undo, err)
	}
	j.tx.diaries, j.tx.happened = diaries, happened
	if _, undo := j.tx.exec(ctx, `RELEASE SAVEPOINT part`); undo != nil {
		j.failed = true
		return undo
	}
	return err
}

// on is the transaction to use: its own, or the one the context has joined.
func (t *Tx) on(ctx context.Context) *Tx {
	if t.pg != nil || t.lite != nil {
		return t
	}
	if j, ok := ctx.Value(joinKey{}).(*join); ok {
		return j.tx
	}
	return t
}

// in is the arguments of a statement.
type in = []any

func (t *Tx) values(args in) in {
	if t.db.name == postgres.name {
		return args
	}
	out := make(in, len(args))
	for i, a := range args {
		out[i] = t.db.value(a)
	}
	return out
}

// exec runs a statement and gives the number of rows it touched.
func (t *Tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	t = t.on(ctx)
	t.take()
	defer t.give()
	tally(ctx, 1)
	if t.pg != nil {
		tag, err := t.pg.Exec(ctx, text, args...)
		return tag.RowsAffected(), err
	}
	if t.lite == nil {
		return 0, errOutside
	}
	stmt, err := t.db.writes.within(t.batch, t.lite, text)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(t.batch, t.values(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

var errOutside = errors.New("a statement that changes something needs a transaction")

// many runs one statement for each set of arguments: on PostgreSQL in one round
// trip.
func (t *Tx) many(ctx context.Context, text string, args []in) error {
	all := make([]statement, len(args))
	for i, a := range args {
		all[i] = statement{text, a}
	}
	_, err := t.run(ctx, all)
	return err
}

// Statement is a text with its arguments: Bind makes one.
type Statement struct {
	text string
	args in
}

type statement = Statement

// run runs statements in their order, on PostgreSQL in one round trip, and gives
// the number of rows each touched. They must be short ones: on SQLite time may
// run out only between them.
func (t *Tx) run(ctx context.Context, all []statement) ([]int64, error) {
	t = t.on(ctx)
	if len(all) == 0 {
		return nil, nil
	}
	t.take()
	defer t.give()
	tally(ctx, len(all))
	touched := make([]int64, len(all))
	if t.pg == nil {
		return touched, t.runLite(all, touched)
	}
	batch := &pgx.Batch{}
	for _, s := range all {
		batch.Queue(s.text, s.args...)
	}
	results := t.pg.SendBatch(ctx, batch)
	for i := range all {
		tag, err := results.Exec()
		if err != nil {
			return nil, errors.Join(err, results.Close())
		}
		touched[i] = tag.RowsAffected()
	}
	return touched, results.Close()
}

func (t *Tx) runLite(all []statement, touched []int64) error {
	if t.lite == nil {
		return errOutside
	}
	// The driver starts a goroutine for every statement that may be interrupted,
	// which takes as long as a short statement does.
	ctx := context.WithoutCancel(t.batch)
	var stmt *sql.Stmt
	for i, s := range all {
		err := t.batch.Err()
		if err == nil && (i == 0 || s.text != all[i-1].text) {
			stmt, err = t.db.writes.within(t.batch, t.lite, s.text)
		}
		if err != nil {
			return err
		}
		res, err := stmt.ExecContext(ctx, t.values(s.args)...)
		if err != nil {
			return err
		}
		if touched[i], err = res.RowsAffected(); err != nil {
			return err
		}
	}
	return nil
}

// one reads one row into dest, and reports whether there was one.
func (t *Tx) one(ctx context.Context, text string, args in, dest ...any) (bool, error) {
	t = t.on(ctx)
	t.take()
	defer t.give()
	tally(ctx, 1)
	var err error
	switch {
	case t.pg != nil:
		err = t.pg.QueryRow(ctx, text, args...).Scan(dest...)
	case t.db.pg != nil:
		ctx, cancel := context.WithTimeout(ctx, statementTimeout)
		defer cancel()
		err = t.db.pg.QueryRow(ctx, text, args...).Scan(dest...)
	default:
		var stmt *sql.Stmt
		var cancel context.CancelFunc
		if stmt, ctx, cancel, err = t.stmt(ctx, text); err != nil {
			break
		}
		defer cancel()
		err = stmt.QueryRowContext(ctx, t.values(args)...).Scan(dest...)
	}
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, t.outward(err)
	}
	return true, nil
}

// stmt is a prepared statement of SQLite, in the transaction when there is one.
func (t *Tx) stmt(ctx context.Context, text string) (*sql.Stmt, context.Context, context.CancelFunc, error) {
	if t.lite != nil {
		stmt, err := t.db.writes.within(t.batch, t.lite, text)
		return stmt, t.batch, func() {}, err
	}
	if _, ok := ctx.(uncut); ok {
		stmt, err := t.db.reads.prepare(ctx, text)
		return stmt, ctx, func() {}, err
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	stmt, err := t.db.reads.prepare(ctx, text)
	if err != nil {
		cancel()
	}
	return stmt, ctx, cancel, err
}

// uncut is a context that does not end. database/sql and the driver each start a goroutine for a statement whose
// context may end: together a tenth of the time of a request that reads one row by its key, which is over before
// anything could be cut short.
type uncut struct{ context.Context }

func (uncut) Done() <-chan struct{}       { return nil }
func (uncut) Err() error                  { return nil }
func (uncut) Deadline() (time.Time, bool) { return time.Time{}, false }

// scanner reads the columns of a row.
type scanner func(dest ...any) error

// list reads every row with row.
func list[T any](ctx context.Context, t *Tx, text string, args in, row func(scan scanner) (T, error)) ([]T, error) {
	t = t.on(ctx)
	t.take()
	defer t.give()
	tally(ctx, 1)
	out, err := listOn(ctx, t, text, args, row)
	return out, t.outward(err)
}

func listOn[T any](ctx context.Context, t *Tx, text string, args in, row func(scan scanner) (T, error)) ([]T, error) {
	var out []T
	read := func(scan scanner) error {
		v, err := row(scan)
		out = append(out, v)
		return err
	}
	if t.db.pg != nil {
		query := t.db.pg.Query
		if t.pg != nil {
			query = t.pg.Query
		} else {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, statementTimeout)
			defer cancel()
		}
		rows, err := query(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			if err := read(rows.Scan); err != nil {
				return nil, err
			}
		}
		return out, rows.Err()
	}
	stmt, ctx, cancel, err := t.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	defer cancel()
	rows, err := stmt.QueryContext(ctx, t.values(args)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// outward leaves the driver's errors alone inside a transaction, where Do
// decides what to do about them, and explains them outside one.
func (t *Tx) outward(err error) error {
	if t.pg != nil || t.lite != nil {
		return err
	}
	return outward(err)
}

// attempts is how often a transaction is begun when the database asks for it.
const attempts = 8

// do runs fn in one transaction. fn may be called again from the start, so it
// must have no effect outside the database. Below Once, it joins that
// transaction.
func (db *DB) do(ctx context.Context, fn func(*Tx) error) error { return db.perform(ctx, fn, awaited) }

// Whether a transaction has ended when the disk has it. After a loss of power one
// that was not awaited may not have happened, but then none of it did.
const (
	awaited   = true
	unawaited = false
)

func (db *DB) perform(ctx context.Context, fn func(*Tx) error, disk bool) error {
	if j, ok := ctx.Value(joinKey{}).(*join); ok {
		err := j.do(ctx, fn)
		if err != nil && j.err == nil && fateOf(err) != final {
			j.err = err
		}
		return outward(err)
	}
	ctx, cancel := context.WithTimeout(ctx, doTimeout)
	defer cancel()
	for i := 1; ; i++ {
		err := db.try(ctx, fn, disk)
		if err == nil || fateOf(err) != again || i == attempts {
			return outward(err)
		}
		if err := pause(ctx, i); err != nil {
			return outward(err)
		}
	}
}

// pause waits a little, longer each time, so that two transactions in each
// other's way do not meet again.
func pause(ctx context.Context, i int) error {
	select {
	case <-time.After(time.Duration(1+rand.IntN(5*i*i)) * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try runs fn in a transaction once.
func (db *DB) try(ctx context.Context, fn func(*Tx) error, disk bool) (err error) {
	if db.pg != nil {
		tx, err := db.pg.BeginTx(ctx, db.begin)
		if err != nil {
			return err
		}
		// Rolling back what is committed does nothing. The context may be over
		// by then, and the connection must be given back all the same.
		defer tx.Rollback(context.WithoutCancel(ctx))
		t := &Tx{db: db, pg: tx}
		if !disk {
			if _, err := t.exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
				return err
			}
		}
		if err := fn(t); err != nil {
			return err
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
		db.listeners.notify(t.happened)
		return nil
	}
	return db.lines.do(ctx, fn, disk)
}

// find reads the one row with row, or returns the fault that says there is none.
func find[T any](ctx context.Context, t *Tx, missing error, text string, args in,
	row func(scan scanner) (T, error)) (T, error) {
	rows, err := list(ctx, t, text, args, row)
	return first(rows, err, missing)
}

// byKey is find for a row that is read by the whole of its key.
func byKey[T any](ctx context.Context, t *Tx, missing error, text string, args in,
	row func(scan scanner) (T, error)) (T, error) {
	if t.db.pg == nil {
		if err := ctx.Err(); err != nil {
			var none T
			return none, err
		}
		ctx = uncut{ctx}
	}
	return find(ctx, t, missing, text, args, row)
}

func first[T any](rows []T, err, missing error) (T, error) {
	var none T
	switch {
	case err != nil:
		return none, err
	case len(rows) == 0:
		return none, missing
	}
	return rows[0], nil
}
