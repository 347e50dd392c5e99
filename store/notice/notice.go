package notice

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const selectNotices = `SELECT n.id, n.appointment_id, n.version, n.occasion, n.lead, n.patient_id, n.start_at, n.state,
	n.due_at, n.reason, n.second, n.calendar, n.created_at, n.updated_at, n.message_id, m.state, m.leg_channel, m.code,
	m.created_at, m.sent_at FROM notice n
	LEFT JOIN message m ON m.practice_group_id = n.practice_group_id AND m.id = n.message_id
	WHERE n.practice_group_id = $1`

func scanNotice(scan store.Scanner) (notice.Notice, error) {
	var n notice.Notice
	var lead int64
	var state, of string
	m := &n.Message
	err := scan(&n.ID, &n.Appointment, &n.Version, &n.On, &lead, &n.Patient, value.When(&n.Start), &n.State,
		value.When(&n.DueAt), &n.Reason, &n.Second, &n.Calendar, value.When(&n.CreatedAt), value.When(&n.UpdatedAt),
		value.Num(&m.ID), value.Text(&state), value.Text(&of), value.Text(&m.Code), value.When(&m.CreatedAt),
		value.When(&m.SentAt))
	n.Lead, m.State, m.Channel = time.Duration(lead)*time.Minute, messaging.State(state), of
	return n, err
}

// DueNotices lists what is due.
func (s *Store) DueNotices(
	ctx context.Context, group practice.ID, at time.Time, limit int,
) ([]notice.Notice, error) {
	return store.List(ctx, s.Conn, selectNotices+` AND n.due_at IS NOT NULL AND n.due_at <= $2
		ORDER BY n.due_at, n.id LIMIT $3`, store.In{group, at, limit}, scanNotice)
}

// NoticesOf lists the notices of an appointment, and keeps others from changing them.
func (t *Tx) NoticesOf(ctx context.Context, group practice.ID, of booking.ID) ([]notice.Notice, error) {
	if _, err := t.Exec(ctx, `UPDATE notice SET lead = lead WHERE practice_group_id = $1 AND appointment_id = $2`,
		group, of); err != nil {
		return nil, err
	}
	return store.List(ctx, t.Conn, selectNotices+` AND n.appointment_id = $2 ORDER BY n.id`, store.In{group, of},
		scanNotice)
}

// AddNotice keeps a new notice.
func (t *Tx) AddNotice(ctx context.Context, group practice.ID, n notice.Notice) error {
	_, err := t.Exec(ctx, `INSERT INTO notice (practice_group_id, id, appointment_id, version, occasion, lead,
		patient_id, start_at, state, due_at, reason, second, calendar, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, appointment_id, version, occasion, lead) DO NOTHING`,
		group, n.ID, n.Appointment, n.Version, string(n.On), int64(n.Lead/time.Minute), n.Patient, n.Start,
		string(n.State), value.At(n.DueAt), n.Reason, n.Second, n.Calendar, n.CreatedAt, n.UpdatedAt)
	return err
}

// SaveNotice keeps a changed notice.
func (t *Tx) SaveNotice(ctx context.Context, group practice.ID, n notice.Notice) error {
	_, err := t.Exec(ctx, `UPDATE notice SET state = $3, due_at = $4, message_id = $5, reason = $6, second = $7,
		calendar = $8, updated_at = $9 WHERE practice_group_id = $1 AND id = $2`, group, n.ID, string(n.State),
		value.At(n.DueAt), value.Opt(n.Message.ID), n.Reason, n.Second, n.Calendar, n.UpdatedAt)
	return err
}

// StaleReminders lists planned reminders of appointments that do not stand as they were planned for.
func (s *Store) StaleReminders(ctx context.Context, group practice.ID, limit int) ([]notice.Notice, error) {
	return store.List(ctx, s.Conn, selectNotices+` AND n.due_at IS NOT NULL AND n.occasion = 'reminder'
		AND EXISTS (SELECT 1 FROM appointment a WHERE a.practice_group_id = n.practice_group_id
		AND a.id = n.appointment_id AND (a.state <> 'booked' OR a.version <> n.version))
		ORDER BY n.due_at LIMIT $2`, store.In{group, limit}, scanNotice)
}

// Upcoming lists confirmed appointments by start.
func (s *Store) Upcoming(
	ctx context.Context, group practice.ID, after notice.Place, until time.Time, limit int,
) ([]notice.Place, error) {
	return store.List(ctx, s.Conn, `SELECT start_at, id, patient_id FROM appointment
		WHERE practice_group_id = $1 AND state = 'booked' AND patient_id IS NOT NULL AND start_at >= $2
		AND (start_at > $2 OR id > $3) AND start_at <= $4 ORDER BY start_at, id LIMIT $5`,
		store.In{group, after.Start, after.Appointment, until, limit},
		func(scan store.Scanner) (notice.Place, error) {
			var p notice.Place
			err := scan(value.When(&p.Start), &p.Appointment, value.Num(&p.Patient))
			return p, err
		})
}

const (
	matching = ` AND (CAST($2 AS text) = '' OR n.occasion = $2)
		AND (CAST($3 AS text) = '' AND CAST($4 AS text) = ''
		OR n.message_id IS NULL AND CAST($3 AS text) LIKE '%,' || n.state || ',%'
		OR n.message_id IS NOT NULL AND CAST($4 AS text) LIKE '%,' || m.state || ',%')`
	countNotices = `SELECT count(*) FROM (SELECT 1 FROM notice n
		LEFT JOIN message m ON m.practice_group_id = n.practice_group_id AND m.id = n.message_id
		WHERE n.practice_group_id = $1` + matching
	ofPatient = ` AND n.patient_id = $5`
)

// notices are the statements of a list: for all patients or for one, from the oldest or from the newest.
var notices = map[[2]bool]string{
	{false, false}: selectNotices + matching + ` ORDER BY n.id DESC LIMIT $5 OFFSET $6`,
	{false, true}:  selectNotices + matching + ` ORDER BY n.id LIMIT $5 OFFSET $6`,
	{true, false}:  selectNotices + matching + ofPatient + ` ORDER BY n.id DESC LIMIT $6 OFFSET $7`,
	{true, true}:   selectNotices + matching + ofPatient + ` ORDER BY n.id LIMIT $6 OFFSET $7`,
}

// Notices lists notices.
func (s *Store) Notices(ctx context.Context, group practice.ID, q notice.Query) ([]notice.Notice, int, error) {
	args := store.In{group, string(q.On), listing.OneOf(q.States), listing.OneOf(q.Messages)}
	counted := countNotices + ` LIMIT $5) AS matches`
	if q.Patient != 0 {
		args = append(args, q.Patient)
		counted = countNotices + ofPatient + ` LIMIT $6) AS matches`
	}
	count := 0
	atMost := append(append(store.In{}, args...), input.CountTo(q.Offset, q.Limit))
	if _, err := s.One(ctx, counted, atMost, &count); err != nil || count <= q.Offset {
		return nil, count, err
	}
	found, err := store.List(ctx, s.Conn, notices[[2]bool{q.Patient != 0, q.Oldest}], append(args, q.Limit, q.Offset),
		scanNotice)
	return found, count, err
}
