package store

import (
	"context"
	"sync/atomic"
)

type countKey struct{}

// Counting is a context under which statements are counted, and how many there
// were so far. Tests hold lists to it: however long one is, it takes as many.
func Counting(ctx context.Context) (context.Context, func() int64) {
	var n atomic.Int64
	return context.WithValue(ctx, countKey{}, &n), n.Load
}

func tally(ctx context.Context, n int) {
	if c, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		c.Add(int64(n))
	}
}
