package messaging

import (
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

// The faults of messages a patient does not want. Direct care has none of them, but for what the program sends by
// itself.
var (
	ErrOptedOut = fault.New(fault.Conflict, "opted_out", "The patient does not want such messages.")
	// ErrNotWanted is returned for what the patient's preferences rule out.
	ErrNotWanted = fault.New(fault.Conflict, "not_wanted", "The patient's preferences rule out such messages.")
)

// Check says whether a leg of a message may go to its patient as they are at this moment, and puts in where to. A
// contact detail that came with the request stays, and so does that of a message a carrier may have already. It is the
// one judgement there is: when a message is taken, and again when it is handed over. Errors: those of
// patient.Reachable, ErrNoContact, and ErrOptedOut and ErrNotWanted of what is not direct care.
func (m *Message) Check(leg int, a Addressee) error {
	if err := a.Reachable(); err != nil {
		return err
	}
	channel, contact, source := m.Channel, &m.Contact, &m.ContactSource
	if leg == 2 {
		channel, contact, source = m.Fallback, &m.FallbackContact, &m.FallbackSource
	}
	if *source != FromRequest && !(leg == m.Leg && m.InDoubt()) {
		own, from, err := a.own(channel)
		if err != nil {
			return err
		}
		if own != *contact || *source == "" {
			*contact, *source = own, from
		}
	}
	return m.wanted(channel, *contact, a)
}

// wanted refuses what the patient does not want: of direct care, only what the program sends by itself, by a channel
// that the patient rules out.
func (m *Message) wanted(channel carrier.Channel, contact string, a Addressee) error {
	no := func(b *bool) bool { return b != nil && !*b }
	out := channel == carrier.SMS && no(a.ReceiveSMS) || channel == carrier.Email && no(a.ReceiveEmail)
	switch {
	case m.Purpose == DirectCare && out && m.Notice != 0:
		return ErrNotWanted
	case m.Purpose == DirectCare:
		return nil
	case a.OptedOut[Destination{channel, contact}]:
		return ErrOptedOut
	case no(a.Marketing), out:
		return ErrNotWanted
	}
	return nil
}

// Unwanted reports a judgement by which a message is taken, and not sent.
func Unwanted(err error) bool { return errors.Is(err, ErrOptedOut) || errors.Is(err, ErrNotWanted) }

// Suppress ends a message that is not wanted.
func (m *Message) Suppress(err error, now time.Time) {
	f := fault.Of(err)
	m.State, m.DueAt, m.EndedAt, m.Code, m.Reason = Suppressed, time.Time{}, now, f.Code, f.Message
}

// InDoubt reports a message that a carrier may have already, and that is handed over
// again in the same request: as it was, or it would be another one.
func (m *Message) InDoubt() bool { return m.Request != "" }

// Unread reports a message that is due because its first way has not been read in
// time: what is judged is whether it goes by the second.
func (m Message) Unread() bool { return m.Prior == Sent || m.Prior == Delivered }
