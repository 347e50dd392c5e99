package mail

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"frontdesk/sim/inbox"
)

// session is one connection, with the message on it at the moment.
type session struct {
	server   *Server
	conn     *smtp.Conn
	signedIn bool
	hangUp   bool // after the answer that is on its way

	from, envelope string
	international  bool // SMTPUTF8 was said
	eight          bool // BODY=8BITMIME was said
	to             []string
	notify         []smtp.DSNNotify
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.o.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if s.server.o.Username == "" || mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(s.server.authenticator(func() { s.signedIn = true })), nil
}

// maxLocal is the longest part of an address before the @ (RFC 5321, section
// 4.5.3.1.1).
const maxLocal = 64

// Mail implements smtp.Session.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if s.server.o.Username != "" && !s.signedIn {
		return refuse(530, 5, 7, 0, "Authentication required")
	}
	if local, _, ok := strings.Cut(from, "@"); ok && len(local) > maxLocal {
		return refuse(501, 5, 1, 7, "What is before the @ is too long")
	}
	s.from = strings.Clone(from)
	if o != nil {
		s.envelope, s.international = o.EnvelopeID, o.UTF8
		s.eight = o.Body == smtp.Body8BitMIME
	}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	if !s.server.o.Fast {
		if !s.international && !ascii(to) {
			return refuse(553, 5, 6, 7, "Needs SMTPUTF8")
		}
		if inbox.ScriptOf(to) == inbox.Refused {
			return refuse(550, 5, 1, 1, fmt.Sprintf("<%s>: no such user here", to))
		}
	}
	s.to = append(s.to, to)
	if o != nil {
		s.notify = o.Notify
	}
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	if s.server.o.Fast {
		n, err := io.Copy(io.Discard, r)
		if err != nil {
			return err
		}
		for _, to := range s.to {
			s.server.box.Add(inbox.Item{Carrier: "smtp", Channel: "email", To: to, Bytes: int(n)})
		}
		return nil
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := read(raw, s.eight, s.international)
	if err != nil {
		return refuse(554, 5, 6, 0, err.Error())
	}
	for _, to := range s.to {
		if err := s.perform(to, m); err != nil {
			return err
		}
	}
	s.server.mu.Lock()
	s.server.serial++
	id := fmt.Sprintf("SIM%06d", s.server.serial)
	s.server.mu.Unlock()
	for _, to := range s.to {
		s.server.deliver(to, id, m)
		if inbox.ScriptOf(to) == inbox.Bounced && s.wantsFailure() {
			s.server.bounce(bounce{from: s.from, to: to, envelope: s.envelope, header: m.header})
		}
	}
	for _, to := range s.to {
		if inbox.ScriptOf(to) == inbox.Cut {
			return s.cut()
		}
	}
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: "Ok: queued as " + id}
}

// perform does what goes wrong before a message is taken.
func (s *session) perform(to string, m message) error {
	switch inbox.ScriptOf(to) {
	case inbox.Slow:
		s.server.slowed.Add(1)
		timer := time.NewTimer(s.server.o.Slow)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.server.ctx.Done():
			return refuse(421, 4, 3, 2, "Going down")
		}
	case inbox.Busy:
		if s.server.try(to, m.key) == 1 {
			return refuse(451, 4, 7, 1, "Greylisted, please try again")
		}
	case inbox.Broken:
		switch s.server.try(to, m.key) {
		case 1:
			s.hangUp = true
			return refuse(421, 4, 3, 0, "Something is broken, closing the connection")
		case 2:
			return refuse(451, 4, 3, 0, "Something is broken")
		}
	}
	return nil
}

// try counts the tries to send one message to one address.
func (s *Server) try(to, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries[to+" "+key]++
	return s.tries[to+" "+key]
}

// deliver puts a message into a mailbox. What bounces does not get that far.
func (s *Server) deliver(to, id string, m message) {
	if inbox.ScriptOf(to) == inbox.Bounced {
		return
	}
	s.box.Add(inbox.Item{
		At: s.o.Now(), Carrier: "smtp", Channel: "email", To: to, From: m.from, Subject: m.subject, Text: m.text,
		Key: m.key, ProviderID: id, Bytes: m.bytes, Unsubscribe: m.unsubscribe,
		Calendar: m.calendar,
	})
}

// cut hangs up in place of an answer.
func (s *session) cut() error {
	s.conn.Conn().Close()
	return refuse(421, 4, 4, 2, "Gone")
}

// wantsFailure says whether to report a failure: a sender that says nothing about it
// wants to know (RFC 3461, section 4.1), and no report is made about a report.
func (s *session) wantsFailure() bool {
	if s.from == "" {
		return false
	}
	for _, n := range s.notify {
		if n == smtp.DSNNotifyFailure {
			return true
		}
	}
	return len(s.notify) == 0
}

// Reset implements smtp.Session. It comes after the answer to a message.
func (s *session) Reset() {
	if s.hangUp {
		s.conn.Conn().Close()
	}
	s.from, s.envelope, s.international, s.eight, s.to, s.notify = "", "", false, false, s.to[:0], nil
}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

func refuse(code, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}
