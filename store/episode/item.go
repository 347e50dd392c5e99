package episode

import (
	"context"
	"time"

	"frontdesk/core/episode"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
	"frontdesk/store/value"
)

// owners find of each kind of thing whose it is and when it came to be.
var owners = map[episode.Kind]string{
	episode.Task: `SELECT patient_id, created_at FROM task WHERE practice_group_id = $1 AND id = $2
		AND deleted_at IS NULL`,
	episode.Message: `SELECT patient_id, created_at FROM message WHERE practice_group_id = $1 AND id = $2`,
	episode.Reply:   `SELECT patient_id, at FROM message_reply WHERE practice_group_id = $1 AND id = $2`,
	episode.FormResponse: `SELECT patient_id, created_at FROM consultation WHERE practice_group_id = $1 AND id = $2
		AND questionnaire_id IS NOT NULL AND deleted_at IS NULL`,
	episode.Appointment: `SELECT patient_id, created_at FROM appointment WHERE practice_group_id = $1 AND id = $2`,
}

// Owner is whose a thing is, and when it came to be.
func (t *Tx) Owner(
	ctx context.Context, group practice.ID, thing episode.Thing,
) (of patient.ID, at time.Time, err error) {
	_, err = t.One(ctx, owners[thing.Kind], store.In{group, thing.ID}, value.Num(&of), value.When(&at))
	if err == nil && of == 0 {
		err = episode.ErrNoItem
	}
	return of, at, err
}

const (
	episodeOf = `SELECT e.id FROM episode_item i JOIN episode e ON e.practice_group_id = i.practice_group_id
		AND e.id = i.episode_id WHERE i.practice_group_id = $1 AND i.kind = $2 AND i.item_id = $3 AND e.patient_id = $4`
	episodeOfLink = `SELECT e.id FROM message m JOIN episode_item i ON i.practice_group_id = m.practice_group_id
		AND i.kind = 'message' AND i.item_id = m.id JOIN episode e ON e.practice_group_id = i.practice_group_id
		AND e.id = i.episode_id WHERE m.practice_group_id = $1 AND m.short_link_id = $2 AND m.short_link_id <> 0
		AND m.patient_id = $3 AND e.patient_id = $3 ORDER BY m.id DESC LIMIT 1`
)

// EpisodeOf finds the episode of the patient that a thing is in.
func (t *Tx) EpisodeOf(
	ctx context.Context, group practice.ID, of patient.ID, thing episode.Thing,
) (id episode.ID, err error) {
	found, err := t.One(ctx, episodeOf, store.In{group, string(thing.Kind), thing.ID, of}, &id)
	if err == nil && !found && thing.Kind == episode.Link {
		_, err = t.One(ctx, episodeOfLink, store.In{group, thing.ID, of}, &id)
	}
	return id, err
}

const (
	inEpisodes = `SELECT i.item_id, e.id FROM episode_item i JOIN episode e
		ON e.practice_group_id = i.practice_group_id AND e.id = i.episode_id JOIN `
	ofTheirPatient = ` t ON t.practice_group_id = i.practice_group_id AND t.id = i.item_id AND t.patient_id = e.patient_id
		WHERE i.practice_group_id = $1 AND i.kind = `
	someItems = ` AND i.item_id IN `
)

// theirEpisodes finds the episodes of things of a kind. What is another patient's by now is in none.
var theirEpisodes = map[episode.Kind]store.Amongst{
	episode.Message: store.Among(inEpisodes+`message`+ofTheirPatient+`'message'`+someItems+store.Few2,
		inEpisodes+`message`+ofTheirPatient+`'message'`+someItems+store.Many2),
	episode.Reply: store.Among(inEpisodes+`message_reply`+ofTheirPatient+`'reply'`+someItems+store.Few2,
		inEpisodes+`message_reply`+ofTheirPatient+`'reply'`+someItems+store.Many2),
}

// EpisodesOf finds the episodes that some messages or replies are in.
func (t *Tx) EpisodesOf(
	ctx context.Context, group practice.ID, kind episode.Kind, ids []int64,
) (map[int64]episode.ID, error) {
	out := map[int64]episode.ID{}
	_, err := store.ListAmong(ctx, t.Conn, theirEpisodes[kind], store.In{group}, ids,
		func(scan store.Scanner) (in episode.ID, err error) {
			var item int64
			err = scan(&item, &in)
			out[item] = in
			return in, err
		})
	return out, err
}

// PutItem puts a thing into an episode.
func (t *Tx) PutItem(ctx context.Context, group practice.ID, into episode.ID, i episode.Item) error {
	_, err := t.Exec(ctx, `INSERT INTO episode_item (practice_group_id, kind, item_id, episode_id, at, added_by)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (practice_group_id, kind, item_id) DO UPDATE SET episode_id = $4,
		added_by = $6`, group, string(i.Kind), i.ID, into, i.At, i.AddedBy)
	return err
}

// DropItem takes a thing out of an episode.
func (t *Tx) DropItem(ctx context.Context, group practice.ID, thing episode.Thing) error {
	_, err := t.Exec(ctx, `DELETE FROM episode_item WHERE practice_group_id = $1 AND kind = $2 AND item_id = $3`,
		group, string(thing.Kind), thing.ID)
	return err
}

// shown joins what is in an episode to the things themselves. What is another patient's than the episode by now, was
// deleted, or was never more than a time held, is not among it.
const shown = ` FROM episode_item i
	JOIN episode e ON e.practice_group_id = i.practice_group_id AND e.id = i.episode_id
	LEFT JOIN task t ON i.kind = 'task' AND t.practice_group_id = i.practice_group_id AND t.id = i.item_id
		AND t.patient_id = e.patient_id AND t.deleted_at IS NULL
	LEFT JOIN message m ON i.kind = 'message' AND m.practice_group_id = i.practice_group_id AND m.id = i.item_id
		AND m.patient_id = e.patient_id
	LEFT JOIN message_reply r ON i.kind = 'reply' AND r.practice_group_id = i.practice_group_id AND r.id = i.item_id
		AND r.patient_id = e.patient_id
	LEFT JOIN consultation c ON i.kind = 'form_response' AND c.practice_group_id = i.practice_group_id
		AND c.id = i.item_id AND c.patient_id = e.patient_id AND c.deleted_at IS NULL
	LEFT JOIN questionnaire q ON q.practice_group_id = c.practice_group_id AND q.id = c.questionnaire_id
	LEFT JOIN appointment a ON i.kind = 'appointment' AND a.practice_group_id = i.practice_group_id
		AND a.id = i.item_id AND a.patient_id = e.patient_id AND a.confirmed_at IS NOT NULL
	LEFT JOIN appointment_type k ON k.practice_group_id = a.practice_group_id AND k.id = a.appointment_type_id
	WHERE i.practice_group_id = $1 AND i.episode_id = $2
		AND COALESCE(t.id, m.id, r.id, c.id, a.id) IS NOT NULL`

const (
	selectItems = `SELECT i.kind, i.item_id, i.at, i.added_by, COALESCE(t.subject, m.subject, q.title, k.name, ''),
		COALESCE(t.comments, m.content, r.content, ''), COALESCE(t.status, m.state, a.state,
		CASE WHEN r.open THEN 'open' WHEN NOT r.open THEN 'handled' END, '')` + shown +
		` ORDER BY i.at, i.item_id, i.kind LIMIT $3 OFFSET $4`
	countItems = `SELECT count(*) FROM (SELECT 1` + shown + ` LIMIT $3) AS matches`
)

// Items lists what is in an episode by when it came to be.
func (t *Tx) Items(
	ctx context.Context, group practice.ID, of episode.ID, offset, limit int,
) (found []episode.Item, count int, err error) {
	upTo := max(mostCounted, offset+limit+1)
	if _, err := t.One(ctx, countItems, store.In{group, of, upTo}, &count); err != nil || count <= offset {
		return nil, count, err
	}
	found, err = store.List(ctx, t.Conn, selectItems, store.In{group, of, limit, offset},
		func(scan store.Scanner) (episode.Item, error) {
			var i episode.Item
			err := scan(&i.Kind, &i.ID, value.When(&i.At), &i.AddedBy, &i.Title, &i.Text, &i.Status)
			return i, err
		})
	return found, count, err
}

// mostCounted is how far what is in an episode is counted.
const mostCounted = 10_000

const (
	placedTasks = `SELECT i.episode_id AS episode_id, i.item_id AS item_id,
		ROW_NUMBER() OVER (PARTITION BY i.episode_id ORDER BY i.at DESC, i.item_id DESC) AS place
		FROM episode_item i JOIN episode e ON e.practice_group_id = i.practice_group_id AND e.id = i.episode_id
		JOIN task t ON t.practice_group_id = i.practice_group_id AND t.id = i.item_id AND t.patient_id = e.patient_id
		AND t.deleted_at IS NULL
		WHERE i.practice_group_id = $1 AND i.kind = 'task' AND i.episode_id IN `
	inTheirPlace = `) AS placed WHERE place > $2 AND place <= $3 ORDER BY episode_id, place`
)

var tasksOf = store.Among(`SELECT episode_id, item_id FROM (`+placedTasks+store.Few4+inTheirPlace,
	`SELECT episode_id, item_id FROM (`+placedTasks+store.Many4+inTheirPlace)

// TasksOf lists the tasks of some episodes, newest first.
func (t *Tx) TasksOf(
	ctx context.Context, group practice.ID, of []episode.ID, most int,
) (map[episode.ID][]task.Task, error) {
	type placed struct {
		in   episode.ID
		task task.ID
	}
	rows, err := store.SomeOf(ctx, t.Conn, tasksOf, group, of, 0, most, func(scan store.Scanner) (placed, error) {
		var p placed
		err := scan(&p.in, &p.task)
		return p, err
	}, func(p placed) episode.ID { return p.in })
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids []task.ID
	for _, all := range rows {
		for _, p := range all {
			ids = append(ids, p.task)
		}
	}
	found, err := t.TasksAmong(ctx, group, ids)
	byID, err := store.Keyed(found, err, func(t task.Task) task.ID { return t.ID })
	out := make(map[episode.ID][]task.Task, len(rows))
	for in, all := range rows {
		for _, p := range all {
			out[in] = append(out[in], byID[p.task])
		}
	}
	return out, err
}
