// Package web is what the carriers that speak HTTP have in common: it sends one
// request within its time, and says of each that failed whether the provider
// may have it.
//
//	web.go    the client, and the check of an address
//	send.go   one request until it is answered or lost
//	judge.go  what an answer means at every provider
//	text.go   what a provider tells, made fit to keep
//
// A request is certainly not sent as long as there was no connection to write
// it to, or writing it failed: then the answer is a carrier.Busy. After that
// only an answer tells, and without one the error is ErrUnknown.
//
// Source: RFC 9110, HTTP Semantics.
package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"frontdesk/core/carrier"
)

// Options are what a carrier works with; the zero value will do.
type Options struct {
	// HTTP sends the requests. It is copied, and follows no redirects. When it
	// has no Transport it gets one that keeps a connection for each request
	// that may run at once.
	HTTP *http.Client
	Now  func() time.Time
	// Wait is the limiter that all nodes share. It is called before every
	// request; when it returns an error the message is not sent, and waits for
	// as long as the error says.
	Wait func(context.Context) error
	Log  *slog.Logger
	// Rest is how long the provider is left alone when its connections have
	// failed several times in a row; 0 is 30 seconds.
	Rest time.Duration
}

// Limits are how much a carrier asks of its provider.
type Limits struct {
	// Connections is how many requests run at once; 0 is 32.
	Connections int
	// Timeout is the longest one request may take; 0 is 10 seconds.
	Timeout time.Duration
	// Deadline is the longest one message may take with all its requests; 0 is
	// 30 seconds.
	Deadline time.Duration
}

const (
	maxConnections = 1024
	// failedCalls in a row are taken for an outage.
	failedCalls = 5
	// idle connections are closed by us, because one that the provider closes
	// while we write to it leaves a message whose fate is unknown. Load
	// balancers close theirs after a minute.
	idle = 30 * time.Second
	// Misset is how long messages wait when a provider does not take our
	// settings.
	Misset = 5 * time.Minute
)

// Client sends the requests of one carrier.
type Client struct {
	name   string
	limits Limits
	http   *http.Client
	now    func() time.Time
	wait   func(context.Context) error
	log    *slog.Logger
	slots  chan struct{} // one for each request that is open
	turns  chan struct{} // one for each message of many that is under way

	breaker circuitbreaker.CircuitBreaker[any]

	mu     sync.Mutex
	logged map[string]time.Time // when each trouble was written down last
}

// New makes a client, or says what is wrong with the limits. The name is the
// connector's, for the log.
func New(name string, l Limits, o Options) (*Client, error) {
	l.Connections, l.Timeout, l.Deadline = cmp.Or(l.Connections, 32), cmp.Or(l.Timeout, 10*time.Second),
		cmp.Or(l.Deadline, 30*time.Second)
	if l.Connections < 0 || l.Connections > maxConnections {
		return nil, errors.New("the number of connections must be 1 to 1024")
	}
	if l.Timeout < 0 || l.Deadline < 0 {
		return nil, errors.New("a time is negative")
	}
	c := &Client{
		name: name, limits: l, http: client(o.HTTP, l.Connections), now: o.Now, wait: o.Wait, log: o.Log,
		slots: make(chan struct{}, l.Connections), turns: make(chan struct{}, l.Connections), logged: map[string]time.Time{},
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failedCalls).WithSuccessThreshold(1).WithDelay(cmp.Or(o.Rest, 30*time.Second)).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			c.log.Warn("message provider breaker", slog.String("connector", name),
				slog.String("from", e.OldState.String()), slog.String("to", e.NewState.String()))
		}).Build()
	return c, nil
}

// Now is the time by the carrier's clock.
func (c *Client) Now() time.Time { return c.now() }

// Within limits a context to the longest one message may take.
func (c *Client) Within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.limits.Deadline)
}

// Each hands over messages, as many at once as there may be connections, and
// says how each went, in their order.
func (c *Client) Each(
	ctx context.Context, m []carrier.Outgoing, send func(context.Context, carrier.Outgoing) (carrier.Accepted, error),
) []carrier.Result {
	out := make([]carrier.Result, len(m))
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(c.limits.Connections, len(m)) {
		all.Go(func() {
			select {
			case c.turns <- struct{}{}:
				defer func() { <-c.turns }()
			case <-ctx.Done():
				return
			}
			var wire carrier.Recorder
			for i := int(next.Add(1)) - 1; i < len(m); i = int(next.Add(1)) - 1 {
				wire = m[i].Recording()
				out[i].Accepted, out[i].Err = send(ctx, m[i])
				wire.End(m[i].Key, out[i])
			}
			if wire != nil {
				wire.Flush(ctx)
			}
		})
	}
	all.Wait()
	for i := int(next.Load()); i < len(m); i++ {
		out[i].Err = notSent("no_time", 0, ctx.Err())
	}
	return out
}

// Address reads an address to send to. Keys and messages do not go over the
// network in the clear, other than to this machine itself.
func Address(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("not an address of the form https://host/path")
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	here := host == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return nil, errors.New("must begin with https, unless it is this machine")
	}
	return u, nil
}

// Below is an address below another.
func Below(u *url.URL, names ...string) *url.URL {
	base := *u
	if base.Path == "" {
		base.Path = "/" // or the path would be a relative one
	}
	return base.JoinPath(names...)
}

func client(given *http.Client, connections int) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	if c.Transport == nil {
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t = t.Clone()
			t.MaxIdleConns, t.MaxIdleConnsPerHost, t.IdleConnTimeout = 2*connections, connections, idle
			t.DisableCompression = true // the answers are short
			c.Transport = t
		}
	}
	// A redirect would take the key, and the message, somewhere else.
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Sleep waits, unless the context ends before.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
