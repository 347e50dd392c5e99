// Package app is the wiring: settings in, a running program out.
//
//	app.go       open everything, serve, stop
//	core.go      the capabilities, with their store and the outside world
//	http.go      which address leads to which door
//	jobs.go      which job is whose
//	webhooks.go  who delivers events to partners' endpoints
//	operator.go  the program, opened for one command of an operator
//	metrics.go   figures for Prometheus
//	video.go     STUN and TURN for video consultations
//	trace.go     traces for OpenTelemetry
//	collector.go memory.go  how memory is collected, and given back
package app

import (
	"context"
	"crypto/x509"
	"errors"
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

	"frontdesk/connect/relay"
	"frontdesk/core"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/graph"
	"frontdesk/operator"
	"frontdesk/pages/inbox"
	"frontdesk/sandbox"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
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
	// RefuseEvery is how long a visitor of a link waits who cannot be identified, or a multiple of it, so that the time
	// says nothing of the reason; 0 is 2 seconds.
	RefuseEvery time.Duration
	// Video is how video consultations find their way.
	Video Video
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
	outsides
	realTime bool
	clock    inbox.Clock // of a sandbox
	stop     context.CancelFunc
	couriers func(context.Context) error // stops them
	stopping chan struct{}
	relay    *relay.Relay
}

// Open opens the database, fills the sandbox, and begins to serve and to run
// jobs. Close ends it.
func Open(ctx context.Context, c Config) (*App, error) {
	realTime := c.Now == nil
	clock := inbox.Clock(standing(c.Now))
	if realTime {
		c.Now = time.Now
		if c.Sandbox {
			town := &sandbox.Clock{}
			c.Now, clock = town.Now, town
		}
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	tuneMemory()
	a := &App{config: c, failed: make(chan error, 2), sims: &sandbox.Simulators{}, realTime: realTime, clock: clock,
		stopping: make(chan struct{})}
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
	a.core, a.outsides = newCore(a.db, keys, a.config, a.pages, a.sims)
	a.core.Webhook.Stopping = a.stopping
	if err := a.startRelay(ctx, keys); err != nil {
		return err
	}
	if err := a.fill(ctx); err != nil {
		return err
	}
	if why, err := a.core.Sending.Watch(ctx); err != nil {
		return err
	} else if why != "" {
		a.config.Log.WarnContext(ctx, "nothing is sent until an operator says so", "why", why, "command",
			"frontdesk sending resume")
	}
	if a.traces, err = startTraces(ctx); err != nil {
		return err
	}
	a.metrics = newMetrics(a.db)
	a.carriers.Unread = a.metrics.report
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
	if err := a.work(ctx); err != nil {
		return err
	}
	a.config.Log.InfoContext(ctx, "serving", "url", a.url, "database", a.db.Engine(), "version", Version)
	if a.config.Sandbox {
		return a.sandbox.HandOut(ctx, a.url)
	}
	return nil
}

// standing is a clock that a test moves, and no one else.
type standing func() time.Time

// Now is what the test says.
func (s standing) Now() time.Time { return s() }

// Move refuses.
func (standing) Move(context.Context, time.Duration) error { return sandbox.ErrTooFar }

// fill makes a sandbox's practices where there are none yet.
func (a *App) fill(ctx context.Context) error {
	if !a.config.Sandbox {
		return nil
	}
	a.sandbox = &sandbox.Sandbox{
		DB: a.db, Core: a.core, Simulators: a.sims, Now: a.config.Now, RealTime: a.realTime,
		Credentials: a.config.Credentials, Out: a.config.Out,
		Listen: a.listen, Callback: a.carriers.Callback,
	}
	if town, ok := a.clock.(*sandbox.Clock); ok {
		town.Due = func(ctx context.Context) error {
			return errors.Join(a.recovers()(ctx, job.Job{}), a.sandbox.Sent(ctx))
		}
	}
	return a.sandbox.Fill(ctx)
}

// work begins to run jobs, to note that the database is in use and to deliver events.
func (a *App) work(ctx context.Context) (err error) {
	// The program that sent before may have died: what is due goes on at once, and
	// not when it is next looked for.
	if err := messagingstore.New(a.db).Do(ctx, func(tx messaging.Tx) error {
		return tx.Enqueue(ctx, job.Job{Kind: recoverLost})
	}); err != nil {
		return err
	}
	if err := a.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	var running context.Context
	running, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	go a.beating(running)
	a.couriers, err = a.runCourier(ctx)
	return err
}

// pages is the address patients' pages are below.
func (a *App) pages() string {
	if a.config.PublicURL != "" {
		return strings.TrimRight(a.config.PublicURL, "/")
	}
	return a.url
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
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.config.Log.Handler(),
			slog.LevelDebug),
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

// firstChores is how long what a program does at once after its start takes, on a busy machine too.
const firstChores = 20 * time.Second

// settle gives back the memory that only the start needed, and then what the first chores needed.
func settle(ctx context.Context) {
	giveBack()
	select {
	case <-ctx.Done():
	case <-time.After(firstChores):
		giveBack()
	}
}

// Run serves until the context ends, then stops in good order.
func (a *App) Run(ctx context.Context) error {
	ease()
	go settle(ctx)
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
	if a.core != nil {
		a.core.Video.Close() // or the servers would wait for consultations
	}
	errs = append(errs, a.relay.Close())
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
