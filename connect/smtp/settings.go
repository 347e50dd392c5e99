package smtp

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/mail"
	"strings"
	"time"
)

var ports = map[string]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}

// filled is the settings with what was left out.
func (s Settings) filled() Settings {
	s.TLS = cmp.Or(strings.ToLower(s.TLS), TLSStart)
	s.Port = cmp.Or(s.Port, ports[s.TLS])
	s.AuthMethod = strings.ToUpper(s.AuthMethod)
	if s.AuthMethod == "AUTO" {
		s.AuthMethod = AuthAuto
	}
	s.Connections, s.Timeout = cmp.Or(s.Connections, 8), cmp.Or(s.Timeout, 30*time.Second)
	return s
}

// check refuses settings that cannot work.
func (s Settings) check() error {
	return cmp.Or(s.checkServer(), s.checkSender(), s.checkBounces(), s.checkDKIM(), s.checkPace())
}

// checkServer is about reaching the server and signing in.
func (s Settings) checkServer() error {
	if s.Host == "" ||
		strings.ContainsFunc(s.Host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/@<>[]", r) }) {
		return errors.New("smtp: the host is not the name of a server")
	}
	if s.Port < 1 || s.Port > 65535 {
		return errors.New("smtp: the port is not between 1 and 65535")
	}
	switch {
	case ports[s.TLS] == 0:
		return errors.New("smtp: TLS must be starttls, implicit or none")
	// Passwords and messages do not go over the network in the clear.
	case s.TLS == TLSNone && !loopback(s.Host):
		return errors.New("smtp: without TLS the server must be this machine")
	}
	switch s.AuthMethod {
	case AuthAuto, AuthScram, AuthPlain, AuthLogin:
	default:
		return errors.New("smtp: the way to sign in must be SCRAM-SHA-256, PLAIN or LOGIN, or left out")
	}
	if (s.Username == "") != (s.Password == "") {
		return errors.New("smtp: a user name needs a password, and a password a user name")
	}
	return nil
}

// checkSender is about who writes.
func (s Settings) checkSender() error {
	for _, a := range []struct{ what, value string }{{"from", s.From}, {"reply to", s.ReplyTo},
		{"bounces to", s.BouncesTo}} {
		if a.value == "" && a.what != "from" {
			continue
		}
		if ascii, ok := address(a.value); !ok || !ascii {
			return fmt.Errorf("smtp: %s: not an e-mail address", a.what)
		}
	}
	if broken(s.FromName) {
		return errors.New("smtp: the name in the From field has a line break or a control character in it")
	}
	return nil
}

// checkBounces is about the secret that bounces are signed with.
func (s Settings) checkBounces() error {
	if s.BounceSecret != "" && strings.ContainsFunc(s.BounceSecret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("smtp: the secret for bounces cannot stand in an Authorization header")
	}
	if n := len(s.BounceSecret); n > 0 && n < leastSecret {
		return fmt.Errorf("smtp: the secret for bounces must have %d characters or more", leastSecret)
	}
	if most := maxLocal - 1 - longestKey - 1 - signatureSize; s.BounceSecret != "" &&
		strings.LastIndexByte(s.BouncesTo, '@') > most {
		return fmt.Errorf("smtp: bounces to: at most %d characters before the @, as a signed key of a message comes "+
			"after them", most)
	}
	return nil
}

// checkPace is about how much is sent at once.
func (s Settings) checkPace() error {
	if s.Connections < 0 || s.Connections > 256 {
		return errors.New("smtp: there must be 1 to 256 connections")
	}
	if s.PerSecond < 0 || math.IsNaN(s.PerSecond) || math.IsInf(s.PerSecond, 0) || s.Timeout < 0 {
		return errors.New("smtp: a rate or a time is negative")
	}
	return nil
}

// loopback reports whether a server is this machine itself.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// address says whether s is nothing but an address (RFC 5321, Mailbox), and
// whether it is one without letters beyond ASCII.
func address(s string) (ascii, ok bool) {
	ascii = true
	for _, r := range s {
		if r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == 0xfffd {
			return false, false
		}
		ascii = ascii && r < 0x80
	}
	// RFC 5321, section 4.5.3.1: a path has at most 256 octets, with its <>.
	if len(s) > 254 {
		return false, false
	}
	a, err := mail.ParseAddress(s)
	return ascii, err == nil && a.Address == s && a.Name == ""
}

// broken reports what cannot stand in a header field: a line break would begin
// another field.
func broken(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
	})
}
