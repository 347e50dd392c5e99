package webhook

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
	"frontdesk/store"
	"frontdesk/store/value"
)

// gotten are the types of events an endpoint gets, with commas between them.
const gotten = `CASE WHEN event_type <> '' THEN event_type ELSE COALESCE((SELECT string_agg(wt.event_type, ',')
	FROM webhook_type wt WHERE wt.practice_group_id = w.practice_group_id AND wt.webhook_id = w.id), '') END`

const webhookColumns = `id, style, owner, description, url, include_details, ordered, ed25519, secret, previous_until,
	disabled_at, disabled_why, failing_since, held_until, replay, version, created_at, updated_at, deleted_at, ` +
	gotten

func scanWebhook(scan store.Scanner) (webhook.Webhook, error) {
	var w webhook.Webhook
	var replay, types string
	err := scan(&w.ID, &w.Format, &w.Owner, &w.Description, &w.URL, &w.IncludeDetails, &w.Ordered, &w.Asymmetric,
		&w.Sealed, value.When(&w.PreviousUntil), value.When(&w.DisabledAt), &w.DisabledWhy,
		value.When(&w.FailingSince), value.When(&w.HeldUntil), &replay, &w.Version, value.When(&w.CreatedAt),
		value.When(&w.UpdatedAt), value.When(&w.DeletedAt), &types)
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
	return store.Find(ctx, t.Conn, webhook.ErrNotFound, `SELECT `+webhookColumns+
		` FROM webhook w WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanWebhook)
}

// LockWebhook keeps others from changing an endpoint, and finds it.
func (t *Tx) LockWebhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error) {
	if _, err := t.Exec(ctx, `UPDATE webhook SET version = version WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return webhook.Webhook{}, err
	}
	return t.Webhook(ctx, group, id)
}

// Webhooks lists a group's endpoints.
func (s *Store) Webhooks(ctx context.Context, group practice.ID, f webhook.Filter) ([]webhook.Webhook, error) {
	return store.List(ctx, s.Conn, `SELECT `+webhookColumns+` FROM webhook w WHERE practice_group_id = $1
		AND (CAST($2 AS text) = '' OR style = $2) AND (CAST($3 AS text) = '' OR event_type = $3)
		AND (deleted_at IS NULL OR CAST($4 AS boolean) AND style <> 'standard') ORDER BY id`,
		store.In{group, f.Format, f.Type, f.Deleted}, scanWebhook)
}

// AddWebhook keeps a new endpoint.
func (t *Tx) AddWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	n, err := t.Exec(ctx, `INSERT INTO webhook (practice_group_id, id, owner, description, event_type, url,
		include_details, ordered, ed25519, secret, disabled_why, replay, version, created_at, updated_at, style)
		SELECT $1, CAST($2 AS bigint), CAST($3 AS text), CAST($4 AS text), CAST($5 AS text), CAST($6 AS text),
		CAST($7 AS boolean), CAST($8 AS boolean), CAST($9 AS boolean), $10, '', '', CAST($11 AS bigint), $12, $13,
		CAST($15 AS text) FROM practice_group WHERE practice_group_id = $1 AND (SELECT count(*) FROM webhook o
		WHERE o.practice_group_id = $1 AND o.deleted_at IS NULL) < $14`,
		group, w.ID, w.Owner, w.Description, w.Type(), w.URL, w.IncludeDetails, w.Ordered, w.Asymmetric, w.Sealed,
		w.Version, w.CreatedAt, w.UpdatedAt, webhook.Most, w.Format)
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
	if _, err := t.Exec(ctx, dropTypes, group, w.ID); err != nil {
		return err
	}
	all := []store.In{}
	for _, of := range w.Types {
		all = append(all, store.In{group, w.ID, of})
	}
	return t.Many(ctx, `INSERT INTO webhook_type (practice_group_id, webhook_id, event_type) VALUES ($1, $2, $3)`, all)
}

const dropTypes = `DELETE FROM webhook_type WHERE practice_group_id = $1 AND webhook_id = $2`

// SaveWebhook keeps a changed endpoint.
func (t *Tx) SaveWebhook(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	replay := ""
	if w.Replay != nil {
		replay = string(audit.Snapshot(w.Replay))
	}
	_, err := t.Exec(ctx, `UPDATE webhook SET description = $3, url = $4, include_details = $5, ordered = $6,
		ed25519 = $7, secret = $8, previous_until = $9, disabled_at = $10, disabled_why = $11, failing_since = $12,
		held_until = $13, replay = $14, version = $15, updated_at = $16 WHERE practice_group_id = $1 AND id = $2`,
		group, w.ID, w.Description, w.URL, w.IncludeDetails, w.Ordered, w.Asymmetric, w.Sealed,
		value.At(w.PreviousUntil), value.At(w.DisabledAt), w.DisabledWhy, value.At(w.FailingSince),
		value.At(w.HeldUntil), replay, w.Version, w.UpdatedAt)
	return err
}

// SaveHealth keeps how an endpoint does.
func (t *Tx) SaveHealth(ctx context.Context, group practice.ID, w webhook.Webhook) error {
	_, err := t.Exec(ctx,
		`UPDATE webhook SET failing_since = $3, held_until = $4 WHERE practice_group_id = $1 AND id = $2`, group,
		w.ID, value.At(w.FailingSince), value.At(w.HeldUntil))
	return err
}

// DropWebhook hides an endpoint and forgets its secrets.
func (t *Tx) DropWebhook(ctx context.Context, group practice.ID, id webhook.ID, now time.Time) error {
	_, err := t.Exec(ctx, `UPDATE webhook SET deleted_at = $3, secret = $4, updated_at = $3, url = CASE
		WHEN style = 'standard' THEN '' ELSE url END WHERE practice_group_id = $1 AND id = $2`,
		group, id, now, []byte{})
	return err
}

// PurgeWebhook removes an endpoint that was dropped, but for one in the format Semble.
func (t *Tx) PurgeWebhook(ctx context.Context, group practice.ID, id webhook.ID) error {
	if _, err := t.Exec(ctx, `DELETE FROM webhook_type WHERE practice_group_id = $1 AND webhook_id = $2
		AND webhook_id IN (SELECT id FROM webhook w WHERE w.practice_group_id = $1 AND w.id = $2
		AND deleted_at IS NOT NULL AND style = 'standard')`, group, id); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `DELETE FROM webhook WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NOT NULL
		AND style = 'standard'`, group, id)
	return err
}

// GoneWebhooks lists the endpoints that were dropped before a moment.
func (s *Store) GoneWebhooks(ctx context.Context, group practice.ID, before time.Time) ([]webhook.ID, error) {
	return store.List(ctx, s.Conn, `SELECT id FROM webhook w WHERE practice_group_id = $1 AND deleted_at < $2
		AND (style = 'standard' OR EXISTS (SELECT 1 FROM webhook_delivery d
		WHERE d.practice_group_id = w.practice_group_id
		AND d.webhook_id = w.id))`, store.In{group, before}, store.ScanID[webhook.ID])
}

func scanDue(scan store.Scanner) (courier.Due, error) {
	var d courier.Due
	err := scan(&d.Group, &d.Webhook, &d.Type, value.When(&d.Since))
	return d, err
}

const (
	// The first that waits is asked for, and not whether one is due: PostgreSQL
	// would look for that among all that were ever delivered.
	dueEndpoints = `SELECT practice_group_id, id, event_type, due_at FROM (
		SELECT w.practice_group_id, w.id, w.event_type, (SELECT d.due_at FROM webhook_delivery d
		WHERE d.practice_group_id = w.practice_group_id AND d.webhook_id = w.id AND d.due_at IS NOT NULL
		ORDER BY d.due_at LIMIT 1) AS due_at FROM webhook w WHERE w.disabled_at IS NULL AND w.deleted_at IS NULL
		AND (w.held_until IS NULL OR w.held_until <= $1)`
	dueEnd = `) AS endpoints WHERE due_at <= $1`
	dueOf  = dueEndpoints + ` AND w.practice_group_id = $2 AND (CAST($3 AS text) = '' OR w.event_type = ''
		OR w.event_type = $3)` + dueEnd
	dueIn = dueEndpoints + dueEnd + ` ORDER BY practice_group_id`
)

// DueWebhooks lists the endpoints, of all groups, with something to deliver.
func (s *Store) DueWebhooks(ctx context.Context, now time.Time) ([]courier.Due, error) {
	return store.List(ctx, s.Conn, dueIn, store.In{now}, scanDue)
}

// DueOf lists those of one group and type.
func (s *Store) DueOf(
	ctx context.Context, group practice.ID, of event.Type, now time.Time,
) ([]courier.Due, error) {
	return store.List(ctx, s.Conn, dueOf, store.In{now, group, of}, scanDue)
}
