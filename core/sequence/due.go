package sequence

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/template"
)

// DueKind is the kind of the job that makes messages of what is due.
const DueKind = "sequence.due"

// DueJob makes what a practice group has due by the end of the minute of a time. All of it shares one job.
func DueJob(group practice.ID, at time.Time) job.Job {
	at = at.Add(time.Minute - 1).Truncate(time.Minute).UTC()
	return job.Job{Group: int64(group), Kind: DueKind, Key: at.Format(time.RFC3339), RunAt: at}
}

// Due is the job that makes messages of what is due.
func (s *Service) Due(ctx context.Context, j job.Job) error {
	return s.MakeDue(ctx, practice.ID(j.Group))
}

// chunk is how many entries are read at once.
const chunk = 100

// lister lists entries by id.
type lister func(ctx context.Context, group practice.ID, at time.Time, after EntryID, limit int) ([]Entry, error)

// MakeDue makes messages of what a practice group has due, and ends what a booking has ended while a message waits for
// the morning. One that cannot be made keeps no other from being made.
func (s *Service) MakeDue(ctx context.Context, group practice.ID) error {
	ctx = access.With(ctx, access.System(group))
	return errors.Join(s.each(ctx, group, s.Store.HeldEntries, s.hold), s.each(ctx, group, s.Store.DueEntries, s.next))
}

func (s *Service) each(
	ctx context.Context, group practice.ID, list lister, do func(context.Context, practice.ID, Entry) error,
) error {
	var failed error
	now := s.Now().Truncate(time.Microsecond)
	for after := EntryID(0); ; {
		found, err := list(ctx, group, now, after, chunk)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, e := range found {
			after = e.ID
			failed = errors.Join(failed, do(ctx, group, e))
		}
		if len(found) < chunk {
			return failed
		}
	}
}

// locked is an entry in its transaction.
type locked struct {
	tx    Tx
	entry Entry
	of    Sequence
	now   time.Time
}

// in locks the patient and the sequence of an entry, and finds it as it is. Of two who try, one finds it done. An entry
// that has ended meanwhile, or that a booking or another record of the patient ends, is not given to fn.
func (s *Service) in(ctx context.Context, group practice.ID, seen Entry, fn func(l *locked) error) error {
	return s.Store.Do(ctx, func(tx Tx) error {
		l := &locked{tx: tx, now: s.Now().Truncate(time.Microsecond)}
		who, err := tx.LockPatientAgainstMerge(ctx, group, seen.Patient)
		if err != nil && !errors.Is(err, patient.ErrNotFound) {
			return err
		}
		gone := err
		if gone != nil {
			who = seen.Patient
		}
		if l.of, err = tx.LockSequence(ctx, group, seen.Sequence); err != nil {
			return err
		}
		all, err := tx.LockActive(ctx, group, seen.Sequence, who)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(e Entry) bool { return e.ID == seen.ID })
		if i < 0 || all[i].Next != seen.Next {
			return nil
		}
		l.entry = all[i]
		state, reason, err := l.over(ctx, group, gone, i > 0)
		if err != nil {
			return err
		}
		if state != "" {
			return s.finish(ctx, tx, access.System(group), &l.entry, state, reason, l.now)
		}
		return fn(l)
	})
}

// over says whether and why the sequence is over for a patient; empty is that it goes on.
func (l *locked) over(ctx context.Context, group practice.ID, gone error, twice bool) (State, string, error) {
	switch {
	case gone != nil:
		return Stopped, fault.Of(gone).Code, nil
	case !l.of.ArchivedAt.IsZero():
		return Stopped, ErrArchived.Code, nil
	case twice:
		return Stopped, becauseMerged, nil
	}
	types, err := l.tx.Booked(ctx, group, l.entry.Patient, l.entry.CreatedAt)
	for _, t := range types {
		if len(l.of.EndsWith) == 0 || slices.Contains(l.of.EndsWith, t) {
			return Booked, "", err
		}
	}
	return "", "", err
}

// hold looks at an entry whose last message waits for the morning.
func (s *Service) hold(ctx context.Context, group practice.ID, e Entry) error {
	return s.in(ctx, group, e, func(*locked) error { return nil })
}

// next makes the next message of an entry that is due, and says when the one after that is.
func (s *Service) next(ctx context.Context, group practice.ID, e Entry) error {
	of, err := s.Store.Sequence(ctx, group, e.Sequence)
	if err != nil {
		return err
	}
	var draft messaging.Draft
	var refused error
	if e.Next < len(of.Steps) {
		draft, refused = s.draft(ctx, group, e, of)
		if refused != nil && fault.Later(refused) {
			return refused
		}
	}
	return s.in(ctx, group, e, func(l *locked) error {
		if l.entry.DueAt.IsZero() || l.entry.DueAt.After(l.now) {
			return nil
		}
		if !l.of.UpdatedAt.Equal(of.UpdatedAt) {
			return l.tx.Enqueue(ctx, DueJob(group, l.now)) // it has changed this moment
		}
		if e.Next >= len(of.Steps) {
			return l.complete(ctx, group)
		}
		return s.send(ctx, group, l, draft, refused)
	})
}

// draft is the next message, with the patient's details.
func (s *Service) draft(ctx context.Context, group practice.ID, e Entry, of Sequence) (messaging.Draft, error) {
	p, err := patient.Current(ctx, s.Store, group, e.Patient)
	if err != nil {
		return messaging.Draft{}, err
	}
	g, err := s.Store.Group(ctx, group)
	if err != nil {
		return messaging.Draft{}, err
	}
	step := of.Steps[e.Next]
	return s.Messages.Draft(ctx, messaging.Request{Patient: p.ID, Channel: step.Channel, Fallback: step.Fallback,
		Subject: template.Fill(step.Subject, p, g), Text: template.Fill(step.Text, p, g), Purpose: of.Purpose,
		Carries: enclosure.Want{Booking: step.Booking}})
}

// send takes the message. One that the patient may not be sent or does not want stops the sequence; one that cannot
// reach them is left out.
func (s *Service) send(
	ctx context.Context, group practice.ID, l *locked, draft messaging.Draft, refused error,
) error {
	e, system := &l.entry, access.System(group)
	var m messaging.Message
	err := refused
	if err == nil {
		m, err = s.Messages.Take(ctx, l.tx, system, draft)
	}
	e.HeldUntil, e.Reason = time.Time{}, ""
	switch f := fault.Of(err); {
	case err == nil:
		e.Message, e.Sent = m.ID, e.Sent+1
		if m.State == messaging.Scheduled {
			e.HeldUntil = m.SendAt
		}
		if m.State == messaging.Suppressed {
			e.Sent--
			return s.finish(ctx, l.tx, system, e, Stopped, m.Code, l.now)
		}
	case fault.Later(err):
		return err
	case stops(err):
		return s.finish(ctx, l.tx, system, e, Stopped, f.Code, l.now)
	default:
		e.Reason = f.Code
	}
	e.Next, e.UpdatedAt = e.Next+1, l.now
	if e.Next >= len(l.of.Steps) && e.HeldUntil.IsZero() {
		return l.complete(ctx, group)
	}
	// The delay counts from when the message goes, so that at most one waits.
	e.DueAt = l.now
	if !e.HeldUntil.IsZero() {
		e.DueAt = e.HeldUntil
	}
	if e.Next < len(l.of.Steps) {
		e.DueAt = e.DueAt.Add(l.of.Steps[e.Next].delay())
	}
	if err := l.tx.SaveEntry(ctx, group, *e); err != nil {
		return err
	}
	return l.tx.Enqueue(ctx, DueJob(group, e.DueAt))
}

// complete ends an entry whose messages have all been made.
func (l *locked) complete(ctx context.Context, group practice.ID) error {
	l.entry.end(Completed, l.entry.Reason, l.now)
	if err := l.tx.SaveEntry(ctx, group, l.entry); err != nil {
		return err
	}
	return l.entry.ended(ctx, l.tx, access.System(group), l.now)
}

// stops reports a patient who may not be written to any more.
func stops(err error) bool {
	return slices.ContainsFunc([]error{patient.ErrNotFound, patient.ErrWhereabouts, patient.ErrDeceased,
		patient.ErrWithdrawn}, func(f error) bool { return errors.Is(err, f) })
}
