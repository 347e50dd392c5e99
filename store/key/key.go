package key

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/key"

	"frontdesk/store"
	"frontdesk/store/value"
)

const keyColumns = `practice_group_id, id, hash, partner, test, scopes, permissions, rate_limit, expires_at,
	revoked_at, last_used_at, created_at,
	role, password_hash, replaces`

func scanKey(scan store.Scanner) (key.Key, error) {
	var k key.Key
	err := scan(&k.Group, &k.ID, &k.Hash, &k.Partner, &k.Test, value.Words(&k.Scopes),
		value.Words(&k.Permissions),
		value.Maybe(&k.Limit), value.When(&k.ExpiresAt), value.When(&k.RevokedAt), value.When(&k.LastUsed),
		value.When(&k.CreatedAt), &k.Role, &k.PasswordHash,
		value.Num(&k.Replaces))
	return k, err
}

// APIKey finds a key.
func (t *Tx) APIKey(ctx context.Context, group access.GroupID, id access.KeyID) (key.Key, error) {
	return store.ByKey(ctx, t.Conn, key.ErrUnknown, `SELECT `+keyColumns+` FROM api_key WHERE practice_group_id = $1
		AND id = $2`,
		store.In{group, id}, scanKey)
}

// LockAPIKey keeps others from changing a key, and finds it.
func (t *Tx) LockAPIKey(ctx context.Context, group access.GroupID, id access.KeyID) (key.Key, error) {
	if _, err := t.Exec(ctx, `UPDATE api_key SET test = test WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return key.Key{}, err
	}
	return t.APIKey(ctx, group, id)
}

// someKeys are a group's keys; those that have ended by $3 only when $2.
const someKeys = ` FROM api_key WHERE practice_group_id = $1
	AND ($2 OR revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3))`

// APIKeys lists a group's keys.
func (t *Tx) APIKeys(
	ctx context.Context, group access.GroupID, q key.Query,
) (found []key.Key, count int, err error) {
	if _, err := t.One(ctx, `SELECT count(*) FROM (SELECT 1`+someKeys+` LIMIT $4) AS matches`,
		store.In{group, q.Ended, q.Now, input.CountTo(q.Offset, q.Limit)}, &count); err != nil {
		return nil, 0, err
	}
	found, err = store.List(ctx, t.Conn, `SELECT `+keyColumns+someKeys+` ORDER BY id DESC LIMIT $4 OFFSET $5`,
		store.In{group, q.Ended, q.Now, q.Limit, q.Offset}, scanKey)
	return found, count, err
}

// APIKeyReplaced reports whether a key was made in place of one.
func (t *Tx) APIKeyReplaced(ctx context.Context, group access.GroupID, id access.KeyID) (bool, error) {
	var one int
	return t.One(ctx, `SELECT 1 FROM api_key WHERE practice_group_id = $1 AND replaces = $2 LIMIT 1`,
		store.In{group, id}, &one)
}

// SaveAPIKey keeps a key.
func (t *Tx) SaveAPIKey(ctx context.Context, k key.Key) error {
	_, err := t.Exec(ctx, `INSERT INTO api_key (`+keyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET scopes = $6, permissions = $7, rate_limit = $8,
		expires_at = $9, revoked_at = $10`,
		k.Group, k.ID, k.Hash, k.Partner, k.Test, value.Joined(k.Scopes), value.Joined(k.Permissions),
		value.Given(k.Limit), value.At(k.ExpiresAt),
		value.At(k.RevokedAt), value.At(k.LastUsed), k.CreatedAt,
		k.Role, k.PasswordHash, value.Opt(k.Replaces))
	return err
}

// TouchAPIKey notes that the key was used.
func (s *Store) TouchAPIKey(ctx context.Context, group access.GroupID, id access.KeyID, now time.Time) error {
	return s.db.Do(ctx, func(t store.Conn) error {
		_, err := t.Exec(ctx, `UPDATE api_key SET last_used_at = $3 WHERE practice_group_id = $1 AND id = $2`, group,
			id, now)
		return err
	})
}

// SameNetwork reports whether both groups are members of one network.
func (t *Tx) SameNetwork(ctx context.Context, a, b access.GroupID) (bool, error) {
	var one int64
	return t.One(ctx, `SELECT 1 FROM network a JOIN network b ON b.network = a.network
		WHERE a.practice_group_id = $1 AND b.practice_group_id = $2 LIMIT 1`, store.In{a, b}, &one)
}
