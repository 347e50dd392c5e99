package booking

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/practice"

	"frontdesk/store"
	diarystore "frontdesk/store/diary"
)

// LockDiaryOf locks the diary an appointment is in.
func (t *Tx) LockDiaryOf(ctx context.Context, group practice.ID, id booking.ID) (practice.PractitionerID, error) {
	var of practice.PractitionerID
	found, err := t.One(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1 AND practitioner_id =
		(SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND id = $2) RETURNING practitioner_id`,
		store.In{group, id}, &of)
	if err == nil && !found {
		err = booking.ErrNotFound
	}
	return of, err
}

// LockDiary keeps others from changing the diary.
func (t *Tx) LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error {
	n, err := t.Exec(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1
		AND practitioner_id = $2`,
		group, id)
	if err == nil && n == 0 {
		return practice.ErrPractitionerNotFound
	}
	return err
}

// Occupied lists what one practitioner has held or booked that overlaps the time, by the minutes it occupies: from $3
// to $4, that excluded.
func (t *Tx) Occupied(
	ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time,
) ([]booking.Occupied, error) {
	return store.List(ctx, t.Conn,
		`SELECT DISTINCT a.id, a.practitioner_id, a.start_at, a.end_at, a.state, a.reserved_until FROM busy_minute b
		JOIN appointment a ON a.practice_group_id = b.practice_group_id AND a.id = b.appointment_id
		WHERE b.practice_group_id = $1 AND b.practitioner_id = $2 AND b.minute >= $3 AND b.minute < $4`,
		store.In{group, of, from.Unix() / 60, to.Unix() / 60}, scanOccupied)
}

// LapsedHolds lists holds that ran out at or before a time.
func (t *Tx) LapsedHolds(ctx context.Context, group practice.ID, now time.Time, limit int) ([]booking.Occupied, error) {
	return store.List(ctx, t.Conn, `SELECT id, practitioner_id, start_at, end_at, state, reserved_until FROM appointment
		WHERE practice_group_id = $1 AND state = 'reserved' AND reserved_until <= $2 ORDER BY reserved_until LIMIT $3`,
		store.In{group, now, limit}, scanOccupied)
}

func scanOccupied(scan store.Scanner) (booking.Occupied, error) {
	var o booking.Occupied
	err := diarystore.ScanTaken(scan, &o.Taken, &o.Appointment)
	return o, err
}

// Occupy takes every minute of the appointment. The primary key of busy_minute refuses a minute that is taken. Whether
// the practitioner has left is asked here, after the diary was locked: what leaves waits for that lock too.
func (t *Tx) Occupy(ctx context.Context, group practice.ID, a booking.Appointment) error {
	n, err := t.Exec(ctx, `INSERT INTO busy_minute (practice_group_id, practitioner_id, minute, appointment_id)
		WITH RECURSIVE span (minute) AS (
			SELECT CAST($4 AS bigint) UNION ALL SELECT minute + 1 FROM span WHERE minute + 1 < CAST($5 AS bigint))
		SELECT CAST($1 AS bigint), CAST($2 AS bigint), minute, CAST($3 AS bigint) FROM span
		WHERE NOT EXISTS (SELECT 1 FROM staff
			WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NOT NULL)`,
		group, a.Practitioner, a.ID, a.Start.Unix()/60, a.End.Unix()/60)
	if err == nil && n == 0 {
		err = practice.ErrPractitionerNotFound
	}
	return err
}

// Vacate gives the appointment's minutes back.
func (t *Tx) Vacate(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.Exec(ctx, `DELETE FROM busy_minute
		WHERE practice_group_id = $1 AND practitioner_id = $2 AND minute >= $3 AND minute < $4 AND appointment_id = $5`,
		group, a.Practitioner, a.Start.Unix()/60, a.End.Unix()/60, a.ID)
	return err
}
