package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/gateway"
	"frontdesk/connect/web"
	"frontdesk/core/carrier"
	"frontdesk/sim/gateways"
)

// outcome is one word for how handing over ended.
func outcome(err error) string {
	if r, ok := errors.AsType[*carrier.Refusal](err); ok {
		return "refused " + r.Code
	}
	if b, ok := errors.AsType[*carrier.Busy](err); ok {
		return fmt.Sprintf("busy %s %v", b.Code, b.After)
	}
	if errors.Is(err, web.ErrUnknown) {
		return "unknown"
	}
	if err != nil {
		return err.Error()
	}
	return "accepted"
}

func TestSendReportsTheOutcomeOfAMessage(t *testing.T) {
	for _, c := range []struct {
		name, to, want string
		boxed          int
		requests       int
	}{
		{"an ordinary one is taken", "+447700900123", "accepted", 1, 1},
		{"one to an unknown recipient is refused", "+447700900990", "refused unknown_recipient", 0, 1},
		{"one that bounces is taken first", "+447700900991", "accepted", 1, 1},
		{"one that nothing is heard of", "+447700900992", "accepted", 1, 1},
		{"a slow one is waited for", "+447700900993", "accepted", 1, 1},
		{"a busy gateway says when", "+447700900994", "busy 429 1s", 0, 1},
		{"one whose answer is lost is asked for again, and was taken once", "+447700900995", "accepted", 1, 2},
		{"a gateway that breaks is asked again with the same key", "+447700900996", "accepted", 1, 3},
		{"one it had before is taken", "+447700900997", "accepted", 1, 1},
		{"an e-mail is taken", "ada@example.org", "accepted", 1, 1},
		{"an e-mail to an unknown recipient is refused", "refused@example.org", "refused unknown_recipient", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := build(t, nil)
			m := sms(c.to, "leg-1")
			if strings.Contains(c.to, "@") {
				m.Channel, m.Subject = carrier.Email, "Your practice"
			}
			a, err := w.carrier.Send(t.Context(), m)
			if got := outcome(err); got != c.want {
				t.Fatalf("got %s: %v", got, err)
			}
			items := w.box.Items()
			if len(items) != c.boxed || w.Requests() != c.requests {
				t.Fatalf("%d messages by %d requests", len(items), w.Requests())
			}
			if err == nil &&
				(a.ProviderID != items[0].ProviderID || items[0].Key != "leg-1" || items[0].Text != m.Text ||
					items[0].From != m.FromName || items[0].Subject != m.Subject) {
				t.Errorf("got %+v, arrived %+v", a, items[0])
			}
			w.silent(t, err)
		})
	}
}

func TestSendReportsAGatewayThatFails(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		times      int
		want       string
		boxed      int
	}{
		{"too many requests", gateways.FailLimited, 1, "busy 429 1s", 0},
		{"unavailable", gateways.FailUnavailable, 1, "busy 503 0s", 0},
		{"broken twice", gateways.FailError, 2, "accepted", 1},
		{"broken for good", gateways.FailError, 3, "unknown", 0},
		{"cut twice", gateways.FailCut, 2, "accepted", 1},
		{"cut for good, though it has it", gateways.FailCut, 3, "unknown", 1},
		{"an answer that breaks off", gateways.FailMalformed, 1, "accepted", 1},
		{"nothing but broken answers, though it has it", gateways.FailMalformed, 3, "unknown", 1},
		{"a late answer", gateways.FailSlow, 1, "accepted", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := build(t, nil)
			w.Fail(c.kind, c.times)
			_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
			if got := outcome(err); got != c.want || len(w.box.Items()) != c.boxed {
				t.Errorf("got %s with %d messages: %v", got, len(w.box.Items()), err)
			}
			if c.want == "unknown" {
				// Handed over again with the same key it reaches the patient once.
				if _, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1")); err != nil || len(w.box.Items()) != 1 {
					t.Errorf("again: %v, %d messages", err, len(w.box.Items()))
				}
			}
			w.silent(t, err)
		})
	}
}

func TestABusyGatewayAfterALostRequestLeavesTheFateUnknown(t *testing.T) {
	w := build(t, nil)
	w.Fail(gateways.FailCut, 1)
	w.Fail(gateways.FailLimited, 2)
	_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
	if got := outcome(err); got != "unknown" || len(w.box.Items()) != 1 {
		t.Errorf("got %s", got)
	}
}

func TestWrongSettingsHaveMessagesWait(t *testing.T) {
	for name, change := range map[string]func(*gateway.Settings, *gateway.Options){
		"another secret": func(s *gateway.Settings, _ *gateway.Options) { s.Secret = "not the secret of it" },
		"a wrong clock": func(_ *gateway.Settings, o *gateway.Options) {
			o.Now = func() time.Time { return time.Now().Add(-10 * time.Minute) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := build(t, change)
			for i := range 10 {
				_, err := w.carrier.Send(t.Context(), sms("+447700900123", fmt.Sprint(i)))
				if got := outcome(err); got != "busy 401 5m0s" {
					t.Errorf("got %s", got)
				}
				w.silent(t, err, "not the secret")
			}
			if n := strings.Count(w.log.String(), "\n"); n != 1 {
				t.Errorf("%d lines: %s", n, w.log.String())
			}
		})
	}
}

func TestAnswersThatAreNotInTheProtocol(t *testing.T) {
	for _, c := range []struct {
		status     int
		body, want string
		requests   int64
	}{
		{200, `{"id":"7"}`, "accepted", 1},
		{200, `{}`, "unknown", 3},
		{200, `<html>Sign in to the network</html>`, "unknown", 3},
		{409, `{}`, "unknown", 3},
		{302, ``, "busy 302 5m0s", 1},
		{204, ``, "busy 204 5m0s", 1},
		{400, `{"code":"odd"}`, "busy 400 5m0s", 1},
		{404, `{}`, "busy 404 5m0s", 1},
		{413, ``, "refused 413", 1},
		{422, ``, "refused 422", 1},
		{422, `{"code":"447700900123","reason":"447700900123 is off"}`, "refused 422", 1},
		{422, `{"code":"full","reason":"The mailbox is full."}`, "refused full", 1},
		{504, ``, "unknown", 3},
	} {
		t.Run(fmt.Sprint(c.status, c.body), func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				rw.Header().Set("Location", "/elsewhere")
				rw.WriteHeader(c.status)
				_, _ = rw.Write([]byte(c.body))
			}))
			defer server.Close()
			w := build(t, func(s *gateway.Settings, _ *gateway.Options) { s.URL = server.URL })
			_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
			if got := outcome(err); got != c.want || requests.Load() != c.requests {
				t.Errorf("got %s by %d requests", got, requests.Load())
			}
			if r, ok := errors.AsType[*carrier.Refusal](err); ok && (r.Reason == "" || strings.Contains(r.Reason, "7700")) {
				t.Errorf("reason %q", r.Reason)
			}
			w.silent(t, err)
		})
	}
}

func TestWithoutAConnectionTheMessageIsCertainlyNotSent(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	w := build(t, func(s *gateway.Settings, _ *gateway.Options) { s.URL = server.URL })
	for i := range 7 {
		_, err := w.carrier.Send(t.Context(), sms("+447700900123", fmt.Sprint(i)))
		b, ok := errors.AsType[*carrier.Busy](err)
		if !ok || i >= 5 && b.After < time.Second {
			t.Fatalf("%d: got %v", i, err)
		}
		w.silent(t, err)
	}
}

func TestNoAnswerInTimeIsAnUnknownFate(t *testing.T) {
	w := build(t, func(s *gateway.Settings, _ *gateway.Options) {
		s.Timeout, s.Deadline = 100*time.Millisecond, 500*time.Millisecond
	})
	// The connection is there already: time runs out while an answer is awaited.
	if _, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-0")); err != nil {
		t.Fatal(err)
	}
	w.Slow = time.Minute
	w.Fail(gateways.FailSlow, 100)
	start := time.Now()
	_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
	if outcome(err) != "unknown" || time.Since(start) > w.Slow/4 {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
	if len(w.box.Items()) != 2 {
		t.Errorf("%d messages", len(w.box.Items()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx,
		&httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }})
	if _, err := w.carrier.Send(ctx, sms("+447700900124", "leg-2")); outcome(err) != "unknown" {
		t.Errorf("got %v", err)
	}
}

func TestFiveHundredMessagesArriveOnceEach(t *testing.T) {
	w := build(t, nil)
	w.CallbackURL = ""
	w.Fail(gateways.FailCut, 3)
	w.Fail(gateways.FailError, 3)
	w.Fail(gateways.FailMalformed, 3)
	m := make([]carrier.Outgoing, 500)
	for i := range m {
		m[i] = sms(fmt.Sprintf("+447700900%03d", i), fmt.Sprintf("leg-%d", i))
	}
	out := make([]carrier.Result, 0, len(m))
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := 0; i < len(m); i += 125 {
		all.Go(func() {
			r := w.carrier.SendAll(t.Context(), m[i:i+125])
			mu.Lock()
			defer mu.Unlock()
			out = append(out, r...)
		})
	}
	all.Wait()
	ids := map[string]bool{}
	for _, r := range out {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		ids[r.Accepted.ProviderID] = true
	}
	counts, total := w.box.Counts()
	if total != len(m) || len(ids) != len(m) || len(counts) != len(m) {
		t.Errorf("%d messages to %d numbers with %d ids", total, len(counts), len(ids))
	}
}

func TestOneRefusalDoesNotTouchTheOthers(t *testing.T) {
	w := build(t, nil)
	out := w.carrier.SendAll(t.Context(), []carrier.Outgoing{
		sms("+447700900123", "a"), sms("+447700900990", "b"),
		{Key: "c", Channel: carrier.NHSApp, NHSNumber: "9990548609", Text: "x"}, sms("+447700900124", "d"),
	})
	for i, want := range []string{"accepted", "refused unknown_recipient", "refused channel", "accepted"} {
		if got := outcome(out[i].Err); got != want {
			t.Errorf("%d: got %s", i, got)
		}
	}
}

func TestTheCarrierSaysWhatItIs(t *testing.T) {
	w := build(t, nil)
	if c := w.carrier; c.Name() != "gateway" || !c.Idempotent() || c.Together() < 2 {
		t.Errorf("%s %v %d", c.Name(), c.Idempotent(), c.Together())
	}
}

func TestWrongSettingsAreFoundAtOnce(t *testing.T) {
	for name, s := range map[string]gateway.Settings{
		"no address":        {Secret: secret},
		"in the clear":      {URL: "http://sms.example.org", Secret: secret},
		"a short secret":    {URL: "https://sms.example.org", Secret: "short"},
		"another channel":   {URL: "https://sms.example.org", Secret: secret, Channels: []carrier.Channel{carrier.NHSApp}},
		"a negative number": {URL: "https://sms.example.org", Secret: secret, Connections: -1},
	} {
		if _, err := gateway.New(s, gateway.Options{}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
