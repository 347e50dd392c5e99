package webhook

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/input"
)

// needs is the permission to see what events of a type are about.
func needs(t event.Type) access.Permission {
	switch t.Noun() {
	case "appointment":
		return access.SeeBookings
	case "message", "batch", "write-to-record":
		return access.SeeMessages
	}
	return access.SeePractice
}

// Test delivers an invented event of an endpoint's type to it alone. It is marked as a test, and is not in the log of
// events. Errors: ErrNotFound, ErrDisabled.
func (s *Service) Test(ctx context.Context, id ID) (Delivery, error) {
	who, err := own(ctx)
	if err != nil {
		return Delivery{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	d := Delivery{ID: s.NewID(), State: Waiting, At: now, DueAt: now, Since: now, CreatedAt: now}
	err = s.Store.Do(ctx, func(tx Tx) error {
		w, err := find(ctx, who, Standard, id, tx.LockWebhook)
		if err != nil {
			return err
		}
		if !w.DisabledAt.IsZero() {
			return ErrDisabled
		}
		payload := NewPayload(event.Event{ID: d.ID, Group: int64(who.Group), Type: w.Type(), At: now,
			Data: samples[w.Type()]})
		payload.Test = true
		if d.Body, err = json.Marshal(payload); err != nil {
			return err
		}
		if err := tx.AddDelivery(ctx, who.Group, id, d); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "webhook.test", "webhook", int64(id), nil, nil))
	})
	return d, err
}

// Invent records an invented event in a sandbox practice group: it is in the log,
// and is delivered as any other. Error: ErrNotSandbox.
func (s *Service) Invent(ctx context.Context, of event.Type) (event.Event, error) {
	who, err := own(ctx)
	if err != nil {
		return event.Event{}, err
	}
	var c input.Checks
	input.Choice(&c, "event_types", of, event.Logged)
	if err := c.Err(); err != nil {
		return event.Event{}, err
	}
	if err := allowed(ctx, Webhook{Format: Standard, Types: []event.Type{of}}); err != nil {
		return event.Event{}, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return event.Event{}, err
	}
	if !g.Sandbox {
		return event.Event{}, ErrNotSandbox
	}
	now := s.Now().Truncate(time.Microsecond)
	e := event.Event{ID: s.NewID(), Group: int64(who.Group), Type: of, Subject: s.NewID(), Sequence: 1, At: now,
		Data: samples[of]}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.Record(ctx, e); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "event.invent", "event", e.ID, nil, e))
	})
	return e, err
}
