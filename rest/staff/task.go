package staff

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/task"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// statuses are core's words for the contract's, where they differ; kinds of assignee have other words here than
// elsewhere in the contract.
var (
	statuses = map[oas.TaskStatus]task.Status{oas.TaskStatusOpen: task.Open, oas.TaskStatusInProgress: task.Processing,
		oas.TaskStatusClosed: task.Closed}
	kinds  = map[string]assignee.Kind{"": "", "admin": assignee.Admin, "admin_team": assignee.Team}
	labels = map[task.Kind]string{"": "General", task.General: "General", task.Call: "Call", task.Booking: "Booking",
		task.Lab: "Laboratory result", task.Letter: "Letter", task.Prescription: "Prescription",
		task.Referral: "Referral", task.Billing: "Billing"}
)

func statusOf(s task.Status) oas.TaskStatus {
	for theirs, ours := range statuses {
		if ours == s {
			return theirs
		}
	}
	return ""
}

func kindOf(r assignee.Ref) string {
	for theirs, ours := range kinds {
		if ours == r.Kind {
			return theirs
		}
	}
	return ""
}

// ListTasks lists tasks.
func (o Operations) ListTasks(ctx context.Context, p oas.ListTasksParams) (*oas.ListTasksOK, error) {
	var wrong input.Checks
	q := task.Query{
		Listing:   input.Listing{Page: input.Page{Number: p.PageIndex.Value + 1, Size: p.PageSize.Value}},
		WithTeams: p.IncludeTeams.Value, Unassigned: p.AssigneeType.Value == oas.ListTasksAssigneeTypeUnassigned,
		Patient: wire.FilterID[patient.ID](&wrong, "patient_id", p.PatientID),
	}
	if !q.Unassigned {
		q.Assignee = wire.Assignee(&wrong, kinds[string(p.AssigneeType.Value)], string(p.AssigneeID.Value))
	}
	for _, s := range p.Status {
		q.Statuses = append(q.Statuses, statuses[s])
	}
	for _, v := range p.Priority {
		q.Priorities = append(q.Priorities, task.Priority(v))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, _, err := o.Core.Task.Tasks(ctx, q)
	if err != nil {
		return nil, err
	}
	count, err := o.Core.Task.Count(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListTasksOK{Data: make([]oas.TaskSummary, len(found)), Count: float64(count)}
	for i, t := range found {
		out.Data[i] = *summary(t)
	}
	return out, nil
}

// CreateTask makes a task.
func (o Operations) CreateTask(
	ctx context.Context, in *oas.TaskRequest, _ oas.CreateTaskParams,
) (*oas.TaskSummary, error) {
	var wrong input.Checks
	c := change(&wrong, oas.TaskUpdate{Status: in.Status, Priority: in.Priority, AssigneeID: in.AssigneeID,
		AssigneeType: oas.OptTaskUpdateAssigneeType{Value: oas.TaskUpdateAssigneeType(in.AssigneeType.Value),
			Set: in.AssigneeType.Set}})
	c.Subject, c.Comments = &in.Subject, wire.Ptr(in.Comments.Get())
	c.Kind, c.Due = wire.As[task.Kind](in.Category.Get()), wire.Day(&wrong, "due_date", in.DueDate)
	if in.PatientID.Set {
		c.Patient = new(wire.FieldID[patient.ID](&wrong, "patient_id", string(in.PatientID.Value)))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	made, err := o.Core.Task.Create(ctx, c)
	if err != nil {
		return nil, err
	}
	return summary(made), nil
}

// UpdateTask changes a task.
func (o Operations) UpdateTask(
	ctx context.Context, in *oas.TaskUpdate, p oas.UpdateTaskParams,
) (*oas.UpdateTaskOK, error) {
	var wrong input.Checks
	c := change(&wrong, *in)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	changed, err := o.Core.Task.Update(ctx, wire.ID[task.ID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return &oas.UpdateTaskOK{Data: oas.UpdateTaskOKData{ID: wire.Digits(changed.ID)}}, nil
}

func change(wrong *input.Checks, in oas.TaskUpdate) (c task.Change) {
	c.Priority = wire.As[task.Priority](in.Priority.Get())
	if in.Status.Set {
		c.Status = new(statuses[in.Status.Value])
	}
	if in.AssigneeID.Set || in.AssigneeType.Set {
		c.Assignee = new(wire.Assignee(wrong, kinds[string(in.AssigneeType.Value)], string(in.AssigneeID.Value)))
	}
	return c
}

// GetTaskV2 finds one task, with its patient.
func (o Operations) GetTaskV2(ctx context.Context, p oas.GetTaskV2Params) (*oas.Task, error) {
	t, err := o.Core.Task.Task(ctx, wire.ID[task.ID](p.ID))
	if err != nil {
		return nil, err
	}
	s := summary(t)
	out := &oas.Task{ID: s.ID, TypeLabel: s.TypeLabel, Status: s.Status, Details: s.Details, Category: s.Category,
		Subject: wire.String(s.Subject), Comments: s.Comments,
		Priority: oas.OptNilTaskPriority{Value: s.Priority.Value, Set: true, Null: s.Priority.Null},
		AssigneeType: oas.OptNilTaskAssigneeType{Value: oas.TaskAssigneeType(s.AssigneeType.Value), Set: true,
			Null: s.AssigneeType.Null},
		AssigneeID: wire.AssigneeID(t.Assignee), PatientID: wire.IDOrNull(t.Patient), DueDate: wire.Text(t.Due.String()),
		CreatedAt: oas.NewOptDateTime(s.CreatedAt), UpdatedAt: oas.NewOptDateTime(s.UpdatedAt), DeletedAt: s.DeletedAt,
		Patient: oas.NilTaskPatient{Null: true}}
	if t.Patient == 0 {
		return out, nil
	}
	about, err := o.Core.Patient.Patient(ctx, t.Patient)
	if errors.Is(err, patient.ErrNotFound) { // who was deleted; the task is still to be seen to
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.Patient = oas.NilTaskPatient{Value: patientOf(about)}
	return out, nil
}

// patientOf is a patient with the fields that Get a Patient, v2 has, by the id of Get a Patient.
func patientOf(p patient.Patient) oas.TaskPatient {
	a := p.Address
	out := oas.TaskPatient{
		ID: wire.Digits(p.ID), UID: wire.Text(""), HeroID: wire.Text(p.ID.String()),
		EhrPartnerID: wire.Text(p.EHRPartnerID), EmisID: wire.Text(p.EMISID), DeceasedAt: wire.Moment(p.DeceasedAt),
		Dob: oas.NilString{Null: true}, Title: wire.Text(p.Title), FirstName: wire.Text(p.FirstName),
		LastName: wire.Text(p.LastName), Sex: wire.Text(string(p.Sex)), NhsNumber: wire.Text(p.NHSNumber),
		Email: wire.Text(p.Email), Mobile: wire.Text(p.Mobile), LastSyncAt: wire.Moment(p.SyncedAt),
		Line1: wire.Text(a.Line1), Line2: wire.Text(a.Line2), Line3: wire.Text(a.Line3), Town: wire.Text(a.Town),
		County: wire.Text(a.County), Postcode: wire.Text(a.Postcode),
		DataSource: oas.NewOptNilDataSource(oas.DataSource(p.Source)), Restricted: oas.NewOptBool(p.Restricted),
	}
	if p.BirthDate != input.NoDate {
		out.Dob = oas.NilString{Value: p.BirthDate.UTC().Format(time.RFC3339)}
	}
	return out
}

// summary is a task without its patient.
func summary(t task.Task) *oas.TaskSummary {
	details, category := t.Subject, t.Kind
	if t.Comments != "" {
		details += "\n\n" + t.Comments
	}
	if category == "" {
		category = task.General
	}
	null := func(v oas.OptNilString) oas.NilString { return oas.NilString{Value: v.Value, Null: v.Null} }
	return &oas.TaskSummary{
		ID: wire.Digits(t.ID), TypeLabel: labels[t.Kind], Status: statusOf(t.Status), Details: oas.NewNilString(details),
		Category: string(category), Subject: t.Subject, Comments: wire.Text(t.Comments),
		Priority: oas.NilTaskPriority{Value: oas.TaskPriority(t.Priority), Null: t.Priority == task.Unset},
		AssigneeType: oas.NilTaskSummaryAssigneeType{Value: oas.TaskSummaryAssigneeType(kindOf(t.Assignee)),
			Null: t.Assignee.IsZero()},
		AssigneeID: null(wire.AssigneeID(t.Assignee)), PatientID: null(wire.IDOrNull(t.Patient)),
		DueDate: null(wire.Text(t.Due.String())), CreatedAt: t.CreatedAt.UTC(), UpdatedAt: t.UpdatedAt.UTC(),
		DeletedAt: wire.OptInstant(t.DeletedAt),
	}
}
