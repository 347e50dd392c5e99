package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/fault"
)

// SessionID names the session of somebody who signed in.
type SessionID int64

// String gives the id as digits.
func (id SessionID) String() string { return strconv.FormatInt(int64(id), 10) }

// SessionLife is how long a session lasts.
const SessionLife = 12 * time.Hour

// Session is the right of somebody who signed in, as kept: a hash and no text.
type Session struct {
	Group GroupID   `json:"practice_group_id,string"`
	ID    SessionID `json:"id,string"`
	// Staff is the member of staff who signed in, or Key is the key that was
	// used; the other is 0.
	Staff     int64     `json:"staff_id,omitempty,string"`
	Key       KeyID     `json:"key_id,omitempty,string"`
	MadeAt    time.Time `json:"made_at"`
	ExpiresAt time.Time `json:"expires_at"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	LastUsed  time.Time `json:"last_used_at,omitzero"` // to the minute
	Hash      []byte    `json:"-"`
}

// Terms are the practice group's own of its tokens.
type Terms struct {
	// Limit is requests a minute for each token.
	Limit int `json:"requests_a_minute"`
	// Status is the HTTP status of a request too many: 200 or 429.
	Status int `json:"limit_status"`
}

// Bearer is whoever holds a token, as the store finds them.
type Bearer struct {
	// Key is the key the token is, or that a session was begun with; Session is
	// zero for a key, and Key for a session of a member of staff.
	Key     Key
	Session Session
	// Name is whose the token is, and Role what they may do; Held are the
	// permissions of a role that is no preset.
	Name string
	Role string
	Held []Permission
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
	// ErrTooOften is returned when a token has used up its minute. Programs look
	// for the words "too often".
	ErrTooOften = fault.New(fault.Limited, "rate_limited", "This token is used too often.")
)

const sessionPrefix = "fd_session_"

// parseSession reads the group and the id out of a session's text.
func parseSession(text string) (GroupID, SessionID, bool) {
	rest, ok := strings.CutPrefix(text, sessionPrefix)
	if !ok || len(rest) > 128 {
		return 0, 0, false
	}
	groupText, rest, _ := strings.Cut(rest, "_")
	idText, secret, _ := strings.Cut(rest, "_")
	group, err1 := strconv.ParseInt(groupText, 36, 64)
	id, err2 := strconv.ParseInt(idText, 36, 64)
	return GroupID(group), SessionID(id), err1 == nil && err2 == nil && secret != ""
}

// secret makes the random end of a key's or a session's text.
func secret() string {
	random := make([]byte, 32)
	rand.Read(random)
	return strings.ToLower(secretText.EncodeToString(random))
}

// Token finds out who is asking, from a token: a key that has a role, or a
// session. Errors: ErrNoToken, ErrBadToken, ErrTokenExpired, ErrTokenRevoked.
func (s *Service) Token(ctx context.Context, text string) (Caller, Terms, error) {
	if text == "" {
		return Caller{}, Terms{}, ErrNoToken
	}
	var b Bearer
	var err error
	var hash []byte
	if group, id, ok := parseSession(text); ok {
		b, err = s.Store.SessionBearer(ctx, group, id)
		hash = b.Session.Hash
	} else if group, id, ok := ParseKey(text); ok {
		b, err = s.Store.KeyBearer(ctx, group, id)
		hash = b.Key.Hash
	} else {
		return Caller{}, Terms{}, ErrBadToken
	}
	if err != nil {
		return Caller{}, Terms{}, err
	}
	sum := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(sum[:], hash) != 1 || b.Role == "" {
		return Caller{}, Terms{}, ErrBadToken
	}
	now := s.Now()
	if err := b.good(now); err != nil {
		return Caller{}, Terms{}, err
	}
	c := b.caller()
	if err := s.touch(ctx, b, now); err != nil {
		return Caller{}, Terms{}, err
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

// signedIn is how the log tells somebody who signed in from a program.
const signedIn = " (signed in)"

// Name is what the caller is called where it does not matter how it came.
func (c Caller) Name() string {
	if c.Staff != 0 {
		return strings.TrimSuffix(c.Actor, signedIn)
	}
	return c.Actor
}

func (b Bearer) caller() Caller {
	group := b.Key.Group
	if b.Session.ID != 0 {
		group = b.Session.Group
	}
	c := Caller{
		Group: group, Home: group, Key: b.Key.ID, Session: b.Session.ID, Staff: b.Session.Staff, Application: b.Session.Staff == 0, Actor: b.Name,
		Permissions: ofRole(b.Role, b.Held), Limit: b.Terms.Limit,
	}
	if b.Session.Staff != 0 {
		c.Actor += signedIn
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

// TakeToken uses one request of a token's minute. Error: ErrTooOften, with the
// time to wait.
func (s *Service) TakeToken(ctx context.Context, c Caller) (Budget, error) {
	b, err := s.Take(ctx, c)
	f := fault.Of(err)
	if err != nil && f.Code == ErrLimited.Code {
		wait := f.RetryAfter
		seconds := int((wait + time.Second - 1) / time.Second)
		return b, ErrTooOften.Saying(fmt.Sprintf("This token is used too often: %d requests a minute. Try again in %d seconds.", c.Limit, seconds)).After(wait)
	}
	return b, err
}

// BeginSession makes a session for somebody whose password was right, and gives
// its text, which is shown this once.
func (s *Service) BeginSession(ctx context.Context, who Caller, staff int64, key KeyID) (Session, string, error) {
	now := s.Now().Truncate(time.Microsecond)
	n := Session{Group: who.Group, ID: SessionID(s.NewID()), Staff: staff, Key: key, MadeAt: now, ExpiresAt: now.Add(SessionLife)}
	text := sessionPrefix + strconv.FormatInt(int64(n.Group), 36) + "_" + strconv.FormatInt(int64(n.ID), 36) + "_" + secret()
	hash := sha256.Sum256([]byte(text))
	n.Hash = hash[:]
	err := s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddSession(ctx, n); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "session.begin", "session", int64(n.ID), nil, n))
	})
	return n, text, err
}

// ErrSessionNotFound is returned when an operator names a session the group lacks.
var ErrSessionNotFound = fault.New(fault.NotFound, "session_not_found", "That practice group has no such session.")

// Sessions lists the group's sessions that have not ended, oldest first.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return nil, err
	}
	return s.Store.OpenSessions(ctx, who.Group, s.Now())
}

// RevokeSession ends a session at once, on every node. Revoking twice is revoking
// once.
func (s *Service) RevokeSession(ctx context.Context, id SessionID) error {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		found, err := tx.EndSession(ctx, who.Group, id, now)
		if err != nil {
			return err
		}
		if !found {
			return ErrSessionNotFound
		}
		return tx.Audit(ctx, who.Audit(now, "session.revoke", "session", int64(id), nil, nil))
	})
}

// EndSession ends the session the caller asks with. Ending it twice is ending it
// once.
func (s *Service) EndSession(ctx context.Context) error {
	who, ok := From(ctx)
	if !ok || who.Session == 0 {
		return ErrNoToken
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		if _, err := tx.EndSession(ctx, who.Home, who.Session, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "session.end", "session", int64(who.Session), nil, nil))
	})
}

// ParseSession reads the group and the id out of a session's text, for the
// command line. It does not say the session is good.
func ParseSession(text string) (GroupID, SessionID, bool) { return parseSession(text) }

// RoleNamed finds a role: a preset or the group's own. Error: a field fault.
func (s *Service) RoleNamed(ctx context.Context, group GroupID, name string) (Role, error) {
	if g, ok := presets[name]; ok {
		return Role{Name: name, Permissions: g}, nil
	}
	all, err := s.Store.Roles(ctx, group)
	if err != nil {
		return Role{}, err
	}
	for _, r := range all {
		if r.Name == name {
			return r, nil
		}
	}
	return Role{}, fault.Wrong("role", "invalid_enum_value", "one of "+strings.Join(Presets(), ", ")+", or a role of the practice group's own", "There is no such role.")
}

// Roles lists the presets and the group's own roles.
func (s *Service) Roles(ctx context.Context) ([]Role, error) {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return nil, err
	}
	var out []Role
	for _, name := range Presets() {
		out = append(out, Role{Name: name, Permissions: presets[name]})
	}
	own, err := s.Store.Roles(ctx, who.Group)
	return append(out, own...), err
}

// SetRole keeps a role of the group's own. What it lets do holds for its tokens
// at once.
func (s *Service) SetRole(ctx context.Context, r Role) (Role, error) {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return Role{}, err
	}
	if _, ok := presets[r.Name]; ok || strings.TrimSpace(r.Name) == "" || len(r.Name) > 100 {
		return Role{}, fault.Wrong("name", "invalid_string", "a name that no preset has", "This cannot be the name of a role.")
	}
	for _, g := range r.Permissions {
		if !slices.Contains(Permissions, g) {
			return Role{}, fault.Wrong("permission", "invalid_enum_value", fmt.Sprint(Permissions), fmt.Sprintf("There is no permission %q.", g))
		}
	}
	now := s.Now().Truncate(time.Microsecond)
	return r, s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveRole(ctx, who.Group, r, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "role.set", "role", 0, nil, r))
	})
}

// SetTerms keeps how often the group's tokens may be used.
func (s *Service) SetTerms(ctx context.Context, t Terms) (Terms, error) {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return t, err
	}
	if t.Limit < 1 || t.Limit > 100_000 {
		return t, fault.Wrong("limit", "too_small", "requests a minute, from 1 to 100000", "This is not a number of requests a minute.")
	}
	if t.Status != 200 && t.Status != 429 {
		return t, fault.Wrong("status", "invalid_enum_value", "200 or 429", "A request too many is answered with 200 or 429.")
	}
	now := s.Now().Truncate(time.Microsecond)
	return t, s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveTerms(ctx, who.Group, t); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "terms.set", "practice_group", int64(who.Group), nil, t))
	})
}

// Keep writes entries of what was asked into the group's log, in one transaction.
func (s *Service) Keep(ctx context.Context, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		for _, e := range entries {
			if err := tx.Audit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Log lists the group's entries of a time, oldest first.
func (s *Service) Log(ctx context.Context, from, to time.Time, after int64, limit int) ([]audit.Entry, error) {
	who, err := Require(ctx, SeeAudit)
	if err != nil {
		return nil, err
	}
	return s.Store.Log(ctx, who.Group, from, to, after, limit)
}

// LogBack lists them from the other end, newest first.
func (s *Service) LogBack(ctx context.Context, from, to time.Time, before int64, limit int) ([]audit.Entry, error) {
	who, err := Require(ctx, SeeAudit)
	if err != nil {
		return nil, err
	}
	return s.Store.LogBack(ctx, who.Group, from, to, before, limit)
}
