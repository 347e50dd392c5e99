package registry

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"time"

	"frontdesk/connect/gateway"
	"frontdesk/connect/govuk"
	"frontdesk/connect/notify"
	"frontdesk/connect/smtp"
	"frontdesk/connect/twilio"
	"frontdesk/core/carrier"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
)

// environment is what a carrier is built with besides its own settings.
type environment struct {
	group    practice.Group
	now      func() time.Time
	log      *slog.Logger
	wait     func(context.Context) error
	callback string // where its provider calls us back
	roots    *x509.CertPool
	channels []carrier.Channel
	abroad   bool // text messages go to other countries, too
	unread   func(why string)
	breaker  notify.Breaker // of the account with NHS Notify
}

// notifyTogether is how many messages go to NHS Notify in one request.
const notifyTogether = 100

// carrierKind is one kind of carrier.
type carrierKind struct {
	about             string
	at                string // where it is unless its settings say otherwise
	settings, secrets []string
	// channels are those it carries unless its settings say otherwise.
	channels []carrier.Channel
	build    func(c connector.Connector, e environment) (carrier.Carrier, error)
}

// anyCarrier are the settings every carrier has: which channels it carries, and
// whether before or after the others.
var anyCarrier = []string{"channels", "priority", "per_second", connector.Simulated}

// Where those are that are somewhere for everybody.
const (
	govukAt  = "https://api.notifications.service.gov.uk"
	twilioAt = "https://api.twilio.com"
)

var carrierKinds = map[connector.Name]carrierKind{
	"smtp": {
		about: "a mail server: e-mail",
		settings: []string{"host", "port", "tls", "username", "auth", "from", "from_name", "reply_to", "bounces_to",
			"connections", "dkim_selector", "dkim_domain"},
		secrets: []string{"password", "bounce_secret", "dkim_key"}, channels: []carrier.Channel{carrier.Email},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			port, err1 := number(c, "port", 587)
			connections, err2 := number(c, "connections", 0)
			signer, err3 := dkimKey(c.Secrets["dkim_key"])
			if err := errors.Join(err1, err2, err3); err != nil {
				return nil, err
			}
			s := c.Settings
			return smtp.New(smtp.Settings{
				Host: s["host"], Port: port, TLS: s["tls"], Username: s["username"], Password: c.Secrets["password"],
				AuthMethod: s["auth"], From: s["from"],
				FromName: s["from_name"], DKIMKey: signer, DKIMSelector: s["dkim_selector"],
				DKIMDomain: s["dkim_domain"],
				ReplyTo:    s["reply_to"], BouncesTo: s["bounces_to"], BounceSecret: c.Secrets["bounce_secret"],
				Connections: connections,
			}, smtp.Options{Now: e.now, Log: e.log, Wait: e.wait, RootCAs: e.roots, Unread: e.unread})
		},
	},
	"notify": {
		about: "NHS Notify: messages in the NHS App, text messages, e-mail",
		settings: []string{"base_url", "token_url", "audience", "api_key", "key_id", "ods_code", "allow_ods_override",
			"callback_application", "send_contact", "together", "abroad"},
		secrets: []string{"private_key", "callback_key"}, channels: []carrier.Channel{carrier.NHSApp},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			together, err1 := number(c, "together", notifyTogether)
			override, err2 := yes(c, "allow_ods_override", true)
			contact, err3 := yes(c, "send_contact", false)
			if err := errors.Join(err1, err2, err3); err != nil {
				return nil, err
			}
			s := notify.Settings{
				Abroad:   e.abroad,
				Together: together,
				BaseURL:  c.Settings["base_url"], TokenURL: c.Settings["token_url"], Audience: c.Settings["audience"],
				APIKey: c.Settings["api_key"],
				KeyID:  c.Settings["key_id"], CallbackKey: c.Settings["callback_application"],
				CallbackSecret: c.Secrets["callback_key"], SendContact: contact,
			}
			if override {
				s.ODSCode = cmp.Or(c.Settings["ods_code"], e.group.ODSCode)
			}
			if text := c.Secrets["private_key"]; text != "" {
				key, err := rsaKey(text)
				if err != nil {
					return nil, err
				}
				s.Key = key
			}
			return notify.New(s, notify.Options{Now: e.now, Log: e.log, Wait: e.wait, Breaker: e.breaker})
		},
	},
	"govuk": {
		about:    "GOV.UK Notify: text messages and e-mail",
		at:       govukAt,
		settings: []string{"base_url", "sms_template", "email_template", "sms_sender", "email_reply_to", "abroad"},
		secrets:  []string{"api_key", "callback_token"}, channels: []carrier.Channel{carrier.SMS, carrier.Email},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			s := c.Settings
			return govuk.New(govuk.Settings{
				Abroad:  e.abroad,
				BaseURL: cmp.Or(s["base_url"], govukAt), APIKey: c.Secrets["api_key"], SMSTemplate: s["sms_template"],
				EmailTemplate: s["email_template"], SMSSender: s["sms_sender"], EmailReplyTo: s["email_reply_to"],
				CallbackToken: c.Secrets["callback_token"],
			}, govuk.Options{Now: e.now, Log: e.log, Wait: e.wait})
		},
	},
	"twilio": {
		about:    "a gateway that speaks Twilio's REST interface: text messages",
		at:       twilioAt,
		settings: []string{"base_url", "account_sid", "from", "messaging_service_sid", "callback_url", "abroad"},
		secrets:  []string{"auth_token"}, channels: []carrier.Channel{carrier.SMS},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			s := c.Settings
			return twilio.New(twilio.Settings{
				Abroad:  e.abroad,
				BaseURL: cmp.Or(s["base_url"], twilioAt), AccountSID: s["account_sid"],
				AuthToken: c.Secrets["auth_token"], From: s["from"],
				MessagingServiceSID: s["messaging_service_sid"], CallbackURL: cmp.Or(s["callback_url"], e.callback),
			}, twilio.Options{Now: e.now, Log: e.log, Wait: e.wait})
		},
	},
	"gateway": {
		about:    "a small program of your own in front of any other provider",
		settings: []string{"url", "connections", "abroad"}, secrets: []string{"secret"},
		channels: []carrier.Channel{carrier.SMS, carrier.Email},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			connections, err := number(c, "connections", 0)
			if err != nil {
				return nil, err
			}
			return gateway.New(gateway.Settings{Abroad: e.abroad, URL: c.Settings["url"], Secret: c.Secrets["secret"],
				Channels: e.channels, Connections: connections},
				gateway.Options{Now: e.now, Log: e.log, Wait: e.wait})
		},
	},
}

// checkCarrier makes sure that a carrier could be used as it is set up.
func checkCarrier(c connector.Connector, g practice.Group) error {
	channels, err := channelsOf(c)
	if err != nil {
		return err
	}
	if text := c.Settings["priority"]; text != "" {
		if n, err := strconv.Atoi(text); err != nil || n < 0 || n > 1000 {
			return errors.New("priority is a whole number from 0 to 1000")
		}
	}
	if _, err := perSecond(c); err != nil {
		return err
	}
	if _, err := yes(c, "abroad", false); err != nil {
		return err
	}
	e := environment{group: g, now: time.Now, log: slog.New(slog.DiscardHandler),
		callback: "https://example.org/callbacks", channels: channels}
	made, err := carrierKinds[c.Name].build(c, e)
	if closer, ok := made.(io.Closer); ok && err == nil {
		return closer.Close()
	}
	return err
}
