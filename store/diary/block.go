package diary

import (
	"context"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

const blockColumns = `id, practitioner_id, location_id, start_date, until_date, from_minute, to_minute, time_zone,
	excluded, comment,
	created_by, updated_by, created_at, updated_at`

func scanBlock(scan store.Scanner) (diary.Session, error) {
	b := diary.Session{Away: true}
	var excluded []string
	err := scan(&b.ID, value.Num(&b.Practitioner), &b.Location, value.Day(&b.Start), value.Day(&b.Until),
		&b.From,
		&b.To,
		&b.TimeZone, value.Words(&excluded), &b.Comment, value.Num(&b.CreatedBy),
		value.Num(&b.UpdatedBy), value.When(&b.CreatedAt), value.When(&b.UpdatedAt))
	for _, text := range excluded {
		var d input.Date
		if err == nil {
			err = d.UnmarshalText([]byte(text))
		}
		b.Exceptions = append(b.Exceptions, diary.Exception{From: d, To: d})
	}
	return b, err
}

// block finds a block.
func (t *Tx) block(ctx context.Context, group practice.ID, id diary.SessionID) (diary.Session, error) {
	return store.Find(ctx, t.Conn, diary.ErrSessionNotFound, `SELECT `+blockColumns+
		` FROM block WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id}, scanBlock)
}

const blocksIn = `SELECT ` + blockColumns + ` FROM block WHERE practice_group_id = $1 AND id IN `

var blocksByID = store.Among(blocksIn+store.Few2, blocksIn+store.Many2)

// Blocks with a date between $2 and $3. Those of some practitioners and those of none are two questions, so that each
// has its part of the index.
const (
	blocksAll = `SELECT ` + blockColumns +
		` FROM block WHERE practice_group_id = $1 AND until_date >= $2 AND start_date <= $3`
	blocksOf = blocksAll + ` AND practitioner_id IN ($4, $5, $6, $7, $8, $9, $10, $11) UNION ALL ` + blocksAll +
		` AND practitioner_id IS NULL`
)

func (t *Tx) saveBlock(ctx context.Context, group practice.ID, b diary.Session) error {
	excluded := make([]string, len(b.Exceptions))
	for i, e := range b.Exceptions {
		excluded[i] = e.From.String()
	}
	_, err := t.Exec(ctx, `INSERT INTO block (`+blockColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET start_date = $4, until_date = $5, from_minute = $6,
		to_minute = $7,
			excluded = $9, comment = $10, updated_by = $12, updated_at = $14`,
		b.ID, value.Opt(b.Practitioner), b.Location, b.Start.String(), b.Until.String(), b.From, b.To, b.TimeZone,
		value.Joined(excluded),
		b.Comment, value.Opt(b.CreatedBy), value.Opt(b.UpdatedBy), b.CreatedAt, b.UpdatedAt, group)
	return err
}
