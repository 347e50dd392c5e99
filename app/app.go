// Package app is the wiring: settings in, a running program out.
//
//	app.go       open everything, serve, stop
//	http.go      which address leads to which door
//	connectors.go  the outside systems each practice group uses
//	carriers.go  who carries a practice group's messages
//	sending.go   whether messages go out at all
//	webhooks.go  who delivers events to partners' endpoints
//	details.go   names, contact details and texts, for those who are to have them
//	operator.go  the program, opened for one command of an operator
//	doctor.go    what the doctor tries of outside systems
//	metrics.go   figures for Prometheus
//	trace.go     traces for OpenTelemetry
package app

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	_ "time/tzdata" // sessions need their zones where the system has none

	"frontdesk/connect/password"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/batch"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/chart"
	"frontdesk/core/clinical"
	"frontdesk/core/communication"
	"frontdesk/core/connector"
	"frontdesk/core/contact"
	"frontdesk/core/courier"
	"frontdesk/core/diary"
	"frontdesk/core/document"
	"frontdesk/core/idempotency"
	"frontdesk/core/job"
	"frontdesk/core/key"
	"frontdesk/core/label"
	"frontdesk/core/limit"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/reply"
	"frontdesk/core/task"
	"frontdesk/core/webhook"
	"frontdesk/graph"
	"frontdesk/operator"
	"frontdesk/sandbox"
	"frontdesk/store"
	"frontdesk/worker"
)

// Version is this build's version, set by the linker.
var Version = "dev"

// Config is how to run.
type Config struct {
	// DB is the database's address, sqlite:PATH or postgres://….
	DB string
	// Listen is where to serve; MetricsListen is where to serve /metrics, or
	// empty for the same.
	Listen, MetricsListen string
	// Sandbox fills an empty database with the invented town. Credentials is a
	// file to write its keys to, or empty.
	Sandbox     bool
	Credentials string
	// Hold is how long a reservation keeps its time.
	Hold time.Duration
	// RateLimit is requests a minute for each key; 0 is no limit.
	RateLimit int
	// GraphQL are the limits of the GraphQL API; those that are 0 are the defaults.
	GraphQL graph.Limits
	// SealKey is the file of the key that secrets are sealed with; empty is the
	// one beside the database.
	SealKey string
	// SendTimeout is the longest a carrier may take for what it was handed; 0 is
	// 30 seconds.
	SendTimeout time.Duration
	// PublicURL is where patients reach this program; empty is where it serves.
	PublicURL string
	// TrustedProxies are addresses and ranges of reverse proxies whose
	// X-Forwarded-For says where requests come from.
	TrustedProxies []string
	// WebhookAllow are hosts, or host:port, that deliveries may go to whatever
	// address they lead to. A sandbox allows this machine besides.
	WebhookAllow []string
	// NotifyRest is how long NHS Notify is left alone when requests in a row have
	// failed; 0 is 30 seconds.
	NotifyRest time.Duration
	// WebhookTimeout is the longest one delivery may take; 0 is 15 seconds.
	WebhookTimeout time.Duration
	// WebhookRoots are whose certificates endpoints may have; nil is the
	// system's.
	WebhookRoots *x509.CertPool
	Log          *slog.Logger
	// Out is where a person at the terminal is told what to try.
	Out io.Writer
	// Now is the clock; nil is the real one.
	Now func() time.Time
}

// App is the running program.
type App struct {
	config   Config
	db       *store.DB
	core     *core.Core
	worker   *worker.Worker
	metrics  *metrics
	servers  []*http.Server
	draining atomic.Bool
	failed   chan error
	traces   func(context.Context) error
	url      string
	sims     *sandbox.Simulators
	sandbox  *sandbox.Sandbox
	carriers *carriers
	realTime bool
	stop     context.CancelFunc
	couriers func(context.Context) error // stops them
	stopping chan struct{}
}

// Open opens the database, fills the sandbox, and begins to serve and to run
// jobs. Close ends it.
func Open(ctx context.Context, c Config) (*App, error) {
	realTime := c.Now == nil
	if realTime {
		c.Now = time.Now
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	tuneMemory()
	a := &App{config: c, failed: make(chan error, 2), sims: &sandbox.Simulators{}, realTime: realTime, stopping: make(chan struct{})}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	if a.db, err = store.Open(ctx, a.config.DB, store.Options{Log: a.config.Log, Make: true, Serve: true}); err != nil {
		return err
	}
	keys := &operator.Keys{DB: a.db, Path: operator.KeyFile(a.config.SealKey, a.config.DB)}
	if err := keys.Claim(ctx); err != nil {
		return err
	}
	a.core, a.carriers = newCore(a.db, keys, a.config, a.pages, a.sims)
	a.core.Webhook.Stopping = a.stopping
	if a.config.Sandbox {
		a.sandbox = &sandbox.Sandbox{
			DB: a.db, Core: a.core, Simulators: a.sims, Now: a.config.Now, RealTime: a.realTime, Credentials: a.config.Credentials, Out: a.config.Out,
			Listen: a.listen, Callback: a.carriers.callback, Connect: connects(a.core),
		}
		if err := a.sandbox.Fill(ctx); err != nil {
			return err
		}
	}
	if err := a.watch(ctx); err != nil {
		return err
	}
	if a.traces, err = startTraces(ctx); err != nil {
		return err
	}
	a.metrics = newMetrics(a.db)
	a.carriers.unread = a.metrics.report
	if a.worker, err = a.newWorker(); err != nil {
		return err
	}
	a.core.Audit.Start()
	if err := a.serve(ctx); err != nil {
		return err
	}
	if a.config.Sandbox {
		if err := a.sandbox.Simulate(ctx); err != nil {
			return err
		}
	}
	// Whoever sent before may have died: what is due goes on at once, and not when
	// it is next looked for.
	if err := a.db.Messaging().Do(ctx, func(tx messaging.Tx) error { return tx.Enqueue(ctx, job.Job{Kind: recoverLost}) }); err != nil {
		return err
	}
	if err := a.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	var running context.Context
	running, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	go a.beating(running)
	if a.couriers, err = a.runCourier(ctx); err != nil {
		return err
	}
	a.config.Log.InfoContext(ctx, "serving", "url", a.url, "database", a.db.Engine(), "version", Version)
	if a.config.Sandbox {
		return a.sandbox.HandOut(ctx, a.url)
	}
	return nil
}

// pages is the address patients' pages are below.
func (a *App) pages() string {
	if a.config.PublicURL != "" {
		return strings.TrimRight(a.config.PublicURL, "/")
	}
	return a.url
}

// newCore wires the capabilities to their store and to the outside world.
func newCore(db *store.DB, keys *operator.Keys, c Config, pages func() string, sims *sandbox.Simulators) (*core.Core, *carriers) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	days := &diary.Service{Store: db.Diary(), Now: c.Now, NewID: db.NewID}
	outside := &connector.Service{Store: db.Connector(), Box: keys.Open, Now: c.Now}
	people := &demographics{db: db, connectors: outside, log: c.Log, now: c.Now, sims: sims}
	post := &carriers{db: db, connectors: outside, log: c.Log, now: c.Now, public: pages, sims: sims, rest: c.NotifyRest}
	records := &record.Service{Store: db.RecordStore(), Writer: record.Own{}, Pages: pages, Now: c.Now, NewID: db.NewID}
	patients := &patient.Service{
		Store: db.Patient(), Demographics: people, Upkeep: people.upkeep, Pages: pages, Now: c.Now, NewID: db.NewID,
	}
	keyring := &key.Service{Store: db.Key(), Now: c.Now, NewID: db.NewID, Limit: c.RateLimit}
	documents := &document.Service{Store: db.Document(), Box: outside.Box, Pages: pages, Now: c.Now, NewID: db.NewID}
	messages := &messaging.Service{
		Store: db.Messaging(), Carriers: post.of, Records: records, Box: outside.Box, Pages: pages, Now: c.Now, NewID: db.NewID,
		Timeout: cmp.Or(c.SendTimeout, 30*time.Second), Journal: db.Handovers(),
	}
	batches := &batch.Service{Store: db.Batch(), Messages: messages, Patients: patients, Now: c.Now, NewID: db.NewID}
	messages.BatchDone = batches.Complete
	replies := &reply.Service{Store: db.Reply(), Messages: messages, Now: c.Now, NewID: db.NewID}
	all := &core.Core{
		Key:         keyring,
		Idempotency: &idempotency.Service{Store: db.Idempotency(), Now: c.Now, Box: outside.Box},
		Limit:       &limit.Service{Store: db.Limit(), Now: c.Now},
		Audit:       &audit.Service{Store: db.AuditStore(), Now: c.Now, NewID: db.NewID},
		Account: &account.Service{
			Store: db.Account(), Keys: keyring, Hasher: password.New(),
			Mailer: &notice.Post{Carriers: post.of, Paused: db.Messaging().SendingPaused, Timeout: messages.Timeout, Log: c.Log},
			Box:    outside.Box, Pages: pages, Now: c.Now, NewID: db.NewID,
		},
		Practice:      &practice.Service{Store: db.Practice(), Now: c.Now, NewID: db.NewID},
		Connector:     outside,
		Patient:       patients,
		Attachment:    &attachment.Service{Store: db.AttachmentStore(), Now: c.Now, NewID: db.NewID},
		Contact:       &contact.Service{Store: db.Contact(), Now: c.Now, NewID: db.NewID},
		Label:         &label.Service{Store: db.Label(), Now: c.Now, NewID: db.NewID},
		Chart:         &chart.Service{Store: db.Chart(), Patients: patients, Now: c.Now, NewID: db.NewID},
		Diary:         days,
		Booking:       &booking.Service{Store: db.Booking(), Diary: days, Now: c.Now, NewID: db.NewID, Hold: c.Hold},
		Billing:       &billing.Service{Store: db.Billing(), Now: c.Now, NewID: db.NewID},
		Record:        records,
		Document:      documents,
		Clinical:      &clinical.Service{Store: db.Clinical(), Files: documents, Recipient: addressee(db), Now: c.Now, NewID: db.NewID},
		Task:          &task.Service{Store: db.Task(), Now: c.Now, NewID: db.NewID},
		Messaging:     messages,
		Batch:         batches,
		Reply:         replies,
		Communication: &communication.Service{Store: db.Communication(), Messages: messages},
		Webhook:       &webhook.Service{Store: db.Webhook(), Log: db.EventLog(), Addresses: poster(c), Box: outside.Box, Now: c.Now, NewID: db.NewID},
	}
	return all, post
}

// The kinds of the jobs that clear old things away and that look for patients
// whose national record should be read again.
const (
	forgetOld   = "access.forget"
	askRefresh  = "patient.ask-refresh"
	refreshEach = 10 * time.Minute
	recoverLost = "message.recover"
	recoverEach = 20 * time.Second
	// senders is how many batches and channels one node sends at once.
	senders = 48
)

func (a *App) newWorker() (*worker.Worker, error) {
	return worker.New(worker.Config{
		Postgres: a.db.Postgres(), SQLite: a.db.SQLite(), Pooled: a.db.Pooled(), Begin: a.db.Begin, Log: a.config.Log, Done: a.metrics.job,
		Handlers: map[string]job.Handler{
			booking.ReleaseKind: a.core.Booking.Release,
			patient.RefreshKind: a.core.Patient.Refresh,
			forgetOld: a.eachGroup(a.core.Idempotency.Forget, a.core.Account.Forget, a.core.Patient.Forget, a.core.Batch.Forget,
				a.core.Webhook.Forget, a.core.Document.Forget, a.core.Audit.Settle),
			askRefresh: a.eachGroup(a.core.Patient.AskRefresh),

			messaging.DispatchKind: a.core.Messaging.Dispatch,
			batch.Kind:             a.core.Batch.Run,
			record.WriteKind:       a.writeRecord,
			recoverLost:            a.recovers(),
			webhook.ReplayKind:     a.core.Webhook.GoOn,
			courier.DisabledKind:   a.tellDisabled,
			job.TaskKind:           a.core.Task.Open,
			account.InviteKind:     a.core.Account.SendInvitation,
		},
		Queues: map[string]int{messaging.Queue: senders},
		Every:  map[string]time.Duration{forgetOld: time.Hour, askRefresh: refreshEach, recoverLost: recoverEach},
	})
}

// eachGroup makes a job of chores that every group has.
func (a *App) eachGroup(chores ...func(context.Context) error) job.Handler {
	return func(ctx context.Context, _ job.Job) error {
		groups, err := a.db.Practice().Groups(ctx)
		if err != nil {
			return err
		}
		for _, g := range groups {
			for _, chore := range chores {
				if err := chore(access.With(ctx, access.System(g.ID))); err != nil {
					return fmt.Errorf("practice group %s: %w", g.ID, err)
				}
			}
		}
		return nil
	}
}

// serve begins to listen.
func (a *App) serve(ctx context.Context) error {
	handler, err := a.handler()
	if err != nil {
		return err
	}
	l, err := a.listen(ctx, a.config.Listen, handler)
	if err != nil {
		return err
	}
	a.url = "http://" + l.Addr().String()
	if a.config.MetricsListen != "" {
		_, err = a.listen(ctx, a.config.MetricsListen, a.metrics.handler())
	}
	return err
}

func (a *App) listen(ctx context.Context, address string, h http.Handler) (net.Listener, error) {
	var network net.ListenConfig
	l, err := network.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.config.Log.Handler(), slog.LevelDebug),
	}
	a.servers = append(a.servers, s)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- err
		}
	}()
	return l, nil
}

// URL is where the program serves.
func (a *App) URL() string { return a.url }

// stopTimeout is how long requests and jobs that are running may still take.
const stopTimeout = 8 * time.Second

// Run serves until the context ends, then stops in good order.
func (a *App) Run(ctx context.Context) error {
	ease()
	go giveBack()
	var err error
	select {
	case <-ctx.Done():
	case err = <-a.failed:
	}
	a.config.Log.InfoContext(ctx, "stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(err, a.Close(stop))
}

// Close takes no new requests, finishes those it has, stops the jobs and
// closes the database.
func (a *App) Close(ctx context.Context) error {
	if a.draining.CompareAndSwap(false, true) {
		close(a.stopping)
	}
	if a.stop != nil {
		a.stop()
	}
	errs := []error{a.sims.Close()}
	for _, s := range a.servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, s.Close())
		}
	}
	if a.worker != nil {
		errs = append(errs, a.worker.Stop(ctx))
	}
	if a.couriers != nil {
		errs = append(errs, a.couriers(ctx))
	}
	if a.core != nil {
		errs = append(errs, a.core.Audit.Stop(ctx))
	}
	if a.traces != nil {
		errs = append(errs, a.traces(ctx))
	}
	if a.db != nil {
		a.db.Close()
	}
	return errors.Join(errs...)
}

// tuneMemory trades a little memory for much less work collecting it: answers
// are bound by allocation. The environment's own settings win.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(512 << 20)
	}
}
