package graph

import (
	"sync"
	"time"
)

// attempts counts what strangers ask for, by their address, in a minute that
// begins with the first. It is this node's own count: what protects a password is
// kept in the database, and this only keeps one address from keeping us busy.
type attempts struct {
	now  func() time.Time
	mu   sync.Mutex
	from map[string]window
}

type window struct {
	since time.Time
	used  int
}

const (
	attemptWindow = time.Minute
	attemptLimit  = 60
	manyAddresses = 10_000
)

// take uses one attempt, or says how long to wait.
func (a *attempts) take(from string) time.Duration {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.from == nil || len(a.from) > manyAddresses {
		a.from = map[string]window{}
	}
	w := a.from[from]
	if now.Sub(w.since) >= attemptWindow {
		w = window{since: now}
	}
	w.used++
	a.from[from] = w
	if w.used > attemptLimit {
		return w.since.Add(attemptWindow).Sub(now)
	}
	return 0
}
