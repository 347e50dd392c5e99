// Package limit counts how many requests a key or a session makes in a minute.
// The limit holds over all nodes of one database: docs/decisions/rate-limits.md
// says how, and why no library does it.
package limit

import (
	"context"
	"sync"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// Window is the length of a rate limit's window. It begins with the first
// request after the last window ended.
const Window = time.Minute

// ErrLimited is returned when a key or a session has used up its minute.
var ErrLimited = fault.New(fault.Limited, "rate_limited", "Too many requests with this key. Wait, then try again.")

// Budget is what is left of a minute.
type Budget struct {
	Limit     int // requests in a window; 0 is no limit
	Remaining int
	Reset     time.Duration // until the window ends
}

// Store keeps the counters that all nodes share.
type Store interface {
	// TakeRate adds want requests to the current window of a key or a session. It
	// starts a new window when the last one began a window's length ago or earlier,
	// or that far ahead of a clock that was put back. It gives the window's start and
	// what all nodes have taken from it.
	TakeRate(
		ctx context.Context, group access.GroupID, id int64, now time.Time, window time.Duration, want int,
	) (start time.Time, used int, err error)
}

// Service is rate limits.
type Service struct {
	Store Store
	Now   func() time.Time

	mu     sync.Mutex
	shares map[int64]*share // by key or session
}

// share holds the requests this node has taken from the shared counter and not yet
// used. The counter in the database is what counts; taking from it in blocks keeps
// most requests away from it.
type share struct {
	mu    sync.Mutex
	start time.Time // of the window
	left  int       // taken by this node and not used
	used  int       // taken by all nodes, when we last looked
}

// over reports whether a window has ended: it is behind us, or so far ahead that the
// clock must have been put back since. Clocks of several nodes are a little apart.
func over(start, now time.Time) bool {
	age := now.Sub(start)
	return age >= Window || age < -Window
}

// manyShares is the number of shares from which the map is swept of windows that
// have ended.
const manyShares = 1024

func (s *Service) share(id int64, now time.Time) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shares == nil {
		s.shares = map[int64]*share{}
	}
	if known := s.shares[id]; known != nil {
		return known
	}
	if len(s.shares) >= manyShares {
		for k, old := range s.shares {
			// A share in use is locked; it is not old.
			if old.mu.TryLock() {
				if over(old.start, now) {
					delete(s.shares, k)
				}
				old.mu.Unlock()
			}
		}
	}
	s.shares[id] = &share{}
	return s.shares[id]
}

// holder names whose minute a caller uses: its session's or its key's. No session
// has the id of a key.
func holder(c access.Caller) int64 {
	if c.Session != 0 {
		return int64(c.Session)
	}
	return int64(c.Key)
}

// Take uses one request of the caller's minute. Error: ErrLimited, with the time to
// wait.
func (s *Service) Take(ctx context.Context, c access.Caller) (Budget, error) {
	id := holder(c)
	if c.Limit <= 0 || id == 0 {
		return Budget{}, nil
	}
	now := s.Now()
	sh := s.share(id, now)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	ended := over(sh.start, now)
	if sh.left <= 0 || ended {
		if ended {
			sh.left, sh.used = 0, 0
		}
		if sh.used < c.Limit {
			// A sixteenth of what is left: few questions at first, and near the
			// end no node sits on requests another could use.
			want := max(1, (c.Limit-sh.used)/16)
			start, used, err := s.Store.TakeRate(ctx, c.Home, id, now, Window, want)
			if err != nil {
				return Budget{}, err
			}
			sh.start, sh.used = start, min(used, c.Limit)
			sh.left = max(0, min(want, c.Limit-(used-want)))
		}
	}
	b := Budget{Limit: c.Limit, Reset: min(sh.start.Add(Window).Sub(now), Window)}
	if sh.left <= 0 {
		return b, ErrLimited.After(b.Reset)
	}
	sh.left--
	b.Remaining = c.Limit - sh.used + sh.left
	return b, nil
}
