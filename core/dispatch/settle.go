package dispatch

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/core/record"
)

// Settled is the outcome of a message that was leased.
type Settled struct {
	messaging.Message
	// Was is the state it had before it was leased, and Leased the lease.
	Was    messaging.State
	Leased int64
	At     time.Time
	// What is the step to note, or empty. StepLeg and StepChannel are the leg it
	// is about, when that is no longer the one the message is on.
	What        string
	StepLeg     int
	StepChannel carrier.Channel
	// Event is what to tell, or nothing.
	Event *event.Event
}

// next lets a message go on by its other way, or ends it.
func (s *Settled) next(now time.Time, code, reason string) {
	s.StepLeg, s.StepChannel = s.Leg, s.LegChannel()
	s.Code, s.Reason, s.Paired, s.Request, s.AskAt = code, reason, false, "", time.Time{}
	if s.Leg == 1 && s.Fallback != "" {
		if s.What == "" {
			s.What = "fallback"
		}
		s.Leg, s.State, s.DueAt, s.Tries = 2, messaging.Queued, now, 0
		s.Carrier, s.ProviderID, s.DeliveredAt = "", "", time.Time{}
		if late := now.Add(messaging.MaxLate); s.SendBy.Before(late) {
			s.SendBy = late // the second way has its own time
		}
		return
	}
	s.State, s.DueAt, s.EndedAt = messaging.Failed, time.Time{}, now
}

// unknown leaves a message whose outcome cannot be known.
func (s *Settled) unknown(now time.Time, code, reason string) {
	s.State, s.DueAt, s.EndedAt, s.What = messaging.Unknown, time.Time{}, now, "unknown"
	s.Code, s.Reason, s.Request, s.AskAt = code, reason, "", time.Time{}
}

// outcome notes what a carrier said of a message.
func (d *dispatcher) outcome(s *Settled, by carrier.Carrier, r carrier.Result, now time.Time) {
	s.At, s.Carrier = now, by.Name()
	var refused *carrier.Refusal
	var busy *carrier.Busy
	var unanswered *carrier.Unanswered
	switch {
	case r.Err == nil:
		d.accepted(s, r.Accepted, now)
		if _, ok := by.(carrier.Asker); ok && s.ProviderID != "" {
			s.AskAt = now.Add(receiptWait)
		}
	case errors.As(r.Err, &refused):
		s.What = "refused"
		s.next(now, refused.Code, refused.Reason)
	case errors.As(r.Err, &busy):
		d.later(s, busy, now)
	case errors.As(r.Err, &unanswered):
		d.unanswered(s, unanswered, now)
	case by.Idempotent():
		// Handing the same key over again is harmless.
		d.unanswered(s, &carrier.Unanswered{Request: s.Key(d.group)}, now)
	case s.Request != "":
		s.over(now)
	default:
		s.unknown(now, noAnswer, "The carrier did not answer, and may have the message or not.")
	}
}

func (d *dispatcher) accepted(s *Settled, a carrier.Accepted, now time.Time) {
	s.State, s.SentAt, s.ProviderID, s.What = messaging.Sent, now, a.ProviderID, "accepted"
	s.Code, s.Reason, s.DueAt, s.Tries, s.Request = a.Code, "", time.Time{}, 0, ""
	if s.Leg == 1 && s.Fallback != "" && s.Channel == carrier.NHSApp && !s.Paired {
		s.DueAt = now.Add(time.Duration(s.UnreadMinutes) * time.Minute)
	}
}

// later puts a message back for a carrier that is busy. Waiting as long as the carrier asked is not a failed try.
func (d *dispatcher) later(s *Settled, busy *carrier.Busy, now time.Time) {
	s.State, s.What = messaging.Queued, "busy"
	s.Code, s.Reason = busy.Code, "The carrier takes no messages at the moment."
	if !s.InDoubt() { // no carrier has it, and another may take it
		s.Paired = false
	}
	wait := busy.After
	if wait == 0 {
		s.Tries++
		wait = backoff(s.Tries)
	}
	d.rest(s.Carrier, now.Add(min(wait, time.Minute)))
	s.DueAt = now.Add(wait)
	if s.Request != "" {
		return // it stays with this carrier
	}
	if _, all := d.pick(now); all.IsZero() {
		s.DueAt = now // another carrier takes it
	}
	switch {
	case !s.DueAt.After(s.SendBy):
	case s.Leg == 1 && s.Fallback != "": // its other way takes it in time
		s.next(now, busy.Code, "The carrier took no messages in time.")
	default:
		s.DueAt = s.SendBy.Add(time.Microsecond) // then it is too late
	}
}

// backoff is how long to wait after so many failed tries.
func backoff(tries int) time.Duration {
	return min(10*time.Minute, 5*time.Second<<min(tries-1, 10))
}

// settle writes down the outcomes of messages.
func (d *dispatcher) settle(ctx context.Context, tx Tx, done []Settled) error {
	for i := range done {
		s := &done[i]
		if s.State != s.Was && s.State != messaging.Queued {
			e := messaging.StateEvent(d.group, s.Message, s.Was, s.At)
			s.Event = &e
		}
		if s.StepLeg == 0 {
			s.StepLeg, s.StepChannel = s.Leg, s.LegChannel()
		}
	}
	if err := tx.Settle(ctx, d.group, done); err != nil {
		return err
	}
	asked := map[Due]bool{}
	for _, s := range done {
		if s.WriteToRecord && s.State == messaging.Sent {
			if err := writeDown(ctx, tx, d.group, s.Message); err != nil {
				return err
			}
		}
		// Its other way is another channel's job.
		if due := (Due{s.Batch, s.LegChannel()}); s.State == messaging.Queued && due.Channel != d.args.Channel &&
			!asked[due] {
			asked[due] = true
			if err := tx.Enqueue(ctx, messaging.DispatchJob(d.group, due.Batch, due.Channel, s.DueAt,
				s.At)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeDown asks for a message's record entry to be written, if it is approved.
func writeDown(ctx context.Context, tx Tx, group practice.ID, m messaging.Message) error {
	e, err := tx.RecordEntryOf(ctx, group, int64(m.ID))
	if errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil || e.Status != record.Approved {
		return err
	}
	return tx.Enqueue(ctx, record.WriteJob(group, e.ID))
}
