package audit

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"frontdesk/core/access"
)

// group collects what requests have seen, and writes it many at once: a read is
// answered when its entry is in here. A commit begins Gather after the first
// entry it has, so that an entry is safe within 100 ms.
type group struct {
	mu      sync.Mutex
	running bool
	held    []Entry
	weight  int           // of what is held or being written
	wake    chan struct{} // holds one when there is something to write
	full    chan struct{} // holds one when there is enough for a commit
	room    chan struct{} // closed when some of it has been written
	// unsettled are the groups with entries that were written here and not settled.
	unsettled map[access.GroupID]bool
	stop      chan struct{}
	stopped   chan struct{}
}

const (
	// Gather is how long the first entry of a commit waits for others.
	Gather = 40 * time.Millisecond
	// plenty is how much one commit has before it begins at once.
	plenty = 5_000
	// MaxHeld is how much is held at most, each entry counted with its subjects:
	// requests wait while there is so much.
	MaxHeld = 50_000
	// patience is how long a request waits for room.
	patience = 10 * time.Second
	// again is how long to wait before a commit that failed is tried again.
	again = 200 * time.Millisecond
)

// Start begins to write in groups. Until then, and after Stop, each entry is
// written at once.
func (s *Service) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = true
	s.wake, s.full, s.room = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	s.stop, s.stopped = make(chan struct{}), make(chan struct{})
	s.unsettled = map[access.GroupID]bool{}
	go s.run()
}

// Stop writes what is held, and ends. What cannot be written before the context
// ends is an error.
func (s *Service) Stop(ctx context.Context) error {
	s.mu.Lock()
	running := s.running
	s.running = false
	s.mu.Unlock()
	if !running {
		return nil
	}
	close(s.stop)
	<-s.stopped
	for {
		err := s.write(ctx)
		if err == nil {
			return nil
		}
		if pause(again, ctx.Done()) {
			return err
		}
	}
}

// Keep hands over what a request has seen, before its answer begins. It returns
// when the entries will be safe within 100 ms, or are safe, where the group asks
// for it. What it returns an error for must not be answered. Error: ErrBusy.
func (s *Service) Keep(ctx context.Context, c *Collector, call Call) error {
	entries := c.take(s, call)
	if len(entries) == 0 {
		return nil
	}
	before, err := s.beforeAnswer(ctx, access.GroupID(entries[0].Group))
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].ID = s.NewID()
	}
	if before {
		return s.commit(ctx, entries)
	}
	return s.hold(ctx, entries)
}

func (s *Service) hold(ctx context.Context, entries []Entry) error {
	var late <-chan time.Time
	for {
		s.mu.Lock()
		if !s.running {
			s.mu.Unlock()
			return s.commit(ctx, entries)
		}
		if s.weight < MaxHeld {
			s.held = append(s.held, entries...)
			for i := range entries {
				s.weight += weigh(entries[i])
			}
			signal(s.wake)
			if s.weight >= plenty {
				signal(s.full)
			}
			s.mu.Unlock()
			return nil
		}
		room := s.room
		s.mu.Unlock()
		if late == nil {
			late = time.After(patience)
		}
		select {
		case <-room:
		case <-late:
			return ErrBusy
		case <-ctx.Done():
			return ErrBusy.Because(ctx.Err())
		}
	}
}

// weigh is how much of the room an entry takes.
func weigh(e Entry) int { return 1 + len(e.Subjects) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes until it is stopped.
func (s *Service) run() {
	defer close(s.stopped)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pace := slowly
	var rest time.Time // until when nothing is settled
	for {
		var idle <-chan time.Time
		if s.settling() {
			idle = time.After(min(max(settleEvery, rest.Sub(s.Now())), restFor*longest))
		}
		select {
		case <-s.wake:
		case <-idle:
			rest = s.settle(ctx, pace)
			pace = min(2*pace, quickly)
			continue
		case <-s.stop:
			return
		}
		pace = slowly
		select {
		case <-time.After(Gather):
		case <-s.full:
		case <-s.stop:
			return
		}
		for s.write(ctx) != nil {
			if pause(again, s.stop) {
				return
			}
		}
		if !s.Now().Before(rest) {
			rest = s.settle(ctx, slowly)
		}
	}
}

// What was written is settled at leisure: so many rows of a group at a time, and
// while no request reads at first few and then more. It takes at most one part in
// twenty of the time: an entry of a list has as many rows to write as the list has
// patients, and would slow requests that read and those that write.
const (
	restFor     = 19
	longest     = time.Second // that is rested for, whatever the clock says
	settleEvery = 100 * time.Millisecond
	slowly      = 200
	quickly     = 1_000
)

// settling reports whether there is something to settle.
func (s *Service) settling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.unsettled) > 0
}

// settle settles some of each group's entries, and says until when to rest. What
// goes wrong is tried again.
func (s *Service) settle(ctx context.Context, most int) (rest time.Time) {
	began := s.Now()
	s.mu.Lock()
	groups := slices.Collect(maps.Keys(s.unsettled))
	s.mu.Unlock()
	for _, group := range groups {
		if more, err := s.Store.Settle(ctx, group, most); err == nil && !more {
			s.mu.Lock()
			delete(s.unsettled, group)
			s.mu.Unlock()
		}
	}
	now := s.Now()
	return now.Add(restFor * min(max(now.Sub(began), 0), longest))
}

// Settle settles all of the group's entries: the trail is about to be read, or a
// process died that wrote them.
func (s *Service) Settle(ctx context.Context) error {
	who, err := access.Require(ctx, access.SeeAudit)
	for more := true; err == nil && more; {
		more, err = s.Store.Settle(ctx, who.Group, quickly)
	}
	return err
}

// pause waits, and reports whether the end came first.
func pause(by time.Duration, end <-chan struct{}) bool {
	select {
	case <-time.After(by):
		return false
	case <-end:
		return true
	}
}

// commit writes entries now.
func (s *Service) commit(ctx context.Context, entries []Entry) error {
	err := s.Store.KeepReads(ctx, entries)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.running {
		for i := range entries {
			s.unsettled[access.GroupID(entries[i].Group)] = true
		}
	}
	return err
}

// write commits what is held. What could not be written is held as before, and
// counts for as long as it is not safe.
func (s *Service) write(ctx context.Context) error {
	s.mu.Lock()
	entries := s.held
	s.held = nil
	s.mu.Unlock()
	if len(entries) == 0 {
		return nil
	}
	err := s.commit(ctx, entries)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.held = append(entries, s.held...)
		return err
	}
	for i := range entries {
		s.weight -= weigh(entries[i])
	}
	if s.held == nil && cap(entries) <= plenty { // as many may come again
		clear(entries)
		s.held = entries[:0]
	}
	close(s.room)
	s.room = make(chan struct{})
	return nil
}
