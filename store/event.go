package store

import (
	"context"
	"encoding/json"

	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store/value"
)

const (
	// Deliver queues an event for every endpoint that wants its type: in the
	// transaction of the event, so that neither is there without the other.
	Deliver = ToDeliver + wanting
	// ToDeliver begins a statement that queues events e for endpoints w.
	ToDeliver = `INSERT INTO webhook_delivery (practice_group_id, webhook_id, event_id, subject_id, sequence, lane,
		at, state, attempts, tries, due_at, since, status, failure, created_at)
		SELECT e.practice_group_id, w.id, e.id, e.subject_id, e.sequence, CASE WHEN w.ordered THEN e.subject_id
		END, e.at, 'waiting', 0, 0, e.at, e.at, 0, '', e.at`
	wanting = ` FROM event e JOIN webhook_type wt ON wt.practice_group_id = e.practice_group_id
		AND wt.event_type = e.type JOIN webhook w ON w.practice_group_id = wt.practice_group_id
		AND w.id = wt.webhook_id AND w.disabled_at IS NULL AND w.deleted_at IS NULL WHERE e.practice_group_id = $1
		AND e.id = $2`
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

// EventColumns are the columns of an event, as ScanEvent reads them.
const EventColumns = `id, type, subject_id, sequence, at, data`

// ScanEvent reads an event of a group.
func ScanEvent(group int64) func(scan scanner) (event.Event, error) {
	return func(scan scanner) (event.Event, error) {
		e := event.Event{Group: group}
		var data string
		err := scan(&e.ID, &e.Type, &e.Subject, &e.Sequence, value.When(&e.At), &data)
		e.Data = []byte(data)
		return e, err
	}
}

const (
	theBlocked  = `SELECT value FROM json_each($3)`
	intoBacklog = `INSERT INTO webhook_backlog (practice_group_id, event_id, webhooks)
		SELECT e.practice_group_id, e.id, group_concat(w.id)` + wanting +
		` AND NOT w.ordered AND w.id IN (` + theBlocked + `) GROUP BY e.practice_group_id, e.id`
	deliverOnly = Deliver + ` AND w.owner = $3 AND w.id <> $4`
	deliverRest = Deliver + ` AND (w.ordered OR w.id NOT IN (` + theBlocked + `))`
)

// deliveries are the statements that queue an event for every endpoint that
// wants it. For those that are blocked it goes to the backlog, but where events of
// one thing are sent in their order: that is found out from the deliveries.
func (t *Tx) deliveries(e event.Event) ([]statement, error) {
	if e.Only != (event.Endpoints{}) {
		return []statement{{deliverOnly, in{e.Group, e.ID, e.Only.Owner, e.Only.But}}}, nil
	}
	var blocked []webhook.ID
	if t.db.pages {
		blocked = t.db.listeners.blockedIn(practice.ID(e.Group))
	}
	if len(blocked) == 0 {
		return []statement{{Deliver, in{e.Group, e.ID}}}, nil
	}
	plain := make([]int64, len(blocked)) // which JSON has as numbers
	for i, id := range blocked {
		plain[i] = int64(id)
	}
	ids, err := json.Marshal(plain)
	args := in{e.Group, e.ID, string(ids)}
	return []statement{{intoBacklog, args}, {deliverRest, args}}, err
}

const keepEvent = `INSERT INTO event (practice_group_id, id, type, subject_id, sequence, at, data)
	VALUES ($1, $2, $3, $4, $5, $6, $7)`

// Record keeps an event with its parts, and queues each for every endpoint that
// wants it.
func (t *Tx) Record(ctx context.Context, e event.Event) error {
	var all []statement
	keep := func(e event.Event) error {
		if e.ID == 0 {
			e.ID = t.db.NewID()
		}
		if e.Subject == 0 {
			e.Subject, e.Sequence = e.ID, 1 // counted by itself
		}
		deliver, err := t.deliveries(e)
		all = append(all, statement{keepEvent, in{e.Group, e.ID, e.Type, e.Subject, e.Sequence, e.At, string(e.Data)}})
		all = append(all, deliver...)
		t.notes(ctx, practice.ID(e.Group), e.Type)
		return err
	}
	for _, part := range e.Parts {
		if err := keep(event.Event{Group: e.Group, Type: part.Type, At: e.At, Data: part.Data()}); err != nil {
			return err
		}
	}
	if err := keep(e); err != nil {
		return err
	}
	_, err := t.run(ctx, all)
	return err
}

// Events lists a group's events after an id, oldest first.
func (db *DB) Events(ctx context.Context, group, after int64, limit int) ([]event.Event, error) {
	return list(ctx, db.plain(), `SELECT `+EventColumns+` FROM event WHERE practice_group_id = $1 AND id > $2
		ORDER BY id LIMIT $3`, in{group, after, limit},
		ScanEvent(group))
}
