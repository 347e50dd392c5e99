package episode

import (
	"context"
	"strconv"

	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/listing"
)

// What every list of episodes may ask: $2 the states, $3 the priorities, $4 whether assignees, $5 and $6 of which types
// and with which ids, $7 whether those without one, $8 a patient.
const (
	matching = ` AND (CAST($2 AS text) = '' OR CAST($2 AS text) LIKE '%,' || status || ',%')
		AND (CAST($3 AS text) = '' OR CAST($3 AS text) LIKE '%,' || CAST(priority AS text) || ',%')
		AND (NOT CAST($4 AS boolean) AND NOT CAST($7 AS boolean) OR CAST($7 AS boolean) AND NOT EXISTS (
			SELECT 1 FROM episode_assignee a WHERE a.practice_group_id = $1 AND a.episode_id = episode.id)
		OR CAST($4 AS boolean) AND EXISTS (SELECT 1 FROM episode_assignee a WHERE a.practice_group_id = $1
			AND a.episode_id = episode.id
			AND (CAST($5 AS text) = '' OR CAST($5 AS text) LIKE '%,' || a.assignee_type || ',%')
			AND (CAST($6 AS text) = '' OR CAST($6 AS text) LIKE '%,' || CAST(a.assignee_id AS text) || ',%')))
		AND (CAST($8 AS bigint) = 0 OR patient_id = $8)`
	live      = ` AND status <> 'closed'`
	ofPatient = ` AND patient_id = $8`

	oldest        = ` ORDER BY created_at, id LIMIT $9 OFFSET $10`
	newest        = ` ORDER BY created_at DESC, id DESC LIMIT $9 OFFSET $10`
	lowestOldest  = ` ORDER BY priority, created_at, id LIMIT $9 OFFSET $10`
	lowestNewest  = ` ORDER BY priority, created_at DESC, id DESC LIMIT $9 OFFSET $10`
	highestOldest = ` ORDER BY priority DESC, created_at, id LIMIT $9 OFFSET $10`
	highestNewest = ` ORDER BY priority DESC, created_at DESC, id DESC LIMIT $9 OFFSET $10`
	countEpisodes = `SELECT count(*) FROM (SELECT 1 FROM episode WHERE practice_group_id = $1`
	upTo9         = ` LIMIT $9) AS matches`
)

// order is what a list is in the order of: priority or not, the highest first or not, and the newest first or not.
type order struct{ priority, highest, newest bool }

// list is one shape of question: counted, and in each order.
type list struct {
	count string
	texts map[order]string
}

var (
	everything = list{countEpisodes + matching + upTo9, map[order]string{
		{false, false, false}: selectEpisodes + matching + oldest,
		{false, false, true}:  selectEpisodes + matching + newest,
		{true, false, false}:  selectEpisodes + matching + lowestOldest,
		{true, false, true}:   selectEpisodes + matching + lowestNewest,
		{true, true, false}:   selectEpisodes + matching + highestOldest,
		{true, true, true}:    selectEpisodes + matching + highestNewest,
	}}
	notClosed = list{countEpisodes + live + matching + upTo9, map[order]string{
		{false, false, false}: selectEpisodes + live + matching + oldest,
		{false, false, true}:  selectEpisodes + live + matching + newest,
		{true, false, false}:  selectEpisodes + live + matching + lowestOldest,
		{true, false, true}:   selectEpisodes + live + matching + lowestNewest,
		{true, true, false}:   selectEpisodes + live + matching + highestOldest,
		{true, true, true}:    selectEpisodes + live + matching + highestNewest,
	}}
	ofAPatient = list{countEpisodes + ofPatient + matching + upTo9, map[order]string{
		{false, false, false}: selectEpisodes + ofPatient + matching + oldest,
		{false, false, true}:  selectEpisodes + ofPatient + matching + newest,
		{true, false, false}:  selectEpisodes + ofPatient + matching + lowestOldest,
		{true, false, true}:   selectEpisodes + ofPatient + matching + lowestNewest,
		{true, true, false}:   selectEpisodes + ofPatient + matching + highestOldest,
		{true, true, true}:    selectEpisodes + ofPatient + matching + highestNewest,
	}}
)

// Episodes lists episodes with their assignees.
func (t *Tx) Episodes(
	ctx context.Context, group practice.ID, q episode.Query,
) (found []episode.Episode, count int, err error) {
	args := store.In{group, listing.OneOf(q.Statuses), numbers(q.Priorities), q.Named(), listing.OneOf(q.AssigneeKinds),
		numbers(q.AssigneeIDs), q.Unassigned, q.Patient}
	of := everything
	switch {
	case q.Patient != 0:
		of = ofAPatient
	case q.Live():
		of = notClosed
	}
	upTo := append(args[:len(args):len(args)], input.CountTo(q.Offset, q.Limit))
	if _, err := t.One(ctx, of.count, upTo, &count); err != nil || count <= q.Offset {
		return nil, count, err
	}
	priority, highest, newest := q.Sorted()
	found, err = store.List(ctx, t.Conn, of.texts[order{priority, highest, newest}], append(args, q.Limit, q.Offset),
		scanEpisode)
	if err == nil {
		err = t.assign(ctx, group, found)
	}
	return found, count, err
}

// numbers are numbers as LIKE finds one among them; the empty text is any.
func numbers[T ~int64](all []T) string {
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = strconv.FormatInt(int64(n), 10)
	}
	return listing.OneOf(words)
}
