package webhook

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/input"
)

// State is how far a delivery is.
type State string

// The states of a delivery.
const (
	Waiting   State = "waiting"   // for its first attempt, or for the next
	Delivered State = "delivered" // the endpoint took it
	Failed    State = "failed"    // given up; it can be replayed
)

// States are all the states of a delivery.
var States = []State{Waiting, Delivered, Failed}

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	// ID is the event's id, and so is webhook-id in every attempt.
	ID int64
	// At is when the event happened; the zero time of a delivery made by a test is when it was asked for.
	At    time.Time
	State State
	// Attempts counts every attempt there was, Tries those since it was last queued that count against the schedule.
	Attempts, Tries int
	// DueAt is when the next attempt is due; the zero time once it has ended.
	DueAt time.Time
	// Leased says that an attempt is under way.
	Leased bool
	// Since is when it was queued, or queued again.
	Since time.Time
	// Status and Failure are of the last attempt.
	Status  int
	Failure Failure
	EndedAt time.Time
	// Body is the payload of a delivery that has no event.
	Body      []byte
	CreatedAt time.Time
}

// Attempt is one attempt at a delivery.
type Attempt struct {
	Number  int
	At      time.Time
	Took    time.Duration
	Status  int
	Failure Failure
	// Body is the beginning of the answer.
	Body string
}

// Failure is why an endpoint could not be asked.
type Failure string

// The failures.
const (
	// DNS: its name leads to no public address, because there is no such name or
	// because it leads to another kind of address. It does not say which.
	DNS Failure = "dns"
	// Refused: no program listens there, or the network has no way to it.
	Refused Failure = "refused"
	// TLS: it could not prove that it is who its name says.
	TLS Failure = "tls"
	// Reset: the connection broke before an answer was there.
	Reset Failure = "reset"
	// TimedOut: there was no whole answer in time.
	TimedOut Failure = "timeout"
	// Forbidden: it names an address itself that deliveries may not go to.
	Forbidden Failure = "forbidden_address"
	// BadAnswer: what came was not HTTP.
	BadAnswer Failure = "bad_answer"
	// NotRead: what was to be sent could not be read here, so the endpoint was not asked.
	NotRead Failure = "not_read"
)

// Query says which deliveries to list.
type Query struct {
	State State // empty is any
	// Before is the id the list goes on from; 0 is the newest.
	Before int64
	Limit  int
}

// Counts are how many deliveries wait and have failed, each counted up to CountLimit, and since when the oldest waits.
type Counts struct {
	Waiting, Failed int
	OldestWaiting   time.Time
}

// CountLimit is how far deliveries are counted.
const CountLimit = 10_000

// Payload is what a receiver gets in the format Standard.
type Payload struct {
	ID              string          `json:"id"`
	EventType       string          `json:"event_type"`
	CreatedAt       time.Time       `json:"created_at"`
	PracticeGroupID string          `json:"practice_group_id"`
	Sequence        int64           `json:"sequence"`
	Test            bool            `json:"test,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// NewPayload is the payload of an event.
func NewPayload(e event.Event) Payload {
	return Payload{
		ID: strconv.FormatInt(e.ID, 10), EventType: string(e.Type), CreatedAt: e.At.UTC(),
		PracticeGroupID: strconv.FormatInt(e.Group, 10),
		Sequence:        e.Sequence, Data: e.Data,
	}
}

// With is the payload with what the event leaves out.
func (p Payload) With(details json.RawMessage) Payload {
	if len(details) == 0 || len(p.Data) < 2 {
		return p
	}
	data := append(json.RawMessage{}, p.Data[:len(p.Data)-1]...)
	if len(data) > 1 {
		data = append(data, ',')
	}
	data = append(append(data, `"details":`...), details...)
	p.Data = append(data, '}')
	return p
}

// Health is an endpoint with how it does.
type Health struct {
	Webhook
	Counts
}

// Health gives an endpoint with how it does. Error: ErrNotFound.
func (s *Service) Health(ctx context.Context, id ID) (Health, error) {
	w, err := s.Get(ctx, Standard, id)
	if err != nil {
		return Health{}, err
	}
	who, err := own(ctx)
	if err != nil {
		return Health{}, err
	}
	counts, err := s.Store.Counts(ctx, who.Group, id, CountLimit)
	return Health{w, counts}, err
}

// Deliveries lists an endpoint's deliveries, newest first, and reports whether there are more. Error: ErrNotFound.
func (s *Service) Deliveries(ctx context.Context, id ID, q Query) (list []Delivery, more bool, err error) {
	who, err := own(ctx)
	if err != nil {
		return nil, false, err
	}
	var c input.Checks
	if q.State != "" {
		input.Choice(&c, "state", q.State, States)
	}
	c.Between("limit", q.Limit, 1, 100)
	if err := c.Err(); err != nil {
		return nil, false, err
	}
	if _, err := find(ctx, who, Standard, id, s.Store.Webhook); err != nil {
		return nil, false, err
	}
	limit := q.Limit
	q.Limit++
	if list, err = s.Store.Deliveries(ctx, who.Group, id, q); len(list) > limit {
		list, more = list[:limit], true
	}
	return list, more, err
}

// Delivery finds a delivery with its attempts, the oldest first. Errors: ErrNotFound, ErrNoDelivery.
func (s *Service) Delivery(ctx context.Context, id ID, delivery int64) (Delivery, []Attempt, error) {
	who, err := own(ctx)
	if err != nil {
		return Delivery{}, nil, err
	}
	if _, err := find(ctx, who, Standard, id, s.Store.Webhook); err != nil {
		return Delivery{}, nil, err
	}
	d, err := s.Store.Delivery(ctx, who.Group, id, delivery)
	if err != nil {
		return Delivery{}, nil, err
	}
	attempts, err := s.Store.Attempts(ctx, who.Group, id, delivery)
	return d, attempts, err
}

// settled is how long after an endpoint was deleted no event is queued for it any
// more, in whatever transaction it happens.
const settled = 10 * time.Minute

// Forget removes events that are older than Keep, with what was delivered of
// them, and what is left of endpoints that were deleted: the chore of a group.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	before := s.Now().Add(-Keep)
	bit := func(forget func() (bool, error)) error {
		for {
			if more, err := forget(); err != nil || !more {
				return err
			}
		}
	}
	all, err := s.Store.Webhooks(ctx, who.Group, Filter{})
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := bit(func() (bool, error) { return s.Store.ForgetDeliveries(ctx, who.Group, w.ID, before) }); err != nil {
			return err
		}
	}
	// A transaction that still saw the endpoint is over by then.
	gone, err := s.Store.GoneWebhooks(ctx, who.Group, s.Now().Add(-settled))
	if err != nil {
		return err
	}
	for _, id := range gone {
		all := func() (bool, error) { return s.Store.ForgetDeliveries(ctx, who.Group, id, s.Now().Add(24*time.Hour)) }
		if err := bit(all); err != nil {
			return err
		}
		if err := s.Store.Do(ctx, func(tx Tx) error { return tx.PurgeWebhook(ctx, who.Group, id) }); err != nil {
			return err
		}
	}
	return bit(func() (bool, error) { return s.Log.ForgetEvents(ctx, who.Group, before) })
}
