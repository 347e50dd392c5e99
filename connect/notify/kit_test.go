package notify_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
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

	"frontdesk/connect/notify"
	"frontdesk/core/carrier"
	"frontdesk/sim/inbox"
	sim "frontdesk/sim/notify"
)

const (
	apiKey      = "brambleford-app"
	keyID       = "test-1"
	application = "0bb04a0e-d005-42dd-8993-dacf37410a12"
	callbackKey = "callbacks-only"
	patient     = "9991000003"
	messages    = "/comms/v1/messages"
	batches     = "/comms/v1/message-batches"
)

// key is slow to make, so one serves all the tests.
var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// clock is a clock that is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
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

// world is a carrier, the simulator it sends to over a real socket, and the
// callbacks that come back over another.
type world struct {
	*sim.Notify
	box     *inbox.Box
	carrier *notify.Carrier
	clock   *clock
	log     *journal

	mu       sync.Mutex
	receipts []carrier.Receipt
	slept    []time.Duration
}

type options struct {
	settings notify.Settings
	notify.Options
	handler http.Handler // in place of the simulator
	change  func(*sim.Notify)
}

func build(t testing.TB, change func(*options)) *world {
	t.Helper()
	w := &world{clock: &clock{at: time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)}, log: &journal{}, box: &inbox.Box{}}
	w.Notify = sim.New(w.box, w.clock.now)
	w.Register(apiKey, keyID, &key().PublicKey)
	w.CallbackKey, w.CallbackSecret = application, callbackKey
	w.Contact = func(string) (string, string) { return "07700 900123", "ada@example.org" }
	o := options{handler: w.Notify}
	o.settings = notify.Settings{
		APIKey: apiKey, KeyID: keyID, Key: key(), ODSCode: "Z99001", CallbackKey: application, CallbackSecret: callbackKey,
	}
	o.Now, o.Backoff = w.clock.now, 20*time.Millisecond
	o.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Wait = func(context.Context) error { return nil }
	o.Sleep = func(ctx context.Context, d time.Duration) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.slept = append(w.slept, d)
		return ctx.Err()
	}
	if change != nil {
		change(&o)
	}
	if o.change != nil {
		o.change(w.Notify)
	}
	back := httptest.NewServer(http.HandlerFunc(w.listen))
	t.Cleanup(back.Close)
	w.CallbackURL = back.URL
	server := httptest.NewServer(o.handler)
	t.Cleanup(server.Close)
	t.Cleanup(w.Wait)
	if o.settings.BaseURL == "" {
		o.settings.BaseURL = server.URL + "/comms"
	}
	if o.settings.TokenURL == "" {
		o.settings.TokenURL = server.URL + "/oauth2/token"
	}
	c, err := notify.New(o.settings, o.Options)
	if err != nil {
		t.Fatal(err)
	}
	w.carrier = c
	return w
}

// listen is what the program does with a callback.
func (w *world) listen(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	told, _ := w.carrier.ReadCallback(context.Background(), called(r, body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.receipts = append(w.receipts, told.Receipts...)
	rw.WriteHeader(told.Status)
}

// told is how far each key has come, in the order it was told.
func (w *world) told() map[string][]carrier.Receipt {
	w.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string][]carrier.Receipt{}
	for _, r := range w.receipts {
		out[r.Key] = append(out[r.Key], r)
	}
	return out
}

// requests are those that have arrived for a path that begins like this.
func (w *world) requests(begin string) []sim.Seen {
	var out []sim.Seen
	for _, s := range w.Requests() {
		if strings.HasPrefix(s.Path, begin) {
			out = append(out, s)
		}
	}
	return out
}

func text(key, words string) carrier.Outgoing {
	return carrier.Outgoing{Key: key, Channel: carrier.SMS, To: "+447700900123", NHSNumber: patient,
		FromName: "Brambleford Surgery", Text: words}
}

func inApp(key string) carrier.Outgoing {
	return carrier.Outgoing{Key: key, Channel: carrier.NHSApp, NHSNumber: patient, Text: "Your results are in."}
}

func mail(key string) carrier.Outgoing {
	return carrier.Outgoing{Key: key, Channel: carrier.Email, To: "ada@example.org", NHSNumber: patient,
		Subject: "Results", Text: "Your results are in."}
}

// some are so many text messages.
func some(n int) []carrier.Outgoing {
	out := make([]carrier.Outgoing, n)
	for i := range out {
		out[i] = text(fmt.Sprintf("leg-%05d", i), "Your results are in.")
	}
	return out
}

// outcome is a word for how a call ended.
func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	if r, ok := errors.AsType[*carrier.Refusal](err); ok {
		return "refused " + r.Code
	}
	if b, ok := errors.AsType[*carrier.Busy](err); ok {
		return "busy " + b.Code
	}
	if u, ok := errors.AsType[*carrier.Unanswered](err); ok {
		return "unanswered " + u.Code
	}
	return "unknown"
}

// stub answers every request alike, and counts them.
type stub struct {
	mu     sync.Mutex
	count  int
	ids    []string
	status int
	header map[string]string
	body   string
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/oauth2/token" {
		_, _ = w.Write([]byte(`{"access_token": "t", "expires_in": "599"}`))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.ids = append(s.ids, r.Header.Get("X-Correlation-ID"))
	for name, value := range s.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.body))
}

func problem(code, pointer string) string {
	return `{"errors": [{"code": "` + code + `", "source": {"pointer": "` + pointer + `"}}]}`
}

// after is how long to wait before what was not taken is handed over again.
func after(err error) time.Duration {
	if b, ok := errors.AsType[*carrier.Busy](err); ok {
		return b.After
	}
	if u, ok := errors.AsType[*carrier.Unanswered](err); ok {
		return u.After
	}
	return 0
}
