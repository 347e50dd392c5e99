package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/carrier"
)

// session is one connection to the server, after the greeting. One worker at a
// time uses it.
type session struct {
	conn    net.Conn
	r       *bufio.Reader
	timeout time.Duration
	out     []byte // commands on their way
	offers  map[string]string
	queued  string // the server's name for the last message
	// broken means that no other message can go this way.
	broken bool
	// stale means that the server had ended the connection, or has had enough of
	// it, before it looked at the message.
	stale bool
}

// patience is how many times as long as a command the answer to a whole message
// may take: the server may look into the message first, and who hangs up on it
// does not learn whether it was taken (RFC 5321, section 4.5.3.2.6).
const patience = 4

var queuedAs = regexp.MustCompile(`(?i)(?:queued as|id=) ?<?([0-9A-Za-z._-]{1,64})`)

// send hands over one message. Its errors are those of a carrier.Carrier.
func (s *session) send(ctx context.Context, l *letter) (carrier.Accepted, error) {
	defer s.guard(ctx)()
	if err := s.envelope(ctx, l); err != nil {
		return carrier.Accepted{}, err
	}
	if err := s.arm(ctx, s.timeout); err != nil {
		s.broken = true
		return carrier.Accepted{}, &carrier.Busy{Code: "lost", Err: plain(err)}
	}
	// The last bytes are the final dot: until the system has taken all of them,
	// the server cannot have the message.
	if n, err := s.conn.Write(l.data); err != nil && n < len(l.data) {
		s.broken = true
		return carrier.Accepted{}, &carrier.Busy{Code: "lost", Err: plain(err)}
	}
	s.queued = ""
	r, err := s.askFor(ctx, patience*s.timeout, func(line []byte) {
		if m := queuedAs.FindSubmatch(line); m != nil {
			s.queued = string(m[1])
		}
	})
	switch {
	case err != nil:
		s.broken = true
		return carrier.Accepted{}, fmt.Errorf("smtp: no answer to a whole message: %w", plain(err))
	case !r.good():
		s.broken = r.code == 421
		return carrier.Accepted{}, r.fail()
	}
	return carrier.Accepted{ProviderID: s.queued, Code: r.String()}, nil
}

// envelope goes as far as the answer to DATA. All commands go out at once where
// the server allows it (RFC 2920).
func (s *session) envelope(ctx context.Context, l *letter) error {
	s.stale = false
	if _, ok := s.offers["SMTPUTF8"]; l.international && !ok {
		return &carrier.Refusal{Code: "smtputf8", Reason: details["6.7"]}
	}
	_, pipelining := s.offers["PIPELINING"]
	var data reply
	var failed error
	commands := []func(*letter){s.mail, s.rcpt, func(*letter) { s.command("DATA") }}
	if pipelining {
		for _, command := range commands {
			command(l)
		}
	}
	for i, command := range commands {
		if !pipelining {
			command(l)
		}
		r, err := s.ask(ctx, nil)
		if err != nil {
			s.broken, s.stale = true, i == 0
			if failed != nil {
				return failed // the server has said why, and hung up
			}
			return &carrier.Busy{Code: "lost", Err: plain(err)}
		}
		if r.code == 421 { // it hangs up (RFC 5321, section 3.8)
			s.broken, s.stale = true, i == 0
			return r.fail()
		}
		if i == 2 {
			data = r
		}
		if failed == nil && (i < 2 && !r.good() || i == 2 && r.code != 354) {
			failed = r.fail()
			if r.signIn() {
				s.broken = true
				return failed
			}
			if !pipelining {
				break
			}
		}
	}
	if failed != nil {
		s.reset(ctx, data.code == 354)
	}
	return failed
}

// reset has the server forget the message. When it waits for one all the same,
// having refused everybody it was for, it gets none (RFC 2920, section 3.1).
func (s *session) reset(ctx context.Context, waiting bool) {
	if waiting {
		s.command(".")
		if _, err := s.ask(ctx, nil); err != nil {
			s.broken = true
			return
		}
	}
	s.command("RSET")
	if r, err := s.ask(ctx, nil); err != nil || !r.good() {
		s.broken = true
	}
}

// mail is where reports about the message go. Of the message itself they shall
// repeat no more than the header (RFC 3461, section 4.3).
func (s *session) mail(l *letter) {
	parts := [8]string{"MAIL FROM:<", l.from, ">"}
	if l.international {
		parts[3] = " SMTPUTF8 BODY=8BITMIME"
	}
	if _, ok := s.offers["SIZE"]; ok { // RFC 1870
		parts[4], parts[5] = " SIZE=", strconv.Itoa(len(l.data))
	}
	if _, ok := s.offers["DSN"]; ok {
		parts[6], parts[7] = " RET=HDRS ENVID=", xtext(l.envelope)
	}
	s.command(parts[:]...)
}

// rcpt is who the message goes to, and that we want to hear of it only if it
// fails (RFC 3461, section 4.1).
func (s *session) rcpt(l *letter) {
	notify := ""
	if _, ok := s.offers["DSN"]; ok {
		notify = " NOTIFY=FAILURE"
	}
	s.command("RCPT TO:<", l.to, ">", notify)
}

// xtext writes a name as RFC 3461, section 4, has it.
func xtext(name string) string { return strings.ReplaceAll(name, "=", "+3D") }

// command puts a command in line; it goes out with the next question.
func (s *session) command(parts ...string) {
	for _, p := range parts {
		s.out = append(s.out, p...)
	}
	s.out = append(s.out, '\r', '\n')
}

// ask sends what is in line, and reads one answer.
func (s *session) ask(ctx context.Context, each func([]byte)) (reply, error) {
	return s.askFor(ctx, s.timeout, each)
}

func (s *session) askFor(ctx context.Context, most time.Duration, each func([]byte)) (reply, error) {
	if err := s.arm(ctx, most); err != nil {
		return reply{}, err
	}
	if len(s.out) > 0 {
		out := s.out
		s.out = s.out[:0]
		if _, err := s.conn.Write(out); err != nil {
			return reply{}, err
		}
	}
	return readReply(s.r, each)
}

// expect is ask for the answers without which there is no connection.
func (s *session) expect(ctx context.Context, what string, code int, each func([]byte)) error {
	r, err := s.ask(ctx, each)
	switch {
	case err != nil:
		return &carrier.Busy{Code: "connect", Err: fmt.Errorf("%s: %w", what, plain(err))}
	case r.code != code:
		return &carrier.Busy{Code: r.String(), Err: fmt.Errorf("%s: %w", what, errConnection)}
	}
	return nil
}

// arm gives the next command its time.
func (s *session) arm(ctx context.Context, most time.Duration) error {
	until := time.Now().Add(most)
	if end, ok := ctx.Deadline(); ok && end.Before(until) {
		until = end
	}
	if err := s.conn.SetDeadline(until); err != nil {
		return err
	}
	// In this order: guard may have set the deadline a moment ago.
	return ctx.Err()
}

// guard ends whatever the connection is doing when the context ends, until the
// function it returns is called.
func (s *session) guard(ctx context.Context) func() {
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		// It may be about to set the deadline of the next message.
		if !stop() {
			s.broken = true
		}
	}
}

func (s *session) close() { s.conn.Close() }

// quit says good-bye, and does not wait for the answer.
func (s *session) quit() {
	if s.conn.SetDeadline(time.Now().Add(100*time.Millisecond)) == nil {
		_, _ = s.conn.Write([]byte("QUIT\r\n"))
	}
	s.conn.Close()
}

// plain is a network error without anything that was received. It is always an
// errConnection.
func plain(err error) error {
	if errors.Is(err, errConnection) {
		return err
	}
	var cause error
	var slow interface{ Timeout() bool }
	if errors.Is(err, context.Canceled) {
		cause = context.Canceled
	} else if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		cause = context.DeadlineExceeded
	} else if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		cause = e
	} else if e, ok := errors.AsType[*net.OpError](err); ok { // hosts and sockets
		cause = e
	} else {
		return errConnection
	}
	return fmt.Errorf("%w: %w", errConnection, cause)
}
