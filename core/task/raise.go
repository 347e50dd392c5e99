package task

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
)

// Raiser is what keeps a task in the transaction of what made it necessary.
type Raiser interface {
	SaveTask(ctx context.Context, group practice.ID, t Task) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Raise gives a member of staff or a team a task that something that happened made necessary. The caller has made sure
// of the patient and the assignee.
func Raise(ctx context.Context, tx Raiser, who access.Caller, now time.Time, t Task) error {
	t.Status, t.AssignedAt, t.Version, t.CreatedAt, t.UpdatedAt = Open, now, 1, now, now
	t.CreatedBy, t.CreatedByName = practice.Member(who), who.Name()
	t.UpdatedBy, t.UpdatedByName = t.CreatedBy, t.CreatedByName
	if err := tx.SaveTask(ctx, who.Group, t); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, "task.raise", "task", int64(t.ID), nil, t))
}
