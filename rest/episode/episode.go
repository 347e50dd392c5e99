// Package episode has the operations on episodes.
package episode

import (
	"context"
	"strconv"

	"frontdesk/core"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/task"
	"frontdesk/rest/oas"
	patientrest "frontdesk/rest/patient"
	"frontdesk/rest/wire"
)

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }

// ListEpisodes lists episodes.
func (o Operations) ListEpisodes(ctx context.Context, p oas.ListEpisodesParams) (*oas.ListEpisodesOK, error) {
	var wrong input.Checks
	q := episode.Query{
		Patient: wire.FilterID[patient.ID](&wrong, "patient_id", p.PatientID),
		Offset:  p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value,
	}
	for _, id := range p.AssigneeID {
		q.AssigneeIDs = append(q.AssigneeIDs, wire.FieldID[int64](&wrong, "assignee_id[]", id))
	}
	for _, kind := range p.AssigneeType {
		if kind == oas.ListEpisodesAssigneeTypeItemUnassigned {
			q.Unassigned = true
		} else {
			q.AssigneeKinds = append(q.AssigneeKinds, assignee.Kind(kind))
		}
	}
	for _, s := range p.Status {
		q.Statuses = append(q.Statuses, episode.Status(s))
	}
	for _, one := range p.Priority {
		q.Priorities = append(q.Priorities, episode.PriorityNamed(string(one)))
	}
	for _, by := range p.OrderBy {
		q.Orders = append(q.Orders, episode.Order{By: episode.OrderBy(by)})
	}
	for i, text := range p.OrderDescending {
		down, err := strconv.ParseBool(text)
		switch {
		case i >= len(q.Orders):
			wrong.Wrong("order_descending[]", input.CodeBig, "as many as `order_by[]` at most",
				"There is nothing to order by for this one.")
		case err != nil:
			wrong.Wrong("order_descending[]", input.CodeType, "true or false", "This is neither true nor false.")
		default:
			q.Orders[i].Descending = down
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Episode.List(ctx, q)
	if err != nil {
		return nil, err
	}
	shown, err := o.shown(ctx, found)
	return &oas.ListEpisodesOK{Data: shown, Count: float64(count)}, err
}

// CreateEpisode opens an episode.
func (o Operations) CreateEpisode(
	ctx context.Context, in *oas.EpisodeRequest, _ oas.CreateEpisodeParams,
) (*oas.Episode, error) {
	var wrong input.Checks
	of := wire.FieldID[patient.ID](&wrong, "patient_id", string(in.PatientID))
	change := changeOf(&wrong, &oas.EpisodeUpdate{Status: in.Status, Priority: in.Priority, Assignees: in.Assignees,
		Reason: in.Reason, Subject: oas.NewOptString(in.Subject)})
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return o.one(ctx)(o.Core.Episode.Create(ctx, of, change))
}

// GetEpisode finds an episode.
func (o Operations) GetEpisode(ctx context.Context, p oas.GetEpisodeParams) (*oas.Episode, error) {
	return o.one(ctx)(o.Core.Episode.Find(ctx, wire.ID[episode.ID](p.ID)))
}

// GetEpisodeV2 finds an episode with a page of what is in it.
func (o Operations) GetEpisodeV2(ctx context.Context, p oas.GetEpisodeV2Params) (*oas.EpisodeV2, error) {
	e, err := o.one(ctx)(o.Core.Episode.Find(ctx, wire.ID[episode.ID](p.ID)))
	if err != nil {
		return nil, err
	}
	items, count, err := o.Core.Episode.Items(ctx, wire.ID[episode.ID](p.ID), p.PageIndex.Value*p.PageSize.Value,
		p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.EpisodeV2{ID: e.ID, Status: e.Status, Priority: e.Priority, Assignees: e.Assignees, Tasks: e.Tasks,
		Patient: e.Patient, Subject: e.Subject, OpenedBy: oas.NewOptEpisodeV2OpenedBy(oas.EpisodeV2OpenedBy(
			e.OpenedBy.Value)), Reason: e.Reason, ClosedBy: e.ClosedBy, ClosedAt: e.ClosedAt, ActiveAt: e.ActiveAt,
		CreatedBy: e.CreatedBy, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
		Items: make([]oas.EpisodeItem, len(items)), ItemCount: float64(count)}
	for i, it := range items {
		out.Items[i] = oas.EpisodeItem{Type: oas.EpisodeItemType(it.Kind), ID: strconv.FormatInt(it.ID, 10),
			At: it.At.UTC(), AddedBy: it.AddedBy, Title: it.Title, Text: it.Text, Status: status(it),
			Hidden: it.Hidden}
	}
	return out, nil
}

// UpdateEpisode changes an episode.
func (o Operations) UpdateEpisode(
	ctx context.Context, in *oas.EpisodeUpdate, p oas.UpdateEpisodeParams,
) (*oas.Episode, error) {
	var wrong input.Checks
	change := changeOf(&wrong, in)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return o.one(ctx)(o.Core.Episode.Update(ctx, wire.ID[episode.ID](p.ID), change))
}

// AddEpisodeItem puts something into an episode.
func (o Operations) AddEpisodeItem(ctx context.Context, p oas.AddEpisodeItemParams) (*oas.Episode, error) {
	return o.one(ctx)(o.Core.Episode.Put(ctx, wire.ID[episode.ID](p.ID), thing(p.Type, p.ItemID)))
}

// RemoveEpisodeItem takes something out of an episode.
func (o Operations) RemoveEpisodeItem(ctx context.Context, p oas.RemoveEpisodeItemParams) (*oas.Episode, error) {
	return o.one(ctx)(o.Core.Episode.TakeOut(ctx, wire.ID[episode.ID](p.ID), thing(p.Type, p.ItemID)))
}

func thing(kind oas.EpisodeItemType, id string) episode.Thing {
	return episode.Thing{Kind: episode.Kind(kind), ID: wire.ID[int64](id)}
}

func changeOf(wrong *input.Checks, in *oas.EpisodeUpdate) episode.Change {
	c := episode.Change{Subject: wire.Ptr(in.Subject.Get()), Status: wire.As[episode.Status](in.Status.Get()),
		Reason: wire.Ptr(in.Reason.Get())}
	if in.Priority.Set {
		c.Priority = new(episode.PriorityNamed(string(in.Priority.Value)))
	}
	if in.Assignees != nil {
		list := make([]assignee.Ref, len(in.Assignees))
		for i, a := range in.Assignees {
			list[i] = assignee.Ref{Kind: assignee.Kind(a.AssigneeType),
				ID: wire.FieldID[int64](wrong, "assignees", a.AssigneeID)}
		}
		c.Assignees = &list
	}
	return c
}

// one gives what was found or changed, as it is shown.
func (o Operations) one(ctx context.Context) func(episode.Episode, error) (*oas.Episode, error) {
	return func(e episode.Episode, err error) (*oas.Episode, error) {
		if err != nil {
			return nil, err
		}
		all, err := o.shown(ctx, []episode.Episode{e})
		if err != nil {
			return nil, err
		}
		return &all[0], nil
	}
}

// shown are episodes with their tasks and patients, which are read for all of them at once.
func (o Operations) shown(ctx context.Context, all []episode.Episode) ([]oas.Episode, error) {
	out := make([]oas.Episode, len(all))
	if len(all) == 0 {
		return out, nil
	}
	ids, of := make([]episode.ID, len(all)), make([]patient.ID, len(all))
	for i, e := range all {
		ids[i], of[i] = e.ID, e.Patient
	}
	people, err := o.Core.Patient.Patients(ctx, of)
	if err != nil {
		return nil, err
	}
	merged, err := o.Core.Merge.Merged(ctx, of)
	if err != nil {
		return nil, err
	}
	tasks, err := o.Core.Episode.Tasks(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, e := range all {
		out[i] = episodeOf(e, tasks[e.ID])
		if p, ok := people[e.Patient]; ok {
			p.Merged = merged[p.ID]
			out[i].Patient.SetTo(patientrest.Summary(p))
		}
	}
	return out, nil
}

func episodeOf(e episode.Episode, tasks []task.Task) oas.Episode {
	out := oas.Episode{ID: e.ID.String(), Status: oas.EpisodeStatus(e.Status),
		Priority:  oas.EpisodePriority(e.Priority.String()),
		Assignees: make([]oas.EpisodeAssignee, len(e.Assignees)), Tasks: make([]oas.EpisodeTask, len(tasks)),
		Subject: wire.String(e.Subject), OpenedBy: oas.NewOptEpisodeOpenedBy(oas.EpisodeOpenedBy(e.Origin)),
		Reason: wire.Text(e.Reason), ClosedBy: wire.Text(e.ClosedBy), ClosedAt: wire.OptInstant(e.ClosedAt.UTC()),
		ActiveAt: oas.NewOptDateTime(e.ActiveAt.UTC()), CreatedBy: wire.String(e.CreatedBy),
		CreatedAt: oas.NewOptDateTime(e.CreatedAt.UTC()), UpdatedAt: oas.NewOptDateTime(e.UpdatedAt.UTC()),
	}
	out.Patient.SetToNull()
	for i, r := range e.Assignees {
		out.Assignees[i] = oas.EpisodeAssignee{AssigneeID: strconv.FormatInt(r.ID, 10),
			AssigneeType: oas.EpisodeAssigneeAssigneeType(r.Kind)}
	}
	for i, t := range tasks {
		out.Tasks[i] = oas.EpisodeTask{ID: t.ID.String(), Subject: t.Subject,
			Status: oas.EpisodeTaskStatus(taskStatus(string(t.Status))), CreatedAt: t.CreatedAt.UTC(),
			DueDate: oas.NilString{Value: t.Due.String(), Null: t.Due == input.NoDate}}
	}
	return out
}

// taskStatus is a task's status as this API has it.
func taskStatus(s string) string {
	if s == string(task.Processing) {
		return "in_progress"
	}
	return s
}

// status is the status of something in an episode, as this API has it.
func status(i episode.Item) string {
	if i.Kind == episode.Task {
		return taskStatus(i.Status)
	}
	return i.Status
}
