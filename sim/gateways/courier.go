package gateways

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	couriers  = 4
	maxQueued = 10_000
	// A call that is not answered with success is made this often.
	calls     = 3
	callAgain = time.Second
)

// courier posts delivery receipts to the practice, a few calls at a time.
// What does not find room in its queue is never delivered.
type courier[T any] struct {
	// together is how many parcels one call may carry.
	together int
	// call makes one call.
	call func(ctx context.Context, what []T) error

	mu     sync.Mutex
	queue  chan parcel[T] // nil until there is something to send
	stop   context.CancelFunc
	closed bool
	all    sync.WaitGroup
}

type parcel[T any] struct {
	due  time.Time
	what T
}

// send queues something to be delivered after a delay.
func (c *courier[T]) send(what T, delay time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.queue == nil {
		ctx, stop := context.WithCancel(context.Background())
		c.queue, c.stop = make(chan parcel[T], maxQueued), stop
		for range couriers {
			c.all.Go(func() { c.work(ctx) })
		}
	}
	select {
	case c.queue <- parcel[T]{time.Now().Add(delay), what}:
	default:
	}
}

// close ends the work, and forgets what has not been delivered.
func (c *courier[T]) close() {
	c.mu.Lock()
	c.closed = true
	if c.stop != nil {
		c.stop()
	}
	c.mu.Unlock()
	c.all.Wait()
	caller.CloseIdleConnections()
}

func (c *courier[T]) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-c.queue:
			if !sleep(ctx, time.Until(p.due)) {
				return
			}
			c.deliver(ctx, c.more(p))
		}
	}
}

// more adds to a parcel the others that are due and may go with it.
func (c *courier[T]) more(first parcel[T]) []T {
	out := []T{first.what}
	for len(out) < c.together {
		select {
		case p := <-c.queue:
			out = append(out, p.what) // a moment early, if at all
		default:
			return out
		}
	}
	return out
}

func (c *courier[T]) deliver(ctx context.Context, what []T) {
	for try := range calls {
		if try > 0 && !sleep(ctx, callAgain) || c.call(ctx, what) == nil {
			return
		}
	}
}

// sleep waits, and says whether it was not disturbed.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var (
	errNotTaken = errors.New("the practice did not take the call")

	// caller makes the calls of all the simulators.
	caller = &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: couriers, IdleConnTimeout: 5 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
)

// post makes a call, and is content with any status of success.
func post(ctx context.Context, url string, h http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = h
	resp, err := caller.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return errNotTaken
	}
	return nil
}
