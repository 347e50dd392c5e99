package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/seal"
)

// Key is an API key as we keep it: the secret itself is not here, only its hash.
type Key struct {
	Group   GroupID `json:"practice_group_id,string"`
	ID      KeyID   `json:"id,string"`
	Partner string  `json:"partner"` // who holds it
	// Test marks a key of a sandbox group; its text starts with fd_test_.
	Test        bool            `json:"test"`
	Scopes      []Scope         `json:"scopes"`
	Permissions []KeyPermission `json:"permissions"`
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
	// APIKey finds a key by its group and id, or returns ErrBadKey.
	APIKey(ctx context.Context, group GroupID, id KeyID) (Key, error)
	// APIKeys lists a group's keys, oldest first.
	APIKeys(ctx context.Context, group GroupID) ([]Key, error)
	// TouchAPIKey notes that the key was used.
	TouchAPIKey(ctx context.Context, group GroupID, id KeyID, at time.Time) error
	// SameNetwork reports whether both groups are members of one network.
	SameNetwork(ctx context.Context, a, b GroupID) (bool, error)
	// TakeRate adds want requests to the key's current window, or starts a new
	// one when the last began a window's length ago or before, or that far ahead of
	// a clock that was put back. It gives the window's start and what has been taken
	// from it in all.
	TakeRate(ctx context.Context, group GroupID, id int64, now time.Time, window time.Duration, want int) (start time.Time, used int, err error)
	// Once runs a request at most once for its claim; see Service.Once.
	Once(ctx context.Context, c Claim, run func(context.Context) Answer) (Answer, bool, error)
	// ForgetClaims deletes up to limit claims of the group made before the
	// time, and says how many.
	ForgetClaims(ctx context.Context, group GroupID, before time.Time, limit int) (int, error)
	// KeyBearer finds who holds a key, and SessionBearer whose session it is, or
	// they return ErrBadToken.
	KeyBearer(ctx context.Context, group GroupID, id KeyID) (Bearer, error)
	SessionBearer(ctx context.Context, group GroupID, id SessionID) (Bearer, error)
	// TouchSession notes that the session was used.
	TouchSession(ctx context.Context, group GroupID, id SessionID, at time.Time) error
	// OpenSessions lists a group's sessions that have not ended at a time.
	OpenSessions(ctx context.Context, group GroupID, at time.Time) ([]Session, error)
	// Roles lists a group's own roles by name.
	Roles(ctx context.Context, group GroupID) ([]Role, error)
	// Log lists up to limit of a group's audit entries from a time until before
	// another that come after an entry, oldest first.
	Log(ctx context.Context, group GroupID, from, to time.Time, after int64, limit int) ([]audit.Entry, error)
	// LogBack lists up to limit of them from a time on until before another, and of
	// those at that other time the ones that come before an entry, newest first.
	LogBack(ctx context.Context, group GroupID, from, to time.Time, before int64, limit int) ([]audit.Entry, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	SaveAPIKey(ctx context.Context, k Key) error
	AddSession(ctx context.Context, s Session) error
	// EndSession revokes a session, and reports whether there is one.
	EndSession(ctx context.Context, group GroupID, id SessionID, at time.Time) (bool, error)
	SaveRole(ctx context.Context, group GroupID, r Role, at time.Time) error
	SaveTerms(ctx context.Context, group GroupID, t Terms) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is keys, limits and idempotency.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
	// Limit is requests a minute for keys with none of their own; 0 is off.
	Limit int
	// Box gives what answers to requests with an idempotency key are sealed with
	// while they are kept: some have secrets that are shown once.
	Box func() (*seal.Box, error)

	limits limits
}

// ErrKeyNotFound is returned when an operator names a key the group lacks.
var ErrKeyNotFound = fault.New(fault.NotFound, "key_not_found", "That practice group has no such key.")

// secretText spells the random part of a key: letters and digits only, so that
// a double click selects it whole.
var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// CreateKey makes a key and gives its text, which is shown this once. The text
// is fd_live_ or fd_test_, the group and the key's id in base 36, and 256
// random bits in base 32.
func (s *Service) CreateKey(ctx context.Context, k Key) (Key, string, error) {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return Key{}, "", err
	}
	if strings.TrimSpace(k.Partner) == "" {
		return Key{}, "", fault.Wrong("partner", "required", "the name of who will hold the key", "A key needs the name of its holder.")
	}
	for _, sc := range k.Scopes {
		if !slices.Contains(Scopes, sc) {
			return Key{}, "", fault.Wrong("scope", "invalid_enum_value", fmt.Sprint(Scopes), "There is no such scope.")
		}
	}
	for _, p := range k.Permissions {
		if !slices.Contains(KeyPermissions, p) {
			return Key{}, "", fault.Wrong("permission", "invalid_enum_value", fmt.Sprint(KeyPermissions), "There is no such permission.")
		}
	}
	if k.Role != "" {
		if _, err := s.RoleNamed(ctx, who.Group, k.Role); err != nil {
			return Key{}, "", err
		}
	}
	k.Group, k.ID, k.CreatedAt = who.Group, KeyID(s.NewID()), s.Now()
	prefix := "fd_live_"
	if k.Test {
		prefix = "fd_test_"
	}
	text := prefix + strconv.FormatInt(int64(k.Group), 36) + "_" + strconv.FormatInt(int64(k.ID), 36) + "_" +
		secret()
	hash := sha256.Sum256([]byte(text))
	k.Hash = hash[:]
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
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return nil, err
	}
	return s.Store.APIKeys(ctx, who.Group)
}

// RevokeKey ends a key at once, on every node. Revoking twice is revoking once.
func (s *Service) RevokeKey(ctx context.Context, id KeyID) (Key, error) {
	who, err := Require(ctx, ManageKeys)
	if err != nil {
		return Key{}, err
	}
	before, err := s.Store.APIKey(ctx, who.Group, id)
	if fault.Of(err).Code == ErrBadKey.Code {
		return Key{}, ErrKeyNotFound
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

// ParseKey reads the group and the id out of a key's text. It does not say the
// key is good.
func ParseKey(text string) (GroupID, KeyID, bool) {
	rest, ok := strings.CutPrefix(text, "fd_live_")
	if !ok {
		rest, ok = strings.CutPrefix(text, "fd_test_")
	}
	if !ok || len(rest) > 128 {
		return 0, 0, false
	}
	groupText, rest, _ := strings.Cut(rest, "_")
	idText, secret, _ := strings.Cut(rest, "_")
	group, err1 := strconv.ParseInt(groupText, 36, 64)
	id, err2 := strconv.ParseInt(idText, 36, 64)
	return GroupID(group), KeyID(id), err1 == nil && err2 == nil && secret != ""
}

// KeyOf finds a key that may be used, by its text. Errors: ErrBadKey, ErrExpired,
// ErrRevoked.
func (s *Service) KeyOf(ctx context.Context, text string) (Key, error) {
	home, id, ok := ParseKey(text)
	if !ok {
		return Key{}, ErrBadKey
	}
	k, err := s.Store.APIKey(ctx, home, id)
	if err != nil {
		return Key{}, err
	}
	hash := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(hash[:], k.Hash) != 1 {
		return Key{}, ErrBadKey
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
// group the request names. Errors: ErrNoKey, ErrBadKey, ErrExpired, ErrRevoked,
// and ErrGroup when the group is not the key's own and shares no network with it.
func (s *Service) Authenticate(ctx context.Context, text, groupText string) (Caller, error) {
	if text == "" || groupText == "" {
		return Caller{}, ErrNoKey
	}
	k, err := s.KeyOf(ctx, text)
	if err == nil && k.Role != "" {
		err = ErrBadKey // a token of the GraphQL API, which its role binds there alone
	}
	if err != nil {
		return Caller{}, err
	}
	home, id, now := k.Group, k.ID, s.Now()
	c := Caller{Group: home, Home: home, Key: id, Actor: k.Partner, Permissions: OfKey(k.Scopes, k.Permissions), Limit: s.Limit}
	if k.Limit != nil {
		c.Limit = *k.Limit
	}
	if groupText != home.String() {
		group, err := strconv.ParseInt(groupText, 10, 64)
		if err != nil {
			return Caller{}, ErrGroup
		}
		same, err := s.Store.SameNetwork(ctx, home, GroupID(group))
		if err != nil {
			return Caller{}, err
		}
		if !same {
			return Caller{}, ErrGroup
		}
		c.Group = GroupID(group)
	}
	if now.Sub(k.LastUsed) >= time.Minute {
		if err := s.Store.TouchAPIKey(ctx, home, id, now.Truncate(time.Minute)); err != nil {
			return Caller{}, err
		}
	}
	return c, nil
}
