package pages

import (
	"errors"
	"net/http"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/messaging"
	"frontdesk/web"
)

// letter is what the page of a message shows once it is open.
type letter struct {
	face
	Subject, Text, Sent string
	At                  time.Time
}

// askBirth asks for the date of birth that opens a message.
func (d *door) askBirth(w http.ResponseWriter, r *http.Request) {
	o, err := d.core.Messaging.Page(r.Context(), r.PathValue("link"))
	if err != nil {
		d.shut(w, r, o, err)
		return
	}
	show(w, r, http.StatusOK, birthPage(faceOf(o.Group), birth{}))
}

// openMessage shows the message to a visitor who gives the date.
func (d *door) openMessage(w http.ResponseWriter, r *http.Request) {
	ctx, link := r.Context(), r.PathValue("link")
	o, err := d.core.Messaging.Page(ctx, link)
	if err != nil {
		d.shut(w, r, o, err)
		return
	}
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	b := birthOf(r)
	date, ok := b.date(ctx)
	if !ok {
		show(w, r, http.StatusBadRequest, birthPage(faceOf(o.Group), b))
		return
	}
	o, err = d.core.Messaging.Open(ctx, link, date)
	switch f := web.Fault(err); {
	case err == nil:
		show(w, r, http.StatusOK,
			letterPage(letter{faceOf(o.Group), o.Subject, o.Text, moment(ctx, o.Sent, o.Group.Zone()), o.Sent}))
	case errors.Is(err, messaging.ErrWrongDate):
		// The last try of all has locked it.
		if again, err := d.core.Messaging.Page(ctx, link); err != nil {
			d.shut(w, r, again, err)
			return
		}
		b.mark(ctx, "not_ours", b.all()...)
		show(w, r, http.StatusForbidden, birthPage(faceOf(o.Group), b))
	case f.Kind == fault.Invalid:
		b.refused(ctx, f)
		show(w, r, http.StatusBadRequest, birthPage(faceOf(o.Group), b))
	default:
		d.shut(w, r, o, err)
	}
}

// shut says why a message cannot be opened.
func (d *door) shut(w http.ResponseWriter, r *http.Request, o messaging.Opened, err error) {
	if errors.Is(err, messaging.ErrLinkShut) {
		web.Note(r, web.Fault(err))
		show(w, r, http.StatusForbidden, lockedPage(faceOf(o.Group)))
		return
	}
	d.fail(w, r, err)
}
