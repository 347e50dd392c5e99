package store

import (
	"cmp"
	"context"
	"slices"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

const (
	deskColumns = `, a.pending, a.comments, a.tell`
	// What stands in other tables, and the tables.
	besideColumns = `, k.name, l.name, w.title, w.first_name, w.last_name, p.title, p.first_name, p.last_name, g.cancellation_hours,
		k.price, k.minutes, l.line_1, l.line_2, l.town, l.county, l.postcode`
	besideTables = `
	JOIN practice_group g ON g.practice_group_id = a.practice_group_id
	JOIN appointment_type k ON k.practice_group_id = a.practice_group_id AND k.id = a.appointment_type_id
	JOIN location l ON l.practice_group_id = a.practice_group_id AND l.id = a.location_id
	JOIN practitioner w ON w.practice_group_id = a.practice_group_id AND w.id = a.practitioner_id
	LEFT JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id AND p.deleted_at IS NULL`
	selectBookings = `SELECT ` + appointmentColumns + deskColumns + besideColumns + ` FROM appointment a` + besideTables + ` WHERE a.practice_group_id = $1`
)

func intoDesk(b *booking.Booking) in {
	return append(into(&b.Appointment), &b.Pending, &b.Comments, words[booking.Notice]{&b.Tell})
}

// scanBareBookings reads many: where a row is read to is worked out once.
func scanBareBookings() func(scanner) (booking.Booking, error) {
	var b booking.Booking
	to := in{&b.ID, &b.State, num[patient.ID]{&b.Patient}, &b.Practitioner, &b.Location, &b.Type, when{&b.Start}, when{&b.End}, when{&b.CreatedAt},
		when{&b.UpdatedAt}, &b.Pending, &b.Comments}
	return func(scan scanner) (booking.Booking, error) {
		b = booking.Booking{}
		err := scan(to...)
		return b, err
	}
}

func scanBooking(scan scanner) (booking.Booking, error) {
	var b booking.Booking
	p, w, x := &b.PatientName, &b.PractitionerName, &b.Address
	err := scan(append(intoDesk(&b), &b.TypeName, &b.LocationName, &w.Title, &w.FirstName, &w.LastName,
		text{&p.Title}, text{&p.FirstName}, text{&p.LastName}, &b.PolicyHours, &b.Price, &b.TypeMinutes, &x.Line1, &x.Line2, &x.Town, &x.County, &x.Postcode)...)
	return b, err
}

// BookingsByID finds bookings.
func (t *Tx) BookingsByID(ctx context.Context, group practice.ID, ids []booking.ID) ([]booking.Booking, error) {
	return listAmong(ctx, t, amongst{selectBookings + ` AND a.id IN ` + few2, selectBookings + ` AND a.id IN ` + many2}, in{group}, ids, scanBooking)
}

// The arguments of the lists: 2 and 3 from when and until when a booking starts at
// most, 4 from when it may end; 5 to 8 when made and changed; 9 which states:
// 0 live ones, 1 all, 2 cancelled ones; 10 when holds have lapsed. COALESCE keeps a
// database from looking for rows by when they were made or changed, which may be
// all of them, where it has their start or their patients to go by.
const (
	inDesk = ` AND a.start_at >= $2 AND a.start_at <= $3 AND a.end_at >= $4 AND (a.start_at >= $4 OR a.end_at <= $3)
		AND COALESCE(a.created_at, $5) >= $5 AND COALESCE(a.created_at, $6) <= $6 AND COALESCE(a.updated_at, $7) >= $7 AND COALESCE(a.updated_at, $8) <= $8
		AND (a.state = 'booked' AND CAST($9 AS bigint) < 2 OR a.state = 'reserved' AND a.reserved_until > $10 AND CAST($9 AS bigint) < 2
			OR a.state = 'cancelled' AND CAST($9 AS bigint) > 0)`
	// 11 and 12 a practitioner and what other programs keep, 13 and 14 its value.
	narrowed = ` AND (CAST($11 AS bigint) = 0 OR a.practitioner_id = $11)
		AND ($12 = '' OR a.id IN (SELECT subject_id FROM metadata WHERE practice_group_id = $1 AND kind = 'appointment' AND key = $12 AND ($13 OR value = $14)))`
	// Of each patient those in places 11 to 12; the patients follow. The places are
	// found first: CROSS JOIN has SQLite keep to that.
	fromPlaces = ` FROM (SELECT a.id, ROW_NUMBER() OVER (PARTITION BY a.patient_id ORDER BY a.start_at, a.id) AS place
		FROM appointment a WHERE a.practice_group_id = $1` + inDesk + ` AND a.patient_id IN `
	fromLastPlaces = ` FROM (SELECT a.id, ROW_NUMBER() OVER (PARTITION BY a.patient_id ORDER BY a.start_at DESC, a.id DESC) AS place
		FROM appointment a WHERE a.practice_group_id = $1` + inDesk + ` AND a.patient_id IN `
	placed    = `) AS placed CROSS JOIN appointment a`
	inPlaces  = ` WHERE a.practice_group_id = $1 AND a.id = placed.id AND placed.place > $11 AND placed.place <= $12`
	bareEach  = `SELECT a.id, a.state, a.patient_id, a.practitioner_id, a.location_id, a.appointment_type_id, a.start_at, a.end_at, a.created_at, a.updated_at, a.pending, a.comments`
	wholeEach = `SELECT ` + appointmentColumns + deskColumns + besideColumns
	bareEnd   = placed + inPlaces
	wholeEnd  = placed + besideTables + inPlaces
	// All that patients have, when it is not much.
	fromAll   = ` FROM appointment a`
	allOfEach = ` WHERE a.practice_group_id = $1` + inDesk + ` AND a.patient_id IN `
	notMuch   = 2000
	countEach = `SELECT a.patient_id, count(*) FROM appointment a WHERE a.practice_group_id = $1` + inDesk + ` AND a.patient_id IN `
)

func deskArgs(group practice.ID, q booking.DeskQuery) in {
	states := int64(0)
	switch {
	case q.OnlyDeleted:
		states = 2
	case q.Deleted:
		states = 1
	}
	from := orTime(q.From, ever)
	earliest := from
	if !q.From.IsZero() {
		earliest = from.Add(-diary.MaxLength)
	}
	return in{
		group, earliest, orTime(q.Until, never), from, orTime(q.CreatedFrom, ever), orTime(q.CreatedUntil, never), orTime(q.UpdatedFrom, ever),
		orTime(q.UpdatedUntil, never), states, q.Now,
	}
}

// Bookings lists bookings by start.
func (t *Tx) Bookings(ctx context.Context, group practice.ID, q booking.DeskQuery) ([]booking.Booking, error) {
	args := append(deskArgs(group, q), int64(q.Practitioner), q.Key, !q.HasValue, q.Value, q.Limit, q.Offset)
	return readPage(ctx, t, selectBookings+inDesk+narrowed+` ORDER BY a.start_at, a.id LIMIT $15 OFFSET $16`, args, scanBooking, func(b booking.Booking) columns {
		return columns{"a.start_at": b.Start, "a.id": b.ID}
	})
}

var (
	allBookingsOf      = amongst{wholeEach + fromAll + besideTables + allOfEach + few11 + ` LIMIT 2001`, wholeEach + fromAll + besideTables + allOfEach + many11 + ` LIMIT 2001`}
	allBareBookingsOf  = amongst{bareEach + fromAll + allOfEach + few11 + ` LIMIT 2001`, bareEach + fromAll + allOfEach + many11 + ` LIMIT 2001`}
	bookingsOf         = amongst{wholeEach + fromPlaces + few13 + wholeEnd, wholeEach + fromPlaces + many13 + wholeEnd}
	lastBookingsOf     = amongst{wholeEach + fromLastPlaces + few13 + wholeEnd, wholeEach + fromLastPlaces + many13 + wholeEnd}
	bareBookingsOf     = amongst{bareEach + fromPlaces + few13 + bareEnd, bareEach + fromPlaces + many13 + bareEnd}
	lastBareBookingsOf = amongst{bareEach + fromLastPlaces + few13 + bareEnd, bareEach + fromLastPlaces + many13 + bareEnd}
)

// BookingsOf lists a page of the bookings of each patient. Nearly always all that
// the patients have is little, and reading it takes less than having the database
// number it.
func (t *Tx) BookingsOf(ctx context.Context, group practice.ID, of []patient.ID, q booking.DeskQuery) ([]booking.Booking, error) {
	texts, pages, scan, direction := allBookingsOf, bookingsOf, scanBooking, 1
	switch {
	case q.Descending && q.Bare:
		texts, pages = allBareBookingsOf, lastBareBookingsOf
	case q.Descending:
		pages = lastBookingsOf
	case q.Bare:
		texts, pages = allBareBookingsOf, bareBookingsOf
	}
	if q.Bare {
		scan = scanBareBookings()
	}
	if q.Descending {
		direction = -1
	}
	all, err := listAmong(ctx, t, texts, deskArgs(group, q), of, scan)
	whole := len(all) <= notMuch
	if err == nil && !whole {
		all, err = listAmong(ctx, t, pages, append(deskArgs(group, q), q.Offset, q.Offset+q.Limit), of, scan)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b booking.Booking) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), direction*a.Start.Compare(b.Start), direction*cmp.Compare(a.ID, b.ID))
	})
	if whole {
		all = pageOfEach(all, q.Offset, q.Limit)
	}
	return all, nil
}

// pageOfEach leaves of each patient's bookings those of the page.
func pageOfEach(all []booking.Booking, offset, limit int) []booking.Booking {
	var of patient.ID
	place := 0
	return slices.DeleteFunc(all, func(b booking.Booking) bool {
		if place++; b.Patient != of {
			of, place = b.Patient, 1
		}
		return place <= offset || place > offset+limit
	})
}

// CountBookingsOf counts the bookings of each patient.
func (t *Tx) CountBookingsOf(ctx context.Context, group practice.ID, of []patient.ID, q booking.DeskQuery) (map[patient.ID]int, error) {
	type row struct {
		of patient.ID
		n  int
	}
	rows, err := listAmong(ctx, t, amongst{countEach + few11 + ` GROUP BY a.patient_id`, countEach + many11 + ` GROUP BY a.patient_id`}, deskArgs(group, q), of,
		func(scan scanner) (row, error) {
			var r row
			err := scan(&r.of, &r.n)
			return r, err
		})
	out := map[patient.ID]int{}
	for _, r := range rows {
		out[r.of] = r.n
	}
	return out, err
}

// SaveDesk keeps what the front desk keeps of an appointment.
func (t *Tx) SaveDesk(ctx context.Context, group practice.ID, a booking.Appointment, d booking.Desk) error {
	_, err := t.exec(ctx, `UPDATE appointment SET location_id = $3, appointment_type_id = $4, video = $5, in_person = $6, telephone = $7, pending = $8,
			comments = $9, arrived_at = $10, consultation_at = $11, departed_at = $12, dna_at = $13, tell = $14, updated_at = $15
		WHERE practice_group_id = $1 AND id = $2`,
		group, a.ID, a.Location, a.Type, a.Video, a.InPerson, a.Telephone, d.Pending, d.Comments, at(a.Journey.Arrived), at(a.Journey.Consultation),
		at(a.Journey.Departed), at(a.Journey.NoShow), joined(d.Tell), a.UpdatedAt)
	return err
}
