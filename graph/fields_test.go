package graph

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/graph/graphtest"
)

// TestFieldAnswersTheSameAloneAndWithOthers asks for each field of patients and
// bookings, of which only what is asked for is read, by itself and with all others.
func TestFieldAnswersTheSameAloneAndWithOthers(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		p := d.everything()
		w := p.World()
		d.move(350 * 24 * time.Hour) // past the appointment, which would be cancelled
		d.get("f.data.id", `mutation { f: archivePatient(patientId: "`+
			w["patient"]+`", reason: MOVED_AWAY_OR_TRANSFER_OF_CARE, comments: "To Leeds") { data { id } error } }`)
		d.get("f.data.id", `mutation { f: updatePatient(id: "`+
			w["patient"]+`", patientData: {gender: "woman", paymentReference: "P1", birthSurname: "King",
			birthName: "Ada", socialSecurityNumber: "285127512312345",
			communicationPreferences: {receiveEmail: true}}) { data { id } error } }`)
		d.get("f.data.id", `mutation { f: updateBookingJourney(id: "`+
			w["booking"]+`", bookingJourneyInput: {journeyStage: arrived}) { data { id } error } }`)
		for _, c := range []struct {
			of, ask, at string
			filled      int
		}{
			{"Patient", `{ patients(pagination: {pageSize: 1}) { data { FIELDS } } }`, "patients.data.0", 24},
			{"Patient", `{ patient(id: "` + w["patient"] + `") { FIELDS } }`, "patient", 24},
			{"Booking", `{ patient(id: "` +
				w["patient"] + `") { bookings(start: "2031-01-01", end: "2032-01-01") { FIELDS } } }`,
				"patient.bookings.0", 14},
			{"Booking", `{ patient(id: "` +
				w["patient"] + `") { bookingsWithPagination(start: "2031-01-01", end: "2032-01-01", pagination: ` +
				`{page: 1}) { data { FIELDS } } } }`, "patient.bookingsWithPagination.data.0", 14},
			{"Booking", `{ bookings(pagination: {pageSize: 1}) { data { FIELDS } } }`, "bookings.data.0", 14},
			{"Booking", `{ booking(id: "` + w["booking"] + `") { FIELDS } }`, "booking", 14},
		} {
			var all []string
			for _, f := range graphtest.Schema().Types[c.of].Fields {
				all = append(all, w.Call(f, 0))
			}
			whole, _ := d.get(c.at, strings.ReplaceAll(c.ask, "FIELDS", strings.Join(all, " "))).(map[string]any)
			filled := 0
			for i, f := range graphtest.Schema().Types[c.of].Fields {
				alone, _ := d.get(c.at, strings.ReplaceAll(c.ask, "FIELDS", "... on "+c.of+" { "+all[i]+
					" }")).(map[string]any)
				if !reflect.DeepEqual(alone[f.Name], whole[f.Name]) {
					t.Errorf("%s: %s is %v alone, and %v with all others", c.ask, f.Name, alone[f.Name], whole[f.Name])
				}
				if v := whole[f.Name]; v != nil && v != false && v != "" {
					filled++
				}
			}
			if filled < c.filled {
				t.Errorf("%s: only %d fields have something in them: %v", c.ask, filled, whole)
			}
		}
	})
}
