package webhook

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store"
	"frontdesk/store/value"
)

const deliveryColumns = `event_id, at, state, attempts, tries, due_at, lease IS NOT NULL, since, status, failure,
	ended_at, body, created_at`

func scanDelivery(scan store.Scanner) (webhook.Delivery, error) {
	var d webhook.Delivery
	var body string
	var leased value.Flag
	err := scan(&d.ID, value.When(&d.At), &d.State, &d.Attempts, &d.Tries, value.When(&d.DueAt), &leased,
		value.When(&d.Since), &d.Status, &d.Failure, value.When(&d.EndedAt), value.Text(&body),
		value.When(&d.CreatedAt))
	if d.Leased = bool(leased); body != "" {
		d.Body = []byte(body)
	}
	return d, err
}

const (
	oneDelivery = `SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE practice_group_id = $1
		AND webhook_id = $2 AND event_id = $3`
	// What is in the backlog is a delivery that waits; see store/backlog.go. One
	// statement looks in both places, for an event moves from one to the other.
	oneWithBacklog = oneDelivery + ` UNION ALL
		SELECT e.id, e.at, 'waiting', 0, 0, e.at, false, e.at, 0, '', NULL, NULL, e.at FROM webhook_backlog b
		JOIN event e ON e.practice_group_id = b.practice_group_id AND e.id = b.event_id WHERE b.practice_group_id = $1
		AND b.event_id = $3 AND ',' || b.webhooks || ',' LIKE '%,' || $2 || ',%' AND NOT EXISTS (SELECT 1
		FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.event_id = $3)`
)

// Delivery finds a delivery.
func (t *Tx) Delivery(ctx context.Context, group practice.ID, of webhook.ID, id int64) (webhook.Delivery, error) {
	text := oneDelivery
	if store.Pages(t.Conn) {
		text = oneWithBacklog
	}
	return store.Find(ctx, t.Conn, webhook.ErrNoDelivery, text, store.In{group, of, id}, scanDelivery)
}

const (
	someDeliveries = `SELECT ` + deliveryColumns + ` FROM webhook_delivery d WHERE d.practice_group_id = $1
		AND d.webhook_id = $2 AND d.event_id < $3`
	newestDelivery = ` ORDER BY event_id DESC LIMIT $4`
)

// Deliveries lists an endpoint's deliveries, newest first. Each state has an
// index of its own, but for delivered, which nearly all are.
func (s *Store) Deliveries(
	ctx context.Context, group practice.ID, of webhook.ID, q webhook.Query,
) ([]webhook.Delivery, error) {
	if q.Before == 0 {
		q.Before = 1 << 53
	}
	query := someDeliveries + newestDelivery
	switch q.State {
	case webhook.Waiting:
		query = someDeliveries + ` AND due_at IS NOT NULL` + newestDelivery
	case webhook.Failed:
		query = someDeliveries + ` AND state = 'failed'` + newestDelivery
	case webhook.Delivered:
		query = someDeliveries + ` AND state = 'delivered'` + newestDelivery
	}
	return store.List(ctx, s.Conn, query, store.In{group, of, q.Before, q.Limit}, scanDelivery)
}

// Counts counts an endpoint's deliveries that wait and that failed.
func (s *Store) Counts(ctx context.Context, group practice.ID, of webhook.ID, limit int) (webhook.Counts, error) {
	var c webhook.Counts
	_, err := s.One(ctx, `SELECT count(*), MIN(at) FROM (SELECT at FROM webhook_delivery d
		WHERE d.practice_group_id = $1 AND d.webhook_id = $2 AND d.due_at IS NOT NULL ORDER BY due_at, event_id
		LIMIT $3) AS waiting`, store.In{group, of, limit}, &c.Waiting, value.When(&c.OldestWaiting))
	if err != nil {
		return c, err
	}
	_, err = s.One(ctx, `SELECT count(*) FROM (SELECT 1 FROM webhook_delivery d WHERE d.practice_group_id = $1
		AND d.webhook_id = $2 AND d.state = 'failed' LIMIT $3) AS failed`, store.In{group, of, limit}, &c.Failed)
	return c, err
}

// Attempts lists how a delivery went.
func (s *Store) Attempts(
	ctx context.Context, group practice.ID, of webhook.ID, delivery int64,
) ([]webhook.Attempt, error) {
	return store.List(ctx, s.Conn, `SELECT number, at, took, status, failure, answer FROM webhook_attempt
		WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id = $3
		ORDER BY number`, store.In{group, of, delivery}, func(scan store.Scanner) (webhook.Attempt, error) {
		var a webhook.Attempt
		var took int64
		err := scan(&a.Number, value.When(&a.At), &took, &a.Status, &a.Failure, &a.Body)
		a.Took = time.Duration(took) * time.Microsecond
		return a, err
	})
}

// AddDelivery keeps a delivery that has no event.
func (t *Tx) AddDelivery(ctx context.Context, group practice.ID, of webhook.ID, d webhook.Delivery) error {
	_, err := t.Exec(ctx, `INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id,
		sequence, at, state, attempts, tries, due_at, since, status, failure, body, created_at)
		VALUES ($1, $2, $3, 0, 0, $4, $5, 0, 0, $6, $7, 0, '', $8, $9)`, group, of, d.ID, d.At, d.State,
		value.At(d.DueAt), d.Since, string(d.Body), d.CreatedAt)
	t.queued(ctx, group)
	return err
}

// queued notes that there is something to deliver which is no new event.
func (t *Tx) queued(ctx context.Context, group practice.ID) { store.Happened(ctx, t.Conn, group, "") }

// Requeue queues the deliveries of events.
func (t *Tx) Requeue(
	ctx context.Context, group practice.ID, of webhook.ID, events []int64, again bool, now time.Time,
) (int, error) {
	all := make([]store.Statement, 0, 2*len(events))
	for _, id := range events {
		all = append(all, store.Bind(`UPDATE webhook_delivery
			SET state = 'waiting', tries = 0, due_at = $4, since = $4, ended_at = NULL, lease = NULL
			WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id = $3 AND (CAST($5 AS boolean)
			OR (lease IS NULL AND state <> 'delivered'))`, store.In{group, of, id, now, again}))
	}
	for _, id := range events {
		all = append(all, store.Bind(`INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id,
			subject_id, sequence, lane, at, state, attempts, tries, due_at, since, status, failure, created_at)
			SELECT e.practice_group_id, w.id, e.id, e.subject_id, e.sequence, CASE WHEN w.ordered THEN e.subject_id
			END, e.at, 'waiting', 0, 0, $4, $4, 0, '', $4 FROM event e
			JOIN webhook w ON w.practice_group_id = e.practice_group_id AND w.id = $2 WHERE e.practice_group_id = $1
			AND e.id = $3
			ON CONFLICT (practice_group_id, webhook_id, event_id) DO NOTHING`, store.In{group, of, id, now}))
	}
	touched, err := store.Run(ctx, t.Conn, all)
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
	inTurn = ` AND (lane IS NULL OR NOT EXISTS (SELECT 1 FROM webhook_delivery b
		WHERE b.practice_group_id = d.practice_group_id AND b.webhook_id = d.webhook_id AND b.lane = d.lane
		AND b.sequence < d.sequence AND b.due_at IS NOT NULL))`
	leaseSet = `UPDATE webhook_delivery SET due_at = $4, lease = $5, attempts = attempts + 1`
	leaseDue = ` FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2
		AND d.due_at <= $3` + inTurn + ` ORDER BY due_at, event_id LIMIT $6`
	leased = ` RETURNING ` + deliveryColumns + `, lease, subject_id, sequence, (SELECT e.data FROM event e
		WHERE e.practice_group_id = webhook_delivery.practice_group_id
		AND e.id = webhook_delivery.event_id), (SELECT e.type FROM event e
		WHERE e.practice_group_id = webhook_delivery.practice_group_id AND e.id = webhook_delivery.event_id)`
	leaseDeliveries = leaseSet + ` WHERE practice_group_id = $1 AND webhook_id = $2
		AND event_id IN (SELECT event_id` + leaseDue + `)` + leased
	// See claimSkipping.
	leaseSkipping = `WITH due AS MATERIALIZED (SELECT d.practice_group_id AS g, d.webhook_id AS w, d.event_id AS e` +
		leaseDue + store.SkipLocked + `) ` +
		leaseSet + ` FROM due WHERE practice_group_id = due.g AND webhook_id = due.w AND event_id = due.e` + leased
)

// ClaimDeliveries leases deliveries that are due.
func (t *Tx) ClaimDeliveries(
	ctx context.Context, group practice.ID, of webhook.ID, c courier.Claim,
) ([]courier.Claimed, error) {
	query := leaseDeliveries
	if store.Parallel(t.Conn) {
		query = leaseSkipping
	}
	if err := store.InOrder(ctx, t.Conn); err != nil {
		return nil, err
	}
	found, err := store.List(ctx, t.Conn, query, store.In{group, of, c.Now, c.Until, c.Lease, c.Limit},
		func(scan store.Scanner) (courier.Claimed, error) {
			var d courier.Claimed
			var data, body, of string
			var leased value.Flag
			err := scan(&d.ID, value.When(&d.At), &d.State, &d.Attempts, &d.Tries, value.When(&d.DueAt), &leased,
				value.When(&d.Since), &d.Status, &d.Failure, value.When(&d.EndedAt), value.Text(&body),
				value.When(&d.CreatedAt), &d.Lease, &d.Subject, &d.Sequence, value.Text(&data), value.Text(&of))
			if d.Leased, d.Data, d.Type = bool(leased), []byte(data), event.Type(of); body != "" {
				d.Body = []byte(body)
			}
			return d, err
		})
	slices.SortFunc(found, func(a, b courier.Claimed) int { return int(a.ID - b.ID) })
	return found, err
}

// NextDelivery is when the next delivery falls due.
func (t *Tx) NextDelivery(ctx context.Context, group practice.ID, of webhook.ID) (next time.Time, err error) {
	_, err = t.One(ctx, `SELECT due_at FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2
		AND d.due_at IS NOT NULL`+inTurn+` ORDER BY due_at, event_id LIMIT 1`, store.In{group, of}, value.When(&next))
	return next, err
}

// SettleDeliveries keeps how attempts went.
func (t *Tx) SettleDeliveries(
	ctx context.Context, group practice.ID, of webhook.ID, settled []courier.Settled,
) ([]courier.Settled, error) {
	all := make([]store.Statement, 0, 2*len(settled))
	for _, s := range settled {
		all = append(all, store.Bind(`UPDATE webhook_delivery SET state = $4, attempts = $5, tries = $6, due_at = $7,
			status = $8, failure = $9, ended_at = $10, lease = NULL WHERE practice_group_id = $1 AND webhook_id = $2
			AND event_id = $3 AND lease = $11`,
			store.In{group, of, s.ID, s.State, s.Attempts, s.Tries, value.At(s.DueAt), s.Status, s.Failure,
				value.At(s.EndedAt), s.Lease}))
	}
	for _, s := range settled {
		if a := s.Attempt; a != nil {
			all = append(all, store.Bind(`INSERT INTO webhook_attempt (practice_group_id, webhook_id, event_id,
				number, at, took, status, failure, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
				ON CONFLICT (practice_group_id, webhook_id, event_id,
				number) DO NOTHING`, store.In{group, of, s.ID, a.Number, a.At, a.Took.Microseconds(), a.Status,
				a.Failure, a.Body}))
		}
	}
	touched, err := store.Run(ctx, t.Conn, all)
	if err != nil {
		return nil, err
	}
	var kept []courier.Settled
	for i, s := range settled {
		if touched[i] > 0 {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// FreeDeliveries gives back what was leased by a program that has ended. On PostgreSQL others may be delivering, and
// leases run out by themselves.
func (s *Store) FreeDeliveries(ctx context.Context, group practice.ID, now time.Time) error {
	if s.db.Postgres() != nil {
		return nil
	}
	return s.db.Do(ctx, func(t store.Conn) error {
		_, err := t.Exec(ctx, `UPDATE webhook_delivery SET lease = NULL, due_at = $2 WHERE practice_group_id = $1
			AND due_at IS NOT NULL AND lease IS NOT NULL`, group, now)
		return err
	})
}
