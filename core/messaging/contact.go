package messaging

import (
	"context"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// contactKinds says which contact detail a channel uses.
var contactKinds = map[Channel]patient.ContactKind{SMS: patient.ContactMobile, Email: patient.ContactEmail}

// FromRequest is the source of a contact detail that came with the request.
const FromRequest = "request"

// target is where a leg goes, and who said so.
type target struct{ contact, source string }

// given reads a contact detail that came with a request.
func given(in *input.Checks, field, value string, channel Channel) string {
	switch channel {
	case SMS:
		return in.Mobile(field, value)
	case Email:
		return in.Email(field, value)
	}
	if value != "" {
		in.Wrong(field, input.CodeString, "nothing", "A message of this kind goes to no number or address.")
	}
	return ""
}

// aim finds where a message by a channel goes to: the detail that came with the
// request, or the one used of the patient's own. Error: ErrNoContact.
func aim(ctx context.Context, r Reader, group practice.ID, p patient.Patient, channel Channel, asked string) (target, error) {
	switch {
	case asked != "":
		return target{asked, FromRequest}, nil
	case channel == Hero:
		return target{}, nil
	case channel == NHSApp && p.NHSNumber == "":
		return target{}, ErrNoContact.Saying("This patient has no NHS number, which the NHS App needs.")
	case channel == NHSApp:
		return target{}, nil
	}
	value := map[Channel]string{SMS: p.Mobile, Email: p.Email}[channel]
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

// reachable refuses patients nobody may write to.
func reachable(p patient.Patient) error {
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
