// Package pages is the door for patients: plain pages that work without
// JavaScript and tell nobody anything about anyone.
//
//	pages.go    addresses, headers, errors
//	identity.go somebody who could not be identified
package pages

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"frontdesk/core"
	"frontdesk/core/fault"
	"frontdesk/web"
)

//go:embed style.css
var style []byte

type door struct{ core *core.Core }

// New is the patients' door.
func New(c *core.Core) http.Handler {
	d := &door{core: c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pages/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Write(style)
	})
	mux.HandleFunc("GET /verify/{link}", d.verify)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("Referrer-Policy", "no-referrer") // a page's address is a secret
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// show writes a page.
func show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := page.Render(r.Context(), w); err != nil {
		web.Of(r.Context()).Cause = err
	}
}

// fail writes a page about what went wrong.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	f := web.Fault(err)
	web.Note(r, f)
	title := "Something went wrong"
	if f.Kind == fault.NotFound {
		title = "This link does not work"
	}
	show(w, r, web.Status(f), problem(title, f.Message))
}

// day is a day as a patient reads it.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("Monday 2 January 2006") }
