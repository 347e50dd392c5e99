// Package assignee keeps to whom work is given, in two columns: assignee_id and, after it, assignee_type. Either is
// NULL for none; rows from before there were teams have no type, and name members of staff.
package assignee

import (
	"context"
	"database/sql"

	"frontdesk/core/access"
	"frontdesk/core/assignee"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Kind reads the second column, once the id of the same assignee was read.
func Kind(r *assignee.Ref) sql.Scanner { return kind{r} }

type kind struct{ r *assignee.Ref }

// Scan implements sql.Scanner.
func (k kind) Scan(src any) error {
	var word string
	if err := value.Text(&word).Scan(src); err != nil {
		return err
	}
	switch {
	case k.r.ID == 0:
		word = ""
	case word == "":
		word = string(assignee.Admin)
	}
	k.r.Kind = assignee.Kind(word)
	return nil
}

// KindOf sends the second column.
func KindOf(r assignee.Ref) any { return value.OptText(string(r.Kind)) }

// Tx finds assignees in a transaction of another area.
type Tx struct{ store.Conn }

// On is its statements in a transaction.
func On(c store.Conn) Tx { return Tx{c} }

// WorkOf counts the tasks and the episodes of an assignee that are not closed.
func (t Tx) WorkOf(ctx context.Context, group access.GroupID, r assignee.Ref) (w assignee.Work, err error) {
	if _, err = t.One(ctx, `SELECT count(*) FROM task WHERE practice_group_id = $1 AND assigned_to = $2
		AND COALESCE(assignee_type, 'Admin') = $3 AND status <> 'closed' AND deleted_at IS NULL`,
		store.In{group, r.ID, r.Kind}, &w.Tasks); err != nil {
		return w, err
	}
	_, err = t.One(ctx, `SELECT count(*) FROM episode_assignee a JOIN episode e
		ON e.practice_group_id = a.practice_group_id AND e.id = a.episode_id AND e.status <> 'closed'
		WHERE a.practice_group_id = $1 AND a.assignee_id = $2 AND a.assignee_type = $3`,
		store.In{group, r.ID, r.Kind}, &w.Episodes)
	return w, err
}

// Assignable reports whether an assignee is there. A team is locked.
func (t Tx) Assignable(ctx context.Context, group access.GroupID, r assignee.Ref) (bool, error) {
	switch r.Kind {
	case assignee.Team:
		n, err := t.Exec(ctx, `UPDATE admin_team SET version = version
			WHERE practice_group_id = $1 AND id = $2 AND archived_at IS NULL`, group, r.ID)
		return n > 0, err
	case assignee.Admin:
		var id int64
		return t.One(ctx, `SELECT id FROM staff WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`,
			store.In{group, r.ID}, &id)
	}
	return false, nil
}
