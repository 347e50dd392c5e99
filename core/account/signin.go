package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/practice"
)

// Credentials are what a person or a program signs in with: a key or an e-mail
// address, and the password that belongs to it.
type Credentials struct {
	Key, Email, Password string
	// Group is the practice group to sign in to, for an address that works at
	// several; 0 is any.
	Group practice.ID
	// From is the network address the request comes from, and RequestID its id.
	From, RequestID string
}

// Signed is a person or a program that has signed in.
type Signed struct {
	Token   string
	Session key.Session
	// Staff is who it was; nil for a key.
	Staff *Staff
	Actor string

	hash string // which the password must have; empty is none
}

// Wrong passwords lock an account until a quarter of an hour is over: five from
// one address lock it for that address, and fifty lock it for all.
const (
	maxFromAddress = 5
	maxInAll       = 50
	lockout        = 15 * time.Minute
)

// maxPractices is how many practices one address can sign in to.
const maxPractices = 20

// Passwords are long enough not to be guessed and short enough not to be work.
const (
	MinPassword = 12
	MaxPassword = 200
)

// SignIn gives a session for the right password. Whatever is wrong, the answer is
// the same. A wrong password is in the audit trail of the account it was tried
// on. Errors: ErrSignIn, ErrLocked, ErrSeveral.
func (s *Service) SignIn(ctx context.Context, c Credentials) (Signed, error) {
	name, ok := c.name()
	if !ok {
		return Signed{}, fault.Wrong("email", input.CodeRequired, "apiKey or email, one of the two",
			"Give an API key or an e-mail address, and its password.")
	}
	accounts, err := s.accounts(ctx, c)
	if err != nil {
		return Signed{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	here := name + " from " + c.From
	for _, limit := range []struct {
		name string
		most int
	}{{here, maxFromAddress}, {name, maxInAll}} {
		tried, err := s.attempt(ctx, limit.name, now)
		switch {
		case err != nil:
			return Signed{}, err
		case tried == limit.most+1:
			err = s.noteRefused(ctx, c, accounts, "locked", now)
			return Signed{}, errors.Join(err, ErrLocked)
		case tried > limit.most:
			return Signed{}, ErrLocked
		}
	}
	right, err := s.matching(ctx, accounts, c.Password)
	switch {
	case err != nil:
		return Signed{}, err
	case len(right) == 0:
		return Signed{}, errors.Join(s.noteRefused(ctx, c, accounts, "wrong_password", now), ErrSignIn)
	case len(right) > 1:
		return Signed{}, s.several(ctx, right)
	}
	if err := s.forgive(ctx, here, name); err != nil {
		return Signed{}, err
	}
	in := right[0]
	in.Session, in.Token, err = s.Keys.BeginSession(ctx, access.Caller{
		Group: in.Session.Group, Home: in.Session.Group, Key: in.Session.Key, Actor: in.Actor, RequestID: c.RequestID,
	}, in.Session.Staff, in.Session.Key)
	return in, err
}

// matching are the accounts a password is right for. Where there are none, it
// takes as long as for one.
func (s *Service) matching(ctx context.Context, accounts []Signed, password string) ([]Signed, error) {
	if utf8.RuneCountInString(password) > MaxPassword {
		accounts, password = nil, ""
	}
	if len(accounts) == 0 {
		_, err := s.Hasher.Matches(ctx, password, "")
		return nil, err
	}
	var right []Signed
	for _, a := range accounts {
		match, err := s.Hasher.Matches(ctx, password, a.hash)
		if err != nil {
			return nil, err
		}
		if match {
			right = append(right, a)
		}
	}
	return right, nil
}

// several is ErrSeveral with the practices that can be named.
func (s *Service) several(ctx context.Context, right []Signed) error {
	names := make([]string, len(right))
	for i, a := range right {
		g, err := s.Store.Group(ctx, a.Session.Group)
		if err != nil {
			return err
		}
		names[i] = g.ID.String() + " (" + g.Name + ")"
	}
	f := ErrSeveral.Saying(ErrSeveral.Message)
	f.Fields = []fault.Field{{
		Path: []string{"practice_group"}, Code: ErrSeveral.Code, Expected: "one of " + strings.Join(names, ", "),
		Message: f.Message,
	}}
	return f
}

// noteRefused writes into the audit trail of each account that it was not signed
// in to, and why.
func (s *Service) noteRefused(
	ctx context.Context, c Credentials, accounts []Signed, reason string, now time.Time,
) error {
	for _, a := range accounts {
		who := access.Caller{Group: a.Session.Group, Home: a.Session.Group, Key: a.Session.Key, Actor: "unknown",
			RequestID: c.RequestID}
		entity, id := "api_key", int64(a.Session.Key)
		if a.Staff != nil {
			entity, id = "user", int64(a.Staff.ID)
		}
		entry := who.Audit(now, "session.refuse", entity, id, nil, map[string]string{"reason": reason, "from": c.From})
		if err := s.Store.Do(ctx, func(tx Tx) error { return tx.Audit(ctx, entry) }); err != nil {
			return err
		}
	}
	return nil
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
	group, id, ok := key.Parse(c.Key)
	if !ok {
		return "key:none", true
	}
	return fmt.Sprintf("key:%d:%d", group, id), true
}

// accounts are those that credentials may be for, with the hash the password must
// have.
func (s *Service) accounts(ctx context.Context, c Credentials) ([]Signed, error) {
	if c.Key != "" {
		k, err := s.Keys.KeyOf(ctx, c.Key)
		if fault.Of(err).Kind == fault.Unauthenticated {
			return nil, nil
		}
		if err != nil || k.Role == "" || c.Group != 0 && k.Group != c.Group {
			return nil, err
		}
		return []Signed{{Session: key.Session{Group: k.Group, Key: k.ID}, Actor: k.Partner, hash: k.PasswordHash}}, nil
	}
	groups := []practice.ID{c.Group}
	if c.Group == 0 {
		var err error
		if groups, err = s.Store.GroupsByEmail(ctx, EmailKey(c.Email), maxPractices); err != nil {
			return nil, err
		}
	}
	var out []Signed
	for _, group := range groups {
		found, err := s.Store.StaffByEmail(ctx, group, EmailKey(c.Email))
		if errors.Is(err, ErrNotFound) || err == nil && (!found.DeletedAt.IsZero() || found.Role == "") {
			continue
		}
		if err != nil {
			return nil, err
		}
		session := key.Session{Group: group, Staff: int64(found.ID)}
		out = append(out, Signed{Session: session, Staff: &found, Actor: found.Name(), hash: found.PasswordHash})
	}
	return out, nil
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
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return Staff{}, err
	}
	found, err := s.Store.StaffByEmail(ctx, who.Group, EmailKey(email))
	if err != nil {
		return Staff{}, err
	}
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return Staff{}, err
	}
	return s.change(ctx, who, found.ID, "user.password", func(tx Tx, n *Staff, now time.Time) error {
		if err := n.choose(ctx, tx, who, hash, now); err != nil {
			return err
		}
		_, err := tx.EndInvitations(ctx, who.Group, n.ID, now) // a link that lies about sets it no more
		return err
	})
}

// choose sets the password a member of staff signs in with from now on, and ends
// the sessions the old one began.
func (s *Staff) choose(ctx context.Context, tx Tx, who access.Caller, hash string, now time.Time) error {
	s.PasswordHash = hash
	if s.VerifiedAt.IsZero() {
		s.VerifiedAt = now
	}
	ended, err := tx.EndSessions(ctx, who.Group, s.ID, now)
	if err != nil || ended == 0 {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, "session.revoke", "user", int64(s.ID), nil, map[string]int{"sessions": ended}))
}

// Forget deletes counts of attempts that are over, and old invitations.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	const some = 10_000
	return s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.ForgetAttempts(ctx, s.Now().Add(-lockout), some); err != nil {
			return err
		}
		return tx.ForgetInvitations(ctx, who.Group, s.Now().Add(-keepInvitations), some)
	})
}

// attempt counts an attempt to sign in under a name, and gives the count.
func (s *Service) attempt(ctx context.Context, name string, now time.Time) (tried int, err error) {
	err = s.Store.Do(ctx, func(tx Tx) (err error) {
		tried, err = tx.TakeAttempt(ctx, name, now, now.Add(-lockout))
		return err
	})
	return tried, err
}

// forgive ends the counts of attempts under some names.
func (s *Service) forgive(ctx context.Context, names ...string) error {
	return s.Store.Do(ctx, func(tx Tx) error {
		for _, n := range names {
			if err := tx.ForgiveAttempts(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
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
