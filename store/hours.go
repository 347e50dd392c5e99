package store

import (
	"context"
	"strconv"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

const blockColumns = `id, practitioner_id, location_id, start_date, until_date, from_minute, to_minute, time_zone,
	excluded, comment,
	created_by, updated_by, created_at, updated_at`

func scanBlock(scan scanner) (diary.Session, error) {
	b := diary.Session{Away: true}
	var excluded []string
	err := scan(&b.ID, num[practice.PractitionerID]{&b.Practitioner}, &b.Location, day{&b.Start}, day{&b.Until},
		&b.From,
		&b.To,
		&b.TimeZone, words[string]{&excluded}, &b.Comment, num[practice.PractitionerID]{&b.CreatedBy},
		num[practice.PractitionerID]{&b.UpdatedBy}, when{&b.CreatedAt}, when{&b.UpdatedAt})
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
	return find(ctx, t, diary.ErrSessionNotFound, `SELECT `+blockColumns+
		` FROM block WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanBlock)
}

const blocksIn = `SELECT ` + blockColumns + ` FROM block WHERE practice_group_id = $1 AND id IN `

var blocksByID = amongst{blocksIn + few2, blocksIn + many2}

// Blocks with a date between $2 and $3. Those of some people and those of nobody
// in particular are two questions, for each to have its part of the index.
const (
	blocksAll = `SELECT ` + blockColumns +
		` FROM block WHERE practice_group_id = $1 AND until_date >= $2 AND start_date <= $3`
	blocksOf = blocksAll + ` AND practitioner_id IN ($4, $5, $6, $7, $8, $9, $10, $11) UNION ALL ` + blocksAll +
		` AND practitioner_id IS NULL`
)

// Blocks lists those with a date between two dates.
func (t *Tx) Blocks(ctx context.Context, group practice.ID, q diary.SessionQuery) ([]diary.Session, error) {
	text, args := blocksAll, in{group, q.From.String(), q.To.String()}
	if some, ok := named(q.Practitioners); ok {
		text, args = blocksOf, append(args, some...)
	}
	return list(ctx, t, text, args, scanBlock)
}

func (t *Tx) saveBlock(ctx context.Context, group practice.ID, b diary.Session) error {
	excluded := make([]string, len(b.Exceptions))
	for i, e := range b.Exceptions {
		excluded[i] = e.From.String()
	}
	_, err := t.exec(ctx, `INSERT INTO block (`+blockColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET start_date = $4, until_date = $5, from_minute = $6,
		to_minute = $7,
			excluded = $9, comment = $10, updated_by = $12, updated_at = $14`,
		b.ID, opt(b.Practitioner), b.Location, b.Start.String(), b.Until.String(), b.From, b.To, b.TimeZone,
		joined(excluded),
		b.Comment, opt(b.CreatedBy), opt(b.UpdatedBy), b.CreatedAt, b.UpdatedAt, group)
	return err
}

const (
	sessionsIn   = `SELECT ` + sessionColumns + ` FROM session s WHERE s.practice_group_id = $1 AND s.id IN `
	exceptionsIn = `SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session_exception e
		WHERE e.practice_group_id = $1 AND e.session_id IN `
	inOrdinal = ` ORDER BY e.session_id, e.ordinal`
)

var (
	sessionsByID   = amongst{sessionsIn + few2, sessionsIn + many2}
	exceptionsByID = amongst{exceptionsIn + few2 + inOrdinal, exceptionsIn + many2 + inOrdinal}
)

// SessionsByID finds sessions and blocks with their exceptions.
func (t *Tx) SessionsByID(
	ctx context.Context, group practice.ID, ids []diary.SessionID,
) (map[diary.SessionID]diary.Session, error) {
	blocks, err := listAmong(ctx, t, blocksByID, in{group}, ids, scanBlock)
	if err != nil {
		return nil, err
	}
	found, err := listAmong(ctx, t, sessionsByID, in{group}, ids, scanSession)
	if err != nil {
		return nil, err
	}
	exceptions, err := byOwner(listAmong(ctx, t, exceptionsByID, in{group}, ids,
		func(scan scanner) (Owned[diary.SessionID, diary.Exception], error) {
			var o Owned[diary.SessionID, diary.Exception]
			err := scan(&o.Of, day{&o.Thing.From}, day{&o.Thing.To}, &o.Thing.Reason)
			return o, err
		}))
	for i := range found {
		found[i].Exceptions = exceptions[found[i].ID]
	}
	return keyed(append(found, blocks...), err, func(s diary.Session) diary.SessionID { return s.ID })
}

// The ids of sessions and blocks: $2 and $3 are practitioners and places with
// commas around each, or empty. No two have the same id, and both halves come in
// the order of their keys.
const (
	whose  = ` AND (CAST($2 AS text) = '' OR CAST($2 AS text) LIKE '%,' || practitioner_id || ',%')`
	where  = ` AND (CAST($3 AS text) = '' OR CAST($3 AS text) LIKE '%,' || location_id || ',%')`
	hourly = `SELECT id FROM session WHERE practice_group_id = $1` + whose + where + ` UNION ALL
		SELECT id FROM block WHERE practice_group_id = $1` + whose + where + ` ORDER BY id LIMIT $4 OFFSET $5`
	hourlyFrom = `SELECT id FROM session WHERE practice_group_id = $1 AND id > $6` + whose + where + ` UNION ALL
		SELECT id FROM block WHERE practice_group_id = $1 AND id > $6` + whose + where + ` ORDER BY id LIMIT $4 ` +
		`OFFSET $5`
)

// SessionIDs lists the ids of sessions and blocks.
func (t *Tx) SessionIDs(ctx context.Context, group practice.ID, q diary.PageRows) ([]diary.SessionID, error) {
	r := reading{after: hourlyFrom, columns: []string{"id"}, limit: 4, offset: 5}
	return readPageBy(ctx, t, hourly, r, in{group, oneOfIDs(q.Practitioners), oneOfIDs(q.Locations), q.Limit, q.Offset},
		ScanID[diary.SessionID],
		func(id diary.SessionID) columns { return columns{"id": id} })
}

// oneOfIDs is oneOf for ids.
func oneOfIDs[T ~int64](list []T) string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = strconv.FormatInt(int64(id), 10)
	}
	return oneOf(out)
}

// TypesOffered lists the appointment types a practitioner offers at a place.
func (t *Tx) TypesOffered(
	ctx context.Context, group practice.ID, by practice.PractitionerID, at practice.LocationID,
) ([]diary.Type, error) {
	return list(ctx, t, `SELECT `+typeColumns+` FROM appointment_type WHERE practice_group_id = $1 AND active
		AND (id IN (SELECT product_id FROM product_practitioner WHERE practice_group_id = $1 AND practitioner_id =
		$2) OR NOT EXISTS (
			SELECT 1 FROM product_practitioner o JOIN appointment_type y ON y.practice_group_id =
			o.practice_group_id AND y.id = o.product_id
			WHERE o.practice_group_id = $1 AND o.practitioner_id = $2 AND y.active))
		AND (id IN (SELECT product_id FROM product_location WHERE practice_group_id = $1 AND location_id = $3) OR
		NOT EXISTS (
			SELECT 1 FROM product_location o JOIN appointment_type y ON y.practice_group_id = o.practice_group_id
			AND y.id = o.product_id
			WHERE o.practice_group_id = $1 AND o.location_id = $3 AND y.active))
		ORDER BY id`, in{group, by, at}, scanType)
}

const takenBy = `SELECT practitioner_id, start_at, end_at, state, reserved_until FROM appointment
	WHERE practice_group_id = $1 AND state IN ('reserved', 'booked') AND id IN `

var takenByID = amongst{takenBy + few2, takenBy + many2}

// TakenBy lists the times of some appointments that are held or booked.
func (t *Tx) TakenBy(ctx context.Context, group practice.ID, appointments []int64) ([]diary.Taken, error) {
	return listAmong(ctx, t, takenByID, in{group}, appointments, func(scan scanner) (diary.Taken, error) {
		var d diary.Taken
		err := scanTaken(scan, &d)
		return d, err
	})
}
