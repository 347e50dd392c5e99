package pages

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"frontdesk/core/fault"
	"frontdesk/core/link"
	"frontdesk/pages/words"
	"frontdesk/web"
)

// visitCookie has the proof that the reader of a link gave the date of birth.
const visitCookie = "visit"

// errGuesses is returned to an address from which links are guessed.
var errGuesses = web.ErrAttempts.Saying("Too many links that do not work were opened from where you are. Wait a " +
	"minute, then open your link again.")

// whole refuses addresses that are none of a link. Pages lead to others of the same link, and a browser takes a
// backslash for a slash: what is not ours must not become where it is led.
func (d *door) whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/s/"); ok {
			first, _, _ := strings.Cut(rest, "/")
			if address, err := url.PathUnescape(first); err != nil || cleanAddress(address) != address {
				d.linkShut(w, r, link.Page{}, link.ErrUnknown)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// fileView is what the page of a file shows.
type fileView struct {
	face
	FileName, Size, Until, Action string
}

// proofOf is the proof of a visit that the browser has.
func proofOf(r *http.Request) string {
	c, err := r.Cookie(visitCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// openLink shows what a link leads to. It changes nothing: scanners and previews open every link.
func (d *door) openLink(w http.ResponseWriter, r *http.Request) {
	ctx, address := r.Context(), r.PathValue("link")
	proof := proofOf(r)
	if proof == "" {
		p, err := d.core.Link.Look(ctx, address)
		if err != nil {
			d.linkShut(w, r, p, err)
			return
		}
		d.askWho(w, r, p, false)
		return
	}
	p, err := d.core.Link.Visit(ctx, address, proof)
	if errors.Is(err, link.ErrVisitOver) {
		if p, err = d.core.Link.Look(ctx, address); err == nil {
			d.askWho(w, r, p, true)
			return
		}
	}
	if err != nil {
		d.linkShut(w, r, p, err)
		return
	}
	switch p.Kind {
	case link.Booking, link.Appointment:
		d.bookHome(w, r)
	case link.Form:
		d.forms.Home(w, r)
	case link.Offer:
		d.offerHome(w, r)
	default:
		show(w, r, http.StatusOK, filePage(fileView{
			faceOf(p.Group), p.FileName, words.FileSize(ctx, p.Size), p.Until.In(p.Group.Zone()).Format("15:04"),
			"/s/" + address + "/file",
		}))
	}
}

// purpose names the texts of what the practice has sent with a link of a kind, and of what to ask the practice for.
func purpose(kind link.Kind) string {
	switch kind {
	case link.Booking:
		return "booking"
	case link.Form:
		return "form"
	case link.Offer:
		return "offer"
	case link.Appointment:
		return "appointment"
	}
	return "file"
}

// proveBirth begins the visit of a reader who gives the right date of birth.
func (d *door) proveBirth(w http.ResponseWriter, r *http.Request) {
	ctx, address := r.Context(), r.PathValue("link")
	p, err := d.core.Link.Look(ctx, address)
	if err != nil {
		d.linkShut(w, r, p, err)
		return
	}
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	if p.Anyone {
		d.identify(w, r, p)
		return
	}
	b := birthOf(r)
	date, ok := b.date(ctx)
	if !ok {
		show(w, r, http.StatusBadRequest, linkBirthPage(p, b, false))
		return
	}
	proof, err := d.core.Link.Prove(ctx, address, date)
	switch f := web.Fault(err); {
	case err == nil:
		d.admit(w, r, address, proof)
	case errors.Is(err, link.ErrWrongDate):
		// The last try of all has locked it.
		if again, err := d.core.Link.Look(ctx, address); err != nil {
			d.linkShut(w, r, again, err)
			return
		}
		b.mark(ctx, "not_ours", b.all()...)
		show(w, r, http.StatusForbidden, linkBirthPage(p, b, false))
	case f.Kind == fault.Invalid:
		b.refused(ctx, f)
		show(w, r, http.StatusBadRequest, linkBirthPage(p, b, false))
	default:
		d.linkShut(w, r, p, err)
	}
}

// admit leads a visitor who proved who they are to what the link is for.
func (d *door) admit(w http.ResponseWriter, r *http.Request, address, proof string) {
	http.SetCookie(w, &http.Cookie{Name: visitCookie, Value: proof, Path: "/s/" + address, HttpOnly: true,
		Secure: strings.HasPrefix(d.core.Link.Pages(), "https:"), SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/s/"+address, http.StatusSeeOther)
}

// linkHome leads to what the link leads to, for who opens an address that only takes forms.
func (*door) linkHome(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/s/"+r.PathValue("link"), http.StatusSeeOther)
}

// fetchFile gives the file, for keeping and never for running.
func (d *door) fetchFile(w http.ResponseWriter, r *http.Request) {
	ctx, address := r.Context(), r.PathValue("link")
	file, err := d.core.Link.Fetch(ctx, address, proofOf(r))
	if errors.Is(err, link.ErrVisitOver) {
		http.Redirect(w, r, "/s/"+address, http.StatusSeeOther)
		return
	}
	if err != nil {
		p, _ := d.core.Link.Look(ctx, address)
		d.linkShut(w, r, p, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.MediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.DownloadName()}))
	h.Set("Content-Length", strconv.Itoa(len(file.Content)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Write(file.Content)
}

// linkShut says why a link cannot be used.
func (d *door) linkShut(w http.ResponseWriter, r *http.Request, p link.Page, err error) {
	var title string
	todo := "link.ask_new"
	switch {
	case errors.Is(err, link.ErrExpired):
		title = "link.expired"
	case errors.Is(err, link.ErrUsed):
		title = "link.used"
	case errors.Is(err, link.ErrWithdrawn):
		title = "link.withdrawn"
	case errors.Is(err, link.ErrLocked):
		title, todo = "link.locked", "link.ask_birth"
	case errors.Is(err, link.ErrUnknown):
		// A link that was given out is never refused for the addresses others guess.
		if wait := d.guesses.Take(r); wait > 0 {
			err = errGuesses.After(wait)
		}
		d.fail(w, r, err)
		return
	default:
		d.fail(w, r, err)
		return
	}
	f := web.Fault(err)
	web.Note(r, f)
	ctx := r.Context()
	show(w, r, web.Status(f),
		linkShutPage(faceOf(p.Group), words.Say(ctx, title), words.Fault(ctx, f.Code, f.Message), todo))
}
