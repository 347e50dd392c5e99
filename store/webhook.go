package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

type webhookStore struct {
	webhookReads
	tx *Tx
}

type webhookReads interface {
	Webhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error)
	Delivery(ctx context.Context, group practice.ID, of webhook.ID, id int64) (webhook.Delivery, error)
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

// Webhook is what webhook remembers.
func (db *DB) Webhook() webhook.Store { return webhookStore{db.plain(), db.plain()} }

// EventLog is the log of events.
func (db *DB) EventLog() webhook.Log { return webhookStore{db.plain(), db.plain()} }

// DeliveryQueue is what the courier remembers.
func (db *DB) DeliveryQueue() courier.Queue { return webhookStore{db.plain(), db.plain()} }

func (s webhookStore) Do(ctx context.Context, fn func(webhook.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

func (s webhookStore) DoUnawaited(ctx context.Context, fn func(courier.Tx) error) error {
	return s.tx.db.perform(ctx, func(tx *Tx) error { return fn(tx) }, unawaited)
}

const (
	// deliver queues an event for every endpoint that wants its type: in the
	// transaction of the event, so that neither is there without the other.
	deliver   = toDeliver + wanting
	toDeliver = `INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id, sequence, lane, at,
		state, attempts, tries, due_at, since, status, failure, created_at)
		SELECT e.practice_group_id, w.id, e.id, e.subject_id, e.sequence, CASE WHEN w.ordered THEN e.subject_id
		END, e.at,
		'waiting', 0, 0, e.at, e.at, 0, '', e.at`
	wanting = ` FROM event e JOIN webhook_type wt ON wt.practice_group_id = e.practice_group_id AND wt.event_type =
		e.type
			JOIN webhook w ON w.practice_group_id = wt.practice_group_id AND w.id = wt.webhook_id AND w.disabled_at
			IS NULL
			AND w.deleted_at IS NULL
		WHERE e.practice_group_id = $1 AND e.id = $2`
)

// wants gives the types of events some endpoint of the group wants.
func (t *Tx) wants(ctx context.Context, group practice.ID) (map[event.Type]bool, error) {
	types, err := list(ctx, t, `SELECT DISTINCT wt.event_type FROM webhook w
		JOIN webhook_type wt ON wt.practice_group_id = w.practice_group_id AND wt.webhook_id = w.id
		WHERE w.practice_group_id = $1 AND w.disabled_at IS NULL AND w.deleted_at IS NULL`, in{group},
		func(scan scanner) (event.Type, error) {
			var of event.Type
			err := scan(&of)
			return of, err
		})
	out := map[event.Type]bool{}
	for _, of := range types {
		out[of] = true
	}
	return out, err
}

// gotten are the types of events an endpoint gets, with commas between them.
const gotten = `CASE WHEN event_type <> '' THEN event_type
	ELSE COALESCE((SELECT string_agg(wt.event_type, ',') FROM webhook_type wt
		WHERE wt.practice_group_id = w.practice_group_id AND wt.webhook_id = w.id), '') END`

const webhookColumns = `id, style, owner, description, url, include_details, ordered, ed25519, secret, previous_until,
	disabled_at, disabled_why, failing_since, held_until, replay, version, created_at, updated_at, deleted_at, ` +
	gotten

func scanWebhook(scan scanner) (webhook.Webhook, error) {
	var w webhook.Webhook
	var replay, types string
	err := scan(&w.ID, &w.Format, &w.Owner, &w.Description, &w.URL, &w.IncludeDetails, &w.Ordered, &w.Asymmetric,
		&w.Sealed, when{&w.PreviousUntil}, when{&w.DisabledAt}, &w.DisabledWhy, when{&w.FailingSince},
		when{&w.HeldUntil},
		&replay, &w.Version, when{&w.CreatedAt}, when{&w.UpdatedAt}, when{&w.DeletedAt}, &types)
	for of := range strings.SplitSeq(types, ",") {
		if of != "" {
			w.Types = append(w.Types, event.Type(of))
		}
	}
	slices.Sort(w.Types)
	if err != nil || replay == "" {
		return w, err
	}
	return w, json.Unmarshal([]byte(replay), &w.Replay)
}

// Webhook finds an endpoint, deleted or not.
func (t *Tx) Webhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error) {
	return find(ctx, t, webhook.ErrNotFound, `SELECT `+webhookColumns+
		` FROM webhook w WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanWebhook)
}

// LockWebhook keeps others from changing an endpoint, and finds it.
func (t *Tx) LockWebhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error) {
	if _, err := t.exec(ctx, `UPDATE webhook SET version = version WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return webhook.Webhook{}, err
	}
	return t.Webhook(ctx, group, id)
}

// Webhooks lists a group's endpoints.
func (s webhookStore) Webhooks(ctx context.Context, group practice.ID, f webhook.Filter) ([]webhook.Webhook, error) {
	return list(ctx, s.tx, `SELECT `+webhookColumns+` FROM webhook w WHERE practice_group_id = $1
			AND (CAST($2 AS text) = '' OR style = $2) AND (CAST($3 AS text) = '' OR event_type = $3)
			AND (deleted_at IS NULL OR CAST($4 AS boolean) AND style <> 'standard') ORDER BY id`,
		in{group, f.Format, f.Type, f.Deleted}, scanWebhook)
}

// AddWebhook keeps a new endpoint.
func (t *Tx) AddWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	n, err := t.exec(ctx, `INSERT INTO webhook (practice_group_id, id, owner, description, event_type, url,
		include_details, ordered, ed25519, secret, disabled_why, replay, version, created_at, updated_at, style)
		SELECT $1, CAST($2 AS bigint), CAST($3 AS text), CAST($4 AS text), CAST($5 AS text), CAST($6 AS text),
		CAST($7 AS boolean), CAST($8 AS boolean), CAST($9 AS boolean), $10, '', '', CAST($11 AS bigint), $12, $13,
		CAST($15 AS text)
		FROM practice_group WHERE practice_group_id = $1
			AND (SELECT count(*) FROM webhook o WHERE o.practice_group_id = $1 AND o.deleted_at IS NULL) < $14`,
		group, w.ID, w.Owner, w.Description, w.Type(), w.URL, w.IncludeDetails, w.Ordered, w.Asymmetric, w.Sealed,
		w.Version,
		w.CreatedAt, w.UpdatedAt, webhook.Most, w.Format)
	if err == nil && n == 0 {
		err = webhook.ErrTooMany
	}
	if err != nil {
		return err
	}
	return t.SaveTypes(ctx, group, w)
}

// SaveTypes keeps what types of events an endpoint gets.
func (t *Tx) SaveTypes(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	if _, err := t.exec(ctx, dropTypes, group, w.ID); err != nil {
		return err
	}
	all := []in{}
	for _, of := range w.Types {
		all = append(all, in{group, w.ID, of})
	}
	return t.many(ctx, `INSERT INTO webhook_type (practice_group_id, webhook_id, event_type) VALUES ($1, $2, $3)`, all)
}

const dropTypes = `DELETE FROM webhook_type WHERE practice_group_id = $1 AND webhook_id = $2`

// SaveWebhook keeps a changed endpoint.
func (t *Tx) SaveWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	replay := ""
	if w.Replay != nil {
		replay = string(audit.Snapshot(w.Replay))
	}
	_, err := t.exec(ctx, `UPDATE webhook SET description = $3, url = $4, include_details = $5, ordered = $6,
		ed25519 = $7, secret = $8, previous_until = $9, disabled_at = $10, disabled_why = $11, failing_since = $12,
		held_until = $13, replay = $14, version = $15, updated_at = $16
		WHERE practice_group_id = $1 AND id = $2`,
		group, w.ID, w.Description, w.URL, w.IncludeDetails, w.Ordered, w.Asymmetric, w.Sealed, at(w.PreviousUntil),
		at(w.DisabledAt), w.DisabledWhy, at(w.FailingSince), at(w.HeldUntil), replay, w.Version, w.UpdatedAt)
	return err
}

// SaveHealth keeps how an endpoint does.
func (t *Tx) SaveHealth(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	_, err := t.exec(ctx,
		`UPDATE webhook SET failing_since = $3, held_until = $4 WHERE practice_group_id = $1 AND id = $2`,
		group, w.ID, at(w.FailingSince), at(w.HeldUntil))
	return err
}

// DropWebhook hides an endpoint and forgets its secrets.
func (t *Tx) DropWebhook(ctx context.Context, group practice.ID, id webhook.ID, now time.Time) error {
	_, err := t.exec(ctx, `UPDATE webhook SET deleted_at = $3, secret = $4, updated_at = $3,
			url = CASE WHEN style = 'standard' THEN '' ELSE url END WHERE practice_group_id = $1 AND id = $2`,
		group, id, now, []byte{})
	return err
}

// PurgeWebhook removes an endpoint that was dropped, but for one in the format Semble.
func (t *Tx) PurgeWebhook(ctx context.Context, group practice.ID, id webhook.ID) error {
	if _, err := t.exec(ctx, `DELETE FROM webhook_type WHERE practice_group_id = $1 AND webhook_id = $2
		AND webhook_id IN (SELECT id FROM webhook w WHERE w.practice_group_id = $1 AND w.id = $2 AND deleted_at IS
		NOT NULL
		AND style = 'standard')`, group, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM webhook WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NOT NULL
		AND style = 'standard'`, group, id)
	return err
}

// GoneWebhooks lists the endpoints that were dropped before a moment.
func (s webhookStore) GoneWebhooks(ctx context.Context, group practice.ID, before time.Time) ([]webhook.ID, error) {
	return list(ctx, s.tx, `SELECT id FROM webhook w WHERE practice_group_id = $1 AND deleted_at < $2
		AND (style = 'standard' OR EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.practice_group_id =
		w.practice_group_id
		AND d.webhook_id = w.id))`, in{group, before}, ScanID[webhook.ID])
}

func scanDue(scan scanner) (courier.Due, error) {
	var d courier.Due
	err := scan(&d.Group, &d.Webhook, &d.Type, when{&d.Since})
	return d, err
}

const (
	// The first that waits is asked for, and not whether one is due: PostgreSQL
	// would look for that among all that were ever delivered.
	dueEndpoints = `SELECT practice_group_id, id, event_type, due_at FROM (
			SELECT w.practice_group_id, w.id, w.event_type, (SELECT d.due_at FROM webhook_delivery d
				WHERE d.practice_group_id = w.practice_group_id AND d.webhook_id = w.id AND d.due_at IS NOT NULL
				ORDER BY d.due_at
				LIMIT 1) AS due_at
			FROM webhook w WHERE w.disabled_at IS NULL AND w.deleted_at IS NULL AND (w.held_until IS NULL OR
			w.held_until <= $1)`
	dueEnd = `) AS endpoints WHERE due_at <= $1`
	dueOf  = dueEndpoints + ` AND w.practice_group_id = $2 AND (CAST($3 AS text) = '' OR w.event_type = ''
		OR w.event_type = $3)` + dueEnd
	dueIn = dueEndpoints + dueEnd + ` ORDER BY practice_group_id`
)

// DueWebhooks lists the endpoints, of all groups, with something to deliver.
func (s webhookStore) DueWebhooks(ctx context.Context, now time.Time) ([]courier.Due, error) {
	return list(ctx, s.tx, dueIn, in{now}, scanDue)
}

// DueOf lists those of one group and type.
func (s webhookStore) DueOf(
	ctx context.Context, group practice.ID, of event.Type, now time.Time,
) ([]courier.Due, error) {
	return list(ctx, s.tx, dueOf, in{now, group, of}, scanDue)
}

const eventColumns = `id, type, subject_id, sequence, at, data`

// EventByID finds an event.
func (t *Tx) EventByID(ctx context.Context, group practice.ID, id int64) (event.Event, error) {
	return find(ctx, t, webhook.ErrNoDelivery, `SELECT `+eventColumns+
		` FROM event WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanEvent(int64(group)))
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
func (t *Tx) EventsBetween(
	ctx context.Context, group practice.ID, of event.Type, after webhook.Place, until time.Time, limit int,
) ([]event.Event, error) {
	return list(ctx, t, `SELECT `+eventColumns+` FROM event WHERE practice_group_id = $1 AND type = $2
		AND (at, id) > ($3, $4) AND at <= $5
		ORDER BY at, id LIMIT $6`, in{group, of, after.At, after.ID, until, limit}, scanEvent(int64(group)))
}

// Log reads numbered events.
func (s webhookStore) Log(
	ctx context.Context, group practice.ID, after, until int64, types []event.Type, limit int,
) ([]webhook.Logged, error) {
	names := make([]string, len(types))
	for i, of := range types {
		names[i] = string(of)
	}
	return list(ctx, s.tx, `SELECT position, `+eventColumns+` FROM event
		WHERE practice_group_id = $1 AND position > $2 AND position <= $3 AND CAST($4 AS text) LIKE '%,' || type || ',%'
		ORDER BY position LIMIT $5`,
		in{group, after, until, "," + strings.Join(names, ",") + ",", limit},
		func(scan scanner) (webhook.Logged, error) {
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
	_, err = s.tx.one(ctx, `SELECT COALESCE((SELECT last FROM event_log WHERE practice_group_id = $1), 0),
		EXISTS (SELECT 1 FROM event WHERE practice_group_id = $1 AND position IS NULL)`, in{group}, &last, &waiting)
	return last, bool(waiting), err
}

// NumberEvents gives events places in the log.
func (t *Tx) NumberEvents(ctx context.Context, group practice.ID, limit int) (int, error) {
	if _, err := t.exec(ctx, `INSERT INTO event_log (practice_group_id, last) VALUES ($1, 0)
		ON CONFLICT (practice_group_id) DO NOTHING`, group); err != nil {
		return 0, err
	}
	var last int64
	// It keeps others from giving places until the end of the transaction.
	if _, err := t.one(ctx, `UPDATE event_log SET last = last WHERE practice_group_id = $1
		RETURNING last`, in{group}, &last); err != nil {
		return 0, err
	}
	ids, err := list(ctx, t, `SELECT id FROM event WHERE practice_group_id = $1 AND position IS NULL ORDER BY id
		LIMIT $2`, in{group, limit}, func(scan scanner) (int64, error) {
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
	err = s.tx.db.do(ctx, func(t *Tx) error {
		n, err := t.exec(ctx, `DELETE FROM event WHERE practice_group_id = $1 AND id IN (
			SELECT id FROM (SELECT id, at FROM event e WHERE e.practice_group_id = $1 ORDER BY id LIMIT $3) AS oldest
			WHERE at < $2)`, group, before, forgotten)
		more = n == forgotten
		return err
	})
	return more, err
}

const oldestDeliveries = ` WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id IN (
	SELECT event_id FROM (SELECT event_id, at FROM webhook_delivery d WHERE d.practice_group_id = $1 AND
	d.webhook_id = $2
	ORDER BY event_id LIMIT $4) AS oldest
	WHERE at < $3)`

// ForgetDeliveries removes the oldest deliveries of an endpoint.
func (s webhookStore) ForgetDeliveries(
	ctx context.Context, group practice.ID, of webhook.ID, before time.Time,
) (more bool, err error) {
	err = s.tx.db.do(ctx, func(t *Tx) error {
		if _, err := t.exec(ctx, `DELETE FROM webhook_attempt`+oldestDeliveries, group, of, before,
			forgotten); err != nil {
			return err
		}
		n, err := t.exec(ctx, `DELETE FROM webhook_delivery`+oldestDeliveries, group, of, before, forgotten)
		more = n == forgotten
		return err
	})
	return more, err
}
