package govuk_test

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

	"frontdesk/connect/govuk"
	"frontdesk/connect/web"
	"frontdesk/core/carrier"
	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/test/wait"
)

const (
	service  = "26785a09-ab16-4eb0-8407-a37497a57506"
	key      = "the-practice-live-" + service + "-3d844edf-8d35-48ac-975b-e847b4f122b0"
	smsID    = "f33517ff-2a88-4f6e-b855-c550268ce08a"
	emailID  = "ceb50d92-100d-4b8b-b559-14fa3b091cda"
	bearer   = "a token of our own choice"
	otherKey = "x-" + service + "-00000000-8d35-48ac-975b-e847b4f122b0"
)

func sms(to, key string) carrier.Outgoing {
	return carrier.Outgoing{Key: key, Channel: carrier.SMS, To: to, FromName: "Brambleford Surgery",
		Text: "Your results are in."}
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
	*gateways.GovUK
	carrier *govuk.Carrier
	box     *inbox.Box
	log     *journal

	mu   sync.Mutex
	told []carrier.Report
	errs []error
	// broken is for the questions, and not for the messages; asked counts them.
	broken, asked int
}

func build(t testing.TB, change func(*govuk.Settings, *govuk.Options)) *world {
	t.Helper()
	w := &world{box: &inbox.Box{}, log: &journal{}}
	w.GovUK = gateways.NewGovUK(w.box, key, smsID, emailID)
	w.Slow, w.GovUK.CallbackToken = 300*time.Millisecond, bearer
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		broken := w.broken
		if r.Method == http.MethodGet {
			defer func() { w.mu.Lock(); w.asked++; w.mu.Unlock() }()
		}
		w.mu.Unlock()
		if r.Method == http.MethodGet && broken != 0 {
			rw.WriteHeader(broken)
			return
		}
		w.ServeHTTP(rw, r)
	}))
	back := httptest.NewServer(http.HandlerFunc(w.listen))
	w.CallbackURL = back.URL
	t.Cleanup(func() { w.Close(); server.Close(); back.Close() })
	s := govuk.Settings{
		BaseURL: server.URL, APIKey: key, SMSTemplate: smsID, EmailTemplate: emailID, CallbackToken: bearer,
		Settle: 300 * time.Millisecond, Timeout: 2 * time.Second, Deadline: 5 * time.Second,
	}
	o := govuk.Options{Log: slog.New(slog.NewTextHandler(w.log, nil))}
	if change != nil {
		change(&s, &o)
	}
	c, err := govuk.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	w.carrier = c
	return w
}

func (w *world) listen(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	told, err := w.carrier.ReadCallback(context.Background(), called(r, body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told, w.errs = append(w.told, told), append(w.errs, err)
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
	for _, s := range []string{"results", key[len(key)-36:], "7700900", "example.org"} {
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
		{"an e-mail is taken", "ada@example.org", "", "accepted", 1},
		{"one to an unknown recipient is refused", "+447700900990", "", "refused ValidationError", 0},
		{"an e-mail to an unknown recipient is refused", "refused@example.org", "", "refused ValidationError", 0},
		{"one to no number is refused", "+441632960001", "", "refused ValidationError", 0},
		{"one that bounces is taken first", "+447700900991", "", "accepted", 1},
		{"a slow one is waited for", "+447700900993", "", "accepted", 1},
		{"a busy service says when", "+447700900994", "", "busy RateLimitError 1s", 0},
		{"one whose answer is lost is found by its reference", "+447700900995", "", "accepted", 1},
		{"one that breaks the service is looked for in vain", "+447700900996", "", "busy not_created 0s", 0},
		{"one it had before is taken", "+447700900997", "", "accepted", 1},
		{"too many requests", "+447700900123", gateways.FailLimited, "busy RateLimitError 1s", 0},
		{"unavailable", "+447700900123", gateways.FailUnavailable, "busy Exception 0s", 0},
		{"an answer that breaks off", "+447700900123", gateways.FailMalformed, "accepted", 1},
		{"a late answer", "+447700900123", gateways.FailSlow, "accepted", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := build(t, nil)
			if c.fail != "" {
				w.Fail(c.fail, 1)
			}
			m := sms(c.to, "leg-1")
			if strings.Contains(c.to, "@") {
				m.Channel, m.Subject = carrier.Email, "Your practice"
			}
			a, err := w.carrier.Send(t.Context(), m)
			if got := outcome(err); got != c.want {
				t.Fatalf("got %s: %v", got, err)
			}
			items := w.box.Items()
			if len(items) != c.boxed {
				t.Fatalf("%d messages", len(items))
			}
			if err == nil &&
				(a.ProviderID != items[0].ProviderID || items[0].Key != "leg-1" || items[0].Text != m.Text ||
					items[0].Subject != m.Subject) {
				t.Errorf("got %+v, arrived %+v", a, items[0])
			}
			if errors.Is(err, web.ErrUnknown) && c.want != "unknown" {
				t.Errorf("a known fate is called unknown: %v", err)
			}
			w.silent(t, err)
		})
	}
}

func TestAMessageThatCannotBeAskedAboutIsUnknown(t *testing.T) {
	for _, status := range []int{http.StatusInternalServerError, http.StatusForbidden, http.StatusOK} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := build(t, func(s *govuk.Settings, _ *govuk.Options) { s.Deadline = time.Second })
			w.broken = status
			start := time.Now()
			_, err := w.carrier.Send(t.Context(), sms("+447700900995", "leg-1"))
			if got := outcome(err); got != "unknown" || time.Since(start) > 2*time.Second {
				t.Errorf("got %s after %v", got, time.Since(start))
			}
			w.silent(t, err)
		})
	}
}

func TestTooLittleTimeToBeSureIsAnUnknownFate(t *testing.T) {
	w := build(t, func(s *govuk.Settings, _ *govuk.Options) { s.Settle, s.Deadline = time.Minute, 500*time.Millisecond })
	w.Fail(gateways.FailError, 1)
	if _, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1")); outcome(err) != "unknown" {
		t.Errorf("got %v", err)
	}
}

func TestAMessageThatComesIntoBeingLateIsFound(t *testing.T) {
	w := build(t, func(s *govuk.Settings, _ *govuk.Options) { s.Settle = 2 * time.Second })
	w.Fail(gateways.FailError, 1) // lost here …
	go func() {
		wait.Until(t, "the carrier to ask for it", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.asked > 0 })
		_, _ = w.carrier.Send(t.Context(), sms("+447700900123", "leg-1")) // … and in the end worked on all the same
	}()
	if a, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1")); err != nil ||
		a.ProviderID != w.box.Items()[0].ProviderID {
		t.Errorf("got %v, %v", a, err)
	}
}

func TestFindingAMessageByItsKey(t *testing.T) {
	w := build(t, nil)
	sent, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg 1&status=x"))
	if err != nil {
		t.Fatal(err)
	}
	if a, found, err := w.carrier.Find(t.Context(), "leg 1&status=x"); err != nil || !found ||
		a.ProviderID != sent.ProviderID || a.Code != "delivered" {
		t.Errorf("got %+v %v %v", a, found, err)
	}
	if _, found, err := w.carrier.Find(t.Context(), "leg 1"); err != nil || found {
		t.Errorf("got %v %v", found, err)
	}
}

func TestWrongSettingsHaveMessagesWait(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*govuk.Settings, *govuk.Options)
		want   string
	}{
		"another key": {func(s *govuk.Settings, _ *govuk.Options) { s.APIKey = otherKey }, "busy AuthError 5m0s"},
		"a wrong clock": {func(_ *govuk.Settings, o *govuk.Options) {
			o.Now = func() time.Time { return time.Now().Add(-time.Minute) }
		}, "busy AuthError 5m0s"},
		"a wrong path": {func(s *govuk.Settings, _ *govuk.Options) { s.BaseURL += "/v3" }, "busy NotFound 5m0s"},
		// The practice must see at once that a template is wrong.
		"another template": {func(s *govuk.Settings, _ *govuk.Options) { s.SMSTemplate = service },
			"refused BadRequestError"},
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
		{201, `{"id":"740e5834-3a29-46b4-9a6f-16142fde533a"}`, "accepted"},
		{400, `{"errors":[{"error":"ValidationError","message":"+447700900123"}]}`, "refused ValidationError"},
		{400, `<html>`, "busy unexpected 5m0s"},
		{413, ``, "refused 413"},
		{429, `{"errors":[{"error":"TooManyRequestsError"}]}`, "busy TooManyRequestsError 30m0s"},
		{429, ``, "busy 429 0s"},
		{302, ``, "busy 302 5m0s"},
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
			w := build(t, func(s *govuk.Settings, _ *govuk.Options) { s.BaseURL = server.URL })
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
	w := build(t, func(s *govuk.Settings, _ *govuk.Options) { s.BaseURL = server.URL })
	for i := range 7 {
		_, err := w.carrier.Send(t.Context(), sms("+447700900123", "leg-1"))
		b, ok := errors.AsType[*carrier.Busy](err)
		if !ok || i >= 5 && b.After < time.Second {
			t.Fatalf("%d: got %v", i, err)
		}
		w.silent(t, err)
	}
}

func TestFiveHundredMessagesArriveOnceEach(t *testing.T) {
	w := build(t, nil)
	w.Fail(gateways.FailCut, 3)
	w.Fail(gateways.FailMalformed, 3)
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

func TestAChannelWithoutATemplateIsRefused(t *testing.T) {
	w := build(t, func(s *govuk.Settings, _ *govuk.Options) { s.EmailTemplate = "" })
	m := sms("ada@example.org", "leg-1")
	m.Channel = carrier.Email
	if _, err := w.carrier.Send(t.Context(), m); outcome(err) != "refused channel" || w.Requests() != 0 {
		t.Errorf("got %v", err)
	}
}

func TestTheCarrierSaysWhatItIs(t *testing.T) {
	w := build(t, nil)
	if c := w.carrier; c.Name() != "govuk" || c.Idempotent() || c.Together() < 2 {
		t.Errorf("%s %v %d", c.Name(), c.Idempotent(), c.Together())
	}
}

func TestWrongSettingsAreFoundAtOnce(t *testing.T) {
	right := govuk.Settings{APIKey: key, SMSTemplate: smsID}
	for _, k := range []string{key, "-" + key[len(key)-73:], key[len(key)-73:], "a-b-" + strings.ToUpper(key)} {
		s := right
		s.APIKey = k
		if _, err := govuk.New(s, govuk.Options{}); err != nil {
			t.Errorf("%d characters: %v", len(k), err)
		}
	}
	for name, change := range map[string]func(*govuk.Settings){
		"in the clear":            func(s *govuk.Settings) { s.BaseURL = "http://api.example.org" },
		"no key":                  func(s *govuk.Settings) { s.APIKey = "" },
		"a key without a service": func(s *govuk.Settings) { s.APIKey = strings.Repeat("x", 37) + key[len(key)-36:] },
		"a key that is cut":       func(s *govuk.Settings) { s.APIKey = key[:len(key)-1] },
		"no template":             func(s *govuk.Settings) { s.SMSTemplate = "" },
		"a template's name":       func(s *govuk.Settings) { s.SMSTemplate = "Appointment" },
		"a short callback token":  func(s *govuk.Settings) { s.CallbackToken = "short" },
		"a negative time":         func(s *govuk.Settings) { s.Settle = -1 },
	} {
		s := right
		change(&s)
		if _, err := govuk.New(s, govuk.Options{}); err == nil || strings.Contains(err.Error(), key[len(key)-36:]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
