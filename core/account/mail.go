package account

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// InviteKind is the job that sends an invitation.
const InviteKind = "user.invite"

// Mail is an e-mail to a member of staff.
type Mail struct {
	// Key is this e-mail, for ever.
	Key                         string
	Staff                       StaffID
	To, FromName, Subject, Text string
}

// Mailer hands e-mails to the provider of a practice group.
type Mailer interface {
	// Mail hands an e-mail over, and says how that ended: sent, refused,
	// no_carrier, or unsure. With an error it is to be tried again, and is waiting
	// when the carrier surely does not have it, and handing otherwise. again says
	// that it may have been handed over before: then it is only where that sends
	// it once.
	Mail(ctx context.Context, group practice.ID, m Mail, again bool) (InvitationState, error)
}

// SendInvitation is the job that sends an invitation.
func (s *Service) SendInvitation(ctx context.Context, j job.Job) error {
	var id InvitationID
	if err := j.Read(&id); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	m, again, err := s.compose(ctx, group, id)
	if errors.Is(err, ErrInvitation) {
		return nil // it is over, or they have left
	}
	if err != nil {
		return err
	}
	state, err := s.Mailer.Mail(ctx, group, m, again)
	return errors.Join(err, s.Store.Do(ctx, func(tx Tx) error { return tx.SetInvitationState(ctx, group, id, state) }))
}

// compose writes the e-mail, and notes that it is about to be handed over: when
// this program dies meanwhile, the next one knows that this is not known. Error:
// ErrInvitation when there is nothing to send.
func (s *Service) compose(ctx context.Context, group practice.ID, id InvitationID) (m Mail, again bool, err error) {
	secret, err := s.secret(group, id)
	if err != nil {
		return m, false, err
	}
	link := invitationLink{group, id, secret}
	err = s.Store.Do(ctx, func(tx Tx) error {
		i, err := tx.Invitation(ctx, group, id)
		if err != nil {
			return err
		}
		if err := tx.LockStaff(ctx, group, i.Staff); err != nil {
			return err
		}
		if i, err = s.invited(ctx, tx, link); err != nil {
			return err
		}
		if i.State != InvitationWaiting && i.State != InvitationHanding {
			return ErrInvitation
		}
		n, err := find(ctx, tx, group, i.Staff)
		if err != nil {
			return err
		}
		g, err := tx.Group(ctx, group)
		if err != nil {
			return err
		}
		again = i.State == InvitationHanding
		m = Mail{
			Key: "invitation-" + strconv.FormatInt(int64(id), 36), Staff: n.ID, To: n.Email, FromName: g.Name,
			Subject: "Choose your password for " + g.Name, Text: invitationText(g, s.Pages()+"/invite/"+link.String(),
				i.ExpiresAt),
		}
		i.State, i.Hash = InvitationHanding, hashOf(secret)
		return tx.SaveInvitation(ctx, group, i)
	})
	return m, again, err
}

func invitationText(g practice.Group, url string, until time.Time) string {
	return fmt.Sprintf(`%s has added you to its staff. Choose the password you will sign in with here:

%s

The link works once, until %s. If it has stopped working, ask the practice for another.

If you did not expect this e-mail, do nothing. Do not pass it on: anyone who has the link can choose the password.
`, g.Name, url, until.In(g.Zone()).Format("Monday 2 January 2006, 15:04"))
}
