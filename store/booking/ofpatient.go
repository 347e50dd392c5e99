package booking

import (
	"cmp"
	"context"
	"slices"

	"frontdesk/core/booking"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// Room for few patients and for many, from $18 and from $20 on.
const (
	few18  = `($18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)`
	many18 = `($18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37,
		$38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59,
		$60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81,
		$82, $83, $84, $85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102,
		$103, $104, $105, $106, $107, $108, $109, $110, $111, $112, $113, $114, $115, $116, $117, $118, $119, $120,
		$121, $122, $123, $124, $125, $126, $127, $128, $129, $130, $131, $132, $133, $134, $135, $136, $137, $138,
		$139, $140, $141, $142, $143, $144, $145, $146, $147, $148, $149, $150, $151, $152, $153, $154, $155, $156,
		$157, $158, $159, $160, $161, $162, $163, $164, $165, $166, $167, $168, $169, $170, $171, $172, $173, $174,
		$175, $176, $177, $178, $179, $180, $181, $182, $183, $184, $185, $186, $187, $188, $189, $190, $191, $192,
		$193, $194, $195, $196, $197, $198, $199, $200, $201, $202, $203, $204, $205, $206, $207, $208, $209, $210,
		$211, $212, $213, $214, $215, $216, $217)`
	few20  = `($20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39)`
	many20 = `($20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39,
		$40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61,
		$62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83,
		$84, $85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103, $104,
		$105, $106, $107, $108, $109, $110, $111, $112, $113, $114, $115, $116, $117, $118, $119, $120, $121, $122,
		$123, $124, $125, $126, $127, $128, $129, $130, $131, $132, $133, $134, $135, $136, $137, $138, $139, $140,
		$141, $142, $143, $144, $145, $146, $147, $148, $149, $150, $151, $152, $153, $154, $155, $156, $157, $158,
		$159, $160, $161, $162, $163, $164, $165, $166, $167, $168, $169, $170, $171, $172, $173, $174, $175, $176,
		$177, $178, $179, $180, $181, $182, $183, $184, $185, $186, $187, $188, $189, $190, $191, $192, $193, $194,
		$195, $196, $197, $198, $199, $200, $201, $202, $203, $204, $205, $206, $207, $208, $209, $210, $211, $212,
		$213, $214, $215, $216, $217, $218, $219)`
)

// Of each patient those in places $18 to $19; the patients follow. The places are found first: CROSS JOIN has SQLite
// keep to that.
const (
	ofEach     = ` FROM appointment a` + ofGroup + matching + touching + ` AND a.patient_id IN `
	ofEachHere = ` FROM appointment a` + aroundAppointment + ofGroup + matching + touching + ` AND a.patient_id IN `
	byPlaces   = ` FROM (SELECT a.id, ROW_NUMBER() OVER (PARTITION BY a.patient_id ORDER BY a.start_at,
		a.id) AS place` +
		ofEach
	byLastPlaces = ` FROM (SELECT a.id, ROW_NUMBER() OVER (PARTITION BY a.patient_id ORDER BY a.start_at DESC, a.id
		DESC) AS place` +
		ofEach
	placed   = `) AS placed CROSS JOIN appointment a`
	inPlaces = ` WHERE a.practice_group_id = $1 AND a.id = placed.id AND placed.place > $18 AND placed.place <= $19`
	wholeEnd = placed + aroundAppointment + inPlaces
	// All that patients have, when it is not much.
	notMuch   = 2000
	upTo2001  = ` LIMIT 2001`
	countEach = `SELECT a.patient_id, count(*)` + ofEach
)

var (
	allOfPatients = store.Among(wholeAppointment+ofEachHere+few18+upTo2001, wholeAppointment+ofEachHere+many18+
		upTo2001)
	allBareOfPatients = store.Among(bareAppointment+ofEach+few18+upTo2001, bareAppointment+ofEach+many18+
		upTo2001)
	pageOfPatients = store.Among(wholeAppointment+byPlaces+few20+wholeEnd, wholeAppointment+byPlaces+many20+
		wholeEnd)
	lastOfPatients = store.Among(wholeAppointment+byLastPlaces+few20+wholeEnd, wholeAppointment+byLastPlaces+
		many20+wholeEnd)
	pageBareOfPatients = store.Among(
		bareAppointment+byPlaces+few20+placed+inPlaces, bareAppointment+byPlaces+many20+placed+inPlaces)
	lastBareOfPatients = store.Among(
		bareAppointment+byLastPlaces+few20+placed+inPlaces, bareAppointment+byLastPlaces+many20+placed+
			inPlaces)
	countOfPatients = store.Among(countEach+few18+` GROUP BY a.patient_id`,
		countEach+many18+` GROUP BY a.patient_id`)
)

// AppointmentsOf lists a page of the appointments of each patient. Nearly always all that the patients have is little,
// and reading it takes less than having the database number it.
func (t *Tx) AppointmentsOf(
	ctx context.Context, group practice.ID, of []patient.ID, q booking.Query,
) ([]booking.Appointment, error) {
	texts, pages, direction := allOfPatients, pageOfPatients, 1
	switch {
	case q.Descending && q.Bare:
		texts, pages = allBareOfPatients, lastBareOfPatients
	case q.Descending:
		pages = lastOfPatients
	case q.Bare:
		texts, pages = allBareOfPatients, pageBareOfPatients
	}
	if q.Descending {
		direction = -1
	}
	args := append(appointmentArgs(group, q), touchingArgs(q)...)
	all, err := store.ListAmong(ctx, t.Conn, texts, args, of, scanAppointments(q.Bare))
	whole := len(all) <= notMuch
	if err == nil && !whole {
		all, err = store.ListAmong(ctx, t.Conn, pages, append(args, q.Offset, q.Offset+q.Limit), of,
			scanAppointments(q.Bare))
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b booking.Appointment) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), direction*a.Start.Compare(b.Start),
			direction*cmp.Compare(a.ID, b.ID))
	})
	if whole {
		all = pageOfEach(all, q.Offset, q.Limit)
	}
	return all, nil
}

// pageOfEach leaves of each patient's appointments those of the page.
func pageOfEach(all []booking.Appointment, offset, limit int) []booking.Appointment {
	var of patient.ID
	place := 0
	return slices.DeleteFunc(all, func(a booking.Appointment) bool {
		if place++; a.Patient != of {
			of, place = a.Patient, 1
		}
		return place <= offset || place > offset+limit
	})
}

// CountAppointmentsOf counts the appointments of each patient.
func (t *Tx) CountAppointmentsOf(
	ctx context.Context, group practice.ID, of []patient.ID, q booking.Query,
) (map[patient.ID]int, error) {
	type row struct {
		of patient.ID
		n  int
	}
	rows, err := store.ListAmong(ctx, t.Conn, countOfPatients, append(appointmentArgs(group, q), touchingArgs(q)...),
		of,
		func(scan store.Scanner) (row, error) {
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
