package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

type webhookStore struct{ *Tx }

// Webhook is what webhook remembers.
func (db *DB) Webhook() webhook.Store { return webhookStore{db.plain()} }

func (s webhookStore) Do(ctx context.Context, fn func(webhook.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// bells tell who waits for events that a transaction with some was committed.
type bells struct {
	mu      sync.Mutex
	waiting map[practice.ID]chan struct{}
	heard   func(practice.ID, webhook.Type)
}

// wanted is a type of event that happened in a group.
type wanted struct {
	group practice.ID
	of    webhook.Type
}

// Heard asks for a call for each type of event that a transaction of this
// program has committed; the empty type is something to deliver that is no new
// event. The call must not wait for anything.
func (db *DB) Heard(call func(practice.ID, webhook.Type)) {
	db.bells.mu.Lock()
	defer db.bells.mu.Unlock()
	db.bells.heard = call
}

// Rings gives a channel that is closed when the group has new events.
func (s webhookStore) Rings(group practice.ID) <-chan struct{} {
	b := &s.db.bells
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting[group] == nil {
		if b.waiting == nil {
			b.waiting = map[practice.ID]chan struct{}{}
		}
		b.waiting[group] = make(chan struct{})
	}
	return b.waiting[group]
}

// ring is called when what happened is committed.
func (b *bells) ring(happened map[wanted]bool) {
	if len(happened) == 0 {
		return
	}
	b.mu.Lock()
	heard := b.heard
	for w := range happened {
		if c := b.waiting[w.group]; c != nil {
			close(c)
			delete(b.waiting, w.group)
		}
	}
	b.mu.Unlock()
	if heard == nil {
		return
	}
	for w := range happened {
		heard(w.group, w.of)
	}
}

// tells notes that an event is part of the transaction.
func (t *Tx) tells(ctx context.Context, group practice.ID, of string) {
	t = t.on(ctx)
	if t.happened == nil {
		t.happened = map[wanted]bool{}
	}
	t.happened[wanted{group, webhook.Type(of)}] = true
}

// deliver queues an event for every endpoint that wants its type: in the
// transaction of the event, so that neither is there without the other.
const deliver = `INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id, sequence, lane, at, state, attempts, tries, due_at, since,
		status, failure, created_at)
	SELECT e.practice_group_id, w.id, e.id, e.subject_id, e.sequence, CASE WHEN w.ordered THEN e.subject_id END, e.at, 'waiting', 0, 0, e.at, e.at, 0, '', e.at
	FROM event e JOIN webhook w ON w.practice_group_id = e.practice_group_id AND w.event_type = e.type AND w.disabled_at IS NULL AND w.deleted_at IS NULL
	WHERE e.practice_group_id = $1 AND e.id = $2`

// wants gives the types of events some endpoint of the group wants.
func (t *Tx) wants(ctx context.Context, group practice.ID) (map[string]bool, error) {
	types, err := list(ctx, t, `SELECT DISTINCT event_type FROM webhook WHERE practice_group_id = $1 AND disabled_at IS NULL AND deleted_at IS NULL`, in{group},
		func(scan scanner) (string, error) {
			var of string
			err := scan(&of)
			return of, err
		})
	out := map[string]bool{}
	for _, of := range types {
		out[of] = true
	}
	return out, err
}

const webhookColumns = `id, owner, description, event_type, url, include_details, ordered, ed25519, secret, previous_until, disabled_at, disabled_why,
	failing_since, held_until, replay, version, created_at, updated_at`

func scanWebhook(scan scanner) (webhook.Webhook, error) {
	var w webhook.Webhook
	var replay string
	err := scan(&w.ID, &w.Owner, &w.Description, &w.EventType, &w.URL, &w.IncludeDetails, &w.Ordered, &w.Asymmetric, &w.Sealed, when{&w.PreviousUntil},
		when{&w.DisabledAt}, &w.DisabledWhy, when{&w.FailingSince}, when{&w.HeldUntil}, &replay, &w.Version, when{&w.CreatedAt}, when{&w.UpdatedAt})
	if err != nil || replay == "" {
		return w, err
	}
	return w, json.Unmarshal([]byte(replay), &w.Replay)
}

// Webhook finds an endpoint.
func (t *Tx) Webhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error) {
	return find(ctx, t, webhook.ErrNotFound, `SELECT `+webhookColumns+` FROM webhook WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`,
		in{group, id}, scanWebhook)
}

// LockWebhook keeps others from changing an endpoint, and finds it.
func (t *Tx) LockWebhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error) {
	if _, err := t.exec(ctx, `UPDATE webhook SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id); err != nil {
		return webhook.Webhook{}, err
	}
	return t.Webhook(ctx, group, id)
}

// Webhooks lists a group's endpoints.
func (s webhookStore) Webhooks(ctx context.Context, group practice.ID, of webhook.Type) ([]webhook.Webhook, error) {
	return list(ctx, s.Tx, `SELECT `+webhookColumns+` FROM webhook WHERE practice_group_id = $1 AND deleted_at IS NULL AND (CAST($2 AS text) = '' OR event_type = $2)
		ORDER BY id`, in{group, of}, scanWebhook)
}

// AddWebhook keeps a new endpoint.
func (t *Tx) AddWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	n, err := t.exec(ctx, `INSERT INTO webhook (practice_group_id, id, owner, description, event_type, url, include_details, ordered, ed25519, secret,
			disabled_why, replay, version, created_at, updated_at)
		SELECT $1, CAST($2 AS bigint), CAST($3 AS text), CAST($4 AS text), CAST($5 AS text), CAST($6 AS text), CAST($7 AS boolean), CAST($8 AS boolean),
			CAST($9 AS boolean), $10, '', '', CAST($11 AS bigint), $12, $13
		FROM practice_group WHERE practice_group_id = $1
			AND (SELECT count(*) FROM webhook o WHERE o.practice_group_id = $1 AND o.deleted_at IS NULL) < $14`,
		group, w.ID, w.Owner, w.Description, w.EventType, w.URL, w.IncludeDetails, w.Ordered, w.Asymmetric, w.Sealed, w.Version, w.CreatedAt, w.UpdatedAt, webhook.Most)
	if err == nil && n == 0 {
		err = webhook.ErrTooMany
	}
	return err
}

// SaveWebhook keeps a changed endpoint.
func (t *Tx) SaveWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	replay := ""
	if w.Replay != nil {
		replay = string(audit.Snapshot(w.Replay))
	}
	_, err := t.exec(ctx, `UPDATE webhook SET description = $3, url = $4, include_details = $5, ordered = $6, ed25519 = $7, secret = $8, previous_until = $9,
			disabled_at = $10, disabled_why = $11, failing_since = $12, held_until = $13, replay = $14, version = $15, updated_at = $16
		WHERE practice_group_id = $1 AND id = $2`, group, w.ID, w.Description, w.URL, w.IncludeDetails, w.Ordered, w.Asymmetric, w.Sealed, at(w.PreviousUntil),
		at(w.DisabledAt), w.DisabledWhy, at(w.FailingSince), at(w.HeldUntil), replay, w.Version, w.UpdatedAt)
	return err
}

// SaveHealth keeps how an endpoint does.
func (t *Tx) SaveHealth(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	_, err := t.exec(ctx, `UPDATE webhook SET failing_since = $3, held_until = $4 WHERE practice_group_id = $1 AND id = $2`,
		group, w.ID, at(w.FailingSince), at(w.HeldUntil))
	return err
}

// DropWebhook hides an endpoint and forgets its secrets.
func (t *Tx) DropWebhook(ctx context.Context, group practice.ID, id webhook.ID, now time.Time) error {
	_, err := t.exec(ctx, `UPDATE webhook SET deleted_at = $3, secret = $4, url = '', updated_at = $3 WHERE practice_group_id = $1 AND id = $2`, group, id, now, []byte{})
	return err
}

// PurgeWebhook removes an endpoint that was dropped.
func (t *Tx) PurgeWebhook(ctx context.Context, group practice.ID, id webhook.ID) error {
	_, err := t.exec(ctx, `DELETE FROM webhook WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NOT NULL`, group, id)
	return err
}

// GoneWebhooks lists the endpoints that were dropped.
func (s webhookStore) GoneWebhooks(ctx context.Context, group practice.ID) ([]webhook.ID, error) {
	return list(ctx, s.Tx, `SELECT id FROM webhook WHERE practice_group_id = $1 AND deleted_at IS NOT NULL`, in{group}, func(scan scanner) (webhook.ID, error) {
		var id webhook.ID
		err := scan(&id)
		return id, err
	})
}

func scanLane(scan scanner) (webhook.Lane, error) {
	var l webhook.Lane
	err := scan(&l.Group, &l.Webhook, &l.Type)
	return l, err
}

const (
	dueLanes = `SELECT w.practice_group_id, w.id, w.event_type FROM webhook w
		WHERE w.disabled_at IS NULL AND w.deleted_at IS NULL AND (w.held_until IS NULL OR w.held_until <= $1)
			AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.practice_group_id = w.practice_group_id AND d.webhook_id = w.id AND d.due_at <= $1)`
	dueOf = dueLanes + ` AND w.practice_group_id = $2 AND (CAST($3 AS text) = '' OR w.event_type = $3)`
	dueIn = dueLanes + ` ORDER BY practice_group_id`
)

// DueWebhooks lists the endpoints, of all groups, with something to deliver.
func (s webhookStore) DueWebhooks(ctx context.Context, now time.Time) ([]webhook.Lane, error) {
	return list(ctx, s.Tx, dueIn, in{now}, scanLane)
}

// DueOf lists those of one group and type.
func (s webhookStore) DueOf(ctx context.Context, group practice.ID, of webhook.Type, now time.Time) ([]webhook.Lane, error) {
	return list(ctx, s.Tx, dueOf, in{now, group, of}, scanLane)
}

const eventColumns = `id, type, subject_id, sequence, at, data`

// EventByID finds an event.
func (t *Tx) EventByID(ctx context.Context, group practice.ID, id int64) (event.Event, error) {
	return find(ctx, t, webhook.ErrNoDelivery, `SELECT `+eventColumns+` FROM event WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanEvent(int64(group)))
}

func scanEvent(group int64) func(scan scanner) (event.Event, error) {
	return func(scan scanner) (event.Event, error) {
		e := event.Event{Group: group}
		var data string
		err := scan(&e.ID, &e.Type, &e.Subject, &e.Sequence, when{&e.At}, &data)
		e.Data = []byte(data)
		return e, err
	}
}

// EventsBetween lists events of a type in the order of time.
func (t *Tx) EventsBetween(ctx context.Context, group practice.ID, of webhook.Type, after time.Time, afterID int64, until time.Time, limit int) ([]event.Event, error) {
	return list(ctx, t, `SELECT `+eventColumns+` FROM event WHERE practice_group_id = $1 AND type = $2 AND (at, id) > ($3, $4) AND at <= $5
		ORDER BY at, id LIMIT $6`, in{group, of, after, afterID, until, limit}, scanEvent(int64(group)))
}

// Log reads numbered events.
func (s webhookStore) Log(ctx context.Context, group practice.ID, after, until int64, types []webhook.Type, limit int) ([]webhook.Logged, error) {
	names := make([]string, len(types))
	for i, of := range types {
		names[i] = string(of)
	}
	return list(ctx, s.Tx, `SELECT position, `+eventColumns+` FROM event
		WHERE practice_group_id = $1 AND position > $2 AND position <= $3 AND CAST($4 AS text) LIKE '%,' || type || ',%' ORDER BY position LIMIT $5`,
		in{group, after, until, "," + strings.Join(names, ",") + ",", limit}, func(scan scanner) (webhook.Logged, error) {
			l := webhook.Logged{Event: event.Event{Group: int64(group)}}
			var data string
			err := scan(&l.Position, &l.ID, &l.Type, &l.Subject, &l.Sequence, when{&l.At}, &data)
			l.Data = []byte(data)
			return l, err
		})
}

// LogEnd is the last place there is, and whether events wait for one.
func (s webhookStore) LogEnd(ctx context.Context, group practice.ID) (last int64, more bool, err error) {
	var waiting flag
	_, err = s.one(ctx, `SELECT COALESCE((SELECT last FROM event_log WHERE practice_group_id = $1), 0),
		EXISTS (SELECT 1 FROM event WHERE practice_group_id = $1 AND position IS NULL)`, in{group}, &last, &waiting)
	return last, bool(waiting), err
}

// NumberEvents gives events places in the log.
func (t *Tx) NumberEvents(ctx context.Context, group practice.ID, limit int) (int, error) {
	if _, err := t.exec(ctx, `INSERT INTO event_log (practice_group_id, last) VALUES ($1, 0) ON CONFLICT (practice_group_id) DO NOTHING`, group); err != nil {
		return 0, err
	}
	var last int64
	// It keeps others from giving places until the end of the transaction.
	if _, err := t.one(ctx, `UPDATE event_log SET last = last WHERE practice_group_id = $1 RETURNING last`, in{group}, &last); err != nil {
		return 0, err
	}
	ids, err := list(ctx, t, `SELECT id FROM event WHERE practice_group_id = $1 AND position IS NULL ORDER BY id LIMIT $2`, in{group, limit},
		func(scan scanner) (int64, error) {
			var id int64
			err := scan(&id)
			return id, err
		})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	args := make([]in, len(ids))
	for i, id := range ids {
		args[i] = in{group, id, last + 1 + int64(i)}
	}
	if err := t.many(ctx, `UPDATE event SET position = $3 WHERE practice_group_id = $1 AND id = $2`, args); err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `UPDATE event_log SET last = $2 WHERE practice_group_id = $1`, group, last+int64(len(ids)))
	return len(ids), err
}

// forgotten is how many rows are removed at once. Ids are made in the order of
// time, so the oldest are the first.
const forgotten = 1000

// ForgetEvents removes the oldest events.
func (s webhookStore) ForgetEvents(ctx context.Context, group practice.ID, before time.Time) (more bool, err error) {
	err = s.db.do(ctx, func(t *Tx) error {
		n, err := t.exec(ctx, `DELETE FROM event WHERE practice_group_id = $1 AND id IN (
			SELECT id FROM (SELECT id, at FROM event e WHERE e.practice_group_id = $1 ORDER BY id LIMIT $3) AS oldest WHERE at < $2)`, group, before, forgotten)
		more = n == forgotten
		return err
	})
	return more, err
}

const oldestDeliveries = ` WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id IN (
	SELECT event_id FROM (SELECT event_id, at FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2 ORDER BY event_id LIMIT $4) AS oldest
	WHERE at < $3)`

// ForgetDeliveries removes the oldest deliveries of an endpoint.
func (s webhookStore) ForgetDeliveries(ctx context.Context, group practice.ID, of webhook.ID, before time.Time) (more bool, err error) {
	err = s.db.do(ctx, func(t *Tx) error {
		if _, err := t.exec(ctx, `DELETE FROM webhook_attempt`+oldestDeliveries, group, of, before, forgotten); err != nil {
			return err
		}
		n, err := t.exec(ctx, `DELETE FROM webhook_delivery`+oldestDeliveries, group, of, before, forgotten)
		more = n == forgotten
		return err
	})
	return more, err
}

const deliveryColumns = `event_id, at, state, attempts, tries, due_at, lease IS NOT NULL, since, status, failure, ended_at, body, created_at`

func scanDelivery(scan scanner) (webhook.Delivery, error) {
	var d webhook.Delivery
	var body string
	var leased flag
	err := scan(&d.ID, when{&d.At}, &d.State, &d.Attempts, &d.Tries, when{&d.DueAt}, &leased, when{&d.Since}, &d.Status, &d.Failure, when{&d.EndedAt},
		text{&body}, when{&d.CreatedAt})
	if d.Leased = bool(leased); body != "" {
		d.Body = []byte(body)
	}
	return d, err
}

// Delivery finds a delivery.
func (t *Tx) Delivery(ctx context.Context, group practice.ID, of webhook.ID, id int64) (webhook.Delivery, error) {
	return find(ctx, t, webhook.ErrNoDelivery, `SELECT `+deliveryColumns+` FROM webhook_delivery WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id = $3`,
		in{group, of, id}, scanDelivery)
}

const (
	deliveries     = `SELECT ` + deliveryColumns + ` FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.event_id < $3`
	newestDelivery = ` ORDER BY event_id DESC LIMIT $4`
)

// Deliveries lists an endpoint's deliveries, newest first. Each state has an
// index of its own, but for delivered, which nearly all are.
func (s webhookStore) Deliveries(ctx context.Context, group practice.ID, of webhook.ID, q webhook.Query) ([]webhook.Delivery, error) {
	if q.Before == 0 {
		q.Before = 1 << 53
	}
	query := deliveries + newestDelivery
	switch q.State {
	case webhook.Waiting:
		query = deliveries + ` AND due_at IS NOT NULL` + newestDelivery
	case webhook.Failed:
		query = deliveries + ` AND state = 'failed'` + newestDelivery
	case webhook.Delivered:
		query = deliveries + ` AND state = 'delivered'` + newestDelivery
	}
	return list(ctx, s.Tx, query, in{group, of, q.Before, q.Limit}, scanDelivery)
}

// Counts counts an endpoint's deliveries that wait and that failed.
func (s webhookStore) Counts(ctx context.Context, group practice.ID, of webhook.ID, limit int) (webhook.Counts, error) {
	var c webhook.Counts
	_, err := s.one(ctx, `SELECT count(*), MIN(at) FROM (SELECT at FROM webhook_delivery d
		WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.due_at IS NOT NULL ORDER BY due_at, event_id LIMIT $3) AS waiting`,
		in{group, of, limit}, &c.Waiting, when{&c.OldestWaiting})
	if err != nil {
		return c, err
	}
	_, err = s.one(ctx, `SELECT count(*) FROM (SELECT 1 FROM webhook_delivery d
		WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.state = 'failed' LIMIT $3) AS failed`, in{group, of, limit}, &c.Failed)
	return c, err
}

// Attempts lists how a delivery went.
func (s webhookStore) Attempts(ctx context.Context, group practice.ID, of webhook.ID, delivery int64) ([]webhook.Attempt, error) {
	return list(ctx, s.Tx, `SELECT number, at, took, status, failure, answer FROM webhook_attempt
		WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id = $3 ORDER BY number`, in{group, of, delivery}, func(scan scanner) (webhook.Attempt, error) {
		var a webhook.Attempt
		var took int64
		err := scan(&a.Number, when{&a.At}, &took, &a.Status, &a.Failure, &a.Body)
		a.Took = time.Duration(took) * time.Microsecond
		return a, err
	})
}

// AddDelivery keeps a delivery that has no event.
func (t *Tx) AddDelivery(ctx context.Context, group practice.ID, of webhook.ID, d webhook.Delivery) error {
	_, err := t.exec(ctx, `INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id, sequence, at, state, attempts, tries, due_at, since,
			status, failure, body, created_at) VALUES ($1, $2, $3, 0, 0, $4, $5, 0, 0, $6, $7, 0, '', $8, $9)`,
		group, of, d.ID, d.At, d.State, at(d.DueAt), d.Since, string(d.Body), d.CreatedAt)
	t.queued(ctx, group)
	return err
}

// queued notes that there is something to deliver which is no new event.
func (t *Tx) queued(ctx context.Context, group practice.ID) { t.tells(ctx, group, "") }

// Requeue queues the deliveries of events.
func (t *Tx) Requeue(ctx context.Context, group practice.ID, of webhook.ID, events []int64, again bool, now time.Time) (int, error) {
	all := make([]statement, 0, 2*len(events))
	for _, id := range events {
		all = append(all, statement{`UPDATE webhook_delivery SET state = 'waiting', tries = 0, due_at = $4, since = $4, ended_at = NULL
			WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id = $3 AND lease IS NULL AND (state <> 'delivered' OR CAST($5 AS boolean))`,
			in{group, of, id, now, again}})
	}
	for _, id := range events {
		all = append(all, statement{`INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id, sequence, lane, at, state, attempts, tries,
				due_at, since, status, failure, created_at)
			SELECT e.practice_group_id, w.id, e.id, e.subject_id, e.sequence, CASE WHEN w.ordered THEN e.subject_id END, e.at, 'waiting', 0, 0, $4, $4, 0, '', $4
			FROM event e JOIN webhook w ON w.practice_group_id = e.practice_group_id AND w.id = $2 WHERE e.practice_group_id = $1 AND e.id = $3
			ON CONFLICT (practice_group_id, webhook_id, event_id) DO NOTHING`, in{group, of, id, now}})
	}
	touched, err := t.run(ctx, all)
	n := int64(0)
	for _, one := range touched {
		n += one
	}
	t.queued(ctx, group)
	return int(n), err
}

const (
	// inTurn passes over what comes after something that still waits, where the
	// endpoint wants the events of one thing in their order.
	inTurn = ` AND (lane IS NULL OR NOT EXISTS (SELECT 1 FROM webhook_delivery b WHERE b.practice_group_id = d.practice_group_id
		AND b.webhook_id = d.webhook_id AND b.lane = d.lane AND b.sequence < d.sequence AND b.due_at IS NOT NULL))`
	leaseHead = `UPDATE webhook_delivery SET due_at = $4, lease = $5, attempts = attempts + 1 WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id `
	leaseDue  = `(SELECT event_id FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.due_at <= $3` + inTurn +
		` ORDER BY due_at, event_id LIMIT $6`
	leaseTail = ` RETURNING ` + deliveryColumns + `, lease, subject_id, sequence,
		(SELECT e.data FROM event e WHERE e.practice_group_id = webhook_delivery.practice_group_id AND e.id = webhook_delivery.event_id)`
	leaseDeliveries = leaseHead + `IN ` + leaseDue + `)` + leaseTail
	// See claimSkipping.
	leaseSkipping = leaseHead + `= ANY (ARRAY` + leaseDue + skipLocked + `))` + leaseTail
)

// ClaimDeliveries leases deliveries that are due.
func (t *Tx) ClaimDeliveries(ctx context.Context, group practice.ID, of webhook.ID, c webhook.Claim) ([]webhook.Claimed, error) {
	query := leaseDeliveries
	if t.db.skips {
		query = leaseSkipping
	}
	if t.db.inOrder != "" {
		if _, err := t.exec(ctx, t.db.inOrder); err != nil {
			return nil, err
		}
	}
	found, err := list(ctx, t, query, in{group, of, c.Now, c.Until, c.Lease, c.Limit}, func(scan scanner) (webhook.Claimed, error) {
		var d webhook.Claimed
		var data, body string
		var leased flag
		err := scan(&d.ID, when{&d.At}, &d.State, &d.Attempts, &d.Tries, when{&d.DueAt}, &leased, when{&d.Since}, &d.Status, &d.Failure, when{&d.EndedAt},
			text{&body}, when{&d.CreatedAt}, &d.Lease, &d.Subject, &d.Sequence, text{&data})
		if d.Leased, d.Data = bool(leased), []byte(data); body != "" {
			d.Body = []byte(body)
		}
		return d, err
	})
	slices.SortFunc(found, func(a, b webhook.Claimed) int { return int(a.ID - b.ID) })
	return found, err
}

// NextDelivery is when the next delivery falls due.
func (t *Tx) NextDelivery(ctx context.Context, group practice.ID, of webhook.ID) (next time.Time, err error) {
	_, err = t.one(ctx, `SELECT due_at FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.due_at IS NOT NULL`+inTurn+`
		ORDER BY due_at, event_id LIMIT 1`, in{group, of}, when{&next})
	return next, err
}

// SettleDeliveries keeps how attempts went.
func (t *Tx) SettleDeliveries(ctx context.Context, group practice.ID, of webhook.ID, settled []webhook.Settled) error {
	all := make([]statement, 0, 2*len(settled))
	for _, s := range settled {
		all = append(all, statement{`UPDATE webhook_delivery SET state = $4, attempts = $5, tries = $6, due_at = $7, status = $8, failure = $9, ended_at = $10, lease = NULL
			WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id = $3 AND lease = $11`,
			in{group, of, s.ID, s.State, s.Attempts, s.Tries, at(s.DueAt), s.Status, s.Failure, at(s.EndedAt), s.Lease}})
	}
	for _, s := range settled {
		if a := s.Attempt; a != nil {
			all = append(all, statement{`INSERT INTO webhook_attempt (practice_group_id, webhook_id, event_id, number, at, took, status, failure, answer)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (practice_group_id, webhook_id, event_id, number) DO NOTHING`,
				in{group, of, s.ID, a.Number, a.At, a.Took.Microseconds(), a.Status, a.Failure, a.Body}})
		}
	}
	_, err := t.run(ctx, all)
	return err
}
