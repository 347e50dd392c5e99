package task

import (
	"context"

	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
)

var tasksAmong = store.Among(
	`SELECT `+taskColumns+` FROM task WHERE practice_group_id = $1 AND id IN `+store.Few2,
	`SELECT `+taskColumns+` FROM task WHERE practice_group_id = $1 AND id IN `+store.Many2)

// TasksAmong finds tasks by id, in no order; those the group lacks are left out.
func (t *Tx) TasksAmong(ctx context.Context, group practice.ID, ids []task.ID) ([]task.Task, error) {
	return store.ListAmong(ctx, t.Conn, tasksAmong, store.In{group}, ids, scanTask)
}
