package mail_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/sim/inbox"
	"frontdesk/sim/mail"
	"frontdesk/test/wait"
)

// start serves a simulator, and gives the address it is at.
func start(t *testing.T, o mail.Options) (*mail.Server, *inbox.Box, string) {
	t.Helper()
	box := &inbox.Box{}
	s, err := mail.New(box, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return s, box, l.Addr().String()
}

const header = "From: Desk <desk@x.example>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\nMessage-ID: <k1@x.example>\r\n"

// send hands over a message the way the standard library does.
func send(s *mail.Server, addr, to, body string) error {
	return sendFrom(s, addr, "bounces@x.example", to, body)
}

func sendFrom(s *mail.Server, addr, from, to, body string) error {
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok {
		if err := c.StartTLS(&tls.Config{ServerName: "localhost", RootCAs: s.CertPool()}); err != nil {
			return err
		}
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	fmt.Fprint(w, body)
	return w.Close()
}

func TestMessagesAreReadOrRefused(t *testing.T) {
	s, box, addr := start(t, mail.Options{ASCII: true})
	for _, c := range []struct{ name, body, want string }{
		{"plain text", header + "Subject: Hello\r\n\r\nHow are you?\r\n", "How are you?"},
		{"an encoded subject and text", header +
			"Subject: =?utf-8?q?caf=C3=A9?=\r\nContent-Transfer-Encoding: base64\r\n\r\nY2Fmw6k=\r\n", "café"},
		{"text among other parts", header +
			"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" +
			"Content-Type: text/html\r\n\r\n<p>\r\n--b\r\nContent-Type: text/plain\r\n" +
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E2=98=83\r\n--b--\r\n", "☃"},
		{"no sender", "Date: Mon, 2 Mar 2026 12:00:00 +0000\r\n\r\nx\r\n", "554"},
		{"no date", "From: desk@x.example\r\n\r\nx\r\n", "554"},
		{"two senders", header + "From: other@x.example\r\n\r\nx\r\n", "554"},
		{"a long line", header + "\r\n" + strings.Repeat("x", 999) + "\r\n", "554"},
		{"letters beyond ASCII in the header", header + "Subject: café\r\n\r\nx\r\n", "554"},
		{"no header", "hello\r\n", "554"},
		{"parts without an end", header + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", "554"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := strings.ReplaceAll(c.name, " ", ".") + "@y.example"
			err := send(s, addr, to, c.body)
			got := box.Of(to)
			if c.want == "554" {
				if err == nil || !strings.HasPrefix(err.Error(), "554 ") || len(got) != 0 {
					t.Errorf("%v, %+v", err, got)
				}
				return
			}
			if err != nil || len(got) != 1 || got[0].Text != c.want || got[0].Key != "k1" ||
				got[0].From != "Desk <desk@x.example>" {
				t.Errorf("%v, %+v", err, got)
			}
		})
	}
}

func TestBouncesAreReportedAgainUntilTheyAreTaken(t *testing.T) {
	var calls atomic.Int64
	done := make(chan string, 1)
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		done <- r.Header.Get("Authorization")
	}))
	defer desk.Close()
	s, box, addr := start(t, mail.Options{BounceURL: desk.URL, BounceSecret: "hush", BounceAfter: time.Millisecond})
	if err := send(s, addr, "bounced@y.example", header+"\r\nx\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-done:
		if got != "Bearer hush" || len(box.Items()) != 0 {
			t.Errorf("%q, %+v", got, box.Items())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no report came")
	}
}

func TestAReturnPathThatIsTooLongIsRefused(t *testing.T) {
	s, box, addr := start(t, mail.Options{})
	for length, want := range map[int]bool{64: true, 65: false} {
		err := sendFrom(s, addr, strings.Repeat("b", length)+"@x.example", "ada@y.example", header+"\r\nx\r\n")
		if (err == nil) != want || err != nil && !strings.HasPrefix(err.Error(), "501") {
			t.Errorf("%d characters before the @: %v", length, err)
		}
	}
	if n := len(box.Items()); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}

func TestClosingDoesNotWaitForWhatIsSlow(t *testing.T) {
	s, _, addr := start(t, mail.Options{Slow: time.Hour, BounceAfter: time.Hour, BounceURL: "http://127.0.0.1:1/"})
	if err := send(s, addr, "bounced@y.example", header+"\r\nx\r\n"); err != nil {
		t.Fatal(err)
	}
	sent := make(chan error)
	go func() { sent <- send(s, addr, "slow@y.example", header+"\r\nx\r\n") }()
	wait.Until(t, "the slow message to be slow", func() bool { return s.Slowed() == 1 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-sent; err == nil {
		t.Error("the slow message was taken")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestFastOnlyCounts(t *testing.T) {
	s, box, addr := start(t, mail.Options{Fast: true})
	if err := send(s, addr, "refused@y.example", "no header at all\r\n"); err != nil {
		t.Fatal(err)
	}
	if counts, n := box.Counts(); n != 1 || counts["refused@y.example"] != 1 {
		t.Errorf("%v", counts)
	}
}
