// Package key says who is asking, from what they send: an API key, a key with a
// role, or the session of a member of staff who signed in.
//
//	key.go      API keys: made, listed, checked, revoked
//	rotate.go   a key in place of another; what a key may hand on
//	partner.go  who holds keys
//	session.go  sessions: begun, listed, ended
//	token.go    the caller behind a key with a role or a session
//	role.go     roles that a practice group makes, and how often its tokens may be used
package key

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Key is an API key as we keep it: the secret itself is not here, only its hash.
type Key struct {
	Group   access.GroupID `json:"practice_group_id,string"`
	ID      access.KeyID   `json:"id,string"`
	Partner string         `json:"partner"` // who holds it
	// Test marks a key of a sandbox group; its text starts with fd_test_.
	Test        bool                   `json:"test"`
	Scopes      []access.Scope         `json:"scopes"`
	Permissions []access.KeyPermission `json:"permissions"`
	// Role makes the key a token of the GraphQL API; empty is none.
	Role string `json:"role,omitempty"`
	// PasswordHash is what a password is checked against with which the key signs
	// in; empty is never.
	PasswordHash string `json:"-"`
	// Limit is requests a minute; nil takes the server's own, 0 is no limit.
	Limit *int `json:"rate_limit,omitempty"`
	// Replaces is the key that this one was made in place of; 0 is none.
	Replaces  access.KeyID `json:"replaces,string,omitempty"`
	ExpiresAt time.Time    `json:"expires_at,omitzero"`
	RevokedAt time.Time    `json:"revoked_at,omitzero"`
	LastUsed  time.Time    `json:"last_used_at,omitzero"` // to the minute
	CreatedAt time.Time    `json:"created_at"`
	Hash      []byte       `json:"-"` // SHA-256 of the whole key text
}

// Store is what access needs remembered.
type Store interface {
	// APIKey finds a key by its group and id, or returns ErrUnknown.
	APIKey(ctx context.Context, group access.GroupID, id access.KeyID) (Key, error)
	// APIKeys lists a group's keys, newest first, and counts them.
	APIKeys(ctx context.Context, group access.GroupID, q Query) ([]Key, int, error)
	// TouchAPIKey notes that the key was used.
	TouchAPIKey(ctx context.Context, group access.GroupID, id access.KeyID, at time.Time) error
	// SameNetwork reports whether both groups are members of one network.
	SameNetwork(ctx context.Context, a, b access.GroupID) (bool, error)
	// KeyBearer finds who holds a key, and SessionBearer whose session it is, or
	// they return ErrBadToken.
	KeyBearer(ctx context.Context, group access.GroupID, id access.KeyID) (Bearer, error)
	SessionBearer(ctx context.Context, group access.GroupID, id access.SessionID) (Bearer, error)
	// TouchSession notes that the session was used.
	TouchSession(ctx context.Context, group access.GroupID, id access.SessionID, at time.Time) error
	// OpenSessions lists a group's sessions that have not ended at a time.
	OpenSessions(ctx context.Context, group access.GroupID, at time.Time) ([]Session, error)
	// Roles lists a group's own roles by name.
	Roles(ctx context.Context, group access.GroupID) ([]access.Role, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	// LockAPIKey keeps others from changing a key until the end of the transaction, and finds it. Error: ErrUnknown.
	LockAPIKey(ctx context.Context, group access.GroupID, id access.KeyID) (Key, error)
	SaveAPIKey(ctx context.Context, k Key) error
	// APIKeyReplaced reports whether a key was made in place of one.
	APIKeyReplaced(ctx context.Context, group access.GroupID, id access.KeyID) (bool, error)
	AddSession(ctx context.Context, s Session) error
	// EndSession revokes a session, and reports whether there is one.
	EndSession(ctx context.Context, group access.GroupID, id access.SessionID, at time.Time) (bool, error)
	SaveRole(ctx context.Context, group access.GroupID, r access.Role, at time.Time) error
	SaveTerms(ctx context.Context, group access.GroupID, t Terms) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is keys, sessions and roles.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
	// Limit is requests a minute for keys with none of their own; 0 is off.
	Limit int
}

// The faults of API keys.
var (
	ErrMissing = fault.New(fault.Unauthenticated, "missing_key",
		"Send your API key in x-api-key and the practice group in x-practice-group-id.")
	ErrUnknown = fault.New(fault.Unauthenticated, "invalid_key", "That API key is not known.")
	ErrExpired = fault.New(fault.Unauthenticated, "expired_key", "That API key has expired.")
	ErrRevoked = fault.New(fault.Unauthenticated, "revoked_key", "That API key has been revoked.")
	// ErrNotFound is returned when an operator names a key the group lacks.
	ErrNotFound = fault.New(fault.NotFound, "key_not_found", "That practice group has no such key.")
)

const (
	livePrefix = "fd_live_"
	testPrefix = "fd_test_"
)

// secretText spells the random part of a key: letters and digits only, so that
// a double click selects it whole.
var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// spell makes the text of a new key or session: what it is, the group and the id in
// base 36, and 256 random bits in base 32.
func spell(prefix string, group access.GroupID, id int64) string {
	random := make([]byte, 32)
	rand.Read(random)
	secret := strings.ToLower(secretText.EncodeToString(random))
	return prefix + strconv.FormatInt(int64(group), 36) + "_" + strconv.FormatInt(id, 36) + "_" + secret
}

// parse reads the group and the id out of a text without its prefix.
func parse(text string) (access.GroupID, int64, bool) {
	if len(text) > 128 {
		return 0, 0, false
	}
	groupText, rest, _ := strings.Cut(text, "_")
	idText, secret, _ := strings.Cut(rest, "_")
	group, err1 := strconv.ParseInt(groupText, 36, 64)
	id, err2 := strconv.ParseInt(idText, 36, 64)
	return access.GroupID(group), id, err1 == nil && err2 == nil && secret != ""
}

// hash is what is kept of a text.
func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// once is a list with each value once, in the order given.
func once[T comparable](all []T) (out []T) {
	for _, one := range all {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// CreateKey makes a key and gives its text, which is shown this once. Errors: field faults, ErrBeyond.
func (s *Service) CreateKey(ctx context.Context, k Key) (Key, string, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return Key{}, "", err
	}
	now := s.Now()
	var in input.Checks
	k.Partner = in.Required("partner", k.Partner, maxPartner)
	k.Scopes, k.Permissions = once(k.Scopes), once(k.Permissions)
	for _, sc := range k.Scopes {
		input.Choice(&in, "scope", sc, access.Scopes)
	}
	for _, p := range k.Permissions {
		input.Choice(&in, "permission", p, access.KeyPermissions)
	}
	if k.Limit != nil {
		limit := in.Between("rate_limit", *k.Limit, 0, maxLimit)
		k.Limit = &limit
	}
	if !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now) {
		in.Wrong("expires_at", input.CodeSmall, "a time to come", "A key cannot have ended before it is made.")
	}
	if err := in.Err(); err != nil {
		return Key{}, "", err
	}
	if err := s.within(ctx, who, k); err != nil {
		return Key{}, "", err
	}
	if err := s.lasting(ctx, who, k); err != nil {
		return Key{}, "", err
	}
	k, text := s.spelt(k, who.Group, now)
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveAPIKey(ctx, k); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "key.create", "api_key", int64(k.ID), nil, k))
	})
	return k, text, err
}

// spelt gives a new key its id and its text.
func (s *Service) spelt(k Key, group access.GroupID, now time.Time) (Key, string) {
	k.Group, k.ID, k.CreatedAt = group, access.KeyID(s.NewID()), now
	prefix := livePrefix
	if k.Test {
		prefix = testPrefix
	}
	text := spell(prefix, k.Group, int64(k.ID))
	k.Hash = hash(text)
	return k, text
}

// Limits of what a key is made with.
const (
	maxPartner = 200
	maxLimit   = 1_000_000 // requests a minute
)

// Query says which keys to list.
type Query struct {
	// Ended lists those too that were revoked or have expired by Now.
	Ended bool
	Now   time.Time
	// Offset keys are left out before the first of at most Limit.
	Offset, Limit int
}

// Keys lists the group's keys without their secrets, newest first, and how many there are, counted up to
// input.CountTo.
func (s *Service) Keys(ctx context.Context, q Query) ([]Key, int, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return nil, 0, err
	}
	q.Now = s.Now()
	return s.Store.APIKeys(ctx, who.Group, q)
}

// Key finds one of the group's keys, ended or not. Error: ErrNotFound.
func (s *Service) Key(ctx context.Context, id access.KeyID) (Key, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return Key{}, err
	}
	return known(s.Store.APIKey(ctx, who.Group, id))
}

// known is a key that was named and not shown: an unknown one is not found.
func known(k Key, err error) (Key, error) {
	if fault.Of(err).Code == ErrUnknown.Code {
		err = ErrNotFound
	}
	return k, err
}

// ended is why a key no longer works, if it does not. Errors: ErrRevoked, ErrExpired.
func (k Key) ended(now time.Time) error {
	if !k.RevokedAt.IsZero() {
		return ErrRevoked
	}
	if !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) {
		return ErrExpired
	}
	return nil
}

// RevokeKey ends a key at once, on every node. Revoking twice is revoking once. Error: ErrNotFound.
func (s *Service) RevokeKey(ctx context.Context, id access.KeyID) (after Key, err error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return Key{}, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := known(tx.LockAPIKey(ctx, who.Group, id))
		if after = before; err != nil || !before.RevokedAt.IsZero() {
			return err
		}
		after.RevokedAt = s.Now()
		if err := tx.SaveAPIKey(ctx, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(after.RevokedAt, "key.revoke", "api_key", int64(id), before, after))
	})
	return after, err
}

// Parse reads the group and the id out of a key's text. It does not say the
// key is good.
func Parse(text string) (access.GroupID, access.KeyID, bool) {
	rest, ok := strings.CutPrefix(text, livePrefix)
	if !ok {
		rest, ok = strings.CutPrefix(text, testPrefix)
	}
	group, id, whole := parse(rest)
	return group, access.KeyID(id), ok && whole
}

// KeyOf finds a key that may be used, by its text. Errors: ErrUnknown, ErrExpired,
// ErrRevoked.
func (s *Service) KeyOf(ctx context.Context, text string) (Key, error) {
	home, id, ok := Parse(text)
	if !ok {
		return Key{}, ErrUnknown
	}
	k, err := s.Store.APIKey(ctx, home, id)
	if err != nil {
		return Key{}, err
	}
	if subtle.ConstantTimeCompare(hash(text), k.Hash) != 1 {
		return Key{}, ErrUnknown
	}
	if err := k.ended(s.Now()); err != nil {
		return Key{}, err
	}
	return k, nil
}

// Authenticate finds out who is asking, from the key's text and the practice
// group the request names. Errors: ErrMissing, ErrUnknown, ErrExpired, ErrRevoked,
// and ErrGroup when the group is not the key's own and shares no network with it.
func (s *Service) Authenticate(ctx context.Context, text, groupText string) (access.Caller, error) {
	if text == "" || groupText == "" {
		return access.Caller{}, ErrMissing
	}
	k, err := s.KeyOf(ctx, text)
	if err == nil && k.Role != "" {
		err = ErrUnknown // a token of the GraphQL API, which its role binds there alone
	}
	if err != nil {
		return access.Caller{}, err
	}
	home, id, now := k.Group, k.ID, s.Now()
	c := access.Caller{
		Group: home, Home: home, Key: id, Actor: k.Partner, Permissions: access.OfKey(k.Scopes, k.Permissions),
		Limit: s.Limit,
	}
	if k.Limit != nil {
		c.Limit = *k.Limit
	}
	if groupText != home.String() {
		group, err := strconv.ParseInt(groupText, 10, 64)
		if err != nil {
			return access.Caller{}, access.ErrGroup
		}
		same, err := s.Store.SameNetwork(ctx, home, access.GroupID(group))
		if err != nil {
			return access.Caller{}, err
		}
		if !same {
			return access.Caller{}, access.ErrGroup
		}
		c.Group = access.GroupID(group)
	}
	if now.Sub(k.LastUsed) >= time.Minute {
		if err := s.Store.TouchAPIKey(ctx, home, id, now.Truncate(time.Minute)); err != nil {
			return access.Caller{}, err
		}
	}
	return c, nil
}
