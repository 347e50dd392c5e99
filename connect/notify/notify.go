// Package notify hands messages to NHS Notify, which sends them on by text
// message, e-mail and the NHS App, over the NHS Notify API in
// application-restricted mode.
//
//	notify.go   the settings, the carrier
//	content.go  what is sent of a message, and what is refused beforehand
//	send.go     one message, or a batch of them
//	ask.go      one request until it is answered: tries, time limits, answers
//	listen.go   what NHS Notify tells later, by itself or when it is asked
//
// Messages go with the routing plans that NHS Notify provides to everybody for
// free text. Each leg of a message goes by one channel, and which to try next is
// ours to decide; but where a plan does just what is wanted, the NHS App and then
// e-mail or a text message for those who have not read it in four hours or a day,
// the message is handed over once, and NHS Notify decides.
//
// Source: NHS England, NHS Notify API,
// https://digital.nhs.uk/developer/api-catalogue/nhs-notify.
//
// No number, address or text of a message goes into a log or into an error.
package notify

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
	"frontdesk/core/carrier"
)

// Settings say how one practice group sends.
type Settings struct {
	// Abroad is whether text messages go to numbers of other countries, too.
	Abroad bool
	// BaseURL is the address that /v1/messages is below, for example
	// https://api.service.nhs.uk/comms.
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
	// ODSCode is the practice that messages are sent for. It is empty where the
	// account has one of its own: naming another needs allowOdsOverride, which NHS
	// England switches on for a client, and is refused without.
	ODSCode string
	// CallbackKey is the application's ID, and CallbackSecret the API key NHS
	// Notify has given us for its callbacks. Without both, no callback is
	// believed.
	CallbackKey, CallbackSecret string
	// Plans are routing plans in place of the free-text ones. A plan must have
	// one channel alone, and the personalisation fields of the plan it replaces.
	// What goes by such a channel is handed over for that alone.
	Plans map[carrier.Channel]string
	// SendContact is whether text messages and e-mails go to the number and the
	// address that we know. NHS England has to approve that. Without it they go
	// to those the Personal Demographics Service knows.
	SendContact bool
	// Together is how many messages one SendAll may have; 0 is 500. With 1 each
	// is sent singly, and is known to NHS Notify by its own key.
	Together int
	// PerSecond is how many requests this carrier sends in a second when
	// Options.Wait is not set; 0 is 10.
	PerSecond float64
	// Timeout is the longest one request may take; 0 is 15 seconds.
	Timeout time.Duration
	// Deadline is the longest one call may take with all its requests; 0 is a
	// minute.
	Deadline time.Duration
}

// Options are what the carrier works with; the zero value will do.
type Options struct {
	// HTTP sends the requests. It is copied, and follows no redirects.
	HTTP *http.Client
	Now  func() time.Time
	// Wait is the limiter that all nodes share. It is called before every
	// request, tries again included; when it returns an error the call ends with
	// a Busy. Without it the carrier keeps to Settings.PerSecond by itself.
	Wait func(context.Context) error
	// Sleep waits between two tries.
	Sleep func(context.Context, time.Duration) error
	// Backoff is the longest wait before the second try; it doubles with each
	// one after. 0 is 300 milliseconds.
	Backoff time.Duration
	// Rest is how long the carrier leaves NHS Notify alone when five requests in
	// a row have failed; 0 is 30 seconds.
	Rest time.Duration
	// Breaker is shared by all carriers of one account, so that what one learns of
	// an outage keeps the others from running into it; nil is one of its own.
	Breaker Breaker
	Log     *slog.Logger
}

// failedRequests in a row are taken for an outage.
const failedRequests = 5

// Carrier implements carrier.Carrier and carrier.Listener for the settings
// of one practice group.
type Carrier struct {
	settings Settings
	base     string
	http     *http.Client
	tokens   *nhsapi.Tokens // nil when no token is asked for
	now      func() time.Time
	wait     func(context.Context) error
	sleep    func(context.Context, time.Duration) error
	backoff  time.Duration
	log      *slog.Logger
	breaker  Breaker
}

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Pairer   = (*Carrier)(nil)
	_ carrier.Asker    = (*Carrier)(nil)
	_ carrier.Recorded = (*Carrier)(nil)
	_ carrier.Listener = (*Carrier)(nil)
)

// New makes a carrier, or says what is wrong with the settings.
func New(s Settings, o Options) (*Carrier, error) {
	s.ODSCode = strings.ToUpper(strings.TrimSpace(s.ODSCode))
	s.PerSecond, s.Timeout, s.Deadline = cmp.Or(s.PerSecond, 10), cmp.Or(s.Timeout, 15*time.Second),
		cmp.Or(s.Deadline, time.Minute)
	s.Together = cmp.Or(s.Together, 500)
	if err := s.check(); err != nil {
		return nil, err
	}
	c := &Carrier{
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
	if c.breaker = o.Breaker; c.breaker == nil {
		c.breaker = NewBreaker(o.Rest, c.log)
	}
	return c, nil
}

// Breaker leaves NHS Notify alone for a while when requests in a row have failed.
type Breaker interface {
	TryAcquirePermit() bool
	RemainingDelay() time.Duration
	IsHalfOpen() bool
	RecordSuccess()
	RecordFailure()
}

// NewBreaker makes one that rests for so long; 0 is 30 seconds.
func NewBreaker(rest time.Duration, log *slog.Logger) Breaker {
	return circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failedRequests).WithSuccessThreshold(1).WithDelay(cmp.Or(rest, 30*time.Second)).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			log.Warn("NHS Notify breaker", slog.String("from", e.OldState.String()),
				slog.String("to", e.NewState.String()))
		}).Build()
}

func (s Settings) application() nhsapi.Application {
	return nhsapi.Application{TokenURL: s.TokenURL, Audience: s.Audience, APIKey: s.APIKey, KeyID: s.KeyID, Key: s.Key,
		Timeout: s.Timeout}
}

var (
	odsCode = regexp.MustCompile(`^[0-9A-Z]{3,10}$`)
	planID  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

func (s Settings) check() error {
	if err := nhsapi.CheckAddress(s.BaseURL); err != nil {
		return fmt.Errorf("notify: base URL: %w", err)
	}
	if s.TokenURL != "" {
		if err := s.application().Check(); err != nil {
			return fmt.Errorf("notify: %w", err)
		}
	}
	for channel, id := range s.Plans {
		if _, ok := freeText[channel]; !ok || !planID.MatchString(id) {
			return errors.New("notify: a routing plan is for no channel of NHS Notify, or its ID is not one")
		}
	}
	switch {
	case s.ODSCode != "" && !odsCode.MatchString(s.ODSCode):
		return errors.New("notify: the ODS code is not one")
	case (s.CallbackKey == "") != (s.CallbackSecret == ""):
		return errors.New("notify: callbacks need both the application's ID and the API key")
	case s.PerSecond < 0 || s.Timeout < 0 || s.Deadline < 0 || s.Together < 0:
		return errors.New("notify: a rate, a time or a number is negative")
	}
	return nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return "notify" }

// Idempotent implements carrier.Carrier. NHS Notify knows a message that was
// sent singly by its key, but those of a batch only all together, by the name in
// an Unanswered: one of them handed over again by itself would reach the patient
// twice.
func (c *Carrier) Idempotent() bool { return c.settings.Together == 1 }

// Recorded implements carrier.Recorded.
func (c *Carrier) Recorded() {}

// Abroad implements carrier.Abroader.
func (c *Carrier) Abroad() bool { return c.settings.Abroad }

// Together implements carrier.Carrier.
func (c *Carrier) Together() int { return c.settings.Together }
