// Package worker runs jobs when they fall due, on River, in the database they
// are kept in.
package worker

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"frontdesk/core/fault"
	"frontdesk/core/job"
)

// Config is what the worker needs.
type Config struct {
	// Postgres or SQLite is the database the jobs are in.
	Postgres *pgxpool.Pool
	SQLite   *sql.DB
	// Pooled says that PostgreSQL is behind a pooler, through which no
	// notification comes: jobs are looked for.
	Pooled bool
	// Begin is called as a job begins: from then on the same key is a new job.
	Begin func(context.Context, job.Job) error
	// Handlers do the work, by kind.
	Handlers map[string]job.Handler
	// Queues are the queues beyond the default one, and how many jobs of each one
	// node runs at once.
	Queues map[string]int
	// Every adds jobs of a kind, for no group, again and again.
	Every map[string]time.Duration
	Log   *slog.Logger
	// Done is called for each job when it has ended, well or not.
	Done func(kind string, err error, took time.Duration)
}

// Worker runs jobs.
type Worker struct {
	client client
}

// client is a River client, whatever its database.
type client interface {
	Start(context.Context) error
	Stop(context.Context) error
	JobList(context.Context, *river.JobListParams) (*river.JobListResult, error)
	JobRetry(context.Context, int64) (*rivertype.JobRow, error)
	Subscribe(...river.EventKind) (<-chan *river.Event, func())
}

const (
	// concurrency is how many jobs one node runs at once.
	concurrency = 16
	// jobTimeout is how long one job may take.
	jobTimeout = 5 * time.Minute
)

// New makes a worker; Start starts it.
func New(c Config) (*Worker, error) {
	workers := river.NewWorkers()
	for kind, handle := range c.Handlers {
		river.AddWorkerArgs(workers, job.Row{Job: job.Job{Kind: kind}}, &task{config: c, handle: handle})
	}
	config := &river.Config{
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: concurrency}},
		Workers:    workers,
		JobTimeout: jobTimeout,
		// A job that runs longer than it may was left behind by a server that died.
		RescueStuckJobsAfter: jobTimeout + time.Minute,
		FetchPollInterval:    time.Second,
		PollOnly:             c.Pooled,
		Logger:               slog.New(quiet{c.Log.Handler()}),
		ReindexerIndexNames:  rebuilt(c.Postgres != nil),
	}
	for name, workers := range c.Queues {
		config.Queues[name] = river.QueueConfig{MaxWorkers: workers, FetchPollInterval: 250 * time.Millisecond}
	}
	for kind, every := range c.Every {
		config.PeriodicJobs = append(config.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(every),
			func() (river.JobArgs, *river.InsertOpts) { return job.Row{Job: job.Job{Kind: kind}}, nil },
			// Also at the start: a server that is often started again would
			// never get to it otherwise.
			&river.PeriodicJobOpts{RunOnStart: true}))
	}
	var err error
	w := &Worker{}
	if c.Postgres != nil {
		w.client, err = open[pgx.Tx](riverpgxv5.New(c.Postgres), config)
	} else {
		w.client, err = open[*sql.Tx](riversqlite.New(c.SQLite), config)
	}
	return w, err
}

// rebuilt are the indexes that River builds again each night. SQLite lacks some of those that River names by itself, so
// that it would warn of them each time, and its indexes do not grow as PostgreSQL's do.
func rebuilt(postgres bool) []string {
	if postgres {
		return river.ReindexerIndexNamesDefault()
	}
	return []string{}
}

func open[T any](driver riverdriver.Driver[T], config *river.Config) (client, error) {
	return river.NewClient(driver, config)
}

// Start begins to run jobs, until Stop.
func (w *Worker) Start(ctx context.Context) error { return w.client.Start(ctx) }

// Stop waits for the jobs that are running, as long as the context allows.
func (w *Worker) Stop(ctx context.Context) error { return w.client.Stop(ctx) }

// task runs the jobs of one kind.
type task struct {
	river.WorkerDefaults[job.Row]
	config Config
	handle job.Handler
}

// Work implements river.Worker.
func (t *task) Work(ctx context.Context, r *river.Job[job.Row]) error {
	began := time.Now()
	j := r.Args.Job
	err := t.config.Begin(ctx, j)
	if err == nil {
		err = t.handle(ctx, j)
	}
	t.config.Done(j.Kind, err, time.Since(began))
	if err == nil {
		return nil
	}
	later := fault.Later(err)
	t.config.Log.LogAttrs(ctx, slog.LevelWarn, "job failed", slog.String("kind", j.Kind),
		slog.Int64("practice_group_id", j.Group),
		slog.Int64("job_id", r.ID), slog.Int("attempt", r.Attempt), slog.Bool("again", later),
		slog.String("error", err.Error()))
	if !later {
		return river.JobCancel(err)
	}
	return err
}

// quiet logs only the warnings and errors of River, and none that come of its being stopped: a job it was about to add
// when its context ended is added by the next start.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && !errors.Is(ctx.Err(), context.Canceled) && q.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
