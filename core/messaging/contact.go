package messaging

import (
	"context"

	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// contactKinds says which contact detail a channel uses.
var contactKinds = map[carrier.Channel]contactpoint.Kind{carrier.SMS: contactpoint.Mobile,
	carrier.Email: contactpoint.Email}

// ContactKind is the kind of contact detail that a channel uses.
func ContactKind(of carrier.Channel) contactpoint.Kind { return contactKinds[of] }

// FromRequest is the source of a contact detail that came with the request.
const FromRequest = "request"

// Given reads a contact detail that came with a request.
func Given(in *input.Checks, field, value string, channel carrier.Channel) string {
	switch channel {
	case carrier.SMS:
		return in.Mobile(field, value)
	case carrier.Email:
		return in.Email(field, value)
	}
	if value != "" {
		in.Wrong(field, input.CodeString, "nothing", "A message of this kind goes to no number or address.")
	}
	return ""
}

// Destination is a number or an address, and the channel that uses it.
type Destination struct {
	Channel carrier.Channel
	Contact string
}

// Addressee is a patient as it matters to a message that is to go to them.
type Addressee struct {
	// Patient is the patient, without what matters to no message.
	patient.Patient
	// Contacts say who gave the details in use.
	Contacts contactpoint.Points
	// OptedOut are numbers and addresses that asked for nothing but direct care.
	OptedOut map[Destination]bool
}

// own is the patient's own detail for a channel, and who gave it.
func (a Addressee) own(channel carrier.Channel) (contact, source string, err error) {
	switch channel {
	case carrier.SMS:
		contact = a.Mobile
	case carrier.Email:
		contact = a.Email
	case carrier.NHSApp:
		if a.NHSNumber == "" {
			err = ErrNoContact.Saying("This patient has no NHS number, which the NHS App needs.")
		}
		return "", "", err
	default:
		return "", "", nil
	}
	if contact == "" {
		return "", "", ErrNoContact
	}
	used, ok := a.Contacts.Used(contactKinds[channel])
	if !ok {
		used.Source = contactpoint.FromCaller // kept before there were sources
	}
	return contact, string(used.Source), nil
}

// Addressees finds what else matters of those whom messages are to, in a few queries for all of them.
func Addressees(ctx context.Context, r AddresseeReader, group practice.ID, all []Message,
	people []patient.Patient) (map[patient.ID]Addressee, error) {
	out := make(map[patient.ID]Addressee, len(people))
	for _, p := range people {
		out[p.ID] = Addressee{Patient: p}
	}
	var sources []patient.ID
	var places []Destination
	for _, m := range all {
		a := out[m.Patient]
		if m.needsSource(a) {
			sources = append(sources, m.Patient)
		}
		if m.Purpose != DirectCare {
			places = append(places, m.places(a)...)
		}
	}
	if len(sources) > 0 {
		contacts, err := r.ContactsAmong(ctx, group, sources)
		if err != nil {
			return nil, err
		}
		for id, c := range contacts {
			a := out[id]
			a.Contacts = c
			out[id] = a
		}
	}
	if len(places) == 0 {
		return out, nil
	}
	optedOut, err := r.OptedOut(ctx, group, places)
	for id, a := range out {
		a.OptedOut = optedOut
		out[id] = a
	}
	return out, err
}

// places are where a message may go: as it is addressed, and where the patient is reached now.
func (m Message) places(a Addressee) []Destination {
	var out []Destination
	for _, d := range []Destination{
		{m.Channel, m.Contact}, {m.Fallback, m.FallbackContact}, {carrier.SMS, a.Mobile}, {carrier.Email, a.Email},
	} {
		if d.Contact != "" {
			out = append(out, d)
		}
	}
	return out
}

// needsSource reports whether it matters who gave the patient's details: those a
// message is addressed to are others, or a carrier may see to both ways.
func (m Message) needsSource(a Addressee) bool {
	other := func(channel carrier.Channel, contact, source string) bool {
		own, _, err := a.own(channel)
		return source != FromRequest && err == nil && own != contact
	}
	return m.Fallback != "" && m.Channel == carrier.NHSApp && m.Leg == 1 ||
		other(m.Channel, m.Contact, m.ContactSource) || m.Fallback != "" && other(m.Fallback, m.FallbackContact,
		m.FallbackSource)
}
