package smtp

import (
	"context"
	"sync"
	"time"
)

// pool is the connections to one server: so many at once, and those that are
// not in use kept for a while.
type pool struct {
	turns chan struct{} // one for each connection that may be in use
	idle  time.Duration

	mu     sync.Mutex
	kept   []*connection // the last one used is at the end
	reaper *time.Timer
	closed bool
}

// connection is what one worker has while it sends: a session, which may yet have
// to be opened, and room for a message.
type connection struct {
	session *session
	text    buffer
	since   time.Time // when it was put back
}

func newPool(n int, idle time.Duration) *pool {
	return &pool{turns: make(chan struct{}, n), idle: idle}
}

// get waits for a turn until the context ends or there is nothing left to do.
func (p *pool) get(ctx context.Context, drained <-chan struct{}) (*connection, bool) {
	select {
	case p.turns <- struct{}{}:
	default:
		select {
		case p.turns <- struct{}{}:
		case <-drained:
			return nil, false
		case <-ctx.Done():
			return nil, false
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.kept); n > 0 {
		l := p.kept[n-1]
		p.kept = p.kept[:n-1]
		return l, true
	}
	return &connection{}, true
}

// put gives a turn back, and keeps the connection.
func (p *pool) put(l *connection) {
	p.mu.Lock()
	defer func() {
		p.mu.Unlock()
		<-p.turns
	}()
	if p.closed || l.session == nil {
		l.hangUp()
		return
	}
	l.since = time.Now()
	p.kept = append(p.kept, l)
	if p.reaper == nil {
		p.reaper = time.AfterFunc(p.idle, p.reap)
	}
}

// reap ends the connections that were not used for a while.
func (p *pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reaper = nil
	var young []*connection
	for _, l := range p.kept {
		if time.Since(l.since) >= p.idle {
			l.hangUp()
		} else {
			young = append(young, l)
		}
	}
	p.kept = young
	if len(young) > 0 && !p.closed {
		p.reaper = time.AfterFunc(p.idle, p.reap)
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, l := range p.kept {
		l.hangUp()
	}
	p.kept = nil
	if p.reaper != nil {
		p.reaper.Stop()
	}
}

func (p *pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (l *connection) hangUp() {
	if l.session != nil {
		l.session.quit()
		l.session = nil
	}
}
