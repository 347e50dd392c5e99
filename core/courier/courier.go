package courier

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

// Endpoint names an endpoint to the courier.
type Endpoint struct {
	Group   practice.ID
	Webhook webhook.ID
	// Type is the one type of event it gets; empty for several.
	Type event.Type
}

// gets reports whether it may get events of a type; the empty type is any.
func (e Endpoint) gets(of event.Type) bool { return e.Type == of || e.Type == "" || of == "" }

// Due is an endpoint with something to deliver, and since when.
type Due struct {
	Endpoint
	Since time.Time
}

// Courier delivers. Notify announces new deliveries to it, and every second it looks
// for those whose time has come, or which another program left behind.
type Courier struct {
	Queue    Queue
	Webhooks *webhook.Service
	Poster   Poster
	// Details gives what an event leaves out: names, contact details, texts.
	Details func(ctx context.Context, group practice.ID, e event.Event) (json.RawMessage, error)
	// SembleBody writes an event as an endpoint in that format gets it. It is the
	// GraphQL API's, which documents the format and has its names.
	SembleBody func(w webhook.Webhook, e event.Event) ([]byte, error)
	Log        *slog.Logger
	// LookEvery is how often it looks for what it was not notified of, and the longest a sender sleeps: the program's
	// clock may be moved. New makes it a second.
	LookEvery time.Duration
	// Clock is the machine's, which no test moves: it says how long a sender has been idle.
	Clock func() time.Time
	// Shared is how many attempts are made at once beyond the first of each sender, all together: each holds a
	// connection and some memory, and a thousand endpoints may hang at once. New makes it 2048.
	Shared int64
	// Observe gets the result of each attempt, and how long it took. The result is
	// "delivered", a Failure, or the class of the HTTP status: "5xx".
	Observe func(result string, took time.Duration)

	mu       sync.Mutex
	senders  map[Endpoint]*sender
	notified map[happened]bool
	wake     chan struct{}
	// blockedChanged says that a sender is blocked, or no longer is.
	blockedChanged chan struct{}
	// background is held while the database is used for what nothing waits for.
	background sync.Mutex
	running    sync.WaitGroup
	lag        atomic.Int64
	sharedUsed atomic.Int64
	blocked    atomic.Pointer[map[practice.ID][]webhook.ID]
}

// happened is that events of a type were committed in a group.
type happened struct {
	group practice.ID
	of    event.Type
}

const (
	lookEvery = time.Second
	shared    = 2048
	// A sender may have as many more attempts under way as a part of what is left of the shared ones: however many take
	// all they may, there is something left for the next (Choudhury and Hahne, Dynamic Queue Length Thresholds,
	// IEEE/ACM Transactions on Networking 6(2), 1998).
	partOfShared = 4
	// lookPause is how long it waits after looking where it was notified: at hundreds
	// of events a second the senders that are open are woken at once anyway.
	lookPause = 50 * time.Millisecond
)

// New makes a courier. Run starts it.
func New(q Queue, s *webhook.Service, p Poster, log *slog.Logger, clock func() time.Time) *Courier {
	return &Courier{
		Queue: q, Webhooks: s, Poster: p, Log: log, LookEvery: lookEvery, Clock: clock, Shared: shared,
		Observe: func(string, time.Duration) {},
		senders: map[Endpoint]*sender{}, notified: map[happened]bool{},
		wake: make(chan struct{}, 1), blockedChanged: make(chan struct{}, 1),
	}
}

// signal puts a value into a channel that holds one, unless it is full.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pause waits, or until the context ends.
func pause(ctx context.Context, long time.Duration) {
	select {
	case <-time.After(long):
	case <-ctx.Done():
	}
}

// Notify announces that events of a type were committed, or with the empty type
// something to deliver of any. It never waits.
func (c *Courier) Notify(group practice.ID, of event.Type) {
	c.mu.Lock()
	for at, s := range c.senders {
		if at.Group == group && at.gets(of) && !s.off.Load() {
			c.wakeUp(s)
		}
	}
	c.notified[happened{group, of}] = true
	c.mu.Unlock()
	signal(c.wake)
}

// wakeUp wakes a sender, unless it is blocked and can take nothing. It is called with mu held.
func (c *Courier) wakeUp(s *sender) {
	if !s.blocked {
		signal(s.wake)
	}
}

// Run delivers until the context ends; then it begins no more attempts, and
// returns when those under way have ended and are written down.
func (c *Courier) Run(ctx context.Context) {
	defer c.running.Wait()
	c.running.Go(func() { c.emptyBacklog(ctx) })
	ticks := time.NewTicker(c.LookEvery)
	defer ticks.Stop()
	c.lookEverywhere(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			c.lookEverywhere(ctx)
		case <-c.wake:
			c.mu.Lock()
			notified := c.notified
			c.notified = map[happened]bool{}
			c.mu.Unlock()
			for h := range notified {
				c.look(ctx, func(ctx context.Context, now time.Time) ([]Due, error) {
					return c.Queue.DueOf(ctx, h.group, h.of, now)
				})
			}
			pause(ctx, lookPause)
		}
	}
}

// look starts senders for endpoints with something due, and wakes those there are.
func (c *Courier) look(ctx context.Context, due func(context.Context, time.Time) ([]Due, error)) []Due {
	found, err := due(ctx, c.Webhooks.Now())
	if err != nil {
		if ctx.Err() == nil {
			c.Log.WarnContext(ctx, "could not look for deliveries", "error", err)
		}
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range found {
		s := c.senders[d.Endpoint]
		if s == nil {
			s = newSender(c, d.Endpoint)
			c.senders[d.Endpoint] = s
			c.running.Go(func() { s.run(ctx) })
		}
		s.off.Store(false)
		c.wakeUp(s)
	}
	return found
}

// lookEverywhere looks for what the courier was not notified of, and how far behind it is.
func (c *Courier) lookEverywhere(ctx context.Context) {
	lag, now := time.Duration(0), c.Webhooks.Now()
	for _, d := range c.look(ctx, c.Queue.DueWebhooks) {
		lag = max(lag, now.Sub(d.Since))
	}
	c.lag.Store(int64(lag))
}

// Lag is how long the delivery that is most overdue has been waiting for an
// attempt. It grows when the courier cannot keep up.
func (c *Courier) Lag() time.Duration { return time.Duration(c.lag.Load()) }

// closed forgets a sender, unless it has been woken meanwhile.
func (c *Courier) closed(s *sender) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(s.wake) > 0 {
		return false
	}
	delete(c.senders, s.Endpoint)
	if s.blocked {
		c.noteBlocked(s.Endpoint, false)
	}
	return true
}

// mayBegin reports whether a sender with so many attempts under way may begin one
// more. Each that it may is followed by ended.
func (c *Courier) mayBegin(underWay int) bool {
	if underWay == 0 {
		return true
	}
	for {
		used := c.sharedUsed.Load()
		if int64(underWay)*partOfShared > c.Shared-used {
			return false
		}
		if c.sharedUsed.CompareAndSwap(used, used+1) {
			return true
		}
	}
}

// ended notes the end of an attempt of a sender that has so many others under way.
func (c *Courier) ended(others int) {
	if others > 0 {
		c.sharedUsed.Add(-1)
	}
}

// Blocked lists the endpoints of a group that cannot take anything for now: as many attempts are under way as there may
// be, and none ends. What happens meanwhile may wait in the backlog.
func (c *Courier) Blocked(group practice.ID) []webhook.ID {
	if blocked := c.blocked.Load(); blocked != nil {
		return (*blocked)[group]
	}
	return nil
}

// noteBlocked notes that a sender is blocked, or no longer is. It is called with mu held.
func (c *Courier) noteBlocked(at Endpoint, is bool) {
	all := map[practice.ID][]webhook.ID{}
	if before := c.blocked.Load(); before != nil {
		maps.Copy(all, *before)
	}
	ids := slices.DeleteFunc(slices.Clone(all[at.Group]), func(id webhook.ID) bool { return id == at.Webhook })
	if is {
		ids = append(ids, at.Webhook)
	}
	if all[at.Group] = ids; len(ids) == 0 {
		delete(all, at.Group)
	}
	c.blocked.Store(&all)
	signal(c.blockedChanged)
}

func (c *Courier) anyBlocked() bool {
	blocked := c.blocked.Load()
	return blocked != nil && len(*blocked) > 0
}

// inBackground uses the database for something that nothing waits for: one use
// after the other, each followed by a pause of three times as long.
func (c *Courier) inBackground(ctx context.Context, do func()) {
	c.background.Lock()
	defer c.background.Unlock()
	began := c.Clock()
	do()
	pause(ctx, 3*c.Clock().Sub(began))
}
