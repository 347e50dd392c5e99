package store

import (
	"context"
	"sync"

	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

// listeners are notified when a transaction with events was committed.
type listeners struct {
	mu        sync.Mutex
	waiting   map[practice.ID]chan struct{}
	committed func(practice.ID, event.Type)
	blocked   func(practice.ID) []webhook.ID
}

// happened is a type of event that happened in a group.
type happened struct {
	group practice.ID
	of    event.Type
}

// OnEvents asks for a call for each type of event that a transaction of this
// program has committed; the empty type is something to deliver that is no new
// event. The call must not wait for anything.
func (db *DB) OnEvents(call func(practice.ID, event.Type)) {
	db.listeners.mu.Lock()
	defer db.listeners.mu.Unlock()
	db.listeners.committed = call
}

// BlockedEndpoints says which endpoints of a group cannot take anything for now:
// what happens meanwhile is kept for them where that takes least. The call must not
// wait for anything.
func (db *DB) BlockedEndpoints(call func(practice.ID) []webhook.ID) {
	db.listeners.mu.Lock()
	defer db.listeners.mu.Unlock()
	db.listeners.blocked = call
}

func (l *listeners) blockedIn(group practice.ID) []webhook.ID {
	l.mu.Lock()
	blocked := l.blocked
	l.mu.Unlock()
	if blocked == nil {
		return nil
	}
	return blocked(group)
}

// NewEvents gives a channel that is closed when the group has new events.
func (db *DB) NewEvents(group practice.ID) <-chan struct{} {
	l := &db.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[group] == nil {
		if l.waiting == nil {
			l.waiting = map[practice.ID]chan struct{}{}
		}
		l.waiting[group] = make(chan struct{})
	}
	return l.waiting[group]
}

// notify is called when what happened is committed.
func (l *listeners) notify(all map[happened]bool) {
	if len(all) == 0 {
		return
	}
	l.mu.Lock()
	committed := l.committed
	for h := range all {
		if c := l.waiting[h.group]; c != nil {
			close(c)
			delete(l.waiting, h.group)
		}
	}
	l.mu.Unlock()
	if committed == nil {
		return
	}
	for h := range all {
		committed(h.group, h.of)
	}
}

// notes notes that an event is part of the transaction.
func (t *Tx) notes(ctx context.Context, group practice.ID, of event.Type) {
	t = t.on(ctx)
	if t.happened == nil {
		t.happened = map[happened]bool{}
	}
	t.happened[happened{group, of}] = true
}
