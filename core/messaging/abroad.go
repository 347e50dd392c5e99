package messaging

import (
	"context"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// ErrAbroad is returned for a text message to a number of another country, which
// no carrier of the practice brings there.
var ErrAbroad = fault.New(fault.Conflict, "number_abroad",
	"This is a number of another country, and this practice group has no carrier that brings text messages there.")

// Foreign reports whether a leg of a message is a text message to a number of another country.
func (m Message) Foreign(leg int) bool {
	channel, contact := m.Channel, m.Contact
	if leg == 2 {
		channel, contact = m.Fallback, m.FallbackContact
	}
	return channel == carrier.SMS && input.Abroad(contact)
}

// Abroad reports whether a practice group has a carrier that brings text messages to numbers of other countries.
func (s *Service) Abroad(ctx context.Context, group practice.ID) (bool, error) {
	carriers, err := s.Carriers(ctx, group, carrier.SMS)
	return carrier.FirstAbroad(carriers) != nil, err
}
