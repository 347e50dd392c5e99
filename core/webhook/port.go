package webhook

import (
	"context"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// Filter says which endpoints to list; what is empty is all.
type Filter struct {
	Format Format
	Type   event.Type
	// Deleted lists those too that were deleted and are still shown.
	Deleted bool
}

// Store is what the management of endpoints needs remembered.
type Store interface {
	// Webhook finds an endpoint, sealed, deleted or not, or returns ErrNotFound.
	Webhook(ctx context.Context, group practice.ID, id ID) (Webhook, error)
	// Webhooks lists a group's endpoints in the order they were made, sealed.
	Webhooks(ctx context.Context, group practice.ID, f Filter) ([]Webhook, error)
	// GoneWebhooks lists the endpoints that were deleted before a moment and still have rows to remove.
	GoneWebhooks(ctx context.Context, group practice.ID, before time.Time) ([]ID, error)
	// Delivery finds a delivery, or returns ErrNoDelivery. An event in the backlog is a delivery that waits.
	Delivery(ctx context.Context, group practice.ID, of ID, id int64) (Delivery, error)
	// Deliveries lists an endpoint's deliveries, newest first.
	Deliveries(ctx context.Context, group practice.ID, of ID, q Query) ([]Delivery, error)
	// Counts counts an endpoint's deliveries that wait and that failed, each up
	// to a limit, and says since when the oldest waits.
	Counts(ctx context.Context, group practice.ID, of ID, limit int) (Counts, error)
	// Attempts lists how a delivery went, oldest first.
	Attempts(ctx context.Context, group practice.ID, of ID, delivery int64) ([]Attempt, error)
	// ForgetDeliveries removes what is older of one endpoint, some of it at a time,
	// and reports whether there may be more.
	ForgetDeliveries(ctx context.Context, group practice.ID, of ID, before time.Time) (more bool, err error)
	// Group finds a practice group.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Webhook(ctx context.Context, group practice.ID, id ID) (Webhook, error)
	// LockWebhook finds an endpoint and keeps others from changing it.
	LockWebhook(ctx context.Context, group practice.ID, id ID) (Webhook, error)
	// AddWebhook keeps a new endpoint, or returns ErrTooMany.
	AddWebhook(ctx context.Context, group practice.ID, w Webhook) error
	// SaveWebhook keeps a changed one, but for its types.
	SaveWebhook(ctx context.Context, group practice.ID, w Webhook) error
	// SaveTypes keeps what types of events an endpoint gets.
	SaveTypes(ctx context.Context, group practice.ID, w Webhook) error
	// DropWebhook marks an endpoint as deleted and forgets its secrets. What was delivered to it is removed later.
	DropWebhook(ctx context.Context, group practice.ID, id ID, now time.Time) error
	// PurgeWebhook removes an endpoint that was dropped and has no rows left; one
	// in the format Semble stays, marked as deleted.
	PurgeWebhook(ctx context.Context, group practice.ID, id ID) error
	Delivery(ctx context.Context, group practice.ID, of ID, id int64) (Delivery, error)
	// AddDelivery keeps a delivery that has no event.
	AddDelivery(ctx context.Context, group practice.ID, of ID, d Delivery) error
	// Requeue queues the deliveries of events, making those that were never made. One that was taken or is under way is
	// queued only when again is set: the caller may have seen what is under way arrive. It gives how many were queued.
	Requeue(ctx context.Context, group practice.ID, of ID, events []int64, again bool, now time.Time) (int, error)
	// EventByID finds an event, or returns ErrNoDelivery.
	EventByID(ctx context.Context, group practice.ID, id int64) (event.Event, error)
	// EventsBetween lists the ids and times of events of a type, in the order of time, after a moment and an id.
	EventsBetween(ctx context.Context, group practice.ID, of event.Type, after Place, until time.Time,
		limit int) ([]event.Event, error)
	// NumberEvents gives events that wait for one a place in the log.
	NumberEvents(ctx context.Context, group practice.ID, limit int) (int, error)
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
	Enqueue(ctx context.Context, j job.Job) error
}

// Log is the log of events.
type Log interface {
	// Log reads numbered events after a position, at most limit of them and none beyond position until, oldest first.
	Log(ctx context.Context, group practice.ID, after, until int64, types []event.Type, limit int) ([]Logged, error)
	// LogEnd is the last position there is, and whether events wait for one.
	LogEnd(ctx context.Context, group practice.ID) (last int64, more bool, err error)
	// NewEvents gives a channel that is closed when the group has new events.
	NewEvents(group practice.ID) <-chan struct{}
	// ForgetEvents removes what is older, some of it at a time, and reports whether there may be more.
	ForgetEvents(ctx context.Context, group practice.ID, before time.Time) (more bool, err error)
}

// Addresses knows where deliveries may go, and with which headers.
type Addresses interface {
	// Check says what is wrong with an address before anything is posted to it, as a sentence for the caller who gave
	// it; empty is nothing. It makes no request, so that a name which leads to a forbidden address is only found by
	// Post.
	Check(url string) string
	// CheckHeader says in the same way what is wrong with a header of a practice's own. Post leaves such a header out.
	CheckHeader(name, value string) string
}
