package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// News is what a subscription gets: what happened, and the ids to ask for what it
// happened to.
type News struct {
	SubscriptionID string            `json:"subscriptionId"`
	EventID        string            `json:"eventId"`
	EventType      Topic             `json:"eventType"`
	Identifiers    map[string]string `json:"identifiers"`
}

// news is an event as a subscription gets it. Its identifiers are the ids in the
// event's data that the GraphQL API knows.
func (s *Service) news(w Webhook, e event.Event) News {
	n := News{EventID: strconv.FormatInt(e.ID, 10), EventType: topic(e.Type), Identifiers: map[string]string{}}
	if _, text, known := s.Name("event", e.ID); known {
		n.EventID = text
	}
	_, n.SubscriptionID, _ = s.Name("webhook", int64(w.ID))
	var data map[string]json.RawMessage
	if json.Unmarshal(e.Data, &data) != nil {
		return n
	}
	for key, value := range data {
		noun, isID := strings.CutSuffix(key, "_id")
		var digits string
		if !isID || json.Unmarshal(value, &digits) != nil {
			continue
		}
		id, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			continue
		}
		if name, text, known := s.Name(noun, id); known {
			n.Identifiers[name] = text
		}
	}
	return n
}

// SubscriptionChange is what to set of a subscription; nil leaves a thing as it
// is.
type SubscriptionChange struct {
	Label, URL *string
	Topics     *[]Topic
	Headers    map[string]string
	// Paused delivers nothing for the time being. What happens meanwhile is not
	// delivered later.
	Paused *bool
}

func (s *Service) apply(ch SubscriptionChange, w *Webhook, now time.Time) error {
	set(&w.Description, ch.Label)
	set(&w.URL, ch.URL)
	if ch.Headers != nil {
		w.Secrets.Headers = ch.Headers
	}
	var c input.Checks
	if ch.Topics != nil {
		for _, t := range *ch.Topics {
			input.Choice(&c, "eventTypes", t, Topics)
		}
		w.Types = types(*ch.Topics)
	}
	if len(w.Types) == 0 {
		c.Wrong("eventTypes", input.CodeSmall, "at least one type of event", "Say what it is to be told of.")
	}
	w.Description = c.Required("label", w.Description, maxDescription)
	s.check(&c, w)
	switch paused := !w.DisabledAt.IsZero(); {
	case ch.Paused == nil || *ch.Paused == paused:
	case paused:
		w.DisabledAt, w.DisabledWhy, w.FailingSince, w.HeldUntil = time.Time{}, "", time.Time{}, time.Time{}
	default:
		w.DisabledAt, w.DisabledWhy = now, Asked
	}
	return c.Err()
}

// Subscribe makes a subscription. The answer is the only time its secret is
// shown. Errors: field faults, ErrTooMany.
func (s *Service) Subscribe(ctx context.Context, ch SubscriptionChange) (Webhook, error) {
	who, err := access.Require(ctx, access.EditWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	w := Webhook{ID: ID(s.NewID()), Style: Subscription, Owner: who.Actor, CreatedAt: now, UpdatedAt: now, Version: 1, Secrets: Secrets{Key: newKey("")}}
	if err := s.apply(ch, &w, now); err != nil {
		return Webhook{}, err
	}
	if w, err = s.sealed(who.Group, w); err != nil {
		return Webhook{}, err
	}
	return w, s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddWebhook(ctx, who.Group, w); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "webhook.create", "webhook", int64(w.ID), nil, w))
	})
}

// Resubscribe changes a subscription. Errors: field faults, ErrNotFound.
func (s *Service) Resubscribe(ctx context.Context, id ID, ch SubscriptionChange) (Webhook, error) {
	who, err := access.Require(ctx, access.EditWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	get := func(ctx context.Context, tx Tx) (Webhook, error) { return live(ctx, tx, who.Group, id) }
	w, err := s.changed(ctx, who, "webhook.update", get, func(tx Tx, w *Webhook, now time.Time) error {
		before := slices.Clone(w.Types)
		if err := s.apply(ch, w, now); err != nil || slices.Equal(before, w.Types) {
			return err
		}
		return tx.SaveTypes(ctx, who.Group, *w)
	})
	w.Secrets.Key = Key{}
	return w, err
}

// live finds a subscription that was not deleted, and keeps others from changing
// it.
func live(ctx context.Context, tx Tx, group practice.ID, id ID) (Webhook, error) {
	w, err := tx.LockWebhook(ctx, group, id)
	if err != nil {
		return w, err
	}
	return tx.Subscription(ctx, group, w.ID)
}

// Unsubscribe deletes a subscription: it is kept, and told of nothing any more.
// Deleting it again changes nothing. Error: ErrNotFound.
func (s *Service) Unsubscribe(ctx context.Context, id ID) (Webhook, error) {
	who, err := access.Require(ctx, access.EditWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var w Webhook
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.Subscription(ctx, who.Group, id)
		if w = before; err != nil || !w.DeletedAt.IsZero() {
			return err
		}
		if _, err := live(ctx, tx, who.Group, id); err != nil {
			return err
		}
		if err := tx.DropWebhook(ctx, who.Group, id, now); err != nil {
			return err
		}
		w.DeletedAt, w.UpdatedAt, w.Sealed = now, now, nil
		return tx.Audit(ctx, who.Audit(now, "webhook.delete", "webhook", int64(id), before, nil))
	})
	return w, err
}

// seen is a subscription as it is shown after it was made: without its secret,
// and with the values of its headers to those only who may change them.
func (s *Service) seen(who access.Caller, w Webhook) (Webhook, error) {
	if !w.DeletedAt.IsZero() {
		return w, nil // its secrets are forgotten
	}
	w, err := s.open(who.Group, w)
	if w.Secrets.Key = (Key{}); !who.May(access.EditWebhooks) {
		for name := range w.Secrets.Headers {
			w.Secrets.Headers[name] = ""
		}
	}
	return w, err
}

// SubscriptionByID finds a subscription, deleted or not. Error: ErrNotFound.
func (s *Service) SubscriptionByID(ctx context.Context, id ID) (Webhook, error) {
	who, err := access.Require(ctx, access.SeeWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	w, err := s.Store.Subscription(ctx, who.Group, id)
	if err != nil {
		return Webhook{}, err
	}
	return s.seen(who, w)
}

// Subscriptions lists subscriptions in the order they were made, deleted ones too
// when asked.
func (s *Service) Subscriptions(ctx context.Context, deleted bool) ([]Webhook, error) {
	who, err := access.Require(ctx, access.SeeWebhooks)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Subscriptions(ctx, who.Group, deleted)
	for i := range all {
		if all[i], err = s.seen(who, all[i]); err != nil {
			return nil, err
		}
	}
	return all, err
}
