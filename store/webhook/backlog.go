package webhook

import (
	"context"
	"strconv"
	"strings"

	"frontdesk/core/courier"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store"
)

// Behind lists the groups of which something is in the backlog.
func (s *Store) Behind(ctx context.Context) ([]practice.ID, error) {
	if !store.Pages(s.Conn) {
		return nil, nil // nothing ever is
	}
	return store.List(ctx, s.Conn, `SELECT practice_group_id FROM practice_group g WHERE EXISTS (SELECT 1
		FROM webhook_backlog b WHERE b.practice_group_id = g.practice_group_id)
		ORDER BY practice_group_id`, nil, func(scan store.Scanner) (practice.ID, error) {
		var id practice.ID
		err := scan(&id)
		return id, err
	})
}

// Backlog lists the oldest of a group's backlog.
func (s *Store) Backlog(ctx context.Context, group practice.ID, limit int) ([]courier.Held, error) {
	return store.List(ctx, s.Conn, `SELECT event_id, webhooks FROM webhook_backlog WHERE practice_group_id = $1
		ORDER BY event_id LIMIT $2`, store.In{group, limit}, func(scan store.Scanner) (courier.Held, error) {
		var m courier.Held
		var webhooks string
		err := scan(&m.Event, &webhooks)
		for one := range strings.SplitSeq(webhooks, ",") {
			id, bad := strconv.ParseInt(one, 10, 64)
			if m.Webhooks = append(m.Webhooks, webhook.ID(id)); err == nil {
				err = bad
			}
		}
		return m, err
	})
}

const (
	queueBacklog = store.ToDeliver + ` FROM webhook w CROSS JOIN event e WHERE w.practice_group_id = $1
		AND e.practice_group_id = $1 AND e.id IN `
	// One that was asked for meanwhile is there already.
	unlessThere = ` ON CONFLICT (practice_group_id, webhook_id, event_id) DO NOTHING`
	dropBacklog = `DELETE FROM webhook_backlog WHERE practice_group_id = $1 AND event_id IN `
)

var (
	queueBacklogWith = store.Among(queueBacklog+store.Few2+` AND w.id = $22`+unlessThere, queueBacklog+store.Many2+` 
		AND w.id = $202`+unlessThere)
	dropBacklogWith = store.Among(dropBacklog+store.Few2, dropBacklog+store.Many2)
)

// QueueFromBacklog queues events for an endpoint.
func (t *Tx) QueueFromBacklog(ctx context.Context, group practice.ID, of webhook.ID, events []int64) error {
	return store.ExecAmong(ctx, t.Conn, queueBacklogWith, store.In{group}, events, of)
}

// DropFromBacklog takes events out of the backlog.
func (t *Tx) DropFromBacklog(ctx context.Context, group practice.ID, events []int64) error {
	return store.ExecAmong(ctx, t.Conn, dropBacklogWith, store.In{group}, events)
}
