package store

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type bookingStore struct {
	bookingReads
	tx *Tx
}

type bookingReads interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	AppointmentsByID(ctx context.Context, group practice.ID, ids []booking.ID) ([]booking.Appointment, error)
	Appointments(ctx context.Context, group practice.ID, q booking.Query) ([]booking.Appointment, int, error)
	AppointmentsOf(
		ctx context.Context, group practice.ID, of []patient.ID, q booking.Query,
	) ([]booking.Appointment, error)
	CountAppointmentsOf(
		ctx context.Context, group practice.ID, of []patient.ID, q booking.Query,
	) (map[patient.ID]int, error)
	LapsedHolds(ctx context.Context, group practice.ID, at time.Time, limit int) ([]booking.Occupied, error)
	PlacesOffering(ctx context.Context, group practice.ID, kind diary.TypeID) ([]practice.LocationID, error)
}

// Booking is what booking remembers.
func (db *DB) Booking() booking.Store { return bookingStore{db.plain(), db.plain()} }

func (s bookingStore) Do(ctx context.Context, fn func(booking.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// reserved is how the state of a hold is kept.
const reserved = string(booking.Reserved)

// LockDiaryOf locks the diary an appointment is in.
func (t *Tx) LockDiaryOf(ctx context.Context, group practice.ID, id booking.ID) (practice.PractitionerID, error) {
	var of practice.PractitionerID
	found, err := t.one(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1 AND practitioner_id =
		(SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND id = $2) RETURNING practitioner_id`,
		in{group, id}, &of)
	if err == nil && !found {
		err = booking.ErrNotFound
	}
	return of, err
}

// LockDiary keeps others from changing the diary.
func (t *Tx) LockDiary(ctx context.Context, group practice.ID, id practice.PractitionerID) error {
	n, err := t.exec(ctx, `UPDATE diary SET version = version + 1 WHERE practice_group_id = $1
		AND practitioner_id = $2`,
		group, id)
	if err == nil && n == 0 {
		return practice.ErrPractitionerNotFound
	}
	return err
}

// Occupied lists what one practitioner has held or booked that overlaps the
// time, by the minutes it occupies: from $3 to $4, that excluded.
func (t *Tx) Occupied(
	ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time,
) ([]booking.Occupied, error) {
	return list(ctx, t,
		`SELECT DISTINCT a.id, a.practitioner_id, a.start_at, a.end_at, a.state, a.reserved_until FROM busy_minute b
		JOIN appointment a ON a.practice_group_id = b.practice_group_id AND a.id = b.appointment_id
		WHERE b.practice_group_id = $1 AND b.practitioner_id = $2 AND b.minute >= $3 AND b.minute < $4`,
		in{group, of, from.Unix() / 60, to.Unix() / 60}, scanOccupied)
}

// Elsewhere lists what else a patient has at the time of an appointment.
func (t *Tx) Elsewhere(
	ctx context.Context, group practice.ID, a booking.Appointment, limit int,
) ([]booking.Elsewhere, error) {
	return list(ctx, t, `SELECT id, practitioner_id, start_at, end_at FROM appointment
		WHERE practice_group_id = $1 AND patient_id = $2 AND start_at > $3 AND start_at < $4 AND end_at > $5 AND
		state = 'booked' AND id <> $6
		ORDER BY start_at, id LIMIT $7`,
		in{group, a.Patient, a.Start.Add(-diary.MaxLength), a.End, a.Start, a.ID, limit},
		func(scan scanner) (booking.Elsewhere, error) {
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

// The columns of an appointment: those of a bare one come first.
const (
	bareAppointment = `SELECT a.id, a.state, a.patient_id, a.practitioner_id, a.location_id, a.appointment_type_id,
		a.start_at, a.end_at, a.created_at, a.updated_at, a.pending, a.comments`
	wholeAppointment = bareAppointment +
		`, a.billpayer_id, a.video, a.in_person, a.telephone, a.reserved_until, a.confirmed_at,
		a.cancelled_at, a.released_at, a.reason, a.suppress_mail, a.tell, a.override, a.source, a.version,
		a.arrived_at, a.consultation_at, a.departed_at, a.dna_at, k.name, k.price, l.name, l.line_1, l.line_2, l.town,
		l.county,
		l.postcode, w.title, w.first_name, w.last_name, p.title, p.first_name, p.last_name, g.cancellation_hours`
	aroundAppointment = `
		JOIN practice_group g ON g.practice_group_id = a.practice_group_id
		JOIN appointment_type k ON k.practice_group_id = a.practice_group_id AND k.id = a.appointment_type_id
		JOIN location l ON l.practice_group_id = a.practice_group_id AND l.id = a.location_id
		JOIN practitioner w ON w.practice_group_id = a.practice_group_id AND w.id = a.practitioner_id
		LEFT JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id
		AND p.deleted_at IS NULL`
	ofGroup            = ` WHERE a.practice_group_id = $1`
	selectAppointments = wholeAppointment + ` FROM appointment a` + aroundAppointment + ofGroup
)

// scanAppointments reads many: where a row is read to is worked out once.
func scanAppointments(bare bool) func(scanner) (booking.Appointment, error) {
	var a booking.Appointment
	j, x, w, p := &a.Journey, &a.Address, &a.PractitionerName, &a.PatientName
	to := in{
		&a.ID, &a.State, num[patient.ID]{&a.Patient}, &a.Practitioner, &a.Location, &a.Type,
		when{&a.Start}, when{&a.End}, when{&a.CreatedAt}, when{&a.UpdatedAt}, &a.Pending, &a.Comments,
	}
	if !bare {
		to = append(to,
			num[patient.ID]{&a.Billpayer}, &a.Video, &a.InPerson, &a.Telephone, when{&a.ReservedUntil},
			when{&a.ConfirmedAt},
			when{&a.CancelledAt}, when{&a.ReleasedAt}, &a.Reason, &a.SuppressMail, words[booking.Notice]{&a.Notices},
			&a.Override, &a.Source, &a.Version, when{&j.Arrived}, when{&j.Consultation}, when{&j.Departed},
			when{&j.NoShow},
			&a.TypeName, &a.Price, &a.LocationName, &x.Line1, &x.Line2, &x.Town, &x.County, &x.Postcode,
			&w.Title, &w.FirstName, &w.LastName, text{&p.Title}, text{&p.FirstName}, text{&p.LastName}, &a.PolicyHours)
	}
	return func(scan scanner) (booking.Appointment, error) {
		a = booking.Appointment{}
		err := scan(to...)
		return a, err
	}
}

// Appointment finds an appointment.
func (t *Tx) Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error) {
	return find(ctx, t, booking.ErrNotFound, selectAppointments+` AND a.id = $2`, in{group, id},
		scanAppointments(false))
}

var appointmentsByID = amongst{selectAppointments + ` AND a.id IN ` + few2, selectAppointments + ` AND a.id IN ` +
	many2}

// AppointmentsByID finds appointments.
func (t *Tx) AppointmentsByID(ctx context.Context, group practice.ID, ids []booking.ID) ([]booking.Appointment, error) {
	return listAmong(ctx, t, appointmentsByID, in{group}, ids, scanAppointments(false))
}

// ToCome lists a patient's appointments that start after a time.
func (t *Tx) ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]booking.ID, error) {
	return list(ctx, t, `SELECT id FROM appointment WHERE practice_group_id = $1 AND patient_id = $2 AND start_at > $3
		AND state IN ('reserved', 'booked') ORDER BY start_at, id`, in{group, of, after}, ScanID[booking.ID])
}

// LapsedHolds lists holds that ran out at or before a time.
func (t *Tx) LapsedHolds(ctx context.Context, group practice.ID, now time.Time, limit int) ([]booking.Occupied, error) {
	return list(ctx, t, `SELECT id, practitioner_id, start_at, end_at, state, reserved_until FROM appointment
		WHERE practice_group_id = $1 AND state = 'reserved' AND reserved_until <= $2 ORDER BY reserved_until LIMIT $3`,
		in{group, now, limit}, scanOccupied)
}

// AddAppointment keeps a new appointment.
func (t *Tx) AddAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx,
		`INSERT INTO appointment (practice_group_id, id, state, patient_id, billpayer_id, practitioner_id,
			location_id, appointment_type_id, start_at, end_at, video, in_person, telephone, reserved_until,
			confirmed_at,
			cancelled_at, released_at, reason, suppress_mail, tell, override, source, pending, comments, version,
			created_at,
			updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24,
			$25, $26, $27)`,
		group, a.ID, a.State, opt(a.Patient), opt(a.Billpayer), a.Practitioner, a.Location, a.Type, a.Start, a.End,
		a.Video, a.InPerson, a.Telephone, a.ReservedUntil, at(a.ConfirmedAt), at(a.CancelledAt), at(a.ReleasedAt),
		a.Reason, a.SuppressMail, joined(a.Notices), a.Override, string(a.Source), a.Pending, a.Comments, a.Version,
		a.CreatedAt, a.UpdatedAt)
	return err
}

// SaveAppointment keeps a changed appointment. It leaves its practitioner and its time
// alone, whose indexes would all be written again.
func (t *Tx) SaveAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	j := a.Journey
	_, err := t.exec(ctx, `UPDATE appointment SET state = $3, patient_id = $4, billpayer_id = $5, location_id = $6,
			appointment_type_id = $7, video = $8, in_person = $9, telephone = $10, confirmed_at = $11, cancelled_at
			= $12,
			released_at = $13, reason = $14, suppress_mail = $15, tell = $16, pending = $17, comments = $18,
			arrived_at = $19,
			consultation_at = $20, departed_at = $21, dna_at = $22, version = $23, updated_at = $24
		WHERE practice_group_id = $1 AND id = $2`,
		group, a.ID, a.State, opt(a.Patient), opt(a.Billpayer), a.Location, a.Type, a.Video, a.InPerson, a.Telephone,
		at(a.ConfirmedAt), at(a.CancelledAt), at(a.ReleasedAt), a.Reason, a.SuppressMail, joined(a.Notices), a.Pending,
		a.Comments, at(j.Arrived), at(j.Consultation), at(j.Departed), at(j.NoShow), a.Version, a.UpdatedAt)
	return err
}

// MoveAppointment keeps whose the appointment is and when.
func (t *Tx) MoveAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.exec(ctx,
		`UPDATE appointment SET practitioner_id = $3, start_at = $4, end_at = $5, override = $6 WHERE
			practice_group_id = $1 AND id = $2`,
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
