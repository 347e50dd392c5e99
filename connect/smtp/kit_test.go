package smtp_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
	"frontdesk/sim/inbox"
	"frontdesk/sim/mail"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// journal is a log that many write to.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// world is a carrier and the simulator it hands messages to, over a real
// socket.
type world struct {
	*smtp.Carrier
	server *mail.Server
	box    *inbox.Box
	log    *journal
}

type setup struct {
	settings smtp.Settings
	options  smtp.Options
	sim      mail.Options
	keep     int
}

func listen(t testing.TB) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

// open starts a simulator and a carrier for it. Without a word about TLS it is
// STARTTLS.
func open(t testing.TB, o setup) *world {
	t.Helper()
	w := &world{box: &inbox.Box{Keep: o.keep}, log: &journal{}}
	o.sim.Now = func() time.Time { return noon.Add(time.Minute) }
	if o.sim.BounceAfter == 0 {
		o.sim.BounceAfter = time.Millisecond
	}
	if o.sim.Slow == 0 {
		o.sim.Slow = 50 * time.Millisecond
	}
	var err error
	if w.server, err = mail.New(w.box, o.sim); err != nil {
		t.Fatal(err)
	}
	l, port := listen(t)
	serve := w.server.Serve
	if o.settings.TLS == smtp.TLSImplicit {
		serve = w.server.ServeTLS
	}
	go serve(l)
	t.Cleanup(func() { w.server.Close() })
	o.options.RootCAs = w.server.CertPool()
	w.Carrier = carrierTo(t, port, w.log, o)
	return w
}

func carrierTo(t testing.TB, port int, log *journal, o setup) *smtp.Carrier {
	t.Helper()
	if o.settings.Host == "" {
		o.settings.Host = "127.0.0.1"
	}
	o.settings.Port = port
	if o.settings.From == "" {
		o.settings.From = "desk@brambleford.example"
	}
	if o.options.Now == nil {
		o.options.Now = func() time.Time { return noon }
	}
	if log != nil {
		o.options.Log = slog.New(slog.NewTextHandler(log, nil))
	}
	c, err := smtp.New(o.settings, o.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func to(address, key string) carrier.Outgoing {
	return carrier.Outgoing{
		Key: key, Channel: carrier.Email, To: address, FromName: "Brambleford Surgery", Subject: "Your appointment",
		Text: "See you on Monday.",
	}
}

// fake is a mail server that follows a script, for what a simulator that does
// its work properly never does. It counts connections.
type fake struct {
	port int
	mu   sync.Mutex
	n    int
	said []string
}

// talk is one connection of a fake server.
type talk struct {
	net.Conn
	r *bufio.Reader
	f *fake
}

// play serves each connection with script, which is told its number from 1.
func play(t testing.TB, script func(n int, c *talk)) *fake {
	t.Helper()
	l, port := listen(t)
	f := &fake{port: port}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.n++
			n := f.n
			f.mu.Unlock()
			go func() {
				defer conn.Close()
				script(n, &talk{Conn: conn, r: newReader(conn), f: f})
			}()
		}
	}()
	return f
}

func newReader(c net.Conn) *bufio.Reader { return bufio.NewReader(c) }

func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

func (f *fake) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.said...)
}

func (c *talk) say(line string) { fmt.Fprint(c, line+"\r\n") }

// hear reads a command.
func (c *talk) hear() string {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return ""
	}
	line = strings.TrimRight(line, "\r\n")
	c.f.mu.Lock()
	c.f.said = append(c.f.said, line)
	c.f.mu.Unlock()
	return line
}

// answers gives each command its answer, by its first word; "hang up" ends the
// connection, and "silence" waits for the other side to end it. What is not
// listed is 250.
func (c *talk) answers(a map[string]string) {
	say := func(word, otherwise string) bool {
		switch s, ok := a[word]; {
		case s == "hang up":
			return false
		case s == "silence":
			_, _ = c.r.ReadString(0)
			return false
		case ok:
			c.say(s)
		default:
			c.say(otherwise)
		}
		return true
	}
	if !say("GREETING", "220 fake") {
		return
	}
	for {
		line := c.hear()
		word, _, _ := strings.Cut(line, " ")
		switch word {
		case "":
			return
		case "QUIT":
			c.say("221 bye")
			return
		case "DATA":
			if !say("DATA", "354 go on") {
				return
			}
			if s := a["DATA"]; s != "" && !strings.HasPrefix(s, "354") {
				continue
			}
			for l := ""; l != "."; l = strings.TrimRight(l, "\r\n") {
				var err error
				if l, err = c.r.ReadString('\n'); err != nil {
					return
				}
			}
			if !say(".", "250 2.0.0 Ok: queued as 4ZX") {
				return
			}
		default:
			if !say(word, "250 ok") {
				return
			}
		}
	}
}

func plainTo(t testing.TB, f *fake, o setup) *smtp.Carrier {
	t.Helper()
	o.settings.TLS = smtp.TLSNone
	return carrierTo(t, f.port, nil, o)
}
