package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// InvitationID names an invitation.
type InvitationID int64

// InvitationLife is how long the link of an invitation works.
const InvitationLife = 7 * 24 * time.Hour

// keepInvitations is how long one that has expired is kept.
const keepInvitations = 90 * 24 * time.Hour

// InvitationState says how an invitation's e-mail ended.
type InvitationState string

// The states of an invitation's e-mail.
const (
	InvitationWaiting  InvitationState = "waiting"    // it is sent as soon as it can be
	InvitationHanding  InvitationState = "handing"    // the carrier is being handed it
	InvitationSent     InvitationState = "sent"       // the carrier has it
	InvitationRefused  InvitationState = "refused"    // the carrier will not take it
	InvitationUnsure   InvitationState = "unsure"     // it is not known whether the provider has it
	InvitationHomeless InvitationState = "no_carrier" // no e-mail provider is set up
)

// Invitation lets a member of staff choose a password, once.
type Invitation struct {
	ID        InvitationID    `json:"id,string"`
	Staff     StaffID         `json:"user,string"`
	State     InvitationState `json:"state"`
	MadeAt    time.Time       `json:"made_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	UsedAt    time.Time       `json:"used_at,omitzero"`
	EndedAt   time.Time       `json:"ended_at,omitzero"`

	Hash []byte `json:"-"` // of the secret in its link
}

func (i Invitation) open(now time.Time) bool {
	return i.UsedAt.IsZero() && i.EndedAt.IsZero() && now.Before(i.ExpiresAt)
}

// The faults of invitations.
var (
	// ErrInvitation is returned whatever is wrong with a link, so that no one
	// learns who was invited.
	ErrInvitation = fault.New(fault.NotFound, "invitation_not_found",
		"This invitation is not known, was used before, or is too old to use.")
	ErrGuessed = fault.New(fault.Limited, "invitation_locked",
		"This invitation was tried too often. Try again in 15 minutes.")
	ErrJoined = fault.New(fault.Conflict, "user_joined", "This user has set a password already.")
	ErrNoRole = fault.New(fault.Conflict, "user_without_role",
		"This user has no role, so they could not sign in. Give them one first.")
)

// Invite sends a member of staff another invitation, and ends the one before.
// Only an operator can. Errors: ErrNotFound, ErrJoined, ErrNoRole.
func (s *Service) Invite(ctx context.Context, email string) (Invitation, error) {
	who, err := access.Require(ctx, access.InviteUsers)
	if err != nil {
		return Invitation{}, err
	}
	found, err := s.Store.StaffByEmail(ctx, who.Group, EmailKey(email))
	if err != nil {
		return Invitation{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var made Invitation
	return made, s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.LockStaff(ctx, who.Group, found.ID); err != nil {
			return err
		}
		n, err := find(ctx, tx, who.Group, found.ID)
		switch {
		case err != nil:
			return err
		case !n.DeletedAt.IsZero():
			return ErrNotFound
		case !n.VerifiedAt.IsZero():
			return ErrJoined
		case n.Role == "":
			return ErrNoRole
		}
		if _, err := tx.EndInvitations(ctx, who.Group, n.ID, now); err != nil {
			return err
		}
		if made, err = s.invite(ctx, tx, who, n.ID, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "user.invite", "user", int64(n.ID), nil, made))
	})
}

// invite makes an invitation, and the job that sends it.
func (s *Service) invite(ctx context.Context, tx Tx, who access.Caller, to StaffID, now time.Time) (Invitation, error) {
	i := Invitation{ID: InvitationID(s.NewID()), Staff: to, State: InvitationWaiting, MadeAt: now,
		ExpiresAt: now.Add(InvitationLife)}
	if err := tx.SaveInvitation(ctx, who.Group, i); err != nil {
		return i, err
	}
	return i, tx.Enqueue(ctx, job.Job{
		Group: int64(who.Group), Kind: InviteKind, Key: strconv.FormatInt(int64(i.ID), 10), Args: job.Args(i.ID),
	})
}

// Invitation finds an invitation. Only an operator can. Error: ErrInvitation.
func (s *Service) Invitation(ctx context.Context, id InvitationID) (Invitation, error) {
	who, err := access.Require(ctx, access.InviteUsers)
	if err != nil {
		return Invitation{}, err
	}
	return s.Store.Invitation(ctx, who.Group, id)
}

// invitationLink is what the address of an invitation's page ends with.
type invitationLink struct {
	group  practice.ID
	id     InvitationID
	secret string
}

func (l invitationLink) String() string {
	return strconv.FormatInt(int64(l.group), 36) + "-" + strconv.FormatInt(int64(l.id), 36) + "-" + l.secret
}

func parseInvitation(text string) (invitationLink, error) {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || len(text) > 100 {
		return invitationLink{}, ErrInvitation
	}
	group, err1 := strconv.ParseInt(parts[0], 36, 64)
	id, err2 := strconv.ParseInt(parts[1], 36, 64)
	if err1 != nil || err2 != nil || group <= 0 || id <= 0 {
		return invitationLink{}, ErrInvitation
	}
	return invitationLink{practice.ID(group), InvitationID(id), parts[2]}, nil
}

// secret makes what no one else can, and makes it again for an e-mail that has
// to be handed over again: then both lead to the same page.
func (s *Service) secret(group practice.ID, id InvitationID) (string, error) {
	box, err := s.Box()
	if err != nil {
		return "", err
	}
	sign, err := box.Sign(invitationLink{group: group, id: id}.String(), "invitation")
	sum := sha256.Sum256([]byte(sign))
	// Letters and digits: programs that make links of addresses leave out a dash
	// at the end.
	return hex.EncodeToString(sum[:20]), err
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func (i Invitation) opens(secret string) bool {
	return len(i.Hash) > 0 && subtle.ConstantTimeCompare(hashOf(secret), i.Hash) == 1
}

// Invited finds the practice an invitation is of, and changes nothing. Error:
// ErrInvitation.
func (s *Service) Invited(ctx context.Context, link string) (practice.ID, error) {
	l, err := parseInvitation(link)
	if err != nil {
		return 0, err
	}
	i, err := s.invited(ctx, s.Store, l)
	if err == nil && !i.opens(l.secret) {
		err = ErrInvitation
	}
	return l.group, err
}

// invited finds an invitation that can be used. Error: ErrInvitation.
func (s *Service) invited(ctx context.Context, r Reader, l invitationLink) (Invitation, error) {
	i, err := r.Invitation(ctx, l.group, l.id)
	if err != nil {
		return i, err
	}
	n, err := find(ctx, r, l.group, i.Staff)
	if err != nil {
		return i, err
	}
	if !i.open(s.Now()) || !n.DeletedAt.IsZero() {
		return i, ErrInvitation
	}
	return i, nil
}

// Accept sets the password of the holder of the link of an invitation, once.
// Errors: ErrInvitation, ErrGuessed, a field fault.
func (s *Service) Accept(ctx context.Context, link, password string) (practice.ID, error) {
	l, err := parseInvitation(link)
	if err != nil {
		return 0, err
	}
	i, err := s.invited(ctx, s.Store, l)
	if err != nil {
		return l.group, err
	}
	if err := s.guess(ctx, i, l); err != nil {
		return l.group, err
	}
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return l.group, err
	}
	staff, err := find(ctx, s.Store, l.group, i.Staff)
	if err != nil {
		return l.group, err
	}
	who := access.Visitor(ctx, l.group, staff.Name())
	who.Staff = int64(staff.ID)
	_, err = s.change(ctx, who, staff.ID, "user.accept_invitation", func(tx Tx, n *Staff, now time.Time) error {
		// Another request may have used it this moment, or have sent another.
		i, err := s.invited(ctx, tx, l)
		if err != nil {
			return err
		}
		i.UsedAt = now
		if err := tx.SaveInvitation(ctx, l.group, i); err != nil {
			return err
		}
		return n.choose(ctx, tx, who, hash, now)
	})
	return l.group, err
}

// guess counts who tries an invitation without its secret.
func (s *Service) guess(ctx context.Context, i Invitation, l invitationLink) error {
	name := "invitation:" + strconv.FormatInt(int64(l.group), 10) + ":" + strconv.FormatInt(int64(l.id), 10)
	now := s.Now().Truncate(time.Microsecond)
	tried, err := s.attempt(ctx, name, now)
	switch {
	case err != nil:
		return err
	case tried > maxFromAddress:
		return ErrGuessed
	case !i.opens(l.secret):
		return ErrInvitation
	}
	return s.forgive(ctx, name)
}
