package store

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// forever is the last date of a session that has none. It is after any date,
// so that one comparison finds the sessions that still run.
const forever = "9999-12-31"

const sessionColumns = `s.id, s.practitioner_id, s.location_id, s.start_date, s.until_date, s.from_minute, s.to_minute, s.step, s.rule,
	s.every_weeks, s.days, s.week_start, s.time_zone, s.works_holidays, s.created_at, s.updated_at`

func scanSession(scan scanner) (booking.Session, error) {
	var s booking.Session
	var until string
	err := scan(&s.ID, &s.Practitioner, &s.Location, day{&s.Start}, &until, &s.From, &s.To, &s.Step, &s.Rule,
		&s.Interval, &s.Days, &s.WeekStart, &s.TimeZone, &s.WorksHolidays, when{&s.CreatedAt}, when{&s.UpdatedAt})
	if s.Until = input.NoDate; err == nil && until != forever {
		err = s.Until.UnmarshalText([]byte(until))
	}
	return s, err
}

// few is how many practitioners a question may name one by one; more than that
// are found among all.
const few = 8

// named are the practitioners of a question as eight arguments, the last one
// repeated; false when there are none or too many.
func named(of []practice.PractitionerID) (in, bool) {
	if len(of) == 0 || len(of) > few {
		return nil, false
	}
	args := make(in, few)
	for i := range args {
		args[i] = of[min(i, len(of)-1)]
	}
	return args, true
}

// Sessions that may run between two dates: $2 is the first, $3 the last, $4
// asks for active places and practitioners only.
const (
	runs = ` FROM session s
		JOIN practitioner p ON p.practice_group_id = s.practice_group_id AND p.id = s.practitioner_id
		JOIN location l ON l.practice_group_id = s.practice_group_id AND l.id = s.location_id
		WHERE s.practice_group_id = $1 AND s.until_date >= $2 AND s.start_date <= $3 AND (NOT $4 OR (p.active AND l.active))`
	of8          = ` AND s.practitioner_id IN ($5, $6, $7, $8, $9, $10, $11, $12)`
	sessionTypes = `SELECT t.session_id, t.appointment_type_id` + joinTypes
	joinTypes    = ` FROM session s JOIN session_type t ON t.practice_group_id = s.practice_group_id AND t.session_id = s.id`
	runsAlone    = ` WHERE s.practice_group_id = $1 AND s.until_date >= $2 AND s.start_date <= $3`
	of8Alone     = ` AND s.practitioner_id IN ($4, $5, $6, $7, $8, $9, $10, $11)`
	exceptionsOn = `SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session s
		JOIN session_exception e ON e.practice_group_id = s.practice_group_id AND e.session_id = s.id
		WHERE s.practice_group_id = $1 AND s.until_date >= $2 AND s.start_date <= $3 AND e.end_date >= $2 AND e.start_date <= $3`
	sessionsAll   = `SELECT ` + sessionColumns + runs + ` ORDER BY s.id`
	sessionsOf    = `SELECT ` + sessionColumns + runs + of8 + ` ORDER BY s.id`
	typesAll      = sessionTypes + runsAlone + ` ORDER BY t.session_id, t.appointment_type_id`
	typesOf       = sessionTypes + runsAlone + of8Alone + ` ORDER BY t.session_id, t.appointment_type_id`
	exceptionsAll = exceptionsOn + ` ORDER BY e.session_id, e.ordinal`
	exceptionsOf  = exceptionsOn + of8Alone + ` ORDER BY e.session_id, e.ordinal`
)

// Sessions lists those that may run between two dates.
func (t *Tx) Sessions(ctx context.Context, group practice.ID, q booking.SessionQuery) ([]booking.Session, error) {
	args := in{group, q.From.String(), q.To.String()}
	sessions, types, exceptions := sessionsAll, typesAll, exceptionsAll
	some, named := named(q.Practitioners)
	if named {
		sessions, types, exceptions = sessionsOf, typesOf, exceptionsOf
	}
	found, err := list(ctx, t, sessions, append(append(in{}, append(args, q.ActiveOnly)...), some...), scanSession)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found, t.fill(ctx, found, types, exceptions, append(args[:3:3], some...))
}

// Session finds a session.
func (t *Tx) Session(ctx context.Context, group practice.ID, id booking.SessionID) (booking.Session, error) {
	found, err := list(ctx, t, `SELECT `+sessionColumns+` FROM session s WHERE s.practice_group_id = $1 AND s.id = $2`, in{group, id}, scanSession)
	if err == nil && len(found) == 1 {
		err = t.fill(ctx, found, sessionTypes+` WHERE s.practice_group_id = $1 AND s.id = $2 ORDER BY t.appointment_type_id`,
			`SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session_exception e
			WHERE e.practice_group_id = $1 AND e.session_id = $2 ORDER BY e.ordinal`, in{group, id})
	}
	return first(found, err, booking.ErrSessionNotFound)
}

// fill reads the types and the exceptions of sessions, which come in the order
// of the sessions.
func (t *Tx) fill(ctx context.Context, sessions []booking.Session, types, exceptions string, args in) error {
	i := 0
	to := func(id booking.SessionID) *booking.Session {
		for i < len(sessions) && sessions[i].ID < id {
			i++
		}
		if i < len(sessions) && sessions[i].ID == id {
			return &sessions[i]
		}
		return nil // of an inactive place or practitioner
	}
	_, err := list(ctx, t, types, args, func(scan scanner) (struct{}, error) {
		var id booking.SessionID
		var kind booking.TypeID
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
	_, err = list(ctx, t, exceptions, args, func(scan scanner) (struct{}, error) {
		var id booking.SessionID
		var e booking.Exception
		err := scan(&id, day{&e.From}, day{&e.To}, &e.Reason)
		if s := to(id); s != nil {
			s.Exceptions = append(s.Exceptions, e)
		}
		return struct{}{}, err
	})
	return err
}

// SaveSession keeps a session with its types and exceptions.
func (t *Tx) SaveSession(ctx context.Context, group practice.ID, s booking.Session) error {
	until := forever
	if s.Until != input.NoDate {
		until = s.Until.String()
	}
	_, err := t.exec(ctx, `INSERT INTO session (practice_group_id, id, practitioner_id, location_id, start_date, until_date, from_minute, to_minute, step, rule,
			every_weeks, days, week_start, time_zone, works_holidays, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET practitioner_id = $3, location_id = $4, start_date = $5, until_date = $6, from_minute = $7,
			to_minute = $8, step = $9, rule = $10, every_weeks = $11, days = $12, week_start = $13, time_zone = $14, works_holidays = $15, updated_at = $17`,
		group, s.ID, s.Practitioner, s.Location, s.Start.String(), until, s.From, s.To, s.Step, s.Rule,
		s.Interval, int64(s.Days), int64(s.WeekStart), s.TimeZone, s.WorksHolidays, s.CreatedAt, s.UpdatedAt)
	if err != nil {
		return err
	}
	if err := t.emptySession(ctx, group, s.ID); err != nil {
		return err
	}
	for _, kind := range s.Types {
		if _, err := t.exec(ctx, `INSERT INTO session_type (practice_group_id, session_id, appointment_type_id) VALUES ($1, $2, $3)`, group, s.ID, kind); err != nil {
			return err
		}
	}
	for i, e := range s.Exceptions {
		_, err := t.exec(ctx, `INSERT INTO session_exception (practice_group_id, session_id, ordinal, start_date, end_date, reason)
			VALUES ($1, $2, $3, $4, $5, $6)`, group, s.ID, i, e.From.String(), e.To.String(), e.Reason)
		if err != nil {
			return err
		}
	}
	return nil
}

// DropSession deletes a session.
func (t *Tx) DropSession(ctx context.Context, group practice.ID, id booking.SessionID) error {
	if err := t.emptySession(ctx, group, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM session WHERE practice_group_id = $1 AND id = $2`, group, id)
	return err
}

func (t *Tx) emptySession(ctx context.Context, group practice.ID, id booking.SessionID) error {
	if _, err := t.exec(ctx, `DELETE FROM session_type WHERE practice_group_id = $1 AND session_id = $2`, group, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM session_exception WHERE practice_group_id = $1 AND session_id = $2`, group, id)
	return err
}

// LockDiary keeps others from changing the diary.
func (t *Tx) LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error {
	n, err := t.exec(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1 AND practitioner_id = $2`, group, id)
	if err == nil && n == 0 {
		return practice.ErrPractitionerNotFound
	}
	return err
}

// Occupied: $2 and $3 are the time, $4 is MaxLength before it, where the search
// for what overlaps it begins.
const (
	occupied = `SELECT id, practitioner_id, start_at, end_at, state, reserved_until FROM appointment
		WHERE practice_group_id = $1 AND start_at > $4 AND start_at < $3 AND end_at > $2 AND state IN ('reserved', 'booked')`
	occupiedAll = occupied
	occupiedOf  = occupied + ` AND practitioner_id IN ($5, $6, $7, $8, $9, $10, $11, $12)`
)

func scanOccupied(scan scanner) (booking.Occupied, error) {
	var o booking.Occupied
	var state booking.State
	var until time.Time
	err := scan(&o.Appointment, &o.Practitioner, when{&o.Start}, when{&o.End}, &state, when{&until})
	if state == booking.Reserved {
		o.HeldUntil = until
	}
	return o, err
}

// Occupied lists what is held or booked and overlaps the time.
func (t *Tx) Occupied(ctx context.Context, group practice.ID, of []practice.PractitionerID, from, to time.Time) ([]booking.Occupied, error) {
	args := in{group, from, to, from.Add(-booking.MaxLength)}
	if some, ok := named(of); ok {
		return list(ctx, t, occupiedOf, append(args, some...), scanOccupied)
	}
	return list(ctx, t, occupiedAll, args, scanOccupied)
}
