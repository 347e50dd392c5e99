package demographics

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/patient"
)

// RefreshKind is the kind of the job that reads the national service again for the patients of one group.
const RefreshKind = "patient.refresh"

// refreshChunk is how many patients one job reads before it lets others run.
const refreshChunk = 100

// AskRefresh adds the group's job to read the national service again, if the group has switched that on.
func (s *Service) AskRefresh(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	upkeep, err := s.Upkeep(ctx, who.Group)
	if err != nil || !upkeep.On {
		return err
	}
	return s.askRefresh(ctx, who)
}

func (s *Service) askRefresh(ctx context.Context, who access.Caller) error {
	return s.Store.Do(ctx, func(tx Tx) error {
		return tx.Enqueue(ctx, job.Job{Group: int64(who.Group), Kind: RefreshKind, Key: "all"})
	})
}

// Refresh is the job: it reads the national service for patients who are coming
// soon, one after another, and asks for another job while there are more.
func (s *Service) Refresh(ctx context.Context, j job.Job) error {
	ctx = Background(access.With(ctx, access.System(access.GroupID(j.Group))))
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return err
	}
	upkeep, err := s.Upkeep(ctx, who.Group)
	if err != nil || !upkeep.On {
		return err
	}
	now := s.Now()
	due, err := s.Store.Due(ctx, who.Group, now, now.Add(upkeep.Ahead), now.Add(-upkeep.Every), refreshChunk)
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := s.RefreshPatient(ctx, id); err != nil {
			return err // the rest is still due when the job is tried again
		}
	}
	if len(due) == refreshChunk {
		return s.askRefresh(ctx, who)
	}
	return nil
}

// RefreshPatient reads the national service for one patient. A number it does not know, has withdrawn, or has with
// another birth date is marked so, and so is one that is not verified under that name and sex; nothing else is changed.
// Errors: patient.ErrNotFound, ErrNotSetUp, ErrDown.
func (s *Service) RefreshPatient(ctx context.Context, id patient.ID) error {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, id)
	if err != nil || p.NHSNumber == "" {
		return err
	}
	found, err := s.seek(ctx, who, sought{number: p.NHSNumber})
	now := s.Now().Truncate(time.Microsecond)
	switch {
	case errors.Is(err, ErrNumberInvalid):
		return nil // it is marked already
	case err != nil && fault.Of(err).Kind == fault.NotFound:
		return s.mark(ctx, who, p.NHSNumber, patient.NumberDisputed)
	case err != nil:
		return err
	case found.BirthDate != p.BirthDate || p.NumberStatus != patient.NumberVerified &&
		len(found.description().Differs(p, false)) > 0:
		return s.mark(ctx, who, p.NHSNumber, patient.NumberDisputed)
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		if found.NHSNumber != p.NHSNumber {
			if err := s.supersede(ctx, tx, who, p.NHSNumber, found, now); err != nil {
				return err
			}
		}
		before, err := patient.Lock(ctx, tx, who.Group, p.ID)
		if err != nil || before.NHSNumber != found.NHSNumber || before.BirthDate != found.BirthDate {
			return err // it is another patient's by now, or waits to be merged
		}
		return s.refresh(ctx, tx, who, before, found, sought{}, now)
	})
}
