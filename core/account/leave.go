package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
)

// The faults of taking a member of staff away.
var (
	ErrOwnAccount = fault.New(fault.Conflict, "user_is_caller", "You cannot delete yourself.")
	ErrLastEditor = fault.New(fault.Conflict, "last_user_editor",
		"No other user who has signed in may edit users. Give another user such a role first.")
	// ErrExpected is returned for a member of staff whom patients are booked with.
	ErrExpected = fault.New(fault.Conflict, "user_has_appointments",
		"This user has appointments from now on. Move or cancel them first.")
	// ErrGiven is returned for a member of staff who still has something to do, which others would not find.
	ErrGiven = fault.New(fault.Conflict, "user_has_work",
		"This user has tasks or episodes that are not closed. Give them to others, or close them, first.")
)

// Ahead are the appointments of a member of staff that are still to come.
type Ahead struct {
	Count int
	First time.Time
}

// LeaveTx is a Store inside the transaction in which a member of staff leaves.
type LeaveTx interface {
	// LockAllStaff keeps others from leaving until the end of the transaction.
	LockAllStaff(ctx context.Context, group practice.ID) error
	LockStaff(ctx context.Context, group practice.ID, id StaffID) error
	Staff(ctx context.Context, group practice.ID, ids []StaffID) ([]Staff, error)
	// RolesInUse are the roles of members of staff who have signed in and have not left, but for one of them.
	RolesInUse(ctx context.Context, group practice.ID, but StaffID) ([]string, error)
	// LockAhead keeps others from booking patients with a member of staff, and gives what is held or booked with
	// them and is not over.
	LockAhead(ctx context.Context, group practice.ID, id StaffID, from time.Time) (Ahead, error)
	// WorkOf counts what an assignee has still to do.
	WorkOf(ctx context.Context, group practice.ID, r assignee.Ref) (assignee.Work, error)
	SaveStaff(ctx context.Context, group practice.ID, s Staff) error
	EndSessions(ctx context.Context, group practice.ID, id StaffID, at time.Time) (int, error)
	EndInvitations(ctx context.Context, group practice.ID, id StaffID, at time.Time) (bool, error)
	Audit(ctx context.Context, e audit.Entry) error
}

// Delete takes a member of staff away: their sessions and an invitation end at once, and no one can be booked with them
// any more. What they did, and their diary, stay. Deleting one again changes nothing. Errors: ErrNotFound,
// ErrOwnAccount, ErrLastEditor, ErrExpected, ErrGiven.
func (s *Service) Delete(ctx context.Context, id StaffID) (Staff, error) {
	who, err := access.Require(ctx, access.EditUsers)
	if err != nil {
		return Staff{}, err
	}
	if id != 0 && who.Staff == int64(id) {
		return Staff{}, ErrOwnAccount
	}
	editors, err := s.Keys.RolesWith(ctx, who.Group, access.EditUsers)
	if err != nil {
		return Staff{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var after Staff
	err = s.Store.Leave(ctx, func(tx LeaveTx) error {
		after, err = leave(ctx, tx, who, id, editors, now)
		return err
	})
	return after, err
}

func leave(ctx context.Context, tx LeaveTx, who access.Caller, id StaffID, editors []string, now time.Time,
) (Staff, error) {
	if err := tx.LockAllStaff(ctx, who.Group); err != nil {
		return Staff{}, err
	}
	if err := tx.LockStaff(ctx, who.Group, id); err != nil {
		return Staff{}, err
	}
	all, err := tx.Staff(ctx, who.Group, []StaffID{id})
	if err != nil {
		return Staff{}, err
	}
	if len(all) == 0 {
		return Staff{}, ErrNotFound
	}
	before := all[0]
	if !before.DeletedAt.IsZero() {
		return before, nil
	}
	if err := canLeave(ctx, tx, who, before, editors, now); err != nil {
		return Staff{}, err
	}
	after := before
	after.DeletedAt, after.UpdatedAt, after.Version, after.PasswordHash = now, now, before.Version+1, ""
	if err := tx.SaveStaff(ctx, who.Group, after); err != nil {
		return Staff{}, err
	}
	ended, err := tx.EndSessions(ctx, who.Group, id, now)
	if err != nil {
		return Staff{}, err
	}
	if ended > 0 {
		err := tx.Audit(ctx, who.Audit(now, "session.revoke", "user", int64(id), nil, map[string]int{"sessions": ended}))
		if err != nil {
			return Staff{}, err
		}
	}
	if _, err := tx.EndInvitations(ctx, who.Group, id, now); err != nil {
		return Staff{}, err
	}
	return after, tx.Audit(ctx, who.Audit(now, "user.delete", "user", int64(id), before, after))
}

// canLeave says why a member of staff cannot leave now.
func canLeave(ctx context.Context, tx LeaveTx, who access.Caller, s Staff, editors []string, now time.Time) error {
	if !s.VerifiedAt.IsZero() && slices.Contains(editors, s.Role) {
		left, err := tx.RolesInUse(ctx, who.Group, s.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(left, func(role string) bool { return slices.Contains(editors, role) }) {
			return ErrLastEditor
		}
	}
	given, err := tx.WorkOf(ctx, who.Group, assignee.ToStaff(s.ID))
	if err != nil {
		return err
	}
	if given != (assignee.Work{}) {
		return ErrGiven.Saying(fmt.Sprintf("This user has %d tasks and %d episodes that are not closed. Give them to "+
			"others, or close them, first.", given.Tasks, given.Episodes))
	}
	ahead, err := tx.LockAhead(ctx, who.Group, s.ID, now)
	if err != nil || ahead.Count == 0 {
		return err
	}
	return ErrExpected.Saying(fmt.Sprintf(
		"This user has appointments from now on: %d, the first of them at %s. Move or cancel them first.",
		ahead.Count, ahead.First.UTC().Format(time.RFC3339)))
}
