package graph

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	bookinggraph "frontdesk/graph/booking"
	"frontdesk/graph/wire"
)

const wholeRule = `id comment unavailability resourceType user { id fullName } room { id name } recurrence { interval
	days } exclusions startDate endDate
	startTime endTime createdAt updatedAt createdBy lastUpdatedBy`

// hours sets when the doctor works or does not, with more in front.
func (s *diaried) hours(away bool, day, from, to, more string) map[string]any {
	s.t.Helper()
	data, _ := s.get("createAvailability.data",
		fmt.Sprintf(`mutation { createAvailability(data: {%s unavailability: %v, user: "%s", room: "%s",
			startDate: "%s", startTime: "%s", endTime: "%s"}) {
		data { %s } } }`, more, away, s.doctor, s.room, day, from, to, wholeRule)).(map[string]any)
	return data
}

// free is the free times the doctor has in a range, and worked those they work.
func (s *diaried) free(dateRange, more string) string {
	s.t.Helper()
	return s.times("availabilitySlots.data", `{ availabilitySlots(dateRange: {`+dateRange+`}, userIds: ["`+s.doctor+
		`"]`+
		more+`) { data { start: startLocal end: endLocal } } }`)
}

func (s *diaried) worked(dateRange string) string {
	s.t.Helper()
	return s.times("availabilities.data", `{ availabilities(dateRange: {`+dateRange+`}, locationId: "`+s.room+
		`", doctorId: "`+s.doctor+`") { data { start end } } }`)
}

func (s *diaried) times(path, document string) string {
	s.t.Helper()
	var out []string
	for _, v := range s.get(path, document).([]any) {
		out = append(out, fmt.Sprint(at(s.t, v, "start"), "/", at(s.t, v, "end")))
	}
	return strings.Join(out, " ")
}

func TestAvailabilityFromBeginningToEnd(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		rule := s.hours(false, "2031-07-07", "09:00", "12:00",
			`comment: "Summer", recurrence: {days: [1, 3]}, endDate: "2031-07-31", exclusions: ["2031-07-14"],`)
		id := rule["id"].(string)
		us := wire.Encode(wire.KindPractice, d.group.ID)
		d.expect(rule, map[string]any{
			"comment": "Summer", "unavailability": false, "resourceType": "USER", "user.id": s.doctor,
			"user.fullName": "Dr Amir Khan", "room.id": s.room,
			"recurrence.interval": 1.0, "recurrence.days.0": 1.0, "recurrence.days.1": 3.0,
			"exclusions.0": "2031-07-14",
			"startDate":    "2031-07-07",
			"endDate":      "2031-07-31", "startTime": "09:00", "endTime": "12:00",
			"createdAt": "2031-01-06T09:00:00.000Z",
			"updatedAt": "2031-01-06T09:00:00.000Z",
			"createdBy": us, "lastUpdatedBy": us,
		})
		// One diary, two doors: REST offers its slots.
		if page, err := d.core.Diary.Slots(d.ctx,
			diary.SlotQuery{From: diary.On(input.DayOf(2031, 7, 1)),
				To: diary.On(input.DayOf(2031, 7, 31))}); err != nil ||
			page.Count != 7*12 {
			t.Errorf("%d slots, %v", page.Count, err)
		}
		day := `start: "2031-07-09", end: "2031-07-10"`
		whole := "2031-07-09T09:00:00/2031-07-09T12:00:00"
		for _, c := range []struct{ name, got, want string }{
			{"free", s.free(day, ""), whole},
			{"free from a true moment", s.free(`start: "2031-07-09T08:30:00Z", end: "2031-07-09T10:00:00Z"`, ""),
				"2031-07-09T09:30:00/2031-07-09T11:00:00"},
			{"worked", s.worked(day), "2031-07-09T09:00:00.000Z/2031-07-09T12:00:00.000Z"},
			{"worked by the wall clock", s.worked(`start: "2031-07-09T09:30:00Z", end: "2031-07-09T23:59:59Z"`),
				"2031-07-09T09:30:00.000Z/2031-07-09T12:00:00.000Z"},
			{"on no day of it", s.worked(`start: "2031-07-14", end: "2031-07-15"`), ""},
		} {
			if c.got != c.want {
				t.Errorf("%s: %s", c.name, c.got)
			}
		}
		b := s.booking(`createBooking(bookingData: ` + s.input("2031-07-09T10:00:00Z", "2031-07-09T10:15:00Z", "") +
			`)`)
		if got := s.free(day, ""); got != "2031-07-09T09:00:00/2031-07-09T10:00:00 "+
			"2031-07-09T10:15:00/2031-07-09T12:00:00" {
			t.Errorf("with a booking: %s", got)
		}
		if got := s.free(day, `, excludeBookingIds: ["`+b["id"].(string)+`"]`); got != whole {
			t.Errorf("past the booking: %s", got)
		}
		if got := s.worked(day); got != "2031-07-09T09:00:00.000Z/2031-07-09T12:00:00.000Z" {
			t.Errorf("worked: %s", got)
		}

		block := s.hours(true, "2031-07-09", "11:00", "13:00", `comment: "Dentist",`)
		d.expect(block,
			map[string]any{"unavailability": true, "recurrence": nil, "startDate": "2031-07-09",
				"endDate": "2031-07-09",
				"comment": "Dentist"})
		if got := s.free(day, `, excludeBookingIds: ["`+b["id"].(string)+
			`"]`); got != "2031-07-09T09:00:00/2031-07-09T11:00:00" {
			t.Errorf("with a block: %s", got)
		}
		if got := s.worked(day); got != "2031-07-09T09:00:00.000Z/2031-07-09T11:00:00.000Z" {
			t.Errorf("worked beside a block: %s", got)
		}
		ask := booking.Request{
			Type: wire.Decoded[diary.TypeID](&s.product), Location: wire.Decoded[practice.LocationID](&s.room),
			Practitioner: wire.Decoded[practice.PractitionerID](&s.doctor),
			Start:        time.Date(2031, 7, 9, 10, 0, 0, 0, time.UTC), Length: 15 * time.Minute,
		}
		if _, err := d.core.Booking.Reserve(d.ctx, ask); !errors.Is(err, booking.ErrNoSession) {
			t.Errorf("REST reserves in a block: %v", err)
		}
		s.booking(`createBooking(bookingData: ` + s.input("2031-07-09T11:00:00Z", "2031-07-09T11:15:00Z", "") + `)`)

		d.move(time.Minute)
		changed := d.get("updateAvailability.data",
			`mutation($id: ID!) { updateAvailability(id: $id, data: {startTime: "09:30", exclusions: ["2031-07-16"],
				endDate: null, recurrence: {interval: 2}}) {
			data { `+wholeRule+` } } }`, "id", id)
		d.expect(changed, map[string]any{
			"comment": "Summer", "startTime": "09:30", "endTime": "12:00", "endDate": nil, "recurrence.interval": 2.0,
			"recurrence.days.0": 1.0,
			"updatedAt":         "2031-01-06T09:01:00.000Z", "createdAt": "2031-01-06T09:00:00.000Z",
			"startDate": "2031-07-07",
		})
		if got := d.get("availabilityRule.data.startTime",
			`query($id: ID!) { availabilityRule(id: $id) { data { startTime } } }`, "id", id); got != "09:30" {
			t.Errorf("got %v", got)
		}
		for _, x := range []string{id, block["id"].(string)} {
			if got := d.get("deleteAvailability.data.id",
				`mutation($id: ID!) { deleteAvailability(id: $id) { data { id user { id } } } }`, "id", x); got != x {
				t.Errorf("deleted %v", got)
			}
			if got := d.get("availabilityRule", `query($id: ID!) { availabilityRule(id: $id) { data { id } } }`, "id",
				x); got != nil {
				t.Errorf("still there: %v", got)
			}
		}
		if got := s.free(day, ""); got != "" {
			t.Errorf("still free: %s", got)
		}
	})
}

func TestAvailabilitySettings(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		rule := s.hours(false, "2030-07-01", "09:00", "17:00", `recurrence: {days: [1, 3]},`)
		// Today is in the middle of it.
		_, err := d.core.Diary.ChangeSession(d.ctx, wire.Decoded[diary.SessionID](new(rule["id"].(string))),
			diary.SessionChange{Exceptions: &[]diary.Exception{{From: input.DayOf(2030, 12, 30),
				To: input.DayOf(2031, 1, 8)}}})
		d.must(err)
		s.hours(false, "2031-01-05", "09:00", "12:00", "") // yesterday
		s.hours(false, "2031-01-11", "22:00", "02:00", "")
		block := s.hours(true, "2031-01-05", "12:00", "13:00", `endDate: "2031-01-07",`)
		all := d.get("availabilitySettings",
			`{ availabilitySettings { id startTime endTime location { id } doctor { id } createdBy { id } day date `+
				`blocker } }`).([]any)
		var got []string
		ids := map[any]bool{}
		for _, v := range all {
			got = append(got,
				fmt.Sprint(at(t, v, "day"), " ", at(t, v, "date"), " ", at(t, v, "startTime"), " ", at(t, v, "endTime"),
					" ",
					at(t, v, "blocker")))
			ids[at(t, v, "id")] = true
			if at(t, v, "doctor.id") != s.doctor || at(t, v, "location.id") != s.room || at(t, v, "createdBy") != nil {
				t.Errorf("got %v", v)
			}
		}
		want := `1 <nil> 1970-01-01T09:00:00.000Z 1970-01-01T17:00:00.000Z false
3 <nil> 1970-01-01T09:00:00.000Z 1970-01-01T17:00:00.000Z false
<nil> 2031-01-06T00:00:00.000Z 2031-01-06T09:00:00.000Z 2031-01-06T17:00:00.000Z true
<nil> 2031-01-08T00:00:00.000Z 2031-01-08T09:00:00.000Z 2031-01-08T17:00:00.000Z true
<nil> 2031-01-11T00:00:00.000Z 2031-01-11T22:00:00.000Z 2031-01-12T02:00:00.000Z false
<nil> 2031-01-06T00:00:00.000Z 2031-01-06T12:00:00.000Z 2031-01-06T13:00:00.000Z true
<nil> 2031-01-07T00:00:00.000Z 2031-01-07T12:00:00.000Z 2031-01-07T13:00:00.000Z true`
		if strings.Join(got, "\n") != want {
			t.Errorf("got\n%s", strings.Join(got, "\n"))
		}
		if len(ids) != len(all) || !ids[rule["id"]] || !ids[block["id"]] {
			t.Errorf("the ids are %v", ids)
		}
		d.join("Another")
		if got := d.get("availabilitySettings", `{ availabilitySettings { id } }`).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
	})
}

func TestAvailabilityIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		id := s.hours(true, "2031-07-07", "09:00", "12:00", "")["id"].(string)
		of := `room: "` + s.room + `", startDate: "2031-07-07", startTime: "09:00", endTime: "12:00"`
		user := `, user: "` + s.doctor + `"`
		unknown := wire.Encode(wire.KindUser, practice.PractitionerID(77))
		// Payloads have no room for an error: it is one of the answer.
		for _, c := range []struct{ document, code, want string }{
			{`mutation { createAvailability(data: {unavailability: false, ` + of + `}) { data { id } } }`, codeInput,
				"A session needs a practitioner."},
			{`mutation { createAvailability(data: {unavailability: true, recurrence: {interval: 1}, ` + of + user +
				`}) { data { id } } }`, codeInput, "does not recur"},
			{`mutation { createAvailability(data: {unavailability: false, user: "` + unknown + `", ` + of +
				`}) { data { id } } }`, "NOT_FOUND", practice.ErrPractitionerNotFound.Message},
			{`mutation { createAvailability(data: {unavailability: false, user: "x", ` + of + `}) { data { id } } }`,
				codeInput,
				"Cast to ObjectId failed"},
			{`mutation { createAvailability(data: {unavailability: true, ` + strings.Replace(of, s.room, unknown, 1) +
				`}) { data { id } } }`, "NOT_FOUND", practice.ErrLocationNotFound.Message},
			{`mutation { updateAvailability(id: "` + id + `", data: {recurrence: {interval: 1}}) { data { id } } }`,
				codeInput,
				"does not recur"},
			{`mutation { updateAvailability(id: "` + id + `", data: {endTime: "25:00"}) { data { id } } }`, codeInput,
				"endTime"},
			{`mutation { updateAvailability(id: "` + s.room + `", data: {comment: "x"}) { data { id } } }`, "NOT_FOUND",
				bookinggraph.ErrAvailabilityNotFound.Message},
			{`mutation { deleteAvailability(id: "` + s.room + `") { data { id } } }`, "NOT_FOUND",
				bookinggraph.ErrAvailabilityNotFound.Message},
			{`{ availabilities(dateRange: {start: "2031-07-01", end: "2031-07-08T00:01:00Z"}, locationId: "` + s.room +
				`") { data { start } } }`, codeInput, "168 hours"},
			{`{ availabilities(dateRange: {start: "2031-07-01"}, locationId: "` + s.room + `") { data { start } } }`,
				codeInput,
				"a start and an end"},
			{`{ availabilitySlots(dateRange: {start: "2031-07-01", end: "2031-07-02"}) { data { startLocal } } }`,
				codeInput,
				"at least one user"},
			{`{ availabilitySlots(dateRange: {start: "2031-07-01", end: "2031-07-02"}, userIds: [], roomIds: ` +
				`[null]) { data { startLocal } } }`, codeInput, "at least one user"},
			{`{ availabilitySlots(dateRange: {start: "2031-07-01"}, userIds: ["` + s.doctor + `"]) { data { ` +
				`startLocal } } }`,
				codeInput, "a start and an end"},
			{`{ availabilitySlots(dateRange: {start: "2031-07-01T09:00:00", end: "2031-07-02"}, userIds: ["` +
				s.doctor +
				`"]) { data { startLocal } } }`, codeInput, "Invalid date"},
			{`{ availabilitySlots(dateRange: {start: "2031-07-01", end: "2031-07-02"}, userIds: ["` + s.doctor +
				`"], excludeBookingIds: [` +
				strings.Repeat(`"`+wire.Encode(wire.KindBooking, booking.ID(77))+`",`, 6) + `]) { data { startLocal ` +
				`} } }`, codeInput,
				"at most 5"},
		} {
			if a := d.ask(c.document); a.code() != c.code || !strings.Contains(a.message(), c.want) {
				t.Errorf("%s\nwant %q, got %s", c.document, c.want, a.text)
			}
		}
		// A filter that matches no resource makes the list empty.
		for _, args := range []string{`userIds: ["` + unknown + `"]`, `locationIds: ["` + s.room + `"]`, `roomIds: ["` +
			s.room + `"], locationIds: ["` + s.room + `"]`} {
			if got := d.get("availabilitySlots.data",
				`{ availabilitySlots(dateRange: {start: "2031-07-01", end: "2031-07-12"}, `+args+
					`) { data { startLocal } } }`).([]any); len(got) != 0 {
				t.Errorf("%s: %v", args, got)
			}
			if got := d.get("availabilityRules.data", `{ availabilityRules(`+args+
				`) { data { id } } }`).([]any); len(got) != 0 {
				t.Errorf("%s: %v", args, got)
			}
		}
		d.role("looks", access.SeePractice, access.SeeAvailability)
		d.forbidden("editAvailability", `mutation { deleteAvailability(id: "`+id+`") { data { id } } }`)
		if a := d.ask(`{ availabilityRules { data { id room { name } user { id } } } }`); at(t, a.Data,
			"availabilityRules.data.0.room.name") != "Mill Lane" ||
			a.message() != "Missing permission settingsSeeUsers" {
			t.Error(a.text)
		}
		d.role("changes", access.EditAvailability)
		for _, document := range []string{
			`{ availabilityRules { data { id } } }`, `{ availabilityRule(id: "` + id + `") { data { id } } }`,
			`{ availabilitySettings { id } }`,
			`{ availabilitySlots(dateRange: {start: "2031-07-01", end: "2031-07-12"}, userIds: ["` + s.doctor +
				`"]) { data { startLocal } } }`,
			`{ availabilities(dateRange: {start: "2031-07-01", end: "2031-07-02"}, locationId: "` + s.room +
				`") { data { start } } }`,
		} {
			d.forbidden("seeAvailability", document)
		}
	})
}

func TestAvailabilityIsListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		made, rooms := 0, 0
		grow := func() int {
			for range 4 {
				s.doctor = d.get("createUser.data.id",
					fmt.Sprintf(`mutation { createUser(userData: {firstName: "D", lastName: "E", email: `+
						`"e%d@example.org", role: "booking", isDoctor: true}) { data { id } error } }`, made)).(string)
				place, err := d.core.Practice.CreateLocation(d.ctx,
					practice.LocationChange{Name: new(fmt.Sprint("Room ", made))})
				d.must(err)
				s.room = wire.Encode(wire.KindRoom, place.ID)
				s.hours(false, "2031-07-07", "09:00", "12:00", `exclusions: ["2031-07-14"], recurrence: {interval: 1},`)
				s.hours(true, "2031-07-07", "11:00", "12:00", "")
				d.get("createAvailability.data.id",
					`mutation { createAvailability(data: {unavailability: true, room: "`+s.room+
						`", startDate: "2031-07-21", startTime: "00:00", endTime: "24:00"}) { data { id } } }`)
				made, rooms = made+3, rooms+1
			}
			d.move(time.Minute)
			return made
		}
		d.flat("availabilityRules.data", `{ availabilityRules { data { `+wholeRule+
			` } pageInfo { page pageSize hasMore } } }`, nil, grow)
		d.flat("availabilitySettings", `{ availabilitySettings { id location { id } doctor { id } createdBy { id } } }`,
			nil,
			func() int {
				grow()
				return made + rooms // with the excluded dates
			})
		places := `locationIds: ["` + s.room[:8] + "04" + s.room[10:] + `"`
		d.flat("availabilitySlots.data",
			`query($rooms: [ID]) { availabilitySlots(dateRange: {start: "2031-07-07", end: "2031-07-08"}, `+
				`locationIds: $rooms) { data { user { fullName } room { name } } pageInfo { hasMore } } }`,
			map[string]any{"rooms": s.everywhere()}, func() int { return rooms })
		for _, c := range []struct {
			args string
			want int
		}{
			{`userIds: ["` + s.doctor + `"]`, 2}, {`roomIds: ["` + s.room + `"]`, 3}, {places + `]`, 3},
			{`userIds: ["` + s.doctor + `"], roomIds: ["` + s.room + `"]`, 2},
			{`pagination: {page: 2, pageSize: ` + fmt.Sprint(made-1) + `}`, 1},
		} {
			if got := d.get("availabilityRules.data", `{ availabilityRules(`+c.args+
				`) { data { id } pageInfo { hasMore } } }`).([]any); len(got) != c.want {
				t.Errorf("%s: %d", c.args, len(got))
			}
		}
		room := d.get("availabilityRules.data.2", `{ availabilityRules(roomIds: ["`+s.room+
			`"]) { data { resourceType user { id } } } }`)
		d.expect(room, map[string]any{"resourceType": "ROOM", "user": nil})
		page := d.get("availabilitySlots",
			`{ availabilitySlots(dateRange: {start: "2031-07-14", end: "2031-07-29"}, userIds: ["`+s.doctor+
				`"], pagination: {pageSize: 1}) {
			data { startLocal user { id } room { id } } pageInfo { page pageSize hasMore } } }`)
		d.expect(page,
			map[string]any{"data.0.startLocal": "2031-07-28T09:00:00", "data.0.user.id": s.doctor,
				"data.0.room.id":   s.room,
				"pageInfo.hasMore": false})
	})
}

// everywhere are the places of all rooms, by their groupId.
func (s *diaried) everywhere() []any {
	s.t.Helper()
	var out []any
	for _, v := range s.get("practice.locations", `{ practice { locations { groupId } } }`).([]any) {
		out = append(out, at(s.t, v, "groupId"))
	}
	return out
}
