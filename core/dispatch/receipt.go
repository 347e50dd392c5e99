package dispatch

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
)

// ErrEarly is returned for a receipt of a message that is just being handed over: its sender sends it again.
var ErrEarly = fault.New(fault.Unavailable, "message_in_hand", "This message is just being handed over. Tell us "+
	"again shortly.").After(time.Second)

// earlyTries and earlyPause are how long a receipt waits for its message to be written down as handed over.
const (
	earlyTries = 40
	earlyPause = 50 * time.Millisecond
)

// Receive keeps the receipts a carrier reported; replies are of core/reply. Duplicates and receipts for unknown
// messages are ignored. Error: ErrEarly, with everything else kept.
func (s *Service) Receive(ctx context.Context, group practice.ID, by string, report carrier.Report) error {
	var early error
	for _, r := range report.Receipts {
		err := s.receipt(ctx, group, by, r)
		// Some carriers report before they have answered: what they answer is being written down this moment.
		for i := 0; errors.Is(err, ErrEarly) && i < earlyTries && ctx.Err() == nil; i++ {
			select {
			case <-time.After(earlyPause):
			case <-ctx.Done():
			}
			err = s.receipt(ctx, group, by, r)
		}
		switch {
		case errors.Is(err, ErrEarly):
			early = err
		case err != nil && !errors.Is(err, messaging.ErrNotFound):
			return err
		}
	}
	return early
}

// Find finds the message a carrier means, and the leg.
func (s *Service) Find(ctx context.Context, group practice.ID, by, key, providerID string) (messaging.ID, int, error) {
	if g, id, leg, ok := messaging.ParseKey(key); ok && g == group {
		return id, leg, nil
	}
	if providerID == "" {
		return 0, 0, messaging.ErrNotFound
	}
	m, err := s.Store.FindByProvider(ctx, group, by, providerID)
	return m.ID, m.Leg, err
}

// receipt takes one receipt into account.
func (s *Service) receipt(ctx context.Context, group practice.ID, by string, r carrier.Receipt) error {
	id, leg, err := s.Find(ctx, group, by, r.Key, r.ProviderID)
	if err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	at := r.At.UTC().Truncate(time.Microsecond)
	if r.At.IsZero() || at.After(now) {
		at = now
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockMessage(ctx, group, id)
		if err != nil {
			return err
		}
		if before.State == messaging.Sending {
			return ErrEarly
		}
		leg := legOf(before, r, leg)
		x := Settled{Message: before, Was: before.State, At: now}
		step := messaging.Step{ID: s.NewID(), At: at, Leg: leg, Carrier: by, What: string(r.Progress),
			ProviderID: r.ProviderID, Code: r.Code, Reason: r.Reason}
		step.Channel = before.Channel
		if leg == 2 {
			step.Channel = before.Fallback
		}
		if before.Request != "" { // it has the whole request
			x.taken(at)
			if err := s.takenTogether(ctx, tx, group, before, at, now); err != nil {
				return err
			}
		}
		changed := x.apply(r, leg, at, now) || before.Request != ""
		isNew := changed
		if before.Paired {
			if isNew, err = fresh(ctx, tx, group, id, r, changed, leg); err != nil {
				return err
			}
		}
		if !changed && !isNew {
			return nil
		}
		if before.Paired {
			x.follow(r, leg, at)
		}
		if x.UpdatedAt = now; !x.AskAt.IsZero() {
			if x.AskAt = now.Add(receiptWait); x.State != messaging.Sent { // there is nothing more to hear
				x.AskAt = time.Time{}
			}
		}
		if !isNew {
			return s.keep(ctx, tx, group, before, x, nil)
		}
		return s.keep(ctx, tx, group, before, x, &step)
	})
}

// keep keeps a message as it is after what was reported, with the step, and what follows from it.
func (s *Service) keep(ctx context.Context, tx Tx, group practice.ID, before messaging.Message, x Settled,
	step *messaging.Step) error {
	if err := tx.SaveMessage(ctx, group, x.Message); err != nil {
		return err
	}
	if step != nil {
		if err := tx.AddStep(ctx, group, x.ID, *step); err != nil {
			return err
		}
	}
	if x.State != before.State && x.State != messaging.Queued {
		if err := tx.RecordMessageEvent(ctx, group, x.ID, messaging.StateEvent(group, x.Message, before.State,
			x.At)); err != nil {
			return err
		}
	}
	if x.WriteToRecord && before.SentAt.IsZero() && !x.SentAt.IsZero() {
		if err := writeDown(ctx, tx, group, x.Message); err != nil {
			return err
		}
	}
	if x.State == messaging.Queued {
		return tx.Enqueue(ctx, messaging.DispatchJob(group, x.Batch, x.LegChannel(), x.DueAt, x.At))
	}
	return nil
}

// apply changes a message by a receipt, and reports whether it changed. What is further along never goes back.
func (s *Settled) apply(r carrier.Receipt, leg int, at, now time.Time) bool {
	switch r.Progress {
	case carrier.ProgressRead:
		if !s.ReadAt.IsZero() {
			return false
		}
		s.ReadAt, s.EndedAt, s.State, s.DueAt = at, now, messaging.Read, time.Time{}
		if s.SentAt.IsZero() {
			s.SentAt = at
		}
		if s.DeliveredAt.IsZero() {
			s.DeliveredAt = at
		}
	case carrier.ProgressDelivered:
		if !s.DeliveredAt.IsZero() || s.State == messaging.Read {
			return false
		}
		s.DeliveredAt, s.State = at, messaging.Delivered
		if s.SentAt.IsZero() {
			s.SentAt = at // its fate was unknown
		}
		s.EndedAt = time.Time{}
	case carrier.ProgressFailed:
		switch {
		case s.State == messaging.Read || s.State == messaging.Delivered || s.State == messaging.Failed:
			return false
		case s.Paired && r.Whole: // the carrier has tried both
			s.Code, s.Reason, s.State, s.DueAt, s.EndedAt = r.Code, r.Reason, messaging.Failed, time.Time{}, now
		// A failure of the way it went by first says nothing of the other.
		case s.Paired, leg != s.Leg:
			return false
		default:
			s.next(now, r.Code, r.Reason)
		}
	default:
		return false
	}
	return true
}
