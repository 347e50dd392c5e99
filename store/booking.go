package store

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type bookingStore struct{ *Tx }

// Booking is what booking remembers.
func (db *DB) Booking() booking.Store { return bookingStore{db.plain()} }

func (s bookingStore) Do(ctx context.Context, fn func(booking.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// reserved is how the state of a hold is kept.
const reserved = string(booking.Reserved)

// LockDiaryOf locks the diary an appointment is in.
func (t *Tx) LockDiaryOf(ctx context.Context, group practice.ID, id booking.ID) (practice.PractitionerID, error) {
	var of practice.PractitionerID
	found, err := t.one(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1 AND practitioner_id =
		(SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND id = $2) RETURNING practitioner_id`, in{group, id}, &of)
	if err == nil && !found {
		err = booking.ErrNotFound
	}
	return of, err
}

// LockDiary keeps others from changing the diary.
func (t *Tx) LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error {
	n, err := t.exec(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1 AND practitioner_id = $2`, group, id)
	if err == nil && n == 0 {
		return practice.ErrPractitionerNotFound
	}
	return err
}

// Occupied lists what one practitioner has held or booked that overlaps the
// time, by the minutes it occupies: from $3 to $4, that excluded.
func (t *Tx) Occupied(ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time) ([]booking.Occupied, error) {
	return list(ctx, t, `SELECT DISTINCT a.id, a.practitioner_id, a.start_at, a.end_at, a.state, a.reserved_until FROM busy_minute b
		JOIN appointment a ON a.practice_group_id = b.practice_group_id AND a.id = b.appointment_id
		WHERE b.practice_group_id = $1 AND b.practitioner_id = $2 AND b.minute >= $3 AND b.minute < $4`,
		in{group, of, from.Unix() / 60, to.Unix() / 60}, scanOccupied)
}

// Elsewhere lists what else a patient has at the time of an appointment.
func (t *Tx) Elsewhere(ctx context.Context, group practice.ID, a booking.Appointment, limit int) ([]booking.Elsewhere, error) {
	return list(ctx, t, `SELECT id, practitioner_id, start_at, end_at FROM appointment
		WHERE practice_group_id = $1 AND patient_id = $2 AND start_at > $3 AND start_at < $4 AND end_at > $5 AND state = 'booked' AND id <> $6
		ORDER BY start_at, id LIMIT $7`,
		in{group, a.Patient, a.Start.Add(-diary.MaxLength), a.End, a.Start, a.ID, limit}, func(scan scanner) (booking.Elsewhere, error) {
			var o booking.Elsewhere
			err := scan(&o.ID, &o.Practitioner, when{&o.Start}, when{&o.End})
			return o, err
		})
}

func scanOccupied(scan scanner) (booking.Occupied, error) {
	var o booking.Occupied
	err := scanTaken(scan, &o.Taken, &o.Appointment)
	return o, err
}

const appointmentColumns = `a.id, a.state, a.patient_id, a.billpayer_id, a.practitioner_id, a.location_id, a.appointment_type_id, a.start_at, a.end_at,
	a.video, a.in_person, a.telephone, a.reserved_until, a.confirmed_at, a.cancelled_at, a.released_at, a.reason, a.suppress_mail, a.override,
	a.source, a.version, a.created_at, a.updated_at, a.arrived_at, a.consultation_at, a.departed_at, a.dna_at`

// into lists where the columns of an appointment go.
func into(a *booking.Appointment) in {
	j := &a.Journey
	return in{&a.ID, &a.State, num[patient.ID]{&a.Patient}, num[patient.ID]{&a.Billpayer}, &a.Practitioner, &a.Location, &a.Type, when{&a.Start}, when{&a.End},
		&a.Video, &a.InPerson, &a.Telephone, when{&a.ReservedUntil}, when{&a.ConfirmedAt}, when{&a.CancelledAt}, when{&a.ReleasedAt}, &a.Reason, &a.SuppressMail, &a.Override,
		&a.Source, &a.Version, when{&a.CreatedAt}, when{&a.UpdatedAt}, when{&j.Arrived}, when{&j.Consultation}, when{&j.Departed}, when{&j.NoShow}}
}

// Appointment finds an appointment.
func (t *Tx) Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error) {
	return find(ctx, t, booking.ErrNotFound, `SELECT `+appointmentColumns+` FROM appointment a WHERE a.practice_group_id = $1 AND a.id = $2`,
		in{group, id}, func(scan scanner) (booking.Appointment, error) {
			var a booking.Appointment
			err := scan(into(&a)...)
			return a, err
		})
}

const (
	selectDetails = `SELECT ` + appointmentColumns + `, k.name, l.name, w.title, w.first_name, w.last_name, p.title, p.first_name, p.last_name, g.cancellation_hours
		FROM appointment a
		JOIN practice_group g ON g.practice_group_id = a.practice_group_id
		JOIN appointment_type k ON k.practice_group_id = a.practice_group_id AND k.id = a.appointment_type_id
		JOIN location l ON l.practice_group_id = a.practice_group_id AND l.id = a.location_id
		JOIN practitioner w ON w.practice_group_id = a.practice_group_id AND w.id = a.practitioner_id
		LEFT JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id AND p.deleted_at IS NULL
		WHERE a.practice_group_id = $1`
	countAppointments = `SELECT count(*) FROM (SELECT 1 FROM appointment a
		LEFT JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id AND p.deleted_at IS NULL
		WHERE a.practice_group_id = $1`
	// What every list of appointments may ask: $2 and $3 are the time, $4 to $6
	// a place, a type and a state (0 and nothing ask for all), $7 the instant at
	// which a hold whose time is up counts as released.
	matching = ` AND a.start_at >= $2 AND a.start_at < $3 AND (CAST($4 AS bigint) = 0 OR a.location_id = $4) AND (CAST($5 AS bigint) = 0 OR a.appointment_type_id = $5)
		AND ($6 = '' OR $6 = CASE WHEN a.state = 'reserved' AND a.reserved_until <= $7 THEN 'released' ELSE a.state END)`
	ofPractitioner = ` AND a.practitioner_id = $8`
	ofPatient      = ` AND a.patient_id = $8`
	ofBoth         = ` AND a.patient_id = $8 AND a.practitioner_id = $9`
	ofFirstName    = ` AND p.first_key >= $8 AND p.first_key < $9 AND (CAST($10 AS bigint) = 0 OR a.practitioner_id = $10) AND (CAST($11 AS bigint) = 0 OR a.patient_id = $11)`
	ofLastName     = ` AND p.last_key >= $8 AND p.last_key < $9 AND (CAST($10 AS bigint) = 0 OR a.practitioner_id = $10) AND (CAST($11 AS bigint) = 0 OR a.patient_id = $11)`
	ofFullName     = ` AND p.full_key >= $8 AND p.full_key < $9 AND (CAST($10 AS bigint) = 0 OR a.practitioner_id = $10) AND (CAST($11 AS bigint) = 0 OR a.patient_id = $11)`
)

func scanDetails(scan scanner) (booking.Details, error) {
	var d booking.Details
	p, w := &d.PatientName, &d.PractitionerName
	err := scan(append(into(&d.Appointment), &d.TypeName, &d.LocationName, &w.Title, &w.FirstName, &w.LastName,
		text{&p.Title}, text{&p.FirstName}, text{&p.LastName}, &d.PolicyHours)...)
	return d, err
}

// ToCome lists a patient's appointments that start after a time.
func (t *Tx) ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]booking.ID, error) {
	return list(ctx, t, `SELECT id FROM appointment WHERE practice_group_id = $1 AND patient_id = $2 AND start_at > $3
		AND state IN ('reserved', 'booked') ORDER BY start_at, id`, in{group, of, after}, scanID[booking.ID])
}

// Details finds an appointment with the names around it.
func (t *Tx) Details(ctx context.Context, group practice.ID, id booking.ID) (booking.Details, error) {
	return find(ctx, t, booking.ErrNotFound, selectDetails+` AND a.id = $2`, in{group, id}, scanDetails)
}

// appointmentList is one shape of question, oldest first, newest first, and
// counted. The number after its own arguments is where limit and offset stand.
type appointmentList struct{ up, down, count string }

var (
	listAll = appointmentList{
		selectDetails + matching + ` ORDER BY a.start_at, a.id LIMIT $8 OFFSET $9`,
		selectDetails + matching + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $8 OFFSET $9`,
		countAppointments + matching + ` LIMIT $8) AS matches`,
	}
	listOfPractitioner = appointmentList{
		selectDetails + matching + ofPractitioner + ` ORDER BY a.start_at, a.id LIMIT $9 OFFSET $10`,
		selectDetails + matching + ofPractitioner + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $9 OFFSET $10`,
		countAppointments + matching + ofPractitioner + ` LIMIT $9) AS matches`,
	}
	listOfPatient = appointmentList{
		selectDetails + matching + ofPatient + ` ORDER BY a.start_at, a.id LIMIT $9 OFFSET $10`,
		selectDetails + matching + ofPatient + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $9 OFFSET $10`,
		countAppointments + matching + ofPatient + ` LIMIT $9) AS matches`,
	}
	listOfBoth = appointmentList{
		selectDetails + matching + ofBoth + ` ORDER BY a.start_at, a.id LIMIT $10 OFFSET $11`,
		selectDetails + matching + ofBoth + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $10 OFFSET $11`,
		countAppointments + matching + ofBoth + ` LIMIT $10) AS matches`,
	}
	listByName = map[booking.Field]appointmentList{
		booking.FieldFirstName: {
			selectDetails + matching + ofFirstName + ` ORDER BY a.start_at, a.id LIMIT $12 OFFSET $13`,
			selectDetails + matching + ofFirstName + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $12 OFFSET $13`,
			countAppointments + matching + ofFirstName + ` LIMIT $12) AS matches`,
		},
		booking.FieldLastName: {
			selectDetails + matching + ofLastName + ` ORDER BY a.start_at, a.id LIMIT $12 OFFSET $13`,
			selectDetails + matching + ofLastName + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $12 OFFSET $13`,
			countAppointments + matching + ofLastName + ` LIMIT $12) AS matches`,
		},
		booking.FieldFullName: {
			selectDetails + matching + ofFullName + ` ORDER BY a.start_at, a.id LIMIT $12 OFFSET $13`,
			selectDetails + matching + ofFullName + ` ORDER BY a.start_at DESC, a.id DESC LIMIT $12 OFFSET $13`,
			countAppointments + matching + ofFullName + ` LIMIT $12) AS matches`,
		},
	}
)

// Appointments lists appointments by start, and how many match.
func (t *Tx) Appointments(ctx context.Context, group practice.ID, q booking.Query) ([]booking.Details, int, error) {
	args := in{group, q.From, q.To, int64(q.Location), int64(q.Type), string(q.State), q.Now}
	shape := listAll
	switch {
	case q.Name != "":
		key := nameKey(q.Name)
		shape, args = listByName[q.Field], append(args, key, beyond(key), int64(q.Practitioner), int64(q.Patient))
	case q.Patient != 0 && q.Practitioner != 0:
		shape, args = listOfBoth, append(args, int64(q.Patient), int64(q.Practitioner))
	case q.Patient != 0:
		shape, args = listOfPatient, append(args, int64(q.Patient))
	case q.Practitioner != 0:
		shape, args = listOfPractitioner, append(args, int64(q.Practitioner))
	}
	count := 0
	if _, err := t.one(ctx, shape.count, append(args[:len(args):len(args)], patient.CountTo(q.Offset, q.Limit)), &count); err != nil || count == 0 {
		return nil, 0, err
	}
	text := shape.up
	if q.Descending {
		text = shape.down
	}
	found, err := list(ctx, t, text, append(args, q.Limit, q.Offset), scanDetails)
	return found, count, err
}

// LapsedHolds lists holds that ran out at or before a time.
func (t *Tx) LapsedHolds(ctx context.Context, group practice.ID, now time.Time, limit int) ([]booking.Occupied, error) {
	return list(ctx, t, `SELECT id, practitioner_id, start_at, end_at, state, reserved_until FROM appointment
		WHERE practice_group_id = $1 AND state = 'reserved' AND reserved_until <= $2 ORDER BY reserved_until LIMIT $3`, in{group, now, limit}, scanOccupied)
}

// AddAppointment keeps a new appointment.
func (t *Tx) AddAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx, `INSERT INTO appointment (practice_group_id, id, state, patient_id, billpayer_id, practitioner_id, location_id, appointment_type_id,
			start_at, end_at, video, in_person, telephone, reserved_until, confirmed_at, cancelled_at, released_at, reason, suppress_mail, override,
			source, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
		group, a.ID, a.State, opt(a.Patient), opt(a.Billpayer), a.Practitioner, a.Location, a.Type, a.Start, a.End, a.Video, a.InPerson, a.Telephone,
		a.ReservedUntil, at(a.ConfirmedAt), at(a.CancelledAt), at(a.ReleasedAt), a.Reason, a.SuppressMail, a.Override, a.Source, a.Version, a.CreatedAt, a.UpdatedAt)
	return err
}

// SaveAppointment keeps a changed appointment. It leaves its time alone, whose
// indexes would all be written again.
func (t *Tx) SaveAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx, `UPDATE appointment SET state = $3, patient_id = $4, billpayer_id = $5, confirmed_at = $6, cancelled_at = $7, released_at = $8,
			reason = $9, suppress_mail = $10, version = $11, updated_at = $12
		WHERE practice_group_id = $1 AND id = $2`,
		group, a.ID, a.State, opt(a.Patient), opt(a.Billpayer), at(a.ConfirmedAt), at(a.CancelledAt), at(a.ReleasedAt), a.Reason, a.SuppressMail, a.Version, a.UpdatedAt)
	return err
}

// MoveAppointment keeps whose the appointment is and when.
func (t *Tx) MoveAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx, `UPDATE appointment SET practitioner_id = $3, start_at = $4, end_at = $5, override = $6 WHERE practice_group_id = $1 AND id = $2`,
		group, a.ID, a.Practitioner, a.Start, a.End, a.Override)
	return err
}

// Occupy takes every minute of the appointment. The primary key of busy_minute
// refuses a minute that is taken.
func (t *Tx) Occupy(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx, `INSERT INTO busy_minute (practice_group_id, practitioner_id, minute, appointment_id)
		WITH RECURSIVE span (minute) AS (
			SELECT CAST($4 AS bigint) UNION ALL SELECT minute + 1 FROM span WHERE minute + 1 < CAST($5 AS bigint))
		SELECT CAST($1 AS bigint), CAST($2 AS bigint), minute, CAST($3 AS bigint) FROM span`,
		group, a.Practitioner, a.ID, a.Start.Unix()/60, a.End.Unix()/60)
	return err
}

// Vacate gives the appointment's minutes back.
func (t *Tx) Vacate(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx, `DELETE FROM busy_minute
		WHERE practice_group_id = $1 AND practitioner_id = $2 AND minute >= $3 AND minute < $4 AND appointment_id = $5`,
		group, a.Practitioner, a.Start.Unix()/60, a.End.Unix()/60, a.ID)
	return err
}
