package account

import (
	"context"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// LockAllStaff keeps others from leaving.
func (t *Tx) LockAllStaff(ctx context.Context, group practice.ID) error {
	_, err := t.Exec(ctx, `UPDATE practice_group SET graphql_limit = graphql_limit WHERE practice_group_id = $1`, group)
	return err
}

// RolesInUse are the roles of staff who have signed in.
func (t *Tx) RolesInUse(ctx context.Context, group practice.ID, but account.StaffID) ([]string, error) {
	return store.List(ctx, t.Conn, `SELECT DISTINCT role FROM staff WHERE practice_group_id = $1 AND id <> $2
		AND deleted_at IS NULL AND verified_at IS NOT NULL ORDER BY role`, store.In{group, but},
		func(scan store.Scanner) (role string, err error) {
			err = scan(&role)
			return role, err
		})
}

// GivenTo counts the tasks and the episodes of a member of staff that are not closed.
func (t *Tx) GivenTo(ctx context.Context, group practice.ID, id account.StaffID) (g account.Given, err error) {
	if _, err = t.One(ctx, `SELECT count(*) FROM task WHERE practice_group_id = $1 AND assigned_to = $2
		AND COALESCE(assignee_type, 'Admin') = 'Admin' AND status <> 'closed' AND deleted_at IS NULL`,
		store.In{group, id}, &g.Tasks); err != nil {
		return g, err
	}
	_, err = t.One(ctx, `SELECT count(*) FROM episode_assignee a JOIN episode e
		ON e.practice_group_id = a.practice_group_id AND e.id = a.episode_id AND e.status <> 'closed'
		WHERE a.practice_group_id = $1 AND a.assignee_type = 'Admin' AND a.assignee_id = $2`, store.In{group, id},
		&g.Episodes)
	return g, err
}

// LockAhead gives what is held or booked with a member of staff.
func (t *Tx) LockAhead(
	ctx context.Context, group practice.ID, id account.StaffID, from time.Time,
) (account.Ahead, error) {
	var a account.Ahead
	if _, err := t.Exec(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1
		AND practitioner_id = $2`, group, id); err != nil {
		return a, err
	}
	_, err := t.One(ctx, `SELECT count(*), min(start_at) FROM appointment
		WHERE practice_group_id = $1 AND practitioner_id = $2 AND start_at > $3
			AND (state = 'booked' OR state = 'reserved' AND reserved_until > $3)`,
		store.In{group, id, from}, &a.Count, value.When(&a.First))
	return a, err
}
