// Package fill is the pages on which a patient fills in a form by a link.
//
//	fill.go       what the pages need of the others, and their addresses
//	pages.go      the form page by page, checked and sent
//	view.go       what each page shows
//	led.go        what the answers to a care navigation form led to
//	upload.go     a file that is sent, read as it comes
//	answer.go     a question with what was typed, and what is wrong with it
//	read.go       what a browser sent, as answers
//	pages.templ   the pages
//	led.templ     the page of what answers led to
//	answer.templ  how each kind of question looks
//
// What an answer may be is core's to decide. Every page works without JavaScript: what is asked depends on the pages
// before it alone, and each is saved as it is sent.
package fill

import (
	"net/http"

	"github.com/a-h/templ"

	"frontdesk/core"
	"frontdesk/core/practice"
)

// Site is the pages of forms, with what they share with the other pages.
type Site struct {
	Core *core.Core
	// Read reads a form that was sent, of so many bytes at most.
	Read func(w http.ResponseWriter, r *http.Request, most int64) error
	// Show writes a page with a title, in the practice's layout.
	Show func(w http.ResponseWriter, r *http.Request, status int, title string, g practice.Group, body templ.Component)
	// Fail writes a page about what went wrong, and Shut one about a link that cannot be used.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	Shut func(w http.ResponseWriter, r *http.Request, err error)
	// Proof is the proof of a visit that the browser has.
	Proof func(r *http.Request) string
	// Reach is the practice with its telephone number, in the middle of a sentence, and Prose text as it was written.
	Reach func(g practice.Group) templ.Component
	Prose func(text string) templ.Component
	// Month reads a month by its number or its name.
	Month func(text string) (int, bool)

	places places
}

// Route adds the pages' addresses.
func (s *Site) Route(mux *http.ServeMux) {
	mux.HandleFunc("GET /s/{link}/form", s.formStep)
	mux.HandleFunc("POST /s/{link}/form", s.formSave)
	mux.HandleFunc("GET /s/{link}/upload", s.askForm)
	mux.HandleFunc("POST /s/{link}/upload", s.formUpload)
	mux.HandleFunc("GET /s/{link}/remove", s.askForm)
	mux.HandleFunc("POST /s/{link}/remove", s.formRemove)
	mux.HandleFunc("GET /s/{link}/answers", s.formAnswers)
	mux.HandleFunc("GET /s/{link}/send", s.askForm)
	mux.HandleFunc("POST /s/{link}/send", s.formSend)
	mux.HandleFunc("GET /s/{link}/sent", s.formSent)
}

// to has the browser ask for another page, so that loading it again sends nothing a second time.
func to(w http.ResponseWriter, r *http.Request, address string) {
	http.Redirect(w, r, address, http.StatusSeeOther)
}
