package store

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

type diaryStore struct {
	diary.Reader
	tx *Tx
}

// Diary is what diary remembers.
func (db *DB) Diary() diary.Store { return diaryStore{db.plain(), db.plain()} }

func (s diaryStore) Do(ctx context.Context, fn func(diary.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const typeColumns = `id, name, partner_slot_name, price, sector, minutes, profession, video, in_person, telephone,
	use_partner_slots,
	invoice_required, active, created_at, updated_at, vat_permille`

func scanType(scan scanner) (diary.Type, error) {
	var k diary.Type
	err := scan(&k.ID, &k.Name, &k.PartnerSlotName, &k.Price, &k.Sector, &k.Minutes, &k.Profession, &k.Video, &k.InPerson,
		&k.Telephone, &k.UsePartnerSlots,
		&k.InvoiceRequired, &k.Active, when{&k.CreatedAt}, when{&k.UpdatedAt}, maybe[int]{&k.VAT})
	return k, err
}

// AppointmentType finds one.
func (t *Tx) AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error) {
	return find(ctx, t, diary.ErrTypeNotFound, `SELECT `+typeColumns+` FROM appointment_type
		WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanType)
}

// AppointmentTypes lists them by name.
func (t *Tx) AppointmentTypes(ctx context.Context, group practice.ID, inactive bool) ([]diary.Type, error) {
	return list(ctx, t, `SELECT `+typeColumns+` FROM appointment_type
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY name, id`, in{group, inactive}, scanType)
}

// LockAppointmentType keeps others from changing one, when there is one.
func (t *Tx) LockAppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) error {
	_, err := t.exec(ctx, `UPDATE appointment_type SET active = active WHERE practice_group_id = $1 AND id = $2`, group,
		id)
	return err
}

// SaveAppointmentType keeps one, and the product that it is.
func (t *Tx) SaveAppointmentType(ctx context.Context, group practice.ID, k diary.Type) error {
	_, err := t.exec(ctx, `INSERT INTO appointment_type (`+typeColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $2, partner_slot_name = $3, price = $4, sector = $5,
		minutes = $6, profession = $7,
			video = $8, in_person = $9, telephone = $10, use_partner_slots = $11, invoice_required = $12,
			active = $13, updated_at = $15, vat_permille = $16`,
		k.ID, k.Name, k.PartnerSlotName, k.Price, k.Sector, k.Minutes, k.Profession, k.Video, k.InPerson, k.Telephone,
		k.UsePartnerSlots,
		k.InvoiceRequired, k.Active, k.CreatedAt, k.UpdatedAt, given(k.VAT), group)
	if err != nil {
		return err
	}
	return t.saveProductOf(ctx, group, k)
}

// forever is the last date of a session that has none. It is after any date,
// so that one comparison finds the sessions that still run.
const forever = "9999-12-31"

const sessionColumns = `s.id, s.practitioner_id, s.location_id, s.start_date, s.until_date, s.from_minute,
	s.to_minute, s.step, s.rule,
	s.every_weeks, s.days, s.week_start, s.time_zone, s.works_holidays, s.comment, s.created_by, s.updated_by,
	s.created_at, s.updated_at`

func scanSession(scan scanner) (diary.Session, error) {
	var s diary.Session
	var until string
	err := scan(&s.ID, &s.Practitioner, &s.Location, day{&s.Start}, &until, &s.From, &s.To, &s.Step, &s.Rule,
		&s.Interval, &s.Days, &s.WeekStart, &s.TimeZone, &s.WorksHolidays, &s.Comment,
		num[practice.PractitionerID]{&s.CreatedBy}, num[practice.PractitionerID]{&s.UpdatedBy}, when{&s.CreatedAt},
		when{&s.UpdatedAt})
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

// Sessions lists those that may run between two dates.
func (t *Tx) Sessions(ctx context.Context, group practice.ID, q diary.SessionQuery) ([]diary.Session, error) {
	args := in{group, q.From.String(), q.To.String()}
	sessions, types, exceptions := sessionsAll, typesAll, exceptionsAll
	some, named := named(q.Practitioners)
	if named {
		sessions, types, exceptions = sessionsOf, typesOf, exceptionsOf
	}
	found, err := list(ctx, t, sessions, append(args, some...), scanSession)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found, t.fill(ctx, found, types, exceptions, append(args, some...))
}

// Session finds a session or a block.
func (t *Tx) Session(ctx context.Context, group practice.ID, id diary.SessionID) (diary.Session, error) {
	found, err := list(ctx, t, `SELECT `+sessionColumns+` FROM session s WHERE s.practice_group_id = $1 AND s.id = $2`,
		in{group, id}, scanSession)
	if err == nil && len(found) == 1 {
		err = t.fill(ctx, found, sessionTypes+` WHERE s.practice_group_id = $1 AND s.id = $2
			ORDER BY t.appointment_type_id`,
			`SELECT e.session_id, e.start_date, e.end_date, e.reason FROM session_exception e
			WHERE e.practice_group_id = $1 AND e.session_id = $2 ORDER BY e.ordinal`, in{group, id})
	}
	if err == nil && len(found) == 0 {
		return t.block(ctx, group, id)
	}
	return first(found, err, diary.ErrSessionNotFound)
}

// fill reads the types and the exceptions of sessions, which come in the order
// of the sessions.
func (t *Tx) fill(ctx context.Context, sessions []diary.Session, types, exceptions string, args in) error {
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
	_, err := list(ctx, t, types, args, func(scan scanner) (struct{}, error) {
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
	_, err = list(ctx, t, exceptions, args, func(scan scanner) (struct{}, error) {
		var id diary.SessionID
		var e diary.Exception
		err := scan(&id, day{&e.From}, day{&e.To}, &e.Reason)
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
	_, err := t.exec(ctx,
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
		s.Interval, int64(s.Days), int64(s.WeekStart), s.TimeZone, s.WorksHolidays, s.Comment, opt(s.CreatedBy),
		opt(s.UpdatedBy),
		s.CreatedAt, s.UpdatedAt)
	if err != nil {
		return err
	}
	if err := t.emptySession(ctx, group, s.ID); err != nil {
		return err
	}
	for _, kind := range s.Types {
		if _, err := t.exec(ctx,
			`INSERT INTO session_type (practice_group_id, session_id, appointment_type_id) VALUES ($1, $2,
				$3)`, group, s.ID,
			kind); err != nil {
			return err
		}
	}
	for i, e := range s.Exceptions {
		_, err := t.exec(ctx,
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
		_, err := t.exec(ctx, `DELETE FROM block WHERE practice_group_id = $1 AND id = $2`, group, s.ID)
		return err
	}
	if err := t.emptySession(ctx, group, s.ID); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM session WHERE practice_group_id = $1 AND id = $2`, group, s.ID)
	return err
}

func (t *Tx) emptySession(ctx context.Context, group practice.ID, id diary.SessionID) error {
	if _, err := t.exec(ctx, `DELETE FROM session_type WHERE practice_group_id = $1 AND session_id = $2`, group,
		id); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM session_exception WHERE practice_group_id = $1 AND session_id = $2`, group, id)
	return err
}

// Diaries lists diaries with their versions. Inside a transaction these may yet
// be undone, and are not told.
func (t *Tx) Diaries(ctx context.Context, group practice.ID, of []practice.PractitionerID) ([]diary.Diary, error) {
	args, ok := named(of)
	text := diariesOf
	if !ok {
		text = diariesAll
	}
	on := t.on(ctx)
	settled := on.pg == nil && on.lite == nil
	return list(ctx, t, text, append(in{group}, args...), func(scan scanner) (diary.Diary, error) {
		var d diary.Diary
		err := scan(&d.Practitioner, &d.Version, &d.Hours, &d.Active)
		if !settled {
			d.Version, d.Hours = 0, 0
		}
		return d, err
	})
}

const (
	diariesAll = `SELECT d.practitioner_id, d.version, d.hours, p.active FROM diary d
		JOIN practitioner p ON p.practice_group_id = d.practice_group_id AND p.id = d.practitioner_id
		WHERE d.practice_group_id = $1`
	diariesOf = diariesAll + ` AND d.practitioner_id IN ($2, $3, $4, $5, $6, $7, $8, $9)`
)

// ChangeHours locks a diary to change its sessions.
func (t *Tx) ChangeHours(ctx context.Context, group practice.ID, id practice.PractitionerID) error {
	n, err := t.exec(ctx, `UPDATE diary SET hours = hours + 1 WHERE practice_group_id = $1 AND practitioner_id = $2`,
		group, id)
	if err == nil && n == 0 {
		return practice.ErrPractitionerNotFound
	}
	return err
}

// ChangeAllHours locks every diary.
func (t *Tx) ChangeAllHours(ctx context.Context, group practice.ID) error {
	_, err := t.exec(ctx, `UPDATE diary SET hours = hours + 1 WHERE practice_group_id = $1`, group)
	return err
}

// What is taken: $2 and $3 are the time, $4 is the longest an appointment can
// be before it, where the search for what overlaps it begins.
const (
	takenAll = `SELECT practitioner_id, start_at, end_at, state, reserved_until FROM appointment
		WHERE practice_group_id = $1 AND start_at > $4 AND start_at < $3 AND end_at > $2
		AND state IN ('reserved', 'booked')`
	takenOf = takenAll + ` AND practitioner_id IN ($5, $6, $7, $8, $9, $10, $11, $12)`
)

// Taken lists what is held or booked and overlaps the time.
func (t *Tx) Taken(
	ctx context.Context, group practice.ID, of []practice.PractitionerID, from, to time.Time,
) ([]diary.Taken, error) {
	text, args := takenAll, in{group, from, to, from.Add(-diary.MaxLength)}
	if some, ok := named(of); ok {
		text, args = takenOf, append(args, some...)
	}
	return list(ctx, t, text, args, func(scan scanner) (diary.Taken, error) {
		var d diary.Taken
		err := scanTaken(scan, &d)
		return d, err
	})
}

// scanTaken reads a stretch, after any columns before it.
func scanTaken(scan scanner, d *diary.Taken, before ...any) error {
	var state string
	var until time.Time
	err := scan(append(before, &d.Practitioner, when{&d.Start}, when{&d.End}, &state, when{&until})...)
	if state == reserved {
		d.HeldUntil = until
	}
	return err
}
