package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/courier"
	"frontdesk/core/detail"
	"frontdesk/core/job"
	"frontdesk/core/practice"
	"frontdesk/core/staffmail"
	"frontdesk/core/webhook"
	webhookgraph "frontdesk/graph/webhook"
	practicestore "frontdesk/store/practice"
	webhookstore "frontdesk/store/webhook"
)

// loopback are the hosts a sandbox delivers to besides: people who try it out have
// a receiver on the same machine.
var loopback = []string{"localhost", "127.0.0.1", "[::1]"}

func poster(c Config) *hook.Client {
	s := hook.Settings{Sandbox: c.Sandbox, Allow: c.WebhookAllow, Roots: c.WebhookRoots, Timeout: c.WebhookTimeout}
	if c.Sandbox {
		s.Allow = append(loopback, s.Allow...)
	}
	return hook.New(s)
}

// runCourier delivers until stop is called, which waits for what is under way.
func (a *App) runCourier(ctx context.Context) (stop func(context.Context) error, err error) {
	groups, err := practicestore.New(a.db).Groups(ctx)
	for _, g := range groups {
		err = errors.Join(err, webhookstore.New(a.db).FreeDeliveries(ctx, g.ID, a.config.Now()))
	}
	if err != nil {
		return nil, err
	}
	c := courier.New(webhookstore.New(a.db), a.core.Webhook, poster(a.config), a.config.Log, time.Now)
	details := &detail.Service{
		Patients: a.core.Patient, Bookings: a.core.Booking, Practices: a.core.Practice, Messages: a.core.Messaging,
		Replies: a.core.Reply,
	}
	c.Details, c.SembleBody = details.Of, webhookgraph.Body
	a.metrics.delivers(c)
	a.db.OnEvents(c.Notify)
	a.db.BlockedEndpoints(c.Blocked)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if a.delivers(ctx) {
			c.Run(ctx)
		}
	}()
	return func(ctx context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return errors.New("deliveries were still under way")
		}
	}, nil
}

// delivers waits until events may be delivered from this database, and reports false
// where the context ends before.
func (a *App) delivers(ctx context.Context) bool {
	for {
		if may, err := a.core.Sending.Delivers(ctx); err == nil && may {
			return true
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return false
		}
	}
}

// noticeOfDisabled is the job that writes to a practice that an endpoint was switched
// off: in the log, and by e-mail where the practice has an address and a carrier
// for it.
func (a *App) noticeOfDisabled(ctx context.Context, j job.Job) error {
	var n courier.Notice
	if err := j.Read(&n); err != nil {
		return err
	}
	a.config.Log.WarnContext(ctx, "a webhook was switched off", "practice_group", j.Group, "webhook", n.Webhook,
		"event_type", n.EventType, "reason", n.Reason,
		"failing_since", n.FailingSince, "event", n.EventID, "status", n.Status, "failure", n.Failure)
	group := practice.ID(j.Group)
	g, err := practicestore.New(a.db).Group(ctx, group)
	if err != nil || g.Email == "" {
		return err
	}
	return a.core.StaffMail.Notify(ctx, group, staffmail.Notice{
		Key: "webhook-" + n.Webhook.String() + "-" + strconv.FormatInt(n.FailingSince.Unix(), 36),
		To:  g.Email, FromName: g.Name, Subject: "A webhook was switched off", Text: disabledText(g, n),
	})
}

func disabledText(g practice.Group, n courier.Notice) string {
	why := "Its endpoint answered 410 Gone, which is how an endpoint says that it wants no more events."
	if n.Reason == webhook.Failing {
		why = fmt.Sprintf("Every attempt has failed since %s.",
			n.FailingSince.In(g.Zone()).Format("2 January 2006, 15:04"))
	}
	last := "HTTP status " + strconv.Itoa(n.Status)
	if n.Failure != "" {
		last = string(n.Failure)
	}
	again := fmt.Sprintf(`When the endpoint works again, enable the webhook with
POST /v1/webhooks/%s/enable and fetch what it missed with POST /v1/webhooks/%s/recover.`, n.Webhook, n.Webhook)
	name, of := n.Webhook.String(), string(n.EventType)
	if of == "" {
		_, name, _ = webhookgraph.Identifier("webhook", int64(n.Webhook))
		of = "several"
		again = fmt.Sprintf(`When the endpoint works again, have it told again with updateWebhook(id: "%s", input: `+
			`{deliveryPaused: false}).`, name)
	}
	return fmt.Sprintf(`Frontdesk has switched off a webhook of %s, so no more events are delivered to it.

Webhook: %s
Event: %s
Last event: %d
Last answer: %s

%s

%s
Events are kept for %d days.
`, g.Name, name, of, n.EventID, last, why, again, int(webhook.Keep/(24*time.Hour)))
}
