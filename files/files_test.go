package files_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/document"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/files"
	auditstore "frontdesk/store/audit"
	documentstore "frontdesk/store/document"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	"frontdesk/web"
)

// kit is a practice with a door, and a clock that moves.
type kit struct {
	*testing.T
	address string
	s       *document.Documents
	trail   *audit.Service
	door    http.Handler
	now     time.Time
	ctx     context.Context
}

func newKit(t *testing.T) *kit {
	t.Helper()
	address := storetest.SQLite(t)
	db := storetest.Open(t, address)
	k := &kit{T: t, address: address, now: time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return k.now }
	box, err := seal.Parse([]byte(seal.NewKey()))
	k.must(err)
	k.s = &document.Documents{Store: documentstore.NewDocuments(db), Box: func() (*seal.Box, error) { return box, nil },
		Pages: func() string { return "" }, Now: clock, NewID: db.NewID}
	groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
	k.must(err)
	k.ctx = access.With(context.Background(), access.Operator(g.ID))
	k.trail = &audit.Service{Store: auditstore.New(db), Now: clock, NewID: db.NewID}
	k.door = web.Observe(files.New(&core.Core{Document: k.s, Audit: k.trail}), &web.Proxies{},
		slog.New(slog.DiscardHandler), web.Fail,
		func(context.Context, *web.Request, string, int, time.Duration) {})
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) make(name, mediaType string) document.Document {
	k.Helper()
	made, err := k.s.CreateTemplate(k.ctx, document.New{Name: name, MediaType: mediaType})
	k.must(err)
	return made
}

func (k *kit) ask(method, address string, body io.Reader) *http.Response {
	k.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, address, body)
	r.Header.Set(web.RequestIDHeader, strings.ToLower(method)+"-a-file")
	k.door.ServeHTTP(w, r)
	return w.Result()
}

func TestDownloadIsOneEntryOfTheAuditTrail(t *testing.T) {
	k := newKit(t)
	made := k.make("form.txt", "text/plain") // about no patient
	put, err := k.s.UploadAddress(k.ctx, made)
	k.must(err)
	k.ask("PUT", put, strings.NewReader("x"))
	full, err := k.s.Template(k.ctx, made.ID)
	k.must(err)
	get, err := k.s.DownloadAddress(k.ctx, full)
	k.must(err)
	k.now = k.now.Add(time.Minute)
	from := k.now
	if res := k.ask("GET", get, nil); res.StatusCode != http.StatusOK {
		k.Fatalf("got %d", res.StatusCode)
	}
	all, err := k.trail.List(k.ctx, audit.Query{From: from, Until: from.Add(time.Hour)}, 0)
	if err != nil || len(all) != 1 || all[0].Actor != "signed address" || all[0].Door != "page" ||
		all[0].Entity != "document" || all[0].EntityID != int64(made.ID) {
		k.Errorf("got %+v, %v", all, err)
	}
}

func TestFileIsPutAndFetchedUnchanged(t *testing.T) {
	k := newKit(t)
	made := k.make("Résumé \"2\".html", "text/html; charset=utf-8")
	put, err := k.s.UploadAddress(k.ctx, made)
	k.must(err)
	content := "<script>alert(1)</script>\x00\xff"
	for range 2 {
		if got := k.ask("PUT", put, strings.NewReader(content)); got.StatusCode != http.StatusNoContent {
			t.Fatal(got.StatusCode)
		}
	}
	if got := k.ask("PUT", put, strings.NewReader("x")); got.StatusCode != http.StatusConflict {
		t.Fatal(got.StatusCode)
	}
	full, err := k.s.Template(k.ctx, made.ID)
	k.must(err)
	get, err := k.s.DownloadAddress(k.ctx, full)
	k.must(err)
	for _, method := range []string{"GET", "HEAD"} {
		got := k.ask(method, get, nil)
		body, err := io.ReadAll(got.Body)
		k.must(err)
		if got.StatusCode != http.StatusOK || method == "GET" && string(body) != content || method == "HEAD" &&
			len(body) > 0 {
			t.Fatalf("%s: got %d, %q", method, got.StatusCode, body)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Content-Length": "27", "X-Content-Type-Options": "nosniff",
			"Cache-Control":           "private, no-store",
			"Content-Disposition":     "attachment; filename*=utf-8''R%C3%A9sum%C3%A9%20%222%22.html",
			"Content-Security-Policy": "default-src 'none'; sandbox",
			"Referrer-Policy":         "no-referrer",
		} {
			if got := got.Header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
}

func TestInvalidFileRequestsAreRefused(t *testing.T) {
	k := newKit(t)
	made := k.make("a.pdf", "application/pdf")
	put, err := k.s.UploadAddress(k.ctx, made)
	k.must(err)
	large := make([]byte, document.MaxSize+1)
	for _, c := range []struct {
		name, method, address string
		body                  io.Reader
		want                  int
	}{
		{"an unknown address", "PUT", "/files/1.2.3", strings.NewReader("x"), http.StatusNotFound},
		{"an unknown file", "GET", "/files/1.2.3", nil, http.StatusNotFound},
		{"where only to put", "GET", put, nil, http.StatusNotFound},
		{"nothing", "PUT", put, strings.NewReader(""), http.StatusBadRequest},
		{"too much, and it says so", "PUT", put, bytes.NewReader(large), http.StatusRequestEntityTooLarge},
		{"too much, and it does not say so", "PUT", put, io.MultiReader(bytes.NewReader(large)),
			http.StatusRequestEntityTooLarge},
		{"as much as fits", "PUT", put, bytes.NewReader(large[1:]), http.StatusNoContent},
	} {
		if got := k.ask(c.method, c.address, c.body); got.StatusCode != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got.StatusCode, c.want)
		}
	}
	k.now = k.now.Add(document.UploadLife)
	if got := k.ask("PUT", put, bytes.NewReader(large[1:])); got.StatusCode != http.StatusNotFound {
		t.Errorf("too late: got %d", got.StatusCode)
	}
}

func TestFileRequestsAreAuditedWithTheirID(t *testing.T) {
	k := newKit(t)
	made := k.make("a.pdf", "application/pdf")
	put, err := k.s.UploadAddress(k.ctx, made)
	k.must(err)
	k.ask("PUT", put, strings.NewReader("x"))
	full, err := k.s.Template(k.ctx, made.ID)
	k.must(err)
	get, err := k.s.DownloadAddress(k.ctx, full)
	k.must(err)
	k.ask("GET", get, nil)
	var upload, download string
	db := storetest.Raw(t, k.address)
	k.must(db.QueryRow(`SELECT request_id FROM audit WHERE action = 'document.upload'`).Scan(&upload))
	read, err := k.trail.List(k.ctx, audit.Query{Until: k.now.Add(time.Hour), Door: "page"}, 0)
	k.must(err)
	for _, e := range read {
		download += e.RequestID
	}
	if upload != "put-a-file" || download != "get-a-file" {
		t.Errorf("got the requests %q and %q", upload, download)
	}
}
