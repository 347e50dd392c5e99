// Package registry is the outside systems a practice group can use: what each must be
// told, and the clients that a group's settings make.
//
//	registry.go      the systems there are, and whether one can be used as it is set up
//	kind.go          the kinds of carriers
//	settings.go      settings read
//	carriers.go      a group's carriers, for a channel
//	callback.go      calls of their providers
//	demographics.go  the Personal Demographics Service, for each group
//	login.go         NHS login, for each group
//	payments.go      Stripe, for each group
package registry

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"frontdesk/connect/nhslogin"
	"frontdesk/connect/pds"
	"frontdesk/connect/stripe"
	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Source is what clients are made from, whatever they are for.
type Source struct {
	Connectors *connector.Service
	Group      func(ctx context.Context, group practice.ID) (practice.Group, error)
	// Throttle takes the next free moment of an outside system that several programs
	// ask; taken is false when there is none soon enough.
	Throttle func(
		ctx context.Context, name string, perSecond float64, patience time.Duration, now time.Time,
	) (wait time.Duration, taken bool, err error)
	// Lead makes a connector of the sandbox lead to its simulator, and gives whose
	// certificates that has; nil is the system's.
	Lead func(group practice.ID, c *connector.Connector) *x509.CertPool
	Log  *slog.Logger
	Now  func() time.Time
}

// connectors are the outside systems there are, with the settings and secrets
// each takes, and a check of them.
var connectors = map[connector.Name]struct {
	about             string
	settings, secrets []string
	check             func(connector.Connector, practice.Group) error
}{
	connector.PDS: {
		about: "the NHS Personal Demographics Service, which knows every patient of the NHS",
		settings: []string{"base_url", "token_url", "audience", "api_key", "key_id", "ods_code", "per_second",
			"refresh", "refresh_every", "refresh_ahead_days", connector.Simulated},
		secrets: []string{"private_key"},
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
	connector.Stripe: {
		about:    "Stripe, by which patients pay invoices",
		settings: []string{"base_url", "return_url", connector.Simulated}, secrets: []string{"api_key", "webhook_secret"},
		check: func(c connector.Connector, _ practice.Group) error {
			_, err := stripeSettings(c)
			return err
		},
	},
	connector.NHSLogin: {
		about:    "NHS login, by which patients prove who they are",
		settings: []string{"issuer", "client_id", "key_id"}, secrets: []string{"private_key"},
		check: func(c connector.Connector, _ practice.Group) error {
			_, err := loginSettings(c)
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
		// the sandbox's own
		out[i].Settings = slices.DeleteFunc(slices.Clone(out[i].Settings),
			func(s string) bool { return s == connector.Simulated })
	}
	slices.SortFunc(out, func(a, b System) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Check makes sure that a connector can be used as it is set up.
func Check(c connector.Connector, g practice.Group) error {
	kind, ok := connectors[c.Name]
	if carrier, is := carrierKinds[c.Name]; is {
		ok = true
		kind.settings, kind.secrets, kind.check = slices.Concat(carrier.settings, anyCarrier), carrier.secrets,
			checkCarrier
	}
	if !ok {
		names := append(slices.Collect(maps.Keys(connectors)), slices.Collect(maps.Keys(carrierKinds))...)
		slices.Sort(names)
		return fault.Wrong("name", input.CodeChoice, fmt.Sprint(names), "There is no such connector.")
	}
	for _, known := range []struct {
		given map[string]string
		names []string
	}{{c.Settings, kind.settings}, {c.Secrets, kind.secrets}} {
		for name := range known.given {
			if !slices.Contains(known.names, name) {
				return fault.Wrong(name, "unrecognized_keys", "one of "+strings.Join(known.names, ", "),
					"There is no such setting.")
			}
		}
	}
	if err := kind.check(c, g); err != nil {
		return fault.Wrong(string(c.Name), "invalid_settings", "settings that work together",
			"These settings do not work: "+connector.Hide(err.Error())+".")
	}
	return nil
}

// Addresses are the addresses a connector leads to, with a scheme where they are for more
// than a connection. One of the sandbox's leads to its own server.
func Addresses(c connector.Connector) []string {
	if c.Settings[connector.Simulated] != "" {
		return nil
	}
	if c.Name == "smtp" {
		return []string{net.JoinHostPort(c.Settings["host"], cmp.Or(c.Settings["port"], "587"))}
	}
	var out []string
	for _, name := range []string{"base_url", "token_url", "url", "issuer"} {
		text := c.Settings[name]
		if name == "issuer" && c.Name == connector.NHSLogin {
			text = cmp.Or(text, nhslogin.Issuer)
		}
		if name == "base_url" {
			text = cmp.Or(text, carrierKinds[c.Name].at, map[connector.Name]string{connector.Stripe: stripe.API}[c.Name])
		}
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			out = append(out, u.Scheme+"://"+net.JoinHostPort(u.Hostname(),
				cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])))
		}
	}
	return out
}
