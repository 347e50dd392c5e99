package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// writer runs the transactions of SQLite, which has one at a time. Those that
// wait when one is done are run inside the same transaction of the database,
// each behind a savepoint, and committed together: the wait for the disk, which
// is most of a small transaction, is shared. None is answered before the commit.
type writer struct {
	db    *DB
	queue chan *unit
	next  *unit // taken out of the queue, and not run yet
	lax   bool  // that transactions do not wait for the disk
	stop  chan struct{}
	done  chan struct{}
}

// unit is one transaction that waits for the writer.
type unit struct {
	fn    func(*Tx) error
	disk  bool         // awaited or unawaited
	state atomic.Int32 // queued, running or given up
	err   error
	panic any
	done  chan struct{}
}

const (
	unitQueued int32 = iota
	unitRunning
	unitGivenUp
)

const (
	// together is how many transactions share a commit at most, and togetherFor
	// how long the first of them waits for more at most.
	together    = 64
	togetherFor = 10 * time.Millisecond
)

var errClosed = errors.New("the database is closed")

func startWriter(db *DB) *writer {
	w := &writer{db: db, queue: make(chan *unit, 4*together), stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for {
			if u := w.next; u != nil {
				w.next = nil
				w.batch(u)
				continue
			}
			select {
			case u := <-w.queue:
				w.batch(u)
			case <-w.stop:
				return
			}
		}
	}()
	return w
}

func (w *writer) close() {
	close(w.stop)
	<-w.done
}

// do waits its turn, and until what fn did is committed.
func (w *writer) do(ctx context.Context, fn func(*Tx) error, disk bool) error {
	u := &unit{fn: fn, disk: disk, done: make(chan struct{})}
	select {
	case w.queue <- u:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return errClosed
	}
	select {
	case <-u.done:
	case <-w.done:
		if u.state.CompareAndSwap(unitQueued, unitGivenUp) {
			return errClosed
		}
		<-u.done
	case <-ctx.Done():
		if u.state.CompareAndSwap(unitQueued, unitGivenUp) {
			return ctx.Err()
		}
		<-u.done // it has begun, and may have been committed
	}
	if u.panic != nil {
		panic(u.panic)
	}
	return u.err
}

// batch runs a transaction, and with it those that wait.
func (w *writer) batch(first *unit) {
	// The callers' own contexts do not reach the database: SQLite answers an
	// interrupt by undoing everybody's work.
	ctx, cancel := context.WithTimeout(context.Background(), doTimeout)
	defer cancel()
	defer w.db.writes.settle(ctx)
	members, err := w.members(ctx, first)
	_ = w.wait(ctx, awaited) // if not, the next that has to be awaited does not begin
	for _, u := range members {
		if u.err == nil {
			u.err = err
		}
		close(u.done)
	}
}

func (w *writer) members(ctx context.Context, first *unit) ([]*unit, error) {
	members := []*unit{}
	var tx *sql.Tx
	err := w.wait(ctx, first.disk)
	if err == nil {
		tx, err = w.db.writer.BeginTx(ctx, nil)
	}
	if err != nil {
		if first.start() {
			members = append(members, first)
		}
		return members, err
	}
	defer tx.Rollback()
	t := &Tx{db: w.db, lite: tx, batch: ctx}
	until := time.Now().Add(togetherFor)
	for u := first; ; {
		if u.start() {
			members = append(members, u)
			if err := w.run(ctx, t, u, len(members) > 1); err != nil {
				return members, err
			}
			if u.err != nil && len(members) == 1 {
				return members, nil // nothing else has been done yet
			}
		}
		if len(members) == together || time.Now().After(until) {
			break
		}
		select {
		case u = <-w.queue:
			if !first.disk && u.disk {
				w.next = u // it waits for the disk, and this is not
				break
			}
			continue
		default:
		}
		break
	}
	if len(members) == 0 {
		return nil, nil
	}
	if err := tx.Commit(); err != nil {
		return members, err
	}
	w.db.listeners.notify(t.happened)
	return members, nil
}

// wait says whether transactions wait for the disk from now on. Those that do
// not are on it, all that were before them too, when one that does has ended
// (https://www.sqlite.org/pragma.html#pragma_synchronous). The job queue, which uses
// the connection in between, does again what a loss of power undoes.
func (w *writer) wait(ctx context.Context, disk bool) error {
	if w.lax != disk {
		return nil
	}
	text := `PRAGMA synchronous = FULL`
	if !disk {
		text = `PRAGMA synchronous = NORMAL`
	}
	_, err := w.db.writer.ExecContext(ctx, text)
	if err == nil {
		w.lax = !disk
	}
	return err
}

func (u *unit) start() bool { return u.state.CompareAndSwap(unitQueued, unitRunning) }

// run does one member's work, and undoes it alone when it fails. An error of
// its own is for everybody: the transaction is lost.
func (w *writer) run(ctx context.Context, t *Tx, u *unit, savepoint bool) error {
	if savepoint {
		if _, err := t.exec(ctx, `SAVEPOINT member`); err != nil {
			return err
		}
	}
	u.call(t)
	if !savepoint {
		return nil
	}
	if u.err != nil {
		if _, err := t.exec(ctx, `ROLLBACK TO member`); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, `RELEASE member`)
	return err
}

// call runs fn; a panic is carried to the goroutine that asked for it.
func (u *unit) call(t *Tx) {
	defer func() {
		if p := recover(); p != nil {
			u.panic, u.err = fmt.Sprintf("%v\n%s", p, debug.Stack()), errors.New("panic")
		}
	}()
	u.err = u.fn(t)
}
