// Package twilio hands text messages to Twilio, or to a provider whose REST
// interface is like Twilio's.
//
//	twilio.go  the settings, and sending
//	codes.go   Twilio's error codes, in plain English
//	listen.go  what Twilio tells us
//
// Twilio does not know a message by a key of ours: a message handed over twice
// reaches the patient twice. So a message whose fate is unknown is left so
// until a status callback tells, which carries our key in its address.
//
// Source: Twilio, Programmable Messaging API,
// https://www.twilio.com/docs/messaging/api/message-resource, and Webhooks
// security, https://www.twilio.com/docs/usage/webhooks/webhooks-security.
package twilio

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

// Settings say how one practice group sends.
type Settings struct {
	// Abroad is whether text messages go to numbers of other countries, too.
	Abroad bool
	// BaseURL is what /2010-04-01 is below; empty is https://api.twilio.com.
	BaseURL string
	// AccountSID names the account, and AuthToken is its secret.
	AccountSID, AuthToken string
	// From is the number or name messages come from, or MessagingServiceSID
	// names a service that chooses one. One of the two is set.
	From, MessagingServiceSID string
	// CallbackURL is the address at which Twilio reaches us, as Twilio writes
	// it; without it nothing is heard of messages, and no call is believed.
	CallbackURL string
	// Connections, Timeout and Deadline are as in web.Limits.
	Connections       int
	Timeout, Deadline time.Duration
}

// Options are what the carrier works with; the zero value will do.
type Options = web.Options

const (
	name   = "twilio"
	public = "https://api.twilio.com"
	// maxText is the longest Body, in characters.
	maxText = 1600
	// keyParam is what our key is called in a status callback's address.
	keyParam = "key"
)

// Carrier implements carrier.Carrier and carrier.Listener.
type Carrier struct {
	settings Settings
	url      *url.URL
	basic    []string
	callback *url.URL // nil without one
	web      *web.Client
}

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Listener = (*Carrier)(nil)
	_ carrier.Recorded = (*Carrier)(nil)
)

var sid = regexp.MustCompile(`^[0-9A-Za-z]{2,64}$`)

// New makes a carrier, or says what is wrong with the settings.
func New(s Settings, o Options) (*Carrier, error) {
	u, err := web.Address(cmp.Or(s.BaseURL, public))
	switch {
	case err != nil:
		return nil, fmt.Errorf("twilio: base URL: %w", err)
	case u.RawQuery != "":
		return nil, errors.New("twilio: base URL: has a query")
	case !sid.MatchString(s.AccountSID):
		return nil, errors.New("twilio: the account SID is not one")
	case s.AuthToken == "":
		return nil, errors.New("twilio: no auth token")
	case (s.From == "") == (s.MessagingServiceSID == ""):
		return nil, errors.New("twilio: either a from or a messaging service SID is needed")
	}
	c := &Carrier{settings: s, url: web.Below(u, "2010-04-01", "Accounts", s.AccountSID, "Messages.json")}
	c.basic = []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(s.AccountSID+":"+s.AuthToken))}
	if s.CallbackURL != "" {
		if c.callback, err = web.Address(s.CallbackURL); err != nil {
			return nil, fmt.Errorf("twilio: callback URL: %w", err)
		}
	}
	if c.web, err = web.New(name, web.Limits{Connections: s.Connections, Timeout: s.Timeout, Deadline: s.Deadline},
		o); err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	return c, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return name }

// Idempotent implements carrier.Carrier: Twilio takes every request for a new
// message.
func (c *Carrier) Idempotent() bool { return false }

// Recorded implements carrier.Recorded.
func (c *Carrier) Recorded() {}

// Abroad implements carrier.Abroader.
func (c *Carrier) Abroad() bool { return c.settings.Abroad }

// Together implements carrier.Carrier.
func (c *Carrier) Together() int { return 64 }

// SendAll implements carrier.Carrier.
func (c *Carrier) SendAll(ctx context.Context, m []carrier.Outgoing) []carrier.Result {
	return c.web.Each(ctx, m, c.Send)
}

// Send implements carrier.Carrier.
func (c *Carrier) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	switch {
	case m.Channel != carrier.SMS:
		return carrier.Accepted{}, &carrier.Refusal{Code: "channel", Reason: "This connection sends text messages only."}
	case utf8.RuneCountInString(m.Text) > maxText:
		return carrier.Accepted{}, refusal(21617)
	}
	ctx, cancel := c.web.Within(ctx)
	defer cancel()
	a, err := c.web.Do(ctx, web.Request{Method: http.MethodPost, URL: c.url, Body: c.form(m), Of: &m, Header: http.Header{
		"Authorization": c.basic,
		"Content-Type":  {"application/x-www-form-urlencoded"},
		"Accept":        {"application/json"},
	}})
	if err != nil {
		return carrier.Accepted{}, err
	}
	return c.judge(ctx, a)
}

// form writes the message as Twilio reads it.
func (c *Carrier) form(m carrier.Outgoing) []byte {
	var b strings.Builder
	b.Grow(len(m.Text)*3/2 + 300)
	add := func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	add("To", m.To)
	if c.settings.From != "" {
		add("From", c.settings.From)
	} else {
		add("MessagingServiceSid", c.settings.MessagingServiceSID)
	}
	add("Body", m.Text)
	if c.callback != nil {
		to := *c.callback
		if to.RawQuery != "" {
			to.RawQuery += "&"
		}
		to.RawQuery += keyParam + "=" + url.QueryEscape(m.Key)
		add("StatusCallback", to.String())
	}
	return []byte(b.String())
}

func (c *Carrier) judge(ctx context.Context, a web.Answer) (carrier.Accepted, error) {
	if a.Status == http.StatusCreated || a.Status == http.StatusOK {
		var made struct {
			SID    string `json:"sid"`
			Status string `json:"status"`
		}
		if !a.JSON(&made) || !sid.MatchString(made.SID) {
			return carrier.Accepted{}, web.Unknown("without_sid")
		}
		return carrier.Accepted{ProviderID: made.SID, Code: cmp.Or(web.Word(made.Status), "created")}, nil
	}
	var no struct {
		Code int `json:"code"`
	}
	a.JSON(&no) // without a code the status must do
	code := ""
	if no.Code > 0 {
		code = web.Word(strconv.Itoa(no.Code))
	}
	switch {
	case a.Status >= 500 && a.Status != http.StatusServiceUnavailable:
		return carrier.Accepted{}, web.Unknown(cmp.Or(code, strconv.Itoa(a.Status)))
	case full[no.Code]:
		return carrier.Accepted{}, &carrier.Busy{After: a.Wait, Code: code}
	case misset[no.Code]:
		return carrier.Accepted{}, c.web.Trouble(ctx, a.Status, code)
	case refused[no.Code] != "":
		return carrier.Accepted{}, refusal(no.Code)
	}
	if err := c.web.Judge(ctx, a, code); err != nil {
		return carrier.Accepted{}, err
	}
	switch {
	case a.Status < 400:
		return carrier.Accepted{}, web.Unknown(strconv.Itoa(a.Status))
	case code == "":
		// Without a word of Twilio's own this is not its judgement of the
		// message.
		return carrier.Accepted{}, c.web.Trouble(ctx, a.Status, strconv.Itoa(a.Status))
	}
	return carrier.Accepted{}, &carrier.Refusal{Code: code, Reason: "The provider does not take this message."}
}
