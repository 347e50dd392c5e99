package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// ReleaseKind is the kind of the job that releases holds.
const ReleaseKind = "booking.release"

// releaseEvery is how finely holds are gathered into release jobs. A lapsed hold blocks nothing; the job only records
// that it has lapsed.
const releaseEvery = 10 * time.Second

type releaseArgs struct {
	Until time.Time `json:"until"`
}

// ReleaseJob releases the group's holds that run out by the end of the same ten seconds. All of them share one job.
func ReleaseJob(group practice.ID, at time.Time) job.Job {
	until := at.Add(releaseEvery - 1).Truncate(releaseEvery).UTC()
	return job.Job{
		Group: int64(group), Kind: ReleaseKind, Key: until.Format(time.RFC3339), RunAt: until,
		Args: job.Args(releaseArgs{until}),
	}
}

// releaseChunk is how many lapsed holds are read at once.
const releaseChunk = 200

// Release is the job: it releases the holds that have run out.
func (s *Service) Release(ctx context.Context, j job.Job) error {
	var args releaseArgs
	if err := j.Read(&args); err != nil {
		return err
	}
	who := access.System(practice.ID(j.Group))
	now := s.Now().Truncate(time.Microsecond)
	for {
		lapsed, err := s.Store.LapsedHolds(ctx, who.Group, now, releaseChunk)
		if err != nil {
			return err
		}
		for _, o := range lapsed {
			err := s.do(ctx, func(tx Tx) error {
				a, err := lock(ctx, tx, who.Group, o.Appointment, 0)
				if err != nil {
					return err
				}
				_, err = release(ctx, tx, who, a, now)
				return err
			})
			if err != nil {
				return err
			}
		}
		if len(lapsed) < releaseChunk {
			return nil
		}
	}
}

// release frees a hold that has run out; it leaves anything else alone. The caller has locked the diary.
func release(ctx context.Context, tx releaser, who access.Caller, a Appointment, now time.Time) (Appointment, error) {
	if !a.Lapsed(now) {
		return a, nil
	}
	after := a
	after.State, after.ReleasedAt = Released, now
	if err := tx.Vacate(ctx, who.Group, a); err != nil {
		return a, err
	}
	if err := freed(ctx, tx, who.Group, a); err != nil {
		return a, err
	}
	return save(ctx, tx, who, now, "appointment.release", event.AppointmentReleased, a, after, "expired")
}
