package task

import (
	"context"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// Query is what tasks to list. What is left empty does not narrow the list.
type Query struct {
	input.Listing
	Due        *input.Days // tasks without a date are not among them
	Kinds      []Kind
	Priorities []Priority
	Statuses   []Status
	Assignee   practice.PractitionerID
	Patient    patient.ID
}

// Rows is a Query in the form the store takes: Limit rows after Offset.
type Rows struct {
	Query
	Offset, Limit int
}

// Task finds one task, deleted or not. Error: ErrNotFound.
func (s *Service) Task(ctx context.Context, id ID) (Task, error) {
	return read.One(ctx, access.SeeTasks, id, s.Store.Task)
}

// Tasks lists tasks, and whether more follow the page. Those asked for by when they were made or changed come in that
// order, others in the order of their ids.
func (s *Service) Tasks(ctx context.Context, q Query) (found []Task, more bool, err error) {
	who, err := access.Require(ctx, access.SeeTasks)
	if err != nil {
		return nil, false, err
	}
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
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	if q.Patient != 0 {
		p, err := patient.Current(ctx, s.Store, who.Group, q.Patient)
		if errors.Is(err, patient.ErrNotFound) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		q.Patient = p.ID
	}
	found, err = s.Store.Tasks(ctx, who.Group, Rows{q, offset, size + 1})
	more = len(found) > size
	found = found[:min(len(found), size)]
	audit.Seen(ctx, found...)
	return found, more, err
}
