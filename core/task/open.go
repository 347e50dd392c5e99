package task

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Open is the job that gives staff a task the program itself has found. It is unassigned until a member of staff takes
// it. One that says the same of the same patient, and is not closed, stands for it.
func (s *Service) Open(ctx context.Context, j job.Job) error {
	var asked job.Task
	if err := j.Read(&asked); err != nil {
		return err
	}
	who := access.System(access.GroupID(j.Group))
	now := s.Now().Truncate(time.Microsecond)
	t := Task{
		ID: ID(asked.ID), Patient: patient.ID(asked.Patient), Subject: asked.Subject, Comments: asked.Comments,
		Due: input.DateOf(now.UTC()), Kind: Kind(asked.About), Priority: High,
	}
	if t.Kind == "" {
		t.Kind = General
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		if _, err := tx.Task(ctx, who.Group, t.ID); !errors.Is(err, ErrNotFound) {
			return err // opened before
		}
		if t.Patient != 0 {
			id, err := tx.LockPatientAgainstMerge(ctx, who.Group, t.Patient)
			if err != nil && !errors.Is(err, patient.ErrNotFound) {
				return err
			}
			t.Patient = id // 0 when the patient has been deleted since
		}
		there, err := tx.TaskOpen(ctx, who.Group, t)
		if err != nil || there {
			return err
		}
		return Raise(ctx, tx, who, now, t)
	})
}

// opener is what opening a task needs.
type opener interface {
	// TaskOpen reports whether a task with the same patient, subject and comments waits to be done.
	TaskOpen(ctx context.Context, group practice.ID, t Task) (bool, error)
}
