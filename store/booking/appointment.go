package booking

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// The columns of an appointment: those of a bare one come first.
const (
	bareAppointment = `SELECT a.id, a.state, a.patient_id, a.practitioner_id, a.location_id, a.appointment_type_id,
		a.start_at, a.end_at, a.created_at, a.updated_at, a.pending, a.comments`
	wholeAppointment = bareAppointment +
		`, a.billpayer_id, a.video, a.in_person, a.telephone, a.reserved_until, a.confirmed_at,
		a.cancelled_at, a.released_at, a.reason, a.suppress_mail, a.tell, a.override, a.source, a.version,
		a.arrived_at, a.consultation_at, a.departed_at, a.dna_at, a.link_id, k.name, k.price,
		l.name, l.line_1, l.line_2, l.town,
		l.county,
		l.postcode, w.title, w.first_name, w.last_name, p.title, p.first_name, p.last_name, g.cancellation_hours,
		g.announces, g.waited`
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
func scanAppointments(bare bool) func(store.Scanner) (booking.Appointment, error) {
	var a booking.Appointment
	j, x, w, p := &a.Journey, &a.Address, &a.PractitionerName, &a.PatientName
	to := store.In{
		&a.ID, &a.State, value.Num(&a.Patient), &a.Practitioner, &a.Location, &a.Type,
		value.When(&a.Start), value.When(&a.End), value.When(&a.CreatedAt), value.When(&a.UpdatedAt), &a.Pending,
		&a.Comments,
	}
	if !bare {
		to = append(to,
			value.Num(&a.Billpayer), &a.Video, &a.InPerson, &a.Telephone, value.When(&a.ReservedUntil),
			value.When(&a.ConfirmedAt),
			value.When(&a.CancelledAt), value.When(&a.ReleasedAt), &a.Reason, &a.SuppressMail, value.Words(&a.Notices),
			&a.Override, &a.Source, &a.Version, value.When(&j.Arrived), value.When(&j.Consultation),
			value.When(&j.Departed),
			value.When(&j.NoShow), value.Num(&a.Link),
			&a.TypeName, &a.Price, &a.LocationName, &x.Line1, &x.Line2, &x.Town, &x.County, &x.Postcode,
			&w.Title, &w.FirstName, &w.LastName, value.Text(&p.Title), value.Text(&p.FirstName),
			value.Text(&p.LastName), &a.PolicyHours, &a.Announced,
			&a.Waited)
	}
	return func(scan store.Scanner) (booking.Appointment, error) {
		a = booking.Appointment{}
		err := scan(to...)
		return a, err
	}
}

// Appointment finds an appointment.
func (t *Tx) Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error) {
	return store.ByKey(ctx, t.Conn, booking.ErrNotFound, selectAppointments+` AND a.id = $2`, store.In{group, id},
		scanAppointments(false))
}

var appointmentsByID = store.Among(selectAppointments+` AND a.id IN `+store.Few2, selectAppointments+` AND a.id IN `+
	store.Many2)

// AppointmentsByID finds appointments.
func (t *Tx) AppointmentsByID(ctx context.Context, group practice.ID, ids []booking.ID) ([]booking.Appointment, error) {
	return store.ListAmong(ctx, t.Conn, appointmentsByID, store.In{group}, ids, scanAppointments(false))
}

// ToCome lists a patient's appointments that start after a time.
func (t *Tx) ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]booking.ID, error) {
	return store.List(ctx, t.Conn, `SELECT id FROM appointment WHERE practice_group_id = $1 AND patient_id = $2 AND
		start_at > $3
		AND state IN ('reserved', 'booked') ORDER BY start_at, id`, store.In{group, of, after},
		store.ScanID[booking.ID])
}

// Elsewhere lists what else a patient has at the time of an appointment.
func (t *Tx) Elsewhere(
	ctx context.Context, group practice.ID, a booking.Appointment, limit int,
) ([]booking.Elsewhere, error) {
	return store.List(ctx, t.Conn, `SELECT id, practitioner_id, start_at, end_at FROM appointment
		WHERE practice_group_id = $1 AND patient_id = $2 AND start_at > $3 AND start_at < $4 AND end_at > $5 AND
		state = 'booked' AND id <> $6
		ORDER BY start_at, id LIMIT $7`,
		store.In{group, a.Patient, a.Start.Add(-diary.MaxLength), a.End, a.Start, a.ID, limit},
		func(scan store.Scanner) (booking.Elsewhere, error) {
			var o booking.Elsewhere
			err := scan(&o.ID, &o.Practitioner, value.When(&o.Start), value.When(&o.End))
			return o, err
		})
}

// AddAppointment keeps a new appointment.
func (t *Tx) AddAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.Exec(ctx,
		`INSERT INTO appointment (practice_group_id, id, state, patient_id, billpayer_id, practitioner_id,
			location_id, appointment_type_id, start_at, end_at, video, in_person, telephone, reserved_until,
			confirmed_at,
			cancelled_at, released_at, reason, suppress_mail, tell, override, source, pending, comments, version,
			created_at,
			updated_at, link_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24,
			$25, $26, $27, $28)`,
		group, a.ID, a.State, value.Opt(a.Patient), value.Opt(a.Billpayer), a.Practitioner, a.Location, a.Type, a.Start,
		a.End,
		a.Video, a.InPerson, a.Telephone, a.ReservedUntil, value.At(a.ConfirmedAt), value.At(a.CancelledAt),
		value.At(a.ReleasedAt),
		a.Reason, a.SuppressMail, value.Joined(a.Notices), a.Override, string(a.Source), a.Pending, a.Comments,
		a.Version,
		a.CreatedAt, a.UpdatedAt, value.Opt(a.Link))
	return err
}

// SaveAppointment keeps a changed appointment. It leaves its practitioner and its time alone, whose indexes would all
// be written again.
func (t *Tx) SaveAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	j := a.Journey
	_, err := t.Exec(ctx, `UPDATE appointment SET state = $3, patient_id = $4, billpayer_id = $5, location_id = $6,
			appointment_type_id = $7, video = $8, in_person = $9, telephone = $10, confirmed_at = $11, cancelled_at
			= $12,
			released_at = $13, reason = $14, suppress_mail = $15, tell = $16, pending = $17, comments = $18,
			arrived_at = $19,
			consultation_at = $20, departed_at = $21, dna_at = $22, version = $23, updated_at = $24, link_id = $25,
			reserved_until = $26
		WHERE practice_group_id = $1 AND id = $2`,
		group, a.ID, a.State, value.Opt(a.Patient), value.Opt(a.Billpayer), a.Location, a.Type, a.Video, a.InPerson,
		a.Telephone,
		value.At(a.ConfirmedAt), value.At(a.CancelledAt), value.At(a.ReleasedAt), a.Reason, a.SuppressMail,
		value.Joined(a.Notices), a.Pending,
		a.Comments, value.At(j.Arrived), value.At(j.Consultation), value.At(j.Departed), value.At(j.NoShow), a.Version,
		a.UpdatedAt, value.Opt(a.Link), a.ReservedUntil)
	return err
}

// MoveAppointment keeps whose the appointment is and when.
func (t *Tx) MoveAppointment(ctx context.Context, group practice.ID, a booking.Appointment) error {
	_, err := t.Exec(ctx,
		`UPDATE appointment SET practitioner_id = $3, start_at = $4, end_at = $5, override = $6 WHERE
			practice_group_id = $1 AND id = $2`,
		group, a.ID, a.Practitioner, a.Start, a.End, a.Override)
	return err
}
