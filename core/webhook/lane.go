package webhook

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"frontdesk/core/event"
)

const (
	// A lane begins with a few attempts at once, twice as many with each that
	// succeeds, and one after one that failed.
	firstAtOnce = 4
	mostAtOnce  = 32
	// leaseFor is how long deliveries in a lane's hand are its own: the longest
	// an attempt takes, twice, because they may wait for the one before.
	leaseFor = 45 * time.Second
	// gather is how long attempts that ended wait to be written down together,
	// while there are others to make, and gatherStuck how long those of a lane that
	// is stuck wait for the others.
	gather      = 3 * time.Millisecond
	gatherStuck = 250 * time.Millisecond
	// idle is how long a lane stays open with nothing to do, and soon how far
	// ahead the next attempt may be for it to stay open.
	idle = 10 * time.Second
	soon = 30 * time.Second
	// pause is how long it waits after an error of the database.
	pause = time.Second
	// stuckAfter is how long none of a full lane's attempts has to end for it to
	// be stuck.
	stuckAfter = 100 * time.Millisecond
)

// lane delivers to one endpoint. All its fields belong to the goroutine of run.
type lane struct {
	Lane
	c    *Courier
	bell chan struct{}

	webhook Webhook
	hand    []Claimed
	flying  int
	limit   int
	done    []Settled
	since   time.Time // when the first of done ended
	next    time.Time // when to ask for more; the zero time is not by itself
	rest    time.Time // no turn before, after an error
	used    time.Time
	stuck   bool      // changed with the courier's mu held
	moved   time.Time // when an attempt last ended, or there last was room for one

	// off is that the endpoint was deleted or switched off. Then only one that is
	// found due again is told of events.
	off atomic.Bool

	turning bool
	again   bool // rung while turning, which may have looked too early
	landed  chan Settled
	turns   chan turn
}

type turn struct {
	turned
	settled []Settled
	err     error
}

func newLane(c *Courier, at Lane) *lane {
	return &lane{
		Lane: at, c: c, bell: make(chan struct{}, 1), limit: firstAtOnce,
		landed: make(chan Settled, mostAtOnce), turns: make(chan turn, 1), used: c.Clock(),
	}
}

func (l *lane) ring() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

func (l *lane) run(ctx context.Context) {
	posting := context.WithoutCancel(ctx) // what is on its way goes on to its own time limit
	stopping := ctx.Done()
	for {
		if ctx.Err() != nil {
			l.giveBack(0)
		} else {
			l.launch(posting)
		}
		l.judge()
		wait := l.decide(posting, ctx.Err() != nil)
		if wait < 0 && l.c.leave(l) {
			return
		}
		timer := time.NewTimer(max(wait, 0))
		select {
		case s := <-l.landed:
			l.land(s)
		case t := <-l.turns:
			l.turned(ctx, t)
		case <-l.bell:
			l.next, l.used, l.again = l.c.Service.Now(), l.c.Clock(), l.turning
		case <-stopping:
			stopping = nil
		case <-timer.C:
		}
		timer.Stop()
	}
}

// launch makes as many attempts at once as the lane may. One that may make no more
// because others make so many does without, and gives back what would wait too
// long, until one of its own is delivered.
func (l *lane) launch(ctx context.Context) {
	for l.flying < l.limit && len(l.hand) > 0 {
		if !l.c.mayLaunch(l.flying) {
			l.limit = l.flying
			l.giveBack(l.limit)
			return
		}
		l.flying++
		d, w := l.hand[0], l.webhook
		l.hand = l.hand[1:]
		go func() { l.landed <- l.c.Service.post(ctx, l.Lane, w, d) }()
	}
}

// judge sees whether the lane is stuck. It stays so while attempts fail one after
// the other.
func (l *lane) judge() {
	now := l.c.Clock()
	switch {
	case l.wanted() > 0:
		l.moved = now
		if l.flying == 0 && len(l.done) == 0 && !l.turning {
			l.setStuck(false)
		}
	case l.flying > 0 && now.Sub(l.moved) >= stuckAfter:
		l.setStuck(true)
	}
}

func (l *lane) setStuck(is bool) {
	if is == l.stuck {
		return
	}
	l.c.mu.Lock()
	l.stuck = is
	l.c.noteStuck(l.Lane, is)
	l.c.mu.Unlock()
	if !is {
		l.next = l.c.Service.Now() // it was not rung meanwhile
	}
}

// land takes note of an attempt that has ended.
func (l *lane) land(s Settled) {
	l.flying--
	l.c.landed(l.flying)
	l.used = l.c.Clock()
	l.moved = l.used
	if len(l.done) == 0 {
		l.since = l.used
	}
	l.done = append(l.done, s)
	l.c.Observe(result(s), s.Attempt.Took)
	if s.State == Delivered {
		l.setStuck(false)
		l.limit = min(2*l.limit, mostAtOnce)
		return
	}
	l.limit = 1
	if l.giveBack(1); s.hold.After(l.webhook.HeldUntil) {
		l.webhook.HeldUntil = s.hold
		l.giveBack(0)
	}
}

// result is what came of an attempt, in a word out of a short list.
func result(s Settled) string {
	switch a := s.Attempt; {
	case s.State == Delivered:
		return "delivered"
	case a.Failure != "":
		return string(a.Failure)
	default:
		return string(rune('0'+a.Status/100)) + "xx"
	}
}

// giveBack gives up what is in hand beyond the first few, as if it had never
// been leased.
func (l *lane) giveBack(keep int) {
	if len(l.hand) <= keep {
		return
	}
	for _, d := range l.hand[keep:] {
		back := d.Delivery
		back.Attempts--
		back.DueAt, back.Leased = l.c.Service.Now().Truncate(time.Microsecond), false
		l.done = append(l.done, Settled{Delivery: back, Lease: d.Lease})
	}
	l.hand = l.hand[:keep]
}

// decide begins a turn when it is time for one, and says how long to wait for
// whatever comes; less than nothing is that there is nothing to wait for.
func (l *lane) decide(ctx context.Context, stopping bool) time.Duration {
	now := l.c.Service.Now()
	switch {
	case l.turning:
		return l.c.Each
	case len(l.done) > 0 || (!stopping && l.wanted() > 0 && !l.next.IsZero() && !l.next.After(now)):
		if wait := l.rest.Sub(l.c.Clock()); wait > 0 {
			if stopping && l.flying == 0 {
				return -1 // the database does not answer: the leases run out
			}
			return wait
		}
		// Others are on their way: what has ended is written down with them.
		if wait := l.gathers() - l.c.Clock().Sub(l.since); len(l.done) > 0 && len(l.done) < mostAtOnce && l.flying > 0 && wait > 0 {
			return wait
		}
		l.begin(ctx, stopping)
		return l.c.Each
	case l.flying > 0 || len(l.hand) > 0:
		return l.c.Each
	case stopping:
		return -1
	case !l.next.IsZero() && l.next.Sub(now) < soon:
		return min(max(l.next.Sub(now), time.Millisecond), l.c.Each)
	case !l.off.Load() && l.c.Clock().Sub(l.used) < idle:
		return l.c.Each
	}
	return -1
}

// gathers is how long attempts that ended wait to be written down with others.
func (l *lane) gathers() time.Duration {
	switch {
	case l.stuck:
		return gatherStuck
	case len(l.hand) > 0:
		return gather
	}
	return 0
}

// wanted is how many more deliveries the lane can take in hand. A fast endpoint
// has some wait in hand, so that it need not wait for the database.
func (l *lane) wanted() int {
	most := l.limit
	if l.limit == mostAtOnce {
		most = 4 * mostAtOnce
	}
	if l.limit > 1 && l.limit < mostAtOnce {
		most = 2 * l.limit
	}
	if len(l.hand) > most/2 {
		return 0
	}
	return max(0, most-len(l.hand)-l.flying)
}

func (l *lane) begin(ctx context.Context, stopping bool) {
	want := l.wanted()
	if stopping {
		want = 0
	}
	settled := l.done
	l.done, l.turning = nil, true
	take := func() {
		t, err := l.c.Service.turn(ctx, l.Lane, settled, want, leaseFor)
		if want == 0 {
			t.next = l.c.Service.Now()
		}
		l.turns <- turn{t, settled, err}
	}
	if l.stuck && !stopping {
		go l.c.unhurried(ctx, take) // a thousand may give up at once
	} else {
		go take()
	}
}

// turned takes what a turn gave.
func (l *lane) turned(ctx context.Context, t turn) {
	l.turning = false
	if t.err != nil {
		// Nothing was written down, and nothing leased.
		l.c.Log.WarnContext(ctx, "could not keep deliveries", "practice_group", l.Group, "webhook", l.Webhook, "error", t.err)
		l.done = append(t.settled, l.done...)
		l.rest = l.c.Clock().Add(pause)
		return
	}
	l.off.Store(t.off)
	if l.next = t.next; t.off {
		l.next, l.webhook = time.Time{}, t.webhook
		l.giveBack(0)
	}
	if l.again {
		l.next, l.again = l.c.Service.Now(), false
	}
	if t.off {
		return
	}
	held := l.webhook.HeldUntil
	if len(t.claimed) > 0 {
		l.webhook = t.webhook
	}
	if held.After(l.webhook.HeldUntil) {
		l.webhook.HeldUntil = held
	}
	l.hand = append(l.hand, t.claimed...)
	if l.webhook.HeldUntil.After(l.c.Service.Now()) {
		l.giveBack(0)
	}
}

// post makes one attempt.
func (s *Service) post(ctx context.Context, at Lane, w Webhook, d Claimed) Settled {
	began := s.Now().Truncate(time.Microsecond)
	p := Parcel{Style: w.Style, URL: w.URL, Attempt: d.Attempts, At: began, Headers: w.Secrets.Headers, Body: d.Body}
	for _, k := range w.signing(began) {
		p.Secrets = append(p.Secrets, k.Secret)
		if w.Asymmetric {
			p.Ed25519 = append(p.Ed25519, k.Seed)
		}
	}
	e := event.Event{ID: d.ID, Group: int64(at.Group), Type: d.Type, Subject: d.Subject, Sequence: d.Sequence, At: d.At, Data: d.Data}
	payload := NewPayload(e)
	p.ID = payload.ID
	var a Answer
	var err error
	if p.Body == nil {
		p.Body, err = s.payload(ctx, at, w, e, payload)
	}
	if err != nil {
		a = Answer{Failure: NotRead}
	} else {
		a = s.Poster.Post(ctx, p)
	}
	return settle(d.Delivery, d.Lease, began, a, s.Now().Truncate(time.Microsecond))
}

// payload is an event's payload as it goes out.
func (s *Service) payload(ctx context.Context, at Lane, w Webhook, e event.Event, p Payload) ([]byte, error) {
	if w.Style == Subscription {
		return json.Marshal(s.news(w, e))
	}
	if w.IncludeDetails && s.Details != nil {
		details, err := s.Details(ctx, at.Group, e)
		if err != nil {
			return nil, err
		}
		p = p.with(details)
	}
	return json.Marshal(p)
}
