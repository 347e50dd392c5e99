// Package govuk hands text messages and e-mails to GOV.UK Notify.
//
//	govuk.go   the settings, and sending
//	ask.go     asking for the outcome of a message that got no answer
//	key.go     the API key, and the token made of it
//	listen.go  what GOV.UK Notify tells us
//
// GOV.UK Notify sends templates only. The practice makes one for text messages
// whose whole text is ((body)), and one for e-mails with the subject
// ((subject)) and the text ((body)).
//
// Source: GOV.UK Notify, REST API documentation,
// https://docs.notifications.service.gov.uk/rest-api.html.
package govuk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

// Settings say how one practice group sends.
type Settings struct {
	// Abroad is whether text messages go to numbers of other countries, too.
	Abroad bool
	// BaseURL is what /v2 is below; empty is
	// https://api.notifications.service.gov.uk.
	BaseURL string
	// APIKey is the whole key, as GOV.UK Notify shows it once.
	APIKey string
	// SMSTemplate and EmailTemplate are the ids of the templates; a channel
	// without one is not offered.
	SMSTemplate, EmailTemplate string
	// SMSSender and EmailReplyTo are the ids of a sender and of an address for
	// answers, where the service's first ones are not meant.
	SMSSender, EmailReplyTo string
	// CallbackToken is the bearer token we have given GOV.UK Notify for its
	// calls to us, at least 10 characters; without it no call is believed.
	CallbackToken string
	// Settle is how long after a lost request GOV.UK Notify may still create
	// its message; 0 is 10 seconds.
	Settle time.Duration
	// Connections, Timeout and Deadline are as in web.Limits.
	Connections       int
	Timeout, Deadline time.Duration
}

// Options are what the carrier works with; the zero value will do.
type Options = web.Options

const (
	name     = "govuk"
	public   = "https://api.notifications.service.gov.uk"
	minToken = 10
	maxID    = 200
)

// Carrier implements carrier.Carrier and carrier.Listener.
type Carrier struct {
	settings Settings
	key      apiKey
	// sms, email and list are addresses.
	sms, email, list *url.URL
	web              *web.Client
}

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Listener = (*Carrier)(nil)
	_ carrier.Recorded = (*Carrier)(nil)
)

// New makes a carrier, or says what is wrong with the settings.
func New(s Settings, o Options) (*Carrier, error) {
	s.Settle = cmp.Or(s.Settle, 10*time.Second)
	u, err := web.Address(cmp.Or(s.BaseURL, public))
	if err != nil {
		return nil, fmt.Errorf("govuk: base URL: %w", err)
	}
	key, ok := parseKey(s.APIKey)
	switch {
	case u.RawQuery != "":
		return nil, errors.New("govuk: base URL: has a query")
	case !ok:
		return nil, errors.New("govuk: the API key is not one")
	case s.SMSTemplate == "" && s.EmailTemplate == "":
		return nil, errors.New("govuk: no template")
	case s.CallbackToken != "" && len(s.CallbackToken) < minToken:
		return nil, errors.New("govuk: the callback token has fewer than 10 characters")
	case s.Settle < 0:
		return nil, errors.New("govuk: a time is negative")
	}
	for what, id := range map[string]string{
		"text message template": s.SMSTemplate, "e-mail template": s.EmailTemplate, "text message sender": s.SMSSender,
		"reply-to address": s.EmailReplyTo,
	} {
		if id != "" && !uuid.MatchString(id) {
			return nil, fmt.Errorf("govuk: the id of the %s is not one", what)
		}
	}
	c := &Carrier{settings: s, key: key, list: web.Below(u, "v2", "notifications")}
	c.sms, c.email = c.list.JoinPath("sms"), c.list.JoinPath("email")
	if c.web, err = web.New(name, web.Limits{Connections: s.Connections, Timeout: s.Timeout, Deadline: s.Deadline},
		o); err != nil {
		return nil, fmt.Errorf("govuk: %w", err)
	}
	return c, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return name }

// Idempotent implements carrier.Carrier: GOV.UK Notify creates a message for
// every request, even if it has had the reference before. The outcome of a
// lost request Send finds out itself, as far as it can be found out.
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

// order is a message as GOV.UK Notify reads it.
type order struct {
	PhoneNumber     string            `json:"phone_number,omitempty"`
	EmailAddress    string            `json:"email_address,omitempty"`
	TemplateID      string            `json:"template_id"`
	Personalisation map[string]string `json:"personalisation"`
	Reference       string            `json:"reference"`
	SMSSender       string            `json:"sms_sender_id,omitempty"`
	EmailReplyTo    string            `json:"email_reply_to_id,omitempty"`
	Unsubscribe     string            `json:"one_click_unsubscribe_url,omitempty"`
}

// order writes the message for its channel, and says where it goes.
func (c *Carrier) order(m carrier.Outgoing) (order, *url.URL) {
	switch {
	case m.Channel == carrier.SMS && c.settings.SMSTemplate != "":
		return order{
			PhoneNumber: m.To, TemplateID: c.settings.SMSTemplate, Reference: m.Key, SMSSender: c.settings.SMSSender,
			Personalisation: map[string]string{"body": m.Text},
		}, c.sms
	case m.Channel == carrier.Email && c.settings.EmailTemplate != "":
		unsubscribe := m.Unsubscribe
		if !strings.HasPrefix(unsubscribe, "https://") {
			unsubscribe = "" // GOV.UK Notify refuses any other
		}
		return order{
			Unsubscribe:  unsubscribe,
			EmailAddress: m.To, TemplateID: c.settings.EmailTemplate, Reference: m.Key,
			EmailReplyTo:    c.settings.EmailReplyTo,
			Personalisation: map[string]string{"subject": m.Subject, "body": m.Text},
		}, c.email
	}
	return order{}, nil
}

// Send implements carrier.Carrier.
func (c *Carrier) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	what, to := c.order(m)
	if to == nil {
		return carrier.Accepted{},
			&carrier.Refusal{Code: "channel", Reason: "This connection does not take messages of this type."}
	}
	body, err := json.Marshal(what)
	if err != nil {
		return carrier.Accepted{},
			&carrier.Refusal{Code: "text", Reason: "The message could not be written down for the provider."}
	}
	ctx, cancel := c.web.Within(ctx)
	defer cancel()
	a, err := c.web.Do(ctx, web.Request{Method: http.MethodPost, URL: to, Body: body, Header: c.header(), Of: &m})
	var accepted carrier.Accepted
	if err == nil {
		accepted, err = c.judge(ctx, a)
	}
	if errors.Is(err, web.ErrUnknown) {
		return c.settle(ctx, m.Key, err)
	}
	return accepted, err
}

func (c *Carrier) header() http.Header {
	return http.Header{
		"Authorization": {"Bearer " + c.key.token(c.web.Now())},
		"Content-Type":  {"application/json"},
		"Accept":        {"application/json"},
	}
}

// trouble is the body of an answer that is not the one hoped for.
type trouble struct {
	Errors []struct {
		Error string `json:"error"`
	} `json:"errors"`
}

func (t trouble) code() string {
	if len(t.Errors) == 0 {
		return ""
	}
	return web.Word(t.Errors[0].Error)
}

// fullDay is how long messages wait when the day's allowance is used up, which
// begins anew at midnight.
const fullDay = 30 * time.Minute

func (c *Carrier) judge(ctx context.Context, a web.Answer) (carrier.Accepted, error) {
	if a.Status == http.StatusCreated || a.Status == http.StatusOK {
		var made struct {
			ID string `json:"id"`
		}
		if !a.JSON(&made) || !uuid.MatchString(made.ID) {
			return carrier.Accepted{}, web.Unknown("without_id")
		}
		return carrier.Accepted{ProviderID: made.ID, Code: "created"}, nil
	}
	var no trouble
	a.JSON(&no) // without a word the status must do
	code := no.code()
	switch {
	case a.Status == http.StatusTooManyRequests && code == "TooManyRequestsError":
		return carrier.Accepted{}, &carrier.Busy{After: cmp.Or(a.Wait, fullDay), Code: code}
	case a.Status == http.StatusBadRequest && code == "ValidationError":
		return carrier.Accepted{},
			&carrier.Refusal{Code: code, Reason: "The number or address is not one, or the message is too long."}
	case a.Status == http.StatusBadRequest && code == "BadRequestError":
		c.web.Note(ctx, "the provider does not take the template, the key or the service for a message", a.Status, code)
		return carrier.Accepted{}, &carrier.Refusal{
			Code: code,
			Reason: "GOV.UK Notify does not take the practice's template, or its service may not send to this " +
				"patient yet.",
		}
	case a.Status == http.StatusRequestEntityTooLarge:
		return carrier.Accepted{}, &carrier.Refusal{Code: "413", Reason: "The message is too long for the provider."}
	}
	if err := c.web.Judge(ctx, a, code); err != nil {
		return carrier.Accepted{}, err
	}
	// Without a word of GOV.UK Notify's own this is not its judgement of the
	// message.
	return carrier.Accepted{}, c.web.Trouble(ctx, a.Status, cmp.Or(code, "unexpected"))
}
