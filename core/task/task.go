// Package task is what members of staff have to do.
//
//	task.go  the task: made, changed, deleted
//	raise.go a task that something that happened made necessary
//	list.go  tasks found and listed
//	open.go  tasks the program itself gives to staff
package task

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// ID names a task within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Kind is what kind of work a task is; empty where none was given.
type Kind string

// The kinds.
const (
	General      Kind = "general"
	Call         Kind = "call"
	Booking      Kind = "booking"
	Lab          Kind = "lab"
	Letter       Kind = "letter"
	Prescription Kind = "prescription"
	Referral     Kind = "referral"
	Billing      Kind = "billing"
)

// Kinds are all the kinds.
var Kinds = []Kind{"", General, Call, Booking, Lab, Letter, Prescription, Referral, Billing}

// Priority is how urgent a task is.
type Priority string

// The priorities. The GraphQL API has no words for the first and the last but one: there Highest shows as High, and
// Lowest as Low.
const (
	Highest Priority = "highest"
	High    Priority = "high"
	Medium  Priority = "medium"
	Low     Priority = "low"
	Lowest  Priority = "lowest"
	Unset   Priority = "unset" // not given
)

// Priorities are all the priorities.
var Priorities = []Priority{Highest, High, Medium, Low, Lowest, Unset}

// Plain is the priority as high, medium, low or unset.
func (p Priority) Plain() Priority {
	switch p {
	case Highest:
		return High
	case Lowest:
		return Low
	}
	return p
}

// ShownAs are the priorities that are one of high, medium, low and unset.
func ShownAs(plain Priority) (out []Priority) {
	for _, p := range Priorities {
		if p.Plain() == plain {
			out = append(out, p)
		}
	}
	return out
}

// Status is how far a task is. Any can follow any: what was closed can be opened again.
type Status string

// The states.
const (
	Open       Status = "open"
	Processing Status = "processing"
	Closed     Status = "closed"
)

// Statuses are all the states.
var Statuses = []Status{Open, Processing, Closed}

// Task is one thing to do.
type Task struct {
	ID ID `json:"id"`
	// Patient is the patient it is about; 0 is none.
	Patient patient.ID `json:"patient_id,omitempty"`
	// Assignee is whose task it is: any member of staff, by the id that those patients are booked with have too, or a
	// team.
	Assignee assignee.Ref `json:"assigned_to,omitzero"`
	Subject  string       `json:"subject"`
	Comments string       `json:"comments"`
	Due      input.Date   `json:"due"`
	Kind     Kind         `json:"kind"`
	Priority Priority     `json:"priority"`
	Status   Status       `json:"status"`
	// Who made it and who changed it last: a member of staff, or 0, and the name of the member of staff or of the
	// program.
	CreatedBy     practice.PractitionerID `json:"created_by,omitempty"`
	CreatedByName string                  `json:"created_by_name"`
	UpdatedBy     practice.PractitionerID `json:"updated_by,omitempty"`
	UpdatedByName string                  `json:"updated_by_name"`
	// AssignedAt is when it was given to whose it is.
	AssignedAt time.Time `json:"assigned_at"`
	DeletedAt  time.Time `json:"deleted_at,omitzero"`
	// Version counts the changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (t Task) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "task", ID: int64(t.ID), Patient: int64(t.Patient)}
}

// Deleted reports whether the task was deleted.
func (t Task) Deleted() bool { return !t.DeletedAt.IsZero() }

// The faults of task.
var (
	ErrNotFound = fault.New(fault.NotFound, "task_not_found", "This practice group has no such task.")
	ErrDeleted  = fault.New(fault.Conflict, "task_deleted", "This task has been deleted.")
)

// Reader is what task reads.
type Reader interface {
	// Task finds a task, deleted ones too, or returns ErrNotFound.
	Task(ctx context.Context, group practice.ID, id ID) (Task, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Store is what task needs remembered.
type Store interface {
	Reader
	// Tasks lists tasks. Those asked for by when they were made or changed come in that order, others in the order of
	// their ids.
	Tasks(ctx context.Context, group practice.ID, q Rows) ([]Task, error)
	// TaskCount counts them, up to the limit.
	TaskCount(ctx context.Context, group practice.ID, q Rows) (int, error)
	// InTeam reports whether a member of staff is in a team.
	InTeam(ctx context.Context, group practice.ID, team int64, member account.StaffID) (bool, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	assignee.Finder
	// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged away, or returns
	// patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// LockTask keeps others from changing the task until the end of the transaction, and finds it, or returns
	// ErrNotFound.
	LockTask(ctx context.Context, group practice.ID, id ID) (Task, error)
	// SaveTask keeps a new or a changed task.
	SaveTask(ctx context.Context, group practice.ID, t Task) error
	assignee.Finder
	opener
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the task capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Change is what to set of a task; nil leaves a thing as it is.
type Change struct {
	Subject, Comments *string
	Due               *input.Date // NoDate takes it away
	Kind              *Kind
	Priority          *Priority
	// Plain is a priority of those who know high, medium, low and unset: one that shows as it already stays.
	Plain    *Priority
	Status   *Status
	Patient  *patient.ID   // 0 takes it away
	Assignee *assignee.Ref // the zero value takes it away
}

func (c Change) apply(t *Task) error {
	input.Set(&t.Subject, c.Subject)
	input.Set(&t.Comments, c.Comments)
	input.Set(&t.Due, c.Due)
	input.Set(&t.Kind, c.Kind)
	input.Set(&t.Priority, c.Priority)
	if c.Plain != nil && t.Priority.Plain() != *c.Plain {
		t.Priority = *c.Plain
	}
	input.Set(&t.Status, c.Status)
	input.Set(&t.Patient, c.Patient)
	input.Set(&t.Assignee, c.Assignee)
	var in input.Checks
	t.Subject = in.Required("subject", t.Subject, 500)
	t.Comments = in.Lines("comments", t.Comments, 10_000)
	t.Due = in.Day("due", t.Due)
	t.Kind = input.Choice(&in, "kind", t.Kind, Kinds)
	t.Priority = input.Choice(&in, "priority", t.Priority, Priorities)
	t.Status = input.Choice(&in, "status", t.Status, Statuses)
	return in.Err()
}

var tasks = write.Kind[Tx, ID, Task]{Needs: access.EditTasks, Lock: Tx.LockTask, Save: Tx.SaveTask}

// Create makes a task, unassigned when no assignee is given. Errors: field faults, assignee.ErrNotFound,
// patient.ErrNotFound.
func (s *Service) Create(ctx context.Context, c Change) (Task, error) {
	id := ID(s.NewID())
	return tasks.Add(ctx, s.Now, s.Store.Do, "task.create", id, func(e write.Edit[Tx], t *Task) error {
		by, name := practice.Member(e.Who), e.Who.Name()
		*t = Task{ID: id, Due: input.NoDate, Priority: Unset, Status: Open, AssignedAt: e.Now, Version: 1,
			CreatedAt: e.Now, UpdatedAt: e.Now, CreatedBy: by, CreatedByName: name, UpdatedBy: by, UpdatedByName: name}
		if err := c.apply(t); err != nil {
			return err
		}
		return named(ctx, e.Tx, e.Group(), t, Task{})
	})
}

// named makes sure that those a task names anew are there.
func named(ctx context.Context, tx Tx, group practice.ID, t *Task, before Task) error {
	if t.Patient != 0 && t.Patient != before.Patient {
		id, err := tx.LockPatientAgainstMerge(ctx, group, t.Patient)
		if err != nil {
			return err
		}
		t.Patient = id
	}
	if t.Assignee == before.Assignee && before.Status == Closed && t.Status != Closed {
		to, err := assignee.IfThere(ctx, tx, group, t.Assignee) // who may have left while it was closed
		t.Assignee = to
		return err
	}
	if t.Assignee == before.Assignee || t.Assignee.IsZero() {
		return nil
	}
	return assignee.Check(ctx, tx, group, t.Assignee)
}

// Update changes a task. Errors: as Create, and ErrNotFound, ErrDeleted.
func (s *Service) Update(ctx context.Context, id ID, c Change) (Task, error) {
	return s.change(ctx, id, "task.update", c.apply)
}

const deleting = "task.delete"

// Delete deletes a task: it is kept, but can no longer be changed. Deleting it again changes nothing. Error:
// ErrNotFound.
func (s *Service) Delete(ctx context.Context, id ID) (Task, error) {
	return s.change(ctx, id, deleting, func(*Task) error { return nil })
}

func (s *Service) change(ctx context.Context, id ID, action string, fn func(*Task) error) (Task, error) {
	return tasks.Change(ctx, s.Now, s.Store.Do, action, id, func(e write.Edit[Tx], t *Task) error {
		before := *t
		switch {
		case before.Deleted() && action == deleting:
			return write.ErrSame
		case before.Deleted():
			return ErrDeleted
		case action == deleting:
			t.DeletedAt = e.Now
		}
		if err := fn(t); err != nil {
			return err
		}
		if err := named(ctx, e.Tx, e.Group(), t, before); err != nil {
			return err
		}
		if t.Assignee != before.Assignee {
			t.AssignedAt = e.Now
		}
		t.Version, t.UpdatedAt = before.Version+1, e.Now
		t.UpdatedBy, t.UpdatedByName = practice.Member(e.Who), e.Who.Name()
		return nil
	})
}
