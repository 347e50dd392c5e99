package courier

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/webhook"
)

// schedule is how long to wait before each next attempt. Source: Standard
// Webhooks, "Deliverability and reliability", whose example it is.
var schedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
	20 * time.Hour, 24 * time.Hour,
}

const (
	// longest is how long a delivery is tried at most. Waiting because the
	// endpoint asked for it does not count against the schedule, but does here.
	longest = 5 * 24 * time.Hour
	// jitter keeps those that failed together from coming again together, in per cent either way.
	jitter = 10
)

// Claimed is a leased delivery with its event's subject and data.
type Claimed struct {
	webhook.Delivery
	Lease    int64
	Subject  int64
	Sequence int64
	Type     event.Type
	Data     []byte
}

// Settled is a leased delivery as it is after an attempt.
type Settled struct {
	webhook.Delivery
	Lease int64
	// Type is of its event.
	Type event.Type
	// Attempt is nil for a delivery that is given back unposted.
	Attempt *webhook.Attempt
	// heldUntil is until when the endpoint asked to be left alone.
	heldUntil time.Time
}

// result is what came of the attempt, in a word out of a short list.
func (s Settled) result() string {
	switch a := s.Attempt; {
	case s.State == webhook.Delivered:
		return "delivered"
	case a.Failure != "":
		return string(a.Failure)
	default:
		return string(rune('0'+a.Status/100)) + "xx"
	}
}

// attempt makes one attempt.
func (c *Courier) attempt(ctx context.Context, at Endpoint, w webhook.Webhook, d Claimed) Settled {
	began := c.Webhooks.Now().Truncate(time.Microsecond)
	e := event.Event{ID: d.ID, Group: int64(at.Group), Type: d.Type, Subject: d.Subject, Sequence: d.Sequence, At: d.At,
		Data: d.Data}
	payload := webhook.NewPayload(e)
	p := Parcel{
		Format: w.Format, URL: w.URL, ID: payload.ID, Attempt: d.Attempts, At: began, Headers: w.Secrets.Headers,
		Body: d.Body,
	}
	for _, k := range signing(w, began) {
		p.Secrets = append(p.Secrets, k.Secret)
		if w.Asymmetric {
			p.Ed25519 = append(p.Ed25519, k.Seed)
		}
	}
	var a Answer
	var err error
	if p.Body == nil {
		p.Body, err = c.body(ctx, at, w, e, payload)
	}
	if err != nil {
		a = Answer{Failure: webhook.NotRead}
	} else {
		a = c.Poster.Post(ctx, p)
	}
	return settle(d, began, a, c.Webhooks.Now().Truncate(time.Microsecond))
}

// signing are the keys that sign now, the newest first.
func signing(w webhook.Webhook, now time.Time) []webhook.Key {
	keys := []webhook.Key{w.Secrets.Key}
	if now.Before(w.PreviousUntil) && w.Secrets.Previous.Secret != "" {
		keys = append(keys, w.Secrets.Previous)
	}
	return keys
}

// body is an event as it goes out.
func (c *Courier) body(
	ctx context.Context, at Endpoint, w webhook.Webhook, e event.Event, p webhook.Payload,
) ([]byte, error) {
	if w.Format == webhook.Semble {
		return c.SembleBody(w, e)
	}
	if w.IncludeDetails && c.Details != nil {
		details, err := c.Details(ctx, at.Group, e)
		if err != nil {
			return nil, err
		}
		p = p.With(details)
	}
	return json.Marshal(p)
}

// settle is a delivery as it is after an attempt.
func settle(c Claimed, began time.Time, a Answer, now time.Time) Settled {
	d := c.Delivery
	d.Status, d.Failure, d.Leased = a.Status, a.Failure, false
	out := Settled{
		Lease: c.Lease, Type: c.Type,
		Attempt: &webhook.Attempt{
			Number: d.Attempts, At: began, Took: a.Took, Status: a.Status, Failure: a.Failure, Body: a.Body,
		},
	}
	switch wait, asked := asksToWait(a); {
	case a.Accepted():
		d.State, d.DueAt, d.EndedAt = webhook.Delivered, time.Time{}, now
	case asked && now.Add(wait).Before(d.Since.Add(longest)):
		d.DueAt = now.Add(wait)
		out.heldUntil = d.DueAt
	case d.Tries >= len(schedule):
		d.State, d.DueAt, d.EndedAt = webhook.Failed, time.Time{}, now
	default:
		wait = schedule[d.Tries]
		wait += time.Duration(rand.Int64N(int64(wait)/100*2*jitter+1)) - wait/100*jitter
		d.Tries, d.DueAt = d.Tries+1, now.Add(max(wait, a.RetryAfter))
	}
	out.Delivery = d
	return out
}

// asksToWait reports whether an endpoint is there and says when to come again.
// Source: RFC 9110, section 10.2.3, and RFC 6585, section 4.
func asksToWait(a Answer) (time.Duration, bool) {
	return a.RetryAfter, a.RetryAfter > 0 && a.Failure == "" && (a.Status == 429 || a.Status == 503)
}
