package episode

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// How long a patient's words belong to a matter. A practice that closed one expects "thank you" and "it is back" in it,
// and not a new one; what comes long after is about something else.
const (
	// answered is how long after it was closed an answer to something in an episode opens it again.
	answered = 28 * 24 * time.Hour
	// ongoing is how long after the last thing came into it an episode that is not closed takes what names nothing.
	ongoing = 28 * 24 * time.Hour
	// lately is how long after it was closed an episode does, where none is open.
	lately = 3 * 24 * time.Hour
)

// Arrival is something that came in from a patient.
type Arrival struct {
	Item
	Patient patient.ID
	// Subject is what an episode that it opens is about.
	Subject string
	// Answers are the things it is known to be an answer to.
	Answers []Thing
}

// Arrive puts what came in from a patient into the episode it belongs to, in the transaction that keeps it: that of
// what it answers, or else the patient's latest that is not closed, or was closed only lately. Where there is none it
// opens one, which is no one's yet. What is in an episode already stays there.
func Arrive(ctx context.Context, tx Keeper, who access.Caller, now time.Time, id ID, a Arrival) (ID, error) {
	of, err := turn(ctx, tx, who.Group, a.Patient)
	if err != nil || of == 0 {
		return 0, err
	}
	a.Patient = of
	is, err := tx.EpisodeOf(ctx, who.Group, a.Patient, a.Thing)
	if err != nil || is != 0 {
		return is, err
	}
	e, err := belongs(ctx, tx, who.Group, now, a)
	if err != nil {
		return 0, err
	}
	switch {
	case e.ID == 0:
		e = fresh(id, a.Kind, who, now)
		e.Patient, e.Subject = a.Patient, a.Subject
		err = note(ctx, tx, who, now, event.EpisodeOpened, nil, &e)
	case e.Status == Closed:
		before := e
		e.reopen()
		if e.Assignees, err = there(ctx, tx, who.Group, e.Assignees); err != nil {
			return 0, err
		}
		err = note(ctx, tx, who, now, event.EpisodeReopened, before, &e)
	}
	if err != nil {
		return 0, err
	}
	return e.ID, take(ctx, tx, who, now, e, a.Item)
}

// note records the event and the entry in the audit trail of an episode that something opens.
func note(
	ctx context.Context, tx Keeper, who access.Caller, now time.Time, of event.Type, before any, e *Episode,
) error {
	if err := tx.Record(ctx, e.happened(who, now, of)); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, "episode.arrive", "episode", int64(e.ID), before, *e))
}

// take puts something into an episode that is locked.
func take(ctx context.Context, tx Keeper, who access.Caller, now time.Time, e Episode, i Item) error {
	e.ActiveAt, e.UpdatedAt, e.Version = now, now, e.Version+1
	if err := tx.SaveEpisode(ctx, who.Group, e); err != nil {
		return err
	}
	i.AddedBy = who.Name()
	if err := tx.PutItem(ctx, who.Group, e.ID, i); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, "episode.add_item", "episode", int64(e.ID), nil, within(e.ID, i.Thing)))
}

// belongs is the episode, locked, that something belongs to; its id is 0 where there is none.
func belongs(ctx context.Context, tx Keeper, group practice.ID, now time.Time, a Arrival) (Episode, error) {
	for _, t := range a.Answers {
		id, err := tx.EpisodeOf(ctx, group, a.Patient, t)
		if err != nil {
			return Episode{}, err
		}
		if id == 0 {
			continue
		}
		e, err := tx.LockEpisode(ctx, group, id)
		if err != nil || e.Status != Closed || now.Sub(e.ClosedAt) <= answered {
			return e, err
		}
	}
	id, err := tx.Latest(ctx, group, a.Patient, now.Add(-ongoing), now.Add(-lately))
	if err != nil || id == 0 {
		return Episode{}, err
	}
	return tx.LockEpisode(ctx, group, id)
}

// Follow puts something that followed from what is in an episode into it, in the transaction that keeps it: a task that
// a form response raised, or an appointment booked by a link that was sent. Where nothing it follows from is in an
// episode of the patient, it is in none. A closed episode stays closed.
func Follow(
	ctx context.Context, tx Keeper, who access.Caller, now time.Time, of patient.ID, i Item, from ...Thing,
) error {
	for _, t := range from {
		id, err := tx.EpisodeOf(ctx, who.Group, of, t)
		if err != nil {
			return err
		}
		if id != 0 {
			return Join(ctx, tx, who, now, id, of, i)
		}
	}
	return nil
}

// Join puts something into an episode of its patient, in the transaction that keeps it. Errors: ErrNotFound,
// ErrOtherPatient.
func Join(
	ctx context.Context, tx Keeper, who access.Caller, now time.Time, id ID, of patient.ID, i Item,
) error {
	of, err := turn(ctx, tx, who.Group, of)
	if err != nil {
		return err
	}
	e, err := tx.LockEpisode(ctx, who.Group, id)
	if err == nil && e.Patient != of {
		err = ErrOtherPatient
	}
	if err != nil {
		return err
	}
	return take(ctx, tx, who, now, e, i)
}

// turn has others who put things into episodes of a patient wait, and gives whom the patient's id stands for; 0 is one
// who was deleted.
func turn(ctx context.Context, tx Keeper, group practice.ID, of patient.ID) (patient.ID, error) {
	id, err := tx.LockPatientAgainstMerge(ctx, group, of)
	if errors.Is(err, patient.ErrNotFound) {
		return 0, tx.TakeTurn(ctx, group, of)
	}
	if err != nil {
		return 0, err
	}
	return id, tx.TakeTurn(ctx, group, id)
}

// placed is where a thing is, in the audit trail.
type placed struct {
	Episode ID `json:"episode_id"`
	Thing
}

// within is where a thing is; nothing where that is no episode.
func within(id ID, t Thing) any {
	if id == 0 {
		return nil
	}
	return placed{id, t}
}
