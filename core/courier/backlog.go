package courier

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

// Held is an event that happened while endpoints that get it were blocked.
type Held struct {
	Event    int64
	Webhooks []webhook.ID
}

const (
	// backlogEvery is how often the backlog is queued while there is one.
	backlogEvery = 150 * time.Millisecond
	// awaitedMost is how many of a group's events are queued in one go, and unawaitedMost how many while all endpoints
	// they are for are blocked: then each transaction is followed by unawaitedPause.
	awaitedMost    = 1000
	unawaitedMost  = 100
	unawaitedPause = 10 * time.Millisecond
	// In one transaction are fewAtOnce events, or this part of them when it falls behind.
	fewAtOnce     = 5
	partOfAwaited = 25
)

// emptyBacklog queues the backlog, again and again: most often while some endpoint is blocked, but also afterwards, for
// a transaction that began before may end later. Endpoints that are no longer blocked come first, in all groups.
func (c *Courier) emptyBacklog(ctx context.Context) {
	for {
		groups, err := c.Queue.Behind(ctx)
		anyAwaited := false
		for _, g := range groups {
			awaited, bad := c.queueAwaited(ctx, g)
			anyAwaited, err = anyAwaited || awaited, errors.Join(err, bad)
		}
		if !anyAwaited {
			for _, g := range groups {
				err = errors.Join(err, c.queueUnawaited(ctx, g))
			}
		}
		if err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "could not catch up with deliveries", "error", err)
		}
		wait := c.LookEvery
		if len(groups) > 0 || c.anyBlocked() {
			wait = backlogEvery
		}
		select {
		case <-time.After(wait):
		case <-c.blockedChanged:
		case <-ctx.Done():
			return
		}
	}
}

// queueAwaited queues the oldest of a group's backlog, if some endpoint that it is
// for is no longer blocked, and reports that.
func (c *Courier) queueAwaited(ctx context.Context, group practice.ID) (awaited bool, err error) {
	backlog, err := c.Queue.Backlog(ctx, group, awaitedMost)
	if err != nil || !c.isAwaited(group, backlog) {
		return false, err
	}
	b := batch{c: c, group: group, backlog: backlog, atOnce: max(fewAtOnce, len(backlog)/partOfAwaited)}
	return true, b.queue(ctx)
}

// queueUnawaited queues a little of a group's backlog, all of it for blocked endpoints. It leaves off when an endpoint
// becomes blocked or no longer is: then something may be awaited, in any group.
func (c *Courier) queueUnawaited(ctx context.Context, group practice.ID) error {
	backlog, err := c.Queue.Backlog(ctx, group, unawaitedMost)
	if err != nil {
		return err
	}
	b := batch{
		c: c, group: group, backlog: backlog, atOnce: fewAtOnce, pause: unawaitedPause,
		stop: func() bool { return len(c.blockedChanged) > 0 },
	}
	return b.queue(ctx)
}

// isAwaited reports whether an endpoint that has something in the backlog is no longer blocked.
func (c *Courier) isAwaited(group practice.ID, backlog []Held) bool {
	blocked := c.Blocked(group)
	return slices.ContainsFunc(backlog, func(h Held) bool {
		return slices.ContainsFunc(h.Webhooks, func(id webhook.ID) bool { return !slices.Contains(blocked, id) })
	})
}

// batch is a part of a group's backlog that is queued.
type batch struct {
	c       *Courier
	group   practice.ID
	backlog []Held
	atOnce  int           // events in one transaction
	pause   time.Duration // after each transaction
	stop    func() bool   // nil is never
}

// queue queues the events of one endpoint after the other, whose deliveries lie together, and then takes the events out
// of the backlog. Where the program ends in between they are queued again, which changes nothing.
func (b batch) queue(ctx context.Context) error {
	of, all := map[webhook.ID][]int64{}, make([]int64, len(b.backlog))
	for i, h := range b.backlog {
		all[i] = h.Event
		for _, id := range h.Webhooks {
			of[id] = append(of[id], h.Event)
		}
	}
	defer b.wake(of)
	for id, events := range of {
		done, err := b.inTurn(ctx, events, func(tx Tx, some []int64) error {
			return tx.QueueFromBacklog(ctx, b.group, id, some)
		})
		if err != nil || !done {
			return err
		}
	}
	_, err := b.inTurn(ctx, all, func(tx Tx, some []int64) error { return tx.DropFromBacklog(ctx, b.group, some) })
	return err
}

// wake wakes the senders of the endpoints for which something was queued.
func (b batch) wake(of map[webhook.ID][]int64) {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	for at, s := range b.c.senders {
		if len(of[at.Webhook]) > 0 {
			b.c.wakeUp(s)
		}
	}
}

// inTurn does something with events, few at a time, and reports whether it did so with all.
func (b batch) inTurn(ctx context.Context, events []int64, do func(Tx, []int64) error) (bool, error) {
	for some := range slices.Chunk(events, b.atOnce) {
		if b.stop != nil && b.stop() {
			return false, nil
		}
		var err error
		b.c.inBackground(ctx, func() {
			err = b.c.Queue.DoUnawaited(ctx, func(tx Tx) error { return do(tx, some) })
		})
		if err != nil {
			return false, err
		}
		if b.pause > 0 {
			pause(ctx, b.pause)
		}
	}
	return true, nil
}
