package access

import (
	"context"
	"sync"
	"time"

	"frontdesk/core/fault"
)

// RateWindow is the length of a rate limit's window. It begins with the first
// request after the last window ended.
const RateWindow = time.Minute

// ErrLimited is returned when a key has used up its minute.
var ErrLimited = fault.New(fault.Limited, "rate_limited", "Too many requests with this key. Wait, then try again.")

// Budget is what is left of a key's minute.
type Budget struct {
	Limit     int // requests in a window; 0 is no limit
	Remaining int
	Reset     time.Duration // until the window ends
}

// limits holds, for each key, the requests this node has taken from the shared
// counter and not yet used. The counter in the database is what counts; taking
// from it in blocks keeps most requests away from it.
type limits struct {
	mu   sync.Mutex
	keys map[int64]*share
}

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
	return age >= RateWindow || age < -RateWindow
}

// manyShares is where the map of shares is swept of windows that have ended.
const manyShares = 1024

func (l *limits) share(key int64, now time.Time) *share {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil {
		l.keys = map[int64]*share{}
	}
	s := l.keys[key]
	if s == nil {
		if len(l.keys) >= manyShares {
			for k, old := range l.keys {
				// A share in use is locked; it is not old.
				if old.mu.TryLock() {
					if over(old.start, now) {
						delete(l.keys, k)
					}
					old.mu.Unlock()
				}
			}
		}
		s = &share{}
		l.keys[key] = s
	}
	return s
}

// budget names whose minute a caller uses: its session's or its key's. No session
// has the id of a key.
func (c Caller) budget() int64 {
	if c.Session != 0 {
		return int64(c.Session)
	}
	return int64(c.Key)
}

// Take uses one request of the caller's minute. The limit holds over all nodes
// of one database. Error: ErrLimited, with the time to wait.
func (s *Service) Take(ctx context.Context, c Caller) (Budget, error) {
	if c.Limit <= 0 || c.budget() == 0 {
		return Budget{}, nil
	}
	now := s.Now()
	sh := s.limits.share(c.budget(), now)
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
			start, used, err := s.Store.TakeRate(ctx, c.Home, c.budget(), now, RateWindow, want)
			if err != nil {
				return Budget{}, err
			}
			sh.start, sh.used = start, min(used, c.Limit)
			sh.left = max(0, min(want, c.Limit-(used-want)))
		}
	}
	b := Budget{Limit: c.Limit, Reset: min(sh.start.Add(RateWindow).Sub(now), RateWindow)}
	if sh.left <= 0 {
		return b, ErrLimited.After(b.Reset)
	}
	sh.left--
	b.Remaining = c.Limit - sh.used + sh.left
	return b, nil
}
