package limit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/limit"
	"frontdesk/core/practice"
	"frontdesk/store"
	limitstore "frontdesk/store/limit"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// node is one server of a practice group, with a clock that moves.
type node struct {
	*limit.Service
	ctx   context.Context
	now   *atomic.Pointer[time.Time]
	group access.GroupID
}

func (n *node) move(d time.Duration) {
	at := n.now.Load().Add(d)
	n.now.Store(&at)
}

// another is one more server on the same database.
func (n *node) another() *limit.Service { return &limit.Service{Store: n.Store, Now: n.Now} }

// caller holds a key with a limit.
func (n *node) caller(key access.KeyID, limit int) access.Caller {
	return access.Caller{Group: n.group, Home: n.group, Key: key, Limit: limit}
}

func each(t *testing.T, test func(t *testing.T, n *node)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		at := time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)
		n := &node{ctx: context.Background(), now: &atomic.Pointer[time.Time]{}}
		n.now.Store(&at)
		clock := func() time.Time { return *n.now.Load() }
		n.Service = &limit.Service{Store: limitstore.New(db), Now: clock}
		groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		g, err := groups.CreateGroup(n.ctx, practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		n.group = g.ID
		test(t, n)
	})
}

func TestTheRateLimitHolds(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		for i, most := range []int{1, 5, 600} {
			who := n.caller(access.KeyID(i+1), most)
			for minute := range 3 {
				for i := range most {
					b, err := n.Take(n.ctx, who)
					if err != nil || b.Limit != most || b.Remaining != most-1-i || b.Reset > time.Minute ||
						b.Reset <= 0 {
						t.Fatalf("limit %d, minute %d, request %d: %+v, %v", most, minute, i, b, err)
					}
				}
				n.move(30 * time.Second)
				for range 3 {
					b, err := n.Take(n.ctx, who)
					if !errors.Is(err, limit.ErrLimited) || b.Reset != 30*time.Second || b.Remaining != 0 {
						t.Fatalf("limit %d, over it: %+v, %v", most, b, err)
					}
				}
				n.move(30 * time.Second)
			}
		}
		for range 2000 {
			if b, err := n.Take(n.ctx, n.caller(1, 0)); err != nil || b.Limit != 0 {
				t.Fatalf("no limit: %+v, %v", b, err)
			}
		}
	})
}

func TestTheRateLimitHoldsOverAllNodes(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		const most, nodes = 600, 3
		var allowed atomic.Int64
		var wait sync.WaitGroup
		for range nodes {
			node := n.another()
			for range 4 {
				wait.Go(func() {
					for range most {
						if _, err := node.Take(n.ctx, n.caller(1, most)); err == nil {
							allowed.Add(1)
						} else if !errors.Is(err, limit.ErrLimited) {
							t.Error(err)
						}
					}
				})
			}
		}
		wait.Wait()
		if got := allowed.Load(); got > most || got < most*98/100 {
			t.Fatalf("%d requests of %d were let through", got, most)
		}
	})
}

// TestAClockPutBackLocksNoKey has a key use up its minute, and puts the clock back an
// hour: on this node, on another, and on one that has just started.
func TestAClockPutBackLocksNoKey(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		const most = 3
		who := n.caller(1, most)
		for _, node := range []*limit.Service{n.Service, n.another(), n.another()} {
			for range most {
				if _, err := node.Take(n.ctx, who); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := node.Take(n.ctx, who); !errors.Is(err, limit.ErrLimited) {
				t.Fatalf("the limit: %v", err)
			}
			n.move(-time.Hour)
			b, err := node.Take(n.ctx, who)
			if err != nil || b.Remaining != most-1 || b.Reset > limit.Window {
				t.Fatalf("after the clock was put back: %+v, %v", b, err)
			}
			n.move(limit.Window)
		}
		// Half a minute is no more than clocks are apart.
		for range most {
			if _, err := n.Take(n.ctx, who); err != nil {
				t.Fatal(err)
			}
		}
		n.move(-30 * time.Second)
		if b, err := n.Take(n.ctx, who); !errors.Is(err, limit.ErrLimited) || b.Reset > limit.Window {
			t.Fatalf("half a minute back: %+v, %v", b, err)
		}
	})
}
