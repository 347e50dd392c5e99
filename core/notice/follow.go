package notice

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// missedWait is how long after a patient was recorded as not attending they are sent a message: the record may be a
// slip, and is taken back then.
const missedWait = 30 * time.Minute

// Follow is the job that a change of an appointment asks for in its transaction: it plans what the patient is to be
// sent about the change, sets the reminders by the appointment as it is, and makes what is due.
func (s *Service) Follow(ctx context.Context, j job.Job) error {
	var f booking.Followed
	if err := j.Read(&f); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	now := s.Now().Truncate(time.Microsecond)
	err := s.Store.Do(ctx, func(tx Tx) error {
		p, err := s.open(ctx, tx, group, f.Appointment, f.Patient, now)
		if err != nil || !p.group.Announces {
			return err
		}
		if f.On != "" {
			if err := p.add(ctx, f); err != nil {
				return err
			}
		}
		return p.remind(ctx)
	})
	if errors.Is(err, booking.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.MakeDue(ctx, group)
}

// plan is what is planned for one appointment.
type plan struct {
	*Service
	tx      Tx
	group   practice.Group
	set     Settings
	is      booking.Appointment
	notices []Notice
	offer   *Offer // of a time on offer alone
	now     time.Time
}

// open reads what is planned for an appointment, and keeps others from planning for it. It locks the patient first, as
// a merge does.
func (s *Service) open(
	ctx context.Context, tx Tx, group practice.ID, id booking.ID, of patient.ID, now time.Time,
) (*plan, error) {
	p := &plan{Service: s, tx: tx, now: now}
	_, err := tx.LockPatientAgainstMerge(ctx, group, of)
	if err != nil && !errors.Is(err, patient.ErrNotFound) {
		return p, err
	}
	if p.group, err = tx.Group(ctx, group); err != nil || !p.group.Announces {
		return p, err
	}
	if p.notices, err = tx.NoticesOf(ctx, group, id); err != nil {
		return p, err
	}
	if p.is, err = tx.Appointment(ctx, group, id); err != nil {
		return p, err
	}
	all, err := tx.NoticeSettings(ctx, group)
	p.set = merged(all, p.is.Type)
	return p, err
}

// add plans a message about a change.
func (p *plan) add(ctx context.Context, f booking.Followed) error {
	if !p.set.sends(f.On) || !p.is.Wants(f.On) {
		return nil
	}
	n := Notice{On: f.On, Version: f.Version, Start: f.Start, DueAt: p.now}
	if f.On == booking.OnMissed {
		n.DueAt = p.set.awake(p.now.Add(missedWait), p.group.Zone())
	}
	return p.keep(ctx, n)
}

// keep plans a notice of the appointment, or plans it again where it was given up. One that became a message stays.
func (p *plan) keep(ctx context.Context, n Notice) error {
	i := slices.IndexFunc(p.notices, func(o Notice) bool {
		return o.On == n.On && o.Version == n.Version && o.Lead == n.Lead
	})
	if i < 0 {
		n.ID, n.Appointment, n.Patient, n.State = messaging.NoticeID(p.NewID()), p.is.ID, p.is.Patient, Planned
		n.CreatedAt, n.UpdatedAt = p.now, p.now
		if err := p.tx.AddNotice(ctx, p.group.ID, n); err != nil {
			return err
		}
		return p.wake(ctx, n.DueAt)
	}
	o := &p.notices[i]
	if o.Message.ID != 0 || o.State == Planned && o.DueAt.Equal(n.DueAt) {
		return nil
	}
	o.State, o.DueAt, o.Reason, o.UpdatedAt = Planned, n.DueAt, "", p.now
	if err := p.tx.SaveNotice(ctx, p.group.ID, *o); err != nil {
		return err
	}
	return p.wake(ctx, o.DueAt)
}

// wake asks for what is due at a time to be made then.
func (p *plan) wake(ctx context.Context, at time.Time) error {
	if !at.After(p.now) {
		return nil // the job that plans makes it
	}
	return p.tx.Enqueue(ctx, DueJob(p.group.ID, at))
}

// remind sets the reminders by the appointment as it is: those of another time are invalidated.
func (p *plan) remind(ctx context.Context) error {
	wanted := p.reminders()
	for i := range p.notices {
		n := &p.notices[i]
		if n.State != Planned || n.On != booking.OnReminder {
			continue
		}
		if _, stays := wanted[n.Lead]; stays && n.Version == p.is.Version {
			continue
		}
		reason := becauseOther
		if err := n.about(p.is).Check(p.is.Patient, p.now); err != nil {
			reason = code(err)
		}
		n.end(Invalidated, reason, p.now)
		if err := p.tx.SaveNotice(ctx, p.group.ID, *n); err != nil {
			return err
		}
	}
	for _, lead := range p.set.Reminders {
		due, ok := wanted[lead.Duration]
		if !ok {
			continue
		}
		n := Notice{On: booking.OnReminder, Version: p.is.Version, Start: p.is.Start, Lead: lead.Duration, DueAt: due}
		if err := p.keep(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// reminders are when the reminders of an appointment are due that lie ahead.
func (p *plan) reminders() map[time.Duration]time.Time {
	stands := messaging.About{On: booking.OnReminder, Version: p.is.Version, Start: p.is.Start, Now: p.is}
	if !p.set.sends(booking.OnReminder) || stands.Check(p.is.Patient, p.now) != nil {
		return nil
	}
	out := map[time.Duration]time.Time{}
	for _, lead := range p.set.Reminders {
		if due := p.set.due(p.is.Start, lead.Duration, p.group.Zone()); due.After(p.now) {
			out[lead.Duration] = due
		}
	}
	return out
}

// SweepKind is the kind of the job that sets the reminders of all appointments to come: after the settings have
// changed, or messages were switched on.
const SweepKind = "notice.sweep"

// sweepChunk is how many appointments are read at once.
const sweepChunk = 200

// Sweep is the job that sets the reminders of a practice group's appointments to come.
func (s *Service) Sweep(ctx context.Context, j job.Job) error {
	return s.sweep(ctx, practice.ID(j.Group))
}

// Refresh sets the reminders of the caller's practice group: those of appointments that were cancelled because their
// patient left are invalidated, and appointments that were made before messages were switched on have theirs.
func (s *Service) Refresh(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	if err := s.dropStale(ctx, who.Group); err != nil {
		return err
	}
	return s.sweep(ctx, who.Group)
}

// dropStale invalidates the reminders that changed appointments have left behind: a patient who leaves is sent nothing
// about the appointments that are cancelled, and no job follows that.
func (s *Service) dropStale(ctx context.Context, group practice.ID) error {
	g, err := s.Store.Group(ctx, group)
	if err != nil || !g.Announces {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	found, err := s.Store.StaleReminders(ctx, group, sweepChunk)
	for len(found) > 0 && err == nil {
		for _, n := range found {
			if err := s.setReminders(ctx, group, n.Appointment, n.Patient, now); err != nil {
				return err
			}
		}
		if len(found) < sweepChunk {
			return nil
		}
		found, err = s.Store.StaleReminders(ctx, group, sweepChunk)
	}
	return err
}

// setReminders sets the reminders of one appointment.
func (s *Service) setReminders(
	ctx context.Context, group practice.ID, id booking.ID, of patient.ID, now time.Time,
) error {
	err := s.Store.Do(ctx, func(tx Tx) error {
		p, err := s.open(ctx, tx, group, id, of, now)
		if err != nil || !p.group.Announces {
			return err
		}
		return p.remind(ctx)
	})
	if errors.Is(err, booking.ErrNotFound) {
		return nil
	}
	return err
}

func (s *Service) sweep(ctx context.Context, group practice.ID) error {
	g, err := s.Store.Group(ctx, group)
	if err != nil || !g.Announces {
		return err
	}
	all, err := s.Store.NoticeSettings(ctx, group)
	if err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	after, until := Place{Start: now}, now.Add(furthest(all)+24*time.Hour)
	for {
		found, err := s.Store.Upcoming(ctx, group, after, until, sweepChunk)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := s.setReminders(ctx, group, f.Appointment, f.Patient, now); err != nil {
				return err
			}
		}
		if len(found) < sweepChunk {
			return s.MakeDue(ctx, group)
		}
		after = found[len(found)-1]
	}
}
