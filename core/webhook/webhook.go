// Package webhook tells a practice's partners what happened: endpoints they
// give, deliveries that are signed and tried until they are taken or given up,
// and the log of events for whoever would rather ask.
//
//	webhook.go    endpoints, and what this package needs
//	types.go      the types of events there are
//	manage.go     endpoints made, changed, switched off and removed
//	key.go        their signing keys
//	delivery.go   what was delivered, and how each attempt went
//	replay.go     deliveries made again: one, or all that were missed
//	log.go        the log of events
//	post.go       one attempt, as it is posted
//	settle.go     what becomes of an attempt
//	courier.go    who posts, a lane of its own for each endpoint
//	lane.go       one endpoint's lane
//	subscription.go  endpoints of the GraphQL API, told of several types
//	topic.go      what those can be told of, and in what words
//
// Its deliveries are written in the transaction of what they tell of: see
// store/webhook.go. Source of the signatures: the Webhooks tag of the Hero
// Health Public API, and https://github.com/standard-webhooks/standard-webhooks.
package webhook

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// ID names an endpoint.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Style is the form an endpoint is told in.
type Style string

// The styles.
const (
	// Standard is told of one type of event, in our own form.
	Standard Style = "standard"
	// Subscription is told of several, in the form the GraphQL API documents.
	Subscription Style = "subscription"
)

// Webhook is an endpoint that wants to be told of one type of event, or of
// several.
type Webhook struct {
	ID    ID    `json:"id"`
	Style Style `json:"style"`
	// Types are what a subscription is told of, which has no EventType.
	Types []event.Type `json:"event_types,omitempty"`
	// Owner is the partner whose key made it.
	Owner       string     `json:"owner"`
	Description string     `json:"description"`
	EventType   event.Type `json:"event_type"`
	URL         string     `json:"url"`
	// IncludeDetails adds names, contact details and texts to what is told.
	IncludeDetails bool `json:"include_details"`
	// Ordered tells of one thing's events in their order, each after the one
	// before was taken or given up.
	Ordered bool `json:"ordered"`
	// Asymmetric adds an ed25519 signature.
	Asymmetric bool `json:"ed25519"`
	// HeaderNames are the names of its own headers, whose values are secrets.
	HeaderNames []string `json:"header_names,omitempty"`
	// PreviousUntil is until when the key before the present one signs too.
	PreviousUntil time.Time `json:"previous_key_until,omitzero"`
	// DisabledAt is when it was switched off, or the zero time.
	DisabledAt  time.Time `json:"disabled_at,omitzero"`
	DisabledWhy Why       `json:"disabled_reason,omitempty"`
	// FailingSince is when the first attempt failed since the last that did not.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// HeldUntil is until when it asked to be left alone.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// Replay is the last replay that was asked for.
	Replay    *Replay   `json:"replay,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	Version   int64     `json:"version"`

	// Sealed is its Secrets as they are kept.
	Sealed []byte `json:"-"`
	// Secrets are what only our own courier sees.
	Secrets Secrets `json:"-"`
}

// Wants are the types of events an endpoint is told of.
func (w Webhook) Wants() []event.Type {
	if w.Style == Subscription {
		return w.Types
	}
	return []event.Type{w.EventType}
}

// Secrets are what an endpoint's deliveries are signed and sent with.
type Secrets struct {
	Key      Key               `json:"key"`
	Previous Key               `json:"previous,omitzero"`
	Headers  map[string]string `json:"headers,omitempty"`
}

// Why is why an endpoint is switched off.
type Why string

// The reasons.
const (
	// Asked: somebody switched it off.
	Asked Why = "requested"
	// Gone: it answered 410, which is how an endpoint says it wants no more.
	Gone Why = "gone"
	// Failing: no attempt at it succeeded for FailingFor.
	Failing Why = "failing"
)

// The faults of webhooks.
var (
	ErrNotFound = fault.New(fault.NotFound, "webhook_not_found", "No such webhook.")
	// ErrNoDelivery is returned where neither a delivery nor an event has an id.
	ErrNoDelivery = fault.New(fault.NotFound, "delivery_not_found", "No such delivery.")
	ErrTooMany    = fault.New(fault.Conflict, "too_many_webhooks", "This practice group has as many webhooks as it may have. Delete one that is no longer used.")
	ErrDisabled   = fault.New(fault.Conflict, "webhook_disabled", "This webhook is switched off. Enable it first.")
	ErrReplaying  = fault.New(fault.Conflict, "replay_running", "A replay for this webhook is still running. Its progress is in the webhook.")
	ErrNotSandbox = fault.New(fault.Forbidden, "not_sandbox", "Events can be invented in a sandbox practice group only.")
	ErrCursor     = fault.Wrong("cursor", "invalid_string", "the cursor of an earlier answer", "This is not a cursor of the event log.")
)

// Most is how many endpoints a practice group may have.
const Most = 500

// Keep is how long events, and what was delivered of them, are kept.
const Keep = 30 * 24 * time.Hour

// Reader is what webhook reads.
type Reader interface {
	// Webhook finds an endpoint, sealed, or returns ErrNotFound.
	Webhook(ctx context.Context, group practice.ID, id ID) (Webhook, error)
	// Subscription finds a subscription, sealed, deleted or not, or returns
	// ErrNotFound.
	Subscription(ctx context.Context, group practice.ID, id ID) (Webhook, error)
	// Delivery finds a delivery, or returns ErrNoDelivery.
	Delivery(ctx context.Context, group practice.ID, of ID, id int64) (Delivery, error)
	// EventByID finds an event, or returns ErrNoDelivery.
	EventByID(ctx context.Context, group practice.ID, id int64) (event.Event, error)
}

// Store is what webhook needs remembered.
type Store interface {
	Reader
	// Subscriptions lists a group's subscriptions in the order they were made,
	// sealed, deleted ones too when asked.
	Subscriptions(ctx context.Context, group practice.ID, deleted bool) ([]Webhook, error)
	// Webhooks lists a group's endpoints in the order they were made, sealed; of
	// one type, or with the empty one of all.
	Webhooks(ctx context.Context, group practice.ID, of event.Type) ([]Webhook, error)
	// Deliveries lists an endpoint's deliveries, newest first.
	Deliveries(ctx context.Context, group practice.ID, of ID, q Query) ([]Delivery, error)
	// Counts counts an endpoint's deliveries that wait and that failed, each up
	// to a limit, and says since when the oldest waits.
	Counts(ctx context.Context, group practice.ID, of ID, limit int) (Counts, error)
	// Attempts lists how a delivery went, oldest first.
	Attempts(ctx context.Context, group practice.ID, of ID, delivery int64) ([]Attempt, error)
	// Log reads numbered events after a position, at most limit of them and none
	// beyond position until, oldest first.
	Log(ctx context.Context, group practice.ID, after, until int64, types []event.Type, limit int) ([]Logged, error)
	// LogEnd is the last position there is, and whether events wait for one.
	LogEnd(ctx context.Context, group practice.ID) (last int64, more bool, err error)
	// Rings gives a channel that is closed when the group has new events.
	Rings(group practice.ID) <-chan struct{}
	// DueWebhooks lists the endpoints, of all groups, with something to deliver.
	DueWebhooks(ctx context.Context, now time.Time) ([]Due, error)
	// DueOf is the same for one group and type of event, or with the empty type
	// for all of them.
	DueOf(ctx context.Context, group practice.ID, of event.Type, now time.Time) ([]Due, error)
	// Behind lists the groups with a backlog: what happened while endpoints were
	// stuck, and is not queued for them yet.
	Behind(ctx context.Context) ([]practice.ID, error)
	// Backlog lists the oldest of a group's backlog.
	Backlog(ctx context.Context, group practice.ID, limit int) ([]Missed, error)
	// Group finds a practice group.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// ForgetEvents removes what is older, some of it at a time, and reports
	// whether there may be more.
	ForgetEvents(ctx context.Context, group practice.ID, before time.Time) (more bool, err error)
	// ForgetDeliveries does the same for one endpoint.
	ForgetDeliveries(ctx context.Context, group practice.ID, of ID, before time.Time) (more bool, err error)
	// GoneWebhooks lists the endpoints that were deleted before a moment and
	// still have rows to remove.
	GoneWebhooks(ctx context.Context, group practice.ID, before time.Time) ([]ID, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// DoUnawaited is Do, but may end before the disk has it. Whoever calls it does
	// again what a loss of power undoes.
	DoUnawaited(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockWebhook finds an endpoint and keeps others from changing it.
	LockWebhook(ctx context.Context, group practice.ID, id ID) (Webhook, error)
	// AddWebhook keeps a new endpoint, or returns ErrTooMany.
	AddWebhook(ctx context.Context, group practice.ID, w Webhook) error
	// SaveTypes keeps what a subscription is told of.
	SaveTypes(ctx context.Context, group practice.ID, w Webhook) error
	// SaveWebhook keeps a changed one.
	SaveWebhook(ctx context.Context, group practice.ID, w Webhook) error
	// DropWebhook hides an endpoint and forgets its secrets. What was delivered
	// to it is removed later.
	DropWebhook(ctx context.Context, group practice.ID, id ID, now time.Time) error
	// PurgeWebhook removes an endpoint that was dropped and has no rows left; a
	// subscription stays, marked as deleted.
	PurgeWebhook(ctx context.Context, group practice.ID, id ID) error
	// SaveHealth keeps how an endpoint does: FailingSince and HeldUntil.
	SaveHealth(ctx context.Context, group practice.ID, w Webhook) error
	// AddDelivery keeps a delivery that has no event.
	AddDelivery(ctx context.Context, group practice.ID, of ID, d Delivery) error
	// Requeue queues the deliveries of events, making those that were never
	// made. One that was taken or is under way is queued only when again is
	// set: whoever asks may have seen what is under way arrive. It gives how many
	// were queued.
	Requeue(ctx context.Context, group practice.ID, of ID, events []int64, again bool, now time.Time) (int, error)
	// EventsBetween lists the ids and times of events of a type, in the order of
	// time, after a moment and an id.
	EventsBetween(ctx context.Context, group practice.ID, of event.Type, after time.Time, afterID int64, until time.Time, limit int) ([]event.Event, error)
	// CatchUp queues events for an endpoint, but those that are.
	CatchUp(ctx context.Context, group practice.ID, of ID, events []int64) error
	// CaughtUp takes events out of the backlog.
	CaughtUp(ctx context.Context, group practice.ID, events []int64) error
	// SettleDeliveries keeps how attempts went. Of one whose lease somebody else
	// has by now only the attempt is kept.
	SettleDeliveries(ctx context.Context, group practice.ID, of ID, settled []Settled) error
	// ClaimDeliveries leases deliveries that are due.
	ClaimDeliveries(ctx context.Context, group practice.ID, of ID, c Claim) ([]Claimed, error)
	// NextDelivery is when the next delivery that nobody holds falls due, or the
	// zero time.
	NextDelivery(ctx context.Context, group practice.ID, of ID) (time.Time, error)
	// NumberEvents gives events that wait for one a place in the log.
	NumberEvents(ctx context.Context, group practice.ID, limit int) (int, error)
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e audit.Entry) error
	Enqueue(ctx context.Context, j job.Job) error
}

// Service is the webhook capability.
type Service struct {
	Store  Store
	Poster Poster
	// Box gives what secrets are sealed with.
	Box func() (*seal.Box, error)
	// Details tells what an event leaves out: names, contact details, texts.
	Details func(ctx context.Context, group practice.ID, e event.Event) (json.RawMessage, error)
	// Name is what the GraphQL API calls a thing of ours, by its noun, and the id
	// it knows it by there; false for what it does not know.
	Name func(noun string, id int64) (name, text string, known bool)
	// Stopping ends the waiting of whoever waits for events when it is closed.
	Stopping <-chan struct{}
	Now      func() time.Time
	NewID    func() int64
}

func about(group practice.ID, id ID) string { return group.String() + "/webhook/" + id.String() }

// open unseals an endpoint's secrets.
func (s *Service) open(group practice.ID, w Webhook) (Webhook, error) {
	box, err := s.Box()
	if err != nil {
		return w, err
	}
	text, err := box.Open(w.Sealed, about(group, w.ID))
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(text, &w.Secrets)
}

// sealed seals an endpoint's secrets.
func (s *Service) sealed(group practice.ID, w Webhook) (Webhook, error) {
	box, err := s.Box()
	if err != nil {
		return w, err
	}
	w.Sealed, err = box.Seal(audit.Snapshot(w.Secrets), about(group, w.ID))
	return w, err
}
