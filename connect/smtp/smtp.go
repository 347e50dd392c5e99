// Package smtp carries messages as e-mail: it hands them to the practice
// group's own mail server, and hears from it which ones came back.
//
//	smtp.go     the settings, the carrier, handing over one message or many
//	settings.go what is wrong with settings
//	open.go     a new connection: greeting, TLS, sign-in
//	session.go  one message after another on it
//	reply.go    what a server answers, and what that means
//	pool.go     the connections that are kept
//	compose.go  a message as it goes over the wire
//	sign.go     the return path, which only we can make
//	dkim.go     signatures of whole messages
//	bounce.go   the mail server telling us of a bounce
//	report.go   reading a delivery status notification
//
// Sources: RFC 5321, Simple Mail Transfer Protocol; RFC 5322, Internet Message
// Format; RFC 6376,
// DKIM; RFC 8058, one-click unsubscription; RFC 2920, Command Pipelining; RFC 3207, SMTP over TLS; RFC 3461,
// delivery status notifications in SMTP; RFC 3463, Enhanced Mail System Status
// Codes; RFC 3464, the format of delivery status notifications; RFC 3834,
// automatic responses; RFC 4954, SMTP authentication; RFC 5869, HKDF; RFC 6531,
// internationalised e-mail.
//
// No address, name or text of a message goes into a log or into an error, nor
// does what a mail server says beyond its codes: servers repeat addresses.
package smtp

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

// How a connection is secured, for Settings.TLS.
const (
	TLSStart    = "starttls" // asked for after the greeting (RFC 3207), and insisted upon
	TLSImplicit = "implicit" // from the first byte (RFC 8314)
	TLSNone     = "none"     // not at all, which only this machine itself may have
)

// How to sign in, for Settings.AuthMethod.
const (
	AuthAuto  = "" // the best of these that the server offers
	AuthScram = "SCRAM-SHA-256"
	AuthPlain = "PLAIN"
	AuthLogin = "LOGIN"
)

// Settings say how one practice group sends e-mail.
type Settings struct {
	Host string
	// Port 0 is 587, 465 with TLSImplicit, and 25 with TLSNone.
	Port int
	// TLS is TLSStart, TLSImplicit or TLSNone; empty is TLSStart.
	TLS string
	// Username and Password sign in (RFC 4954); without them there is no sign-in.
	Username, Password string
	AuthMethod         string
	// From is the address in the From field, and its domain that of our message
	// identifiers.
	From string
	// FromName is the name in the From field; when it is empty, that of the
	// message.
	FromName string
	// DKIMKey signs every message (RFC 6376), as DKIMSelector of DKIMDomain, which
	// is the domain of From when it is empty. Without a key the mail server is to
	// sign, as a one-click List-Unsubscribe needs it (RFC 8058, section 4).
	DKIMKey                  crypto.Signer
	DKIMSelector, DKIMDomain string
	// ReplyTo is where an answer goes, where that is not From.
	ReplyTo string
	// BouncesTo is where reports come back to, for example
	// bounces@mail.example.org. With a BounceSecret each message has a return path
	// of its own, here bounces+KEY-SIGNATURE@mail.example.org. When it is empty
	// reports go to From.
	BouncesTo string
	// BounceSecret is what the mail server proves itself with when it hands us a
	// report, and what return paths are signed with. When it is empty no report
	// is taken. With another, reports about what was sent before are passed over.
	BounceSecret string
	// Connections is how many connections there are at most; 0 is 8.
	Connections int
	// PerSecond is how many messages this carrier sends in a second when
	// Options.Wait is not set; 0 is as many as go through.
	PerSecond float64
	// Timeout is the longest one command may take; 0 is 30 seconds. The answer to
	// a whole message may take four times as long, if the caller has the time.
	Timeout time.Duration
}

// Options are what the carrier works with; the zero value will do.
type Options struct {
	// Now is the time in Date fields.
	Now func() time.Time
	// Wait is the limiter that all nodes share. It is called before every
	// message; when it returns an error the message is not sent.
	Wait func(context.Context) error
	Log  *slog.Logger
	// RootCAs are the authorities believed; without them, the system's.
	RootCAs *x509.CertPool
	// Rest is how long the server is left alone when five messages in a row have
	// found no connection; 0 is 30 seconds.
	Rest time.Duration
	// Idle is how long an unused connection is kept; 0 is 30 seconds.
	Idle time.Duration
	// Unread is called with what came to a signed return path and could not be read:
	// UnreadReport or UnreadOther.
	Unread func(why string)
}

const (
	// failedConnections in a row are taken for an outage.
	failedConnections = 5
	// perConnection is how many messages of one SendAll there are for each
	// connection, so that a slow one does not leave the others idle for long.
	perConnection = 8
)

// Carrier hands messages to one mail server. It implements carrier.Carrier
// and carrier.Listener.
type Carrier struct {
	settings Settings
	signing  []byte // what return paths are signed with; nil without a secret
	domain   string // of From
	address  string // of the server
	tls      *tls.Config
	now      func() time.Time
	wait     func(context.Context) error
	log      *slog.Logger
	// countUnread is Options.Unread, which may be nil.
	countUnread func(why string)
	breaker     circuitbreaker.CircuitBreaker[any]
	pool        *pool
	// refused is set while the server does not let us sign in, so that the log
	// says so once.
	refused atomic.Bool
}

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Listener = (*Carrier)(nil)
	_ carrier.Recorded = (*Carrier)(nil)
)

// New makes a carrier, or says what is wrong with the settings. It does not
// connect.
func New(s Settings, o Options) (*Carrier, error) {
	s = s.filled()
	if err := s.check(); err != nil {
		return nil, err
	}
	signing, err := signingKey(s.BounceSecret)
	if err != nil {
		return nil, err
	}
	c := &Carrier{
		settings: s, signing: signing, domain: domain(s.From), address: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)),
		now: o.Now, wait: o.Wait, log: o.Log, countUnread: o.Unread,
		tls:  &tls.Config{ServerName: s.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		pool: newPool(s.Connections, cmp.Or(o.Idle, 30*time.Second)),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.wait == nil {
		c.wait = pace(s.PerSecond)
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failedConnections).WithSuccessThreshold(1).WithDelay(cmp.Or(o.Rest, 30*time.Second)).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			c.log.Warn("mail server breaker", slog.String("server", c.address), slog.String("from", e.OldState.String()),
				slog.String("to", e.NewState.String()))
		}).Build()
	return c, nil
}

// pace lets through so many messages a second, evenly, as far as the context
// allows; 0 is no limit.
func pace(perSecond float64) func(context.Context) error {
	if perSecond == 0 {
		return func(context.Context) error { return nil }
	}
	limiter := ratelimiter.NewSmoothWithMaxRate[any](max(time.Duration(float64(time.Second)/perSecond), 1))
	return func(ctx context.Context) error {
		most := time.Minute
		if end, ok := ctx.Deadline(); ok {
			most = time.Until(end)
		}
		return limiter.AcquirePermitWithMaxWait(ctx, most)
	}
}

// Close ends the connections that are not in use at once, and the others after
// their message. Nothing is sent any more.
func (c *Carrier) Close() { c.pool.close() }

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return "smtp" }

// Idempotent implements carrier.Carrier. A mail server takes the same message
// twice, and mailboxes differ in what they make of two with one identifier.
func (c *Carrier) Idempotent() bool { return false }

// Recorded implements carrier.Recorded.
func (c *Carrier) Recorded() {}

// Together implements carrier.Carrier.
func (c *Carrier) Together() int { return c.settings.Connections * perConnection }

// Send implements carrier.Carrier.
func (c *Carrier) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	r := c.SendAll(ctx, []carrier.Outgoing{m})[0]
	return r.Accepted, r.Err
}

// SendAll implements carrier.Carrier. The messages go out side by side, over
// as many connections as may be had.
func (c *Carrier) SendAll(ctx context.Context, m []carrier.Outgoing) []carrier.Result {
	b := &batch{messages: m, results: make([]carrier.Result, len(m)), drained: make(chan struct{})}
	var workers sync.WaitGroup
	for range min(len(m), c.settings.Connections) - 1 {
		workers.Go(func() { c.work(ctx, b) })
	}
	c.work(ctx, b)
	workers.Wait()
	for i, ok := b.take(); ok; i, ok = b.take() {
		b.results[i].Err = &carrier.Busy{Code: "waiting", Err: errNoTurn}
	}
	return b.results
}

// batch is several messages, each of which one worker takes.
type batch struct {
	messages []carrier.Outgoing
	results  []carrier.Result
	next     atomic.Int64
	once     sync.Once
	drained  chan struct{} // closed when there are none left to take
}

func (b *batch) take() (int, bool) {
	i := int(b.next.Add(1)) - 1
	if i >= len(b.messages)-1 {
		b.once.Do(func() { close(b.drained) })
	}
	return i, i < len(b.messages)
}

// work sends messages of a batch over one connection after another.
func (c *Carrier) work(ctx context.Context, b *batch) {
	l, ok := c.pool.get(ctx, b.drained)
	if !ok {
		return
	}
	defer c.pool.put(l)
	var wire carrier.Recorder
	for i, ok := b.take(); ok; i, ok = b.take() {
		wire = b.messages[i].Recording()
		r := &b.results[i]
		r.Accepted, r.Err = c.deliver(ctx, l, b.messages[i])
		wire.End(b.messages[i].Key, *r)
	}
	if wire != nil {
		wire.Flush(ctx)
	}
}

// deliver sends one message, unless the server has failed so often that it is
// left alone for a while.
func (c *Carrier) deliver(ctx context.Context, l *connection, m carrier.Outgoing) (a carrier.Accepted, err error) {
	letter, err := c.compose(&l.text, m)
	if err != nil {
		return a, err
	}
	if c.pool.isClosed() {
		return a, &carrier.Busy{Code: "closed", Err: errClosed}
	}
	// It stays open after its delay until a caller asks it for a permit.
	if c.breaker.IsOpen() && c.breaker.RemainingDelay() > 0 {
		return a, c.resting()
	}
	if err := c.wait(ctx); err != nil {
		return a, &carrier.Busy{Code: "limit", After: fault.Of(err).RetryAfter, Err: errNoTurn}
	}
	if ctx.Err() != nil {
		return a, &carrier.Busy{Code: "waiting", Err: errNoTurn}
	}
	if !c.breaker.TryAcquirePermit() {
		return a, c.resting()
	}
	noted := false
	defer func() { c.record(ctx, err) }()
	for {
		kept := l.session != nil
		if !kept {
			if l.session, err = c.open(ctx); err != nil {
				return a, err
			}
		}
		if err = start(ctx, m, &noted); err != nil {
			return a, err
		}
		a, err = l.session.send(ctx, letter)
		stale := l.session.stale
		if l.session.broken {
			l.session.close()
			l.session = nil
		}
		// A connection kept from earlier may be one that the server has ended in
		// the meantime, or has had enough of. Nothing has been sent yet.
		if err == nil || !kept || !stale || ctx.Err() != nil {
			return a, err
		}
	}
}

// start notes that a message goes out, once, however many connections it takes.
func start(ctx context.Context, m carrier.Outgoing, noted *bool) error {
	if *noted {
		return nil
	}
	if err := m.Recording().Start(ctx, "", m.Key); err != nil {
		return &carrier.Busy{Code: "not_noted", Err: err}
	}
	*noted = true
	return nil
}

func (c *Carrier) resting() error {
	return &carrier.Busy{Code: "resting", After: max(c.breaker.RemainingDelay(), time.Second), Err: errResting}
}

// record tells the breaker how a message went. Any answer to it, a refusal too,
// shows that the server is there.
func (c *Carrier) record(ctx context.Context, err error) {
	switch {
	case !errors.Is(err, errConnection):
		c.breaker.RecordSuccess()
	case !errors.Is(ctx.Err(), context.Canceled), c.breaker.IsHalfOpen():
		// When the caller has gone nothing was learnt; but the one try that a
		// half-open breaker allows has been used, and without a result there
		// would never be another.
		c.breaker.RecordFailure()
	}
}

var (
	errResting = errors.New("left alone after several connections in a row have failed")
	errNoTurn  = errors.New("its turn did not come in time")
	errClosed  = errors.New("the carrier has been closed")
	// errConnection is the cause of whatever went wrong without an answer to the
	// message.
	errConnection = errors.New("the connection to the mail server failed")
)

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// buffer is a message on its way, used again for the next one.
type buffer struct{ plain, stuffed bytes.Buffer }
