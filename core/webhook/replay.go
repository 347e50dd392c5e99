package webhook

import (
	"context"
	"errors"
	"strconv"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// Replay is a range of events that is delivered to an endpoint again, and how far that is.
type Replay struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Again queues what was taken too; otherwise only what was missed.
	Again bool `json:"include_delivered"`
	// Queued counts the deliveries queued so far.
	Queued int `json:"queued"`
	// DoneAt is when the last was queued, or the zero time while it goes on.
	DoneAt time.Time `json:"done_at,omitzero"`
	// At and AfterID are where it goes on.
	At      time.Time `json:"at"`
	AfterID int64     `json:"after_id"`
}

// Place is where a replay goes on: after a moment, and the event with that id.
type Place struct {
	At time.Time
	ID int64
}

// ReplayKind is the kind of the job that goes on with a replay.
const ReplayKind = "webhook.replay"

// stride is how many events of a replay are queued in one transaction.
const stride = 1000

// ReplayOne delivers one event to an endpoint again: as a new attempt with the
// same id. Errors: ErrNotFound, ErrNoDelivery, ErrDisabled.
func (s *Service) ReplayOne(ctx context.Context, id ID, delivery int64) (Delivery, error) {
	who, err := own(ctx)
	if err != nil {
		return Delivery{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var d Delivery
	err = s.Store.Do(ctx, func(tx Tx) error {
		w, err := find(ctx, who, Standard, id, tx.LockWebhook)
		if err != nil {
			return err
		}
		if !w.DisabledAt.IsZero() {
			return ErrDisabled
		}
		// An invented delivery has no event, and an event that was never queued no delivery.
		if d, err = tx.Delivery(ctx, who.Group, id, delivery); err != nil && !errors.Is(err, ErrNoDelivery) {
			return err
		}
		if err != nil {
			e, err := tx.EventByID(ctx, who.Group, delivery)
			if err != nil {
				return err
			}
			if e.Type != w.Type() {
				return ErrNoDelivery
			}
		}
		if _, err := tx.Requeue(ctx, who.Group, id, []int64{delivery}, true, now); err != nil {
			return err
		}
		if d, err = tx.Delivery(ctx, who.Group, id, delivery); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "webhook.replay", "webhook", int64(id), nil,
			map[string]string{"event_id": strconv.FormatInt(delivery, 10)}))
	})
	return d, err
}

// ReplayRange delivers the events of an endpoint's type from since until until again: with again all of them, otherwise
// those that it missed, because their deliveries failed or because it was switched off or not there yet. The first
// thousand are queued when it returns; a job queues the rest. Errors: ErrNotFound, ErrDisabled, ErrReplaying.
func (s *Service) ReplayRange(ctx context.Context, id ID, since, until time.Time, again bool) (Webhook, error) {
	now := s.Now().Truncate(time.Microsecond)
	if until.IsZero() || until.After(now) {
		until = now
	}
	var c input.Checks
	switch {
	case since.Before(now.Add(-Keep)):
		c.Wrong("since", input.CodeSmall, "a time within the last 30 days", "Events are kept for 30 days.")
	case !since.Before(until):
		c.Wrong("since", input.CodeBig, "a time before until, in the past", "Nothing can have happened since then.")
	}
	if err := c.Err(); err != nil {
		return Webhook{}, err
	}
	_, err := s.change(ctx, Standard, id, "webhook.replay", func(w *Webhook, _ time.Time) error {
		if !w.DisabledAt.IsZero() {
			return ErrDisabled
		}
		if w.Replay != nil && w.Replay.DoneAt.IsZero() {
			return ErrReplaying
		}
		w.Replay = &Replay{Since: since.UTC(), Until: until.UTC(), Again: again, At: since.UTC()}
		return nil
	})
	if err != nil {
		return Webhook{}, err
	}
	who, err := own(ctx)
	if err != nil {
		return Webhook{}, err
	}
	if err := s.replay(ctx, who.Group, id, 1); err != nil {
		return Webhook{}, err
	}
	return s.Get(ctx, Standard, id)
}

// GoOn is the job: it queues the rest of a replay.
func (s *Service) GoOn(ctx context.Context, j job.Job) error {
	var id ID
	if err := j.Read(&id); err != nil {
		return err
	}
	err := s.replay(ctx, practice.ID(j.Group), id, 1<<30)
	if errors.Is(err, ErrNotFound) {
		return nil // deleted meanwhile
	}
	return err
}

// replay queues at most so many strides of a replay, and asks for a job when that was not all.
func (s *Service) replay(ctx context.Context, group practice.ID, id ID, strides int) error {
	for n := 1; ; n++ {
		done := false
		err := s.Store.Do(ctx, func(tx Tx) error {
			w, err := live(ctx, group, id, tx.LockWebhook)
			if err != nil || w.Replay == nil || !w.Replay.DoneAt.IsZero() {
				done = true
				return err
			}
			r := *w.Replay
			events, err := tx.EventsBetween(ctx, group, w.Type(), Place{r.At, r.AfterID}, r.Until, stride)
			if err != nil {
				return err
			}
			now := s.Now().Truncate(time.Microsecond)
			ids := make([]int64, len(events))
			for i, e := range events {
				ids[i], r.At, r.AfterID = e.ID, e.At, e.ID
			}
			queued, err := tx.Requeue(ctx, group, id, ids, r.Again, now)
			if err != nil {
				return err
			}
			r.Queued += queued
			if done = len(events) < stride; done {
				r.DoneAt = now
			}
			w.Replay = &r
			if err := tx.SaveWebhook(ctx, group, w); err != nil {
				return err
			}
			if n == strides && !done {
				return tx.Enqueue(ctx, job.Job{Group: int64(group), Kind: ReplayKind, Key: id.String(), Args: job.Args(id)})
			}
			return nil
		})
		if err != nil || done || n == strides {
			return err
		}
	}
}
