package pages

import (
	"errors"
	"net/http"
	"strconv"

	"frontdesk/core/input"
	"frontdesk/core/selfbooking"
	"frontdesk/core/waiting"
)

// the names of form fields of the waiting list.
const (
	weekdayField = "weekday"
	leaveField   = "leave"
	leftField    = "left"
)

// offerHome is where the link of an offer leads: to the time on offer, to what came of it, or to why there is none.
func (d *door) offerHome(w http.ResponseWriter, r *http.Request) {
	seen, err := d.core.Waiting.See(r.Context(), visitOf(r))
	if err != nil {
		d.bookFail(w, r, err)
		return
	}
	v := offerView{bookerOf(r, seen.Group), seen, d.core.Waiting.Now()}
	switch {
	case seen.Got != nil && seen.Manageable:
		at := v.appointment(seen.Got.ID)
		if seen.Got.ID != seen.Offer.Hold {
			at += "&moved=1"
		}
		to(w, r, at)
	case seen.Got != nil:
		show(w, r, http.StatusOK, offerDonePage(v))
	case seen.Stands():
		show(w, r, http.StatusOK, offerPage(v))
	default:
		show(w, r, http.StatusOK, offerOverPage(v))
	}
}

// posted reads a form, does what it asks for, and leads to where that goes on.
func (d *door) posted(do func(r *http.Request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := form(w, r, maxForm); err != nil {
			d.fail(w, r, err)
			return
		}
		switch at, err := do(r); {
		case d.unpaid(w, r, err):
		case err != nil:
			d.bookFail(w, r, err)
		default:
			to(w, r, at)
		}
	}
}

// offerTake gives the patient the time on offer.
func (d *door) offerTake(r *http.Request) (string, error) {
	seen, err := d.core.Waiting.Accept(r.Context(), visitOf(r))
	if errors.Is(err, waiting.ErrOfferOver) {
		err = nil // the page says so
	}
	return bookerOf(r, seen.Group).At, err
}

// offerDecline turns it down, and takes the patient off the list where they ask for that.
func (d *door) offerDecline(r *http.Request) (string, error) {
	seen, err := d.core.Waiting.Decline(r.Context(), visitOf(r), r.PostForm.Has(leaveField))
	return bookerOf(r, seen.Group).At, err
}

// waitAsk shows whether the patient is on the list, and asks what for otherwise.
func (d *door) waitAsk(w http.ResponseWriter, r *http.Request) {
	q := waitOf(r.URL.Query())
	p, err := d.core.Waiting.LookIn(r.Context(), visitOf(r), q.Type, q.Moving)
	if err != nil {
		d.bookFail(w, r, err)
		return
	}
	v := waitView{bookerOf(r, p.Group), p, q, r.URL.Query().Has(leftField)}
	switch {
	case p.Entry != nil:
		show(w, r, http.StatusOK, waitOnPage(v))
	case v.Left:
		show(w, r, http.StatusOK, waitOffPage(v))
	case !p.Group.Announces:
		d.bookFail(w, r, selfbooking.ErrNotOffered)
	default:
		show(w, r, http.StatusOK, waitPage(v))
	}
}

// waitJoin puts the patient on the list.
func (d *door) waitJoin(r *http.Request) (string, error) {
	q := waitOf(r.PostForm)
	wish := waiting.Wish{Type: q.Type, Practitioner: q.With, Location: q.Place, Part: q.Part, Sooner: q.Moving,
		From: input.NoDate, To: input.NoDate}
	for _, text := range r.PostForm[weekdayField] {
		if day, err := strconv.Atoi(text); err == nil && day >= 0 && day < 7 {
			wish.Weekdays = append(wish.Weekdays, day)
		}
	}
	p, err := d.core.Waiting.Join(r.Context(), visitOf(r), wish)
	return bookerOf(r, p.Group).wait(whenQuery{Type: p.Type.ID, Moving: q.Moving}), err
}

// waitLeave takes the patient off the list.
func (d *door) waitLeave(r *http.Request) (string, error) {
	q := waitOf(r.PostForm)
	p, err := d.core.Waiting.Leave(r.Context(), visitOf(r), q.Type, q.Moving)
	return bookerOf(r, p.Group).wait(whenQuery{Type: p.Type.ID, Moving: q.Moving}) + "&" + leftField + "=1", err
}
