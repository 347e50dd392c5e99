// Package enclosure is what goes with a message besides its words: the address of a link that is the patient's own.
//
//	enclosure.go  what a text carries: checked when a message or a batch is taken
//	enclose.go    the links of patients, found or made in the transaction that makes their messages
//
// A text carries one link. A placeholder says where its address stands; without one it comes last.
package enclosure

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/selfbooking"
	"frontdesk/core/template"
)

// placeholders are the words that an address stands for, and the kind of link it leads by.
var placeholders = map[string]link.Kind{
	"booking_link": link.Booking, "appointment_link": link.Appointment, "attachment_link": link.Attachment,
	"form_link": link.Form,
}

// Placeholders are the words that an address may stand for.
var Placeholders = []string{"appointment_link", "attachment_link", "booking_link", "form_link"}

// Want is the link that is to go with a text, besides what the placeholders of the text ask for.
type Want struct {
	// Link and UUID name a link that there is.
	Link link.ID `json:"link,omitempty"`
	UUID string  `json:"uuid,omitempty"`
	// Booking is what a booking link offers that is made for each patient.
	Booking *selfbooking.Change `json:"booking,omitempty"`
	// Form is what a form link asks for that is made for each patient.
	Form *formlink.Ask `json:"form,omitempty"`
}

// given reports a link that there is.
func (w Want) given() bool { return w.Link != 0 || w.UUID != "" }

// made is the kind of link that is made for each patient; empty is none.
func (w Want) made() link.Kind {
	switch {
	case w.Booking != nil:
		return link.Booking
	case w.Form != nil:
		return link.Form
	}
	return ""
}

// none reports that no link is named.
func (w Want) none() bool { return !w.given() && w.made() == "" }

// several reports more than one of what a message carries one of.
func (w Want) several() bool {
	n := 0
	for _, there := range []bool{w.Link != 0, w.UUID != "", w.Booking != nil, w.Form != nil} {
		if there {
			n++
		}
	}
	return n > 1
}

// Plan is the link that goes with a text.
type Plan struct {
	want  Want
	group practice.Group
	// kind is the link's; empty is no link. word is the placeholder it stands for.
	kind link.Kind
	word string
	// sample stands in a text for the address, and is as long, until there is one.
	sample string
	// patient is whose link there is; 0 is that there is none yet.
	patient patient.ID
}

// None reports a text that carries nothing.
func (p Plan) None() bool { return p.kind == "" }

// Personal reports a link that there is, and that is for one patient alone.
func (p Plan) Personal() bool { return p.patient != 0 }

// Want is what was asked for, with the link named by its id.
func (p Plan) Want() Want { return p.want }

// Sampled is a text in which something as long stands for the address.
func (p Plan) Sampled(text string) string {
	if p.None() {
		return text
	}
	put := template.Put(text, p.word, p.sample)
	if put == text {
		put = strings.TrimRight(text, "\n") + "\n" + p.sample
	}
	return put
}

// Final is a sampled text with the address itself.
func (p Plan) Final(sampled, url string) string {
	if p.None() {
		return sampled
	}
	return strings.ReplaceAll(sampled, p.sample, url)
}

// Unsent is a sampled text that no link was made for.
func (p Plan) Unsent(sampled string) string { return p.Final(sampled, "{{"+p.word+"}}") }

// The faults of links that go with messages.
var (
	ErrNoLink = seal.ErrLink.Saying("This practice group has no such link.")
	// ErrOthers keeps a link from a patient whose it is not.
	ErrOthers = fault.New(fault.Conflict, "link_not_of_patient",
		"This link is for another patient. No message is sent.")
	ErrNoBirthDate = fault.New(fault.Conflict, "birth_date_unknown",
		"A link is opened with the date of birth, and this patient's is not known.")
	ErrNoAppointment = fault.New(fault.Conflict, "no_appointment_to_come",
		"This patient has no appointment to come that a link could lead to.")
	// ErrNoAddress is returned for a link whose address was sealed with a key that is gone, and for an appointment whose
	// link cannot be opened any more.
	ErrNoAddress = fault.New(fault.Conflict, "link_has_no_address",
		"The link cannot be opened any more, or its address is not known. Give it a new address.")
	// ErrNewAddress is returned for a text with an address that its link has no more.
	ErrNewAddress = fault.New(fault.Conflict, "link_has_new_address",
		"The link in this message has a new address since. No message is sent.")
)

// Service is the capability of links that go with messages.
type Service struct {
	Store       Store
	Link        *link.Service
	SelfBooking *selfbooking.Service
	FormLink    *formlink.Service
	Now         func() time.Time
}

// Check finds which link goes with a text, for a caller who may make links. field is the name of the text. Errors:
// field faults, ErrNoLink, those of link.Link.Usable, seal.ErrNoKey, and not found for what a link cannot offer.
func (s *Service) Check(ctx context.Context, g practice.Group, want Want, field, text string) (Plan, error) {
	p, err := s.plan(g, want, field, text)
	if err != nil || p.None() {
		return p, err
	}
	who, err := access.Require(ctx, access.EditBookingLinks)
	if err != nil {
		return p, err
	}
	if want.Booking != nil {
		return p, fault.Within(s.offers(ctx, g, *want.Booking), "booking_link")
	}
	if want.Form != nil {
		return p, fault.Within(s.asks(ctx, g, *want.Form), "form_link")
	}
	if !want.given() {
		return p, nil
	}
	l, err := s.find(ctx, who.Group, want)
	if err != nil {
		return p, err
	}
	if used := template.Used(text, p.word); len(used) > 0 && placeholders[p.word] != l.Kind {
		return p, fault.Wrong(field, input.CodeChoice, "{{"+string(l.Kind)+"_link}}",
			"The placeholder is for a link of another kind.")
	}
	p.want, p.kind, p.word, p.patient = Want{Link: l.ID}, l.Kind, string(l.Kind)+"_link", l.Patient
	return p, l.Usable(s.Now())
}

// offers checks what a booking link is to offer that is made for each patient.
func (s *Service) offers(ctx context.Context, g practice.Group, c selfbooking.Change) error {
	if err := s.SelfBooking.Known(ctx, c); err != nil {
		return err
	}
	o, err := s.SelfBooking.Draft(g, 0, c, s.Now())
	if err == nil && o.Registers() {
		err = selfbooking.ErrNewPatients
	}
	return err
}

// asks checks what a form link is to ask for that is made for each patient.
func (s *Service) asks(ctx context.Context, g practice.Group, a formlink.Ask) error {
	if err := s.FormLink.Known(ctx, a); err != nil {
		return err
	}
	_, err := s.FormLink.Draft(g, 0, a, s.Now())
	return err
}

// Plan is what a text carries that was checked before.
func (s *Service) Plan(g practice.Group, want Want, text string) (Plan, error) {
	return s.plan(g, want, "text", text)
}

// plan says which kind of link goes with a text. Errors: field faults, ErrNoLink.
func (s *Service) plan(g practice.Group, want Want, field, text string) (Plan, error) {
	used := template.Used(text, Placeholders...)
	if want.none() && len(used) == 0 {
		return Plan{}, nil
	}
	if s == nil {
		return Plan{}, ErrNoLink
	}
	p := Plan{want: want, group: g, sample: s.Link.Sample(g.ID)}
	var in input.Checks
	if len(used) > 0 {
		p.word, p.kind = used[0], placeholders[used[0]]
	}
	if len(used) > 1 {
		in.Wrong(field, input.CodeChoice, "one of the placeholders {{"+strings.Join(used, "}}, {{")+"}}",
			"A message carries one link.")
	}
	switch {
	case want.several():
		in.Wrong("short_link_id", input.CodeChoice,
			"one of `short_link_id`, `attachment_uuid`, `booking_link` and `form_link`", "A message carries one link.")
	case want.given():
		p.kind = link.Attachment // until it is found
		if p.word == "" {
			p.word = "attachment_link" // which the text has not
		}
	case want.made() != "":
		word := string(want.made()) + "_link"
		if p.word != "" && p.word != word {
			in.Wrong(field, input.CodeChoice, "{{"+word+"}}", "A message carries one link.")
		}
		p.kind, p.word = want.made(), word
	case p.kind == link.Booking:
		in.Wrong("booking_link", input.CodeRequired, "what the link offers, such as `appointment_type_id`",
			"The text has {{booking_link}}: say what can be booked.")
	case p.kind == link.Form:
		in.Wrong("form_link", input.CodeRequired, "what the link asks for: a `form_id`",
			"The text has {{form_link}}: say which form is filled in.")
	case p.kind == link.Attachment:
		in.Wrong(field, input.CodeChoice, "a text with `attachment_uuid` or `short_link_id`, which say which link it is",
			"Nothing says which link stands for {{"+p.word+"}}.")
	}
	return p, in.Err()
}

// find finds the link that is wanted. Error: ErrNoLink.
func (s *Service) find(ctx context.Context, group practice.ID, want Want) (l link.Link, err error) {
	if want.Link != 0 {
		l, err = s.Store.Link(ctx, group, want.Link)
	} else {
		l, err = s.Store.LinkByUUID(ctx, group, want.UUID)
	}
	if errors.Is(err, link.ErrNotFound) {
		err = ErrNoLink
	}
	return l, err
}

// Again is a text that was sent with a link, with its placeholder where the address stood. Errors: ErrNoLink,
// ErrNewAddress, ErrNoAddress.
func (s *Service) Again(ctx context.Context, group practice.ID, id link.ID, version int, text string) (string, error) {
	l, err := s.find(ctx, group, Want{Link: id})
	if err != nil {
		return "", err
	}
	if l.Version != version {
		return "", ErrNewAddress
	}
	e, err := s.enclosed(l)
	if err := errors.Join(err, e.Err); err != nil {
		return "", err
	}
	return strings.ReplaceAll(text, e.URL, "{{"+string(l.Kind)+"_link}}"), nil
}

// Sendable says whether a message to a patient may still carry a link, by the address it has in the text. Errors:
// ErrOthers, ErrNewAddress, those of link.Link.Usable.
func Sendable(l link.Link, version int, to patient.ID, now time.Time) error {
	switch {
	case l.Patient != 0 && l.Patient != to:
		return ErrOthers
	case l.Version != version:
		return ErrNewAddress
	}
	return l.Usable(now)
}

// Dead reports a fault by which a message may not carry its link any more.
func Dead(err error) bool {
	return link.Dead(err) || errors.Is(err, ErrOthers) || errors.Is(err, ErrNewAddress) || errors.Is(err, ErrNoLink)
}

// Shown is what a message shows of its link.
type Shown struct {
	ID     link.ID
	Kind   link.Kind
	Name   string // of the file, or of what can be booked
	Status link.Status
}

// Shown finds what a message shows of its link.
func (s *Service) Shown(ctx context.Context, group practice.ID, id link.ID) (Shown, error) {
	l, err := s.Store.Link(ctx, group, id)
	if err != nil {
		return Shown{}, err
	}
	name, err := s.Store.LinkName(ctx, group, l)
	return Shown{ID: l.ID, Kind: l.Kind, Name: name, Status: l.StatusAt(s.Now())}, err
}
