package webhook

import (
	"context"
	"strings"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store"
	"frontdesk/store/value"
)

// EventByID finds an event.
func (t *Tx) EventByID(ctx context.Context, group practice.ID, id int64) (event.Event, error) {
	return store.Find(ctx, t.Conn, webhook.ErrNoDelivery, `SELECT `+store.EventColumns+
		` FROM event WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, store.ScanEvent(int64(group)))
}

// EventsBetween lists events of a type in the order of time.
func (t *Tx) EventsBetween(
	ctx context.Context, group practice.ID, of event.Type, after webhook.Place, until time.Time, limit int,
) ([]event.Event, error) {
	return store.List(ctx, t.Conn, `SELECT `+store.EventColumns+` FROM event WHERE practice_group_id = $1
		AND type = $2 AND (at, id) > ($3, $4) AND at <= $5 ORDER BY at, id
		LIMIT $6`, store.In{group, of, after.At, after.ID, until, limit}, store.ScanEvent(int64(group)))
}

// Log reads numbered events.
func (s *Store) Log(
	ctx context.Context, group practice.ID, after, until int64, types []event.Type, limit int,
) ([]webhook.Logged, error) {
	names := make([]string, len(types))
	for i, of := range types {
		names[i] = string(of)
	}
	return store.List(ctx, s.Conn, `SELECT position, `+store.EventColumns+` FROM event WHERE practice_group_id = $1
		AND position > $2 AND position <= $3 AND CAST($4 AS text) LIKE '%,' || type || ',%' ORDER BY position
		LIMIT $5`,
		store.In{group, after, until, "," + strings.Join(names, ",") + ",", limit},
		func(scan store.Scanner) (webhook.Logged, error) {
			l := webhook.Logged{Event: event.Event{Group: int64(group)}}
			var data string
			err := scan(&l.Position, &l.ID, &l.Type, &l.Subject, &l.Sequence, value.When(&l.At), &data)
			l.Data = []byte(data)
			return l, err
		})
}

// LogEnd is the last place there is, and whether events wait for one.
func (s *Store) LogEnd(ctx context.Context, group practice.ID) (last int64, more bool, err error) {
	var waiting value.Flag
	_, err = s.One(ctx, `SELECT COALESCE((SELECT last FROM event_log WHERE practice_group_id = $1), 0),
		EXISTS (SELECT 1 FROM event WHERE practice_group_id = $1 AND position IS NULL)`, store.In{group}, &last,
		&waiting)
	return last, bool(waiting), err
}

// NumberEvents gives events places in the log.
func (t *Tx) NumberEvents(ctx context.Context, group practice.ID, limit int) (int, error) {
	if _, err := t.Exec(ctx, `INSERT INTO event_log (practice_group_id, last) VALUES ($1, 0)
		ON CONFLICT (practice_group_id) DO NOTHING`, group); err != nil {
		return 0, err
	}
	var last int64
	// It keeps others from giving places until the end of the transaction.
	if _, err := t.One(ctx, `UPDATE event_log SET last = last WHERE practice_group_id = $1
		RETURNING last`, store.In{group}, &last); err != nil {
		return 0, err
	}
	ids, err := store.List(ctx, t.Conn, `SELECT id FROM event WHERE practice_group_id = $1 AND position IS NULL
		ORDER BY id LIMIT $2`, store.In{group, limit}, func(scan store.Scanner) (int64, error) {
		var id int64
		err := scan(&id)
		return id, err
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	args := make([]store.In, len(ids))
	for i, id := range ids {
		args[i] = store.In{group, id, last + 1 + int64(i)}
	}
	if err := t.Many(ctx, `UPDATE event SET position = $3 WHERE practice_group_id = $1 AND id = $2`, args); err != nil {
		return 0, err
	}
	_, err = t.Exec(ctx, `UPDATE event_log SET last = $2 WHERE practice_group_id = $1`, group, last+int64(len(ids)))
	return len(ids), err
}

// forgotten is how many rows are removed at once. Ids are made in the order of time, so the oldest are the first.
const forgotten = 1000

// ForgetEvents removes the oldest events.
func (s *Store) ForgetEvents(ctx context.Context, group practice.ID, before time.Time) (more bool, err error) {
	err = s.db.Do(ctx, func(t store.Conn) error {
		n, err := t.Exec(ctx, `DELETE FROM event WHERE practice_group_id = $1 AND id IN ( SELECT id
			FROM (SELECT id, at FROM event e WHERE e.practice_group_id = $1 ORDER BY id LIMIT $3) AS oldest
			WHERE at < $2)`, group, before, forgotten)
		more = n == forgotten
		return err
	})
	return more, err
}

const oldestDeliveries = ` WHERE practice_group_id = $1 AND webhook_id = $2 AND event_id IN ( SELECT event_id
	FROM (SELECT event_id, at FROM webhook_delivery d WHERE d.practice_group_id = $1 AND d.webhook_id = $2
	ORDER BY event_id LIMIT $4) AS oldest WHERE at < $3)`

// ForgetDeliveries removes the oldest deliveries of an endpoint.
func (s *Store) ForgetDeliveries(
	ctx context.Context, group practice.ID, of webhook.ID, before time.Time,
) (more bool, err error) {
	err = s.db.Do(ctx, func(t store.Conn) error {
		if _, err := t.Exec(ctx, `DELETE FROM webhook_attempt`+oldestDeliveries, group, of, before,
			forgotten); err != nil {
			return err
		}
		n, err := t.Exec(ctx, `DELETE FROM webhook_delivery`+oldestDeliveries, group, of, before, forgotten)
		more = n == forgotten
		return err
	})
	return more, err
}
