package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

const (
	theBlocked  = `SELECT value FROM json_each($3)`
	intoBacklog = `INSERT INTO webhook_backlog (practice_group_id, event_id, webhooks)
		SELECT e.practice_group_id, e.id, group_concat(w.id)` + wanting +
		` AND NOT w.ordered AND w.id IN (` + theBlocked + `) GROUP BY e.practice_group_id, e.id`
	deliverRest = deliver + ` AND (w.ordered OR w.id NOT IN (` + theBlocked + `))`
)

// deliveries are the statements that queue an event for every endpoint that
// wants it. For those that are blocked it goes to the backlog, but where events of
// one thing are sent in their order: that is found out from the deliveries.
func (t *Tx) deliveries(e event.Event) ([]statement, error) {
	var blocked []webhook.ID
	if t.db.pages {
		blocked = t.db.listeners.blockedIn(practice.ID(e.Group))
	}
	if len(blocked) == 0 {
		return []statement{{deliver, in{e.Group, e.ID}}}, nil
	}
	plain := make([]int64, len(blocked)) // which JSON has as numbers
	for i, id := range blocked {
		plain[i] = int64(id)
	}
	ids, err := json.Marshal(plain)
	args := in{e.Group, e.ID, string(ids)}
	return []statement{{intoBacklog, args}, {deliverRest, args}}, err
}

// Behind lists the groups of which something is in the backlog.
func (s webhookStore) Behind(ctx context.Context) ([]practice.ID, error) {
	if !s.tx.db.pages {
		return nil, nil // nothing ever is
	}
	return list(ctx, s.tx, `SELECT practice_group_id FROM practice_group g
		WHERE EXISTS (SELECT 1 FROM webhook_backlog b WHERE b.practice_group_id = g.practice_group_id)
		ORDER BY practice_group_id`, nil, func(scan scanner) (practice.ID, error) {
		var id practice.ID
		err := scan(&id)
		return id, err
	})
}

// Backlog lists the oldest of a group's backlog.
func (s webhookStore) Backlog(ctx context.Context, group practice.ID, limit int) ([]courier.Held, error) {
	return list(ctx, s.tx, `SELECT event_id, webhooks FROM webhook_backlog WHERE practice_group_id = $1
		ORDER BY event_id
		LIMIT $2`, in{group, limit}, func(scan scanner) (courier.Held, error) {
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
	queueBacklog = toDeliver + ` FROM webhook w CROSS JOIN event e WHERE w.practice_group_id = $1
		AND e.practice_group_id = $1 AND e.id IN `
	// One that was asked for meanwhile is there already.
	unlessThere = ` ON CONFLICT (practice_group_id, webhook_id, event_id) DO NOTHING`
	dropBacklog = `DELETE FROM webhook_backlog WHERE practice_group_id = $1 AND event_id IN `
)

var (
	queueBacklogWith = amongst{queueBacklog + few2 + ` AND w.id = $22` + unlessThere, queueBacklog + many2 + `
		AND w.id = $202` + unlessThere}
	dropBacklogWith = amongst{dropBacklog + few2, dropBacklog + many2}
)

// QueueFromBacklog queues events for an endpoint.
func (t *Tx) QueueFromBacklog(ctx context.Context, group practice.ID, of webhook.ID, events []int64) error {
	return t.among(ctx, queueBacklogWith, in{group}, events, of)
}

// DropFromBacklog takes events out of the backlog.
func (t *Tx) DropFromBacklog(ctx context.Context, group practice.ID, events []int64) error {
	return t.among(ctx, dropBacklogWith, in{group}, events)
}

// among runs a statement for ids, which come between its other arguments.
func (t *Tx) among(ctx context.Context, of amongst, before in, ids []int64, after ...any) error {
	var all []statement
	for some := range slices.Chunk(ids, manyIDs) {
		text, room := roomFor(of, some)
		all = append(all, statement{text, slices.Concat(before, room, after)})
	}
	_, err := t.run(ctx, all)
	return err
}
