package courier

import (
	"context"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

// Queue is what the courier needs remembered: the deliveries that wait.
type Queue interface {
	// DueWebhooks lists the endpoints, of all groups, with something to deliver.
	DueWebhooks(ctx context.Context, now time.Time) ([]Due, error)
	// DueOf is the same for one group and type of event, or with the empty type for all of them.
	DueOf(ctx context.Context, group practice.ID, of event.Type, now time.Time) ([]Due, error)
	// Behind lists the groups with a backlog.
	Behind(ctx context.Context) ([]practice.ID, error)
	// Backlog lists the oldest of a group's backlog.
	Backlog(ctx context.Context, group practice.ID, limit int) ([]Held, error)
	// DoUnawaited runs fn in one transaction, which may end before the disk has it.
	// The caller does again what a loss of power undoes.
	DoUnawaited(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Queue inside a transaction.
type Tx interface {
	Webhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error)
	LockWebhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error)
	SaveWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error
	// SaveHealth keeps how an endpoint does: FailingSince and HeldUntil.
	SaveHealth(ctx context.Context, group practice.ID, w webhook.Webhook) error
	// ClaimDeliveries leases deliveries that are due.
	ClaimDeliveries(ctx context.Context, group practice.ID, of webhook.ID, c Claim) ([]Claimed, error)
	// SettleDeliveries keeps how attempts went, and gives those of which it did. Of one whose lease another program has
	// by now only the attempt is kept.
	SettleDeliveries(ctx context.Context, group practice.ID, of webhook.ID, settled []Settled) ([]Settled, error)
	// NextDelivery is when the next delivery without a lease falls due, or the zero time.
	NextDelivery(ctx context.Context, group practice.ID, of webhook.ID) (time.Time, error)
	// QueueFromBacklog queues events for an endpoint, but those that are.
	QueueFromBacklog(ctx context.Context, group practice.ID, of webhook.ID, events []int64) error
	// DropFromBacklog takes events out of the backlog.
	DropFromBacklog(ctx context.Context, group practice.ID, events []int64) error
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
	Enqueue(ctx context.Context, j job.Job) error
}
