package task

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const taskColumns = `id, patient_id, assigned_to, assignee_type, subject, comments, due, kind, priority, status,
	created_by, created_by_name, updated_by, updated_by_name,
	assigned_at, deleted_at, version, created_at, updated_at`

func scanTask(scan store.Scanner) (task.Task, error) {
	var t task.Task
	err := scan(&t.ID, value.Num(&t.Patient), &t.Assignee.ID, assigneestore.Kind(&t.Assignee), &t.Subject,
		&t.Comments, value.Day(&t.Due), &t.Kind, &t.Priority, &t.Status,
		value.Num(&t.CreatedBy), &t.CreatedByName, value.Num(&t.UpdatedBy),
		&t.UpdatedByName, value.When(&t.AssignedAt), value.When(&t.DeletedAt),
		&t.Version, value.When(&t.CreatedAt), value.When(&t.UpdatedAt))
	return t, err
}

const oneTask = `SELECT ` + taskColumns + ` FROM task WHERE practice_group_id = $1 AND id = $2`

// Task finds a task.
func (t *Tx) Task(ctx context.Context, group practice.ID, id task.ID) (task.Task, error) {
	return store.Find(ctx, t.Conn, task.ErrNotFound, oneTask, store.In{group, id}, scanTask)
}

// LockTask keeps others from changing the task, and reads it.
func (t *Tx) LockTask(ctx context.Context, group practice.ID, id task.ID) (task.Task, error) {
	if _, err := t.Exec(ctx, `UPDATE task SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return task.Task{}, err
	}
	return t.Task(ctx, group, id)
}

const (
	// asked is what is asked of tasks: $19 is a kind of assignee, $20 a member of staff whose tasks and whose teams'
	// they are, and $21 whether they are unassigned.
	asked = ` FROM task WHERE practice_group_id = $1` + listing.Asked + `
		AND (CAST($11 AS text) = '' OR CAST($11 AS text) LIKE '%,' || kind || ',%') AND (CAST($12 AS text) = ''
		OR CAST($12 AS text) LIKE '%,' || priority || ',%')
		AND (CAST($13 AS text) = '' OR CAST($13 AS text) LIKE '%,' || status || ',%')
		AND (CAST($14 AS bigint) = 0 OR assigned_to = $14) AND (CAST($15 AS bigint) = 0 OR patient_id = $15)
		AND (CAST($16 AS bigint) = 0 OR due <> '' AND due >= $17 AND due <= $18)
		AND (CAST($19 AS text) = '' OR COALESCE(assignee_type, 'Admin') = $19)
		AND (CAST($20 AS bigint) = 0` + ` OR assigned_to IN ` + theirs + `)
		AND (CAST($21 AS bigint) = 0 OR assigned_to = 0)`
	theirs = `(SELECT CAST($20 AS bigint) UNION ALL SELECT team_id FROM admin_team_member
		WHERE practice_group_id = $1 AND staff_id = $20)`
	someTasks       = `SELECT ` + taskColumns + asked
	tasksOfMember   = someTasks + ` AND assigned_to IN ` + theirs + listing.InOrderOfIDs
	tasksOfNone     = someTasks + ` AND assigned_to = 0` + listing.InOrderOfIDs
	tasksOfAssignee = someTasks + ` AND assigned_to = $14` + listing.InOrderOfIDs
	tasksOfPatient  = someTasks + ` AND patient_id = $15` + listing.InOrderOfIDs
)

var taskOrders = listing.Orders{ByID: someTasks + listing.InOrderOfIDs, Made: someTasks + listing.InOrderMade,
	Updated: someTasks + listing.InOrderUpdated}

// arguments are those of a list of tasks.
func arguments(group practice.ID, q task.Rows) store.In {
	args := listing.Arguments(group, q.Listing, q.Limit, int64(q.Offset), listing.OneOf(q.Kinds),
		listing.OneOf(q.Priorities), listing.OneOf(q.Statuses), q.Assignee.ID, int64(q.Patient))
	none := int64(0)
	if q.Unassigned {
		none = 1
	}
	return append(append(args, listing.Days(q.Due)...), string(q.Assignee.Kind), int64(q.Member), none)
}

// Tasks lists tasks.
func (t *Tx) Tasks(ctx context.Context, group practice.ID, q task.Rows) ([]task.Task, error) {
	text := taskOrders.Of(q.Listing)
	if text == taskOrders.ByID {
		switch {
		case q.Patient != 0:
			text = tasksOfPatient
		case q.Assignee.ID != 0:
			text = tasksOfAssignee
		case q.Member != 0:
			text = tasksOfMember
		case q.Unassigned:
			text = tasksOfNone
		}
	}
	return store.ReadPage(ctx, t.Conn, text, arguments(group, q), scanTask,
		func(v task.Task) store.Columns {
			return store.Columns{"id": v.ID, "created_at": v.CreatedAt, "updated_at": v.UpdatedAt}
		})
}

const countTasks = `SELECT count(*) FROM (SELECT 1` + asked

// TaskCount counts tasks.
func (t *Tx) TaskCount(ctx context.Context, group practice.ID, q task.Rows) (n int, err error) {
	text := countTasks + ` LIMIT $9 OFFSET $10) AS matches`
	switch {
	case q.Patient != 0:
		text = countTasks + ` AND patient_id = $15 LIMIT $9 OFFSET $10) AS matches`
	case q.Assignee.ID != 0:
		text = countTasks + ` AND assigned_to = $14 LIMIT $9 OFFSET $10) AS matches`
	case q.Member != 0:
		text = countTasks + ` AND assigned_to IN ` + theirs + ` LIMIT $9 OFFSET $10) AS matches`
	case q.Unassigned:
		text = countTasks + ` AND assigned_to = 0 LIMIT $9 OFFSET $10) AS matches`
	}
	_, err = t.One(ctx, text, arguments(group, q), &n)
	return n, err
}

// InTeam reports whether a member of staff is in a team.
func (t *Tx) InTeam(ctx context.Context, group practice.ID, team int64, member account.StaffID) (bool, error) {
	var id int64
	return t.One(ctx, `SELECT staff_id FROM admin_team_member WHERE practice_group_id = $1 AND team_id = $2
		AND staff_id = $3`, store.In{group, team, member}, &id)
}

// TaskOpen reports whether a task like this one waits to be done.
func (t *Tx) TaskOpen(ctx context.Context, group practice.ID, v task.Task) (bool, error) {
	var one int64
	if v.Patient == 0 {
		return false, nil
	}
	return t.One(ctx,
		`SELECT 1 FROM task WHERE practice_group_id = $1 AND patient_id = $2 AND subject = $3 AND comments = $4
		AND status <> 'closed' AND deleted_at IS NULL LIMIT 1`, store.In{group, v.Patient, v.Subject, v.Comments}, &one)
}

// SaveTask keeps a task.
func (t *Tx) SaveTask(ctx context.Context, group practice.ID, v task.Task) error {
	_, err := t.Exec(ctx, `INSERT INTO task (`+taskColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET patient_id = $2, assigned_to = $3, assignee_type = $4,
			subject = $5, comments = $6, due = $7, kind = $8, priority = $9, status = $10, updated_by = $13,
			updated_by_name = $14, assigned_at = $15, deleted_at = $16, version = $17, updated_at = $19`,
		v.ID, value.Opt(v.Patient), v.Assignee.ID, assigneestore.KindOf(v.Assignee), v.Subject, v.Comments,
		v.Due.String(), v.Kind, v.Priority, v.Status,
		value.Opt(v.CreatedBy), v.CreatedByName,
		value.Opt(v.UpdatedBy), v.UpdatedByName, v.AssignedAt, value.At(v.DeletedAt), v.Version, v.CreatedAt,
		v.UpdatedAt, group)
	return err
}
