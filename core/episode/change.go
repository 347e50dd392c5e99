package episode

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// Change is what to set of an episode; nil leaves a thing as it is.
type Change struct {
	Subject   *string
	Status    *Status
	Priority  *Priority
	Assignees *[]assignee.Ref
	// Reason is why it is closed.
	Reason *string
}

// apply changes an episode. What is closed and opened again has no reason.
func (c Change) apply(who access.Caller, now time.Time, e *Episode) error {
	input.Set(&e.Subject, c.Subject)
	input.Set(&e.Priority, c.Priority)
	input.Set(&e.Reason, c.Reason)
	was := e.Status
	input.Set(&e.Status, c.Status)
	var in input.Checks
	e.Subject = in.Required("subject", e.Subject, mostSubject)
	e.Reason = in.Lines("reason", e.Reason, mostReason)
	e.Status = input.Choice(&in, "status", e.Status, Statuses)
	if e.Priority.String() == "" {
		in.Wrong("priority", input.CodeChoice, "a priority", "This is not a priority.")
	}
	if c.Assignees != nil {
		e.Assignees = each(*c.Assignees)
		if len(e.Assignees) > mostAssignees {
			in.Wrong("assignees", input.CodeBig, "at most "+strconv.Itoa(mostAssignees), "These are too many assignees.")
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	switch {
	case e.Status == Closed && e.Reason == "":
		return errReason
	case e.Status != Closed && c.Reason != nil && e.Reason != "":
		return errOpen
	case e.Status != Closed:
		e.reopen()
	case was != Closed:
		e.ClosedBy, e.ClosedAt = who.Name(), now
	}
	return nil
}

// reopen takes back that an episode was closed.
func (e *Episode) reopen() {
	if e.Status == Closed {
		e.Status = Open
	}
	e.Reason, e.ClosedBy, e.ClosedAt = "", "", time.Time{}
}

// each keeps every assignee once, in the order given.
func each(all []assignee.Ref) (out []assignee.Ref) {
	for _, r := range all {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

var episodes = write.Kind[Tx, ID, Episode]{Needs: access.EditTasks, Lock: Tx.LockEpisode, Save: Tx.SaveEpisode}

// Create opens an episode of a patient. Errors: field faults, patient.ErrNotFound, assignee.ErrNotFound.
func (s *Service) Create(ctx context.Context, of patient.ID, c Change) (Episode, error) {
	id := ID(s.NewID())
	return episodes.Add(ctx, s.Now, s.Store.Do, "episode.create", id, func(e write.Edit[Tx], n *Episode) (err error) {
		*n = fresh(id, ByStaff, e.Who, e.Now)
		if err := c.apply(e.Who, e.Now, n); err != nil {
			return err
		}
		if n.Patient, err = e.Tx.LockPatientAgainstMerge(ctx, e.Group(), of); err != nil {
			return patient.Misnamed(err, "patient")
		}
		if err := assignable(ctx, e, nil, n.Assignees); err != nil {
			return err
		}
		if err := e.Tx.Record(ctx, n.happened(e.Who, e.Now, event.EpisodeOpened)); err != nil || n.Status != Closed {
			return err
		}
		return e.Tx.Record(ctx, n.happened(e.Who, e.Now, event.EpisodeClosed))
	})
}

// fresh is a new episode.
func fresh(id ID, by Kind, who access.Caller, now time.Time) Episode {
	return Episode{ID: id, Status: Open, Priority: Medium, Origin: by, ActiveAt: now, CreatedBy: who.Name(), Version: 1,
		CreatedAt: now, UpdatedAt: now}
}

// assignable makes sure that those who are given an episode anew are there.
func assignable(ctx context.Context, e write.Edit[Tx], before, after []assignee.Ref) error {
	for _, r := range after {
		if slices.Contains(before, r) {
			continue
		}
		if err := assignee.Check(ctx, e.Tx, e.Group(), r); err != nil {
			return err
		}
	}
	return nil
}

// there is those of some assignees who are there: others have left, or were archived, while the episode was closed.
func there(ctx context.Context, tx Keeper, group practice.ID, of []assignee.Ref) (still []assignee.Ref, err error) {
	for _, r := range of {
		to, err := assignee.IfThere(ctx, tx, group, r)
		if err != nil {
			return nil, err
		}
		if !to.IsZero() {
			still = append(still, to)
		}
	}
	return still, nil
}

// Update changes an episode. Errors: as Create, and ErrNotFound.
func (s *Service) Update(ctx context.Context, id ID, c Change) (Episode, error) {
	return episodes.Change(ctx, s.Now, s.Store.Do, "episode.update", id, func(e write.Edit[Tx], n *Episode) error {
		before := *n
		if err := c.apply(e.Who, e.Now, n); err != nil {
			return err
		}
		if before.Status == Closed && n.Status != Closed {
			still, err := there(ctx, e.Tx, e.Group(), before.Assignees)
			if err != nil {
				return err
			}
			if before.Assignees = still; c.Assignees == nil {
				n.Assignees = still
			}
		}
		if err := assignable(ctx, e, before.Assignees, n.Assignees); err != nil {
			return err
		}
		if n.Subject == before.Subject && n.Status == before.Status && n.Priority == before.Priority &&
			n.Reason == before.Reason && slices.Equal(n.Assignees, before.Assignees) {
			return write.ErrSame
		}
		n.Version, n.UpdatedAt = before.Version+1, e.Now
		switch {
		case before.Status != Closed && n.Status == Closed:
			return e.Tx.Record(ctx, n.happened(e.Who, e.Now, event.EpisodeClosed))
		case before.Status == Closed && n.Status != Closed:
			return e.Tx.Record(ctx, n.happened(e.Who, e.Now, event.EpisodeReopened))
		}
		return nil
	})
}
