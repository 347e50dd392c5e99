package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"frontdesk/core/identity"
	"frontdesk/core/link"
	"frontdesk/core/practice"
	"frontdesk/pages/words"
	"frontdesk/web"
)

const (
	// loginPath is where the addresses of NHS login are, and loginCookie keeps a login until the visitor comes back.
	loginPath, loginCookie = "/nhs-login/", "nhs_login"
	// loginField says in an address why a visitor is back.
	loginField = "login"
)

// backs are the reasons for which a visitor is back from NHS login and has to choose again.
var backs = []string{"cancelled", "refused", "down", "level", "another"}

// loginView is what a page knows of NHS login.
type loginView struct {
	Address, Notice string
	door            *door
}

type loginKey struct{}

func loginOf(ctx context.Context) loginView {
	l, _ := ctx.Value(loginKey{}).(loginView)
	return l
}

// offering has a page offer NHS login.
func (d *door) offering(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l := loginView{Address: r.PathValue("link"), door: d}
		if why := r.URL.Query().Get(loginField); slices.Contains(backs, why) && r.Method != http.MethodPost {
			l.Notice = why
		}
		next(w, r.WithContext(context.WithValue(r.Context(), loginKey{}, l)))
	}
}

// offered reports whether the practice of the link is connected to NHS login.
func (l loginView) offered(ctx context.Context) bool {
	if l.door == nil || l.door.core.Identity == nil || l.door.core.Identity.Login == nil {
		return false
	}
	group, _, _ := strings.Cut(l.Address, "-")
	id, err := strconv.ParseInt(group, 36, 64)
	if err != nil || id <= 0 {
		return false
	}
	yes, err := l.door.core.Identity.Login.Offered(ctx, practice.ID(id))
	return err == nil && yes
}

// startLogin sends a visitor to NHS login.
func (d *door) startLogin(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	address := r.PostForm.Get("link")
	if wait := d.visitors.Take(r); wait > 0 {
		d.fail(w, r, web.ErrAttempts.After(wait))
		return
	}
	where, keep, err := d.core.Identity.BeginLogin(r.Context(), address)
	if err != nil {
		d.loginBack(w, r, address, err)
		return
	}
	d.keepLogin(w, keep, int(identity.LoginLife.Seconds()))
	w.Header().Set("Refresh", "0; url="+where)
	show(w, r, http.StatusOK, loginPage(where))
}

func (d *door) keepLogin(w http.ResponseWriter, keep string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: loginCookie, Value: keep, Path: loginPath, MaxAge: seconds, HttpOnly: true,
		Secure: strings.HasPrefix(d.core.Link.Pages(), "https:"), SameSite: http.SameSiteLaxMode})
}

// endLogin takes a visitor in who comes back from NHS login.
func (d *door) endLogin(w http.ResponseWriter, r *http.Request) {
	query, keep := r.URL.Query(), ""
	if c, err := r.Cookie(loginCookie); err == nil {
		keep = c.Value
	}
	a, err := d.core.Identity.Begun(keep, query.Get("state"))
	if err != nil {
		f := web.Fault(err)
		web.Note(r, f)
		ctx := r.Context()
		show(w, r, web.Status(f), problem(words.Say(ctx, "login.over"), words.Say(ctx, "login.over_what"), face{}))
		return
	}
	d.keepLogin(w, "", -1) // a login is for one try
	code := query.Get("code")
	switch {
	case query.Get("error") == "access_denied":
		to(w, r, "/s/"+a.Address+"?"+loginField+"=cancelled")
		return
	case code == "" || len(code) > maxForm:
		d.loginBack(w, r, a.Address, identity.ErrLoginRefused)
		return
	}
	found, err := d.core.Identity.FinishLogin(r.Context(), a, code)
	switch {
	case err != nil:
		d.loginBack(w, r, a.Address, err)
	case found.Proof != "":
		d.admit(w, r, a.Address, found.Proof)
	default:
		to(w, r, found.Check.Path())
	}
}

// loginBack leads a visitor back to the link, which says why. A link that cannot be used says so itself.
func (*door) loginBack(w http.ResponseWriter, r *http.Request, address string, err error) {
	f := web.Fault(err)
	web.Note(r, f)
	why := "down"
	switch {
	case errors.Is(err, identity.ErrLoginRefused):
		why = "refused"
	case errors.Is(err, identity.ErrLoginLevel):
		why = "level"
	case errors.Is(err, link.ErrAnother):
		why = "another"
	}
	to(w, r, "/s/"+cleanAddress(address)+"?"+loginField+"="+why)
}

// cleanAddress is the address of a link, without what no link has in it.
func cleanAddress(text string) string {
	if len(text) > 100 || strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyz-") != "" {
		return "unknown"
	}
	return text
}
