package webhook

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// schedule is how long to wait before each next attempt. Source: Standard
// Webhooks, "Deliverability and reliability", whose example it is.
var schedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	// FailingFor is how long an endpoint may fail before it is switched off.
	FailingFor = 5 * 24 * time.Hour
	// longest is how long a delivery is tried at most. Waiting because the
	// endpoint asked for it does not count against the schedule, but does here.
	longest = 5 * 24 * time.Hour
	// jitter keeps those that failed together from coming again together, in per
	// cent either way.
	jitter = 10
)

// Claim says which deliveries to lease.
type Claim struct {
	Now   time.Time
	Until time.Time // a lease that has run out falls due by itself
	Lease int64
	Limit int
}

// Claimed is a leased delivery with its event's subject and data.
type Claimed struct {
	Delivery
	Lease    int64
	Subject  int64
	Sequence int64
	Type     event.Type
	Data     []byte
}

// Settled is a leased delivery as it is after an attempt.
type Settled struct {
	Delivery
	Lease int64
	// Attempt is nil for a delivery that is given back unposted.
	Attempt *Attempt
	// hold is until when the endpoint asked to be left alone.
	hold time.Time
}

// settle says what becomes of a delivery after an attempt.
func settle(d Delivery, lease int64, began time.Time, a Answer, now time.Time) Settled {
	d.Status, d.Failure, d.Leased = a.Status, a.Failure, false
	out := Settled{Lease: lease, Attempt: &Attempt{Number: d.Attempts, At: began, Took: a.Took, Status: a.Status, Failure: a.Failure, Body: a.Body}}
	switch wait, asked := asksToWait(a); {
	case a.Accepted():
		d.State, d.DueAt, d.EndedAt = Delivered, time.Time{}, now
	case asked && now.Add(wait).Before(d.Since.Add(longest)):
		d.DueAt = now.Add(wait)
		out.hold = d.DueAt
	case d.Tries >= len(schedule):
		d.State, d.DueAt, d.EndedAt = Failed, time.Time{}, now
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

// gone is the status with which an endpoint says that it wants no more. Source:
// Standard Webhooks, "Status codes".
const gone = 410

// health is how an endpoint does after some attempts, in the order they ended.
func health(w Webhook, settled []Settled, now time.Time) Webhook {
	for _, s := range settled {
		a := s.Attempt
		switch {
		case a == nil:
			continue
		case s.State == Delivered:
			w.FailingSince, w.HeldUntil = time.Time{}, time.Time{}
			continue
		case w.FailingSince.IsZero():
			w.FailingSince = a.At
		}
		if s.hold.After(w.HeldUntil) {
			w.HeldUntil = s.hold
		}
		switch {
		case !w.DisabledAt.IsZero():
		case a.Status == gone && a.Failure == "":
			w.DisabledAt, w.DisabledWhy = now, Gone
		case now.Sub(w.FailingSince) >= FailingFor:
			w.DisabledAt, w.DisabledWhy = now, Failing
		}
	}
	return w
}

// turned is what came of a turn.
type turned struct {
	webhook Webhook
	off     bool // deleted, or switched off
	claimed []Claimed
	next    time.Time // when there is more to do; the zero time is never
}

// turn writes down how attempts went and leases deliveries that are due, in one
// transaction.
func (s *Service) turn(ctx context.Context, l Lane, settled []Settled, want int, lease time.Duration) (turned, error) {
	var out turned
	// A delivery of which this is lost goes out again, under the same id.
	err := s.Store.DoUnawaited(ctx, func(tx Tx) error {
		out = turned{}
		if err := tx.SettleDeliveries(ctx, l.Group, l.Webhook, settled); err != nil {
			return err
		}
		now := s.Now().Truncate(time.Microsecond)
		w, err := tx.Webhook(ctx, l.Group, l.Webhook)
		if errors.Is(err, ErrNotFound) {
			out.off = true
			return nil
		}
		if err == nil {
			w, err = s.keepHealth(ctx, tx, l.Group, w, settled, now)
		}
		if err != nil {
			return err
		}
		out.webhook, out.off = w, !w.DisabledAt.IsZero()
		if out.off || want == 0 {
			return nil
		}
		if w.HeldUntil.After(now) {
			out.next = w.HeldUntil
			return nil
		}
		claim := Claim{Now: now, Until: now.Add(lease), Lease: s.NewID(), Limit: want}
		if out.claimed, err = tx.ClaimDeliveries(ctx, l.Group, l.Webhook, claim); err != nil {
			return err
		}
		if out.next = now; len(out.claimed) < want {
			out.next, err = tx.NextDelivery(ctx, l.Group, l.Webhook)
		}
		return err
	})
	if err == nil && len(out.claimed) > 0 {
		out.webhook, err = s.open(l.Group, out.webhook)
	}
	return out, err
}

// DisabledKind is the kind of the job that tells a practice that an endpoint
// was switched off; its args are a Notice.
const DisabledKind = "webhook.disabled"

// Notice is what a practice is told about an endpoint that was switched off.
type Notice struct {
	Webhook      ID         `json:"webhook_id"`
	EventType    event.Type `json:"event_type"`
	Reason       Why        `json:"reason"`
	FailingSince time.Time  `json:"failing_since"`
	// EventID, Status and Failure are of the last attempt.
	EventID int64   `json:"event_id"`
	Status  int     `json:"status"`
	Failure Failure `json:"failure"`
}

// disabled is the data of webhook.disabled.
type disabled struct {
	Webhook   string     `json:"webhook_id"`
	EventType event.Type `json:"event_type"`
	Reason    Why        `json:"reason"`
}

// keepHealth keeps how an endpoint does, where that has changed. One that has
// to be switched off is, and the practice is told.
func (s *Service) keepHealth(ctx context.Context, tx Tx, group practice.ID, w Webhook, settled []Settled, now time.Time) (Webhook, error) {
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
	notice := Notice{w.ID, w.EventType, after.DisabledWhy, after.FailingSince, last.ID, last.Status, last.Failure}
	err = tx.Record(ctx, event.Event{
		Group: int64(group), Type: event.WebhookDisabled, Subject: int64(w.ID), Sequence: after.Version, At: now,
		Data: audit.Snapshot(disabled{w.ID.String(), w.EventType, after.DisabledWhy}),
	})
	if err != nil {
		return w, err
	}
	if err := tx.Enqueue(ctx, job.Job{Group: int64(group), Kind: DisabledKind, Key: strconv.FormatInt(int64(w.ID), 10), Args: job.Args(notice)}); err != nil {
		return w, err
	}
	return after, tx.Audit(ctx, access.System(group).Audit(now, "webhook.disable", "webhook", int64(w.ID), before, after))
}
