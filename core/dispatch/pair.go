package dispatch

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
)

// seconds is the carrier that would be the first to try for each channel that a
// message may go on by; empty where no carrier takes both ways at once.
func (s *Service) seconds(ctx context.Context, group practice.ID,
	carriers []carrier.Carrier) (map[carrier.Channel]string, error) {
	if !slices.ContainsFunc(carriers, func(c carrier.Carrier) bool { _, ok := c.(carrier.Pairer); return ok }) {
		return nil, nil
	}
	out := map[carrier.Channel]string{}
	for _, channel := range []carrier.Channel{carrier.SMS, carrier.Email} {
		found, err := s.Messages.Carriers(ctx, group, channel)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			out[channel] = found[0].Name()
		}
	}
	return out, nil
}

// pair finds whether a message is handed over for both its ways at once. That is
// kept before it goes, so that its receipts are understood.
func (d *dispatcher) pair(by carrier.Carrier, m *Outbound, a messaging.Addressee) {
	if m.Fallback == "" {
		return
	}
	was := m.Paired
	m.Paired = false
	pairer, _ := by.(carrier.Pairer)
	if pairer == nil || !was && d.seconds[m.Fallback] != by.Name() {
		return
	}
	// A carrier that may have it already has it for both.
	free := was || m.Check(2, a) == nil && (!m.Foreign(2) || carrier.GoesAbroad(by))
	p := carrier.Pair{Second: m.Fallback, To: m.FallbackContact, Unread: time.Duration(m.UnreadMinutes) * time.Minute}
	p.Known = slices.ContainsFunc(a.Contacts, func(c contactpoint.Point) bool {
		return c.Kind == messaging.ContactKind(p.Second) && c.Source == contactpoint.FromPDS && c.Value == p.To
	})
	if m.Paired = was || free && pairer.Pairs(m.Channel, p); m.Paired {
		m.Pair = p
	}
}

// legOf is the leg that is told about. A message in a pair has the key of its first leg for both.
func legOf(m messaging.Message, r carrier.Receipt, leg int) int {
	switch {
	case !m.Paired:
		return leg
	case r.Channel == m.Channel:
		return 1
	case r.Channel == m.Fallback:
		return 2
	}
	return m.Leg
}

// follow applies a receipt for one way of a pair: the carrier has the
// message, and when its first way has failed it is on the second.
func (s *Settled) follow(r carrier.Receipt, leg int, at time.Time) {
	if s.State == messaging.Unknown {
		s.State, s.SentAt, s.EndedAt, s.Code, s.Reason = messaging.Sent, at, time.Time{}, "", ""
	}
	if leg == 2 || r.Progress == carrier.ProgressFailed && r.Channel == s.Channel && s.State != messaging.Read {
		s.Leg = 2
	}
}

// fresh reports whether a receipt for a pair is worth a step. Its state does not
// show that: the outcome of one way may leave it as it is.
func fresh(ctx context.Context, tx Tx, group practice.ID, id messaging.ID, r carrier.Receipt, changed bool,
	leg int) (bool, error) {
	if r.Whole && !changed {
		return false, nil // a receipt for the channel came before
	}
	steps, err := tx.Steps(ctx, group, id)
	return !slices.ContainsFunc(steps, func(s messaging.Step) bool {
		return s.Leg == leg && (s.What == string(r.Progress) || s.What == string(carrier.ProgressRead) &&
			r.Progress == carrier.ProgressDelivered)
	}), err
}
