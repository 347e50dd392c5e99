package payment

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// Event is something that the provider tells us of, with the ids of what it is about. What happened is not taken from
// it: the provider is asked, so that it does not matter in which order events come, or how often.
type Event struct {
	ID, Type string
	At       time.Time
	// Object is the id of the page or the invoice, and Intent that of the payment; empty is none.
	Object, Intent string
}

// Hear notes an event once, and has the request that it is about asked after.
func (s *Service) Hear(ctx context.Context, group practice.ID, e Event) error {
	return s.Store.Do(ctx, func(tx Tx) error {
		first, err := tx.NoteEvent(ctx, group, e)
		if err != nil || !first {
			return err
		}
		id, err := tx.RequestBy(ctx, group, e.Object)
		switch {
		case err != nil:
			return err
		case id != 0:
			return tx.Enqueue(ctx, settleJob(group, id, e.ID))
		case e.Intent != "":
			return tx.Enqueue(ctx, job.Job{Group: int64(group), Kind: FindKind, Key: e.Intent,
				Args: job.Args(args{Intent: e.Intent})})
		}
		return nil
	})
}

// kept is how long events are kept: the provider repeats one for three days at most.
const kept = 30 * 24 * time.Hour

// Forget is the chore that deletes events that will not be told again.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	return s.Store.ForgetEvents(ctx, who.Group, s.Now().Add(-kept))
}
