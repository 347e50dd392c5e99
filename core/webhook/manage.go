package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Request is what an endpoint is made of.
type Request struct {
	Description    string
	EventType      event.Type
	URL            string
	SigningKey     string // empty: we make one
	Headers        map[string]string
	IncludeDetails bool
	Ordered        bool
	Asymmetric     bool
}

// Change is a change of an endpoint; what is nil stays.
type Change struct {
	Description    *string
	URL            *string
	Headers        map[string]string
	IncludeDetails *bool
	Ordered        *bool
	Asymmetric     *bool
}

// Limits of what an endpoint is made of.
const (
	maxDescription = 500
	maxURL         = 2048
	maxHeaders     = 20
	maxHeader      = 2000
)

// require gives the caller when it may have endpoints at all: in its own
// practice group.
func require(ctx context.Context) (access.Caller, error) {
	who, err := access.Who(ctx)
	if err == nil && who.Foreign() {
		err = access.ErrGroup.Saying("Webhooks and events belong to the practice group of the key, not to its network.")
	}
	return who, err
}

// sees reports whether a caller may see an endpoint: one of its own, and with
// the permission staff everybody's.
func (w Webhook) sees(who access.Caller) bool {
	return w.Owner == who.Actor || who.May(access.SeeAllWebhooks)
}

// find finds an endpoint the caller may see. Error: ErrNotFound.
func find(ctx context.Context, who access.Caller, id ID, get func(ctx context.Context, group practice.ID, id ID) (Webhook, error)) (Webhook, error) {
	w, err := get(ctx, who.Group, id)
	if err == nil && (w.Style != Standard || !w.sees(who)) {
		err = ErrNotFound
	}
	return w, err
}

func (s *Service) check(c *input.Checks, w *Webhook) {
	w.Description = c.Text("description", w.Description, maxDescription)
	w.URL = c.Required("url", w.URL, maxURL)
	if w.URL != "" {
		if trouble := s.Poster.Check(w.URL); trouble != "" {
			c.Wrong("url", input.CodeString, "an https address on the public internet", trouble)
		}
	}
	if len(w.Secrets.Headers) > maxHeaders {
		c.Wrong("headers", input.CodeBig, fmt.Sprintf("at most %d headers", maxHeaders), "There are too many headers.")
	}
	// Their names in the form HTTP/1.1 writes them: two that differ only by case
	// are one header.
	headers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(w.Secrets.Headers)) {
		value := w.Secrets.Headers[name]
		if trouble := s.Poster.CheckHeader(name, value); trouble != "" {
			c.Wrong("headers", input.CodeString, "a header of your own", trouble)
			continue
		}
		if len(name)+len(value) > maxHeader {
			c.Wrong("headers", input.CodeBig, fmt.Sprintf("at most %d characters", maxHeader), "A header is too long.")
		}
		name = http.CanonicalHeaderKey(name)
		if _, twice := headers[name]; twice {
			c.Wrong("headers", input.CodeString, "each header once", "A header is given twice.")
		}
		headers[name] = value
	}
	w.Secrets.Headers, w.HeaderNames = headers, slices.Sorted(maps.Keys(headers))
}

// allowed checks what of an endpoint a caller may ask for.
func allowed(ctx context.Context, w Webhook) error {
	if _, err := access.Require(ctx, needs(w.EventType)); err != nil {
		return err
	}
	if w.IncludeDetails {
		if _, err := access.Require(ctx, access.IncludeDetails); err != nil {
			return err
		}
	}
	return nil
}

// Create makes an endpoint. The answer is the only time its signing key and the
// values of its headers are shown. Errors: ErrTooMany, access.ErrScope,
// access.ErrPermission.
func (s *Service) Create(ctx context.Context, r Request) (Webhook, error) {
	who, err := require(ctx)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	w := Webhook{
		ID: ID(s.NewID()), Style: Standard, Owner: who.Actor, Description: r.Description, EventType: r.EventType, URL: r.URL, IncludeDetails: r.IncludeDetails,
		Ordered: r.Ordered, Asymmetric: r.Asymmetric, CreatedAt: now, UpdatedAt: now, Version: 1, Secrets: Secrets{Headers: r.Headers},
	}
	var c input.Checks
	input.Choice(&c, "event_type", w.EventType, event.Logged)
	s.check(&c, &w)
	w.Secrets.Key = newKey(checkSecret(&c, r.SigningKey))
	if err := c.Err(); err != nil {
		return Webhook{}, err
	}
	if err := allowed(ctx, w); err != nil {
		return Webhook{}, err
	}
	if w, err = s.sealed(who.Group, w); err != nil {
		return Webhook{}, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddWebhook(ctx, who.Group, w); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "webhook.create", "webhook", int64(w.ID), nil, w))
	})
	return w, err
}

// Get finds an endpoint. Error: ErrNotFound.
func (s *Service) Get(ctx context.Context, id ID) (Webhook, error) {
	who, err := require(ctx)
	if err != nil {
		return Webhook{}, err
	}
	w, err := find(ctx, who, id, s.Store.Webhook)
	if err != nil {
		return Webhook{}, err
	}
	return s.shown(who.Group, w)
}

// shown is an endpoint as its owner sees it after it was made: the names of its
// headers and the public half of its key, and no secrets.
func (s *Service) shown(group practice.ID, w Webhook) (Webhook, error) {
	w, err := s.open(group, w)
	if err != nil {
		return Webhook{}, err
	}
	w.HeaderNames = slices.Sorted(maps.Keys(w.Secrets.Headers))
	w.Secrets = Secrets{Key: Key{Seed: w.Secrets.Key.Seed}}
	return w, nil
}

// List lists the endpoints of the caller, or with the permission staff of
// everybody, in the order they were made; of one type, or with the empty one of
// all.
func (s *Service) List(ctx context.Context, of event.Type) ([]Webhook, error) {
	who, err := require(ctx)
	if err != nil {
		return nil, err
	}
	if of != "" {
		var c input.Checks
		input.Choice(&c, "event_type", of, event.Logged)
		if err := c.Err(); err != nil {
			return nil, err
		}
	}
	all, err := s.Store.Webhooks(ctx, who.Group, of)
	if err != nil {
		return nil, err
	}
	out := []Webhook{}
	for _, w := range all {
		if w.Style != Standard || !w.sees(who) {
			continue
		}
		if w, err = s.shown(who.Group, w); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// change does something to an endpoint, checks what came of it, and keeps it.
func (s *Service) change(ctx context.Context, id ID, action string, do func(who access.Caller, w *Webhook, now time.Time) error) (Webhook, error) {
	who, err := require(ctx)
	if err != nil {
		return Webhook{}, err
	}
	get := func(ctx context.Context, tx Tx) (Webhook, error) { return find(ctx, who, id, tx.LockWebhook) }
	return s.changed(ctx, who, action, get, func(_ Tx, w *Webhook, now time.Time) error { return do(who, w, now) })
}

func (s *Service) changed(ctx context.Context, who access.Caller, action string, get func(context.Context, Tx) (Webhook, error), do func(tx Tx, w *Webhook, now time.Time) error) (Webhook, error) {
	now := s.Now().Truncate(time.Microsecond)
	var after Webhook
	err := s.Store.Do(ctx, func(tx Tx) error {
		before, err := get(ctx, tx)
		if err != nil {
			return err
		}
		if before, err = s.open(who.Group, before); err != nil {
			return err
		}
		before.HeaderNames = slices.Sorted(maps.Keys(before.Secrets.Headers))
		after = before
		if err := do(tx, &after, now); err != nil {
			return err
		}
		after.Version, after.UpdatedAt = before.Version+1, now
		if after, err = s.sealed(who.Group, after); err != nil {
			return err
		}
		if err := tx.SaveWebhook(ctx, who.Group, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "webhook", int64(after.ID), before, after))
	})
	return after, err
}

// Update changes an endpoint. Its type of event stays: another one is another
// endpoint. Errors: ErrNotFound, access.ErrPermission.
func (s *Service) Update(ctx context.Context, id ID, ch Change) (Webhook, error) {
	w, err := s.change(ctx, id, "webhook.update", func(_ access.Caller, w *Webhook, _ time.Time) error {
		set(&w.Description, ch.Description)
		set(&w.URL, ch.URL)
		set(&w.IncludeDetails, ch.IncludeDetails)
		set(&w.Ordered, ch.Ordered)
		set(&w.Asymmetric, ch.Asymmetric)
		if ch.Headers != nil {
			w.Secrets.Headers = ch.Headers
		}
		var c input.Checks
		s.check(&c, w)
		if err := c.Err(); err != nil {
			return err
		}
		// Whoever may only see thin events must not turn one with details to an
		// address of its own.
		return allowed(ctx, *w)
	})
	if err != nil {
		return Webhook{}, err
	}
	w.Secrets = Secrets{Key: Key{Seed: w.Secrets.Key.Seed}}
	return w, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Disable switches an endpoint off. What waits for it goes on waiting; what
// happens meanwhile is not queued, and Recover queues it later.
func (s *Service) Disable(ctx context.Context, id ID) (Webhook, error) {
	return s.switched(ctx, id, "webhook.disable", func(w *Webhook, now time.Time) {
		if w.DisabledAt.IsZero() {
			w.DisabledAt, w.DisabledWhy = now, Asked
		}
	})
}

// Enable switches an endpoint on again.
func (s *Service) Enable(ctx context.Context, id ID) (Webhook, error) {
	return s.switched(ctx, id, "webhook.enable", func(w *Webhook, _ time.Time) {
		w.DisabledAt, w.DisabledWhy, w.FailingSince, w.HeldUntil = time.Time{}, "", time.Time{}, time.Time{}
	})
}

func (s *Service) switched(ctx context.Context, id ID, action string, do func(w *Webhook, now time.Time)) (Webhook, error) {
	w, err := s.change(ctx, id, action, func(_ access.Caller, w *Webhook, now time.Time) error {
		do(w, now)
		return nil
	})
	if err != nil {
		return Webhook{}, err
	}
	w.Secrets = Secrets{Key: Key{Seed: w.Secrets.Key.Seed}}
	return w, nil
}

// Delete removes an endpoint, and what waits for it is never delivered. Error:
// ErrNotFound.
func (s *Service) Delete(ctx context.Context, id ID) (Webhook, error) {
	who, err := require(ctx)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var w Webhook
	err = s.Store.Do(ctx, func(tx Tx) error {
		if w, err = find(ctx, who, id, tx.LockWebhook); err != nil {
			return err
		}
		if err := tx.DropWebhook(ctx, who.Group, id, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "webhook.delete", "webhook", int64(id), w, nil))
	})
	return w, err
}

// Test delivers an invented event of an endpoint's type to it alone. It is
// marked as a test, and is not in the log of events. Errors: ErrNotFound,
// ErrDisabled.
func (s *Service) Test(ctx context.Context, id ID) (Delivery, error) {
	who, err := require(ctx)
	if err != nil {
		return Delivery{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	d := Delivery{ID: s.NewID(), State: Waiting, At: now, DueAt: now, Since: now, CreatedAt: now}
	err = s.Store.Do(ctx, func(tx Tx) error {
		w, err := find(ctx, who, id, tx.LockWebhook)
		if err != nil {
			return err
		}
		if !w.DisabledAt.IsZero() {
			return ErrDisabled
		}
		payload := NewPayload(event.Event{ID: d.ID, Group: int64(who.Group), Type: w.EventType, At: now, Data: samples[w.EventType]})
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

// Invent records an invented event in a sandbox practice group, where it is
// told to whoever wants its type, and is in the log. Error: ErrNotSandbox.
func (s *Service) Invent(ctx context.Context, of event.Type) (event.Event, error) {
	who, err := require(ctx)
	if err != nil {
		return event.Event{}, err
	}
	var c input.Checks
	input.Choice(&c, "event_type", of, event.Logged)
	if err := c.Err(); err != nil {
		return event.Event{}, err
	}
	if err := allowed(ctx, Webhook{EventType: of}); err != nil {
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
	e := event.Event{ID: s.NewID(), Group: int64(who.Group), Type: of, Subject: s.NewID(), Sequence: 1, At: now, Data: samples[of]}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.Record(ctx, e); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "event.invent", "event", e.ID, nil, e))
	})
	return e, err
}
