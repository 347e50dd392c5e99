package webhook

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/practice"
)

// Lane is one endpoint's share of the courier: its own queue and its own
// attempts, so that an endpoint that hangs holds up nobody but itself.
type Lane struct {
	Group   practice.ID
	Webhook ID
	// Type is the one type it is told of; empty for a subscription.
	Type event.Type
}

// Due is an endpoint with something to deliver, and since when.
type Due struct {
	Lane
	Since time.Time
}

// Courier delivers. It is told of new deliveries by Ring, and looks every
// second for those whose time has come, or which another program left behind.
type Courier struct {
	Service *Service
	Log     *slog.Logger
	// Each is how often it looks for what it was not told of, and the longest a
	// lane sleeps: the program's clock may be moved. NewCourier makes it a second.
	Each time.Duration
	// Clock is the machine's, which no test moves: it says how long a lane has
	// been idle.
	Clock func() time.Time
	// Spare is how many attempts are made at once beyond the first of each lane,
	// all lanes together: each holds a connection and some memory, and a thousand
	// endpoints may hang at once. NewCourier makes it 2048.
	Spare int64
	// Observe hears of each attempt: what came of it, and how long it took. The
	// result is "delivered", a Failure, or the class of the HTTP status: "5xx".
	Observe func(result string, took time.Duration)

	mu    sync.Mutex
	lanes map[Lane]*lane
	rung  map[ring]bool
	bell  chan struct{}
	// sticky says that a lane is stuck, or no longer is.
	sticky chan struct{}
	// patient is held by what uses the database without anybody waiting for it.
	patient sync.Mutex
	going   sync.WaitGroup
	lag     atomic.Int64
	spent   atomic.Int64 // of Spare
	stuck   atomic.Pointer[map[practice.ID][]ID]
}

// Stuck lists the endpoints of a group that cannot take anything for now: as
// many attempts are under way as there may be, and none ends. What happens
// meanwhile may wait in the backlog.
func (c *Courier) Stuck(group practice.ID) []ID {
	if stuck := c.stuck.Load(); stuck != nil {
		return (*stuck)[group]
	}
	return nil
}

// noteStuck notes that a lane is stuck, or no longer is. It is called with mu held.
func (c *Courier) noteStuck(at Lane, is bool) {
	all := map[practice.ID][]ID{}
	if before := c.stuck.Load(); before != nil {
		maps.Copy(all, *before)
	}
	others := slices.DeleteFunc(slices.Clone(all[at.Group]), func(id ID) bool { return id == at.Webhook })
	if is {
		others = append(others, at.Webhook)
	}
	if all[at.Group] = others; len(others) == 0 {
		delete(all, at.Group)
	}
	c.stuck.Store(&all)
	select {
	case c.sticky <- struct{}{}:
	default:
	}
}

func (c *Courier) anyStuck() bool {
	stuck := c.stuck.Load()
	return stuck != nil && len(*stuck) > 0
}

// Lag is how long the delivery that is most overdue has been waiting for an
// attempt. It grows when the courier cannot keep up.
func (c *Courier) Lag() time.Duration { return time.Duration(c.lag.Load()) }

// ring is that events of a type have happened in a group.
type ring struct {
	group practice.ID
	of    event.Type
}

const (
	sweepEach = time.Second
	spare     = 2048
	// A lane may make so many more attempts at once as a part of what is spare:
	// however many take all they may, there is something left for the next
	// (Choudhury and Hahne, Dynamic Queue Length Thresholds, IEEE/ACM Transactions
	// on Networking 6(2), 1998).
	partOfSpare = 4
	// calm is how long it waits after looking where it was rung: at hundreds of
	// events a second the lanes that are open are told at once anyway.
	calm = 50 * time.Millisecond
	// catchEach is how often the backlog is queued, and catchMost how many of a
	// group's events in one go. In one transaction are fewCaught of them, or a
	// partCaught of them all when it falls behind. While all they are for are
	// stuck there is no hurry: it takes catchSlow, and rests for noHurry after each.
	catchEach  = 150 * time.Millisecond
	catchMost  = 1000
	catchSlow  = 100
	fewCaught  = 5
	partCaught = 25
	noHurry    = 10 * time.Millisecond
)

// NewCourier makes a courier. Run starts it.
func NewCourier(s *Service, log *slog.Logger, clock func() time.Time) *Courier {
	return &Courier{
		Service: s, Log: log, Each: sweepEach, Clock: clock, Spare: spare, Observe: func(string, time.Duration) {},
		lanes: map[Lane]*lane{}, rung: map[ring]bool{}, bell: make(chan struct{}, 1), sticky: make(chan struct{}, 1),
	}
}

// Ring tells the courier that events of a type were committed, or with the empty
// type something of any. It never waits.
func (c *Courier) Ring(group practice.ID, of event.Type) {
	c.mu.Lock()
	for at, l := range c.lanes {
		if at.Group == group && (at.Type == of || at.Type == "" || of == "") && !l.off.Load() {
			c.tell(l)
		}
	}
	c.rung[ring{group, of}] = true
	c.mu.Unlock()
	select {
	case c.bell <- struct{}{}:
	default:
	}
}

// mayLaunch reports whether a lane with so many attempts under way may begin one
// more. Each that it may is followed by landed.
func (c *Courier) mayLaunch(flying int) bool {
	if flying == 0 {
		return true
	}
	for {
		spent := c.spent.Load()
		if int64(flying)*partOfSpare > c.Spare-spent {
			return false
		}
		if c.spent.CompareAndSwap(spent, spent+1) {
			return true
		}
	}
}

// landed takes note of the end of an attempt of a lane that has so many others
// under way.
func (c *Courier) landed(others int) {
	if others > 0 {
		c.spent.Add(-1)
	}
}

// tell tells a lane that there is something for it, unless it is stuck and can
// take nothing. It is called with mu held.
func (c *Courier) tell(l *lane) {
	if !l.stuck {
		l.ring()
	}
}

// Run delivers until the context ends; then it begins no more attempts, and
// returns when those under way have ended and are written down.
func (c *Courier) Run(ctx context.Context) {
	defer c.going.Wait()
	c.going.Go(func() { c.catchUp(ctx) })
	ticks := time.NewTicker(c.Each)
	defer ticks.Stop()
	c.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			c.sweep(ctx)
		case <-c.bell:
			c.mu.Lock()
			rung := c.rung
			c.rung = map[ring]bool{}
			c.mu.Unlock()
			for r := range rung {
				c.look(ctx, func(ctx context.Context, now time.Time) ([]Due, error) {
					return c.Service.Store.DueOf(ctx, r.group, r.of, now)
				})
			}
			rest(ctx, calm)
		}
	}
}

// look opens lanes for endpoints with something due, and wakes those open.
func (c *Courier) look(ctx context.Context, due func(context.Context, time.Time) ([]Due, error)) []Due {
	found, err := due(ctx, c.Service.Now())
	if err != nil {
		if ctx.Err() == nil {
			c.Log.WarnContext(ctx, "could not look for deliveries", "error", err)
		}
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range found {
		l := c.lanes[d.Lane]
		if l == nil {
			l = newLane(c, d.Lane)
			c.lanes[d.Lane] = l
			c.going.Go(func() { l.run(ctx) })
		}
		l.off.Store(false)
		c.tell(l)
	}
	return found
}

// catchUp queues the backlog, again and again: most often while some lane is stuck,
// but also afterwards, for a transaction that began before may end later.
func (c *Courier) catchUp(ctx context.Context) {
	for {
		groups, err := c.Service.Store.Behind(ctx)
		hurry := false
		for _, g := range groups {
			awaited, bad := c.catchUpIn(ctx, g, true)
			hurry, err = hurry || awaited, errors.Join(err, bad)
		}
		if !hurry {
			for _, g := range groups {
				_, bad := c.catchUpIn(ctx, g, false)
				err = errors.Join(err, bad)
			}
		}
		if err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "could not catch up with deliveries", "error", err)
		}
		wait := c.Each
		if len(groups) > 0 || c.anyStuck() {
			wait = catchEach
		}
		select {
		case <-time.After(wait):
		case <-c.sticky:
		case <-ctx.Done():
			return
		}
	}
}

// Missed is an event that happened while endpoints that want it were stuck.
type Missed struct {
	Event    int64
	Webhooks []ID
}

// unhurried does something with the database that nobody waits for, one after the
// other, and leaves those who wait three times as long as it takes.
func (c *Courier) unhurried(ctx context.Context, do func()) {
	c.patient.Lock()
	defer c.patient.Unlock()
	began := c.Clock()
	do()
	rest(ctx, 3*c.Clock().Sub(began))
}

func rest(ctx context.Context, long time.Duration) {
	select {
	case <-time.After(long):
	case <-ctx.Done():
	}
}

// catchUpIn queues the oldest of a group's backlog: little at a time, of one
// endpoint, whose deliveries lie together. In a hurry it does so if some endpoint
// that it is for is no longer stuck, and reports that; otherwise it takes its time,
// and leaves off when a lane has news: somebody may wait then, in any group.
func (c *Courier) catchUpIn(ctx context.Context, group practice.ID, hurry bool) (awaited bool, err error) {
	most := catchSlow
	if hurry {
		most = catchMost
	}
	backlog, err := c.Service.Store.Backlog(ctx, group, most)
	of, all := map[ID][]int64{}, make([]int64, len(backlog))
	for i, m := range backlog {
		all[i] = m.Event
		for _, id := range m.Webhooks {
			of[id] = append(of[id], m.Event)
		}
	}
	if err != nil || hurry && !c.isAwaited(group, of) {
		return false, err
	}
	n := fewCaught
	if hurry {
		n = max(n, len(all)/partCaught)
	}
	left := false
	do := func(events []int64, fn func(Tx, []int64) error) {
		for some := range slices.Chunk(events, n) {
			if left = left || !hurry && len(c.sticky) > 0; left || err != nil {
				return
			}
			c.unhurried(ctx, func() {
				err = c.Service.Store.DoUnawaited(ctx, func(tx Tx) error { return fn(tx, some) })
			})
			if !hurry {
				rest(ctx, noHurry)
			}
		}
	}
	for id, events := range of {
		do(events, func(tx Tx, some []int64) error { return tx.CatchUp(ctx, group, id, some) })
	}
	// Those whose program ends before this are queued again, which changes nothing.
	do(all, func(tx Tx, some []int64) error { return tx.CaughtUp(ctx, group, some) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, l := range c.lanes {
		if len(of[at.Webhook]) > 0 {
			c.tell(l)
		}
	}
	return hurry, err
}

// isAwaited reports whether an endpoint that has something in the backlog is no
// longer stuck.
func (c *Courier) isAwaited(group practice.ID, backlog map[ID][]int64) bool {
	stuck := c.Stuck(group)
	for id := range backlog {
		if !slices.Contains(stuck, id) {
			return true
		}
	}
	return false
}

// sweep looks for what the courier was not told of, and how far behind it is.
func (c *Courier) sweep(ctx context.Context) {
	lag, now := time.Duration(0), c.Service.Now()
	for _, d := range c.look(ctx, c.Service.Store.DueWebhooks) {
		lag = max(lag, now.Sub(d.Since))
	}
	c.lag.Store(int64(lag))
}

// leave closes a lane, unless it has been rung meanwhile.
func (c *Courier) leave(l *lane) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.bell) > 0 {
		return false
	}
	delete(c.lanes, l.Lane)
	if l.stuck {
		c.noteStuck(l.Lane, false)
	}
	return true
}
