package store

import (
	"context"
	"database/sql"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/key"
)

type keyStore struct {
	keyReads
	tx *Tx
}

type keyReads interface {
	APIKey(ctx context.Context, group access.GroupID, id access.KeyID) (key.Key, error)
	APIKeys(ctx context.Context, group access.GroupID) ([]key.Key, error)
	SameNetwork(ctx context.Context, a, b access.GroupID) (bool, error)
	KeyBearer(ctx context.Context, group access.GroupID, id access.KeyID) (key.Bearer, error)
	SessionBearer(ctx context.Context, group access.GroupID, id access.SessionID) (key.Bearer, error)
	OpenSessions(ctx context.Context, group access.GroupID, at time.Time) ([]key.Session, error)
	Roles(ctx context.Context, group access.GroupID) ([]access.Role, error)
}

// Key is what core/key remembers.
func (db *DB) Key() key.Store { return keyStore{db.plain(), db.plain()} }

func (s keyStore) Do(ctx context.Context, fn func(key.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const keyColumns = `practice_group_id, id, hash, partner, test, scopes, permissions, rate_limit, expires_at,
	revoked_at, last_used_at, created_at,
	role, password_hash`

func scanKey(scan scanner) (key.Key, error) {
	var k key.Key
	var limit sql.NullInt64
	err := scan(&k.Group, &k.ID, &k.Hash, &k.Partner, &k.Test, words[access.Scope]{&k.Scopes},
		words[access.KeyPermission]{&k.Permissions},
		&limit, when{&k.ExpiresAt}, when{&k.RevokedAt}, when{&k.LastUsed}, when{&k.CreatedAt}, &k.Role, &k.PasswordHash)
	if limit.Valid {
		n := int(limit.Int64)
		k.Limit = &n
	}
	return k, err
}

// APIKey finds a key.
func (t *Tx) APIKey(ctx context.Context, group access.GroupID, id access.KeyID) (key.Key, error) {
	return find(ctx, t, key.ErrUnknown, `SELECT `+keyColumns+` FROM api_key WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanKey)
}

// APIKeys lists a group's keys.
func (t *Tx) APIKeys(ctx context.Context, group access.GroupID) ([]key.Key, error) {
	return list(ctx, t, `SELECT `+keyColumns+` FROM api_key WHERE practice_group_id = $1 ORDER BY id`, in{group},
		scanKey)
}

// SaveAPIKey keeps a key.
func (t *Tx) SaveAPIKey(ctx context.Context, k key.Key) error {
	var limit any
	if k.Limit != nil {
		limit = int64(*k.Limit)
	}
	_, err := t.exec(ctx, `INSERT INTO api_key (`+keyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET scopes = $6, permissions = $7, rate_limit = $8,
		expires_at = $9, revoked_at = $10`,
		k.Group, k.ID, k.Hash, k.Partner, k.Test, joined(k.Scopes), joined(k.Permissions), limit, at(k.ExpiresAt),
		at(k.RevokedAt), at(k.LastUsed), k.CreatedAt,
		k.Role, k.PasswordHash)
	return err
}

// TouchAPIKey notes that the key was used.
func (s keyStore) TouchAPIKey(ctx context.Context, group access.GroupID, id access.KeyID, now time.Time) error {
	return s.tx.db.do(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `UPDATE api_key SET last_used_at = $3 WHERE practice_group_id = $1 AND id = $2`, group,
			id, now)
		return err
	})
}

// SameNetwork reports whether both groups are members of one network.
func (t *Tx) SameNetwork(ctx context.Context, a, b access.GroupID) (bool, error) {
	var one int64
	return t.one(ctx, `SELECT 1 FROM network a JOIN network b ON b.network = a.network
		WHERE a.practice_group_id = $1 AND b.practice_group_id = $2 LIMIT 1`, in{a, b}, &one)
}
