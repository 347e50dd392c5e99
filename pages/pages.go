// Package pages is the door for people: plain pages that work without
// JavaScript and disclose nothing about a patient to a visitor who does not know it.
//
//	pages.go    addresses, headers, errors
//	identity.go a patient who could not be identified
//	message.go  a message a patient reads, for a date of birth
//	book.go     a time booked, moved and cancelled by a link
//	pay.go      where a time is paid for
//	link.go     a link: the date of birth, then a file
//	login.go    one who proves it by NHS login
//	who.go      who a visitor of a link for anyone is
//	fill.go     what the pages of forms, in fill, share with these
//	birth.go    a date of birth, as it is typed
//	unsubscribe.go no more e-mails that are not direct care
//	invite.go   a password that a member of staff chooses
//	record.go   whether something goes into a record
//	staff.go    members of staff, signed in
//	reader.go   the reader's language, and the pages about these pages
//	video.go    a video consultation, and why it cannot be entered
//	kit.go      what pages in packages of their own take from here
package pages

import (
	"context"
	_ "embed"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"frontdesk/core"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/pages/fill"
	"frontdesk/pages/signal"
	"frontdesk/pages/words"
	"frontdesk/web"
)

//go:embed style.css
var style []byte

type door struct {
	core *core.Core
	// strangers limits attempts to sign in, by address.
	strangers *web.Attempts
	// visitors limits how often visitors of links say who they are, by address.
	visitors *web.Attempts
	// guesses limits links that were never given out, by address.
	guesses *web.Attempts
	// forms are the pages on which a patient fills in a form.
	forms *fill.Site
}

// New is the door. Its addresses are /pages/, /verify/, /m/, /s/, /nhs-login/,
// /record/confirm/, /unsubscribe/, /invite/ and /video/.
func New(c *core.Core) http.Handler {
	now := c.Key.Now
	d := &door{core: c, strangers: web.NewAttempts(now), guesses: web.NewAttempts(now),
		visitors: web.NewAttempts(now)}
	d.forms = d.filling()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pages/style.css", fixed("text/css; charset=utf-8", style))
	mux.HandleFunc("GET /pages/video.js", fixed("text/javascript; charset=utf-8", videoScript))
	mux.HandleFunc("GET /pages/privacy", d.privacy)
	mux.HandleFunc("GET /pages/accessibility", d.accessibility)
	mux.HandleFunc("GET /pages/paid", templ.Handler(paidPage()).ServeHTTP)
	mux.HandleFunc("/", d.noPage)
	mux.HandleFunc("GET /verify/{link}", d.verify)
	mux.HandleFunc("GET /m/{link}", d.askBirth)
	mux.HandleFunc("POST /m/{link}", d.openMessage)
	mux.HandleFunc("GET /s/{link}", d.offering(d.openLink))
	mux.HandleFunc("POST /s/{link}", d.offering(d.proveBirth))
	mux.HandleFunc("POST /nhs-login/start", d.startLogin)
	mux.HandleFunc("GET /nhs-login/callback", d.endLogin)
	mux.HandleFunc("GET /s/{link}/file", d.linkHome)
	mux.HandleFunc("POST /s/{link}/file", d.fetchFile)
	d.forms.Route(mux)
	mux.HandleFunc("GET /s/{link}/when", d.bookWhen)
	mux.HandleFunc("POST /s/{link}/hold", d.bookHold)
	mux.HandleFunc("GET /s/{link}/hold", d.linkHome)
	mux.HandleFunc("GET /s/{link}/check", d.bookCheck)
	mux.HandleFunc("GET /s/{link}/book", d.linkHome)
	mux.HandleFunc("POST /s/{link}/book", d.bookConfirm)
	mux.HandleFunc("GET /s/{link}/appointment", d.bookDone)
	mux.HandleFunc("GET /s/{link}/calendar", d.bookCalendar)
	mux.HandleFunc("GET /s/{link}/cancel", d.bookAskCancel)
	mux.HandleFunc("POST /s/{link}/cancel", d.bookCancel)
	mux.HandleFunc("POST /s/{link}/intake", d.bookIntake)
	mux.HandleFunc("GET /s/{link}/move", d.bookAskMove)
	mux.HandleFunc("POST /s/{link}/move", d.bookMove)
	mux.HandleFunc("GET /s/{link}/take", d.linkHome)
	mux.HandleFunc("POST /s/{link}/take", d.posted(d.offerTake))
	mux.HandleFunc("GET /s/{link}/decline", d.linkHome)
	mux.HandleFunc("POST /s/{link}/decline", d.posted(d.offerDecline))
	mux.HandleFunc("GET /s/{link}/wait", d.waitAsk)
	mux.HandleFunc("POST /s/{link}/wait", d.posted(d.waitJoin))
	mux.HandleFunc("GET /s/{link}/leave", d.linkHome)
	mux.HandleFunc("POST /s/{link}/leave", d.posted(d.waitLeave))
	mux.HandleFunc("GET /record/confirm/{link}", d.proposal)
	mux.HandleFunc("POST /record/confirm/{link}", d.decide)
	mux.HandleFunc("GET /unsubscribe/{link}", d.askUnsubscribe)
	mux.HandleFunc("POST /unsubscribe/{link}", d.unsubscribe)
	mux.HandleFunc("GET /invite/{link}", d.askPassword)
	mux.HandleFunc("POST /invite/{link}", d.choosePassword)
	mux.HandleFunc("GET /video/{link}", d.meet)
	between := signal.New(c.Video, now)
	mux.HandleFunc("GET /video/{link}/ice", between.Servers)
	mux.HandleFunc("GET /video/{link}/socket", between.Connect)
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(http.HandlerFunc(foreign))
	return web.Seen(web.Visitors(careful(reading(ours.Handler(d.whole(mux))))), c.Audit, d.fail)
}

// fixed answers a file that is part of the program.
func fixed(mediaType string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Write(content)
	}
}

// careful sets the headers of every page.
func careful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; "+
				"base-uri 'none'")
		// A page's address is a secret, and is kept from other sites. With
		// no-referrer a browser would not even tell us that a form is our own:
		// it sends "Origin: null", which older ones send with nothing else.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=()")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// ErrForeign is returned for a form that another site sent here.
var ErrForeign = fault.New(fault.Forbidden, "cross_site_form",
	"This came from another site, so nothing was done. Open the link you were sent again, and use the page it leads to.")

func foreign(w http.ResponseWriter, r *http.Request) {
	web.Note(r, ErrForeign)
	show(w, r, web.Status(ErrForeign), failed(ErrForeign, face{}))
}

// maxForm is how long a form may be, in bytes.
const maxForm = 4 << 10

// form reads a form that was sent, of so many bytes at most.
func form(w http.ResponseWriter, r *http.Request, most int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if err := r.ParseForm(); err != nil {
		if f := web.Fault(err); f.Kind != fault.Internal {
			return f
		}
		return fault.Input().Because(err)
	}
	return nil
}

// show writes a page.
func show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := page.Render(r.Context(), w); err != nil {
		web.Of(r.Context()).Cause = err
	}
}

// fail writes a page about what went wrong, and names the practice to turn to where the address says which it is.
func (d *door) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := web.Fault(err)
	web.Note(r, f)
	show(w, r, web.Status(f), failed(f, d.whose(r)))
}

// whose is the practice a link is of; nothing when there is none.
func (d *door) whose(r *http.Request) face { return d.faceOf(r.Context(), readerOf(r.Context()).group) }

func (d *door) faceOf(ctx context.Context, group string) face {
	id, err := strconv.ParseInt(group, 36, 64)
	if err != nil || id <= 0 {
		return face{}
	}
	g, err := d.core.Practice.Face(ctx, practice.ID(id))
	if err != nil {
		return face{}
	}
	return faceOf(g)
}

// Fail answers with a page about an address that cannot be read.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	careful(reading(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Note(r, web.Fault(err))
		show(w, r, http.StatusBadRequest, problem(words.Say(r.Context(), "page.dead_link"),
			words.Say(r.Context(), "page.changed_link"), face{}))
	}))).ServeHTTP(w, r)
}

// face is the practice a page is of.
type face struct{ Name, Phone, Dial string }

func faceOf(g practice.Group) face { return face{g.Name, input.ShowTelephone(g.Phone), g.Phone} }

// moment is a day and a time as a patient reads them.
func moment(ctx context.Context, t time.Time, zone *time.Location) string {
	return words.Moment(ctx, t.In(zone))
}

// stamp is an instant for machines.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// titled is the title of a page, which begins with the word when there is an
// error on it.
func titled(ctx context.Context, title, wrong string) string {
	if wrong != "" {
		return words.Say(ctx, "page.error", "Title", title)
	}
	return title
}
