package graph

import (
	"strings"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/practice"
)

var refusingOverlaps = practice.GroupChange{PatientOverlap: new(practice.RefuseOverlap)}

// In 2027 clocks in London go forward on 28 March at 01:00 and back on 31 October
// at 02:00.

func TestBookingInSkippedHourIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		d.now.Store(new(time.Date(2027, time.January, 6, 9, 0, 0, 0, time.UTC)))
		for _, c := range []struct{ from, to string }{
			{"01:30:00Z", "02:30:00Z"}, {"01:00:00.000Z", "02:30:00.000Z"}, {"00:30:00Z", "01:30:00Z"},
			{"01:59", "02:30"},
		} {
			d.refused(`createBooking(bookingData: `+s.input("2027-03-28T"+c.from, "2027-03-28T"+c.to, "")+`)`,
				"clocks go forward from 01:00 to 02:00")
			d.refused(`createBooking(patient: "`+s.patient+`", location: "`+s.room+`", bookingType: "`+s.product+
				`", doctor: "`+
				s.doctor+`", start: "2027-03-28T`+c.from+
				`", end: "2027-03-28T`+c.to+`")`, "clocks go forward from 01:00 to 02:00")
		}
		b := s.booking(`createBooking(bookingData: ` + s.input("2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z", "") +
			`)`)
		d.expect(b,
			map[string]any{"startsAt": "2027-03-28T00:30:00.000Z", "endsAt": "2027-03-28T01:00:00.000Z",
				"end": "2027-03-28T02:00:00.000Z"})
		of := `updateBooking(id: "` + b["id"].(string) + `", bookingData: {`
		d.refused(of+`start: "2027-03-28T01:30:00Z", end: "2027-03-28T02:30:00Z"})`, "does not exist")
		d.refused(of+`end: "2027-03-28T01:15:00Z"})`, "does not exist")
		// With a distance from UTC a time says what it is.
		s.booking(of + `start: "2027-03-28T01:30:00+00:00", end: "2027-03-28T02:00:00+00:00"})`)
		// What is looked for need not exist.
		if got := d.get("bookings.data",
			`{ bookings(dateRange: {start: "2027-03-28T01:30:00Z",
				end: "2027-03-28T01:45:00Z"}) { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("found %v", got)
		}
	})
}

func TestBookingInRepeatedHourSaysWhichTimeItIs(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		d.now.Store(new(time.Date(2027, time.January, 6, 9, 0, 0, 0, time.UTC)))
		ask := func(mutation string) (map[string]any, string) {
			t.Helper()
			p := d.get("m", `mutation { m: `+mutation+
				` { data { id start end startsAt endsAt } warnings { code message bookingId } error } }`)
			var said []string
			for _, w := range at(t, p, "warnings").([]any) {
				said = append(said, at(t, w, "code").(string)+" "+at(t, w, "message").(string))
			}
			data, _ := at(t, p, "data").(map[string]any)
			if data == nil {
				t.Fatal(p)
			}
			return data, strings.Join(said, "\n")
		}
		first, said := ask(`createBooking(bookingData: ` + s.input("2027-10-31T01:30:00Z", "2027-10-31T01:45:00Z", "") +
			`)`)
		d.expect(first,
			map[string]any{"start": "2027-10-31T01:30:00.000Z", "startsAt": "2027-10-31T00:30:00.000Z",
				"endsAt": "2027-10-31T00:45:00.000Z"})
		for _, w := range []string{"time_comes_twice", "01:30 for the first time, 01:30 BST on Sunday 31 October 2027",
			"2027-10-31T01:30:00Z", "It ends when clocks show 01:45"} {
			if !strings.Contains(said, w) {
				t.Errorf("%q is not in %s", w, said)
			}
		}
		second, said := ask(`createBooking(bookingData: ` + s.input("2027-10-31T01:30:00+00:00", "2027-10-31T01:45:00Z",
			"") +
			`)`)
		d.expect(second,
			map[string]any{"start": "2027-10-31T01:30:00.000Z", "startsAt": "2027-10-31T01:30:00.000Z",
				"endsAt": "2027-10-31T01:45:00.000Z"})
		if !strings.Contains(said, "for the second time, 01:30 GMT") {
			t.Error(said)
		}
		// A program that sends a booking back as it read it does not move it.
		for _, b := range []map[string]any{first, second} {
			kept, _ := ask(`updateBooking(id: "` + b["id"].(string) + `", bookingData: {comments: "Ring first", ` +
				`start: "` +
				b["start"].(string) + `", end: "` + b["end"].(string) + `"})`)
			d.expect(kept, map[string]any{"startsAt": b["startsAt"], "endsAt": b["endsAt"]})
		}
		if _, said = ask(`createBooking(bookingData: ` + s.input("2027-10-31T02:30:00Z", "2027-10-31T02:45:00Z", "") +
			`)`); said != "" {
			t.Errorf("an hour that comes once: %s", said)
		}
	})
}

// TestTimesOnOneDateThatClocksSkipAreRefused sets hours and blocks.
func TestTimesOnOneDateThatClocksSkipAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		for _, away := range []string{"true", "false"} {
			set := func(more, day, from, to string) string {
				return `mutation { createAvailability(data: {` + more + `unavailability: ` + away + `, user: "` +
					s.doctor +
					`", room: "` + s.room + `", startDate: "` + day +
					`", startTime: "` + from + `", endTime: "` + to + `"}) { data { id } } }`
			}
			for _, c := range []struct{ day, from, to, field string }{
				{"2027-03-28", "01:30", "02:30", "startTime"}, {"2027-03-28", "00:30", "01:30", "endTime"},
				{"2027-03-27", "22:00", "01:15", "endTime"},
			} {
				if a := d.ask(set("", c.day, c.from, c.to)); a.code() != codeInput ||
					!strings.Contains(a.message(), c.field+": ") || !strings.Contains(a.message(), "does not exist") {
					t.Errorf("%+v, away %s: %s", c, away, a.text)
				}
			}
			for _, c := range []struct{ more, day, from, to string }{
				{"", "2027-03-28", "00:00", "01:00"}, {"", "2027-03-28", "02:00", "03:00"}, {"", "2027-10-31", "01:30",
					"02:30"},
			} {
				d.get("createAvailability.data.id", set(c.more, c.day, c.from, c.to))
			}
		}
		// What recurs has less time that night.
		d.get("createAvailability.data.id",
			`mutation { createAvailability(data: {recurrence: {days: [0]}, unavailability: false, user: "`+s.doctor+
				`", room: "`+
				s.room+
				`", startDate: "2027-03-21", startTime: "01:30", endTime: "03:00"}) { data { id } } }`)
	})
}

// TestOverlapIsAWarningAndATask books Ada with two doctors at once.
func TestOverlapIsAWarningAndATask(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		other := d.staff("Nia", true)
		whole := ` { data { id } warnings { code message bookingId } error } }`
		first := d.get("m.data.id", `mutation { m: createBooking(bookingData: `+
			s.input("2031-07-07T09:30:00Z", "2031-07-07T09:45:00Z", "")+`)`+whole)
		with := strings.Replace(s.input("2031-07-07T09:40:00Z", "2031-07-07T09:55:00Z", ""), s.doctor, other, 1)
		made := d.get("m", `mutation { m: createBooking(bookingData: `+with+`)`+whole)
		if at(t, made, "warnings.0.code") != "patient_booked_elsewhere" ||
			at(t, made, "warnings.0.bookingId") != first {
			t.Errorf("answered %v", made)
		}
		if got := d.get("tasks.data.0",
			`{ tasks { data { subject comments patient { id } assignedToUser { id } priority taskType status `+
				`dueDate } } }`); at(t, got, "patient.id") != s.patient ||
			at(t, got, "assignedToUser.id") != other || at(t, got, "taskType") != "booking" ||
			!strings.Contains(at(t, got, "comments").(string), "09:40 to 09:55 BST on Monday 7 July 2031") {
			t.Errorf("the task is %v", got)
		}
		id := at(t, made, "data.id").(string)
		moved := d.get("m", `mutation { m: updateBooking(id: "`+id+`", bookingData: {start: "2031-07-07T09:35:00Z"})`+
			whole)
		if at(t, moved, "warnings.0.bookingId") != first {
			t.Errorf("answered %v", moved)
		}
		_, err := d.core.Practice.UpdateGroup(d.ctx, refusingOverlaps)
		d.must(err)
		d.refused(`updateBooking(id: "`+id+`", bookingData: {start: "2031-07-07T09:30:00Z"})`,
			booking.ErrElsewhere.Message)
		d.refused(`createBooking(bookingData: `+
			strings.Replace(s.input("2031-07-07T09:30:00Z", "2031-07-07T09:35:00Z", ""), s.doctor, other, 1)+`)`,
			booking.ErrElsewhere.Message)
	})
}
