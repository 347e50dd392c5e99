package pages

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/web"
)

// proposal is what the page of an entry shows to the member of staff who decides.
type proposal struct {
	Practice, Staff                                                         string
	Patient, Born, Number, Seen                                             string
	Code, Term, Text, Channel, ProposedBy, Made, Until, Error, ErrorLeadsTo string
	At                                                                      time.Time
	// Gone says that the patient's record has been deleted.
	Gone bool
}

// channels are the ways of a message, as people call them.
var channels = map[string]string{"hero": "The patient’s own page", "sms": "Text message", "email": "E-mail",
	"nhs_app":   "NHS App",
	record.Form: "A form"}

func channelName(channel string) string {
	if name, ok := channels[channel]; ok {
		return name
	}
	return channel
}

// nhsNumber is an NHS number as people read it out.
func nhsNumber(n string) string {
	if len(n) != 10 {
		return n
	}
	return n[:3] + " " + n[3:6] + " " + n[6:]
}

// proposal shows staff what would be written into a record, and everybody else a
// form to sign in with.
func (d *door) proposal(w http.ResponseWriter, r *http.Request) {
	if g, id, ok := d.undecided(w, r); ok {
		d.propose(w, r, http.StatusOK, g, id, "")
	}
}

// undecided finds the practice and the entry that the address names, or answers
// with why there is nothing to decide.
func (d *door) undecided(w http.ResponseWriter, r *http.Request) (practice.Group, int64, bool) {
	group, e, err := d.core.Record.Link(r.Context(), r.PathValue("link"))
	if err != nil {
		d.undecidable(w, r, group, e, err)
		return practice.Group{}, 0, false
	}
	g, err := d.core.Practice.Face(r.Context(), group)
	if err != nil {
		d.fail(w, r, err)
		return g, 0, false
	}
	return g, e.ID, true
}

func (d *door) propose(w http.ResponseWriter, r *http.Request, status int, g practice.Group, id int64, wrong string) {
	r, who, err := d.member(r, g.ID)
	if f := web.Fault(err); err != nil && f.Kind != fault.Unauthenticated {
		d.fail(w, r, err)
		return
	}
	if err != nil {
		show(w, r, http.StatusOK, signInPage(signIn{face: faceOf(g)}))
		return
	}
	e, err := d.core.Record.Review(r.Context(), id)
	if errors.Is(err, access.ErrPermission) {
		web.Note(r, web.Fault(err))
		show(w, r, http.StatusForbidden, barredPage(faceOf(g), who.Name()))
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p := proposal{
		Practice: g.Name, Staff: who.Name(), Patient: e.Of.FullName(), Number: nhsNumber(e.Of.NHSNumber),
		Seen: e.Patient.String(),
		Code: e.Code, Term: e.Term, Text: e.Content, Channel: channelName(e.Channel), ProposedBy: e.ProposedBy,
		At:   e.CreatedAt,
		Made: moment(r.Context(), e.CreatedAt, g.Zone()), Until: moment(r.Context(), e.ExpiresAt, g.Zone()), Error: wrong,
		ErrorLeadsTo: "#approve",
		Gone:         e.Of.Deleted(),
	}
	if p.Gone {
		p.ErrorLeadsTo = "#reject"
	}
	if e.Of.BirthDate != input.NoDate {
		p.Born = e.Of.BirthDate.UTC().Format("2 January 2006")
	}
	show(w, r, status, proposalPage(p))
}

// decide signs a member of staff in or out, or writes it, or does not.
func (d *door) decide(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r, maxForm); err != nil {
		d.fail(w, r, err)
		return
	}
	g, id, ok := d.undecided(w, r)
	if !ok {
		return
	}
	switch decision := r.PostForm.Get("decision"); decision {
	case "sign_in":
		d.signIn(w, r, g)
	case "sign_out":
		d.signOut(w, r, g.ID)
	case "approve", "reject":
		d.settle(w, r, g, id, decision == "approve")
	default:
		d.propose(w, r, http.StatusBadRequest, g, id, "Choose whether to write this to the record")
	}
}

// settle keeps what a member of staff has decided.
func (d *door) settle(w http.ResponseWriter, r *http.Request, g practice.Group, id int64, approve bool) {
	signed, _, err := d.member(r, g.ID)
	if err != nil {
		d.propose(w, r, http.StatusOK, g, id, "") // the session has ended: sign in first
		return
	}
	seen, _ := strconv.ParseInt(r.PostForm.Get("patient"), 10, 64)
	e, err := d.core.Record.Decide(signed.Context(), id, patient.ID(seen), approve)
	switch {
	case errors.Is(err, access.ErrPermission):
		d.propose(w, r, http.StatusForbidden, g, id, "")
	case errors.Is(err, record.ErrOtherRecord), errors.Is(err, record.ErrNoRecord):
		f := web.Fault(err)
		web.Note(r, f)
		d.propose(w, r, web.Status(f), g, id, f.Message)
	case err != nil:
		d.undecidable(w, r, g.ID, e.Entry, err)
	default:
		d.outcome(w, r, http.StatusOK, g.ID, e.Entry, "")
	}
}

// undecidable says why there is nothing to decide.
func (d *door) undecidable(w http.ResponseWriter, r *http.Request, group practice.ID, e record.Entry, err error) {
	if !errors.Is(err, record.ErrDecided) {
		d.fail(w, r, err)
		return
	}
	f := web.Fault(err)
	web.Note(r, f)
	d.outcome(w, r, web.Status(f), group, e, "This was decided already")
}

// outcome says what was decided.
func (d *door) outcome(
	w http.ResponseWriter, r *http.Request, status int, group practice.ID, e record.Entry, before string,
) {
	g, err := d.core.Practice.Face(r.Context(), group)
	if err != nil {
		d.fail(w, r, err)
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
