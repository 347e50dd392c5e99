package reply

import (
	"context"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/episode"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
)

// Reader is what reply reads.
type Reader interface {
	// Replies lists what came back to a message.
	Replies(ctx context.Context, group practice.ID, of messaging.ID, limit int) ([]Reply, error)
	// Reply finds a reply, or returns ErrNotFound.
	Reply(ctx context.Context, group practice.ID, id ID) (Reply, error)
	// RepliesKept lists replies, newest first, and how many match in all, counted up as input.CountTo says.
	RepliesKept(ctx context.Context, group practice.ID, q Query) ([]Reply, int, error)
	// LastTo finds the last message that went to a number or address; 0 is none.
	LastTo(ctx context.Context, group practice.ID, channel carrier.Channel, contact string) (messaging.ID, patient.ID,
		error)
	// Holders lists patients who have a number or address, or whom messages went to there because a request said so.
	Holders(ctx context.Context, group practice.ID, channel carrier.Channel, contact string, limit int) ([]patient.ID,
		error)
}

// Store is what reply needs remembered.
type Store interface {
	Reader
	// Tasks keeps tasks in the same transaction.
	Tasks(tx Tx) Tasks
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// Episodes puts things into episodes in the same transaction.
	Episodes(tx Tx) episode.Keeper
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockMessage keeps others from changing the message, and reads it.
	LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	// AddReply keeps a reply, once, and reports whether it is new.
	AddReply(ctx context.Context, group practice.ID, r Reply) (bool, error)
	// LockReply keeps others from changing the reply, and reads it.
	LockReply(ctx context.Context, group practice.ID, id ID) (Reply, error)
	SaveReply(ctx context.Context, group practice.ID, r Reply) error
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	AddOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact, source string,
		at time.Time) error
	DropOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact string) error
	AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error
	// RecordMessageEvent keeps an event of a message, numbered after the last, and Record one of anything else.
	RecordMessageEvent(ctx context.Context, group practice.ID, id messaging.ID, e event.Event) error
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Tasks is what gives staff a task in a transaction.
type Tasks interface {
	task.Raiser
	assignee.Finder
	practice.GroupReader
	// TaskOpen reports whether a task with the same patient, subject and comments waits to be done.
	TaskOpen(ctx context.Context, group practice.ID, t task.Task) (bool, error)
}

// Service is the capability of replies.
type Service struct {
	Store    Store
	Dispatch *dispatch.Service
	Now      func() time.Time
	NewID    func() int64
}
