package pages

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"frontdesk/core/fault"
	"frontdesk/core/identity"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/pages/words"
	"frontdesk/web"
)

// whoView is what a visitor of a link for anyone says of themselves, as it was typed.
type whoView struct {
	face
	First, Last, Number, Postcode typed
	Birth                         birth
	// Again is that an earlier visit is over, and Notice why it cannot be looked up now.
	Again  bool
	Notice string
}

// typed is what was typed into one field, and what is wrong with it.
type typed struct{ Text, Error string }

// amiss is a mistake, for the list of them at the top of a page.
type amiss struct{ Message, Href string }

// wrongs are what is wrong, from the top.
func (v whoView) wrongs() []amiss {
	var out []amiss
	for _, one := range []amiss{{v.First.Error, "#first_name"}, {v.Last.Error, "#last_name"},
		{v.Birth.Error, v.Birth.first()}, {v.Number.Error, "#nhs_number"}, {v.Postcode.Error, "#postcode"}} {
		if one.Message != "" {
			out = append(out, one)
		}
	}
	return out
}

// first is what the page's title begins with.
func (v whoView) first() string {
	if all := v.wrongs(); len(all) > 0 {
		return all[0].Message
	}
	return ""
}

// askWho asks the visitor of a link who they are.
func (*door) askWho(w http.ResponseWriter, r *http.Request, p link.Page, again bool) {
	if !p.Anyone {
		show(w, r, http.StatusOK, linkBirthPage(p, birth{}, again))
		return
	}
	show(w, r, http.StatusOK, whoPage(whoView{face: faceOf(p.Group), Again: again}))
}

// whoOf reads the form, and says what is missing.
func whoOf(r *http.Request, p link.Page) (v whoView, born input.Date, ok bool) {
	ctx := r.Context()
	read := func(name, missing string) typed {
		t := typed{Text: strings.TrimSpace(r.PostForm.Get(name))}
		if t.Text == "" && missing != "" {
			t.Error = words.Say(ctx, missing)
		}
		return t
	}
	v = whoView{face: faceOf(p.Group), First: read("first_name", "who.no_first_name"),
		Last: read("last_name", "who.no_last_name"), Number: read("nhs_number", ""),
		Postcode: read("postcode", ""), Birth: birthOf(r)}
	if v.Number.Text == "" && v.Postcode.Text == "" {
		v.Number.Error = words.Say(ctx, "who.no_either")
	}
	born, ok = v.Birth.date(ctx)
	return v, born, ok && v.first() == ""
}

// refused says what core found wrong with a field.
func (v *whoView) refused(ctx context.Context, f *fault.Error) {
	for _, field := range f.Fields {
		switch field.Path[0] {
		case "forename":
			v.First.Error = words.Say(ctx, "who.bad_first_name")
		case "surname":
			v.Last.Error = words.Say(ctx, "who.bad_last_name")
		case "nhs_number":
			v.Number.Error = words.Say(ctx, "who.bad_number")
		case "postcode":
			v.Postcode.Error = words.Say(ctx, "who.bad_postcode")
		case "birth_date":
			v.Birth.refused(ctx, &fault.Error{Fields: []fault.Field{field}})
		}
	}
}

// identify begins the visit of a visitor who says who they are. Where we are not sure, the page is always the same.
func (d *door) identify(w http.ResponseWriter, r *http.Request, p link.Page) {
	v, born, ok := whoOf(r, p)
	if !ok {
		show(w, r, http.StatusBadRequest, whoPage(v))
		return
	}
	if wait := d.visitors.Take(r); wait > 0 {
		d.later(w, r, v, link.ErrPaused.After(wait))
		return
	}
	address := r.PathValue("link")
	found, err := d.core.Identity.Identify(r.Context(), address, web.Of(r.Context()).Network(), identity.Said{
		FirstName: v.First.Text, LastName: v.Last.Text, BirthDate: born, NHSNumber: v.Number.Text,
		Postcode: v.Postcode.Text})
	switch f := web.Fault(err); {
	case err == nil && found.Proof != "":
		d.admit(w, r, address, found.Proof)
	case err == nil:
		http.Redirect(w, r, found.Check.Path(), http.StatusSeeOther)
	case f.Kind == fault.Invalid:
		v.refused(r.Context(), f)
		show(w, r, http.StatusBadRequest, whoPage(v))
	case errors.Is(err, link.ErrPaused), errors.Is(err, identity.ErrNotNow):
		d.later(w, r, v, err)
	default:
		d.linkShut(w, r, p, err)
	}
}

// later says that who a visitor is cannot be looked up now, and keeps what they typed.
func (*door) later(w http.ResponseWriter, r *http.Request, v whoView, err error) {
	f := web.Fault(err)
	web.Note(r, f)
	ctx := r.Context()
	v.Notice = words.Say(ctx, "who.later")
	if errors.Is(err, link.ErrPaused) {
		v.Notice = words.Say(ctx, "who.paused", "Minutes", minutes(ctx, minutesOf(f.RetryAfter)))
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", web.Seconds(f))
	}
	show(w, r, web.Status(f), whoPage(v))
}
