package task

import (
	"context"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Query is what tasks to list. What is left empty does not narrow the list.
type Query struct {
	input.Listing
	Due        *input.Days // tasks without a date are not among them
	Kinds      []Kind
	Priorities []Priority
	Statuses   []Status
	// Assignee narrows to tasks of one member of staff, with WithTeams to those of their teams too, or to tasks of one
	// team. Unassigned narrows to unassigned tasks.
	Assignee   assignee.Ref
	WithTeams  bool
	Unassigned bool
	Patient    patient.ID
}

// Rows is a Query in the form the store takes: Limit rows after Offset. Member narrows to tasks of a member of staff
// and of their teams; 0 does not.
type Rows struct {
	Query
	Member        account.StaffID
	Offset, Limit int
}

// sight is who asks, and whose tasks they may see: all of them with the permission. A member of staff without it sees
// their own and those of their teams, and own is who that is.
func sight(ctx context.Context) (who access.Caller, own account.StaffID, err error) {
	who, err = access.Require(ctx, access.SeeTasks)
	if c, ok := access.From(ctx); ok && errors.Is(err, access.ErrPermission) && c.Staff != 0 && !c.Foreign() {
		return c, account.StaffID(c.Staff), nil
	}
	return who, 0, err
}

// Task finds one task, deleted or not. Error: ErrNotFound, for one that the caller may not see too.
func (s *Service) Task(ctx context.Context, id ID) (Task, error) {
	who, own, err := sight(ctx)
	if err != nil {
		return Task{}, err
	}
	found, err := s.Store.Task(ctx, who.Group, id)
	if err == nil && own != 0 {
		err = s.theirs(ctx, who.Group, found.Assignee, own)
	}
	if err != nil {
		return Task{}, err
	}
	audit.Seen(ctx, found)
	return found, nil
}

// theirs makes sure that what an assignee has is a member's, or a team's that the member is in. Error: ErrNotFound.
func (s *Service) theirs(ctx context.Context, group practice.ID, of assignee.Ref, member account.StaffID) error {
	if of.IsZero() {
		return ErrNotFound
	}
	if of == assignee.ToStaff(member) {
		return nil
	}
	in, err := s.Store.InTeam(ctx, group, of.Team(), member)
	if err == nil && !in {
		err = ErrNotFound
	}
	return err
}

// Tasks lists tasks, and whether more follow the page. Those asked for by when they were made or changed come in that
// order, others in the order of their ids.
func (s *Service) Tasks(ctx context.Context, q Query) (found []Task, more bool, err error) {
	who, rows, none, err := s.rows(ctx, q)
	if err != nil || none {
		return nil, false, err
	}
	size := rows.Limit
	rows.Limit++
	found, err = s.Store.Tasks(ctx, who.Group, rows)
	more = len(found) > size
	found = found[:min(len(found), size)]
	audit.Seen(ctx, found...)
	return found, more, err
}

// Count says how many tasks match on all pages, counted up as input.CountTo says.
func (s *Service) Count(ctx context.Context, q Query) (int, error) {
	who, rows, none, err := s.rows(ctx, q)
	if err != nil || none {
		return 0, err
	}
	rows.Limit, rows.Offset = input.CountTo(rows.Offset, rows.Limit), 0
	return s.Store.TaskCount(ctx, who.Group, rows)
}

// rows checks what is asked for, and gives the rows that are; none says that there can be none.
func (s *Service) rows(ctx context.Context, q Query) (who access.Caller, out Rows, none bool, err error) {
	who, own, err := sight(ctx)
	if err != nil {
		return who, out, false, err
	}
	out, err = q.check()
	if err != nil {
		return who, out, false, err
	}
	switch member := account.StaffID(q.Assignee.Staff()); {
	case member != 0 && q.WithTeams && (own == 0 || own == member):
		out.Member, out.Assignee = member, assignee.Ref{}
	case own != 0:
		out.Member = own
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &out.Patient); err != nil || none {
		return who, out, true, err
	}
	return who, out, false, nil
}

// check checks a query, and gives the rows of its page.
func (q Query) check() (Rows, error) {
	var in input.Checks
	offset, size := in.Window(q.Page)
	for _, k := range q.Kinds {
		input.Choice(&in, "kind", k, Kinds)
	}
	for _, p := range q.Priorities {
		input.Choice(&in, "priority", p, Priorities)
	}
	for _, st := range q.Statuses {
		input.Choice(&in, "status", st, Statuses)
	}
	return Rows{Query: q, Offset: offset, Limit: size}, in.Err()
}
