package store

import (
	"context"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
)

type taskStore struct {
	task.Reader
	tx *Tx
}

// Task is what task remembers.
func (db *DB) Task() task.Store { return taskStore{db.plain(), db.plain()} }

func (s taskStore) Do(ctx context.Context, fn func(task.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const taskColumns = `id, patient_id, assigned_to, subject, comments, due, kind, priority, status, created_by,
	created_by_name, updated_by, updated_by_name,
	assigned_at, deleted_at, version, created_at, updated_at`

func scanTask(scan scanner) (task.Task, error) {
	var t task.Task
	err := scan(&t.ID, num[patient.ID]{&t.Patient}, &t.Assignee, &t.Subject, &t.Comments, day{&t.Due}, &t.Kind,
		&t.Priority, &t.Status,
		num[practice.PractitionerID]{&t.CreatedBy}, &t.CreatedByName, num[practice.PractitionerID]{&t.UpdatedBy},
		&t.UpdatedByName, when{&t.AssignedAt}, when{&t.DeletedAt},
		&t.Version, when{&t.CreatedAt}, when{&t.UpdatedAt})
	return t, err
}

const oneTask = `SELECT ` + taskColumns + ` FROM task WHERE practice_group_id = $1 AND id = $2`

// Task finds a task.
func (t *Tx) Task(ctx context.Context, group practice.ID, id task.ID) (task.Task, error) {
	return find(ctx, t, task.ErrNotFound, oneTask, in{group, id}, scanTask)
}

// LockTask keeps others from changing the task, and reads it.
func (t *Tx) LockTask(ctx context.Context, group practice.ID, id task.ID) (task.Task, error) {
	if _, err := t.exec(ctx, `UPDATE task SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return task.Task{}, err
	}
	return t.Task(ctx, group, id)
}

const (
	someTasks = `SELECT ` + taskColumns + ` FROM task WHERE practice_group_id = $1` + Listed + `
		AND (CAST($11 AS text) = '' OR CAST($11 AS text) LIKE '%,' || kind || ',%') AND (CAST($12 AS text) = ''
		OR CAST($12 AS text) LIKE '%,' || priority || ',%')
		AND (CAST($13 AS text) = '' OR CAST($13 AS text) LIKE '%,' || status || ',%')
		AND (CAST($14 AS bigint) = 0 OR assigned_to = $14) AND (CAST($15 AS bigint) = 0 OR patient_id = $15)
		AND (CAST($16 AS bigint) = 0 OR due <> '' AND due >= $17 AND due <= $18)`
	tasksOfAssignee = someTasks + ` AND assigned_to = $14` + InOrderOfIDs
	tasksOfPatient  = someTasks + ` AND patient_id = $15` + InOrderOfIDs
)

var taskOrders = Orders{ByID: someTasks + InOrderOfIDs, Made: someTasks + InOrderMade, Told: someTasks + InOrderTold}

// Tasks lists tasks.
func (s taskStore) Tasks(ctx context.Context, group practice.ID, q task.Rows) ([]task.Task, error) {
	text := taskOrders.Of(q.Listing)
	if text == taskOrders.ByID {
		switch {
		case q.Patient != 0:
			text = tasksOfPatient
		case q.Assignee != 0:
			text = tasksOfAssignee
		}
	}
	args := Listing(group, q.Listing, q.Limit, int64(q.Offset), oneOf(q.Kinds), oneOf(q.Priorities), oneOf(q.Statuses),
		int64(q.Assignee), int64(q.Patient))
	return readPage(ctx, s.tx, text, append(args, Days(q.Due)...), scanTask, func(v task.Task) columns {
		return columns{"id": v.ID, "created_at": v.CreatedAt, "updated_at": v.UpdatedAt}
	})
}

// TaskOpen reports whether a task like this one waits to be done.
func (t *Tx) TaskOpen(ctx context.Context, group practice.ID, v task.Task) (bool, error) {
	var one int64
	if v.Patient == 0 {
		return false, nil
	}
	return t.one(ctx,
		`SELECT 1 FROM task WHERE practice_group_id = $1 AND patient_id = $2 AND subject = $3 AND comments = $4
		AND status <> 'closed' AND deleted_at IS NULL LIMIT 1`, in{group, v.Patient, v.Subject, v.Comments}, &one)
}

// SaveTask keeps a task.
func (t *Tx) SaveTask(ctx context.Context, group practice.ID, v task.Task) error {
	_, err := t.exec(ctx, `INSERT INTO task (`+taskColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET patient_id = $2, assigned_to = $3, subject = $4,
		comments = $5, due = $6, kind = $7, priority = $8,
			status = $9, updated_by = $12, updated_by_name = $13, assigned_at = $14, deleted_at = $15, version = $16,
			updated_at = $18`,
		v.ID, opt(v.Patient), v.Assignee, v.Subject, v.Comments, v.Due.String(), v.Kind, v.Priority, v.Status,
		opt(v.CreatedBy), v.CreatedByName,
		opt(v.UpdatedBy), v.UpdatedByName, v.AssignedAt, at(v.DeletedAt), v.Version, v.CreatedAt, v.UpdatedAt, group)
	return err
}
