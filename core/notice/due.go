package notice

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/calendar"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// DueKind is the kind of the job that makes messages of what is due.
const DueKind = "notice.due"

// DueJob makes what a practice group has due by the end of the minute of a time. All of it shares one job.
func DueJob(group practice.ID, at time.Time) job.Job {
	at = at.Add(time.Minute - 1).Truncate(time.Minute).UTC()
	return job.Job{Group: int64(group), Kind: DueKind, Key: at.Format(time.RFC3339), RunAt: at}
}

// Due is the job that makes messages of what is due.
func (s *Service) Due(ctx context.Context, j job.Job) error {
	return s.MakeDue(ctx, practice.ID(j.Group))
}

const (
	// dueChunk is how many notices are read at once.
	dueChunk = 100
	// quiet is how long after a message about an appointment no reminder of it is sent.
	quiet = 2 * time.Hour
	// late is how long after it was due a reminder is still sent.
	late = messaging.MaxLate
	// settling is how long a message waits for another about the same appointment that is being handed over.
	settling = 15 * time.Second
)

// MakeDue makes messages of what a practice group has due.
func (s *Service) MakeDue(ctx context.Context, group practice.ID) error {
	for {
		now := s.Now().Truncate(time.Microsecond)
		due, err := s.Store.DueNotices(ctx, group, now, dueChunk)
		if err != nil || len(due) == 0 {
			return err
		}
		ways := map[string]messaging.Ways{}
		for _, n := range due {
			if err := s.makeOne(ctx, group, n, ways, now); err != nil {
				return err
			}
		}
	}
}

// makeOne makes a message of one notice, or gives it up. Of two who try, one finds it done.
func (s *Service) makeOne(
	ctx context.Context, group practice.ID, n Notice, ways map[string]messaging.Ways, now time.Time,
) error {
	set, err := s.Store.NoticeSettings(ctx, group)
	if err != nil {
		return err
	}
	for of := range set {
		if err := s.carried(ctx, group, merged(set, of), ways); err != nil {
			return err
		}
	}
	if err := s.carried(ctx, group, merged(set, 0), ways); err != nil {
		return err
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		p, err := s.open(ctx, tx, group, n.Appointment, n.Patient, now)
		if err != nil {
			return err
		}
		if !p.group.Announces {
			if p.notices, err = tx.NoticesOf(ctx, group, n.Appointment); err != nil {
				return err
			}
		}
		i := slices.IndexFunc(p.notices, func(o Notice) bool { return o.ID == n.ID })
		if i < 0 || p.notices[i].State != Planned || p.notices[i].DueAt.After(now) {
			return nil
		}
		if err := p.make(ctx, &p.notices[i], ways[joined(p.set)]); err != nil {
			return err
		}
		return tx.SaveNotice(ctx, group, p.notices[i])
	})
}

// carried finds which of the channels of some settings the practice group has carriers for.
func (s *Service) carried(ctx context.Context, group practice.ID, set Settings, ways map[string]messaging.Ways) error {
	if _, known := ways[joined(set)]; known {
		return nil
	}
	w, err := s.Messages.Ways(ctx, group, set.Channels)
	ways[joined(set)] = w
	return err
}

// make makes a message of a notice that is due, puts it off, or gives it up.
func (p *plan) make(ctx context.Context, n *Notice, ways messaging.Ways) error {
	if !p.group.Announces || !p.set.sends(n.On) {
		n.end(Skipped, becauseOff, p.now)
		return nil
	}
	if err := n.about(p.is).Check(n.Patient, p.now); err != nil {
		n.end(Invalidated, code(err), p.now)
		return nil
	}
	if p.underWay() {
		// What is being handed over may say what this takes back: the last word is to be the true one.
		n.DueAt, n.UpdatedAt = p.now.Add(settling), p.now
		return p.wake(ctx, n.DueAt)
	}
	if n.On == booking.OnReminder {
		awake := p.group.NextSend(p.set.awake(p.now, p.group.Zone()))
		switch {
		case p.now.After(n.DueAt.Add(late)):
			n.end(Skipped, becauseLate, p.now)
			return nil
		case p.told(p.now.Add(-quiet)):
			n.end(Skipped, becauseSoon, p.now)
			return nil
		case awake.After(p.now) && awake.Before(n.Start):
			n.DueAt, n.UpdatedAt = awake, p.now
			return p.wake(ctx, n.DueAt)
		}
	}
	return p.send(ctx, n, ways)
}

// underWay reports whether a message about the appointment is being handed over at this moment.
func (p *plan) underWay() bool {
	return slices.ContainsFunc(p.notices, func(o Notice) bool { return o.Message.State == messaging.Sending })
}

// told reports whether the patient has been sent a message about the appointment since a time.
func (p *plan) told(since time.Time) bool {
	return slices.ContainsFunc(p.notices, func(o Notice) bool { return o.told() && o.Message.CreatedAt.After(since) })
}

// send takes the message, or gives the notice up where its patient cannot be sent it.
func (p *plan) send(ctx context.Context, n *Notice, ways messaging.Ways) error {
	err := p.take(ctx, n, ways)
	if fault.Of(err) == nil || fault.Later(err) {
		return err
	}
	state := Skipped
	if gone(err) {
		state = Invalidated
	}
	n.end(state, code(err), p.now)
	return nil
}

// take takes the message. Errors: those of messaging.Automatic.
func (p *plan) take(ctx context.Context, n *Notice, ways messaging.Ways) error {
	texts, err := p.texts(ctx, n)
	if err != nil {
		return err
	}
	kind, err := p.tx.AppointmentType(ctx, p.group.ID, p.is.Type)
	if err != nil {
		return err
	}
	a := messaging.Automatic{Notice: n.ID, Assignee: kind.Assignee, Patient: n.Patient, Ways: ways, Subject: texts.subject,
		Texts: texts.by, SendBy: p.sendBy(n), Link: texts.link}
	// What answers a change goes at once where the practice's hours would leave no time for it.
	next := p.group.NextSend(p.now)
	a.Urgent = n.On != booking.OnReminder && n.On != booking.OnMissed && next.Add(quiet).After(n.Start)
	m, err := p.Messages.Automatic(ctx, p.tx, access.System(p.group.ID), p.group, a)
	if err != nil {
		return err
	}
	n.end(Made, "", p.now)
	n.Message = Message{ID: m.ID, State: m.State, CreatedAt: p.now}
	if m.Fallback != "" && texts.by[m.Fallback] != texts.by[m.Channel] {
		n.Second = texts.by[m.Fallback]
	}
	if m.Channel == carrier.Email || m.Fallback == carrier.Email {
		to := m.Contact
		if m.Channel != carrier.Email {
			to = m.FallbackContact
		}
		n.Calendar = p.calendar(n, to, texts)
	}
	return nil
}

// sendBy is the latest time a message may be sent: a reminder is not sent late, nor in the night, and nothing but a
// word about one that was missed after the appointment has begun.
func (p *plan) sendBy(n *Notice) time.Time {
	switch n.On {
	case booking.OnMissed:
		return p.now.Add(24 * time.Hour)
	case booking.OnReminder:
		by := p.set.asleep(p.now, p.group.Zone())
		if next := p.now.Add(late); next.Before(by) {
			by = next
		}
		if n.Start.Before(by) {
			by = n.Start
		}
		return by
	}
	if p.offer != nil {
		return p.offer.Until
	}
	return n.Start
}

// calendar is the part of an e-mail that puts the appointment into the patient's calendar, or takes it out.
func (p *plan) calendar(n *Notice, to string, t texts) string {
	method := calendar.Request
	switch n.On {
	case booking.OnMissed, booking.OnOffered:
		return ""
	case booking.OnCancelled:
		method = calendar.Cancel
	}
	return calendar.Entry{
		Method: method, UID: calendar.UID(int64(p.group.ID), int64(p.is.ID)), Sequence: n.Version,
		Start: p.is.Start, End: p.is.End, Stamp: p.now, Zone: p.group.Zone(),
		Title: "Appointment at " + p.group.Name, Place: t.place, Notes: t.notes, Organiser: p.group.Name,
		From: p.group.Email, To: to,
	}.Text()
}

// gone reports a patient who may not be written to any more.
func gone(err error) bool {
	for _, f := range []error{patient.ErrNotFound, patient.ErrWhereabouts, patient.ErrDeceased, patient.ErrWithdrawn} {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}

// code is the code of a fault, as it is kept.
func code(err error) string { return fault.Of(err).Code }
