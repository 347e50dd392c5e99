package pds_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/connect/pds"
	"frontdesk/core/demographics"
	"frontdesk/core/practice"
	"frontdesk/sim"
)

const (
	prefix = "/personal-demographics/FHIR/R4"
	apiKey = "brambleford-app"
	keyID  = "test-1"
	group  = practice.ID(7)
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

// world is a client and the simulator it asks, over a real socket.
type world struct {
	*sim.PDS
	client *pds.Client
	url    string
	clock  *clock
	log    *journal

	mu    sync.Mutex
	slept []time.Duration
	asked int // of the limiter
}

type options struct {
	settings pds.Settings
	pds.Options
	handler http.Handler // in place of the simulator
	open    bool         // no token, as in NHS England's sandbox
}

// build makes a world; change may make it another one.
func build(t testing.TB, change func(*options)) *world {
	t.Helper()
	w := &world{clock: &clock{at: time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)}, log: &journal{}}
	w.PDS = sim.NewPDS(sim.Brambleford(), w.clock.now)
	w.PDS.Rate = 0
	w.Register(apiKey, keyID, &key().PublicKey)
	o := options{handler: w.PDS}
	o.settings = pds.Settings{APIKey: apiKey, KeyID: keyID, Key: key(), ODSCode: "Z99001"}
	o.Now, o.Backoff = w.clock.now, 20*time.Millisecond
	o.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Sleep = func(ctx context.Context, d time.Duration) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.slept = append(w.slept, d)
		return ctx.Err()
	}
	o.Wait = func(context.Context) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked++
		return nil
	}
	if change != nil {
		change(&o)
	}
	w.OpenSandbox = o.open
	server := httptest.NewServer(o.handler)
	t.Cleanup(server.Close)
	w.url = server.URL
	if o.settings.BaseURL == "" {
		o.settings.BaseURL = server.URL + prefix
	} else if strings.HasPrefix(o.settings.BaseURL, "/") {
		o.settings.BaseURL = server.URL + strings.TrimPrefix(o.settings.BaseURL, "/")
	}
	if !o.open && o.settings.TokenURL == "" {
		o.settings.TokenURL = server.URL + "/oauth2/token"
	}
	c, err := pds.New(o.settings, o.Options)
	if err != nil {
		t.Fatal(err)
	}
	w.client = c
	return w
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

func (w *world) tokens() int { return len(w.requests("/oauth2/token")) }

func (w *world) people() []sim.Seen { return w.requests(prefix + "/Patient") }

func (w *world) read(t testing.TB, number string) (demographics.Person, error) {
	t.Helper()
	return w.client.Read(t.Context(), group, number)
}

// stub answers every request for a person alike, and counts them.
type stub struct {
	mu     sync.Mutex
	count  int
	ids    []string
	status int
	header map[string]string
	body   string
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.ids = append(s.ids, r.Header.Get("X-Request-ID"))
	for name, value := range s.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.body))
}

// answering is a world whose service always gives the same answer.
func answering(t testing.TB, s *stub) *world {
	t.Helper()
	return build(t, func(o *options) { o.handler, o.open = s, true })
}

const (
	vaughan = "9991000003" // nothing the matter
	holt    = "9991000054" // superseded 9991000046
)
