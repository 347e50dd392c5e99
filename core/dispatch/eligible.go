package dispatch

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
)

// check checks messages that have been leased, in a few queries for all of them,
// and keeps what has changed since they were addressed.
func (d *dispatcher) check(ctx context.Context, tx Tx, by carrier.Carrier, claimed []Outbound) error {
	if len(claimed) == 0 {
		return nil
	}
	all, known := make([]messaging.Message, len(claimed)), make([]patient.Patient, len(claimed))
	for i, m := range claimed {
		all[i], known[i] = m.Message, m.Person
	}
	people, err := messaging.Addressees(ctx, tx, d.group, all, known)
	if err != nil {
		return err
	}
	abouts, err := d.abouts(ctx, tx, claimed)
	if err != nil {
		return err
	}
	links, err := d.links(ctx, tx, claimed)
	if err != nil {
		return err
	}
	var changed []messaging.Message
	for i := range claimed {
		m := &claimed[i]
		a := people[m.Patient]
		leg := m.Leg
		if m.Unread() {
			leg = 2
		}
		m.Withheld = m.Check(leg, a)
		if m.Withheld == nil && m.Notice != 0 {
			m.About = abouts[m.Notice]
			m.Withheld = m.About.Check(m.Patient, d.Now())
		}
		if m.Withheld == nil && m.carries() {
			m.Withheld = enclosure.Sendable(links[m.ShortLink], m.LinkVersion, m.Patient, d.Now())
		}
		if m.Withheld == nil && leg == 1 {
			d.pair(by, m, a)
		}
		if m.Withheld == nil && !m.Unread() && m.Request == "" {
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

// abouts finds what messages are about that the program sent by itself, as that is now.
func (d *dispatcher) abouts(ctx context.Context, tx Tx, claimed []Outbound) (map[messaging.NoticeID]messaging.About,
	error) {
	var ids []messaging.NoticeID
	for _, m := range claimed {
		if m.Notice != 0 {
			ids = append(ids, m.Notice)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.Abouts(ctx, d.group, ids)
}

// carries reports a message that is of no use without its link. One about an appointment goes without.
func (m Outbound) carries() bool { return m.ShortLink != 0 && m.Notice == 0 }

// links finds the links that messages carry, as they are now.
func (d *dispatcher) links(ctx context.Context, tx Tx, claimed []Outbound) (map[link.ID]link.Link, error) {
	var ids []link.ID
	for _, m := range claimed {
		if m.carries() && !slices.Contains(ids, m.ShortLink) {
			ids = append(ids, m.ShortLink)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.LinksAmong(ctx, d.group, ids)
}

// verdict says whether a message that is due is to go, and its outcome otherwise.
func (d *dispatcher) verdict(m Outbound, now time.Time) (Settled, bool) {
	s := Settled{Message: m.Message, Was: m.Prior, At: now, Leased: m.Lease}
	switch {
	case m.Unread() && m.Withheld != nil: // the first way has it, and that is all
		s.State, s.DueAt, s.What = m.Prior, time.Time{}, "withheld"
		s.StepLeg, s.StepChannel = 2, m.Fallback
		s.Code, s.Reason = why(m.Withheld)
		return s, false
	case m.Unread():
		// It is due because it is unread: it goes on by the other way.
		s.next(now, "unread", "The patient has not read it in time.")
		return s, false
	case m.Withheld != nil:
		s.withhold(now, m.Withheld)
		return s, false
	case now.After(m.SendBy):
		s.State, s.EndedAt, s.What = messaging.Expired, now, "expired"
		s.Code, s.Reason = "too_late", "It could not be sent in time."
		return s, false
	}
	return s, true
}

// withhold keeps a message from going.
func (s *Settled) withhold(now time.Time, err error) {
	code, reason := why(err)
	switch {
	case s.InDoubt():
		s.unknown(now, code, reason+" The carrier may have it already.")
	case errors.Is(err, messaging.ErrNoContact), errors.Is(err, messaging.ErrAbroad):
		s.What = "withheld"
		s.next(now, code, reason)
	case enclosure.Dead(err): // it goes no other way: the link is as dead there
		s.State, s.DueAt, s.EndedAt, s.What = messaging.Failed, time.Time{}, now, "withheld"
		s.Code, s.Reason = code, reason
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
	if link.Dead(err) {
		return f.Code, "The link in this message cannot be opened any more. No message is sent."
	}
	return f.Code, f.Message
}

// abroad finds the carrier for a message that its own carrier does not bring where
// it is to go; nil is that it does. Error: ErrAbroad.
func (d *dispatcher) abroad(by carrier.Carrier, m messaging.Message) (carrier.Carrier, error) {
	if !m.Foreign(m.Leg) || carrier.GoesAbroad(by) {
		return nil, nil
	}
	if other := carrier.FirstAbroad(d.carriers); other != nil {
		return other, nil
	}
	return nil, messaging.ErrAbroad
}
