package twilio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/connect/twilio"
	"frontdesk/connect/web"
	"frontdesk/core/carrier"
	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/test/wait"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	token   = "the token of the account"
	from    = "+447700900001"
)

func sms(to, key string) carrier.Outgoing {
	return carrier.Outgoing{Key: key, Channel: carrier.SMS, To: to, FromName: "Brambleford Surgery",
		Text: "Your results are in: 100% & more £€"}
}

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

// world is a carrier and the simulator it sends to, and where the simulator
// calls back to, over real sockets.
type world struct {
	*gateways.Twilio
	carrier *twilio.Carrier
	box     *inbox.Box
	log     *journal

	mu      sync.Mutex
	told    []carrier.Report
	errs    []error
	answers []string
}

func build(t testing.TB, change func(*twilio.Settings, *twilio.Options)) *world {
	t.Helper()
	w := &world{box: &inbox.Box{}, log: &journal{}}
	w.Twilio = gateways.NewTwilio(w.box, account, token)
	w.Slow, w.Senders, w.Services = 300*time.Millisecond, []string{from}, []string{"MG1"}
	server := httptest.NewServer(w.Twilio)
	back := httptest.NewServer(http.HandlerFunc(w.listen))
	w.CallbackURL = back.URL + "/callbacks/twilio?connection=7"
	t.Cleanup(func() { w.Close(); server.Close(); back.Close() })
	s := twilio.Settings{
		BaseURL: server.URL, AccountSID: account, AuthToken: token, From: from, CallbackURL: w.CallbackURL,
		Timeout: 2 * time.Second, Deadline: 5 * time.Second,
	}
	o := twilio.Options{Log: slog.New(slog.NewTextHandler(w.log, nil))}
	if change != nil {
		change(&s, &o)
	}
	c, err := twilio.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	w.carrier = c
	return w
}

func (w *world) listen(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	told, err := w.carrier.ReadCallback(context.Background(), called(r, body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told, w.errs = append(w.told, told), append(w.errs, err)
	w.answers = append(w.answers, fmt.Sprint(told.Status, told.Type, told.Body))
	rw.Header().Set("Content-Type", told.Type)
	_, _ = rw.Write([]byte(told.Body))
}

// heard waits until so many receipts and replies have been told.
func (w *world) heard(t *testing.T, n int) (receipts []carrier.Receipt, replies []carrier.Reply) {
	t.Helper()
	wait.Until(t, fmt.Sprintf("%d receipts and replies", n), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		receipts, replies = nil, nil
		for _, told := range w.told {
			receipts, replies = append(receipts, told.Receipts...), append(replies, told.Replies...)
		}
		if err := errors.Join(w.errs...); err != nil {
			t.Fatal(err)
		}
		return len(receipts)+len(replies) >= n
	})
	return receipts, replies
}

// silent fails when an error or the log tells about the patient.
func (w *world) silent(t *testing.T, err error) {
	t.Helper()
	said := w.log.String() + fmt.Sprint(err)
	for _, s := range []string{"results", token, "7700900", account} {
		if strings.Contains(said, s) {
			t.Errorf("%q is in %s", s, said)
		}
	}
}

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
		name, to, fail, want string
		boxed                int
	}{
		{"an ordinary one is taken", "+447700900123", "", "accepted", 1},
		{"one to an unknown recipient is refused", "+447700900990", "", "refused 21211", 0},
		{"one to a landline is refused", "+441632960001", "", "refused 21614", 0},
		{"one to a patient who replied STOP is refused", "+447700900200", "", "refused 21610", 0},
		{"one that bounces is taken first", "+447700900991", "", "accepted", 1},
		{"a slow one is waited for", "+447700900993", "", "accepted", 1},
		{"a busy Twilio says when", "+447700900994", "", "busy 20429 1s", 0},
		{"one whose answer is lost is not sent again", "+447700900995", "", "unknown", 1},
		{"one that breaks Twilio is not sent again", "+447700900996", "", "unknown", 0},
		{"one it had before is taken", "+447700900997", "", "accepted", 1},
		{"too many requests", "+447700900123", gateways.FailLimited, "busy 20429 1s", 0},
		{"unavailable", "+447700900123", gateways.FailUnavailable, "busy 20500 0s", 0},
		{"an answer that breaks off", "+447700900123", gateways.FailMalformed, "unknown", 1},
		{"a late answer", "+447700900123", gateways.FailSlow, "accepted", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := build(t, nil)
			w.Stop("+447700900200")
			if c.fail != "" {
				w.Fail(c.fail, 1)
			}
			m := sms(c.to, "leg-1")
			a, err := w.carrier.Send(t.Context(), m)
			if got := outcome(err); got != c.want {
				t.Fatalf("got %s: %v", got, err)
			}
			items := w.box.Items()
			if len(items) != c.boxed || w.Requests() != 1 {
				t.Fatalf("%d messages by %d requests", len(items), w.Requests())
			}
			if err == nil &&
				(a.ProviderID != items[0].ProviderID || a.Code != "queued" || items[0].Text != m.Text || items[0].From != from ||
					items[0].Key != "leg-1") {
				t.Errorf("got %+v, arrived %+v", a, items[0])
			}
			if r, ok := errors.AsType[*carrier.Refusal](err); ok &&
				(r.Reason == "" || c.want == "refused 21610" && !strings.Contains(r.Reason, "replied STOP")) {
				t.Errorf("reason %q", r.Reason)
			}
			w.silent(t, err)
		})
	}
}

func TestAMessagingServiceInPlaceOfANumber(t *testing.T) {
	w := build(t, func(s *twilio.Settings, _ *twilio.Options) {
		s.From, s.MessagingServiceSID, s.CallbackURL = "", "MG1", ""
	})
	if _, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1")); err != nil {
		t.Error(err)
	}
}

func TestWrongSettingsHaveMessagesWait(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*twilio.Settings, *twilio.Options)
		want   string
	}{
		"another token":  {func(s *twilio.Settings, _ *twilio.Options) { s.AuthToken = "another" }, "busy 20003 5m0s"},
		"another's from": {func(s *twilio.Settings, _ *twilio.Options) { s.From = "+447700900002" }, "busy 21606 5m0s"},
		"another service": {func(s *twilio.Settings, _ *twilio.Options) { s.From, s.MessagingServiceSID = "", "MG2" },
			"busy 21701 5m0s"},
		"a wrong path": {func(s *twilio.Settings, _ *twilio.Options) { s.BaseURL += "/v3" }, "busy 20404 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			w := build(t, c.change)
			for range 5 {
				_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
				if got := outcome(err); got != c.want {
					t.Errorf("got %s", got)
				}
				w.silent(t, err)
			}
			if n := strings.Count(w.log.String(), "\n"); n != 1 {
				t.Errorf("%d lines: %s", n, w.log.String())
			}
		})
	}
}

func TestAnswersOfAnotherKind(t *testing.T) {
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{201, `{"sid":"SM7","status":"accepted"}`, "accepted"},
		{200, `{"sid":"SM7"}`, "accepted"},
		{201, `{"sid":"+447700900123 "}`, "unknown"},
		{202, `{"sid":"SM7"}`, "unknown"},
		{400, `{"code":29999,"message":"+447700900123"}`, "refused 29999"},
		{400, ``, "busy 400 5m0s"},
		{400, `{"code":21611}`, "busy 21611 0s"},
		{403, `{"code":21408}`, "refused 21408"},
		{403, `{"code":20005}`, "busy 20005 5m0s"},
		{302, ``, "busy 302 5m0s"},
		{500, `{"code":21211}`, "unknown"},
		{502, `<html>`, "unknown"},
		{503, ``, "busy 503 0s"},
	} {
		t.Run(fmt.Sprint(c.status, c.body), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Location", "/elsewhere")
				rw.WriteHeader(c.status)
				_, _ = rw.Write([]byte(c.body))
			}))
			defer server.Close()
			w := build(t, func(s *twilio.Settings, _ *twilio.Options) { s.BaseURL = server.URL })
			_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
			if got := outcome(err); got != c.want {
				t.Errorf("got %s", got)
			}
			w.silent(t, err)
		})
	}
}

func TestWithoutAConnectionTheMessageIsCertainlyNotSent(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	w := build(t, func(s *twilio.Settings, _ *twilio.Options) { s.BaseURL = server.URL })
	for i := range 7 {
		_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
		b, ok := errors.AsType[*carrier.Busy](err)
		if !ok || i >= 5 && b.After < time.Second {
			t.Fatalf("%d: got %v", i, err)
		}
		w.silent(t, err)
	}
}

func TestNoAnswerInTimeIsAnUnknownFate(t *testing.T) {
	w := build(t, func(s *twilio.Settings, _ *twilio.Options) { s.Timeout = 100 * time.Millisecond })
	_, err := w.carrier.Send(t.Context(), sms("+447700900993", "leg-1"))
	if outcome(err) != "unknown" || len(w.box.Items()) != 1 {
		t.Errorf("got %v", err)
	}
	// What Twilio tells later says whose it was.
	if receipts, _ := w.heard(t, 1); receipts[0].Key != "leg-1" || receipts[0].ProviderID != w.box.Items()[0].ProviderID {
		t.Errorf("got %+v", receipts)
	}
}

func TestWhatTwilioNeverTakes(t *testing.T) {
	w := build(t, nil)
	long := sms("+447700900123", "leg-1")
	long.Text = strings.Repeat("é", 1601)
	mail := sms("ada@example.org", "leg-2")
	mail.Channel = carrier.Email
	for i, r := range w.carrier.SendAll(t.Context(), []carrier.Outgoing{long, mail}) {
		if got := outcome(r.Err); got != []string{"refused 21617", "refused channel"}[i] {
			t.Errorf("%d: got %s", i, got)
		}
	}
	if w.Requests() != 0 {
		t.Errorf("%d requests", w.Requests())
	}
}

func TestFiveHundredMessagesArriveOnceEach(t *testing.T) {
	w := build(t, nil)
	m := make([]carrier.Outgoing, 500)
	for i := range m {
		m[i] = sms(fmt.Sprintf("+447700900%03d", i), fmt.Sprintf("leg-%d", i))
	}
	ids := map[string]bool{}
	for i := 0; i < len(m); i += 125 {
		for _, r := range w.carrier.SendAll(t.Context(), m[i:i+125]) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			ids[r.Accepted.ProviderID] = true
		}
	}
	counts, total := w.box.Counts()
	if total != len(m) || len(ids) != len(m) || len(counts) != len(m) {
		t.Errorf("%d messages to %d numbers with %d ids", total, len(counts), len(ids))
	}
	if receipts, _ := w.heard(t, len(m)); len(receipts) != len(m) {
		t.Errorf("%d receipts", len(receipts))
	}
}

func TestTheCarrierSaysWhatItIs(t *testing.T) {
	w := build(t, nil)
	if c := w.carrier; c.Name() != "twilio" || c.Idempotent() || c.Together() < 2 {
		t.Errorf("%s %v %d", c.Name(), c.Idempotent(), c.Together())
	}
}

func TestWrongSettingsAreFoundAtOnce(t *testing.T) {
	right := twilio.Settings{AccountSID: account, AuthToken: token, From: from}
	if _, err := twilio.New(right, twilio.Options{}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*twilio.Settings){
		"in the clear":            func(s *twilio.Settings) { s.BaseURL = "http://api.example.org" },
		"a query":                 func(s *twilio.Settings) { s.BaseURL = "https://api.example.org/?a" },
		"no account":              func(s *twilio.Settings) { s.AccountSID = "" },
		"an account with a path":  func(s *twilio.Settings) { s.AccountSID = "../x" },
		"no token":                func(s *twilio.Settings) { s.AuthToken = "" },
		"no sender":               func(s *twilio.Settings) { s.From = "" },
		"two senders":             func(s *twilio.Settings) { s.MessagingServiceSID = "MG1" },
		"a callback in the clear": func(s *twilio.Settings) { s.CallbackURL = "http://us.example.org" },
		"a negative time":         func(s *twilio.Settings) { s.Timeout = -1 },
	} {
		s := right
		change(&s)
		if _, err := twilio.New(s, twilio.Options{}); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
