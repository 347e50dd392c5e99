package courier

import (
	"context"
	"sync/atomic"
	"time"

	"frontdesk/core/webhook"
)

const (
	// A sender begins with a few attempts at once, has twice as many after each that
	// succeeds, and one after one that failed.
	firstAtOnce = 4
	mostAtOnce  = 32
	// Attempts that ended wait so long to be written down together, while there are
	// others to make; those of a blocked sender longer.
	collect        = 3 * time.Millisecond
	collectBlocked = 250 * time.Millisecond
	// idleAfter is how long a sender stays open with nothing to do, and soon how far
	// ahead the next attempt may be for it to stay open.
	idleAfter = 10 * time.Second
	soon      = 30 * time.Second
	// retryAfter is how long it waits after an error of the database.
	retryAfter = time.Second
	// blockedAfter is how long none of its attempts has to end, with no room for another, for a sender to be blocked.
	blockedAfter = 100 * time.Millisecond
)

// sender delivers to one endpoint. All its fields belong to the goroutine of run, but for those that say otherwise.
type sender struct {
	Endpoint
	c    *Courier
	wake chan struct{} // something was committed

	webhook  webhook.Webhook
	waiting  []Claimed // leased, and not begun
	underWay int       // attempts
	limit    int       // of attempts under way
	results  chan Settled
	ended    []Settled // results to write down
	endedAt  time.Time // of the first of ended
	movedAt  time.Time // when an attempt last ended, or there last was room for one
	usedAt   time.Time // when there last was something to do
	blocked  bool      // changed with the courier's mu held

	nextClaim  time.Time // when to ask for more; the zero time is when woken
	notBefore  time.Time // no exchange before, after an error
	exchanging bool
	wokenAgain bool // woken while exchanging, which may have looked too early
	exchanges  chan exchange

	// off is that the endpoint was deleted or switched off. Then it is only woken
	// when it is found due again. Anyone may read and change it.
	off atomic.Bool
}

func newSender(c *Courier, at Endpoint) *sender {
	return &sender{
		Endpoint: at, c: c, wake: make(chan struct{}, 1), limit: firstAtOnce,
		results: make(chan Settled, mostAtOnce), exchanges: make(chan exchange, 1), usedAt: c.Clock(),
	}
}

func (s *sender) run(ctx context.Context) {
	posting := context.WithoutCancel(ctx) // what is on its way goes on to its own time limit
	stopping := ctx.Done()
	for {
		if ctx.Err() != nil {
			s.giveBack(0)
		} else {
			s.beginAttempts(posting)
		}
		s.judgeBlocked()
		wait, over := s.next(posting, ctx.Err() != nil)
		if over && s.c.closed(s) {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case r := <-s.results:
			s.attemptEnded(r)
		case x := <-s.exchanges:
			s.exchanged(ctx, x)
		case <-s.wake:
			s.nextClaim, s.usedAt, s.wokenAgain = s.c.Webhooks.Now(), s.c.Clock(), s.exchanging
		case <-stopping:
			stopping = nil
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next begins an exchange with the database when it is time for one, and gives how long to wait for something to
// happen. over says that there is nothing to wait for.
func (s *sender) next(ctx context.Context, stopping bool) (wait time.Duration, over bool) {
	now, each := s.c.Webhooks.Now(), s.c.LookEvery
	claimable := !stopping && s.room() > 0 && !s.nextClaim.IsZero() && !s.nextClaim.After(now)
	switch {
	case s.exchanging:
		return each, false
	case len(s.ended) > 0 || claimable:
		if wait := s.notBefore.Sub(s.c.Clock()); wait > 0 {
			// When stopping, a database that does not answer is left: leases run out.
			return wait, stopping && s.underWay == 0
		}
		if wait := s.collecting(); wait > 0 {
			return wait, false
		}
		s.beginExchange(ctx, stopping)
		return each, false
	case s.underWay > 0 || len(s.waiting) > 0:
		return each, false
	case stopping:
		return 0, true
	case !s.nextClaim.IsZero() && s.nextClaim.Sub(now) < soon:
		return min(max(s.nextClaim.Sub(now), time.Millisecond), each), false
	case !s.off.Load() && s.c.Clock().Sub(s.usedAt) < idleAfter:
		return each, false
	}
	return 0, true
}

// collecting is how long results still wait to be written down with others.
func (s *sender) collecting() time.Duration {
	if len(s.ended) == 0 || len(s.ended) >= mostAtOnce || s.underWay == 0 {
		return 0
	}
	wait := time.Duration(0)
	switch {
	case s.blocked:
		wait = collectBlocked
	case len(s.waiting) > 0:
		wait = collect
	}
	return wait - s.c.Clock().Sub(s.endedAt)
}

// room is how many more deliveries the sender can lease. A fast endpoint has some
// waiting, so that it need not wait for the database.
func (s *sender) room() int {
	most := s.limit
	switch {
	case s.limit == mostAtOnce:
		most = 4 * mostAtOnce
	case s.limit > 1:
		most = 2 * s.limit
	}
	if len(s.waiting) > most/2 {
		return 0
	}
	return max(0, most-len(s.waiting)-s.underWay)
}

// beginAttempts begins as many attempts as the sender may have under way. When others have so many that it may have no
// more, it does with those it has, and gives back what would wait too long, until one of its own is delivered.
func (s *sender) beginAttempts(ctx context.Context) {
	for s.underWay < s.limit && len(s.waiting) > 0 {
		if !s.c.mayBegin(s.underWay) {
			s.limit = s.underWay
			s.giveBack(s.limit)
			return
		}
		s.underWay++
		d, w := s.waiting[0], s.webhook
		s.waiting = s.waiting[1:]
		go func() { s.results <- s.c.attempt(ctx, s.Endpoint, w, d) }()
	}
}

// attemptEnded takes the result of an attempt.
func (s *sender) attemptEnded(r Settled) {
	s.underWay--
	s.c.ended(s.underWay)
	s.usedAt = s.c.Clock()
	s.movedAt = s.usedAt
	if len(s.ended) == 0 {
		s.endedAt = s.usedAt
	}
	s.ended = append(s.ended, r)
	s.c.Observe(r.result(), r.Attempt.Took)
	if r.State == webhook.Delivered {
		s.setBlocked(false)
		s.limit = min(2*s.limit, mostAtOnce)
		return
	}
	s.limit = 1
	s.giveBack(1)
	if r.heldUntil.After(s.webhook.HeldUntil) {
		s.webhook.HeldUntil = r.heldUntil
		s.giveBack(0)
	}
}

// giveBack gives up what waits beyond the first few, as if it had never been leased.
func (s *sender) giveBack(keep int) {
	if len(s.waiting) <= keep {
		return
	}
	for _, d := range s.waiting[keep:] {
		back := d.Delivery
		back.Attempts--
		back.DueAt, back.Leased = s.c.Webhooks.Now().Truncate(time.Microsecond), false
		s.ended = append(s.ended, Settled{Delivery: back, Lease: d.Lease})
	}
	s.waiting = s.waiting[:keep]
}

// judgeBlocked sees whether the sender is blocked. It stays so while attempts fail one after the other.
func (s *sender) judgeBlocked() {
	now := s.c.Clock()
	switch {
	case s.room() > 0:
		s.movedAt = now
		if s.underWay == 0 && len(s.ended) == 0 && !s.exchanging {
			s.setBlocked(false)
		}
	case s.underWay > 0 && now.Sub(s.movedAt) >= blockedAfter:
		s.setBlocked(true)
	}
}

func (s *sender) setBlocked(is bool) {
	if is == s.blocked {
		return
	}
	s.c.mu.Lock()
	s.blocked = is
	s.c.noteBlocked(s.Endpoint, is)
	s.c.mu.Unlock()
	if !is {
		s.nextClaim = s.c.Webhooks.Now() // it was not woken meanwhile
	}
}
