package account

import (
	"context"
	"time"

	"frontdesk/store"
)

// TakeAttempt counts an attempt to sign in.
func (t *Tx) TakeAttempt(ctx context.Context, name string, now, cutoff time.Time) (n int, err error) {
	// A count that began that far ahead is from before the clock was put back.
	ahead := now.Add(now.Sub(cutoff))
	_, err = t.One(ctx, `INSERT INTO sign_in_attempt (name, wrong, since) VALUES ($1, 1, $2)
			ON CONFLICT (name) DO UPDATE SET
				wrong = CASE WHEN sign_in_attempt.since <= $3 OR sign_in_attempt.since > $4 THEN 1 ELSE
				sign_in_attempt.wrong + 1 END,
				since = CASE WHEN sign_in_attempt.since <= $3 OR sign_in_attempt.since > $4 THEN $2 ELSE
				sign_in_attempt.since END
			RETURNING wrong`, store.In{name, now, cutoff, ahead}, &n)
	return n, err
}

// ForgiveAttempts ends the count.
func (t *Tx) ForgiveAttempts(ctx context.Context, name string) error {
	_, err := t.Exec(ctx, `DELETE FROM sign_in_attempt WHERE name = $1`, name)
	return err
}

// ForgetAttempts deletes some counts that began before a time.
func (t *Tx) ForgetAttempts(ctx context.Context, before time.Time, limit int) error {
	_, err := t.Exec(ctx, `DELETE FROM sign_in_attempt WHERE name IN (SELECT name FROM sign_in_attempt WHERE
			since <= $1 LIMIT $2)`, before, limit)
	return err
}
