package webhook

import (
	"context"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/webhook"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// CreateWebhook makes an endpoint. Its answer is the only one with its secrets.
func (o Operations) CreateWebhook(
	ctx context.Context, in *oas.WebhookRequest, _ oas.CreateWebhookParams,
) (*oas.CreatedWebhook, error) {
	w, err := o.Core.Webhook.Create(ctx, webhook.Request{
		Format: webhook.Standard, Types: []event.Type{event.Type(in.EventType)}, Description: in.Description.Value,
		URL: in.URL.String(), SigningKey: in.SigningKey.Value, Headers: in.Headers.Value,
		IncludeDetails: in.IncludeDetails.Value, Ordered: in.Ordered.Value, Asymmetric: in.Ed25519.Value,
	})
	if err != nil {
		return nil, err
	}
	return &oas.CreatedWebhook{
		ID: w.ID.String(), EventType: string(w.Type()), URL: w.URL, SigningKey: wire.String(w.Secrets.Key.Secret),
		Headers: oas.NewOptHookHeaders(w.Secrets.Headers), CreatedAt: stamp(w.CreatedAt), UpdatedAt: stamp(w.UpdatedAt),
		Description: wire.String(w.Description), IncludeDetails: oas.NewOptBool(w.IncludeDetails),
		Ordered: oas.NewOptBool(w.Ordered),
		Ed25519: oas.NewOptBool(w.Asymmetric), PublicKey: given(w.PublicKey()),
	}, nil
}

// stamp is an instant where the contract has a plain text.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// given is a text that is left out when it is empty.
func given(s string) oas.OptString { return oas.OptString{Value: s, Set: s != ""} }

func webhookOf(w webhook.Webhook) *oas.Webhook {
	out := &oas.Webhook{
		ID: w.ID.String(), EventType: string(w.Type()), URL: w.URL, CreatedAt: stamp(w.CreatedAt),
		UpdatedAt: stamp(w.UpdatedAt), Description: wire.String(w.Description),
		IncludeDetails: oas.NewOptBool(w.IncludeDetails),
		Ordered:        oas.NewOptBool(w.Ordered), Ed25519: oas.NewOptBool(w.Asymmetric),
		PublicKey:        given(w.PublicKey()),
		HeaderNames:      append([]string{}, w.HeaderNames...),
		PreviousKeyUntil: wire.OptInstant(w.PreviousUntil), DisabledAt: wire.OptInstant(w.DisabledAt),
		DisabledReason: oas.OptNilDisabledReason{
			Value: oas.DisabledReason(w.DisabledWhy), Set: true, Null: w.DisabledWhy == "",
		},
		FailingSince: wire.OptInstant(w.FailingSince), HeldUntil: wire.OptInstant(w.HeldUntil),
	}
	if r := w.Replay; r != nil {
		out.Replay = oas.NewOptReplayProgress(oas.ReplayProgress{
			Since: r.Since, Until: r.Until, IncludeDelivered: r.Again, Queued: r.Queued, DoneAt: wire.Instant(r.DoneAt),
		})
	}
	return out
}

// ListWebhooks lists endpoints.
func (o Operations) ListWebhooks(ctx context.Context, p oas.ListWebhooksParams) (*oas.ListWebhooksOK, error) {
	found, err := o.Core.Webhook.List(ctx, webhook.Filter{Format: webhook.Standard,
		Type: event.Type(p.EventType.Value)})
	if err != nil {
		return nil, err
	}
	out := &oas.ListWebhooksOK{Data: make([]oas.Webhook, len(found)), Count: float64(len(found))}
	for i, w := range found {
		out.Data[i] = *webhookOf(w)
	}
	return out, nil
}

// GetWebhook finds one endpoint and how it does.
func (o Operations) GetWebhook(ctx context.Context, p oas.GetWebhookParams) (*oas.Webhook, error) {
	h, err := o.Core.Webhook.Health(ctx, wire.ID[webhook.ID](p.ID))
	if err != nil {
		return nil, err
	}
	out := webhookOf(h.Webhook)
	out.Waiting, out.Failed = oas.NewOptInt(h.Waiting), oas.NewOptInt(h.Failed)
	out.OldestWaitingAt = wire.OptInstant(h.OldestWaiting)
	return out, nil
}

// UpdateWebhook changes an endpoint.
func (o Operations) UpdateWebhook(
	ctx context.Context, in *oas.WebhookChange, p oas.UpdateWebhookParams,
) (*oas.Webhook, error) {
	change := webhook.Change{
		Description: wire.Ptr(in.Description.Get()), Headers: in.Headers.Value,
		IncludeDetails: wire.Ptr(in.IncludeDetails.Get()),
		Ordered:        wire.Ptr(in.Ordered.Get()), Asymmetric: wire.Ptr(in.Ed25519.Get()),
	}
	if u, ok := in.URL.Get(); ok {
		text := u.String()
		change.URL = &text
	}
	w, err := o.Core.Webhook.Update(ctx, webhook.Standard, wire.ID[webhook.ID](p.ID), change)
	if err != nil {
		return nil, err
	}
	return webhookOf(w), nil
}

// DeleteWebhook removes an endpoint.
func (o Operations) DeleteWebhook(ctx context.Context, p oas.DeleteWebhookParams) (*oas.Done, error) {
	if _, err := o.Core.Webhook.Delete(ctx, webhook.Standard, wire.ID[webhook.ID](p.ID)); err != nil {
		return nil, err
	}
	return &oas.Done{Success: true}, nil
}

// RotateWebhookKey gives an endpoint another signing key, and shows it.
func (o Operations) RotateWebhookKey(
	ctx context.Context, in oas.OptKeyRotation, p oas.RotateWebhookKeyParams,
) (*oas.RotatedWebhook, error) {
	hours := in.Value.OverlapHours.Or(int(webhook.OverlapUsual / time.Hour))
	w, err := o.Core.Webhook.Rotate(ctx, wire.ID[webhook.ID](p.ID), in.Value.SigningKey.Value,
		time.Duration(hours)*time.Hour)
	if err != nil {
		return nil, err
	}
	return &oas.RotatedWebhook{
		ID: w.ID.String(), SigningKey: w.Secrets.Key.Secret, PublicKey: given(w.PublicKey()),
		PreviousKeyUntil: wire.Instant(w.PreviousUntil), UpdatedAt: stamp(w.UpdatedAt),
	}, nil
}

// EnableWebhook switches an endpoint on.
func (o Operations) EnableWebhook(ctx context.Context, p oas.EnableWebhookParams) (*oas.Webhook, error) {
	w, err := o.Core.Webhook.Enable(ctx, wire.ID[webhook.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return webhookOf(w), nil
}

// DisableWebhook switches an endpoint off.
func (o Operations) DisableWebhook(ctx context.Context, p oas.DisableWebhookParams) (*oas.Webhook, error) {
	w, err := o.Core.Webhook.Disable(ctx, wire.ID[webhook.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return webhookOf(w), nil
}

// TestWebhook sends an endpoint an invented event.
func (o Operations) TestWebhook(ctx context.Context, p oas.TestWebhookParams) (*oas.Delivery, error) {
	got, err := o.Core.Webhook.Test(ctx, wire.ID[webhook.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return deliveryOf(got), nil
}
