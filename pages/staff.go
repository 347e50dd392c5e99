package pages

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/web"
)

// staffCookie holds the session of a member of staff on the pages that need one.
const staffCookie = "frontdesk_staff"

// signIn is what the form to sign in with shows.
type signIn struct {
	face
	Email string
	// EmailError and PasswordError are what is wrong with either, and Error what
	// is wrong with both.
	EmailError, PasswordError, Error string
}

// wrong is what to begin with, and where.
func (s signIn) wrong() (message, href string) {
	switch {
	case s.Error != "":
		return s.Error, "#email"
	case s.EmailError != "":
		return s.EmailError, "#email"
	}
	return s.PasswordError, "#password"
}

func (s signIn) title(ctx context.Context) string {
	message, _ := s.wrong()
	return titled(ctx, "Sign in to decide", message)
}

// amiss is what is wrong with the first box, or with both.
func (s signIn) amiss(own string) string {
	if s.Error != "" {
		return s.Error
	}
	return own
}

// describedBy is the id of the element that says what is wrong with both boxes; empty when nothing is.
func (s signIn) describedBy() string {
	if s.Error != "" {
		return "email-error"
	}
	return ""
}

// member gives a request the caller whose session its cookie is, when that is a
// member of staff of a practice group.
func (d *door) member(r *http.Request, group practice.ID) (*http.Request, access.Caller, error) {
	cookie, err := r.Cookie(staffCookie)
	if err != nil {
		return r, access.Caller{}, key.ErrNoToken
	}
	who, _, err := d.core.Key.Token(r.Context(), cookie.Value)
	if err != nil {
		return r, access.Caller{}, err
	}
	if who.Staff == 0 || who.Group != group {
		return r, access.Caller{}, key.ErrNoToken
	}
	about := web.Of(r.Context())
	who.RequestID, who.Door = about.ID, access.Page
	about.Caller = who
	return r.WithContext(access.With(r.Context(), who)), who, nil
}

// remember gives the browser a session to send with this practice's pages, or
// takes it away when there is none. Scripts cannot read it, and other sites
// cannot have it sent with a form.
func (d *door) remember(w http.ResponseWriter, r *http.Request, session string) {
	cookie := &http.Cookie{
		Name: staffCookie, Value: session, Path: "/record/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || strings.HasPrefix(d.core.Record.Pages(), "https://"),
	}
	if session == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// signIn signs a member of staff in, and shows the page again.
func (d *door) signIn(w http.ResponseWriter, r *http.Request, g practice.Group) {
	s := signIn{face: faceOf(g), Email: strings.TrimSpace(r.PostForm.Get("email"))}
	password := r.PostForm.Get("password")
	if s.Email == "" {
		s.EmailError = "Enter your e-mail address"
	}
	if password == "" {
		s.PasswordError = "Enter your password"
	}
	if s.EmailError != "" || s.PasswordError != "" {
		show(w, r, http.StatusBadRequest, signInPage(s))
		return
	}
	var signed account.Signed
	var err error
	if wait := d.strangers.Take(r); wait > 0 {
		err = web.ErrAttempts.After(wait)
	} else {
		about := web.Of(r.Context())
		signed, err = d.core.Account.SignIn(r.Context(), account.Credentials{
			Email: s.Email, Password: password, Group: g.ID, From: about.Network(), RequestID: about.ID,
		})
	}
	if err == nil {
		d.remember(w, r, signed.Token)
		again(w, r)
		return
	}
	f := web.Fault(err)
	web.Note(r, f)
	switch {
	case errors.Is(err, account.ErrSignIn):
		s.Error = "The e-mail address or the password is not right for " + g.Name
	case f.Kind == fault.Limited:
		s.Error = f.Message
	default:
		d.fail(w, r, err)
		return
	}
	show(w, r, web.Status(f), signInPage(s))
}

// signOut ends the session, and shows the page again.
func (d *door) signOut(w http.ResponseWriter, r *http.Request, group practice.ID) {
	if signed, _, err := d.member(r, group); err == nil {
		if err := d.core.Key.EndSession(signed.Context()); err != nil {
			d.fail(w, r, err)
			return
		}
	}
	d.remember(w, r, "")
	again(w, r)
}

// again has the browser ask for the page anew, so that loading it again sends no
// form a second time.
func again(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.EscapedPath(), http.StatusSeeOther)
}
