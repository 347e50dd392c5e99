package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdesk/connect/gateway"
	"frontdesk/connect/govuk"
	"frontdesk/connect/notify"
	"frontdesk/connect/smtp"
	"frontdesk/connect/twilio"
	"frontdesk/core/carrier"
	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/sandbox"
	"frontdesk/store"
	"frontdesk/web"
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
var anyCarrier = []string{"channels", "priority", "per_second", sandbox.Simulated}

// Where those are that are somewhere for everybody.
const (
	govukAt  = "https://api.notifications.service.gov.uk"
	twilioAt = "https://api.twilio.com"
)

var carrierKinds = map[connector.Name]carrierKind{
	"smtp": {
		about:    "a mail server: e-mail",
		settings: []string{"host", "port", "tls", "username", "auth", "from", "from_name", "reply_to", "bounces_to", "connections", "dkim_selector", "dkim_domain"},
		secrets:  []string{"password", "bounce_secret", "dkim_key"}, channels: []carrier.Channel{carrier.Email},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			port, err1 := number(c, "port", 587)
			connections, err2 := number(c, "connections", 0)
			signer, err3 := dkimKey(c.Secrets["dkim_key"])
			if err := errors.Join(err1, err2, err3); err != nil {
				return nil, err
			}
			s := c.Settings
			return smtp.New(smtp.Settings{
				Host: s["host"], Port: port, TLS: s["tls"], Username: s["username"], Password: c.Secrets["password"], AuthMethod: s["auth"], From: s["from"],
				FromName: s["from_name"], DKIMKey: signer, DKIMSelector: s["dkim_selector"], DKIMDomain: s["dkim_domain"],
				ReplyTo: s["reply_to"], BouncesTo: s["bounces_to"], BounceSecret: c.Secrets["bounce_secret"], Connections: connections,
			}, smtp.Options{Now: e.now, Log: e.log, Wait: e.wait, RootCAs: e.roots, Unread: e.unread})
		},
	},
	"notify": {
		about:    "NHS Notify: messages in the NHS App, text messages, e-mail",
		settings: []string{"base_url", "token_url", "audience", "api_key", "key_id", "ods_code", "allow_ods_override", "callback_application", "send_contact", "together", "abroad"},
		secrets:  []string{"private_key", "callback_key"}, channels: []carrier.Channel{carrier.NHSApp},
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
				BaseURL:  c.Settings["base_url"], TokenURL: c.Settings["token_url"], Audience: c.Settings["audience"], APIKey: c.Settings["api_key"],
				KeyID: c.Settings["key_id"], CallbackKey: c.Settings["callback_application"],
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
				EmailTemplate: s["email_template"], SMSSender: s["sms_sender"], EmailReplyTo: s["email_reply_to"], CallbackToken: c.Secrets["callback_token"],
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
				BaseURL: cmp.Or(s["base_url"], twilioAt), AccountSID: s["account_sid"], AuthToken: c.Secrets["auth_token"], From: s["from"],
				MessagingServiceSID: s["messaging_service_sid"], CallbackURL: cmp.Or(s["callback_url"], e.callback),
			}, twilio.Options{Now: e.now, Log: e.log, Wait: e.wait})
		},
	},
	"gateway": {
		about:    "a small program of your own in front of any other provider",
		settings: []string{"url", "connections", "abroad"}, secrets: []string{"secret"}, channels: []carrier.Channel{carrier.SMS, carrier.Email},
		build: func(c connector.Connector, e environment) (carrier.Carrier, error) {
			connections, err := number(c, "connections", 0)
			if err != nil {
				return nil, err
			}
			return gateway.New(gateway.Settings{Abroad: e.abroad, URL: c.Settings["url"], Secret: c.Secrets["secret"], Channels: e.channels, Connections: connections},
				gateway.Options{Now: e.now, Log: e.log, Wait: e.wait})
		},
	},
}

func number(c connector.Connector, name string, otherwise int) (int, error) {
	text := c.Settings[name]
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("%s is a whole number from 1 to 65535", name)
	}
	return n, nil
}

// yes is a setting that is yes or no.
func yes(c connector.Connector, name string, otherwise bool) (bool, error) {
	switch c.Settings[name] {
	case "":
		return otherwise, nil
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, fmt.Errorf("%s is yes or no", name)
}

// channelsOf are the channels a carrier carries.
func channelsOf(c connector.Connector) ([]carrier.Channel, error) {
	text := c.Settings["channels"]
	if text == "" {
		return carrierKinds[c.Name].channels, nil
	}
	var out []carrier.Channel
	for word := range strings.SplitSeq(text, ",") {
		channel := carrier.Channel(strings.TrimSpace(word))
		if !slices.Contains([]carrier.Channel{carrier.SMS, carrier.Email, carrier.NHSApp}, channel) {
			return nil, errors.New("channels is a list of sms, email and nhs_app with commas between")
		}
		out = append(out, channel)
	}
	return out, nil
}

// priorityOf says which of several carriers is tried first: the lowest.
func priorityOf(c connector.Connector) int {
	n, err := strconv.Atoi(c.Settings["priority"])
	if err != nil {
		return 10
	}
	return n
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
	e := environment{group: g, now: time.Now, log: slog.New(slog.DiscardHandler), callback: "https://example.org/callbacks", channels: channels}
	made, err := carrierKinds[c.Name].build(c, e)
	if closer, ok := made.(io.Closer); ok && err == nil {
		return closer.Close()
	}
	return err
}

func perSecond(c connector.Connector) (float64, error) {
	text := c.Settings["per_second"]
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 || n > 100_000 {
		return 0, errors.New("per_second is messages a second, more than 0")
	}
	return n, nil
}

// carriers gives each practice group the carriers its settings name.
type carriers struct {
	db         *store.DB
	connectors *connector.Service
	log        *slog.Logger
	now        func() time.Time
	public     func() string
	sims       *sandbox.Simulators
	unread     func(carrier, why string) // nil counts nothing

	mu       sync.Mutex
	built    map[practice.ID]map[connector.Name]builtCarrier
	rest     time.Duration             // of a breaker; 0 is its own
	breakers map[string]notify.Breaker // by account
}

// breaker is the one of an account with NHS Notify, whatever practice sends.
func (c *carriers) breaker(k connector.Connector) notify.Breaker {
	account := k.Settings["base_url"] + "\n" + k.Settings["api_key"]
	if c.breakers == nil {
		c.breakers = map[string]notify.Breaker{}
	}
	if c.breakers[account] == nil {
		c.breakers[account] = notify.NewBreaker(c.rest, c.log)
	}
	return c.breakers[account]
}

type builtCarrier struct {
	version int64
	group   time.Time
	carrier carrier.Carrier
}

// named finds one carrier of a group.
func (c *carriers) named(ctx context.Context, group practice.ID, name connector.Name) (carrier.Carrier, error) {
	kept, err := c.db.Connector().Connector(ctx, group, name)
	if err != nil {
		return nil, err
	}
	g, err := c.db.Practice().Group(ctx, group)
	if err != nil {
		return nil, err
	}
	return c.get(ctx, g, kept)
}

// get gives a carrier, made anew when its settings have changed.
func (c *carriers) get(ctx context.Context, g practice.Group, kept connector.Connector) (carrier.Carrier, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.built[g.ID][kept.Name]
	if ok && known.version == kept.Version && known.group.Equal(g.UpdatedAt) {
		return known.carrier, nil
	}
	full, err := c.connectors.Get(ctx, g.ID, kept.Name)
	if err != nil {
		return nil, err
	}
	e := environment{group: g, now: c.now, log: c.log, callback: c.callback(g.ID, kept.Name), unread: func(why string) {
		if c.unread != nil {
			c.unread(string(kept.Name), why)
		}
	}}
	if e.channels, err = channelsOf(full); err != nil {
		return nil, fault.New(fault.Conflict, "carrier_settings", "A carrier's settings need attention.").Because(err)
	}
	if full.Settings[sandbox.Simulated] != "" {
		e.roots = c.sims.Lead(g.ID, &full)
	}
	e.abroad = full.Settings["abroad"] == "yes"
	if rate, err := perSecond(full); err == nil && rate > 0 {
		e.wait = c.pace(full, rate)
	}
	if kept.Name == "notify" {
		e.breaker = c.breaker(full)
	}
	made, err := carrierKinds[kept.Name].build(full, e)
	if err != nil {
		return nil, fault.New(fault.Conflict, "carrier_settings", "A carrier's settings need attention.").Because(err)
	}
	if c.built == nil {
		c.built = map[practice.ID]map[connector.Name]builtCarrier{}
	}
	if c.built[g.ID] == nil {
		c.built[g.ID] = map[connector.Name]builtCarrier{}
	}
	if closer, ok := known.carrier.(io.Closer); ok {
		_ = closer.Close() // what it has under way ends by itself
	}
	c.built[g.ID][kept.Name] = builtCarrier{full.Version, g.UpdatedAt, made}
	return made, nil
}

// pace takes turns with every other program that sends in the same account's
// name.
func (c *carriers) pace(k connector.Connector, rate float64) func(context.Context) error {
	sum := sha256.Sum256([]byte(k.Settings["base_url"] + k.Settings["host"] + k.Settings["url"] + "\n" + k.Settings["account_sid"] + k.Settings["username"] + k.Settings["api_key"] + k.Settings["from"]))
	name := string(k.Name) + " " + hex.EncodeToString(sum[:8])
	return func(ctx context.Context) error {
		wait, taken, err := c.db.Throttle(ctx, name, rate, 5*time.Second, time.Now())
		if err != nil {
			return err
		}
		if !taken {
			return carrier.ErrPaced.After(5 * time.Second)
		}
		return sleep(ctx, wait)
	}
}

// kept lists the connectors of a group that carry a channel.
func (c *carriers) kept(ctx context.Context, group practice.ID, channel carrier.Channel) ([]connector.Connector, error) {
	all, err := c.db.Connector().Connectors(ctx, group)
	return slices.DeleteFunc(all, func(k connector.Connector) bool {
		if _, ok := carrierKinds[k.Name]; !ok {
			return true
		}
		channels, err := channelsOf(k)
		return err != nil || !slices.Contains(channels, channel)
	}), err
}

// carries reports whether a group has a carrier for a channel.
func (c *carriers) carries(ctx context.Context, group practice.ID, channel carrier.Channel) (bool, error) {
	all, err := c.kept(ctx, group, channel)
	return len(all) > 0, err
}

// of lists a group's carriers for a channel, the first to try first.
func (c *carriers) of(ctx context.Context, group practice.ID, channel carrier.Channel) ([]carrier.Carrier, error) {
	all, err := c.kept(ctx, group, channel)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b connector.Connector) int { return priorityOf(a) - priorityOf(b) })
	g, err := c.db.Practice().Group(ctx, group)
	if err != nil {
		return nil, err
	}
	out := make([]carrier.Carrier, 0, len(all))
	for _, k := range all {
		built, err := c.get(ctx, g, k)
		if err != nil {
			c.log.WarnContext(ctx, "a carrier cannot be used", "practice_group_id", int64(group), "carrier", string(k.Name), "error", connector.Hide(err.Error()))
			continue
		}
		out = append(out, built)
	}
	return out, nil
}

// callback is where a carrier's provider calls us back.
func (c *carriers) callback(group practice.ID, name connector.Name) string {
	return c.public() + "/callbacks/" + string(name) + "/" + strconv.FormatInt(int64(group), 36)
}

// maxCallback is the longest call of a provider that is read, in bytes.
const maxCallback = 1 << 20

// listen serves the calls of providers.
func (c *carriers) listen(hear func(context.Context, practice.ID, string, carrier.Told) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told, err := c.heard(w, r, hear)
		if err != nil {
			web.Fail(w, r, err)
			return
		}
		if told.Type != "" {
			w.Header().Set("Content-Type", told.Type)
		}
		w.WriteHeader(cmp.Or(told.Status, http.StatusOK))
		w.Write([]byte(told.Body)) // a provider who has gone away calls again
	})
}

func (c *carriers) heard(w http.ResponseWriter, r *http.Request, hear func(context.Context, practice.ID, string, carrier.Told) error) (carrier.Told, error) {
	id, err := strconv.ParseInt(r.PathValue("group"), 36, 64)
	if err != nil || id <= 0 {
		return carrier.Told{}, web.ErrNoPath
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		return carrier.Told{}, err
	}
	group, name := practice.ID(id), r.PathValue("carrier")
	by, err := c.named(r.Context(), group, connector.Name(name))
	if errors.Is(err, connector.ErrNotFound) || errors.Is(err, practice.ErrGroupNotFound) {
		err = web.ErrNoPath
	}
	if err != nil {
		return carrier.Told{}, err
	}
	listener, ok := by.(carrier.Listener)
	if !ok {
		return carrier.Told{}, web.ErrNoPath
	}
	told, err := listener.Listen(r, body)
	if err != nil && told.Status != 0 {
		return carrier.Told{Status: told.Status}, nil // as the provider wants to be told
	}
	if err != nil {
		return told, err
	}
	return told, hear(r.Context(), group, by.Name(), told)
}
