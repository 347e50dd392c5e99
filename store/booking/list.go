package booking

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// What every list of appointments may ask: $2 and $3 are from and until when an appointment starts, $4 when holds have
// lapsed, $5 to $8 the states, $9 to $12 a place, a type, a practitioner and a patient (0 is any).
const (
	matching = ` AND a.start_at >= $2 AND a.start_at <= $3
		AND CASE WHEN a.state = 'reserved' AND a.reserved_until <= $4 THEN 'released' ELSE a.state END IN ($5, $6,
		$7, $8)
		AND (CAST($9 AS bigint) = 0 OR a.location_id = $9) AND (CAST($10 AS bigint) = 0 OR a.appointment_type_id = $10)
		AND (CAST($11 AS bigint) = 0 OR a.practitioner_id = $11) AND (CAST($12 AS bigint) = 0 OR a.patient_id = $12)`
	ofPractitioner = ` AND a.practitioner_id = $11`
	ofPatient      = ` AND a.patient_id = $12`
	ofFirstName    = ` AND p.first_key >= $13 AND p.first_key < $14`
	ofLastName     = ` AND p.last_key >= $13 AND p.last_key < $14`
	ofFullName     = ` AND p.full_key >= $13 AND p.full_key < $14`
	// $13 is from when one ends, unless it starts as late; $14 to $17 when it was made and changed. COALESCE keeps a
	// database from looking for rows by that, which may be all of them, where it has their start or their patients to
	// go by.
	touching = ` AND a.end_at >= $13 AND (a.start_at >= $13 OR a.end_at <= $3)
		AND COALESCE(a.created_at, $14) >= $14 AND COALESCE(a.created_at, $15) <= $15
		AND COALESCE(a.updated_at, $16) >= $16 AND COALESCE(a.updated_at, $17) <= $17`
	// $18 is a key another program keeps with it, $19 that any value will do, $20 the value.
	labelled = ` AND ($18 = '' OR a.id IN (SELECT subject_id FROM metadata
		WHERE practice_group_id = $1 AND kind = 'appointment' AND key = $18 AND ($19 OR value = $20)))`

	countAppointments = `SELECT count(*) FROM (SELECT 1 FROM appointment a
		LEFT JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id AND p.deleted_at
		IS NULL` + ofGroup
	earliest13 = ` ORDER BY a.start_at, a.id LIMIT $13 OFFSET $14`
	latest13   = ` ORDER BY a.start_at DESC, a.id DESC LIMIT $13 OFFSET $14`
	earliest15 = ` ORDER BY a.start_at, a.id LIMIT $15 OFFSET $16`
	latest15   = ` ORDER BY a.start_at DESC, a.id DESC LIMIT $15 OFFSET $16`
	earliest21 = ` ORDER BY a.start_at, a.id LIMIT $21 OFFSET $22`
	latest21   = ` ORDER BY a.start_at DESC, a.id DESC LIMIT $21 OFFSET $22`
)

// appointmentList is one shape of question: the earliest first, the latest first, and counted.
type appointmentList struct{ up, down, count string }

var (
	allAppointments = appointmentList{
		selectAppointments + matching + earliest13, selectAppointments + matching + latest13,
		countAppointments + matching + ` LIMIT $13) AS matches`,
	}
	appointmentsOfPractitioner = appointmentList{
		selectAppointments + matching + ofPractitioner + earliest13, selectAppointments + matching + ofPractitioner +
			latest13,
		countAppointments + matching + ofPractitioner + ` LIMIT $13) AS matches`,
	}
	appointmentsOfPatient = appointmentList{
		selectAppointments + matching + ofPatient + earliest13, selectAppointments + matching + ofPatient + latest13,
		countAppointments + matching + ofPatient + ` LIMIT $13) AS matches`,
	}
	appointmentsByName = map[booking.NameField]appointmentList{
		booking.FirstName: {
			selectAppointments + matching + ofFirstName + earliest15, selectAppointments + matching + ofFirstName +
				latest15,
			countAppointments + matching + ofFirstName + ` LIMIT $15) AS matches`,
		},
		booking.LastName: {
			selectAppointments + matching + ofLastName + earliest15, selectAppointments + matching + ofLastName +
				latest15,
			countAppointments + matching + ofLastName + ` LIMIT $15) AS matches`,
		},
		booking.FullName: {
			selectAppointments + matching + ofFullName + earliest15, selectAppointments + matching + ofFullName +
				latest15,
			countAppointments + matching + ofFullName + ` LIMIT $15) AS matches`,
		},
	}
	appointmentsTouching = appointmentList{
		selectAppointments + matching + touching + labelled + earliest21, selectAppointments + matching + touching +
			labelled + latest21,
		countAppointments + matching + touching + labelled + ` LIMIT $21) AS matches`,
	}
)

// appointmentArgs are the arguments of matching.
func appointmentArgs(group practice.ID, q booking.Query) store.In {
	from, until := q.Touches.Bounds()
	if !q.Touches.From.IsZero() {
		from = from.Add(-diary.MaxLength)
	}
	if q.From.Given() {
		from = q.From.Time()
	}
	if q.To.Given() {
		until = q.To.Time().Add(-time.Microsecond) // it is not in it
	}
	args := store.In{group, from, until, q.Now}
	states := q.States
	if len(states) == 0 {
		states = booking.States
	}
	for i := range len(booking.States) {
		args = append(args, string(states[min(i, len(states)-1)]))
	}
	return append(args, int64(q.Location), int64(q.Type), int64(q.Practitioner), int64(q.Patient))
}

// touchingArgs are those of touching.
func touchingArgs(q booking.Query) store.In {
	from, _ := q.Touches.Bounds()
	made, unmade := q.Created.Bounds()
	changed, unchanged := q.Updated.Bounds()
	return store.In{from, made, unmade, changed, unchanged}
}

// Appointments lists appointments by start, and how many match.
func (t *Tx) Appointments(
	ctx context.Context, group practice.ID, q booking.Query,
) (found []booking.Appointment, count int, err error) {
	shape, args := allAppointments, appointmentArgs(group, q)
	switch {
	case q.Touches.Given() || q.Created.Given() || q.Updated.Given() || q.Key != "":
		value := ""
		if q.Value != nil {
			value = *q.Value
		}
		shape, args = appointmentsTouching, append(append(args, touchingArgs(q)...), q.Key, q.Value == nil, value)
	case q.Name != "":
		key := store.NameKey(q.Name)
		shape, args = appointmentsByName[q.NameField], append(args, key, store.Beyond(key))
	case q.Patient != 0:
		shape = appointmentsOfPatient
	case q.Practitioner != 0:
		shape = appointmentsOfPractitioner
	}
	if q.Count {
		upTo := append(args[:len(args):len(args)], input.CountTo(q.Offset, q.Limit))
		if _, err := t.One(ctx, shape.count, upTo, &count); err != nil || count == 0 {
			return nil, 0, err
		}
	}
	args = append(args, q.Limit, q.Offset)
	if q.Descending {
		found, err = store.List(ctx, t.Conn, shape.down, args, scanAppointments(false))
		return found, count, err
	}
	found, err = store.ReadPage(ctx, t.Conn, shape.up, args, scanAppointments(false),
		func(a booking.Appointment) store.Columns {
			return store.Columns{"a.start_at": a.Start, "a.id": a.ID}
		})
	return found, count, err
}
