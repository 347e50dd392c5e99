package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"frontdesk/core/fault"
)

// An id has 53 bits, so that every reader of JSON can hold it exactly: 41 of
// milliseconds since 2026, 6 of the node that made it, 6 of a sequence. Ids
// made later are larger, and no database sequence is needed.
const (
	nodeBits     = 6
	sequenceBits = 6
	nodes        = 1 << nodeBits
	perMilli     = 1 << sequenceBits
)

// epoch is where the milliseconds of ids begin.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// nodeLease is how long a node number is ours without being renewed.
const nodeLease = 2 * time.Minute

// ErrNodes is returned when every node number is taken.
var ErrNodes = fault.New(fault.Unavailable, "too_many_nodes",
	fmt.Sprintf("All %d node numbers of this database are in use.", nodes))

// node makes ids, under a number that is leased from the database.
type node struct {
	mu     sync.Mutex
	number int64
	last   int64 // millisecond and sequence of the last id
	holder string
	stop   context.CancelFunc
	done   chan struct{}
}

// NewID makes an id no other program on this database makes.
func (db *DB) NewID() int64 {
	n := &db.node
	n.mu.Lock()
	defer n.mu.Unlock()
	// Ids follow the real clock even where a test moves the program's own, and
	// go on counting when the clock is put back.
	n.last = max(n.last+1, (time.Now().UnixMilli()-epoch)*perMilli)
	milli, sequence := n.last/perMilli, n.last%perMilli
	return milli<<(nodeBits+sequenceBits) | n.number<<sequenceBits | sequence
}

// takeNode leases a node number and keeps renewing it.
func (db *DB) takeNode(ctx context.Context, log *slog.Logger) error {
	db.node.holder = rand.Text()
	if err := db.lease(ctx); err != nil {
		return err
	}
	ctx, db.node.stop = context.WithCancel(context.WithoutCancel(ctx))
	db.node.done = make(chan struct{})
	go func() {
		defer close(db.node.done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(nodeLease / 4):
			}
			if err := db.lease(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "could not renew the node number", "error", err)
			}
		}
	}()
	return nil
}

// lease renews our number, or takes the lowest that is free.
func (db *DB) lease(ctx context.Context) error {
	return db.do(ctx, func(tx *Tx) error { return db.leaseIn(ctx, tx) })
}

func (db *DB) leaseIn(ctx context.Context, tx *Tx) error {
	now := time.Now()
	until := now.Add(nodeLease)
	n, err := tx.exec(ctx, `UPDATE node SET leased_until = $1 WHERE number = $2 AND holder = $3`, until, db.node.number,
		db.node.holder)
	if err != nil || n == 1 {
		return err
	}
	for number := range int64(nodes) {
		n, err := tx.exec(ctx, `INSERT INTO node (number, holder, leased_until) VALUES ($1, $2, $3)
			ON CONFLICT (number) DO UPDATE SET holder = $2, leased_until = $3 WHERE node.leased_until < $4`,
			number, db.node.holder, until, now)
		if err != nil {
			return err
		}
		if n == 1 {
			db.node.mu.Lock()
			db.node.number = number
			db.node.mu.Unlock()
			return nil
		}
	}
	return ErrNodes
}

// leaveNode stops renewing and gives the number back.
func (db *DB) leaveNode() {
	if db.node.stop == nil {
		return
	}
	db.node.stop()
	<-db.node.done
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = db.do(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM node WHERE number = $1 AND holder = $2`, db.node.number, db.node.holder)
		return err // if it fails, the lease runs out by itself
	})
}
