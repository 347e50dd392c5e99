package app

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdesk/connect/pds"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/sandbox"
	"frontdesk/store"
)

// connectors are the outside systems there are, with the settings and secrets
// each takes, and a check of them.
var connectors = map[connector.Name]struct {
	about             string
	settings, secrets []string
	check             func(connector.Connector, practice.Group) error
}{
	sandbox.PDS: {
		about:    "the NHS Personal Demographics Service, which knows every patient of the NHS",
		settings: []string{"base_url", "token_url", "audience", "api_key", "key_id", "ods_code", "per_second", "refresh", "refresh_every", "refresh_ahead_days", sandbox.Simulated},
		secrets:  []string{"private_key"},
		check: func(c connector.Connector, g practice.Group) error {
			s, err := pdsSettings(c, g)
			if err == nil {
				_, err = pds.New(s, pds.Options{})
			}
			if err == nil {
				_, err = upkeepOf(c)
			}
			return err
		},
	},
}

// System is an outside system a practice group can use, and what it must be told.
type System struct {
	Name, About       string
	Settings, Secrets []string
}

// Systems lists the outside systems there are, by name.
func Systems() []System {
	var out []System
	for name, k := range connectors {
		out = append(out, System{string(name), k.about, k.settings, k.secrets})
	}
	for name, k := range carrierKinds {
		out = append(out, System{string(name), k.about, slices.Concat(k.settings, anyCarrier), k.secrets})
	}
	for i := range out {
		out[i].Settings = slices.DeleteFunc(slices.Clone(out[i].Settings), func(s string) bool { return s == sandbox.Simulated }) // the sandbox's own
	}
	slices.SortFunc(out, func(a, b System) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// checkConnector makes sure that a connector can be used as it is set up.
func checkConnector(c connector.Connector, g practice.Group) error {
	kind, ok := connectors[c.Name]
	if carrier, is := carrierKinds[c.Name]; is {
		ok = true
		kind.settings, kind.secrets, kind.check = slices.Concat(carrier.settings, anyCarrier), carrier.secrets, checkCarrier
	}
	if !ok {
		names := append(slices.Collect(maps.Keys(connectors)), slices.Collect(maps.Keys(carrierKinds))...)
		slices.Sort(names)
		return fault.Wrong("name", "invalid_enum_value", fmt.Sprint(names), "There is no such connector.")
	}
	for _, known := range []struct {
		given map[string]string
		names []string
	}{{c.Settings, kind.settings}, {c.Secrets, kind.secrets}} {
		for name := range known.given {
			if !slices.Contains(known.names, name) {
				return fault.Wrong(name, "unrecognized_keys", "one of "+strings.Join(known.names, ", "), "There is no such setting.")
			}
		}
	}
	if err := kind.check(c, g); err != nil {
		return fault.Wrong(string(c.Name), "invalid_settings", "settings that work together", "These settings do not work: "+connector.Hide(err.Error())+".")
	}
	return nil
}

// pdsSettings reads a connector's settings.
func pdsSettings(c connector.Connector, g practice.Group) (pds.Settings, error) {
	s := pds.Settings{
		BaseURL: c.Settings["base_url"], TokenURL: c.Settings["token_url"], Audience: c.Settings["audience"], APIKey: c.Settings["api_key"],
		KeyID: c.Settings["key_id"], ODSCode: c.Settings["ods_code"],
	}
	if s.ODSCode == "" {
		s.ODSCode = g.ODSCode
	}
	if text := c.Settings["per_second"]; text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n <= 0 || n > 1000 {
			return s, errors.New("per_second is requests a second, more than 0 and at most 1000")
		}
		s.PerSecond = n
	}
	if text := c.Secrets["private_key"]; text != "" {
		key, err := rsaKey(text)
		if err != nil {
			return s, err
		}
		s.Key = key
	}
	return s, nil
}

func rsaKey(text string) (*rsa.PrivateKey, error) {
	wrong := errors.New("private_key is an RSA key in PEM")
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, wrong
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return key, nil
}

// dkimKey reads the key that e-mails are signed with; nothing is none.
func dkimKey(text string) (crypto.Signer, error) {
	if text == "" {
		return nil, nil
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if signer, ok := key.(crypto.Signer); ok {
				return signer, nil
			}
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("dkim_key is a private key in PEM, RSA or Ed25519")
}

// upkeepOf reads how a group wants its patients kept fresh: not at all, unless
// it says so.
func upkeepOf(c connector.Connector) (patient.Upkeep, error) {
	u := patient.Upkeep{Every: 24 * time.Hour, Ahead: 14 * 24 * time.Hour}
	switch c.Settings["refresh"] {
	case "", "off":
	case "on":
		u.On = true
	default:
		return u, errors.New("refresh is on or off")
	}
	if text := c.Settings["refresh_every"]; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Minute {
			return u, errors.New("refresh_every is a time such as 24h, at least a minute")
		}
		u.Every = d
	}
	if text := c.Settings["refresh_ahead_days"]; text != "" {
		days, err := strconv.Atoi(text)
		if err != nil || days < 1 || days > 366 {
			return u, errors.New("refresh_ahead_days is a number of days from 1 to 366")
		}
		u.Ahead = time.Duration(days) * 24 * time.Hour
	}
	return u, nil
}

// demographics asks the national service as each practice group's settings say.
type demographics struct {
	db         *store.DB
	connectors *connector.Service
	log        *slog.Logger
	now        func() time.Time
	sims       *sandbox.Simulators

	mu      sync.Mutex
	clients map[practice.ID]versioned
}

// versioned is a client made from one version of a connector and its group.
type versioned struct {
	version int64
	group   time.Time
	client  *pds.Client
}

// client gives the group's client, made anew when its settings have changed.
func (d *demographics) client(ctx context.Context, group practice.ID) (*pds.Client, error) {
	kept, err := d.db.Connector().Connector(ctx, group, sandbox.PDS)
	if errors.Is(err, connector.ErrNotFound) {
		return nil, patient.ErrNoDemographics
	}
	if err != nil {
		return nil, err
	}
	g, err := d.db.Practice().Group(ctx, group)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.clients[group]
	if ok && known.version == kept.Version && known.group.Equal(g.UpdatedAt) {
		return known.client, nil
	}
	c, err := d.connectors.Get(ctx, group, sandbox.PDS)
	if err != nil {
		return nil, err
	}
	if c.Settings[sandbox.Simulated] != "" {
		d.sims.Lead(group, &c)
	}
	s, err := pdsSettings(c, g)
	if err != nil {
		return nil, patient.ErrNoDemographics.Because(err)
	}
	client, err := pds.New(s, pds.Options{Now: d.now, Log: d.log, Wait: d.wait(s)})
	if err != nil {
		return nil, patient.ErrNoDemographics.Because(err)
	}
	if d.clients == nil {
		d.clients = map[practice.ID]versioned{}
	}
	d.clients[group] = versioned{c.Version, g.UpdatedAt, client}
	return client, nil
}

const (
	// pdsRate is how many requests a second NHS England allows an application
	// that has not agreed otherwise.
	pdsRate = 5
	// pdsPatience is how long a request waits for its turn; work nobody waits
	// for takes only turns nobody else wants.
	pdsPatience = 8 * time.Second
)

// wait takes turns with every other program that asks in the same
// application's name.
func (d *demographics) wait(s pds.Settings) func(context.Context) error {
	sum := sha256.Sum256([]byte(s.BaseURL + "\n" + s.APIKey))
	name := "pds " + hex.EncodeToString(sum[:8])
	rate := s.PerSecond
	if rate == 0 {
		rate = pdsRate
	}
	// Requests that leave a fifth of a second apart may arrive closer together.
	rate *= 0.95
	turn := time.Duration(float64(time.Second) / rate)
	return func(ctx context.Context) error {
		for {
			patience := pdsPatience
			if patient.IsBackground(ctx) {
				patience = 0
			}
			wait, taken, err := d.db.Throttle(ctx, name, rate, patience, time.Now())
			switch {
			case err != nil:
				return err
			case taken:
				return sleep(ctx, wait)
			case !patient.IsBackground(ctx):
				return patient.ErrDemographicsDown.After(pdsPatience)
			}
			if err := sleep(ctx, turn); err != nil {
				return err
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Read finds a person by NHS number.
func (d *demographics) Read(ctx context.Context, group practice.ID, number string) (patient.Person, error) {
	c, err := d.client(ctx, group)
	if err != nil {
		return patient.Person{}, err
	}
	return c.Read(correlated(ctx), group, number)
}

// Trace finds the one person who matches exactly.
func (d *demographics) Trace(ctx context.Context, group practice.ID, t patient.Trace) (patient.Person, error) {
	c, err := d.client(ctx, group)
	if err != nil {
		return patient.Person{}, err
	}
	return c.Trace(correlated(ctx), group, t)
}

// correlated names our own request to the service, so that both logs can be
// laid side by side.
func correlated(ctx context.Context) context.Context {
	who, _ := access.From(ctx)
	return pds.WithCorrelation(ctx, who.RequestID)
}

// upkeep says how a group wants its patients kept fresh.
func (d *demographics) upkeep(ctx context.Context, group practice.ID) (patient.Upkeep, error) {
	c, err := d.db.Connector().Connector(ctx, group, sandbox.PDS)
	if errors.Is(err, connector.ErrNotFound) {
		return patient.Upkeep{}, nil
	}
	if err != nil {
		return patient.Upkeep{}, err
	}
	return upkeepOf(c)
}

// connects tries a change of a connector on what is there before it is kept.
func connects(c *core.Core) func(context.Context, practice.Group, connector.Connector) (connector.Connector, error) {
	return func(ctx context.Context, g practice.Group, change connector.Connector) (connector.Connector, error) {
		was, err := c.Connector.Get(ctx, g.ID, change.Name)
		if err != nil && !errors.Is(err, connector.ErrNotFound) {
			return was, err
		}
		if err := checkConnector(was.With(change), g); err != nil {
			return was, err
		}
		return c.Connector.Set(ctx, change)
	}
}
