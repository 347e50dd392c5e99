package web_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/test/wait"
)

// listener is a server of bare connections.
func listener(t *testing.T, each func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { defer c.Close(); each(c) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return "http://" + l.Addr().String()
}

// nowhere is an address at which no server listens.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return "http://" + l.Addr().String()
}

func post(t *testing.T, address, body string) web.Request {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return web.Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: []byte(body)}
}

func client(t *testing.T, l web.Limits, o web.Options) *web.Client {
	t.Helper()
	c, err := web.New("test", l, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func busy(err error) *carrier.Busy {
	b, _ := errors.AsType[*carrier.Busy](err)
	return b
}

// half answers with less than it promised.
func half(c net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\":")
	}
}

func TestWhetherARequestMayHaveArrived(t *testing.T) {
	for _, c := range []struct {
		name, address string
		body          string
		busy          bool
	}{
		{"no server listens", nowhere(t), "x", true},
		{"there is no such host", "http://nowhere.invalid", "x", true},
		{"the other side does not speak TLS",
			strings.Replace(listener(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad\r\n\r\n") }),
				"http:",
				"https:", 1), "x", true},
		{"the connection ends while the request is written",
			listener(t, func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, 1<<10) }),
			strings.Repeat("x", 64<<20), true},
		{"the connection ends without an answer",
			listener(t, func(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) }), "x", false},
		{"no answer comes in time", listener(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), "x", false},
		{"the answer breaks off", listener(t, half), "x", false},
		{"the answer is not HTTP", listener(t, func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "hello 07700 900123\r\n\r\n")
		}), "x", false},
		{"the answer is endless", listener(t, func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", 1<<20))
		}), "x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, web.Limits{Timeout: time.Second}, web.Options{}).Do(t.Context(),
				post(t, c.address+"/secret", c.body))
			if (busy(err) != nil) != c.busy || errors.Is(err, web.ErrUnknown) == c.busy {
				t.Errorf("got %v", err)
			}
			if text := errors.Join(err, errors.Unwrap(err)).Error(); strings.Contains(text, "secret") ||
				strings.Contains(text, "900123") {
				t.Errorf("tells %s", text)
			}
		})
	}
}

func TestAnAnswerIsReadAndItsConnectionUsedAgain(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush()
		}
		w.Header().Set("Retry-After", "7")
		if r.URL.Path == "/503" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write(body)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := client(t, web.Limits{}, web.Options{})
	for _, path := range []string{"/plain", "/chunked", "/503", "/plain"} {
		a, err := c.Do(t.Context(), post(t, server.URL+path, `{"id":"7"}`))
		if err != nil || string(a.Body) != `{"id":"7"}` {
			t.Fatalf("%s: got %q, %v", path, a.Body, err)
		}
		if path == "/503" && (a.Status != http.StatusServiceUnavailable || a.Wait != 7*time.Second) {
			t.Errorf("got %d, %v", a.Status, a.Wait)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestNoMoreRequestsAtOnceThanAllowed(t *testing.T) {
	var now, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		wait.Holds(5*time.Millisecond, func() bool { return now.Load() > 4 }) // one too many
		now.Add(-1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	c := client(t, web.Limits{Connections: 4}, web.Options{})
	m := make([]carrier.Outgoing, 40)
	for i := range m {
		m[i].Key = string(rune('A' + i))
	}
	send := func(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
		_, err := c.Do(ctx, post(t, server.URL, "x"))
		return carrier.Accepted{ProviderID: m.Key}, err
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for i, r := range c.Each(t.Context(), m, send) {
				if r.Err != nil || r.Accepted.ProviderID != m[i].Key {
					t.Errorf("%d: got %v", i, r)
				}
			}
		})
	}
	all.Wait()
	if n := most.Load(); n > 4 {
		t.Errorf("%d at once", n)
	}
	if out := c.Each(t.Context(), nil, send); len(out) != 0 {
		t.Errorf("got %v", out)
	}
}

func TestOurOwnLimitIsNotTheProvidersFault(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	limit := fault.New(fault.Limited, "limited", "Too many.").After(9 * time.Second)
	full := true
	c := client(t, web.Limits{}, web.Options{Wait: func(context.Context) error {
		if full {
			return limit
		}
		return nil
	}})
	for range 20 { // enough to open the breaker
		_, err := c.Do(t.Context(), post(t, server.URL, "x"))
		if b := busy(err); b == nil || b.After != 9*time.Second || b.Code != "our_limit" {
			t.Fatalf("got %v", err)
		}
	}
	full = false
	if _, err := c.Do(t.Context(), post(t, server.URL, "x")); err != nil || asked.Load() != 1 {
		t.Errorf("got %v after %d requests", err, asked.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := c.Do(ctx, post(t, server.URL, "x")); busy(err) == nil {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := c.Do(t.Context(), post(t, server.URL, "x")); err != nil {
		t.Errorf("after callers who had gone: %v", err)
	}
}

func TestAProviderThatIsNotThereIsLeftAlone(t *testing.T) {
	var log bytes.Buffer
	address := nowhere(t)
	c := client(t, web.Limits{}, web.Options{Rest: 300 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(&log, nil))})
	for i := range 5 {
		if _, err := c.Do(t.Context(), post(t, address, "x")); busy(err) == nil || busy(err).Code != "unreachable" {
			t.Fatalf("%d: got %v", i, err)
		}
	}
	_, err := c.Do(t.Context(), post(t, address, "x"))
	if b := busy(err); b == nil || b.Code != "resting" || b.After <= 0 {
		t.Fatalf("got %v", err)
	}
	l, err := net.Listen("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Skip("another program took the port")
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	wait.Until(t, "the breaker, which has a clock of its own, to heal", func() bool {
		_, err := c.Do(t.Context(), post(t, address, "x"))
		return err == nil
	})
	for range 2 {
		if a, err := c.Do(t.Context(), post(t, address, "x")); err != nil || a.Status != http.StatusNotFound {
			t.Fatalf("got %v, %v", a, err)
		}
	}
	if n := strings.Count(log.String(), "message provider breaker"); n != 3 {
		t.Errorf("logged %s", log.String())
	}
}

func TestWhatAStatusMeansAtEveryProvider(t *testing.T) {
	var log bytes.Buffer
	at := time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)
	c := client(t, web.Limits{},
		web.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return at }})
	for status, want := range map[int]string{
		200: "", 201: "", 400: "", 409: "", 422: "",
		408: "unknown", 500: "unknown", 501: "unknown", 502: "unknown", 504: "unknown", 599: "unknown",
		425: "busy", 429: "busy", 503: "busy",
		301: "misset", 307: "misset", 401: "misset", 402: "misset", 403: "misset", 404: "misset", 405: "misset",
		407: "misset", 410: "misset",
	} {
		err := c.Judge(t.Context(), web.Answer{Status: status, Wait: 3 * time.Second}, "")
		got := ""
		switch b := busy(err); {
		case errors.Is(err, web.ErrUnknown):
			got = "unknown"
		case b != nil && b.After == 3*time.Second:
			got = "busy"
		case b != nil && b.After == web.Misset:
			got = "misset"
		case err != nil:
			got = err.Error()
		}
		if got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
	lines := strings.Count(log.String(), "\n")
	for range 10 {
		_ = c.Judge(t.Context(), web.Answer{Status: 401}, "")
	}
	if n := strings.Count(log.String(), "\n"); n != lines {
		t.Errorf("the same trouble was written down %d times", 1+n-lines)
	}
	at = at.Add(web.Misset)
	_ = c.Judge(t.Context(), web.Answer{Status: 401}, "")
	if n := strings.Count(log.String(), "\n"); n != lines+1 {
		t.Error("the same trouble was not written down again")
	}
}

func TestAddressesAndLimits(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://sms.example.org/v1": true, "http://localhost:8080/x": true, "http://127.0.0.1:1": true,
		"http://[::1]:1":         true,
		"http://sms.example.org": false, "ftp://localhost": false, "https://": false, "": false,
		"https://a:b@c.example": false,
		"https://c.example/#x":  false, "http://127.0.0.1.example.org": false, ":": false,
	} {
		if _, err := web.Address(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, l := range []web.Limits{{Connections: -1}, {Connections: 5000}, {Timeout: -1}, {Deadline: -1}} {
		if _, err := web.New("test", l, web.Options{}); err == nil {
			t.Errorf("%+v is taken", l)
		}
	}
}

func TestRetryAfterIsBelievedWithinReason(t *testing.T) {
	at := time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)
	var value string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.Header().Set("Retry-After", value)
	}))
	defer server.Close()
	c := client(t, web.Limits{}, web.Options{Now: func() time.Time { return at }})
	for in, want := range map[string]time.Duration{
		"": 0, "1": time.Second, "120": 2 * time.Minute, "999999": time.Hour, "-1": 0, "soon": 0,
		"Mon, 16 Mar 2026 09:30:20 GMT": 20 * time.Second, "Mon, 16 Mar 2026 09:00:00 GMT": 0,
		"Tue, 17 Mar 2026 09:30:00 GMT": time.Hour,
	} {
		value = in
		if a, err := c.Do(t.Context(), post(t, server.URL, "")); err != nil || a.Wait != want {
			t.Errorf("%q: got %v, %v", in, a.Wait, err)
		}
	}
}

func TestNothingAboutAPatientIsKeptAsACode(t *testing.T) {
	for in, want := range map[string]string{
		"30003": "30003", "invalid_recipient": "invalid_recipient", "AuthError": "AuthError", "": "", "two words": "",
		"447700900123": "", "07700-900123": "", "a@b.example": "", strings.Repeat("x", 65): "",
	} {
		if got := web.Word(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
	for in, want := range map[string]string{
		"The number is\n not in use.": "The number is not in use.", "": "other", "07700 900123 is off": "other",
		"+44 (0)7700 900123":      "other",
		"ada@example.org bounced": "other", "Error 30003": "Error 30003",
	} {
		if got := web.Reason(in, "other"); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestTextIsMadeFitToKeep(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb": "a\nb", "a\x00b\x07": "ab", "caf\xe9": "caf\uFFFD", "ééééé": "éééé", "a\tb": "a\tb", "": "",
	} {
		if got := web.Text(in, 4); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
	now := time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"2026-03-16T10:00:00.5+01:00": now.Add(-30*time.Minute + 500*time.Millisecond), "": now, "yesterday": now,
		"1999-01-01T00:00:00Z": now, "2030-01-01T00:00:00Z": now,
	} {
		if got := web.At(in, now); !got.Equal(want) {
			t.Errorf("%q: got %v", in, got)
		}
	}
}
