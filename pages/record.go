package pages

import (
	"errors"
	"net/http"
	"time"

	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/web"
)

// proposal is what the page of an entry shows to whoever decides about it.
type proposal struct {
	Practice, Code, Term, Text, Channel, Made, Until, Error string
	At                                                      time.Time
}

// channels are the ways of a message, as people call them.
var channels = map[string]string{"hero": "The patient’s own page", "sms": "Text message", "email": "E-mail", "nhs_app": "NHS App"}

func channelName(channel string) string {
	if name, ok := channels[channel]; ok {
		return name
	}
	return channel
}

// proposal shows what would be written into a record.
func (d *door) proposal(w http.ResponseWriter, r *http.Request) {
	d.propose(w, r, http.StatusOK, "")
}

func (d *door) propose(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	group, e, err := d.core.Record.Link(r.Context(), r.PathValue("link"))
	if err != nil {
		d.undecidable(w, r, group, e, err)
		return
	}
	g, err := d.core.Practice.Face(r.Context(), group)
	if err != nil {
		fail(w, r, err)
		return
	}
	show(w, r, status, proposalPage(proposal{
		g.Name, e.Code, e.Term, e.Content, channelName(e.Channel), moment(e.CreatedAt, g.Zone()), moment(e.ExpiresAt, g.Zone()), wrong, e.CreatedAt,
	}))
}

// decide writes it, or does not.
func (d *door) decide(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		fail(w, r, err)
		return
	}
	decision := r.PostForm.Get("decision")
	if decision != "approve" && decision != "reject" {
		d.propose(w, r, http.StatusBadRequest, "Choose whether to write this to the record")
		return
	}
	link := r.PathValue("link")
	group, e, err := d.core.Record.Link(r.Context(), link)
	if err == nil {
		e, err = d.core.Record.Decide(r.Context(), link, decision == "approve")
	}
	if err != nil {
		d.undecidable(w, r, group, e, err)
		return
	}
	d.outcome(w, r, http.StatusOK, group, e, "")
}

// undecidable says why there is nothing to decide.
func (d *door) undecidable(w http.ResponseWriter, r *http.Request, group practice.ID, e record.Entry, err error) {
	if !errors.Is(err, record.ErrDecided) {
		fail(w, r, err)
		return
	}
	f := web.Fault(err)
	web.Note(r, f)
	d.outcome(w, r, web.Status(f), group, e, "This was decided already")
}

// outcome says what was decided.
func (d *door) outcome(w http.ResponseWriter, r *http.Request, status int, group practice.ID, e record.Entry, before string) {
	g, err := d.core.Practice.Face(r.Context(), group)
	if err != nil {
		fail(w, r, err)
		return
	}
	show(w, r, status, outcomePage(g.Name, before, e.Status))
}

// decided is the heading of what was decided.
func decided(before string, status record.Status) string {
	switch {
	case before != "":
		return before
	case status == record.Rejected:
		return "It will not be written to the record"
	}
	return "It will be written to the record"
}
