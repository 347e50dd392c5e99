// Package pds asks the NHS Personal Demographics Service who has which NHS
// number, over its FHIR API in application-restricted mode.
//
//	pds.go     the settings, the client, its two questions
//	ask.go     one request until it is answered: tries, time limits, answers
//	search.go  what a trace asks for, and whether the answer agrees with it
//	fhir.go    the shapes of the answers
//	decode.go  a person out of an answer
//
// Source: NHS England, Personal Demographics Service FHIR API specification.
//
// Nothing that could tell who a person is goes into a log or into an error. A request's address has the NHS number in
// it: an HTTP client that records addresses, as one made for tracing does, must not be used here.
package pds

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/demographics"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Settings say how one practice group asks.
type Settings struct {
	// BaseURL is the address that /Patient is below, for example
	// https://api.service.nhs.uk/personal-demographics/FHIR/R4.
	BaseURL string
	// TokenURL is where access tokens come from. When it is empty none is asked
	// for, as NHS England's own sandbox wants it.
	TokenURL string
	// Audience is the aud of the assertion, where it is not TokenURL.
	Audience string
	// APIKey is the application's key: iss and sub of the assertion.
	APIKey string
	// KeyID names the key that signs, as registered with NHS England.
	KeyID string
	Key   *rsa.PrivateKey
	// ODSCode is the practice on whose behalf we ask.
	ODSCode string
	// PerSecond is how many requests this client sends in a second when Options.Wait is not set; 0 is 5.
	PerSecond float64
	// Timeout is the longest one request may take; 0 is 5 seconds.
	Timeout time.Duration
	// Deadline is the longest one call may take with all its tries; 0 is 12 seconds.
	Deadline time.Duration
}

// Options are what the client works with; the zero value will do.
type Options struct {
	// HTTP sends the requests. It is copied, and follows no redirects.
	HTTP *http.Client
	Now  func() time.Time
	// Wait is the limiter that all nodes share. It is called before every request for a person, tries again included;
	// when it returns an error the call ends with ErrDemographicsDown. Without it the client keeps to
	// Settings.PerSecond by itself.
	Wait func(context.Context) error
	// Sleep waits between two tries.
	Sleep func(context.Context, time.Duration) error
	// Backoff is the longest wait before the second try; it doubles with each one after. 0 is 300 milliseconds.
	Backoff time.Duration
	// Rest is how long the client leaves the service alone when five calls in a row have failed; 0 is 30 seconds.
	Rest time.Duration
	Log  *slog.Logger
}

const (
	// tries is how often one request is sent before we give up.
	tries = 3
	// failedCalls in a row are taken for an outage.
	failedCalls = 5
)

// Client implements demographics.PDS for the settings of one practice group.
type Client struct {
	settings Settings
	base     string
	http     *http.Client
	tokens   *nhsapi.Tokens // nil when no token is asked for
	now      func() time.Time
	wait     func(context.Context) error
	sleep    func(context.Context, time.Duration) error
	backoff  time.Duration
	log      *slog.Logger
	breaker  circuitbreaker.CircuitBreaker[any]
}

var _ demographics.PDS = (*Client)(nil)

var odsCode = regexp.MustCompile(`^[0-9A-Z]{3,10}$`)

// New makes a client, or says what is wrong with the settings.
func New(s Settings, o Options) (*Client, error) {
	s.ODSCode = strings.ToUpper(strings.TrimSpace(s.ODSCode))
	s.PerSecond, s.Timeout, s.Deadline = cmp.Or(s.PerSecond, 5), cmp.Or(s.Timeout, 5*time.Second),
		cmp.Or(s.Deadline, 12*time.Second)
	if err := s.check(); err != nil {
		return nil, err
	}
	c := &Client{
		settings: s, base: strings.TrimRight(s.BaseURL, "/"), http: nhsapi.Client(o.HTTP),
		now: o.Now, wait: o.Wait, sleep: o.Sleep, backoff: cmp.Or(o.Backoff, 300*time.Millisecond), log: o.Log,
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.wait == nil {
		c.wait = nhsapi.Pace(s.PerSecond)
	}
	if c.sleep == nil {
		c.sleep = nhsapi.Sleep
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if s.TokenURL != "" {
		c.tokens = nhsapi.NewTokens(s.application(), c.http, c.now)
	}
	c.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failedCalls).WithSuccessThreshold(1).WithDelay(cmp.Or(o.Rest, 30*time.Second)).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			c.log.Warn("demographics service breaker", slog.String("from", e.OldState.String()),
				slog.String("to", e.NewState.String()))
		}).Build()
	return c, nil
}

func (s Settings) check() error {
	if err := nhsapi.CheckAddress(s.BaseURL); err != nil {
		return fmt.Errorf("pds: base URL: %w", err)
	}
	if s.ODSCode != "" && !odsCode.MatchString(s.ODSCode) {
		return errors.New("pds: the ODS code is not one")
	}
	if s.PerSecond < 0 || s.Timeout < 0 || s.Deadline < 0 {
		return errors.New("pds: a rate or a time is negative")
	}
	if s.TokenURL == "" {
		return nil
	}
	if err := s.application().Check(); err != nil {
		return fmt.Errorf("pds: %w", err)
	}
	if s.ODSCode == "" {
		return errors.New("pds: no ODS code")
	}
	return nil
}

func (s Settings) application() nhsapi.Application {
	return nhsapi.Application{TokenURL: s.TokenURL, Audience: s.Audience, APIKey: s.APIKey, KeyID: s.KeyID, Key: s.Key,
		Timeout: s.Timeout}
}

type correlationKey struct{}

var safeID = regexp.MustCompile(`^[0-9A-Za-z_-]{16,64}$`)

// WithCorrelation has the calls made with this context carry id as their X-Correlation-ID, so that our log and NHS
// England's can be laid side by side. An id that is not 16 to 64 letters, digits, dashes and underscores, or is digits
// alone, is left out, and each call makes one of its own.
func WithCorrelation(ctx context.Context, id string) context.Context {
	if !safeID.MatchString(id) || strings.Trim(id, "0123456789-_") == "" {
		return ctx
	}
	return context.WithValue(ctx, correlationKey{}, id)
}

// call is one question, with all the requests it takes.
type call struct {
	*Client
	group       practice.ID
	correlation string
}

// Read implements demographics.PDS.
func (c *Client) Read(ctx context.Context, group practice.ID, number string) (demographics.Person, error) {
	number, ok := input.ParseNHSNumber(number)
	if !ok {
		return demographics.Person{}, demographics.ErrNotTraced
	}
	return c.guarded(ctx, group, func(ctx context.Context, q call) (demographics.Person, error) {
		r, err := q.read(ctx, number)
		return r.person, err
	})
}

// Trace implements demographics.PDS. A restricted record is found only
// without a postcode: the service never gives out the postcode of a restricted address.
func (c *Client) Trace(ctx context.Context, group practice.ID, t demographics.Trace) (demographics.Person, error) {
	params, ok := query(t)
	if !ok {
		return demographics.Person{}, demographics.ErrNotTraced
	}
	return c.guarded(ctx, group, func(ctx context.Context, q call) (demographics.Person, error) {
		number, err := q.search(ctx, params)
		if err != nil {
			return demographics.Person{}, err
		}
		// A hit holds less than the record does.
		r, err := q.read(ctx, number)
		if err != nil {
			return demographics.Person{}, err
		}
		if !r.agrees(t) {
			return demographics.Person{}, demographics.ErrNotTraced
		}
		return r.person, nil
	})
}

// guarded makes a call, unless the service has failed so often that it is left alone for a while.
func (c *Client) guarded(ctx context.Context, group practice.ID, do func(context.Context,
	call) (demographics.Person, error)) (p demographics.Person, err error) {
	if !c.breaker.TryAcquirePermit() {
		return demographics.Person{}, demographics.ErrDown.After(max(c.breaker.RemainingDelay(),
			time.Second)).Because(errResting)
	}
	defer func() { c.record(ctx, err) }()
	within, cancel := context.WithTimeout(ctx, c.settings.Deadline)
	defer cancel()
	id, ok := ctx.Value(correlationKey{}).(string)
	if !ok {
		id = nhsapi.NewUUID()
	}
	p, err = do(within, call{Client: c, group: group, correlation: id})
	if err != nil {
		return demographics.Person{}, err
	}
	return p, nil
}

// record tells the breaker how a call went. Any answer, a refusal too, shows that the service is there.
func (c *Client) record(ctx context.Context, err error) {
	switch {
	case !errors.Is(err, demographics.ErrDown):
		c.breaker.RecordSuccess()
	case !errors.Is(err, errUnasked) && !errors.Is(ctx.Err(), context.Canceled):
		c.breaker.RecordFailure()
	case c.breaker.IsHalfOpen():
		// Nothing was learnt, but the one try allowed has been used: without a result there would never be another.
		c.breaker.RecordFailure()
	}
}

var (
	errResting = errors.New("left alone after calls in a row have failed")
	// errUnasked is the cause of a call that ended before the service was at
	// fault: our own limiter, or the caller, ended it.
	errUnasked = errors.New("not asked")
)

// down is ErrDemographicsDown with a time to wait, where one is known.
func down(wait time.Duration, cause error) *fault.Error {
	f := demographics.ErrDown
	if wait > 0 {
		f = f.After(wait)
	}
	return f.Because(cause)
}
