package courier

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
)

// gone is the status with which an endpoint says that it wants no more. Source: Standard Webhooks, "Status codes".
const gone = 410

// health is how an endpoint does after some attempts, in the order they ended.
func health(w webhook.Webhook, settled []Settled, now time.Time) webhook.Webhook {
	for _, s := range settled {
		a := s.Attempt
		switch {
		case a == nil:
			continue
		case s.State == webhook.Delivered:
			w.FailingSince, w.HeldUntil = time.Time{}, time.Time{}
			continue
		case w.FailingSince.IsZero():
			w.FailingSince = a.At
		}
		if s.heldUntil.After(w.HeldUntil) {
			w.HeldUntil = s.heldUntil
		}
		switch {
		case !w.DisabledAt.IsZero():
		case a.Status == gone && a.Failure == "":
			w.DisabledAt, w.DisabledWhy = now, webhook.Gone
		case now.Sub(w.FailingSince) >= webhook.FailingFor:
			w.DisabledAt, w.DisabledWhy = now, webhook.Failing
		}
	}
	return w
}

// DisabledKind is the kind of the job that informs a practice that an endpoint was switched off; its args are a Notice.
const DisabledKind = "webhook.disabled"

// Notice is the news of an endpoint that was switched off.
type Notice struct {
	Webhook      webhook.ID  `json:"webhook_id"`
	EventType    event.Type  `json:"event_type"`
	Reason       webhook.Why `json:"reason"`
	FailingSince time.Time   `json:"failing_since"`
	// EventID, Status and Failure are of the last attempt.
	EventID int64           `json:"event_id"`
	Status  int             `json:"status"`
	Failure webhook.Failure `json:"failure"`
}

// disabled is the data of webhook.disabled.
type disabled struct {
	Webhook   string      `json:"webhook_id"`
	EventType event.Type  `json:"event_type"`
	Reason    webhook.Why `json:"reason"`
}

// failed is the data of webhook.delivery-failed.
type failed struct {
	Webhook  string     `json:"webhook_id"`
	Delivery string     `json:"delivery_id"`
	Type     event.Type `json:"failed_event_type"`
	Status   int        `json:"status,omitempty"`
}

// reportFailed records of each delivery that was given up that it was, for the other endpoints of the partner. That
// such a report was given up is not reported.
func reportFailed(ctx context.Context, tx Tx, group practice.ID, w webhook.Webhook, kept []Settled, now time.Time,
) error {
	if w.Format != webhook.Semble {
		return nil
	}
	for _, s := range kept {
		if s.State != webhook.Failed || s.Type == event.DeliveryFailed {
			continue
		}
		err := tx.Record(ctx, event.Event{
			Group: int64(group), Type: event.DeliveryFailed, At: now,
			Data: audit.Snapshot(failed{w.ID.String(), strconv.FormatInt(s.ID, 10), s.Type, s.Status}), Only: w.Others(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keepHealth keeps how an endpoint does, where that has changed. One that has
// to be switched off is, and the practice is informed.
func (c *Courier) keepHealth(
	ctx context.Context, tx Tx, group practice.ID, w webhook.Webhook, settled []Settled, now time.Time,
) (webhook.Webhook, error) {
	after := health(w, settled, now)
	if after.DisabledAt.Equal(w.DisabledAt) {
		if after.FailingSince.Equal(w.FailingSince) && after.HeldUntil.Equal(w.HeldUntil) {
			return w, nil
		}
		return after, tx.SaveHealth(ctx, group, after)
	}
	before, err := tx.LockWebhook(ctx, group, w.ID)
	if err != nil {
		return w, err
	}
	if after = health(before, settled, now); after.DisabledAt.Equal(before.DisabledAt) {
		return after, tx.SaveHealth(ctx, group, after)
	}
	after.Version, after.UpdatedAt = before.Version+1, now
	if err := tx.SaveWebhook(ctx, group, after); err != nil {
		return w, err
	}
	var last Settled
	for _, s := range settled {
		if s.Attempt != nil {
			last = s
		}
	}
	notice := Notice{w.ID, w.Type(), after.DisabledWhy, after.FailingSince, last.ID, last.Status, last.Failure}
	if err := webhook.RecordUpdated(ctx, tx, group, after, now); err != nil {
		return w, err
	}
	err = tx.Record(ctx, event.Event{
		Group: int64(group), Type: event.WebhookDisabled, Subject: int64(w.ID), Sequence: after.Version, At: now,
		Data: audit.Snapshot(disabled{w.ID.String(), w.Type(), after.DisabledWhy}),
	})
	if err != nil {
		return w, err
	}
	inform := job.Job{Group: int64(group), Kind: DisabledKind, Key: w.ID.String(), Args: job.Args(notice)}
	if err := tx.Enqueue(ctx, inform); err != nil {
		return w, err
	}
	return after, tx.Audit(ctx, access.System(group).Audit(now, "webhook.disable", "webhook", int64(w.ID), before, after))
}
