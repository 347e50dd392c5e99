package operator

import (
	"context"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	instancestore "frontdesk/store/instance"
)

// Invitation is an invitation, as the command line shows it.
type Invitation struct {
	User      account.StaffID         `json:"user_id,string"`
	State     account.InvitationState `json:"state"`
	ExpiresAt time.Time               `json:"expires_at"`
}

// Why an invitation was not sent.
var (
	errHomeless = fault.New(fault.Conflict, "invitation_not_sent",
		"It was not sent: the practice group has no carrier for e-mail. Set one with frontdesk connector set.")
	errPaused = fault.New(fault.Conflict, "invitation_waits",
		"It waits: sending is paused. Let it go on with frontdesk sending resume.")
	errRefused = fault.New(fault.Conflict, "invitation_refused",
		"It was not sent: the carrier will not take an e-mail to this address.")
	errUnsure = fault.New(fault.Conflict, "invitation_unsure",
		"It is not known whether it was sent: the provider did not say. Ask the person it is for, or send another.")
)

// Err is why it was not sent, or nil while it may be.
func (i Invitation) Err() error {
	switch i.State {
	case account.InvitationHomeless:
		return errHomeless
	case account.InvitationRefused:
		return errRefused
	case account.InvitationUnsure:
		return errUnsure
	case account.InvitationWaiting, account.InvitationHanding, account.InvitationSent:
	}
	return nil
}

// Sent reports whether the carrier has it.
func (i Invitation) Sent() bool { return i.State == account.InvitationSent }

// Invitable is why no invitation can be sent to a group's new members of staff just
// now, or nil while it can.
func (o *Operator) Invitable(ctx context.Context, group string) error {
	ctx, g, err := o.in(ctx, group)
	if err != nil {
		return err
	}
	carries, err := o.Carries(ctx, g.ID, carrier.Email)
	if err == nil && !carries {
		err = errHomeless
	}
	if err != nil {
		return err
	}
	s, err := instancestore.New(o.DB).Sending(ctx)
	if err == nil && !s.Paused.IsZero() {
		err = errPaused
	}
	return err
}

// Invite sends a member of staff another invitation, and waits up to some time
// for a running server to say how it ended.
func (o *Operator) Invite(ctx context.Context, group, email string, wait time.Duration) (Invitation, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return Invitation{}, err
	}
	made, err := o.Core.Account.Invite(ctx, email)
	if err != nil {
		return Invitation{}, err
	}
	for until := time.Now().Add(wait); time.Now().Before(until) && (made.State == account.InvitationWaiting ||
		made.State == account.InvitationHanding); {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return Invitation{}, err
		}
		if made, err = o.Core.Account.Invitation(ctx, made.ID); err != nil {
			return Invitation{}, err
		}
	}
	return Invitation{made.Staff, made.State, made.ExpiresAt}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
