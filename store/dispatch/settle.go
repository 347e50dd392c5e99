package dispatch

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
	"frontdesk/store/value"
)

// FindByProvider finds the message a carrier has another name for.
func (s *Store) FindByProvider(ctx context.Context, group practice.ID, carrier,
	providerID string) (messaging.Message, error) {
	return store.Find(ctx, s.Conn, messaging.ErrNotFound, `SELECT `+messagingstore.Columns+` FROM message m
		WHERE m.practice_group_id = $1 AND m.provider_id = $2 AND m.provider_id <> '' AND m.carrier = $3 LIMIT 1`,
		store.In{group, providerID, carrier}, messagingstore.Scan)
}

// LostLeases lists messages whose lease ran out.
func (s *Store) LostLeases(ctx context.Context, group practice.ID, before time.Time,
	limit int) ([]messaging.Message, error) {
	return store.List(ctx, s.Conn, `SELECT `+messagingstore.Columns+` FROM message m WHERE m.practice_group_id = $1
		AND m.lease_until IS NOT NULL AND m.lease_until < $2 ORDER BY m.lease_until
		LIMIT $3`, store.In{group, before, limit}, messagingstore.Scan)
}

const settleMessage = messagingstore.SaveHead +
	`, events = events + $21 WHERE practice_group_id = $1 AND id = $2 AND lease = $22`

// Settle keeps how leased messages ended. Of a message whose lease is gone it keeps nothing: another program has
// settled it.
func (t *Tx) Settle(ctx context.Context, group practice.ID, settled []dispatch.Settled) error {
	saves := make([]store.Statement, len(settled))
	for i, s := range settled {
		events := 0
		if s.Event != nil {
			events = 1
		}
		saves[i] = store.Bind(settleMessage, append(messagingstore.Saved(group, s.Message, s.At), events, s.Leased))
	}
	touched, err := store.Run(ctx, t.Conn, saves)
	if err != nil {
		return err
	}
	wanted, err := store.Wants(ctx, t.Conn, group)
	if err != nil {
		return err
	}
	steps, events, deliver := make([]store.In, 0, len(settled)), make([]store.Statement, 0, len(settled)),
		[]store.Statement{}
	for i, s := range settled {
		if touched[i] == 0 {
			continue
		}
		if s.What != "" {
			steps = append(steps, store.In{group, s.ID, t.NewID(), s.At, s.StepLeg, s.StepChannel, s.Carrier, s.What,
				s.ProviderID, s.Code, s.Reason})
		}
		if s.Event != nil {
			id := t.NewID()
			events = append(events, store.Bind(messagingstore.EventInsert, store.In{group, s.ID, id, s.Event.Type, s.At,
				string(s.Event.Data)}))
			if wanted[s.Event.Type] {
				deliver = append(deliver, store.Bind(store.Deliver, store.In{group, id}))
			}
			store.Happened(ctx, t.Conn, group, s.Event.Type)
		}
	}
	_, err = store.Run(ctx, t.Conn, slices.Concat(store.Insertions(t.Conn, messagingstore.StepInsert, steps), events,
		deliver))
	return err
}

// NextDue is when the next message of a batch and channel falls due.
func (t *Tx) NextDue(ctx context.Context, group practice.ID, batch messaging.BatchID,
	channel carrier.Channel) (next time.Time, err error) {
	_, err = t.One(ctx, `SELECT due_at FROM message WHERE practice_group_id = $1 AND batch_id = $2
		AND leg_channel = $3 AND due_at IS NOT NULL ORDER BY due_at, id
		LIMIT 1`, store.In{group, batch, channel}, value.When(&next))
	return next, err
}

// DueChannels lists the batches and channels with messages that are due.
func (s *Store) DueChannels(ctx context.Context, group practice.ID, before time.Time) ([]dispatch.Due, error) {
	return store.List(ctx, s.Conn, `SELECT DISTINCT batch_id, leg_channel FROM message WHERE practice_group_id = $1
		AND due_at IS NOT NULL AND due_at <= $2`, store.In{group, before},
		func(scan store.Scanner) (dispatch.Due, error) {
			var d dispatch.Due
			err := scan(&d.Batch, &d.Channel)
			return d, err
		})
}
