// Package idempotency keeps what core/idempotency remembers: claims and the answers they were given.
package idempotency

import (
	"bytes"
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/idempotency"

	"frontdesk/store"
)

// Store is what core/idempotency remembers.
type Store struct {
	store.Conn
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{db.Conn(), db} }

// errUndo ends a transaction that must leave nothing behind.
var errUndo = errors.New("nothing of this is to be kept")

// Once runs a request at most once for its claim.
func (s *Store) Once(ctx context.Context, c idempotency.Claim,
	run func(context.Context) idempotency.Answer) (idempotency.Answer, bool, error) {
	for {
		known, found, err := s.answer(ctx, c)
		if err != nil || found {
			return known, found, err
		}
		answer, mine, err := s.first(ctx, c, run)
		if err != nil || mine {
			return answer, false, err
		}
		// Another request answered the same claim meanwhile.
	}
}

// answer finds the answer that was given to the claim.
func (s *Store) answer(ctx context.Context, c idempotency.Claim) (idempotency.Answer, bool, error) {
	var a idempotency.Answer
	var fingerprint []byte
	found, err := s.One(ctx, `SELECT fingerprint, status, media_type, body FROM idempotency
		WHERE practice_group_id = $1 AND key_id = $2 AND name = $3 AND made_at > $4`,
		store.In{c.Group, c.Key, c.Name, c.At.Add(-idempotency.ClaimLife)}, &fingerprint, &a.Status, &a.Type, &a.Body)
	if err != nil || !found {
		return a, false, err
	}
	if !bytes.Equal(fingerprint, c.Fingerprint) {
		return a, false, idempotency.ErrMismatch
	}
	return a, true, nil
}

// first runs the request and keeps its answer; mine is false when another
// request with the claim came first.
func (s *Store) first(ctx context.Context, c idempotency.Claim,
	run func(context.Context) idempotency.Answer) (answer idempotency.Answer, mine bool, err error) {
	err = s.db.Do(ctx, func(t store.Conn) error {
		answer, mine = idempotency.Answer{}, false
		var err error
		if mine, err = addClaim(ctx, t, c, idempotency.Answer{}); err != nil || !mine {
			return err
		}
		below, ended := store.Join(ctx, t, c.InParts)
		answer = run(below)
		switch retry, failed := ended(); {
		case retry != nil:
			return retry
		case failed && answer.Status < 400:
			return errors.New("a request was answered as done although part of it failed")
		case answer.Status >= 400:
			return errUndo
		}
		_, err = t.Exec(ctx, `UPDATE idempotency SET status = $4, media_type = $5, body = $6 WHERE
			practice_group_id = $1 AND key_id = $2 AND name = $3`,
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
	err = s.db.Do(ctx, func(t store.Conn) error {
		var err error
		mine, err = addClaim(ctx, t, c, answer)
		return err
	})
	return answer, mine, err
}

// addClaim keeps the claim unless it is there already.
func addClaim(ctx context.Context, t store.Conn, c idempotency.Claim, a idempotency.Answer) (bool, error) {
	_, err := t.Exec(ctx, `DELETE FROM idempotency WHERE practice_group_id = $1 AND key_id = $2 AND name = $3 AND
		made_at <= $4`,
		c.Group, c.Key, c.Name, c.At.Add(-idempotency.ClaimLife))
	if err != nil {
		return false, err
	}
	if a.Body == nil {
		a.Body = []byte{}
	}
	n, err := t.Exec(ctx, `INSERT INTO idempotency (practice_group_id, key_id, name, fingerprint, made_at, status,
		media_type, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (practice_group_id, key_id, name) DO NOTHING`,
		c.Group, c.Key, c.Name, c.Fingerprint, c.At, a.Status, a.Type, a.Body)
	return n == 1, err
}

// ForgetClaims deletes some claims made before a time.
func (s *Store) ForgetClaims(ctx context.Context, group access.GroupID, before time.Time,
	limit int) (n int, err error) {
	err = s.db.Do(ctx, func(t store.Conn) error {
		deleted, err := t.Exec(ctx, `DELETE FROM idempotency WHERE practice_group_id = $1 AND (key_id, name) IN (
			SELECT key_id, name FROM idempotency WHERE practice_group_id = $1 AND made_at <= $2 ORDER BY made_at
			LIMIT $3)`, group, before, limit)
		n = int(deleted)
		return err
	})
	return n, err
}
