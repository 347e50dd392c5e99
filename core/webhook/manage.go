package webhook

import (
	"context"
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Request is what an endpoint is made of.
type Request struct {
	Format         Format
	Types          []event.Type
	Description    string
	URL            string
	SigningKey     string // empty: we make one
	Headers        map[string]string
	IncludeDetails bool
	Ordered        bool
	Asymmetric     bool
}

// Change is a change of an endpoint; what is nil stays.
type Change struct {
	Types          *[]event.Type // of an endpoint in the format Semble
	Description    *string
	URL            *string
	Headers        map[string]string
	IncludeDetails *bool
	Ordered        *bool
	Asymmetric     *bool
	// Paused switches it off or on. What happens while it is off is not queued.
	Paused *bool
}

// Limits of what an endpoint is made of.
const (
	maxDescription = 500
	maxURL         = 2048
	maxHeaders     = 20
	maxHeader      = 2000
)

// own gives a caller who may have endpoints of its own: any key, in its own practice group.
func own(ctx context.Context) (access.Caller, error) {
	who, err := access.Who(ctx)
	if err == nil && who.Foreign() {
		err = access.ErrGroup.Saying("Webhooks and events belong to the practice group of the key, not to its network.")
	}
	return who, err
}

// require gives a caller who may do something with endpoints in a format. Those in the format Standard are of the key
// that made them; all others are the practice group's, and need the permission.
func require(ctx context.Context, f Format, p access.Permission) (access.Caller, error) {
	if f == Standard {
		return own(ctx)
	}
	return access.Require(ctx, p)
}

// sees reports whether a caller may see an endpoint.
func (w Webhook) sees(who access.Caller) bool {
	return w.Format != Standard || w.Owner == who.Actor || who.May(access.SeeAllWebhooks)
}

type getter func(ctx context.Context, group practice.ID, id ID) (Webhook, error)

// find finds an endpoint in a format that the caller may see; in the format
// Semble, deleted ones too. Error: ErrNotFound.
func find(ctx context.Context, who access.Caller, f Format, id ID, get getter) (Webhook, error) {
	w, err := get(ctx, who.Group, id)
	if err == nil && (w.Format != f || !w.sees(who) || f == Standard && !w.DeletedAt.IsZero()) {
		err = ErrNotFound
	}
	return w, err
}

// live finds an endpoint that is not deleted. Error: ErrNotFound.
func live(ctx context.Context, group practice.ID, id ID, get getter) (Webhook, error) {
	w, err := get(ctx, group, id)
	if err == nil && !w.DeletedAt.IsZero() {
		err = ErrNotFound
	}
	return w, err
}

func checkTypes(c *input.Checks, w *Webhook) {
	if w.Format == Standard {
		input.Choice(c, "event_types", w.Type(), event.Logged)
		return
	}
	if len(w.Types) == 0 {
		c.Wrong("event_types", input.CodeSmall, "at least one type of event", "At least one type of event is required.")
	}
	for _, t := range w.Types {
		input.Choice(c, "event_types", t, event.Types)
	}
	slices.Sort(w.Types)
	w.Types = slices.Compact(w.Types)
}

func (s *Service) check(c *input.Checks, w *Webhook) {
	if w.Format == Standard {
		w.Description = c.Text("description", w.Description, maxDescription)
	} else {
		w.Description = c.Required("description", w.Description, maxDescription)
	}
	w.URL = c.Required("url", w.URL, maxURL)
	if w.URL != "" {
		if trouble := s.Addresses.Check(w.URL); trouble != "" {
			c.Wrong("url", input.CodeString, "an https address on the public internet", trouble)
		}
	}
	if len(w.Secrets.Headers) > maxHeaders {
		c.Wrong("headers", input.CodeBig, fmt.Sprintf("at most %d headers", maxHeaders), "There are too many headers.")
	}
	// Their names in one form: two that differ only by case are one header.
	headers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(w.Secrets.Headers)) {
		value := w.Secrets.Headers[name]
		if trouble := s.Addresses.CheckHeader(name, value); trouble != "" {
			c.Wrong("headers", input.CodeString, "a header of your own", trouble)
			continue
		}
		if len(name)+len(value) > maxHeader {
			c.Wrong("headers", input.CodeBig, fmt.Sprintf("at most %d characters", maxHeader), "A header is too long.")
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if _, twice := headers[name]; twice {
			c.Wrong("headers", input.CodeString, "each header once", "A header is given twice.")
		}
		headers[name] = value
	}
	w.Secrets.Headers, w.HeaderNames = headers, slices.Sorted(maps.Keys(headers))
}

// allowed checks what of an endpoint a caller may ask for.
func allowed(ctx context.Context, w Webhook) error {
	if w.Format != Standard {
		return nil
	}
	if _, err := access.Require(ctx, needs(w.Type())); err != nil {
		return err
	}
	if w.IncludeDetails {
		if _, err := access.Require(ctx, access.IncludeDetails); err != nil {
			return err
		}
	}
	return nil
}

// Create makes an endpoint. The answer is the only time its signing key is shown, and in the format Standard the values
// of its headers. Errors: field faults, ErrTooMany, access.ErrPermission.
func (s *Service) Create(ctx context.Context, r Request) (Webhook, error) {
	who, err := require(ctx, r.Format, access.EditWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	w := Webhook{
		ID: ID(s.NewID()), Format: r.Format, Types: slices.Clone(r.Types), Owner: who.Actor, Description: r.Description,
		URL: r.URL, IncludeDetails: r.IncludeDetails, Ordered: r.Ordered, Asymmetric: r.Asymmetric,
		CreatedAt: now, UpdatedAt: now, Version: 1, Secrets: Secrets{Headers: r.Headers},
	}
	var c input.Checks
	checkTypes(&c, &w)
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
	return w, s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddWebhook(ctx, who.Group, w); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "webhook.create", "webhook", int64(w.ID), nil, w))
	})
}

// Get finds an endpoint. Error: ErrNotFound.
func (s *Service) Get(ctx context.Context, f Format, id ID) (Webhook, error) {
	who, err := require(ctx, f, access.SeeWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	w, err := find(ctx, who, f, id, s.Store.Webhook)
	if err != nil {
		return Webhook{}, err
	}
	return s.shown(who, w)
}

// shown is an endpoint as a caller sees it after it was made: the names of its headers and the public half of its key.
func (s *Service) shown(who access.Caller, w Webhook) (Webhook, error) {
	if !w.DeletedAt.IsZero() {
		return w, nil // its secrets are forgotten
	}
	w, err := s.Open(who.Group, w)
	if err != nil {
		return Webhook{}, err
	}
	w.HeaderNames = slices.Sorted(maps.Keys(w.Secrets.Headers))
	return w.withoutSecrets(who), nil
}

// withoutSecrets leaves out what the caller may not see of its secrets. The values
// of headers in the format Semble are shown to those who may change them.
func (w Webhook) withoutSecrets(who access.Caller) Webhook {
	all := w.Secrets
	w.Secrets = Secrets{Key: Key{Seed: all.Key.Seed}}
	if w.Format == Semble && who.May(access.EditWebhooks) {
		w.Secrets.Headers = all.Headers
	}
	return w
}

// List lists endpoints in the order they were made: in the format Standard those of
// the caller, or with the permission access.SeeAllWebhooks everyone's.
func (s *Service) List(ctx context.Context, f Filter) ([]Webhook, error) {
	who, err := require(ctx, f.Format, access.SeeWebhooks)
	if err != nil {
		return nil, err
	}
	if f.Type != "" {
		var c input.Checks
		input.Choice(&c, "event_types", f.Type, event.Logged)
		if err := c.Err(); err != nil {
			return nil, err
		}
	}
	all, err := s.Store.Webhooks(ctx, who.Group, f)
	if err != nil {
		return nil, err
	}
	out := []Webhook{}
	for _, w := range all {
		if !w.sees(who) {
			continue
		}
		if w, err = s.shown(who, w); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// change does something to an endpoint and keeps it. The answer has its secrets.
func (s *Service) change(
	ctx context.Context, f Format, id ID, action string, do func(w *Webhook, now time.Time) error,
) (Webhook, error) {
	who, err := require(ctx, f, access.EditWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var after Webhook
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := find(ctx, who, f, id, tx.LockWebhook)
		if err != nil {
			return err
		}
		if !before.DeletedAt.IsZero() {
			return ErrNotFound
		}
		if before, err = s.Open(who.Group, before); err != nil {
			return err
		}
		before.HeaderNames = slices.Sorted(maps.Keys(before.Secrets.Headers))
		after = before
		if err := do(&after, now); err != nil {
			return err
		}
		after.Version, after.UpdatedAt = before.Version+1, now
		if after, err = s.sealed(who.Group, after); err != nil {
			return err
		}
		if err := tx.SaveWebhook(ctx, who.Group, after); err != nil {
			return err
		}
		if !slices.Equal(before.Types, after.Types) {
			if err := tx.SaveTypes(ctx, who.Group, after); err != nil {
				return err
			}
		}
		if err := RecordUpdated(ctx, tx, who.Group, after, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "webhook", int64(after.ID), before, after))
	})
	return after, err
}

// Update changes an endpoint. In the format Standard its type of event stays: another one is another endpoint. Errors:
// field faults, ErrNotFound, access.ErrPermission.
func (s *Service) Update(ctx context.Context, f Format, id ID, ch Change) (Webhook, error) {
	return s.changed(ctx, f, id, "webhook.update", func(w *Webhook, now time.Time) error {
		input.Set(&w.Description, ch.Description)
		input.Set(&w.URL, ch.URL)
		input.Set(&w.IncludeDetails, ch.IncludeDetails)
		input.Set(&w.Ordered, ch.Ordered)
		input.Set(&w.Asymmetric, ch.Asymmetric)
		if ch.Headers != nil {
			w.Secrets.Headers = ch.Headers
		}
		var c input.Checks
		if ch.Types != nil && f != Standard {
			w.Types = slices.Clone(*ch.Types)
			checkTypes(&c, w)
		}
		s.check(&c, w)
		if err := c.Err(); err != nil {
			return err
		}
		switch {
		case ch.Paused == nil || *ch.Paused == !w.DisabledAt.IsZero():
		case *ch.Paused:
			w.disable(now)
		default:
			w.enable()
		}
		// A caller who sees thin events alone must not turn an endpoint with details to an address of its own.
		return allowed(ctx, *w)
	})
}

// updated is the data of webhook.updated.
type updated struct {
	Webhook string `json:"webhook_id"`
	Paused  bool   `json:"paused"`
}

// RecordUpdated records that an endpoint in the format Semble is not as it was, for the other endpoints of the partner.
func RecordUpdated(ctx context.Context, r event.Recorder, group practice.ID, w Webhook, now time.Time) error {
	if w.Format != Semble {
		return nil
	}
	return r.Record(ctx, event.Event{Group: int64(group), Type: event.WebhookUpdated, At: now,
		Data: audit.Snapshot(updated{w.ID.String(), !w.DisabledAt.IsZero()}), Only: w.Others()})
}

// Others are the endpoints of the same partner.
func (w Webhook) Others() event.Endpoints { return event.Endpoints{Owner: w.Owner, But: int64(w.ID)} }

// changed is change, with an answer as it is shown.
func (s *Service) changed(
	ctx context.Context, f Format, id ID, action string, do func(w *Webhook, now time.Time) error,
) (Webhook, error) {
	w, err := s.change(ctx, f, id, action, do)
	if err != nil {
		return Webhook{}, err
	}
	who, err := access.Who(ctx)
	return w.withoutSecrets(who), err
}

func (w *Webhook) disable(now time.Time) {
	if w.DisabledAt.IsZero() {
		w.DisabledAt, w.DisabledWhy = now, Asked
	}
}

func (w *Webhook) enable() {
	w.DisabledAt, w.DisabledWhy, w.FailingSince, w.HeldUntil = time.Time{}, "", time.Time{}, time.Time{}
}

// Disable switches an endpoint off. What waits for it goes on waiting; what
// happens meanwhile is not queued, and a replay queues it later.
func (s *Service) Disable(ctx context.Context, id ID) (Webhook, error) {
	return s.changed(ctx, Standard, id, "webhook.disable", func(w *Webhook, now time.Time) error {
		w.disable(now)
		return nil
	})
}

// Enable switches an endpoint on again.
func (s *Service) Enable(ctx context.Context, id ID) (Webhook, error) {
	return s.changed(ctx, Standard, id, "webhook.enable", func(w *Webhook, _ time.Time) error {
		w.enable()
		return nil
	})
}

// Delete deletes an endpoint: what waits for it is never delivered. One in the format Semble can still be seen, and
// deleting it again changes nothing. Error: ErrNotFound.
func (s *Service) Delete(ctx context.Context, f Format, id ID) (Webhook, error) {
	who, err := require(ctx, f, access.EditWebhooks)
	if err != nil {
		return Webhook{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var w Webhook
	err = s.Store.Do(ctx, func(tx Tx) error {
		if w, err = find(ctx, who, f, id, tx.LockWebhook); err != nil || !w.DeletedAt.IsZero() {
			return err
		}
		if err := tx.DropWebhook(ctx, who.Group, id, now); err != nil {
			return err
		}
		before := w
		w.DeletedAt, w.UpdatedAt, w.Sealed = now, now, nil
		return tx.Audit(ctx, who.Audit(now, "webhook.delete", "webhook", int64(id), before, nil))
	})
	return w, err
}
