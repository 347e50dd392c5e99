package messaging

import (
	"context"

	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// contactKinds says which contact detail a channel uses.
var contactKinds = map[carrier.Channel]patient.ContactKind{carrier.SMS: patient.ContactMobile, carrier.Email: patient.ContactEmail}

// FromRequest is the source of a contact detail that came with the request.
const FromRequest = "request"

// target is where a leg goes, and who said so.
type target struct{ contact, source string }

// given reads a contact detail that came with a request.
func given(in *input.Checks, field, value string, channel carrier.Channel) string {
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

// aim finds where a message by a channel goes to: the detail that came with the
// request, or the one used of the patient's own. Error: ErrNoContact.
func aim(ctx context.Context, r Reader, group practice.ID, p patient.Patient, channel carrier.Channel, asked string) (target, error) {
	switch {
	case asked != "":
		return target{asked, FromRequest}, nil
	case channel == carrier.Hero:
		return target{}, nil
	case channel == carrier.NHSApp && p.NHSNumber == "":
		return target{}, ErrNoContact.Saying("This patient has no NHS number, which the NHS App needs.")
	case channel == carrier.NHSApp:
		return target{}, nil
	}
	value := map[carrier.Channel]string{carrier.SMS: p.Mobile, carrier.Email: p.Email}[channel]
	if value == "" {
		return target{}, ErrNoContact
	}
	contacts, err := r.Contacts(ctx, group, p.ID)
	if err != nil {
		return target{}, err
	}
	used, ok := contacts.Used(contactKinds[channel])
	if !ok {
		used.Source = patient.FromCaller // kept before there were sources
	}
	return target{value, string(used.Source)}, nil
}

// Reachable refuses patients nobody may write to.
func Reachable(p patient.Patient) error {
	switch {
	case p.Restricted:
		return ErrRestricted
	case p.Deleted():
		return patient.ErrNotFound
	case !p.DeceasedAt.IsZero():
		return ErrDeceased
	case p.NumberStatus == patient.NumberWithdrawn:
		return ErrWithdrawn
	}
	return nil
}
