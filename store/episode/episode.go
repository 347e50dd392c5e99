package episode

import (
	"context"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

const (
	columns = `id, patient_id, subject, status, priority, origin, reason, closed_by, closed_at, active_at, created_by,
	facts, version, created_at, updated_at`
	selectEpisodes = `SELECT ` + columns + ` FROM episode WHERE practice_group_id = $1`
)

func scanEpisode(scan store.Scanner) (episode.Episode, error) {
	var e episode.Episode
	err := scan(&e.ID, &e.Patient, &e.Subject, &e.Status, &e.Priority, &e.Origin, &e.Reason, &e.ClosedBy,
		value.When(&e.ClosedAt), value.When(&e.ActiveAt), &e.CreatedBy, &e.Facts, &e.Version, value.When(&e.CreatedAt),
		value.When(&e.UpdatedAt))
	return e, err
}

// Episode finds an episode with its assignees.
func (t *Tx) Episode(ctx context.Context, group practice.ID, id episode.ID) (episode.Episode, error) {
	e, err := store.ByKey(ctx, t.Conn, episode.ErrNotFound, selectEpisodes+` AND id = $2`, store.In{group, id},
		scanEpisode)
	if err != nil {
		return e, err
	}
	all := []episode.Episode{e}
	err = t.assign(ctx, group, all)
	return all[0], err
}

// LockEpisode keeps others from changing an episode, and finds it.
func (t *Tx) LockEpisode(ctx context.Context, group practice.ID, id episode.ID) (episode.Episode, error) {
	if _, err := t.Exec(ctx, `UPDATE episode SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return episode.Episode{}, err
	}
	return t.Episode(ctx, group, id)
}

var assigneesOf = store.Among(
	`SELECT episode_id, assignee_type, assignee_id FROM episode_assignee WHERE practice_group_id = $1
		AND episode_id IN `+store.Few2+` ORDER BY episode_id, place`,
	`SELECT episode_id, assignee_type, assignee_id FROM episode_assignee WHERE practice_group_id = $1
		AND episode_id IN `+store.Many2+` ORDER BY episode_id, place`)

// assign reads the assignees of episodes.
func (t *Tx) assign(ctx context.Context, group practice.ID, all []episode.Episode) error {
	ids := make([]episode.ID, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	found, err := store.ListOwned(ctx, t.Conn, assigneesOf, group, ids,
		func(r *assignee.Ref) store.In { return store.In{&r.Kind, &r.ID} })
	for i := range all {
		all[i].Assignees = found[all[i].ID]
	}
	return err
}

// SaveEpisode keeps an episode and its assignees. Whose it is stays as it is: a merge alone changes that.
func (t *Tx) SaveEpisode(ctx context.Context, group practice.ID, e episode.Episode) error {
	if _, err := t.Exec(ctx, `INSERT INTO episode (practice_group_id, `+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET subject = $4, status = $5, priority = $6, reason = $8,
		closed_by = $9, closed_at = $10, active_at = $11, facts = $13, version = $14, updated_at = $16`,
		group, e.ID, e.Patient, e.Subject, string(e.Status), int64(e.Priority), string(e.Origin), e.Reason, e.ClosedBy,
		value.At(e.ClosedAt), e.ActiveAt, e.CreatedBy, e.Facts, e.Version, e.CreatedAt, e.UpdatedAt); err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `DELETE FROM episode_assignee WHERE practice_group_id = $1 AND episode_id = $2`, group,
		e.ID); err != nil {
		return err
	}
	rows := make([]store.In, len(e.Assignees))
	for i, r := range e.Assignees {
		rows[i] = store.In{group, e.ID, string(r.Kind), r.ID, i}
	}
	return store.Insert(ctx, t.Conn, `INSERT INTO episode_assignee (practice_group_id, episode_id, assignee_type,
		assignee_id, place) VALUES ($1, $2, $3, $4, $5)`, rows)
}

// TakeTurn has others who put things into episodes of the patient wait.
func (t *Tx) TakeTurn(ctx context.Context, group practice.ID, of patient.ID) error {
	_, err := t.Exec(ctx, `INSERT INTO episode_turn (practice_group_id, patient) VALUES ($1, $2)
		ON CONFLICT (practice_group_id, patient) DO UPDATE SET patient = $2`, group, of)
	return err
}

const latest = `SELECT id FROM episode WHERE practice_group_id = $1 AND patient_id = $2
	AND (status <> 'closed' AND active_at >= $3 OR status = 'closed' AND closed_at >= $4)
	ORDER BY CASE WHEN status = 'closed' THEN 1 ELSE 0 END, active_at DESC, id DESC LIMIT 1`

// Latest finds the episode of a patient that something came into last.
func (t *Tx) Latest(
	ctx context.Context, group practice.ID, of patient.ID, active, closed time.Time,
) (id episode.ID, err error) {
	_, err = t.One(ctx, latest, store.In{group, of, active, closed}, &id)
	return id, err
}
