package store

import (
	"context"

	"github.com/riverqueue/river"

	"frontdesk/core/job"
)

// Enqueue keeps a job in this transaction. A job with a key is kept once while
// it waits to begin.
func (t *Tx) Enqueue(ctx context.Context, j job.Job) error {
	if j.Key != "" {
		fresh, err := t.wait(ctx, j)
		if err != nil || !fresh {
			return err
		}
	}
	opts := &river.InsertOpts{ScheduledAt: j.RunAt, Queue: j.Queue}
	var err error
	if t = t.on(ctx); t.pg != nil {
		_, err = t.db.pgJobs.InsertTx(ctx, t.pg, job.Row{Job: j}, opts)
	} else {
		_, err = t.db.liteJobs.InsertTx(ctx, t.lite, job.Row{Job: j}, opts)
	}
	return err
}

// wait notes that the job waits, and reports whether it did not wait before.
//
// A job that waits already must not begin until this transaction is over, or
// it would not see what the transaction did. So its row is shared: beginning
// deletes the row, and has to wait for everybody who shares it.
func (t *Tx) wait(ctx context.Context, j job.Job) (bool, error) {
	for {
		var one int64
		found, err := t.one(ctx, `SELECT 1 FROM job_waiting WHERE practice_group_id = $1 AND kind = $2 AND key = $3`+
			t.db.share,
			in{j.Group, j.Kind, j.Key}, &one)
		if err != nil || found {
			return false, err
		}
		n, err := t.exec(ctx, `INSERT INTO job_waiting (practice_group_id, kind, key) VALUES ($1, $2, $3)
			ON CONFLICT (practice_group_id, kind, key) DO NOTHING`, j.Group, j.Kind, j.Key)
		if err != nil || n == 1 {
			return n == 1, err
		}
	}
}

// Begin notes that a job with a key no longer waits: what asks for it from now
// on asks for a new one.
func (db *DB) Begin(ctx context.Context, j job.Job) error {
	if j.Key == "" {
		return nil
	}
	return db.do(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `DELETE FROM job_waiting WHERE practice_group_id = $1 AND kind = $2
			AND key = $3`, j.Group,
			j.Kind, j.Key)
		return err
	})
}
