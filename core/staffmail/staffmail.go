// Package staffmail sends e-mails to a practice and to its staff, by the practice's own carrier for e-mail: invitations
// with Mail, which reports what became known of each, and notices with Notify.
package staffmail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
)

// Sender hands them over.
type Sender struct {
	Carriers messaging.Carriers
	// Paused reports whether an operator has stopped all sending.
	Paused func(context.Context) (bool, error)
	// Timeout is the longest a carrier may take.
	Timeout time.Duration
	Log     *slog.Logger
}

// The faults that time may heal.
var (
	ErrPaused    = fault.New(fault.Unavailable, "sending_paused", "Nothing is sent until an operator says so.")
	ErrUncarried = fault.New(fault.Unavailable, "carrier_unavailable", "The carrier did not take the message.")
)

// Mail hands over an e-mail to a member of staff: it implements account.Mailer. Errors: ErrPaused, ErrUncarried.
func (p *Sender) Mail(ctx context.Context, group practice.ID, m account.Mail,
	again bool) (account.InvitationState, error) {
	before := account.InvitationWaiting
	if again {
		before = account.InvitationHanding
	}
	paused, err := p.Paused(ctx)
	if err == nil && paused {
		err = ErrPaused
	}
	if err != nil {
		return before, err
	}
	all, err := p.Carriers(ctx, group, carrier.Email)
	if err != nil {
		return before, err
	}
	warn := func(what string, more ...any) {
		p.Log.WarnContext(ctx, what, append([]any{"practice_group", int64(group), "user", int64(m.Staff), "key", m.Key,
			"command", "frontdesk user invite"}, more...)...)
	}
	if len(all) == 0 {
		warn("an invitation was not sent: the practice has no carrier for e-mail")
		return account.InvitationHomeless, nil
	}
	post := all[0]
	if again && !post.Idempotent() {
		warn("it is unknown whether an invitation was sent", "carrier", post.Name())
		return account.InvitationUnsure, nil
	}
	err = p.send(ctx, post, Notice{Key: m.Key, To: m.To, FromName: m.FromName, Subject: m.Subject, Text: m.Text})
	var refusal *carrier.Refusal
	var busy *carrier.Busy
	switch {
	case err == nil:
		return account.InvitationSent, nil
	case errors.As(err, &refusal):
		warn("an invitation was refused", "carrier", post.Name(), "code", refusal.Code)
		return account.InvitationRefused, nil
	case errors.As(err, &busy):
		return before, ErrUncarried.Because(err)
	case post.Idempotent():
		return account.InvitationHanding, ErrUncarried.Because(err)
	}
	warn("it is unknown whether an invitation was sent", "carrier", post.Name())
	return account.InvitationUnsure, nil
}

// Notice is an e-mail to a practice. Two with one key are one.
type Notice struct {
	Key, To, FromName, Subject, Text string
}

// Notify hands over a notice. It goes nowhere while sending is paused, where the practice has no carrier for e-mail
// and where the carrier refuses it. Error: ErrUncarried, and Notify is to be called again.
func (p *Sender) Notify(ctx context.Context, group practice.ID, n Notice) error {
	if paused, err := p.Paused(ctx); err != nil || paused {
		return err
	}
	all, err := p.Carriers(ctx, group, carrier.Email)
	if err != nil || len(all) == 0 {
		return err
	}
	err = p.send(ctx, all[0], n)
	var refusal *carrier.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		p.Log.WarnContext(ctx, "a notice to the practice was refused", "practice_group", int64(group), "key", n.Key,
			"carrier", all[0].Name(), "code", refusal.Code)
		return nil
	}
	return ErrUncarried.Because(err)
}

func (p *Sender) send(ctx context.Context, by carrier.Carrier, n Notice) error {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	_, err := by.Send(ctx, carrier.Outgoing{
		Key: n.Key, Channel: carrier.Email, To: n.To, FromName: n.FromName, Subject: n.Subject, Text: n.Text,
	})
	return err
}
