package courier

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/webhook"
)

// leaseFor is how long leased deliveries are a sender's own: the longest an attempt
// takes, twice, because they may wait for the one before.
const leaseFor = 45 * time.Second

// Claim says which deliveries to lease.
type Claim struct {
	Now   time.Time
	Until time.Time // a lease that has run out falls due by itself
	Lease int64
	Limit int
}

// exchange is what a sender's transaction gave: results were written down, and deliveries leased.
type exchange struct {
	webhook webhook.Webhook
	off     bool // deleted, or switched off
	claimed []Claimed
	next    time.Time // when there is more to do; the zero time is never

	settled []Settled // what was to be written down
	err     error     // then nothing was written down, and nothing leased
}

// beginExchange begins a transaction of its own. One of a blocked sender waits
// behind others: a thousand may give up at once.
func (s *sender) beginExchange(ctx context.Context, stopping bool) {
	room := s.room()
	if stopping {
		room = 0
	}
	settled := s.ended
	s.ended, s.exchanging = nil, true
	do := func() { s.exchanges <- s.c.exchange(ctx, s.Endpoint, settled, room) }
	if s.blocked && !stopping {
		go s.c.inBackground(ctx, do)
	} else {
		go do()
	}
}

// exchange writes down how attempts went and leases at most so many deliveries that are due, in one transaction. A
// delivery whose result is lost with it goes out again, under the same id.
func (c *Courier) exchange(ctx context.Context, at Endpoint, settled []Settled, limit int) exchange {
	var out exchange
	err := c.Queue.DoUnawaited(ctx, func(tx Tx) error {
		out = exchange{}
		kept, err := tx.SettleDeliveries(ctx, at.Group, at.Webhook, settled)
		if err != nil {
			return err
		}
		now := c.Webhooks.Now().Truncate(time.Microsecond)
		w, err := tx.Webhook(ctx, at.Group, at.Webhook)
		if errors.Is(err, webhook.ErrNotFound) || err == nil && !w.DeletedAt.IsZero() {
			out.off = true
			return nil
		}
		if err == nil {
			w, err = c.keepHealth(ctx, tx, at.Group, w, settled, now)
		}
		if err == nil {
			err = reportFailed(ctx, tx, at.Group, w, kept, now)
		}
		if err != nil {
			return err
		}
		out.webhook, out.off = w, !w.DisabledAt.IsZero()
		if out.off || limit == 0 {
			return nil
		}
		if w.HeldUntil.After(now) {
			out.next = w.HeldUntil
			return nil
		}
		claim := Claim{Now: now, Until: now.Add(leaseFor), Lease: c.Webhooks.NewID(), Limit: limit}
		if out.claimed, err = tx.ClaimDeliveries(ctx, at.Group, at.Webhook, claim); err != nil {
			return err
		}
		if out.next = now; len(out.claimed) < limit {
			out.next, err = tx.NextDelivery(ctx, at.Group, at.Webhook)
		}
		return err
	})
	if err == nil && len(out.claimed) > 0 {
		out.webhook, err = c.Webhooks.Open(at.Group, out.webhook)
	}
	if limit == 0 {
		out.next = c.Webhooks.Now()
	}
	out.settled, out.err = settled, err
	return out
}

// exchanged takes what an exchange gave.
func (s *sender) exchanged(ctx context.Context, x exchange) {
	s.exchanging = false
	if x.err != nil {
		s.c.Log.WarnContext(ctx, "could not keep deliveries", "practice_group", s.Group, "webhook", s.Webhook, "error", x.err)
		s.ended = append(x.settled, s.ended...)
		s.notBefore = s.c.Clock().Add(retryAfter)
		return
	}
	s.off.Store(x.off)
	if s.nextClaim = x.next; x.off {
		s.nextClaim, s.webhook = time.Time{}, x.webhook
		s.giveBack(0)
	}
	if s.wokenAgain {
		s.nextClaim, s.wokenAgain = s.c.Webhooks.Now(), false
	}
	if x.off {
		return
	}
	held := s.webhook.HeldUntil
	if len(x.claimed) > 0 {
		s.webhook = x.webhook
	}
	if held.After(s.webhook.HeldUntil) {
		s.webhook.HeldUntil = held
	}
	s.waiting = append(s.waiting, x.claimed...)
	if s.webhook.HeldUntil.After(s.c.Webhooks.Now()) {
		s.giveBack(0)
	}
}
