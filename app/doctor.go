package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"time"

	"frontdesk/core/connector"
	"frontdesk/core/practice"
	"frontdesk/operator"
	"frontdesk/sandbox"
)

// Examination is what the doctor is asked to look at.
type Examination struct {
	DB, SealKey, PublicURL string
	Strays                 []string
}

// Examine looks an installation over without changing it, and reports whether all is
// well.
func Examine(ctx context.Context, e Examination) ([]operator.Finding, bool) {
	d := &operator.Doctor{
		Address: e.DB, SealKey: operator.KeyFile(e.SealKey, e.DB), PublicURL: e.PublicURL, Strays: e.Strays, Reach: reach,
		Try: func(c connector.Connector, g practice.Group) ([]string, error) { return leads(c), checkConnector(c, g) },
	}
	return d.Look(ctx)
}

// leads are the addresses a connector leads to, with a scheme where they are for more
// than a connection. One of the sandbox's leads to its own server.
func leads(c connector.Connector) []string {
	if c.Settings[sandbox.Simulated] != "" {
		return nil
	}
	if c.Name == "smtp" {
		return []string{net.JoinHostPort(c.Settings["host"], cmp.Or(c.Settings["port"], "587"))}
	}
	var out []string
	for _, name := range []string{"base_url", "token_url", "url"} {
		text := c.Settings[name]
		if name == "base_url" {
			text = cmp.Or(text, carrierKinds[c.Name].at)
		}
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			out = append(out, u.Scheme+"://"+net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])))
		}
	}
	return out
}

// reach connects to an address, with TLS where it is that of a web server's.
func reach(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	dial := (&net.Dialer{}).DialContext
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		if address = u.Host; u.Scheme == "https" {
			dial = (&tls.Dialer{}).DialContext
		}
	}
	conn, err := dial(ctx, "tcp", address)
	if err == nil {
		err = conn.Close()
	}
	return err
}
