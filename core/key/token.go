package key

import (
	"context"
	"crypto/subtle"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// Bearer is the holder of a token, as the store finds them.
type Bearer struct {
	// Key is the key the token is, or that a session was begun with; Session is
	// zero for a key, and Key for a session of a member of staff.
	Key     Key
	Session Session
	// Name is whose the token is, and Role what they may do; Held are the
	// permissions of a role that is no preset.
	Name string
	Role string
	Held []access.Permission
	// Gone says that the member of staff has left.
	Gone  bool
	Terms Terms
}

// The faults of tokens.
var (
	ErrNoToken      = fault.New(fault.Unauthenticated, "missing_token", "Missing token.")
	ErrBadToken     = fault.New(fault.Unauthenticated, "invalid_token", "Invalid token.")
	ErrTokenExpired = fault.New(fault.Unauthenticated, "expired_token", "This token has expired.")
	ErrTokenRevoked = fault.New(fault.Unauthenticated, "revoked_token", "This token has been revoked.")
)

// Token finds out who is asking, from a token: a key that has a role, or a
// session. Errors: ErrNoToken, ErrBadToken, ErrTokenExpired, ErrTokenRevoked.
func (s *Service) Token(ctx context.Context, text string) (access.Caller, Terms, error) {
	if text == "" {
		return access.Caller{}, Terms{}, ErrNoToken
	}
	var b Bearer
	var err error
	var kept []byte
	if group, id, ok := ParseSession(text); ok {
		b, err = s.Store.SessionBearer(ctx, group, id)
		kept = b.Session.Hash
	} else if group, id, ok := Parse(text); ok {
		b, err = s.Store.KeyBearer(ctx, group, id)
		kept = b.Key.Hash
	} else {
		return access.Caller{}, Terms{}, ErrBadToken
	}
	if err != nil {
		return access.Caller{}, Terms{}, err
	}
	if subtle.ConstantTimeCompare(hash(text), kept) != 1 || b.Role == "" {
		return access.Caller{}, Terms{}, ErrBadToken
	}
	now := s.Now()
	if err := b.good(now); err != nil {
		return access.Caller{}, Terms{}, err
	}
	c := b.caller()
	if err := s.touch(ctx, b, now); err != nil {
		return access.Caller{}, Terms{}, err
	}
	return c, b.Terms, nil
}

// good says why the token may not be used any more.
func (b Bearer) good(now time.Time) error {
	ended := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case !b.Key.RevokedAt.IsZero(), !b.Session.RevokedAt.IsZero(), b.Gone:
		return ErrTokenRevoked
	case ended(b.Key.ExpiresAt), ended(b.Session.ExpiresAt):
		return ErrTokenExpired
	}
	return nil
}

func (b Bearer) caller() access.Caller {
	group := b.Key.Group
	if b.Session.ID != 0 {
		group = b.Session.Group
	}
	c := access.Caller{
		Group: group, Home: group, Key: b.Key.ID, Session: b.Session.ID, Staff: b.Session.Staff,
		Application: b.Session.Staff == 0, Actor: b.Name,
		Permissions: access.OfRole(b.Role, b.Held), Limit: b.Terms.Limit,
	}
	if b.Session.Staff != 0 {
		c.Actor += access.SignedIn
	}
	if b.Key.Limit != nil {
		c.Limit = *b.Key.Limit
	}
	return c
}

// touch notes that a token was used, to the minute.
func (s *Service) touch(ctx context.Context, b Bearer, now time.Time) error {
	minute := now.Truncate(time.Minute)
	if b.Session.ID != 0 {
		if now.Sub(b.Session.LastUsed) < time.Minute {
			return nil
		}
		return s.Store.TouchSession(ctx, b.Session.Group, b.Session.ID, minute)
	}
	if now.Sub(b.Key.LastUsed) < time.Minute {
		return nil
	}
	return s.Store.TouchAPIKey(ctx, b.Key.Group, b.Key.ID, minute)
}
