package webhook

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/core/practice"
)

// Lane is one endpoint's share of the courier: its own queue and its own
// attempts, so that an endpoint that hangs holds up nobody but itself.
type Lane struct {
	Group   practice.ID
	Webhook ID
	// Type is the one type it is told of; empty for a subscription.
	Type Type
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
	// Observe hears of each attempt: what came of it, and how long it took. The
	// result is "delivered", a Failure, or the class of the HTTP status: "5xx".
	Observe func(result string, took time.Duration)

	mu    sync.Mutex
	lanes map[Lane]*lane
	rung  map[ring]bool
	bell  chan struct{}
	going sync.WaitGroup
	lag   atomic.Int64
}

// Lag is how long the delivery that is most overdue has been waiting for an
// attempt. It grows when the courier cannot keep up.
func (c *Courier) Lag() time.Duration { return time.Duration(c.lag.Load()) }

// ring is that events of a type have happened in a group.
type ring struct {
	group practice.ID
	of    Type
}

const (
	sweepEach = time.Second
	// calm is how long it waits after looking where it was rung: at hundreds of
	// events a second the lanes that are open are told at once anyway.
	calm = 50 * time.Millisecond
)

// NewCourier makes a courier. Run starts it.
func NewCourier(s *Service, log *slog.Logger, clock func() time.Time) *Courier {
	return &Courier{Service: s, Log: log, Each: sweepEach, Clock: clock, Observe: func(string, time.Duration) {}, lanes: map[Lane]*lane{}, rung: map[ring]bool{}, bell: make(chan struct{}, 1)}
}

// Ring tells the courier that events of a type were committed, or with the empty
// type something of any. It never waits.
func (c *Courier) Ring(group practice.ID, of Type) {
	c.mu.Lock()
	for at, l := range c.lanes {
		if at.Group == group && (at.Type == of || at.Type == "" || of == "") {
			l.ring()
		}
	}
	c.rung[ring{group, of}] = true
	c.mu.Unlock()
	select {
	case c.bell <- struct{}{}:
	default:
	}
}

// Run delivers until the context ends; then it begins no more attempts, and
// returns when those under way have ended and are written down.
func (c *Courier) Run(ctx context.Context) {
	defer c.going.Wait()
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
			select {
			case <-time.After(calm):
			case <-ctx.Done():
			}
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
		l.ring()
	}
	return found
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
	return true
}
