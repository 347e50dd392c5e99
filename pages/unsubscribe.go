package pages

import (
	"mime"
	"net/http"

	"frontdesk/core/fault"
	"frontdesk/web"
)

// askUnsubscribe shows a page that asks. It changes nothing: programs that check
// an e-mail for bad links open them all.
func (d *door) askUnsubscribe(w http.ResponseWriter, r *http.Request) {
	g, err := d.core.Messaging.Subscription(r.Context(), r.PathValue("link"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	show(w, r, http.StatusOK, unsubscribePage(faceOf(g)))
}

// errOneClick is returned for a post that does not say what it is for.
var errOneClick = fault.New(fault.Invalid, "not_one_click",
	"This did not ask to unsubscribe, so nothing was done. Open the link again, and use the page it leads to.")

// unsubscribe does it, for the page and for mail programs that do so with one
// click (RFC 8058): they send the field that is named after the header, as either
// kind of form, and want no other page.
func (d *door) unsubscribe(w http.ResponseWriter, r *http.Request) {
	if err := anyForm(w, r); err != nil {
		d.fail(w, r, err)
		return
	}
	if r.PostFormValue("List-Unsubscribe") != "One-Click" {
		d.fail(w, r, errOneClick)
		return
	}
	g, err := d.core.Messaging.Unsubscribe(r.Context(), r.PathValue("link"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	show(w, r, http.StatusOK, unsubscribedPage(faceOf(g)))
}

// anyForm reads a form of either kind.
func anyForm(w http.ResponseWriter, r *http.Request) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "multipart/form-data" {
		return form(w, r, maxForm)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseMultipartForm(maxForm); err != nil {
		if f := web.Fault(err); f.Kind != fault.Internal {
			return f
		}
		return fault.Input().Because(err)
	}
	return nil
}
