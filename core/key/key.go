// Package key says who is asking, from what they send: an API key, a key with a
// role, or the session of a member of staff who signed in.
//
//	key.go      API keys: made, checked, revoked
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
	"fmt"
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
	Limit     *int      `json:"rate_limit,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	LastUsed  time.Time `json:"last_used_at,omitzero"` // to the minute
	CreatedAt time.Time `json:"created_at"`
	Hash      []byte    `json:"-"` // SHA-256 of the whole key text
}

// Store is what access needs remembered.
type Store interface {
	// APIKey finds a key by its group and id, or returns ErrUnknown.
	APIKey(ctx context.Context, group access.GroupID, id access.KeyID) (Key, error)
	// APIKeys lists a group's keys, oldest first.
	APIKeys(ctx context.Context, group access.GroupID) ([]Key, error)
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
	SaveAPIKey(ctx context.Context, k Key) error
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

// CreateKey makes a key and gives its text, which is shown this once.
func (s *Service) CreateKey(ctx context.Context, k Key) (Key, string, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return Key{}, "", err
	}
	if strings.TrimSpace(k.Partner) == "" {
		return Key{}, "", fault.Wrong("partner", input.CodeRequired, "the name of the key's holder",
			"A key needs the name of its holder.")
	}
	for _, sc := range k.Scopes {
		if !slices.Contains(access.Scopes, sc) {
			return Key{}, "", fault.Wrong("scope", input.CodeChoice, fmt.Sprint(access.Scopes),
				"There is no such scope.")
		}
	}
	for _, p := range k.Permissions {
		if !slices.Contains(access.KeyPermissions, p) {
			return Key{}, "", fault.Wrong("permission", input.CodeChoice, fmt.Sprint(access.KeyPermissions),
				"There is no such permission.")
		}
	}
	if k.Role != "" {
		if _, err := s.RoleNamed(ctx, who.Group, k.Role); err != nil {
			return Key{}, "", err
		}
	}
	k.Group, k.ID, k.CreatedAt = who.Group, access.KeyID(s.NewID()), s.Now()
	prefix := livePrefix
	if k.Test {
		prefix = testPrefix
	}
	text := spell(prefix, k.Group, int64(k.ID))
	k.Hash = hash(text)
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveAPIKey(ctx, k); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(k.CreatedAt, "key.create", "api_key", int64(k.ID), nil, k))
	})
	return k, text, err
}

// Keys lists the group's keys, without their secrets.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return nil, err
	}
	return s.Store.APIKeys(ctx, who.Group)
}

// RevokeKey ends a key at once, on every node. Revoking twice is revoking once.
func (s *Service) RevokeKey(ctx context.Context, id access.KeyID) (Key, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return Key{}, err
	}
	before, err := s.Store.APIKey(ctx, who.Group, id)
	if fault.Of(err).Code == ErrUnknown.Code {
		return Key{}, ErrNotFound
	}
	if err != nil || !before.RevokedAt.IsZero() {
		return before, err
	}
	after := before
	after.RevokedAt = s.Now()
	return after, s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveAPIKey(ctx, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(after.RevokedAt, "key.revoke", "api_key", int64(id), before, after))
	})
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
	now := s.Now()
	if !k.RevokedAt.IsZero() {
		return Key{}, ErrRevoked
	}
	if !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) {
		return Key{}, ErrExpired
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
