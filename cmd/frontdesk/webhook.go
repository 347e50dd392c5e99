package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"frontdesk/partner"
)

// asking are the flags of commands that ask a running Frontdesk over its API.
type asking struct {
	URL         string `name:"url" placeholder:"URL" help:"Where Frontdesk serves. Default: as the credentials say"`
	Group       string `placeholder:"ID" help:"The practice group. Default: as the credentials say"`
	Key         string `placeholder:"KEY" help:"${webhook_key_help}"`
	Credentials string `default:"credentials.json" placeholder:"FILE" help:"The file a sandbox wrote. Default: ${default}"`
}

func (a asking) client() (partner.Client, error) {
	p := partner.Client{URL: a.URL, Group: a.Group, Key: a.Key, Out: os.Stdout, Pause: 2 * time.Second}
	return p, p.ReadCredentials(a.Credentials)
}

type listen struct {
	asking
	ForwardTo  string   `placeholder:"URL" help:"Post each event there, as a webhook would be."`
	EventType  []string `placeholder:"TYPE,..." help:"Only events of these types."`
	SigningKey string   `placeholder:"KEY" help:"Sign what is forwarded with it. Default: a new one, which is printed"`
	Cursor     string   `placeholder:"CURSOR" help:"Begin there in the log of events, instead of now."`
}

// Help is shown by frontdesk listen --help.
func (listen) Help() string {
	return `No webhook is needed, and nothing is opened to the internet: it reads the log of events.

Against a sandbox on this machine:
  frontdesk listen --forward-to http://localhost:3000/hooks
  frontdesk trigger appointment.confirmed`
}

// Run prints events until it is interrupted.
func (l listen) Run(ctx context.Context) error {
	p, err := l.client()
	if err != nil {
		return err
	}
	return p.Listen(ctx, partner.Listening{ForwardTo: l.ForwardTo, Types: l.EventType, SigningKey: l.SigningKey,
		Since: l.Cursor})
}

type trigger struct {
	asking
	EventType string `arg:"" help:"The type of event, for example appointment.confirmed."`
}

// Run has an event happen.
func (t trigger) Run(ctx context.Context) error {
	p, err := t.client()
	if err != nil {
		return err
	}
	id, err := p.Trigger(ctx, t.EventType)
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

type webhooks struct {
	Resend resend `cmd:"" help:"Deliver one event again, or all that a webhook has missed."`
}

type resend struct {
	asking
	Webhook  string        `arg:"" help:"The webhook's id."`
	Delivery string        `arg:"" optional:"" help:"The id of the delivery, which is the event's."`
	Missed   time.Duration `placeholder:"TIME" help:"Instead: everything it missed in the last TIME, for example 36h."`
}

// Validate refuses both and neither.
func (r resend) Validate() error {
	if (r.Delivery == "") == (r.Missed <= 0) {
		return fmt.Errorf("say which delivery, or how far back with --missed")
	}
	return nil
}

// Run delivers again.
func (r resend) Run(ctx context.Context) error {
	p, err := r.client()
	if err != nil {
		return err
	}
	if r.Delivery != "" {
		if err := p.Resend(ctx, r.Webhook, r.Delivery); err != nil {
			return err
		}
		fmt.Println("It is being delivered again.")
		return nil
	}
	n, err := p.Recover(ctx, r.Webhook, time.Now().Add(-r.Missed))
	if err != nil {
		return err
	}
	fmt.Printf("Queued so far: %d. GET /v1/webhooks/%s shows how far it is.\n", n, r.Webhook)
	return nil
}
