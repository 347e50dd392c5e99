package account

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Credentials are what somebody signs in with: a key or an address, and the
// password that belongs to it.
type Credentials struct {
	Key, Email, Password string
}

// Signed is somebody who has signed in.
type Signed struct {
	Token   string
	Session access.Session
	// Staff is who it was; nil for a key.
	Staff *Staff
	Actor string
}

// Five wrong passwords in a quarter of an hour lock what was tried until it ends.
const (
	maxAttempts = 5
	lockout     = 15 * time.Minute
)

// Passwords are long enough not to be guessed and short enough not to be work.
const (
	MinPassword = 12
	MaxPassword = 200
)

// SignIn gives a session for the right password. Whatever is wrong, the answer
// and the time it takes are the same. Errors: ErrSignIn, ErrLocked.
func (s *Service) SignIn(ctx context.Context, c Credentials) (Signed, error) {
	name, ok := c.name()
	if !ok {
		return Signed{}, fault.Wrong("email", "required", "apiKey or email, one of the two", "Give an API key or an e-mail address, and its password.")
	}
	now := s.Now().Truncate(time.Microsecond)
	tried, err := s.Store.TakeAttempt(ctx, name, now, now.Add(-lockout))
	if err != nil {
		return Signed{}, err
	}
	if tried > maxAttempts {
		return Signed{}, ErrLocked
	}
	found, hash, err := s.whose(ctx, c)
	if err != nil {
		return Signed{}, err
	}
	if utf8.RuneCountInString(c.Password) > MaxPassword {
		hash, c.Password = "", ""
	}
	match, err := s.Hasher.Matches(ctx, c.Password, hash)
	if err != nil {
		return Signed{}, err
	}
	if !match {
		return Signed{}, ErrSignIn
	}
	if err := s.Store.ForgiveAttempts(ctx, name); err != nil {
		return Signed{}, err
	}
	found.Session, found.Token, err = s.Access.BeginSession(ctx, access.Caller{
		Group: found.Session.Group, Home: found.Session.Group, Key: found.Session.Key, Actor: found.Actor,
	}, found.Session.Staff, found.Session.Key)
	return found, err
}

// name is what attempts are counted under.
func (c Credentials) name() (string, bool) {
	switch {
	case c.Key != "" && c.Email != "", c.Key == "" && c.Email == "":
		return "", false
	case c.Email != "":
		key := EmailKey(c.Email)
		return "email:" + key[:min(len(key), 320)], true
	}
	group, id, ok := access.ParseKey(c.Key)
	if !ok {
		return "key:none", true
	}
	return fmt.Sprintf("key:%d:%d", group, id), true
}

// whose finds who signs in and the hash their password must have; the hash is
// empty when nobody may.
func (s *Service) whose(ctx context.Context, c Credentials) (Signed, string, error) {
	if c.Key != "" {
		k, err := s.Access.KeyOf(ctx, c.Key)
		if fault.Of(err).Kind == fault.Unauthenticated {
			return Signed{}, "", nil
		}
		if err != nil || k.Role == "" {
			return Signed{}, "", err
		}
		return Signed{Session: access.Session{Group: k.Group, Key: k.ID}, Actor: k.Partner}, k.PasswordHash, nil
	}
	group, found, err := s.Store.StaffByEmail(ctx, EmailKey(c.Email))
	if errors.Is(err, ErrNotFound) {
		return Signed{}, "", nil
	}
	if err != nil || !found.DeletedAt.IsZero() || found.Role == "" {
		return Signed{}, "", err
	}
	return Signed{Session: access.Session{Group: group, Staff: int64(found.ID)}, Staff: &found, Actor: found.Name()}, found.PasswordHash, nil
}

// HashPassword makes the hash of a new password. Error: a field fault.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	expected := fmt.Sprintf("%d to %d characters", MinPassword, MaxPassword)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return "", fault.Wrong("password", input.CodeSmall, expected, "This password is too short.")
	case n > MaxPassword:
		return "", fault.Wrong("password", input.CodeBig, expected, "This password is too long.")
	}
	return s.Hasher.Hash(ctx, password)
}

// SetPassword sets the password of a member of staff. Only an operator can.
// Errors: ErrNotFound, a field fault.
func (s *Service) SetPassword(ctx context.Context, email, password string) (Staff, error) {
	who, err := access.RequirePermission(ctx, access.Setup)
	if err != nil {
		return Staff{}, err
	}
	group, found, err := s.Store.StaffByEmail(ctx, EmailKey(email))
	if err != nil {
		return Staff{}, err
	}
	if group != who.Group {
		return Staff{}, ErrNotFound
	}
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return Staff{}, err
	}
	return s.change(ctx, who, found.ID, "user.password", func(tx Tx, n *Staff, now time.Time) error {
		n.choose(hash, now)
		_, err := tx.EndInvitations(ctx, who.Group, n.ID, now) // a link that lies about sets it no more
		return err
	})
}

// choose sets the password somebody signs in with from now on.
func (s *Staff) choose(hash string, now time.Time) {
	s.PasswordHash = hash
	if s.VerifiedAt.IsZero() {
		s.VerifiedAt = now
	}
}

// Forget deletes counts of attempts that are over, and old invitations.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	const some = 10_000
	if err := s.Store.ForgetAttempts(ctx, s.Now().Add(-lockout), some); err != nil {
		return err
	}
	return s.Store.ForgetInvitations(ctx, who.Group, s.Now().Add(-keepInvitations), some)
}

// find gives one member of staff. Error: ErrNotFound.
func find(ctx context.Context, r Reader, group practice.ID, id StaffID) (Staff, error) {
	all, err := r.Staff(ctx, group, []StaffID{id})
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Staff{}, err
	}
	return all[0], nil
}
