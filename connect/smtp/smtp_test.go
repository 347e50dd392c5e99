package smtp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/sim/mail"
)

// ending is how handing over a message ended, in a word.
func ending(err error) string {
	if r, ok := errors.AsType[*carrier.Refusal](err); ok {
		return "refused " + r.Code
	}
	if b, ok := errors.AsType[*carrier.Busy](err); ok {
		return "busy " + b.Code
	}
	if err != nil {
		return "unknown"
	}
	return "accepted"
}

func TestEachScriptEndsAsItShould(t *testing.T) {
	for _, c := range []struct {
		name, local string
		want        []string // of one try after the other
		delivered   int
	}{
		{"a message is delivered", "ada", []string{"accepted"}, 1},
		{"an unknown address is refused for good", "refused", []string{"refused 550 5.1.1"}, 0},
		{"a message that bounces is taken", "bounced", []string{"accepted"}, 0},
		{"one without any report is taken", "silent", []string{"accepted"}, 1},
		{"one that is read is taken", "read", []string{"accepted"}, 1},
		{"a slow server takes it in the end", "slow", []string{"accepted"}, 1},
		{"greylisting is busy, and then goes away", "busy", []string{"busy 451 4.7.1", "accepted"}, 1},
		{"a broken server is busy twice", "broken", []string{"busy 421 4.3.0", "busy 451 4.3.0", "accepted"}, 1},
		{"a connection cut before the answer leaves it unknown", "cut", []string{"unknown"}, 1},
		{"a duplicate is taken again", "duplicate", []string{"accepted", "accepted"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, setup{})
			m := to(c.local+"@example.org", "7-1a-1")
			for i, want := range c.want {
				a, err := w.Send(within(t), m)
				if got := ending(err); got != want {
					t.Fatalf("try %d: %s, want %s (%v)", i+1, got, want, err)
				}
				if err == nil && (a.Code != "250" || !strings.HasPrefix(a.ProviderID, "SIM")) {
					t.Errorf("accepted as %+v", a)
				}
				if err != nil && strings.Contains(fmt.Sprint(err), c.local+"@") {
					t.Errorf("the error tells the address: %v", err)
				}
			}
			if got := len(w.box.Of(m.To)); got != c.delivered {
				t.Errorf("%d delivered, want %d", got, c.delivered)
			}
			if strings.Contains(w.log.String(), "example.org") {
				t.Errorf("the log tells the address: %s", w.log)
			}
		})
	}
}

func TestARefusalSaysWhyInPlainEnglish(t *testing.T) {
	w := open(t, setup{})
	_, err := w.Send(within(t), to("refused@example.org", "k1"))
	r, ok := errors.AsType[*carrier.Refusal](err)
	if !ok || r.Reason != "The mail server knows no such address." {
		t.Fatalf("%+v", r)
	}
}

func TestTheConnectionIsUsedAgain(t *testing.T) {
	w := open(t, setup{})
	for i, address := range []string{"ada@example.org", "refused@example.org", "bob@example.org", "busy@example.org",
		"cy@example.org"} {
		_, _ = w.Send(within(t), to(address, fmt.Sprintf("k%d", i)))
	}
	if got := w.server.Sessions(); got != 2 { // before and after STARTTLS
		t.Errorf("%d greetings, want 2", got)
	}
	if _, n := w.box.Counts(); n != 3 {
		t.Errorf("%d delivered, want 3", n)
	}
}

func TestConnectionsAreSecured(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings smtp.Settings
		sim      mail.Options
		strange  bool // the certificate is of an authority we do not know
		want     string
	}{
		{"with STARTTLS", smtp.Settings{}, mail.Options{}, false, "accepted"},
		{"with TLS from the beginning", smtp.Settings{TLS: smtp.TLSImplicit}, mail.Options{}, false, "accepted"},
		{"not at all on this machine", smtp.Settings{TLS: smtp.TLSNone}, mail.Options{}, false, "accepted"},
		{"or not used without an offer", smtp.Settings{}, mail.Options{NoTLS: true}, false, "busy tls"},
		{"or not used with a stranger after STARTTLS", smtp.Settings{}, mail.Options{}, true, "busy tls"},
		{"or not used with a stranger from the beginning", smtp.Settings{TLS: smtp.TLSImplicit}, mail.Options{}, true,
			"busy tls"},
		{"with a password after STARTTLS", smtp.Settings{Username: "desk", Password: "s3cret"},
			mail.Options{Username: "desk", Password: "s3cret"}, false, "accepted"},
		{"with a password in TLS",
			smtp.Settings{TLS: smtp.TLSImplicit, Username: "desk", Password: "s3cret", AuthMethod: smtp.AuthPlain},
			mail.Options{Username: "desk", Password: "s3cret"}, false, "accepted"},
		{"with a password to this machine", smtp.Settings{TLS: smtp.TLSNone, Username: "desk", Password: "s3cret"},
			mail.Options{Username: "desk", Password: "s3cret", NoTLS: true}, false, "accepted"},
		{"or not with a wrong password", smtp.Settings{Username: "desk", Password: "wrong"},
			mail.Options{Username: "desk", Password: "s3cret"}, false, "busy auth 535 5.7.8"},
		{"or not without the one that is wanted", smtp.Settings{}, mail.Options{Username: "desk", Password: "s3cret"}, false,
			"busy auth 530 5.7.0"},
		{"or not in a way that is not offered",
			smtp.Settings{Username: "desk", Password: "s3cret", AuthMethod: smtp.AuthLogin},
			mail.Options{Username: "desk", Password: "s3cret"}, false, "busy auth"},
		{"or not when nothing is offered", smtp.Settings{Username: "desk", Password: "s3cret"}, mail.Options{}, false,
			"busy auth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, setup{settings: c.settings, sim: c.sim})
			if c.strange {
				w.Carrier = stranger(t, c.settings)
			}
			_, err := w.Send(within(t), to("ada@example.org", "k1"))
			if got := ending(err); got != c.want {
				t.Fatalf("%s, want %s (%v)", got, c.want, err)
			}
			if strings.Contains(fmt.Sprint(err), "s3cret") || strings.Contains(w.log.String(), "s3cret") {
				t.Error("the password was told")
			}
		})
	}
}

// stranger is a carrier for a server with an unknown certificate.
func stranger(t *testing.T, s smtp.Settings) *smtp.Carrier {
	t.Helper()
	server, err := mail.New(nil, mail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, port := listen(t)
	serve := server.Serve
	if s.TLS == smtp.TLSImplicit {
		serve = server.ServeTLS
	}
	go serve(l)
	t.Cleanup(func() { server.Close() })
	return carrierTo(t, port, nil, setup{settings: s, options: smtp.Options{RootCAs: x509.NewCertPool()}})
}

func TestARefusedSignInIsLoggedOnce(t *testing.T) {
	w := open(t,
		setup{settings: smtp.Settings{Username: "desk", Password: "wrong"},
			sim: mail.Options{Username: "desk", Password: "s3cret"}})
	for range 3 {
		_, _ = w.Send(within(t), to("ada@example.org", "k1"))
	}
	if got := strings.Count(w.log.String(), "does not let us sign in"); got != 1 {
		t.Errorf("logged %d times: %s", got, w.log)
	}
}

func TestFiveHundredMessagesArriveOnceEachOverEightConnections(t *testing.T) {
	w := open(t, setup{settings: smtp.Settings{TLS: smtp.TLSImplicit}})
	var all []carrier.Outgoing
	for i := range 500 {
		all = append(all, to(fmt.Sprintf("patient%d@example.org", i), fmt.Sprintf("7-%d-1", i)))
	}
	var wg sync.WaitGroup
	for part := 0; part < len(all); part += 100 { // several callers at once
		wg.Go(func() {
			for i, r := range w.SendAll(within(t), all[part:part+100]) {
				if r.Err != nil {
					t.Errorf("message %d: %v", part+i, r.Err)
				}
			}
		})
	}
	wg.Wait()
	counts, n := w.box.Counts()
	for _, m := range all {
		if counts[m.To] != 1 {
			t.Errorf("%s arrived %d times", m.Key, counts[m.To])
		}
		if got := w.box.Of(m.To); len(got) != 1 || got[0].Key != m.Key {
			t.Errorf("%s arrived under another key", m.Key)
		}
	}
	if got := w.server.Sessions(); n != 500 || got > 8 {
		t.Errorf("%d messages over %d connections", n, got)
	}
}

func TestResultsAreInTheOrderOfTheMessages(t *testing.T) {
	w := open(t, setup{})
	want := []string{"accepted", "refused 550 5.1.1", "busy 451 4.7.1", "unknown", "accepted", "refused address",
		"refused channel", "accepted"}
	var all []carrier.Outgoing
	for i, address := range []string{"ada@x.example", "refused@x.example", "busy@x.example", "cut@x.example",
		"slow@x.example", "unknown", "+447700900123", "bob@x.example"} {
		m := to(address, fmt.Sprintf("k%d", i))
		if i == 6 {
			m.Channel = carrier.SMS
		}
		all = append(all, m)
	}
	for i, r := range w.SendAll(within(t), all) {
		if got := ending(r.Err); got != want[i] {
			t.Errorf("message %d: %s, want %s", i, got, want[i])
		}
	}
	if got := w.SendAll(within(t), nil); len(got) != 0 {
		t.Errorf("%d results of nothing", len(got))
	}
}

func TestTheSharedLimiterIsAskedBeforeEachMessage(t *testing.T) {
	var asked atomic.Int64
	limited := fault.New(fault.Limited, "limited", "Later.").After(7 * time.Second)
	w := open(t, setup{options: smtp.Options{Wait: func(context.Context) error {
		if asked.Add(1) > 2 {
			return limited
		}
		return nil
	}}})
	busy := 0
	for _, r := range w.SendAll(within(t),
		[]carrier.Outgoing{to("a@x.example", "a"), to("b@x.example", "b"), to("c@x.example", "c")}) {
		if b, ok := errors.AsType[*carrier.Busy](r.Err); ok && b.After == 7*time.Second && b.Code == "limit" {
			busy++
		}
	}
	if _, n := w.box.Counts(); busy != 1 || n != 2 {
		t.Errorf("%d busy, %d delivered", busy, n)
	}
}

func TestItsOwnLimitHolds(t *testing.T) {
	w := open(t, setup{settings: smtp.Settings{PerSecond: 50, Connections: 2}})
	begin := time.Now()
	for _, r := range w.SendAll(within(t),
		[]carrier.Outgoing{to("a@x.example", "a"), to("b@x.example", "b"), to("c@x.example", "c"), to("d@x.example", "d")}) {
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
	if took := time.Since(begin); took < 55*time.Millisecond {
		t.Errorf("four at fifty a second took %v", took)
	}
}

func TestNothingIsSentAfterTheEnd(t *testing.T) {
	w := open(t, setup{})
	_, _ = w.Send(within(t), to("ada@x.example", "a"))
	w.Close()
	if _, err := w.Send(within(t), to("ada@x.example", "b")); ending(err) != "busy closed" {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(within(t))
	cancel()
	w = open(t, setup{})
	for _, r := range w.SendAll(ended, make([]carrier.Outgoing, 3)) {
		if ending(r.Err) == "accepted" || ending(r.Err) == "unknown" {
			t.Error(r.Err)
		}
	}
	if _, err := w.Send(ended, to("ada@x.example", "c")); ending(err) != "busy waiting" {
		t.Error(err)
	}
}

func TestABounceComesBackAsAReceipt(t *testing.T) {
	told := make(chan carrier.Report, 4)
	var c *smtp.Carrier
	desk := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		t, err := c.ReadCallback(context.Background(), called(r, body))
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		told <- t
	}))
	defer desk.Close()
	w := open(t, setup{
		settings: smtp.Settings{BouncesTo: "bounces@mail.brambleford.example", BounceSecret: secret},
		options:  smtp.Options{Now: func() time.Time { return noon.Add(time.Hour) }},
		sim:      mail.Options{BounceURL: desk.URL, BounceSecret: secret},
	})
	c = w.Carrier
	if _, err := w.Send(within(t), to("bounced@example.org", "7-1a-2")); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-told:
		want := carrier.Receipt{
			Key: "7-1a-2", Progress: carrier.ProgressFailed, Code: "5.1.1", Reason: "The mail server knows no such address.",
			At: noon.Add(time.Minute),
		}
		if len(got.Receipts) != 1 || !got.Receipts[0].At.Equal(want.At) {
			t.Fatalf("told %+v", got)
		}
		got.Receipts[0].At = want.At
		if got.Receipts[0] != want {
			t.Fatalf("told %+v", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came back")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	_, edKey, err1 := ed25519.GenerateKey(rand.Reader)
	ecKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	good := smtp.Settings{Host: "mail.example.org", From: "desk@example.org"}
	for _, c := range []struct {
		name   string
		change func(*smtp.Settings)
		want   string // part of the error; empty for none
	}{
		{"the least there can be", func(*smtp.Settings) {}, ""},
		{"no host", func(s *smtp.Settings) { s.Host = "" }, "host"},
		{"a host that is an address", func(s *smtp.Settings) { s.Host = "smtp://mail.example.org" }, "host"},
		{"a host with a line break", func(s *smtp.Settings) { s.Host = "mail\r\n" }, "host"},
		{"a port that is none", func(s *smtp.Settings) { s.Port = 70000 }, "port"},
		{"TLS of an unknown kind", func(s *smtp.Settings) { s.TLS = "maybe"; s.Port = 25 }, "TLS"},
		{"no TLS over a network", func(s *smtp.Settings) { s.TLS = smtp.TLSNone }, "this machine"},
		{"no TLS on this machine", func(s *smtp.Settings) { s.TLS, s.Host = smtp.TLSNone, "::1" }, ""},
		{"a password without a name", func(s *smtp.Settings) { s.Password = "x" }, "password"},
		{"a strange way to sign in", func(s *smtp.Settings) { s.AuthMethod = "NTLM" }, "sign in"},
		{"signing in as the server likes", func(s *smtp.Settings) { s.AuthMethod = "auto" }, ""},
		{"no sender", func(s *smtp.Settings) { s.From = "" }, "from"},
		{"a sender with a name", func(s *smtp.Settings) { s.From = "Desk <desk@example.org>" }, "from"},
		{"a sender beyond ASCII", func(s *smtp.Settings) { s.From = "désk@example.org" }, "from"},
		{"a sender's name with a line break", func(s *smtp.Settings) { s.FromName = "Desk\r\nBcc: x@example.org" }, "name"},
		{"a strange place for answers", func(s *smtp.Settings) { s.ReplyTo = "unknown" }, "reply to"},
		{"a strange place for bounces", func(s *smtp.Settings) { s.BouncesTo = "a b@example.org" }, "bounces to"},
		{"a secret with a space", func(s *smtp.Settings) { s.BounceSecret = "sixteen letters!" }, "Authorization header"},
		{"a secret that can be guessed", func(s *smtp.Settings) { s.BounceSecret = strings.Repeat("s", 15) },
			"16 characters"},
		{"a place for bounces with room for no signature", func(s *smtp.Settings) {
			s.BouncesTo, s.BounceSecret = strings.Repeat("b", 22)+"@example.org", secret
		}, "at most 21 characters"},
		{"a long, unsigned place for bounces",
			func(s *smtp.Settings) { s.BouncesTo = strings.Repeat("b", 22) + "@example.org" }, ""},
		{"the longest place for bounces", func(s *smtp.Settings) {
			s.BouncesTo, s.BounceSecret = strings.Repeat("b", 21)+"@example.org", secret
		}, ""},
		{"a DKIM selector without a key", func(s *smtp.Settings) { s.DKIMSelector = "desk" }, "needs a DKIM key"},
		{"a DKIM key without a selector", func(s *smtp.Settings) { s.DKIMKey = edKey }, "selector"},
		{"a DKIM key", func(s *smtp.Settings) { s.DKIMKey, s.DKIMSelector = edKey, "desk" }, ""},
		{"a DKIM key that cannot sign e-mail", func(s *smtp.Settings) { s.DKIMKey, s.DKIMSelector = ecKey, "desk" },
			"RSA or an Ed25519"},
		{"too many connections", func(s *smtp.Settings) { s.Connections = 1000 }, "connections"},
		{"a negative rate", func(s *smtp.Settings) { s.PerSecond = -1 }, "rate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good
			c.change(&s)
			_, err := smtp.New(s, smtp.Options{})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	c, err := smtp.New(good, smtp.Options{})
	if err != nil || c.Name() != "smtp" || c.Idempotent() || c.Together() != 64 {
		t.Errorf("%v %v %v %v", err, c.Name(), c.Idempotent(), c.Together())
	}
}
