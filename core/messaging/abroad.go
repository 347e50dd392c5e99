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

// Foreign reports whether a leg of a message is a text message to a number of
// another country.
func (m Message) Foreign(leg int) bool {
	channel, contact := m.Channel, m.Contact
	if leg == 2 {
		channel, contact = m.Fallback, m.FallbackContact
	}
	return channel == carrier.SMS && input.Abroad(contact)
}

// Abroad reports whether a practice group has a carrier that brings text messages
// to numbers of other countries.
func (s *Service) Abroad(ctx context.Context, group practice.ID) (bool, error) {
	carriers, err := s.Carriers(ctx, group, carrier.SMS)
	return firstAbroad(carriers) != nil, err
}

func goesAbroad(c carrier.Carrier) bool {
	a, ok := c.(carrier.Abroader)
	return ok && a.Abroad()
}

// firstAbroad is the first carrier that brings text messages abroad, or nil.
func firstAbroad(carriers []carrier.Carrier) carrier.Carrier {
	for _, c := range carriers {
		if goesAbroad(c) {
			return c
		}
	}
	return nil
}

// abroad finds the carrier for a message that its own carrier does not bring where
// it is to go; nil is that it does. Error: ErrAbroad.
func (d *dispatcher) abroad(by carrier.Carrier, m Message) (carrier.Carrier, error) {
	if !m.Foreign(m.Leg) || goesAbroad(by) {
		return nil, nil
	}
	if other := firstAbroad(d.carriers); other != nil {
		return other, nil
	}
	return nil, ErrAbroad
}

// sendVia hands messages to their carriers: all to one, but for those that go
// abroad by another.
func sendVia(ctx context.Context, sends []carrier.Outgoing, via []carrier.Carrier) []carrier.Result {
	results := make([]carrier.Result, len(sends))
	done := make([]bool, len(sends))
	for first, by := range via {
		if done[first] {
			continue
		}
		var some []carrier.Outgoing
		var which []int
		for i := first; i < len(sends); i++ {
			if via[i] == by && len(some) < max(1, by.Together()) {
				some, which, done[i] = append(some, sends[i]), append(which, i), true
			}
		}
		if len(some) == 1 {
			results[which[0]].Accepted, results[which[0]].Err = by.Send(ctx, some[0])
			continue
		}
		for i, r := range by.SendAll(ctx, some) {
			results[which[i]] = r
		}
	}
	return results
}
