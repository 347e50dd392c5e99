package waiting

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// HoursKind is the kind of the job that sees to time that may have become free because a session or a block changed.
const HoursKind = "waiting.hours"

// hours is a stretch of a diary in which time may have become free; practitioner 0 is every diary.
type hours struct {
	Practitioner practice.PractitionerID `json:"practitioner,omitempty"`
	From         time.Time               `json:"from"`
	To           time.Time               `json:"to"`
}

// FollowHours follows a session or a block in the transaction of its change, within the practice's booking window. It
// is what diary.Service calls Changed.
func FollowHours(ctx context.Context, tx diary.Tx, group practice.ID, s diary.Session, now time.Time) error {
	g, err := tx.Group(ctx, group)
	if err != nil || !g.Waited || s.Away && s.CreatedAt.Equal(now) { // a new block frees nothing
		return err
	}
	first := input.DateOf(now.In(g.Zone()))
	last := first + input.Date(g.WindowDays) - 1
	if !s.Away { // a block that was moved may have stood anywhere
		first = max(first, s.Start)
		if s.Until != input.NoDate {
			last = min(last, s.Until)
		}
		if s.Rule == "" {
			last = min(last, s.Start)
		}
	}
	if first > last {
		return nil
	}
	return tx.Enqueue(ctx, job.Job{Group: int64(group), Kind: HoursKind, Args: job.Args(hours{s.Practitioner,
		diary.Midnight(g.Zone(), first), diary.Midnight(g.Zone(), last+1)})})
}

// HoursFreed is the job that FollowHours asks for.
func (s *Service) HoursFreed(ctx context.Context, j job.Job) error {
	var f hours
	if err := j.Read(&f); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	of := []practice.PractitionerID{f.Practitioner}
	if f.Practitioner == 0 {
		people, err := s.Queue.Practitioners(ctx, group, false)
		if err != nil {
			return err
		}
		of = nil
		for _, p := range people {
			of = append(of, p.ID)
		}
	}
	return s.add(ctx, group, f.From, f.To, of...)
}
