package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/web"
)

// observed serves one request through Observe, and gives the answer, the log
// and what Done was told.
func observed(t *testing.T, h http.HandlerFunc, r *http.Request) (*httptest.ResponseRecorder, string, int) {
	t.Helper()
	var log bytes.Buffer
	status := 0
	done := func(_ context.Context, _ *web.Request, _ string, s int, _ time.Duration) { status = s }
	w := httptest.NewRecorder()
	web.Observe(h, &web.Proxies{}, slog.New(slog.NewJSONHandler(&log, nil)), web.Fail, done).ServeHTTP(w, r)
	return w, log.String(), status
}

func TestRequestIDs(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		kept       bool
	}{
		{"a sane one is used", "abc-123_X.y", true},
		{"none is made up", "", false},
		{"one with spaces is not used", "a b", false},
		{"one with a line break is not used", "a\nb", false},
		{"one that is too long is not used", strings.Repeat("a", 129), false},
		{"one that is just short enough is used", strings.Repeat("a", 128), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("x-request-id", c.sent)
			seen := ""
			w, log, _ := observed(t, func(_ http.ResponseWriter, r *http.Request) { seen = web.Of(r.Context()).ID }, r)
			got := w.Header().Get("x-request-id")
			if (got == c.sent) != c.kept || got == "" || seen != got || !strings.Contains(log, `"request_id":"`+got+`"`) {
				t.Fatalf("sent %q, got %q, the handler saw %q, logged %s", c.sent, got, seen, log)
			}
		})
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	w, log, status := observed(t, func(http.ResponseWriter, *http.Request) { panic("secret plans") },
		httptest.NewRequest("GET", "/", nil))
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if w.Code != 500 || status != 500 || body["code"] != "internal_error" || strings.Contains(w.Body.String(), "secret") ||
		!strings.Contains(log, "secret plans") || !strings.Contains(log, "web_test.go") {
		t.Fatalf("answer %d %s, log %s", w.Code, w.Body, log)
	}
}

func TestTheLogHasIDsAndACauseAndNothingElse(t *testing.T) {
	r := httptest.NewRequest("POST", "/v1/patients?search=Byron", strings.NewReader(`{"name":"Byron"}`))
	r.Header.Set("x-api-key", "fd_live_secret")
	_, log, _ := observed(t, func(w http.ResponseWriter, r *http.Request) {
		about := web.Of(r.Context())
		about.Operation, about.Caller = "registerPatient", access.Caller{Group: 7, Key: 9}
		web.Fail(w, r,
			fault.New(fault.Unavailable, "out", "We are out.").Because(errors.New("disk full")).After(1500*time.Millisecond))
	}, r)
	var line map[string]any
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatal(err)
	}
	if line["operation"] != "registerPatient" || line["status"] != 503.0 || line["practice_group_id"] != 7.0 ||
		line["key_id"] != 9.0 || line["error"] != "out: disk full" || line["level"] != "ERROR" {
		t.Fatalf("got %s", log)
	}
	for _, secret := range []string{"Byron", "fd_live", "/v1/patients"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q: %s", secret, log)
		}
	}
}

func TestStatuses(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.Mismatch: 422,
		fault.Limited:  429, fault.Unavailable: 503, fault.Internal: 500,
	} {
		w := httptest.NewRecorder()
		web.Fail(w, httptest.NewRequest("GET", "/", nil), fault.New(kind, "x", "X.").After(1500*time.Millisecond))
		if w.Code != want || w.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: %d, Retry-After %s", kind, w.Code, w.Header().Get("Retry-After"))
		}
	}
	w := httptest.NewRecorder()
	web.Fail(w, httptest.NewRequest("GET", "/", nil), &http.MaxBytesError{Limit: 5})
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", w.Code)
	}
}

func TestDocsNeedTheirPages(t *testing.T) {
	if _, err := web.Docs(fstest.MapFS{"index.md": {Data: []byte("# Hello")}}, nil, fstest.MapFS{}); err == nil {
		t.Fatal("it serves a menu of pages that are not there")
	}
}

func TestDocsLeaveNoPageOut(t *testing.T) {
	pages := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("../docs"), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			pages[path] = &fstest.MapFile{Data: []byte("# Hello")}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := web.Docs(pages, nil, fstest.MapFS{}); err != nil {
		t.Fatal(err)
	}
	pages["decisions/forgotten.md"] = &fstest.MapFile{Data: []byte("# Hello")}
	if _, err := web.Docs(pages, nil, fstest.MapFS{}); err == nil {
		t.Fatal("a page is served nowhere, and nothing says so")
	}
}

func TestAnAnswerThatWasCutShortIsNotTakenForWhole(t *testing.T) {
	s := httptest.NewServer(web.Observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", 10_000))
		panic(http.ErrAbortHandler)
	}), &web.Proxies{}, slog.New(slog.DiscardHandler), web.Fail,
		func(context.Context, *web.Request, string, int, time.Duration) {}))
	defer s.Close()
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Fatal("the client cannot tell")
	}
}
