package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/practice"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	"frontdesk/worker"
)

// yard is a worker on a database, and what it has done.
type yard struct {
	t     *testing.T
	db    *store.DB
	group int64
	mu    sync.Mutex
	runs  map[string]int
	ended map[string]error
	work  map[string]func(j job.Job, run int) error
	ran   chan struct{}
}

func each(t *testing.T, test func(t *testing.T, y *yard)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := &practice.Service{Store: practicestore.New(db), Now: time.Now, NewID: db.NewID}
		g, err := s.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		test(t, &yard{
			t: t, db: db, group: int64(g.ID), runs: map[string]int{}, ended: map[string]error{},
			work: map[string]func(job.Job, int) error{}, ran: make(chan struct{}, 1000),
		})
	})
}

func (y *yard) handle(_ context.Context, j job.Job) error {
	name := string(j.Args)
	y.mu.Lock()
	y.runs[name]++
	run, work := y.runs[name], y.work[name]
	y.mu.Unlock()
	if work == nil {
		return nil
	}
	return work(j, run)
}

// start runs the worker until the test ends.
func (y *yard) start() {
	y.t.Helper()
	w, err := worker.New(worker.Config{
		Postgres: y.db.Postgres(), SQLite: y.db.SQLite(), Begin: y.db.Begin, Log: slog.New(slog.DiscardHandler),
		Handlers: map[string]job.Handler{"test.work": y.handle, "test.chore": y.handle},
		Every:    map[string]time.Duration{"test.chore": time.Hour},
		Done: func(_ string, err error, _ time.Duration) {
			y.mu.Lock()
			y.ended["last"] = err
			y.mu.Unlock()
			y.ran <- struct{}{}
		},
	})
	if err != nil {
		y.t.Fatal(err)
	}
	if err := w.Start(context.Background()); err != nil {
		y.t.Fatal(err)
	}
	y.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Stop(ctx); err != nil {
			y.t.Error(err)
		}
	})
}

// add enqueues jobs in one transaction, which fails when fail is given.
func (y *yard) add(fail error, jobs ...job.Job) {
	y.t.Helper()
	ctx := access.With(context.Background(), access.System(practice.ID(y.group)))
	err := bookingstore.New(y.db).Do(ctx, func(tx booking.Tx) error {
		for _, j := range jobs {
			j.Group, j.Kind = y.group, "test.work"
			if err := tx.Enqueue(ctx, j); err != nil {
				return err
			}
		}
		return fail
	})
	if !errors.Is(err, fail) {
		y.t.Fatal(err)
	}
}

func named(name string) job.Job { return job.Job{Args: job.Args(name)} }

// wait waits until something has run often enough.
func (y *yard) wait(name string, times int) {
	y.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		y.mu.Lock()
		n := y.runs[name]
		y.mu.Unlock()
		if n >= times {
			return
		}
		select {
		case <-y.ran:
		case <-deadline:
			y.t.Fatalf("%s ran %d times", name, n)
		}
	}
}

func (y *yard) count(name string) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.runs[name]
}

func TestJobRunsAfterItsTransactionCommits(t *testing.T) {
	each(t, func(t *testing.T, y *yard) {
		y.start()
		y.add(errors.New("never mind"), named("undone"))
		y.add(nil, named("done"))
		y.wait(`"done"`, 1)
		y.wait("", 1) // the chore, at the start
		if n := y.count(`"undone"`); n != 0 {
			t.Fatalf("the one that was undone ran %d times", n)
		}
	})
}

func TestJobWithAKeyIsQueuedOnce(t *testing.T) {
	each(t, func(t *testing.T, y *yard) {
		keyed := named("keyed")
		keyed.Key = "k"
		y.add(nil, keyed, keyed)
		y.add(nil, keyed)
		inside, release := make(chan struct{}), make(chan struct{})
		y.work[`"keyed"`] = func(_ job.Job, run int) error {
			if run == 1 {
				close(inside)
				<-release
			}
			return nil
		}
		y.start()
		<-inside
		y.add(nil, keyed) // it has begun, so this is another
		close(release)
		y.wait(`"keyed"`, 2)
		y.add(nil, named("end"))
		y.wait(`"end"`, 1)
		if n := y.count(`"keyed"`); n != 2 {
			t.Fatalf("it ran %d times", n)
		}
	})
}

func TestJobIsRetriedOnlyAfterTemporaryErrors(t *testing.T) {
	each(t, func(t *testing.T, y *yard) {
		y.work[`"busy"`] = func(_ job.Job, run int) error {
			if run == 1 {
				return fault.New(fault.Unavailable, "busy", "Busy.")
			}
			return nil
		}
		y.work[`"hopeless"`] = func(job.Job, int) error { return fault.New(fault.Conflict, "hopeless", "Hopeless.") }
		y.start()
		y.add(nil, named("hopeless"), named("busy"))
		y.wait(`"busy"`, 2)
		if n := y.count(`"hopeless"`); n != 1 {
			t.Fatalf("the hopeless one ran %d times", n)
		}
	})
}
