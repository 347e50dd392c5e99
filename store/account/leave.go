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
