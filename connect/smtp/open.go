package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"strings"

	sasl "github.com/wneessen/go-mail/smtp"

	"frontdesk/core/carrier"
)

// open connects, secures the connection, and signs in. Its error is a Busy: no
// message has gone anywhere.
func (c *Carrier) open(ctx context.Context) (*session, error) {
	d := net.Dialer{Timeout: c.settings.Timeout}
	conn, err := d.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, &carrier.Busy{Code: "connect", Err: plain(err)}
	}
	s := &session{conn: conn, timeout: c.settings.Timeout}
	defer s.guard(ctx)()
	if err := c.introduce(ctx, s); err != nil {
		s.close()
		return nil, err
	}
	if c.settings.Username != "" {
		if err := c.signIn(ctx, s); err != nil {
			s.quit()
			return nil, err
		}
	}
	return s, nil
}

// introduce goes as far as the answer to the EHLO that counts: with TLS it is
// the one after it has begun.
func (c *Carrier) introduce(ctx context.Context, s *session) error {
	if c.settings.TLS == TLSImplicit {
		if err := s.secure(ctx, c.tls); err != nil {
			return err
		}
	} else {
		s.r = bufio.NewReaderSize(s.conn, 4096)
	}
	if err := s.expect(ctx, "greeting", 220, nil); err != nil {
		return err
	}
	if err := s.hello(ctx, c.domain); err != nil {
		return err
	}
	if c.settings.TLS != TLSStart {
		return nil
	}
	// Where the offer is missing, an attacker between us may have removed it.
	if _, ok := s.offers["STARTTLS"]; !ok {
		return &carrier.Busy{Code: "tls", Err: fmt.Errorf("%w: no STARTTLS on offer", errConnection)}
	}
	s.command("STARTTLS")
	if err := s.expect(ctx, "STARTTLS", 220, nil); err != nil {
		return err
	}
	// What has come before the handshake is not from the server (RFC 3207,
	// section 4.2): the new reader knows nothing of it.
	if err := s.secure(ctx, c.tls); err != nil {
		return err
	}
	return s.hello(ctx, c.domain)
}

func (s *session) secure(ctx context.Context, config *tls.Config) error {
	conn := tls.Client(s.conn, config)
	if err := s.arm(ctx, s.timeout); err != nil {
		return &carrier.Busy{Code: "tls", Err: plain(err)}
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		return &carrier.Busy{Code: "tls", Err: plain(err)}
	}
	s.conn, s.r = conn, bufio.NewReaderSize(conn, 4096)
	return nil
}

// hello says who we are, and learns what the server can do (RFC 5321, section
// 4.1.1.1). What it said before no longer holds.
func (s *session) hello(ctx context.Context, us string) error {
	s.offers = map[string]string{}
	first := true
	s.command("EHLO ", us)
	return s.expect(ctx, "EHLO", 250, func(line []byte) {
		if name, params, _ := strings.Cut(string(line), " "); !first {
			s.offers[strings.ToUpper(name)] = params
		}
		first = false
	})
}

// signIn signs in (RFC 4954). That the server refuses is logged once, until it
// lets us in again.
func (c *Carrier) signIn(ctx context.Context, s *session) error {
	r, err := s.authenticate(ctx, c.settings.Host, c.mechanism(s.offers["AUTH"]))
	if err == nil && r.code == 235 {
		c.refused.Store(false)
		return nil
	}
	code := "auth"
	if r.code != 0 {
		code += " " + r.String()
	}
	if !c.refused.Swap(true) {
		c.log.Error("the mail server does not let us sign in", slog.String("server", c.address), slog.String("code", code))
	}
	if err == nil {
		err = errConnection
	}
	return &carrier.Busy{Code: code, Err: plain(err)}
}

// mechanism is how we sign in, given what the server offers; nil when there is
// no way. That a password does not go in the clear was seen to by the settings.
func (c *Carrier) mechanism(offered string) sasl.Auth {
	offers := strings.Fields(strings.ToUpper(offered))
	name, password, host := c.settings.Username, c.settings.Password, c.settings.Host
	for _, m := range []struct {
		name string
		auth func() sasl.Auth
	}{
		{AuthScram, func() sasl.Auth { return sasl.ScramSHA256Auth(name, password) }},
		{AuthPlain, func() sasl.Auth { return sasl.PlainAuth("", name, password, host, loopback(host)) }},
		{AuthLogin, func() sasl.Auth { return sasl.LoginAuth(name, password, host, loopback(host)) }},
	} {
		wanted := c.settings.AuthMethod == AuthAuto || c.settings.AuthMethod == m.name
		for _, o := range offers {
			if wanted && o == m.name {
				return m.auth()
			}
		}
	}
	return nil
}

var errNoMechanism = fmt.Errorf("%w: no way to sign in on offer", errConnection)

// authenticate is the exchange of RFC 4954, section 4; it gives the server's
// last answer.
func (s *session) authenticate(ctx context.Context, host string, auth sasl.Auth) (reply, error) {
	if auth == nil {
		return reply{}, errNoMechanism
	}
	_, encrypted := s.conn.(*tls.Conn)
	name, first, err := auth.Start(&sasl.ServerInfo{Name: host, TLS: encrypted})
	if err != nil {
		return reply{}, errConnection
	}
	if first == nil {
		s.command("AUTH ", name)
	} else {
		s.command("AUTH ", name, " ", base64.StdEncoding.EncodeToString(first))
	}
	// Three rounds are the most that any of them takes.
	for range 5 {
		var challenge []byte
		r, err := s.ask(ctx, func(line []byte) { challenge = bytes.Clone(line) })
		if err != nil || r.code != 334 {
			return r, err
		}
		plainText, err := base64.StdEncoding.DecodeString(string(challenge))
		if err != nil {
			return reply{}, errReply
		}
		answer, err := auth.Next(plainText, true)
		if err != nil {
			return reply{}, errConnection // its own text may repeat what was sent
		}
		s.command(base64.StdEncoding.EncodeToString(answer))
	}
	return reply{}, errReply
}
