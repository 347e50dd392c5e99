package messaging

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
)

// The faults of messages a patient does not want. Direct care has none of them.
var (
	ErrOptedOut = fault.New(fault.Conflict, "opted_out", "The patient does not want such messages.")
	// ErrNotWanted is returned for what the patient's preferences rule out.
	ErrNotWanted = fault.New(fault.Conflict, "not_wanted", "The patient's preferences rule out such messages.")
)

// Check says whether a leg of a message may go to its patient as they are at
// this moment, and puts in where to. A contact detail that came with the request
// stays, and so does that of a message a carrier may have already. It is the one
// judgement there is: when a message is taken, and again when it is handed over.
// Errors: those of patient.Reachable, ErrNoContact, and ErrOptedOut and
// ErrNotWanted of what is not direct care.
func (m *Message) Check(leg int, a Addressee) error {
	if err := a.Reachable(); err != nil {
		return err
	}
	channel, contact, source := m.Channel, &m.Contact, &m.ContactSource
	if leg == 2 {
		channel, contact, source = m.Fallback, &m.FallbackContact, &m.FallbackSource
	}
	if *source != FromRequest && !(leg == m.Leg && m.unsure()) {
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

// wanted refuses what is not direct care and the patient does not want.
func (m *Message) wanted(channel carrier.Channel, contact string, a Addressee) error {
	if m.Purpose == DirectCare {
		return nil
	}
	no := func(b *bool) bool { return b != nil && !*b }
	switch {
	case a.OptedOut[Destination{channel, contact}]:
		return ErrOptedOut
	case no(a.Marketing), channel == carrier.SMS && no(a.ReceiveSMS), channel == carrier.Email && no(a.ReceiveEmail):
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

// unsure reports a message that a carrier may have already, and that is handed over
// again in the same request: as it was, or it would be another one.
func (m *Message) unsure() bool { return m.Request != "" }

// check checks messages that have been leased, in a few queries for all of them,
// and keeps what has changed since they were addressed.
func (d *dispatcher) check(ctx context.Context, tx Tx, by carrier.Carrier, claimed []Outbound) error {
	if len(claimed) == 0 {
		return nil
	}
	all, known := make([]Message, len(claimed)), make([]patient.Patient, len(claimed))
	for i, m := range claimed {
		all[i], known[i] = m.Message, m.Person
	}
	people, err := addressees(ctx, tx, d.group, all, known)
	if err != nil {
		return err
	}
	var changed []Message
	for i := range claimed {
		m := &claimed[i]
		a := people[m.Patient]
		leg := m.Leg
		if m.handed() {
			leg = 2
		}
		if m.Withheld = m.Check(leg, a); m.Withheld == nil && leg == 1 {
			d.pair(by, m, a)
		}
		if m.Withheld == nil && !m.handed() && m.Request == "" {
			m.Via, m.Withheld = d.abroad(by, m.Message)
		}
		kept := m.Message
		if m.Via != nil {
			kept.Carrier = m.Via.Name()
		}
		if kept != all[i] {
			changed = append(changed, kept)
		}
	}
	return tx.AmendMessages(ctx, d.group, changed)
}

// handed reports a message that is due because its first way has not been read in
// time: what is judged is whether it goes by the second.
func (m Message) handed() bool { return m.Prior == Sent || m.Prior == Delivered }

// verdict says whether a message that is due is to go, and what becomes of it
// otherwise.
func (d *dispatcher) verdict(m Outbound, now time.Time) (Settled, bool) {
	s := Settled{Message: m.Message, Was: m.Prior, At: now, Leased: m.Lease}
	switch {
	case m.handed() && m.Withheld != nil: // the first way has it, and that is all
		s.State, s.DueAt, s.What = m.Prior, time.Time{}, "withheld"
		s.StepLeg, s.StepChannel = 2, m.Fallback
		s.Code, s.Reason = why(m.Withheld)
		return s, false
	case m.handed():
		// It is due because nobody has read it: it goes on by the other way.
		s.next(now, "unread", "The patient has not read it in time.")
		return s, false
	case m.Withheld != nil:
		s.withhold(now, m.Withheld)
		return s, false
	case now.After(m.SendBy):
		s.State, s.EndedAt, s.What = Expired, now, "expired"
		s.Code, s.Reason = "too_late", "It could not be sent in time."
		return s, false
	}
	return s, true
}

// withhold keeps a message from going.
func (s *Settled) withhold(now time.Time, err error) {
	code, reason := why(err)
	switch {
	case s.unsure():
		s.unknown(now, code, reason+" The carrier may have it already.")
	case errors.Is(err, ErrNoContact), errors.Is(err, ErrAbroad):
		s.What = "withheld"
		s.next(now, code, reason)
	default:
		s.Suppress(err, now)
		s.Code, s.Reason, s.What = code, reason, "withheld"
	}
}

// why is a judgement in words that are kept with the message.
func why(err error) (code, reason string) {
	if errors.Is(err, patient.ErrNotFound) {
		return "patient_deleted", "This patient's record has been deleted. No message is sent."
	}
	f := fault.Of(err)
	return f.Code, f.Message
}
