package sequence

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/write"
)

// EntryID names a patient's way through a sequence.
type EntryID int64

// State is how far a patient has come.
type State string

// The states.
const (
	Active    State = "active"
	Completed State = "completed" // every message was sent
	Booked    State = "booked"    // the patient has booked
	Removed   State = "removed"   // the patient was taken out
	Stopped   State = "stopped"   // the patient may not be written to, or does not want it
)

// Why a sequence stopped for a patient, besides the codes of faults of other areas.
const becauseMerged = "already_in_sequence" // another record of the patient was in it

// Entry is a patient in a sequence.
type Entry struct {
	ID       EntryID    `json:"id"`
	Sequence ID         `json:"sequence_id"`
	Patient  patient.ID `json:"patient_id"`
	State    State      `json:"state"`
	// Next is which message comes next, counted from 0, and DueAt when; zero when none does.
	Next  int       `json:"next"`
	DueAt time.Time `json:"due_at,omitzero"`
	// Message is the last message, and HeldUntil when it is sent, while it waits for that.
	Message   messaging.ID `json:"message_id,omitempty"`
	HeldUntil time.Time    `json:"held_until,omitzero"`
	Sent      int          `json:"sent"`
	// Reason is why it stopped, or why the last message was left out: a code.
	Reason    string    `json:"reason,omitempty"`
	AddedBy   string    `json:"added_by"`
	CreatedAt time.Time `json:"created_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says whom it shows in the audit trail.
func (e Entry) AuditSubject() audit.Subject { return audit.Person(e.Patient) }

// end ends it.
func (e *Entry) end(state State, reason string, now time.Time) {
	e.State, e.Reason, e.DueAt, e.HeldUntil, e.EndedAt, e.UpdatedAt = state, reason, time.Time{}, time.Time{}, now, now
}

// Add adds a patient to a sequence. One who is in it stays where they are. Errors: ErrNotFound, ErrArchived,
// patient.ErrNotFound, and those of patient.Reachable.
func (s *Service) Add(ctx context.Context, id ID, of patient.ID) (Entry, error) {
	return write.Do(ctx, sequences.Needs, s.Now, s.Store.Do, func(w write.Edit[Tx]) (Entry, error) {
		who, err := w.Tx.LockPatientAgainstMerge(ctx, w.Group(), of)
		if err != nil {
			return Entry{}, patient.Misnamed(err, "patient")
		}
		q, err := w.Tx.LockSequence(ctx, w.Group(), id)
		if err != nil {
			return Entry{}, err
		}
		in, err := w.Tx.LockActive(ctx, w.Group(), id, who)
		if err != nil {
			return Entry{}, err
		}
		if len(in) > 0 {
			return in[0], nil
		}
		p, err := w.Tx.Addressee(ctx, w.Group(), who)
		if err == nil {
			err = p.Reachable()
		}
		if err == nil && !q.ArchivedAt.IsZero() {
			err = ErrArchived
		}
		if err != nil {
			return Entry{}, err
		}
		e := Entry{ID: EntryID(s.NewID()), Sequence: id, Patient: who, State: Active, AddedBy: w.Who.Actor,
			DueAt: w.Now.Add(q.Steps[0].delay()), CreatedAt: w.Now, UpdatedAt: w.Now}
		if err := w.Tx.SaveEntry(ctx, w.Group(), e); err != nil {
			return e, err
		}
		if err := w.Tx.Enqueue(ctx, DueJob(w.Group(), e.DueAt)); err != nil {
			return e, err
		}
		if err := w.Tx.Record(ctx, event.Of(int64(w.Group()), w.Now, event.Fact{Type: event.AddedToSequence,
			IDs: event.IDs{"patient": int64(who), "sequence": int64(id)}})); err != nil {
			return e, err
		}
		return e, w.Audit(ctx, "sequence.add", int64(id), nil, e)
	})
}

// delay is how long after the message before it a message is sent.
func (s Step) delay() time.Duration { return time.Duration(s.Delay) * time.Minute }

// Remove takes a patient out of a sequence. What was made and has not gone is called back. Errors: ErrNotFound,
// patient.ErrNotFound, ErrNotIn.
func (s *Service) Remove(ctx context.Context, id ID, of patient.ID) (Entry, error) {
	return write.Do(ctx, sequences.Needs, s.Now, s.Store.Do, func(w write.Edit[Tx]) (Entry, error) {
		who, err := w.Tx.LockPatientAgainstMerge(ctx, w.Group(), of)
		if err != nil {
			return Entry{}, err
		}
		if _, err := w.Tx.LockSequence(ctx, w.Group(), id); err != nil {
			return Entry{}, err
		}
		all, err := w.Tx.LockActive(ctx, w.Group(), id, who)
		if err == nil && len(all) == 0 {
			err = ErrNotIn
		}
		if err != nil {
			return Entry{}, err
		}
		for i := range all { // several, where records that were in it have been merged
			if err := s.finish(ctx, w.Tx, w.Who, &all[i], Removed, "", w.Now); err != nil {
				return Entry{}, err
			}
		}
		return all[0], nil
	})
}

// finish ends a sequence for a patient, and calls back what was made and has not gone.
func (s *Service) finish(
	ctx context.Context, tx Tx, who access.Caller, e *Entry, state State, reason string, now time.Time,
) error {
	e.end(state, reason, now)
	if err := tx.SaveEntry(ctx, who.Group, *e); err != nil {
		return err
	}
	if e.Message != 0 {
		_, err := s.Messages.CallBack(ctx, tx, who, e.Message, now)
		if err != nil && !errors.Is(err, messaging.ErrNotWaiting) { // that has gone
			return err
		}
	}
	return e.ended(ctx, tx, who, now)
}

// ended notes the end in the audit trail.
func (e Entry) ended(ctx context.Context, tx Tx, who access.Caller, now time.Time) error {
	return tx.Audit(ctx, who.Audit(now, "sequence.end", "sequence", int64(e.Sequence), nil, e))
}

// Entries lists the patients who are and were in a sequence, newest first, and how many there are, counted up to
// input.CountTo. Error: ErrNotFound.
func (s *Service) Entries(ctx context.Context, id ID, p Page) ([]Entry, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	if _, err := s.Store.Sequence(ctx, who.Group, id); err != nil {
		return nil, 0, err
	}
	found, count, err := s.Store.Entries(ctx, who.Group, id, p)
	audit.Seen(ctx, found...)
	return found, count, err
}
