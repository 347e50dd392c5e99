package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"frontdesk/core/access"
)

type accessStore struct{ *Tx }

// Access is what access remembers.
func (db *DB) Access() access.Store { return accessStore{db.plain()} }

func (s accessStore) Do(ctx context.Context, fn func(access.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const keyColumns = `practice_group_id, id, hash, partner, test, scopes, permissions, rate_limit, expires_at, revoked_at, last_used_at, created_at,
	role, password_hash`

func scanKey(scan scanner) (access.Key, error) {
	var k access.Key
	var limit sql.NullInt64
	err := scan(&k.Group, &k.ID, &k.Hash, &k.Partner, &k.Test, words[access.Scope]{&k.Scopes}, words[access.KeyPermission]{&k.Permissions},
		&limit, when{&k.ExpiresAt}, when{&k.RevokedAt}, when{&k.LastUsed}, when{&k.CreatedAt}, &k.Role, &k.PasswordHash)
	if limit.Valid {
		n := int(limit.Int64)
		k.Limit = &n
	}
	return k, err
}

// APIKey finds a key.
func (t *Tx) APIKey(ctx context.Context, group access.GroupID, id access.KeyID) (access.Key, error) {
	return find(ctx, t, access.ErrBadKey, `SELECT `+keyColumns+` FROM api_key WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanKey)
}

// APIKeys lists a group's keys.
func (t *Tx) APIKeys(ctx context.Context, group access.GroupID) ([]access.Key, error) {
	return list(ctx, t, `SELECT `+keyColumns+` FROM api_key WHERE practice_group_id = $1 ORDER BY id`, in{group}, scanKey)
}

// SaveAPIKey keeps a key.
func (t *Tx) SaveAPIKey(ctx context.Context, k access.Key) error {
	var limit any
	if k.Limit != nil {
		limit = int64(*k.Limit)
	}
	_, err := t.exec(ctx, `INSERT INTO api_key (`+keyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET scopes = $6, permissions = $7, rate_limit = $8, expires_at = $9, revoked_at = $10`,
		k.Group, k.ID, k.Hash, k.Partner, k.Test, joined(k.Scopes), joined(k.Permissions), limit, at(k.ExpiresAt), at(k.RevokedAt), at(k.LastUsed), k.CreatedAt,
		k.Role, k.PasswordHash)
	return err
}

// TouchAPIKey notes that the key was used.
func (s accessStore) TouchAPIKey(ctx context.Context, group access.GroupID, id access.KeyID, now time.Time) error {
	return s.db.do(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `UPDATE api_key SET last_used_at = $3 WHERE practice_group_id = $1 AND id = $2`, group, id, now)
		return err
	})
}

// SameNetwork reports whether both groups are members of one network.
func (t *Tx) SameNetwork(ctx context.Context, a, b access.GroupID) (bool, error) {
	var one int64
	return t.one(ctx, `SELECT 1 FROM network a JOIN network b ON b.network = a.network
		WHERE a.practice_group_id = $1 AND b.practice_group_id = $2 LIMIT 1`, in{a, b}, &one)
}

// TakeRate adds to the key's window.
func (s accessStore) TakeRate(ctx context.Context, group access.GroupID, id int64, now time.Time, window time.Duration, want int) (start time.Time, used int, err error) {
	err = s.db.do(ctx, func(t *Tx) error {
		_, err := t.one(ctx, `INSERT INTO rate_window (practice_group_id, key_id, started_at, used) VALUES ($1, $2, $3, $4)
			ON CONFLICT (practice_group_id, key_id) DO UPDATE SET
				used = CASE WHEN rate_window.started_at <= $5 OR rate_window.started_at > $6 THEN $4 ELSE rate_window.used + $4 END,
				started_at = CASE WHEN rate_window.started_at <= $5 OR rate_window.started_at > $6 THEN $3 ELSE rate_window.started_at END
			RETURNING started_at, used`, in{group, id, now, int64(want), now.Add(-window), now.Add(window)}, when{&start}, &used)
		return err
	})
	return start, used, err
}

// errUndo ends a transaction that must leave nothing behind.
var errUndo = errors.New("nothing of this is to be kept")

// Once runs a request at most once for its claim.
func (s accessStore) Once(ctx context.Context, c access.Claim, run func(context.Context) access.Answer) (access.Answer, bool, error) {
	for {
		known, found, err := s.answer(ctx, c)
		if err != nil || found {
			return known, found, err
		}
		answer, mine, err := s.first(ctx, c, run)
		if err != nil || mine {
			return answer, false, err
		}
		// Somebody else answered the same claim meanwhile.
	}
}

// answer finds the answer that was given to the claim.
func (s accessStore) answer(ctx context.Context, c access.Claim) (access.Answer, bool, error) {
	var a access.Answer
	var fingerprint []byte
	found, err := s.one(ctx, `SELECT fingerprint, status, media_type, body FROM idempotency
		WHERE practice_group_id = $1 AND key_id = $2 AND name = $3 AND made_at > $4`,
		in{c.Group, c.Key, c.Name, c.At.Add(-access.ClaimLife)}, &fingerprint, &a.Status, &a.Type, &a.Body)
	if err != nil || !found {
		return a, false, err
	}
	if !bytes.Equal(fingerprint, c.Fingerprint) {
		return a, false, access.ErrMismatch
	}
	return a, true, nil
}

// first runs the request and keeps its answer; mine is false when another
// request with the claim came first.
func (s accessStore) first(ctx context.Context, c access.Claim, run func(context.Context) access.Answer) (answer access.Answer, mine bool, err error) {
	err = s.db.do(ctx, func(t *Tx) error {
		answer, mine = access.Answer{}, false
		var err error
		if mine, err = t.addClaim(ctx, c, access.Answer{}); err != nil || !mine {
			return err
		}
		j := &join{tx: t, parts: c.InParts}
		t.turn = &sync.Mutex{}
		answer = run(context.WithValue(ctx, joinKey{}, j))
		switch {
		case j.err != nil && fateOf(j.err) == again:
			return j.err
		case j.failed && answer.Status < 400:
			return errors.New("a request was answered as done although part of it failed")
		case answer.Status >= 400:
			return errUndo
		}
		_, err = t.exec(ctx, `UPDATE idempotency SET status = $4, media_type = $5, body = $6 WHERE practice_group_id = $1 AND key_id = $2 AND name = $3`,
			c.Group, c.Key, c.Name, answer.Status, answer.Type, answer.Body)
		return err
	})
	if !errors.Is(err, errUndo) {
		return answer, mine, err
	}
	if !answer.Keep() {
		return answer, true, nil
	}
	// Nothing was changed; only the refusal is kept.
	err = s.db.do(ctx, func(t *Tx) error {
		var err error
		mine, err = t.addClaim(ctx, c, answer)
		return err
	})
	return answer, mine, err
}

// addClaim keeps the claim unless it is there already.
func (t *Tx) addClaim(ctx context.Context, c access.Claim, a access.Answer) (bool, error) {
	_, err := t.exec(ctx, `DELETE FROM idempotency WHERE practice_group_id = $1 AND key_id = $2 AND name = $3 AND made_at <= $4`,
		c.Group, c.Key, c.Name, c.At.Add(-access.ClaimLife))
	if err != nil {
		return false, err
	}
	if a.Body == nil {
		a.Body = []byte{}
	}
	n, err := t.exec(ctx, `INSERT INTO idempotency (practice_group_id, key_id, name, fingerprint, made_at, status, media_type, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (practice_group_id, key_id, name) DO NOTHING`,
		c.Group, c.Key, c.Name, c.Fingerprint, c.At, a.Status, a.Type, a.Body)
	return n == 1, err
}

// ForgetClaims deletes some claims made before a time.
func (s accessStore) ForgetClaims(ctx context.Context, group access.GroupID, before time.Time, limit int) (n int, err error) {
	err = s.db.do(ctx, func(t *Tx) error {
		deleted, err := t.exec(ctx, `DELETE FROM idempotency WHERE practice_group_id = $1 AND (key_id, name) IN (
			SELECT key_id, name FROM idempotency WHERE practice_group_id = $1 AND made_at <= $2 ORDER BY made_at LIMIT $3)`, group, before, limit)
		n = int(deleted)
		return err
	})
	return n, err
}
