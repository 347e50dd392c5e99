// Package pds asks the NHS Personal Demographics Service who has which NHS
// number, over its FHIR API in application-restricted mode.
//
//	pds.go     the settings, the client, its two questions
//	ask.go     one request until it is answered: tries, time limits, answers
//	token.go   the access token, asked for with a signed assertion
//	search.go  what a trace asks for, and whether the answer agrees with it
//	fhir.go    the shapes of the answers
//	decode.go  a person out of an answer
//
// Sources: NHS England, Personal Demographics Service FHIR API specification;
// NHS England, Application-restricted RESTful APIs, signed JWT authentication;
// RFC 7523, JSON Web Token profile for OAuth 2.0 client authentication.
//
// Nothing that could tell who a person is goes into a log or into an error.
// A request's address has the NHS number in it: an HTTP client that records
// addresses, as one made for tracing does, must not be used here.
package pds

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"

	"frontdesk/core/fault"
	"frontdesk/core/patient"
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
	// PerSecond is how many requests this client sends in a second when
	// Options.Wait is not set; 0 is 5.
	PerSecond float64
	// Timeout is the longest one request may take; 0 is 5 seconds.
	Timeout time.Duration
	// Deadline is the longest one call may take with all its tries; 0 is 12
	// seconds.
	Deadline time.Duration
}

// Options are what the client works with; the zero value will do.
type Options struct {
	// HTTP sends the requests. It is copied, and follows no redirects.
	HTTP *http.Client
	Now  func() time.Time
	// Wait is the limiter that all nodes share. It is called before every
	// request for a person, tries again included; when it returns an error the
	// call ends with ErrDemographicsDown. Without it the client keeps to
	// Settings.PerSecond by itself.
	Wait func(context.Context) error
	// Sleep waits between two tries.
	Sleep func(context.Context, time.Duration) error
	// Backoff is the longest wait before the second try; it doubles with each
	// one after. 0 is 300 milliseconds.
	Backoff time.Duration
	// Rest is how long the client leaves the service alone when five calls in a
	// row have failed; 0 is 30 seconds.
	Rest time.Duration
	Log  *slog.Logger
}

const (
	// tries is how often one request is sent before we give up.
	tries = 3
	// failedCalls in a row are taken for an outage.
	failedCalls = 5
)

// Client implements patient.Demographics for the settings of one practice
// group.
type Client struct {
	settings Settings
	base     string
	http     *http.Client
	tokens   *tokens // nil when no token is asked for
	now      func() time.Time
	wait     func(context.Context) error
	sleep    func(context.Context, time.Duration) error
	backoff  time.Duration
	log      *slog.Logger
	breaker  circuitbreaker.CircuitBreaker[any]
}

var _ patient.Demographics = (*Client)(nil)

var odsCode = regexp.MustCompile(`^[0-9A-Z]{3,10}$`)

// New makes a client, or says what is wrong with the settings.
func New(s Settings, o Options) (*Client, error) {
	s.ODSCode = strings.ToUpper(strings.TrimSpace(s.ODSCode))
	s.PerSecond, s.Timeout, s.Deadline = cmp.Or(s.PerSecond, 5), cmp.Or(s.Timeout, 5*time.Second), cmp.Or(s.Deadline, 12*time.Second)
	s.Audience = cmp.Or(s.Audience, s.TokenURL)
	if err := s.check(); err != nil {
		return nil, err
	}
	c := &Client{
		settings: s, base: strings.TrimRight(s.BaseURL, "/"), http: client(o.HTTP),
		now: o.Now, wait: o.Wait, sleep: o.Sleep, backoff: cmp.Or(o.Backoff, 300*time.Millisecond), log: o.Log,
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.wait == nil {
		c.wait = pace(s.PerSecond)
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if s.TokenURL != "" {
		c.tokens = &tokens{settings: s, http: c.http, now: c.now}
	}
	c.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failedCalls).WithSuccessThreshold(1).WithDelay(cmp.Or(o.Rest, 30*time.Second)).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			c.log.Warn("demographics service breaker", slog.String("from", e.OldState.String()), slog.String("to", e.NewState.String()))
		}).Build()
	return c, nil
}

func (s Settings) check() error {
	if err := checkAddress(s.BaseURL); err != nil {
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
	if err := checkAddress(s.TokenURL); err != nil {
		return fmt.Errorf("pds: token URL: %w", err)
	}
	switch {
	case s.APIKey == "":
		return errors.New("pds: no API key")
	case s.KeyID == "":
		return errors.New("pds: no key id")
	case s.Key == nil:
		return errors.New("pds: no private key")
	case s.ODSCode == "":
		return errors.New("pds: no ODS code")
	}
	return nil
}

// checkAddress checks an address to send to. Tokens and people's details do not go
// over the network in the clear, other than to this machine itself.
func checkAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("not an address of the form https://host/path")
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	here := host == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return errors.New("must begin with https, unless it is this machine")
	}
	return nil
}

func client(given *http.Client) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	if c.Transport == nil {
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t = t.Clone()
			t.MaxIdleConnsPerHost = 8
			c.Transport = t
		}
	}
	// A redirect would take the token, and the NHS number, somewhere else.
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// pace lets through so many requests a second, evenly, as far as the context
// allows. It is a little slower than that: requests arrive less evenly than
// they are sent, and one too many costs a second.
func pace(perSecond float64) func(context.Context) error {
	limiter := ratelimiter.NewSmoothWithMaxRate[any](max(time.Duration(1.05*float64(time.Second)/perSecond), 1))
	return func(ctx context.Context) error {
		most := time.Minute
		if end, ok := ctx.Deadline(); ok {
			most = time.Until(end)
		}
		return limiter.AcquirePermitWithMaxWait(ctx, most)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type correlationKey struct{}

var safeID = regexp.MustCompile(`^[0-9A-Za-z_-]{16,64}$`)

// WithCorrelation has the calls made with this context carry id as their
// X-Correlation-ID, so that our log and NHS England's can be laid side by side.
// An id that is not 16 to 64 letters, digits, dashes and underscores, or is
// digits alone, is left out, and each call makes one of its own.
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

// Read implements patient.Demographics.
func (c *Client) Read(ctx context.Context, group practice.ID, number string) (patient.Person, error) {
	number, ok := patient.ParseNHSNumber(number)
	if !ok {
		return patient.Person{}, patient.ErrNotTraced
	}
	return c.guarded(ctx, group, func(ctx context.Context, q call) (patient.Person, error) {
		r, err := q.read(ctx, number)
		return r.person, err
	})
}

// Trace implements patient.Demographics. A restricted record is found only
// without a postcode: the service never gives one out for where somebody lives.
func (c *Client) Trace(ctx context.Context, group practice.ID, t patient.Trace) (patient.Person, error) {
	params, ok := query(t)
	if !ok {
		return patient.Person{}, patient.ErrNotTraced
	}
	return c.guarded(ctx, group, func(ctx context.Context, q call) (patient.Person, error) {
		number, err := q.search(ctx, params)
		if err != nil {
			return patient.Person{}, err
		}
		// A hit holds less than the record does.
		r, err := q.read(ctx, number)
		if err != nil {
			return patient.Person{}, err
		}
		if !r.agrees(t) {
			return patient.Person{}, patient.ErrNotTraced
		}
		return r.person, nil
	})
}

// guarded makes a call, unless the service has failed so often that it is left
// alone for a while.
func (c *Client) guarded(ctx context.Context, group practice.ID, do func(context.Context, call) (patient.Person, error)) (p patient.Person, err error) {
	if !c.breaker.TryAcquirePermit() {
		return patient.Person{}, patient.ErrDemographicsDown.After(max(c.breaker.RemainingDelay(), time.Second)).Because(errResting)
	}
	defer func() { c.record(ctx, err) }()
	within, cancel := context.WithTimeout(ctx, c.settings.Deadline)
	defer cancel()
	id, ok := ctx.Value(correlationKey{}).(string)
	if !ok {
		id = newUUID()
	}
	p, err = do(within, call{Client: c, group: group, correlation: id})
	if err != nil {
		return patient.Person{}, err
	}
	return p, nil
}

// record tells the breaker how a call went. Any answer, a refusal too, shows
// that the service is there.
func (c *Client) record(ctx context.Context, err error) {
	switch {
	case !errors.Is(err, patient.ErrDemographicsDown):
		c.breaker.RecordSuccess()
	case !errors.Is(err, errUnasked) && !errors.Is(ctx.Err(), context.Canceled):
		c.breaker.RecordFailure()
	case c.breaker.IsHalfOpen():
		// Nothing was learnt, but the one try allowed has been used: without a
		// result there would never be another.
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
	f := patient.ErrDemographicsDown
	if wait > 0 {
		f = f.After(wait)
	}
	return f.Because(cause)
}
