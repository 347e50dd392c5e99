// Package stripe has patients pay through Stripe.
//
//	stripe.go    the settings, the client, and what an error of Stripe's means
//	customer.go  coupons, customers and payment methods
//	page.go      payment pages, and what was paid on them or of an invoice
//	event.go     calls of Stripe's, and their signatures
//
// Source: Stripe's API reference, https://docs.stripe.com/api, and its library for Go. The library asks again by itself
// only when a connection was cut, and then under a key that it forgets; so it asks once here, and every change goes
// under a key that core keeps and asks with again.
//
// Amounts are in pence, and pounds are the only currency: what comes in another is refused.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	stripe "github.com/stripe/stripe-go/v85"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/fault"
	"frontdesk/core/payment"
)

// API is where Stripe is.
const API = "https://api.stripe.com"

// Settings say how one practice group is known to Stripe.
type Settings struct {
	// BaseURL is where Stripe's API is.
	BaseURL string
	// Key is a secret key, or better one that is restricted to what is asked here.
	Key string
	// WebhookSecret is what Stripe signs its calls with; nothing refuses all of them.
	WebhookSecret string
	// Return is where a patient's browser goes from a payment page.
	Return string
}

var (
	keyForm    = regexp.MustCompile(`^[sr]k_(test|live)_[A-Za-z0-9_]+$`)
	secretForm = regexp.MustCompile(`^whsec_[A-Za-z0-9+/=_-]+$`)
)

// Check says what is wrong with the settings.
func (s Settings) Check() error {
	if err := nhsapi.CheckAddress(s.BaseURL); err != nil {
		return fmt.Errorf("base_url: %w", err)
	}
	switch {
	case s.Key == "":
		return errors.New("no api_key")
	case !keyForm.MatchString(s.Key):
		return errors.New("the api_key is not a secret or restricted key of Stripe, which begins with sk_ or rk_")
	case s.WebhookSecret != "" && !secretForm.MatchString(s.WebhookSecret):
		return errors.New("the webhook_secret is not a signing secret of Stripe, which begins with whsec_")
	}
	if s.Return != "" {
		if err := nhsapi.CheckAddress(s.Return); err != nil {
			return fmt.Errorf("return_url: %w", err)
		}
	}
	return nil
}

const (
	// timeout is the longest one request may take. Stripe answers most in a second, and some that charge in twenty.
	timeout = 25 * time.Second
	// maxBody is the longest answer read, in bytes.
	maxBody = 4 << 20
	// most is how many of a list are read.
	most = 100
)

// Client asks Stripe in the name of one practice group.
type Client struct {
	settings Settings
	api      *stripe.Client
	now      func() time.Time
}

// New makes a client, which asks nothing yet, or says what is wrong with the settings.
func New(s Settings, now func() time.Time) (*Client, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	c := nhsapi.Client(nil)
	c.Timeout, c.Transport = timeout, bounded{c.Transport}
	return &Client{settings: s, now: now, api: stripe.NewClient(s.Key, stripe.WithBackends(
		stripe.NewBackendsWithConfig(&stripe.BackendConfig{URL: &s.BaseURL, HTTPClient: c,
			MaxNetworkRetries: new(int64(0)), EnableTelemetry: new(false),
			LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}})))}, nil
}

// bounded lets no answer be longer than maxBody.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxBody)
	}
	return res, err
}

// Try asks Stripe whether it knows the key and lets it do what is needed.
func (c *Client) Try(ctx context.Context) error {
	_, err := c.Coupons(ctx)
	return err
}

// plainWord is a code or a type of Stripe's, or an id of a request, and nothing else.
var plainWord = regexp.MustCompile(`^[A-Za-z_]{1,64}$`)

func plain(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "none"
}

// judged is what an error of Stripe's means. Its texts may hold what was sent and are left out: only codes are kept.
func judged(err error, missing *fault.Error) error {
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*stripe.Error](err)
	if !ok {
		return payment.ErrDown.Because(errors.New("no answer of Stripe's that can be read"))
	}
	why := fmt.Errorf("stripe: status %d, %s, %s", refused.HTTPStatusCode, plain(string(refused.Type)),
		plain(string(refused.Code)))
	switch status := refused.HTTPStatusCode; {
	case status == http.StatusNotFound && missing != nil, refused.Code == stripe.ErrorCodeResourceMissing &&
		missing != nil:
		return missing.Because(why)
	case status == http.StatusTooManyRequests, status == http.StatusConflict, status >= 500, status == 0:
		return payment.ErrDown.Because(why) // the same key asks again, or the same question
	}
	return payment.ErrRefused.Because(why)
}
