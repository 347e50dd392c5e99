package app

import (
	"cmp"
	"context"
	"time"
)

// pacer measures how long a visitor waits to be identified, and has a refusal wait for the next multiple of a time: how
// long it took to find out says nothing then of what was found.
func pacer(every time.Duration) func() func(context.Context) {
	every = cmp.Or(every, 2*time.Second)
	return func() func(context.Context) {
		began := time.Now()
		return func(ctx context.Context) {
			timer := time.NewTimer(every - time.Since(began)%every)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		}
	}
}
