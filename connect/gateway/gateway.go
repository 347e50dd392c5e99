// Package gateway hands messages to a practice's own provider through a small
// adaptor that speaks the protocol written down here. It is for providers we
// have no connector for.
//
//	gateway.go  the settings, and sending
//	listen.go   what the adaptor tells us
//	sign.go     the signature, the same both ways
//
// We send one request for each message:
//
//	POST {URL}
//	Content-Type: application/json
//	Idempotency-Key: the message's key
//	X-Frontdesk-Timestamp: seconds since 1970
//	X-Frontdesk-Signature: hex HMAC-SHA256(secret, "{timestamp}.{body}")
//
//	{"key": "…", "channel": "sms", "to": "+447700900123", "subject": "", "text": "…", "from_name": "…",
//	"unsubscribe_url": "…"}
//
// unsubscribe_url is there only for an e-mail that is not direct care.
//
// The channel is sms or email, and to a number or an address for it. The
// adaptor answers with one of these:
//
//	200, 201, 202  {"id": "…"}                   it has the message
//	409            {"id": "…"}                   it had this key before, with this id
//	422            {"code": "…", "reason": "…"}  it will never take the message
//	429, 503       Retry-After: seconds          it has not taken it, and may later
//	401, 403, 404                                our settings are wrong
//
// Any other answer, and none, has us send the same request again with the same
// key: the adaptor must know a key for two days, and hand a message on once.
//
// The adaptor posts delivery receipts, and what patients wrote, with
// the same two headers over its own body:
//
//	{"receipts": [{"key": "…", "id": "…", "status": "delivered", "code": "", "reason": "", "at":
//	"2026-03-16T09:30:00Z"}],
//	 "replies":  [{"id": "…", "channel": "sms", "from": "+447700900123", "text": "…", "at": "…", "key": "…"}]}
//
// A status is delivered, read or failed. A code is a word, and a reason a
// sentence that tells nothing about the patient. At most 1,000 of each come in
// one call; a call that is not answered with 200 is made again later.
//
// Sources: RFC 2104, HMAC; RFC 9110, HTTP Semantics.
package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

// Settings say how one practice group sends.
type Settings struct {
	// Abroad is whether text messages go to numbers of other countries, too.
	Abroad bool
	// URL is where the adaptor takes messages.
	URL string
	// Secret signs, both ways; at least 16 characters.
	Secret string
	// Channels are what the adaptor takes; none is sms and email.
	Channels []carrier.Channel
	// Connections, Timeout and Deadline are as in web.Limits.
	Connections       int
	Timeout, Deadline time.Duration
}

// Options are what the carrier works with; the zero value will do.
type Options = web.Options

const (
	name = "gateway"
	// tries is how often one message is handed over before its fate is left
	// unknown.
	tries     = 3
	backoff   = 100 * time.Millisecond
	minSecret = 16
)

// Carrier implements carrier.Carrier and carrier.Listener.
type Carrier struct {
	settings Settings
	secret   []byte
	url      *url.URL
	web      *web.Client
}

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Listener = (*Carrier)(nil)
)

// New makes a carrier, or says what is wrong with the settings.
func New(s Settings, o Options) (*Carrier, error) {
	u, err := web.Address(s.URL)
	if err != nil {
		return nil, fmt.Errorf("gateway: URL: %w", err)
	}
	if len(s.Secret) < minSecret {
		return nil, errors.New("gateway: the secret has fewer than 16 characters")
	}
	if len(s.Channels) == 0 {
		s.Channels = []carrier.Channel{carrier.SMS, carrier.Email}
	}
	for _, c := range s.Channels {
		if c != carrier.SMS && c != carrier.Email {
			return nil, errors.New("gateway: a channel other than sms and email")
		}
	}
	client, err := web.New(name, web.Limits{Connections: s.Connections, Timeout: s.Timeout, Deadline: s.Deadline}, o)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return &Carrier{settings: s, secret: []byte(s.Secret), url: u, web: client}, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return name }

// Idempotent implements carrier.Carrier: the adaptor knows our keys.
func (c *Carrier) Idempotent() bool { return true }

// Abroad implements carrier.Abroader.
func (c *Carrier) Abroad() bool { return c.settings.Abroad }

// Together implements carrier.Carrier.
func (c *Carrier) Together() int { return 128 }

// SendAll implements carrier.Carrier.
func (c *Carrier) SendAll(ctx context.Context, m []carrier.Outgoing) []carrier.Result {
	return c.web.Each(ctx, m, c.Send)
}

// order is a message as the adaptor reads it.
type order struct {
	Key         string          `json:"key"`
	Channel     carrier.Channel `json:"channel"`
	To          string          `json:"to"`
	Subject     string          `json:"subject"`
	Text        string          `json:"text"`
	FromName    string          `json:"from_name"`
	Unsubscribe string          `json:"unsubscribe_url,omitempty"`
}

// Send implements carrier.Carrier.
func (c *Carrier) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	if !slices.Contains(c.settings.Channels, m.Channel) {
		return carrier.Accepted{},
			&carrier.Refusal{Code: "channel", Reason: "This connection does not take messages of this type."}
	}
	body, err := json.Marshal(order{m.Key, m.Channel, m.To, m.Subject, m.Text, m.FromName, m.Unsubscribe})
	if err != nil {
		return carrier.Accepted{},
			&carrier.Refusal{Code: "text", Reason: "The message could not be written down for the provider."}
	}
	ctx, cancel := c.web.Within(ctx)
	defer cancel()
	var unknown error
	for try := range tries {
		if try > 0 {
			if wait := backoff<<try + rand.N(backoff); web.Sleep(ctx, wait) != nil {
				break
			}
		}
		a, err := c.once(ctx, m.Key, body)
		_, refused := errors.AsType[*carrier.Refusal](err)
		switch {
		case err == nil || refused:
			return a, err
		case errors.Is(err, web.ErrUnknown):
			unknown = err
		case unknown == nil:
			return a, err
		}
		// Once a request may have arrived, one that has not does not help.
	}
	return carrier.Accepted{}, unknown
}

// once hands the message over one time.
func (c *Carrier) once(ctx context.Context, key string, body []byte) (carrier.Accepted, error) {
	stamp := strconv.FormatInt(c.web.Now().Unix(), 10)
	a, err := c.web.Do(ctx, web.Request{Method: http.MethodPost, URL: c.url, Body: body, Header: http.Header{
		"Content-Type":    {"application/json"},
		"Accept":          {"application/json"},
		"Idempotency-Key": {key},
		headerTimestamp:   {stamp},
		headerSignature:   {sign(c.secret, stamp, body)},
	}})
	if err != nil {
		return carrier.Accepted{}, err
	}
	return c.judge(ctx, a)
}

func (c *Carrier) judge(ctx context.Context, a web.Answer) (carrier.Accepted, error) {
	var said struct{ ID, Code, Reason string }
	read := a.JSON(&said)
	switch a.Status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusConflict:
		id := web.Text(said.ID, maxID)
		if !read || id == "" {
			return carrier.Accepted{}, web.Unknown("without_id")
		}
		return carrier.Accepted{ProviderID: id, Code: strconv.Itoa(a.Status)}, nil
	case http.StatusUnprocessableEntity:
		return carrier.Accepted{}, &carrier.Refusal{
			Code:   cmp.Or(web.Word(said.Code), "422"),
			Reason: web.Reason(said.Reason, refusedReason),
		}
	case http.StatusRequestEntityTooLarge:
		return carrier.Accepted{}, &carrier.Refusal{Code: "413", Reason: "The message is too long for the provider."}
	}
	if err := c.web.Judge(ctx, a, said.Code); err != nil {
		return carrier.Accepted{}, err
	}
	// The protocol has no such answer: it did not come from an adaptor.
	return carrier.Accepted{}, c.web.Trouble(ctx, a.Status, strconv.Itoa(a.Status))
}

const refusedReason = "The provider does not take this message."
