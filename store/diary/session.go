package diary

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

// forever is the last date of a session that has none. It is after any date, so that one comparison finds the sessions
// that still run.
const forever = "9999-12-31"

const sessionColumns = `s.id, s.practitioner_id, s.location_id, s.start_date, s.until_date, s.from_minute,
	s.to_minute, s.step, s.rule,
	s.every_weeks, s.days, s.week_start, s.time_zone, s.works_holidays, s.comment, s.created_by, s.updated_by,
	s.created_at, s.updated_at`

func scanSession(scan store.Scanner) (diary.Session, error) {
	var s diary.Session
	var until string
	err := scan(&s.ID, &s.Practitioner, &s.Location, value.Day(&s.Start), &until, &s.From, &s.To, &s.Step, &s.Rule,
		&s.Interval, &s.Days, &s.WeekStart, &s.TimeZone, &s.WorksHolidays, &s.Comment,
		value.Num(&s.CreatedBy), value.Num(&s.UpdatedBy), value.When(&s.CreatedAt),
		value.When(&s.UpdatedAt))
	if s.Until = input.NoDate; err == nil && until != forever {
		err = s.Until.UnmarshalText([]byte(until))
	}
	return s, err
}

// Sessions that may run between two dates: $2 is the first, $3 the last.
const (
	runs         = ` WHERE s.practice_group_id = $1 AND s.until_date >= $2 AND s.start_date <= $3`
	of8          = ` AND s.practitioner_id IN ($4, $5, $6, $7, $8, $9, $10, $11)`
	sessionTypes = `SELECT t.session_id, t.appointment_type_id FROM session s
		JOIN session_type t ON t.practice_group_id = s.practice_group_id AND t.session_id = s.id`
	exceptionsOn = `SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session s
		JOIN session_exception e ON e.practice_group_id = s.practice_group_id AND e.session_id = s.id` + runs + `
		AND e.end_date >= $2 AND e.start_date <= $3`
	sessionsAll   = `SELECT ` + sessionColumns + ` FROM session s` + runs + ` ORDER BY s.id`
	sessionsOf    = `SELECT ` + sessionColumns + ` FROM session s` + runs + of8 + ` ORDER BY s.id`
	typesAll      = sessionTypes + runs + ` ORDER BY t.session_id, t.appointment_type_id`
	typesOf       = sessionTypes + runs + of8 + ` ORDER BY t.session_id, t.appointment_type_id`
	exceptionsAll = exceptionsOn + ` ORDER BY e.session_id, e.ordinal`
	exceptionsOf  = exceptionsOn + of8 + ` ORDER BY e.session_id, e.ordinal`
)

// Sessions lists those that may run between two dates, and after them blocks.
func (t *Tx) Sessions(ctx context.Context, group practice.ID, q diary.Dates) ([]diary.Session, error) {
	args := store.In{group, q.From.String(), q.To.String()}
	sessions, types, exceptions, blocks := sessionsAll, typesAll, exceptionsAll, blocksAll
	if some, ok := named(q.Practitioners); ok {
		args = append(args, some...)
		sessions, types, exceptions, blocks = sessionsOf, typesOf, exceptionsOf, blocksOf
	}
	found, err := store.List(ctx, t.Conn, sessions, args, scanSession)
	if err == nil && len(found) > 0 {
		err = t.fill(ctx, found, types, exceptions, args)
	}
	if err != nil || !q.Blocks {
		return found, err
	}
	more, err := store.List(ctx, t.Conn, blocks, args, scanBlock)
	return append(found, more...), err
}

// Session finds a session or a block.
func (t *Tx) Session(ctx context.Context, group practice.ID, id diary.SessionID) (diary.Session, error) {
	found, err := store.List(ctx, t.Conn, `SELECT `+sessionColumns+` FROM session s WHERE s.practice_group_id = $1
		AND s.id = $2`,
		store.In{group, id}, scanSession)
	if err == nil && len(found) == 1 {
		err = t.fill(ctx, found, sessionTypes+` WHERE s.practice_group_id = $1 AND s.id = $2
			ORDER BY t.appointment_type_id`,
			`SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session_exception e
			WHERE e.practice_group_id = $1 AND e.session_id = $2 ORDER BY e.ordinal`, store.In{group, id})
	}
	if err == nil && len(found) == 0 {
		return t.block(ctx, group, id)
	}
	return store.First(found, err, diary.ErrSessionNotFound)
}

// fill reads the types and the exceptions of sessions, which come in the order of the sessions.
func (t *Tx) fill(ctx context.Context, sessions []diary.Session, types, exceptions string, args store.In) error {
	i := 0
	to := func(id diary.SessionID) *diary.Session {
		for i < len(sessions) && sessions[i].ID < id {
			i++
		}
		if i < len(sessions) && sessions[i].ID == id {
			return &sessions[i]
		}
		return nil
	}
	_, err := store.List(ctx, t.Conn, types, args, func(scan store.Scanner) (struct{}, error) {
		var id diary.SessionID
		var kind diary.TypeID
		err := scan(&id, &kind)
		if s := to(id); s != nil {
			s.Types = append(s.Types, kind)
		}
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	i = 0
	_, err = store.List(ctx, t.Conn, exceptions, args, func(scan store.Scanner) (struct{}, error) {
		var id diary.SessionID
		var e diary.Exception
		err := scan(&id, value.Day(&e.From), value.Day(&e.To), &e.Reason)
		if s := to(id); s != nil {
			s.Exceptions = append(s.Exceptions, e)
		}
		return struct{}{}, err
	})
	return err
}

// SaveSession keeps a session with its types and exceptions.
func (t *Tx) SaveSession(ctx context.Context, group practice.ID, s diary.Session) error {
	if s.Away {
		return t.saveBlock(ctx, group, s)
	}
	until := forever
	if s.Until != input.NoDate {
		until = s.Until.String()
	}
	_, err := t.Exec(ctx,
		`INSERT INTO session (practice_group_id, id, practitioner_id, location_id, start_date, until_date,
			from_minute, to_minute, step, rule,
			every_weeks, days, week_start, time_zone, works_holidays, comment, created_by, updated_by, created_at,
			updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET practitioner_id = $3, location_id = $4, start_date = $5,
		until_date = $6, from_minute = $7,
			to_minute = $8, step = $9, rule = $10, every_weeks = $11, days = $12, week_start = $13, time_zone = $14,
			works_holidays = $15, comment = $16,
			updated_by = $18, updated_at = $20`,
		group, s.ID, s.Practitioner, s.Location, s.Start.String(), until, s.From, s.To, s.Step, s.Rule,
		s.Interval, int64(s.Days), int64(s.WeekStart), s.TimeZone, s.WorksHolidays, s.Comment, value.Opt(s.CreatedBy),
		value.Opt(s.UpdatedBy),
		s.CreatedAt, s.UpdatedAt)
	if err != nil {
		return err
	}
	if err := t.emptySession(ctx, group, s.ID); err != nil {
		return err
	}
	for _, kind := range s.Types {
		if _, err := t.Exec(ctx,
			`INSERT INTO session_type (practice_group_id, session_id, appointment_type_id) VALUES ($1, $2,
				$3)`, group, s.ID,
			kind); err != nil {
			return err
		}
	}
	for i, e := range s.Exceptions {
		_, err := t.Exec(ctx,
			`INSERT INTO session_exception (practice_group_id, session_id, ordinal, start_date, end_date, reason)
			VALUES ($1, $2, $3, $4, $5, $6)`, group, s.ID, i, e.From.String(), e.To.String(), e.Reason)
		if err != nil {
			return err
		}
	}
	return nil
}

// DropSession deletes a session or a block.
func (t *Tx) DropSession(ctx context.Context, group practice.ID, s diary.Session) error {
	if s.Away {
		_, err := t.Exec(ctx, `DELETE FROM block WHERE practice_group_id = $1 AND id = $2`, group, s.ID)
		return err
	}
	if err := t.emptySession(ctx, group, s.ID); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `DELETE FROM session WHERE practice_group_id = $1 AND id = $2`, group, s.ID)
	return err
}

func (t *Tx) emptySession(ctx context.Context, group practice.ID, id diary.SessionID) error {
	if _, err := t.Exec(ctx, `DELETE FROM session_type WHERE practice_group_id = $1 AND session_id = $2`, group,
		id); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `DELETE FROM session_exception WHERE practice_group_id = $1 AND session_id = $2`, group, id)
	return err
}

const (
	sessionsIn   = `SELECT ` + sessionColumns + ` FROM session s WHERE s.practice_group_id = $1 AND s.id IN `
	exceptionsIn = `SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session_exception e
		WHERE e.practice_group_id = $1 AND e.session_id IN `
	inOrdinal = ` ORDER BY e.session_id, e.ordinal`
)

var (
	sessionsByID   = store.Among(sessionsIn+store.Few2, sessionsIn+store.Many2)
	exceptionsByID = store.Among(exceptionsIn+store.Few2+inOrdinal, exceptionsIn+store.Many2+inOrdinal)
)

// sessions finds sessions and blocks with their exceptions, in the order of their ids.
func (t *Tx) sessions(ctx context.Context, group practice.ID, ids []diary.SessionID) ([]diary.Session, error) {
	blocks, err := store.ListAmong(ctx, t.Conn, blocksByID, store.In{group}, ids, scanBlock)
	if err != nil {
		return nil, err
	}
	found, err := store.ListAmong(ctx, t.Conn, sessionsByID, store.In{group}, ids, scanSession)
	if err != nil {
		return nil, err
	}
	exceptions, err := store.ListOwned(ctx, t.Conn, exceptionsByID, group, ids, func(e *diary.Exception) store.In {
		return store.In{value.Day(&e.From), value.Day(&e.To), &e.Reason}
	})
	for i := range found {
		found[i].Exceptions = exceptions[found[i].ID]
	}
	found = append(found, blocks...)
	slices.SortFunc(found, func(a, b diary.Session) int { return cmp.Compare(a.ID, b.ID) })
	return found, err
}

// The ids of sessions and blocks: $2 and $3 are practitioners and places with commas around each, or empty. No two have
// the same id, and both halves come in the order of their keys.
const (
	whose      = ` AND (CAST($2 AS text) = '' OR CAST($2 AS text) LIKE '%,' || practitioner_id || ',%')`
	where      = ` AND (CAST($3 AS text) = '' OR CAST($3 AS text) LIKE '%,' || location_id || ',%')`
	sessionIDs = `SELECT id FROM session WHERE practice_group_id = $1` + whose + where + ` UNION ALL
		SELECT id FROM block WHERE practice_group_id = $1` + whose + where + ` ORDER BY id LIMIT $4 OFFSET $5`
	sessionIDsFrom = `SELECT id FROM session WHERE practice_group_id = $1 AND id > $6` + whose + where + ` UNION ALL
		SELECT id FROM block WHERE practice_group_id = $1 AND id > $6` + whose + where + ` ORDER BY id LIMIT $4 ` +
		`OFFSET $5`
)

// SessionPage lists sessions and blocks by id, and whether more follow the page.
func (t *Tx) SessionPage(
	ctx context.Context, group practice.ID, q diary.SessionQuery, offset, size int,
) ([]diary.Session, bool, error) {
	by := store.Bound{After: sessionIDsFrom, Column: "id", Limit: 4, Offset: 5}
	ids, err := store.ReadPageBound(ctx, t.Conn, sessionIDs, by,
		store.In{group, oneOfIDs(q.Practitioners), oneOfIDs(q.Locations), size + 1, offset},
		store.ScanID[diary.SessionID],
		func(id diary.SessionID) store.Columns { return store.Columns{"id": id} })
	if err != nil || len(ids) == 0 {
		return nil, false, err
	}
	found, err := t.sessions(ctx, group, ids[:min(size, len(ids))])
	return found, len(ids) > size, err
}

// oneOfIDs is a list of ids as LIKE finds one in it; the empty text is any.
func oneOfIDs[T ~int64](list []T) string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = strconv.FormatInt(int64(id), 10)
	}
	return listing.OneOf(out)
}
