package booking

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/task"
	"frontdesk/core/team"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func taskOf(t task.Task) *gql.Task {
	return &gql.Task{
		ID: wire.Encode(wire.KindTask, t.ID), PatientID: wire.IDOrNull(wire.KindPatient, t.Patient),
		AssignedToUserID: wire.IDOrNull(wire.KindUser, account.StaffID(t.Assignee.Staff())),
		AssignedToTeamID: wire.IDOrNull(wire.KindTeam, team.ID(t.Assignee.Team())),
		Subject:          wire.Text(t.Subject),
		DueDate:          wire.Date(t.Due), TaskType: wire.Text(string(t.Kind)),
		Priority: wire.Text(string(t.Priority.Plain())), Comments: wire.Text(t.Comments),
		CreatedByUserID: wire.IDOrNull(wire.KindUser, t.CreatedBy), CreatedByName: wire.Text(t.CreatedByName),
		LastUpdatedByUserID: wire.IDOrNull(wire.KindUser, t.UpdatedBy),
		LastUpdatedByName:   wire.Text(t.UpdatedByName), CreatedAt: scalar.Of(t.CreatedAt),
		UpdatedAt:  scalar.Of(t.UpdatedAt),
		AssignedAt: scalar.Of(t.AssignedAt),
		Status:     wire.Text(string(t.Status)), Deleted: new(t.Deleted()),
	}
}

// Task finds one task, deleted or not.
func (q Query) Task(ctx context.Context, id string) (*gql.Task, error) {
	n, err := wire.Known[task.ID](wire.KindTask, id)
	if err != nil {
		return nil, err
	}
	t, err := q.Core.Task.Task(ctx, n)
	return wire.Absent(taskOf(t), err, task.ErrNotFound)
}

// Tasks lists tasks.
func (q Query) Tasks(ctx context.Context, pagination *gql.Pagination, o *gql.TaskQueryOptions) (*gql.TaskData, error) {
	if o == nil {
		o = &gql.TaskQueryOptions{}
	}
	p, l, err := q.Narrowed(ctx, pagination, o.IncludeDeleted.Value(), o.CreatedAt.Value(), o.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	ask := task.Query{
		Listing: l, Kinds: words[task.Kind](o.TaskType.Value()), Priorities: plain(words[task.Priority](o.Priority.Value())),
		Statuses: words[task.Status](o.Status.Value()),
	}
	if r := o.DueDate.Value(); r != nil {
		due, err := wire.Days(r)
		if err != nil {
			return nil, err
		}
		if due.From != input.NoDate || due.Until != input.NoDate {
			ask.Due = &due
		}
	}
	if s := wire.Word(o.AssignedTo); s != "" {
		member, err := wire.IDOrUnknown[account.StaffID](wire.KindUser, s)
		if err != nil {
			return nil, err
		}
		ask.Assignee, ask.WithTeams = assignee.ToStaff(member), o.IncludeTeams.Value() != nil && *o.IncludeTeams.Value()
	}
	if s := wire.Word(o.Patient); s != "" {
		if ask.Patient, err = wire.IDOrUnknown[patient.ID](wire.KindPatient, s); err != nil {
			return nil, err
		}
	}
	all, more, err := q.Core.Task.Tasks(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.TaskData{Data: wire.Map(all, taskOf), PageInfo: p.Info(more)}, nil
}

// plain are all priorities that show as some.
func plain(asked []task.Priority) (out []task.Priority) {
	for _, p := range asked {
		out = append(out, task.ShownAs(p)...)
	}
	return out
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

// Patient is the patient a task is about.
func (f TaskFields) Patient(ctx context.Context, obj *gql.Task) (*gql.Patient, error) {
	return f.PatientByID(ctx, wire.Decoded[patient.ID](obj.PatientID))
}

// PatientName is the name of the patient a task is about.
func (f TaskFields) PatientName(ctx context.Context, obj *gql.Task) (*string, error) {
	p, err := f.Patient(ctx, obj)
	if err != nil || p == nil {
		return nil, err
	}
	return p.FullName, nil
}

// AssignedToUser is whose task it is.
func (f TaskFields) AssignedToUser(ctx context.Context, obj *gql.Task) (*gql.User, error) {
	return f.UserByID(ctx, wire.Decoded[account.StaffID](obj.AssignedToUserID))
}

// AssignedToUserName is the name of whose task it is, a member of staff's or a team's.
func (f TaskFields) AssignedToUserName(ctx context.Context, obj *gql.Task) (*string, error) {
	if id := wire.Decoded[team.ID](obj.AssignedToTeamID); id != 0 {
		return wire.Loader(ctx, "teams", func(ctx context.Context, ids []team.ID) (map[team.ID]*string, error) {
			all, err := f.Core.Team.Teams(ctx, ids)
			out := make(map[team.ID]*string, len(all))
			for _, t := range all {
				out[t.ID] = &t.Name
			}
			return out, err
		}).Load(ctx, id)
	}
	u, err := f.AssignedToUser(ctx, obj)
	if err != nil || u == nil {
		return nil, err
	}
	return &u.FullName, nil
}

// CreatedBy is who made a task; null when a program did.
func (f TaskFields) CreatedBy(ctx context.Context, obj *gql.Task) (*gql.User, error) {
	return f.UserByID(ctx, wire.Decoded[account.StaffID](obj.CreatedByUserID))
}

// LastUpdatedBy is who changed a task last; null when a program did.
func (f TaskFields) LastUpdatedBy(ctx context.Context, obj *gql.Task) (*gql.User, error) {
	return f.UserByID(ctx, wire.Decoded[account.StaffID](obj.LastUpdatedByUserID))
}

// CreateTask assigns a task.
func (m Mutation) CreateTask(ctx context.Context, in gql.CreateTaskDataInput) (*gql.TaskResponsePayload, error) {
	ch, err := taskChange(gql.UpdateTaskDataInput{
		Subject: graphql.OmittableOf(&in.Subject), AssignedTo: graphql.OmittableOf(&in.AssignedTo),
		Comments: in.Comments,
		Patient:  in.Patient,
		DueDate:  in.DueDate, TaskType: in.TaskType, Priority: in.Priority, Status: in.Status,
	})
	if err != nil {
		return nil, err
	}
	t, err := m.Core.Task.Create(ctx, ch)
	return &gql.TaskResponsePayload{Data: taskOf(t)}, err
}

// UpdateTask changes a task.
func (m Mutation) UpdateTask(
	ctx context.Context, id string, in gql.UpdateTaskDataInput,
) (*gql.TaskResponsePayload, error) {
	n, err := wire.Known[task.ID](wire.KindTask, id)
	if err != nil {
		return nil, err
	}
	ch, err := taskChange(in)
	if err != nil {
		return nil, err
	}
	t, err := m.Core.Task.Update(ctx, n, ch)
	return &gql.TaskResponsePayload{Data: taskOf(t)}, err
}

// taskChange reads an input. A task always has an assignee and a state.
func taskChange(in gql.UpdateTaskDataInput) (ch task.Change, err error) {
	ch = task.Change{Subject: wire.Change(in.Subject), Comments: wire.Change(in.Comments)}
	if v, set := in.DueDate.ValueOK(); set {
		ch.Due = new(wire.DateOf(v))
	}
	if v, set := in.TaskType.ValueOK(); set {
		ch.Kind = new(task.Kind(wire.Deref(v)))
	}
	if v, set := in.Priority.ValueOK(); set {
		ch.Plain = new(task.Unset)
		if v != nil {
			ch.Plain = new(task.Priority(*v))
		}
	}
	if v := in.Status.Value(); v != nil {
		ch.Status = new(task.Status(*v))
	}
	if v := in.AssignedTo.Value(); v != nil {
		member, err := wire.OptionalID[account.StaffID](wire.KindUser, v, true)
		if err != nil {
			return ch, err
		}
		ch.Assignee = &assignee.Ref{Kind: assignee.Admin, ID: int64(*member)}
	}
	v, set := in.Patient.ValueOK()
	ch.Patient, err = wire.OptionalID[patient.ID](wire.KindPatient, v, set)
	return ch, err
}
