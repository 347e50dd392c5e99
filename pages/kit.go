package pages

import (
	"net/http"
	"time"

	"github.com/a-h/templ"

	"frontdesk/pages/prose"
)

// What follows is for pages in packages of their own.

// Layout is the page around what is shown.
func Layout(title, practiceName string) templ.Component { return layout(title, practiceName) }

// Prose shows text as it was written.
func Prose(text string) templ.Component { return prose.Text(text) }

// Careful sets the headers of every page.
func Careful(next http.Handler) http.Handler { return careful(next) }

// Show writes a page.
func Show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	show(w, r, status, page)
}

// Form reads a form that was sent.
func Form(w http.ResponseWriter, r *http.Request) error { return form(w, r, maxForm) }

// To has the browser ask for another page, so that loading it again sends no form a second time.
func To(w http.ResponseWriter, r *http.Request, address string) { to(w, r, address) }

// Stamp is an instant for machines.
func Stamp(t time.Time) string { return stamp(t) }

// ChannelName is how a message came, for people.
func ChannelName(channel string) string { return channelName(channel) }
