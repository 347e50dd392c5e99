package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/account"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func taskOf(t task.Task) *gql.Task {
	return &gql.Task{
		ID: encode(kindTask, t.ID), PatientID: idOrNull(kindPatient, t.Patient), AssignedToUserID: idOrNull(kindUser, t.Assignee),
		Subject: text(t.Subject),
		DueDate: on(t.Due), TaskType: text(string(t.Kind)), Priority: text(string(t.Priority)), Comments: text(t.Comments),
		CreatedByUserID: idOrNull(kindUser, t.CreatedBy), CreatedByName: text(t.CreatedByName),
		LastUpdatedByUserID: idOrNull(kindUser, t.UpdatedBy),
		LastUpdatedByName:   text(t.UpdatedByName), CreatedAt: scalar.Of(t.CreatedAt), UpdatedAt: scalar.Of(t.UpdatedAt),
		AssignedAt: scalar.Of(t.AssignedAt),
		Status:     text(string(t.Status)), Deleted: new(t.Deleted()),
	}
}

// Task finds one task, deleted or not.
func (q query) Task(ctx context.Context, id string) (*gql.Task, error) {
	n, err := known[task.ID](kindTask, id)
	if err != nil {
		return nil, err
	}
	t, err := q.core.Task.Task(ctx, n)
	return absent(taskOf(t), err, task.ErrNotFound)
}

// Tasks lists tasks.
func (q query) Tasks(ctx context.Context, pagination *gql.Pagination, o *gql.TaskQueryOptions) (*gql.TaskData, error) {
	if o == nil {
		o = &gql.TaskQueryOptions{}
	}
	p, l, err := q.narrowed(ctx, pagination, o.IncludeDeleted.Value(), o.CreatedAt.Value(), o.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	ask := task.Query{
		Listing: l, Kinds: words[task.Kind](o.TaskType.Value()), Priorities: words[task.Priority](o.Priority.Value()),
		Statuses: words[task.Status](o.Status.Value()),
	}
	if r := o.DueDate.Value(); r != nil {
		due, err := days(r)
		if err != nil {
			return nil, err
		}
		if due.From != input.NoDate || due.Until != input.NoDate {
			ask.Due = &due
		}
	}
	if s := word(o.AssignedTo); s != "" {
		if ask.Assignee, err = some[practice.PractitionerID](kindUser, s); err != nil {
			return nil, err
		}
	}
	if s := word(o.Patient); s != "" {
		if ask.Patient, err = some[patient.ID](kindPatient, s); err != nil {
			return nil, err
		}
	}
	all, more, err := q.core.Task.Tasks(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.TaskData{Data: mapped(all, taskOf), PageInfo: p.info(more)}, nil
}

// words are values of an enumeration as core has them.
func words[T, E ~string](all []*E) []T {
	var out []T
	for _, v := range all {
		if v != nil {
			out = append(out, T(*v))
		}
	}
	return out
}

// Patient is whom a task is about.
func (f taskFields) Patient(ctx context.Context, obj *gql.Task) (*gql.Patient, error) {
	return f.patientByID(ctx, ourID[patient.ID](obj.PatientID))
}

// PatientName is the name of whom a task is about.
func (f taskFields) PatientName(ctx context.Context, obj *gql.Task) (*string, error) {
	p, err := f.Patient(ctx, obj)
	if err != nil || p == nil {
		return nil, err
	}
	return p.FullName, nil
}

// AssignedToUser is whose task it is.
func (f taskFields) AssignedToUser(ctx context.Context, obj *gql.Task) (*gql.User, error) {
	return f.userByID(ctx, ourID[account.StaffID](obj.AssignedToUserID))
}

// AssignedToUserName is the name of whose task it is.
func (f taskFields) AssignedToUserName(ctx context.Context, obj *gql.Task) (*string, error) {
	u, err := f.AssignedToUser(ctx, obj)
	if err != nil || u == nil {
		return nil, err
	}
	return &u.FullName, nil
}

// CreatedBy is who made a task; null when a program did.
func (f taskFields) CreatedBy(ctx context.Context, obj *gql.Task) (*gql.User, error) {
	return f.userByID(ctx, ourID[account.StaffID](obj.CreatedByUserID))
}

// LastUpdatedBy is who changed a task last; null when a program did.
func (f taskFields) LastUpdatedBy(ctx context.Context, obj *gql.Task) (*gql.User, error) {
	return f.userByID(ctx, ourID[account.StaffID](obj.LastUpdatedByUserID))
}

// CreateTask gives somebody a task.
func (m mutation) CreateTask(ctx context.Context, in gql.CreateTaskDataInput) (*gql.TaskResponsePayload, error) {
	ch, err := taskChange(gql.UpdateTaskDataInput{
		Subject: graphql.OmittableOf(&in.Subject), AssignedTo: graphql.OmittableOf(&in.AssignedTo), Comments: in.Comments,
		Patient: in.Patient,
		DueDate: in.DueDate, TaskType: in.TaskType, Priority: in.Priority, Status: in.Status,
	})
	if err != nil {
		return nil, err
	}
	t, err := m.core.Task.Create(ctx, ch)
	return &gql.TaskResponsePayload{Data: taskOf(t)}, err
}

// UpdateTask changes a task.
func (m mutation) UpdateTask(
	ctx context.Context, id string, in gql.UpdateTaskDataInput,
) (*gql.TaskResponsePayload, error) {
	n, err := known[task.ID](kindTask, id)
	if err != nil {
		return nil, err
	}
	ch, err := taskChange(in)
	if err != nil {
		return nil, err
	}
	t, err := m.core.Task.Update(ctx, n, ch)
	return &gql.TaskResponsePayload{Data: taskOf(t)}, err
}

// taskChange reads an input. A task is always somebody's and always has a state.
func taskChange(in gql.UpdateTaskDataInput) (ch task.Change, err error) {
	ch = task.Change{Subject: change(in.Subject), Comments: change(in.Comments)}
	if v, set := in.DueDate.ValueOK(); set {
		ch.Due = new(dateOf(v))
	}
	if v, set := in.TaskType.ValueOK(); set {
		ch.Kind = new(task.Kind(deref(v)))
	}
	if v, set := in.Priority.ValueOK(); set {
		ch.Priority = new(task.Unset)
		if v != nil {
			ch.Priority = new(task.Priority(*v))
		}
	}
	if v := in.Status.Value(); v != nil {
		ch.Status = new(task.Status(*v))
	}
	if v := in.AssignedTo.Value(); v != nil {
		if ch.Assignee, err = someOrNone[practice.PractitionerID](kindUser, v, true); err != nil {
			return ch, err
		}
	}
	v, set := in.Patient.ValueOK()
	ch.Patient, err = someOrNone[patient.ID](kindPatient, v, set)
	return ch, err
}
