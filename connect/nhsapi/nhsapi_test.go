package nhsapi_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/connect/nhsapi"
	sim "frontdesk/sim/nhsapi"
)

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// platform is the simulated token endpoint, and a clock that is moved by hand.
type platform struct {
	*sim.Tokens
	mu    sync.Mutex
	at    time.Time
	asked int
	fail  int // a status in place of an answer
}

func (p *platform) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	p.mu.Lock()
	p.asked++
	fail := p.fail
	p.mu.Unlock()
	if fail != 0 {
		http.Error(w, `{"error": "invalid_client"}`, fail)
		return
	}
	status, body := p.Answer(r, "", 599*time.Second)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"access_token": "`+body["access_token"].(string)+`", "expires_in": "`+
		body["expires_in"].(string)+`"}`)
}

func build(t *testing.T) (*platform, *nhsapi.Tokens) {
	t.Helper()
	p := &platform{at: time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)}
	p.Tokens = sim.NewTokens(p.now)
	p.Register("app", "key-1", &key().PublicKey)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	app := nhsapi.Application{TokenURL: server.URL + "/oauth2/token", APIKey: "app", KeyID: "key-1", Key: key(),
		Timeout: 5 * time.Second}
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	return p, nhsapi.NewTokens(app, nhsapi.Client(nil), p.now)
}

func TestATokenIsKeptDroppedAndRenewed(t *testing.T) {
	p, tokens := build(t)
	get := func() string {
		t.Helper()
		value, err := tokens.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	first := get()
	if get() != first || p.asked != 1 {
		t.Errorf("it is not kept: %d requests", p.asked)
	}
	tokens.Drop("another")
	if get() != first {
		t.Error("dropping another token has dropped this one")
	}
	tokens.Drop(first)
	second := get()
	if second == first || p.asked != 2 {
		t.Error("it is not dropped")
	}
	p.mu.Lock()
	p.at = p.at.Add(540 * time.Second)
	p.mu.Unlock()
	if get() == second || p.asked != 3 {
		t.Error("it is not renewed a minute before its end")
	}
}

func TestATokenThatIsNotGivenSaysWhy(t *testing.T) {
	p, tokens := build(t)
	for status, again := range map[int]bool{401: false, 503: true, 429: true} {
		p.fail = status
		_, err := tokens.Get(t.Context())
		f, ok := errors.AsType[*nhsapi.Failure](err)
		if !ok || f.Status != status || f.Again != again || f.Unsent || f.Code != "invalid_client" ||
			!strings.HasPrefix(f.Error(), "token: status ") {
			t.Errorf("%d: got %+v", status, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tokens.Get(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestManyAtOnceAskForOneToken(t *testing.T) {
	p, tokens := build(t)
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := tokens.Get(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if p.asked != 1 {
		t.Errorf("%d requests", p.asked)
	}
}

// TestItIsKnownWhetherARequestWasSent is about the difference between what may
// be sent again and what may not.
func TestItIsKnownWhetherARequestWasSent(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the caller leaves
		switch r.URL.Path {
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/slow":
			<-r.Context().Done()
		case "/long":
			_, _ = w.Write(make([]byte, 1001))
		}
	}))
	defer server.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS() // with an unknown certificate
	defer secure.Close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		address string
		unsent  bool
		again   bool
	}{
		{"no server listens", t.Context(), closed.URL, true, true},
		{"no such host", t.Context(), "https://unreachable.invalid", true, true},
		{"a stranger's certificate", t.Context(), secure.URL, true, true},
		{"the caller has left before", over, server.URL, true, true},
		{"the connection ends", t.Context(), server.URL + "/cut", false, true},
		{"no answer in time", t.Context(), server.URL + "/slow", false, true},
		{"an answer without end", t.Context(), server.URL + "/long", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(c.ctx, 500*time.Millisecond)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, strings.NewReader("9991000003"))
			if err != nil {
				t.Fatal(err)
			}
			_, f := nhsapi.Send(nhsapi.Client(nil), r, time.Now, 1000)
			if f == nil || f.Unsent != c.unsent || f.Again != c.again || strings.Contains(f.Error(), "999") {
				t.Errorf("got %+v", f)
			}
		})
	}
}

func TestRetryAfterIsSecondsOrATime(t *testing.T) {
	now := time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "999999999": time.Hour,
		"Mon, 16 Mar 2026 09:31:00 GMT": time.Minute, "Mon, 16 Mar 2026 09:29:00 GMT": 0,
		"Tue, 17 Mar 2026 09:29:00 GMT": time.Hour,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
			_ *http.Request) {
			w.Header().Set("Retry-After", value)
		}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, f := nhsapi.Send(nhsapi.Client(nil), r, func() time.Time { return now }, 10)
		if f != nil || a.Wait != want {
			t.Errorf("%q: got %v, %v", value, a.Wait, f)
		}
		server.Close()
	}
}

func TestSecretsDoNotGoOverAnOpenLine(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://api.service.nhs.uk/comms": true, "http://localhost:8080": true, "http://127.0.0.1/x": true,
		"http://[::1]:80":           true,
		"http://api.service.nhs.uk": false, "": false, "https://": false, "https://user@host/": false,
		"https://host/?a=b": false, "https://host/#x": false, "ftp://host": false,
	} {
		if err := nhsapi.CheckAddress(address); (err == nil) != ok {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestIdentifiersAreUUIDs(t *testing.T) {
	shape := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	a, b := nhsapi.NewUUID(), nhsapi.NewUUID()
	if !shape.MatchString(a) || !shape.MatchString(b) || a == b {
		t.Errorf("got %s, %s", a, b)
	}
}

func TestPaceIsEven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace, began := nhsapi.Pace(20), time.Now()
		for range 4 {
			if err := pace(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 3*52500*time.Microsecond {
			t.Errorf("four turns at twenty a second took %v", took)
		}
	})
}

func TestPaceDoesNotWaitForATurnAfterTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := nhsapi.Pace(0.1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pace(ctx); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := pace(ctx); err == nil || time.Since(began) != 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}
