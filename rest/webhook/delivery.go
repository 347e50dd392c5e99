package webhook

import (
	"context"
	"strconv"
	"time"

	"github.com/go-faster/jx"

	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/webhook"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

func deliveryOf(v webhook.Delivery) *oas.Delivery {
	return &oas.Delivery{
		ID: strconv.FormatInt(v.ID, 10), EventAt: v.At.UTC(), State: oas.DeliveryState(v.State),
		AttemptCount: v.Attempts,
		UnderWay:     v.Leased, NextAttemptAt: wire.Instant(v.DueAt), QueuedAt: v.Since.UTC(), Status: status(v.Status),
		Failure: noAnswer(v.Failure), EndedAt: wire.Instant(v.EndedAt), CreatedAt: v.CreatedAt.UTC(),
	}
}

// status is an HTTP status, or null where there was no answer.
func status(n int) oas.NilInt { return oas.NilInt{Value: n, Null: n == 0} }

func noAnswer(f webhook.Failure) oas.NilDeliveryFailure {
	return oas.NilDeliveryFailure{Value: oas.DeliveryFailure(f), Null: f == ""}
}

// ListDeliveries lists what was sent to an endpoint.
func (o Operations) ListDeliveries(ctx context.Context, p oas.ListDeliveriesParams) (*oas.DeliveryPage, error) {
	var in input.Checks
	before := wire.FilterID[int64](&in, "before", p.Before)
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, more, err := o.Core.Webhook.Deliveries(ctx, wire.ID[webhook.ID](p.ID), webhook.Query{
		State: webhook.State(p.State.Value), Before: before, Limit: p.Limit.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.DeliveryPage{Data: make([]oas.Delivery, len(found)), HasMore: more, Next: oas.NilString{Null: true}}
	for i, v := range found {
		out.Data[i] = *deliveryOf(v)
	}
	if more {
		out.Next = oas.NewNilString(out.Data[len(found)-1].ID)
	}
	return out, nil
}

// GetDelivery finds one delivery and its attempts.
func (o Operations) GetDelivery(ctx context.Context, p oas.GetDeliveryParams) (*oas.Delivery, error) {
	found, attempts, err := o.Core.Webhook.Delivery(ctx, wire.ID[webhook.ID](p.ID), wire.ID[int64](p.DeliveryID))
	if err != nil {
		return nil, err
	}
	out := deliveryOf(found)
	out.Attempts = make([]oas.DeliveryAttempt, len(attempts))
	for i, a := range attempts {
		out.Attempts[i] = oas.DeliveryAttempt{
			Number: a.Number, At: a.At.UTC(), DurationMs: int(a.Took.Milliseconds()), Status: status(a.Status),
			Failure: noAnswer(a.Failure), Answer: a.Body,
		}
	}
	return out, nil
}

// ReplayDelivery sends one event again.
func (o Operations) ReplayDelivery(ctx context.Context, p oas.ReplayDeliveryParams) (*oas.Delivery, error) {
	got, err := o.Core.Webhook.ReplayOne(ctx, wire.ID[webhook.ID](p.ID), wire.ID[int64](p.DeliveryID))
	if err != nil {
		return nil, err
	}
	return deliveryOf(got), nil
}

// ReplayWebhook sends the events of a time again.
func (o Operations) ReplayWebhook(
	ctx context.Context, in *oas.ReplayRequest, p oas.ReplayWebhookParams,
) (*oas.Webhook, error) {
	var wrong input.Checks
	until := wrong.GivenInstant("until", in.Until.Value, in.Until.Set)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	w, err := o.Core.Webhook.ReplayRange(ctx, wire.ID[webhook.ID](p.ID), in.Since, until, in.IncludeDelivered.Value)
	if err != nil {
		return nil, err
	}
	return webhookOf(w), nil
}

// RecoverWebhook sends what an endpoint missed.
func (o Operations) RecoverWebhook(
	ctx context.Context, in *oas.RecoverRequest, p oas.RecoverWebhookParams,
) (*oas.Webhook, error) {
	w, err := o.Core.Webhook.ReplayRange(ctx, wire.ID[webhook.ID](p.ID), in.Since, time.Time{}, false)
	if err != nil {
		return nil, err
	}
	return webhookOf(w), nil
}

// ListEvents reads the log of events.
func (o Operations) ListEvents(ctx context.Context, p oas.ListEventsParams) (*oas.EventPage, error) {
	q := webhook.LogQuery{Cursor: p.Cursor.Value, Limit: p.Limit.Value, Wait: time.Duration(p.Wait.Value) * time.Second}
	for _, t := range p.EventType {
		q.Types = append(q.Types, event.Type(t))
	}
	page, err := o.Core.Webhook.Events(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.EventPage{Data: make([]oas.Event, len(page.Events)), Cursor: page.Cursor, HasMore: page.More}
	for i, e := range page.Events {
		out.Data[i] = eventOf(webhook.NewPayload(e.Event))
	}
	return out, nil
}

func eventOf(p webhook.Payload) oas.Event {
	return oas.Event{
		ID: p.ID, EventType: p.EventType, CreatedAt: p.CreatedAt, PracticeGroupID: p.PracticeGroupID,
		Sequence: p.Sequence,
		Data:     jx.Raw(p.Data),
	}
}

// CreateTestEvent invents an event in a sandbox.
func (o Operations) CreateTestEvent(
	ctx context.Context, in *oas.EventRequest, _ oas.CreateTestEventParams,
) (*oas.Event, error) {
	e, err := o.Core.Webhook.Invent(ctx, event.Type(in.EventType))
	if err != nil {
		return nil, err
	}
	out := eventOf(webhook.NewPayload(e))
	return &out, nil
}
