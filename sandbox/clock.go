package sandbox

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	dispatchstore "frontdesk/store/dispatch"
	practicestore "frontdesk/store/practice"
)

const (
	// mostForward is how far the clock of a sandbox can be moved in all, and mostAtOnce in one go.
	mostForward, mostAtOnce = 400 * 24 * time.Hour, 31 * 24 * time.Hour
	// step is how far it goes before what is due by then is done. A reminder that is two hours late is not sent.
	step = time.Hour
	// patience is how long a step waits for messages that are on their way.
	patience = 10 * time.Second
)

// ErrTooFar is returned for a move that is none, or goes too far.
var ErrTooFar = fault.Wrong("forward", input.CodeBig, "more than nothing, at most 744h at once and 400 days in all",
	"The clock cannot be moved that far.")

// Clock is the clock of a sandbox: the real one, and as far ahead of it as it was moved. It begins with the real time
// whenever the program starts.
type Clock struct {
	// Due does what is due after each step.
	Due   func(context.Context) error
	ahead atomic.Int64
	// moving lets one visitor move the clock at a time.
	moving sync.Mutex
}

// Now is the time in the town.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Move moves the clock forward in steps, so that what is due on the way is done at its time. Error: ErrTooFar.
func (c *Clock) Move(ctx context.Context, by time.Duration) error {
	c.moving.Lock()
	defer c.moving.Unlock()
	if by <= 0 || by > mostAtOnce || by > mostForward-time.Duration(c.ahead.Load()) {
		return ErrTooFar
	}
	for by > 0 {
		next := min(by, step)
		by -= next
		c.ahead.Add(int64(next))
		if c.Due == nil {
			continue
		}
		if err := c.Due(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Sent waits until no message is due or being handed over, but not for ever: a carrier of the town may be slow.
func (sb *Sandbox) Sent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	groups, err := practicestore.New(sb.DB).Groups(ctx)
	if err != nil {
		return err
	}
	messages := dispatchstore.New(sb.DB)
	often := time.NewTicker(20 * time.Millisecond)
	defer often.Stop()
	for _, g := range groups {
		for {
			due, err := messages.DueChannels(ctx, g.ID, sb.Now())
			if err != nil {
				return err
			}
			out, err := messages.LostLeases(ctx, g.ID, sb.Now().Add(mostForward), 1)
			if err != nil {
				return err
			}
			if len(due)+len(out) == 0 {
				break
			}
			select {
			case <-often.C:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}
