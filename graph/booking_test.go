package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/practice"
	bookinggraph "frontdesk/graph/booking"
	"frontdesk/graph/wire"
)

const wholeBooking = `id deleted doctorName doctor { id fullName } location { id name header address { city country } }
	appointment { id title duration price }
	start end startsAt endsAt patient { id firstName } patientId bookingJourney { arrived consultation departed dna }
	createdAt updatedAt comments status
	patientMessagesSent { confirmation reminder followup cancellation } metadata { key value }
	onlineBookingPaymentStatus clinicalPathwayId videoUrl`

// diaried is a practice with everything a booking needs.
type diaried struct {
	*kit
	patient, room, product, doctor string
}

func (d *kit) diaried() *diaried {
	d.t.Helper()
	place, err := d.core.Practice.CreateLocation(d.ctx,
		practice.LocationChange{Name: new("Mill Lane"), Address: &practice.Address{Town: "Leeds"}})
	d.must(err)
	kind, err := d.core.Diary.CreateType(d.ctx,
		diary.TypeChange{Name: new("Routine"), Minutes: new(15), Price: new(4550), InPerson: new(true)})
	d.must(err)
	doctor, err := d.core.Practice.CreatePractitioner(d.ctx,
		practice.PractitionerChange{Title: new("Dr"), FirstName: new("Amir"), LastName: new("Khan")})
	d.must(err)
	return &diaried{
		kit: d, patient: d.admit(`{first: "Ada", last: "Lovelace"}`), room: wire.Encode(wire.KindRoom, place.ID),
		product: wire.Encode(wire.KindProduct, kind.ID),
		doctor:  wire.Encode(wire.KindUser, doctor.ID),
	}
}

// input is bookingData for a time, with more in front.
func (s *diaried) input(start, end, more string) string {
	return fmt.Sprintf(`{%s patient: "%s", location: "%s", bookingType: "%s", doctor: "%s", start: "%s", end: "%s"}`,
		more,
		s.patient, s.room, s.product, s.doctor, start, end)
}

func (s *diaried) booking(mutation string) map[string]any {
	s.t.Helper()
	a := s.ask(`mutation { m: ` + mutation + ` { data { ` + wholeBooking + ` } error } }`)
	data, _ := at(s.t, a.Data, "m.data").(map[string]any)
	if data == nil || len(a.Errors) > 0 {
		s.t.Fatalf("%s\n%s", mutation, a.text)
	}
	return data
}

func TestBookingIsCreatedReadAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		b := s.booking(`createBooking(bookingData: ` +
			s.input("2031-07-07T09:30:00.000Z", "2031-07-07T09:45:00.000Z",
				`comments: "First", sendPatientMessages: {confirmation: true},`) + `)`)
		id := b["id"].(string)
		d.expect(b, map[string]any{
			"deleted": false, "doctorName": "Dr Amir Khan", "doctor.id": s.doctor, "location.id": s.room,
			"location.name": "Mill Lane", "location.address.city": "Leeds",
			"appointment.id": s.product, "appointment.title": "Routine", "appointment.duration": 15.0,
			"appointment.price": 45.5,
			"start":             "2031-07-07T09:30:00.000Z",
			"end":               "2031-07-07T09:45:00.000Z", "patientId": s.patient, "patient.firstName": "Ada",
			"comments":  "First",
			"status":    "confirmed",
			"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:00:00.000Z",
			"patientMessagesSent.confirmation": false,
			"patientMessagesSent.reminder":     false, "patientMessagesSent.cancellation": false,
			"bookingJourney.arrived": nil,
		})
		// The same thing over REST, at its true time.
		n, _ := wire.Known[booking.ID](wire.KindBooking, id)
		same, err := d.core.Booking.Read(d.ctx, n)
		if err != nil || !same.Start.Equal(time.Date(2031, 7, 7, 8, 30, 0, 0, time.UTC)) ||
			same.State != booking.Booked {
			t.Errorf("got %+v, %v", same, err)
		}
		d.refused(`createBooking(bookingData: `+s.input("2031-07-07T09:40:00Z", "2031-07-07T09:50:00Z", "")+`)`,
			"double booking")
		scan := d.product(map[string]any{"productType": "appointment", "name": "Scan"})
		branch, err := d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("The Branch")})
		d.must(err)
		d.offer(wire.Decoded[billing.ProductID](&scan), "location", branch.ID)
		d.refused(`createBooking(bookingData: `+
			strings.Replace(s.input("2031-07-07T11:00:00Z", "2031-07-07T11:10:00Z", ""), s.product, scan, 1)+`)`,
			"Scan is not available at location Mill Lane.")
		d.refused(`updateBooking(id: "`+id+`", bookingData: {bookingType: "`+scan+`"})`,
			"Scan is not available at location Mill Lane.")
		d.move(time.Minute)
		b = s.booking(`updateBooking(id: "` + id +
			`", bookingData: {start: "2031-07-07T09:35:00.000Z", end: "2031-07-07T10:00:00.000Z", comments: null})`)
		d.expect(b,
			map[string]any{"start": "2031-07-07T09:35:00.000Z", "end": "2031-07-07T10:00:00.000Z", "comments": nil,
				"updatedAt": "2031-01-06T09:01:00.000Z", "appointment.duration": 25.0})
		b = s.booking(`updateBookingJourney(id: "` + id +
			`", bookingJourneyInput: {journeyStage: arrived, date: "2031-01-06T08:31:00.000Z"})`)
		d.expect(b, map[string]any{"bookingJourney.arrived": "2031-01-06T08:31:00.000Z", "bookingJourney.dna": nil})
		d.move(time.Minute)
		b = s.booking(`updateBookingJourney(id: "` + id + `", bookingJourneyInput: {journeyStage: departed})`)
		d.expect(b,
			map[string]any{"bookingJourney.departed": "2031-01-06T09:02:00.000Z",
				"updatedAt": "2031-01-06T09:02:00.000Z"})
		d.refused(`updateBookingJourney(id: "`+id+`")`, booking.ErrStage.Message)
		b = s.booking(`updateBookingMetadata(bookingId: "` + id + `", key: "crm", value: "42")`)
		d.expect(b, map[string]any{"metadata.0.value": "42"})
		for _, c := range []struct{ args, want string }{
			{``, "1"}, {`(dateRange: {start: "2031-07-07T09:50:00Z", end: "2031-07-07T10:30:00Z"})`, "1"},
			{`(dateRange: {start: "2031-07-07T10:01:00Z", end: "2031-07-07T10:30:00Z"})`, "0"},
			{`(dateRange: {start: "2031-07-07", end: "2031-07-08"})`, "1"}, {`(filters: {metadata: {key: "crm"}})`,
				"1"},
			{`(filters: {metadata: {key: "crm", value: "43"}})`, "0"}, {`(filters: {metadata: {key: "crm", value: ` +
				`"42"}})`, "1"},
			{`(options: {updatedAt: {start: "2031-01-06T09:02:01Z"}})`, "0"},
			{`(dateRange: {start: "2031-07-07T09:50:00"})`, "Invalid date"},
		} {
			a := d.ask(`{ bookings` + c.args + ` { data { id } } }`)
			got := a.message()
			if list, ok := at(t, a.Data, "bookings.data").([]any); ok {
				got = fmt.Sprint(len(list))
			}
			if got != c.want {
				t.Errorf("%s: %s", c.args, a.text)
			}
		}
		if got := d.get("user.bookings.data.0.id",
			`query($id: ID!) { user(id: $id) { bookings(start: "2031-07-01", end: "2031-08-01") { data { id } } } }`,
			"id",
			s.doctor); got != id {
			t.Errorf("got %v", got)
		}
		b = s.booking(`deleteBooking(id: "` + id + `")`)
		d.expect(b, map[string]any{"deleted": true, "cancellationReason": nil})
		s.booking(`deleteBooking(id: "` + id + `")`)
		d.refused(`updateBooking(id: "`+id+`", bookingData: {comments: "x"})`, booking.ErrCancelled.Message)
		if got := d.get("bookings.data", `{ bookings { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("a cancelled booking is listed")
		}
		if got := d.get("bookings.data.0.deleted",
			`{ bookings(options: {includeDeleted: true}) { data { deleted } } }`); got != true {
			t.Errorf("got %v", got)
		}
		if got := d.get("bookingsById", `query($ids: [ID!]!) { bookingsById(ids: $ids) { deleted } }`, "ids",
			[]string{"69555b800b000000000001aa", id}).([]any); got[0] != nil || at(t, got, "1.deleted") != true {
			t.Errorf("got %v", got)
		}
		// Its time is free again.
		s.booking(`createBooking(bookingData: ` + s.input("2031-07-07T09:30:00.000Z", "2031-07-07T10:00:00.000Z", "") +
			`)`)
	})
}

func TestBookingsAreRefusedAsDocumented(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		first, last := "2031-03-03T09:00:00Z", "2031-03-03T09:15:00Z"
		in := s.input(first, last, "")
		d.refused(`createBooking(comments: "x", bookingData: `+s.input(first, last, `comments: "y",`)+`)`,
			"Give bookingData, or the other arguments, not both.")
		d.refused(`createBooking(bookingData: `+strings.Replace(in, `patient: "`+s.patient+`",`, "", 1)+`)`,
			booking.ErrNeedsPatient.Message)
		d.refused(`createBooking(bookingData: `+s.input(last, first, "")+`)`, bookinggraph.ErrTimes.Message)
		d.refused(`createBooking(bookingData: `+s.input(first, "2031-03-05T09:00:00Z", "")+`)`,
			bookinggraph.ErrTimes.Message)
		d.refused(`createBooking(bookingData: `+strings.Replace(in, s.product, wire.Encode(wire.KindProduct,
			diary.TypeID(77)), 1)+`)`,
			"Product must exist")
		d.refused(`createBooking(bookingData: `+strings.Replace(in, s.room, wire.Encode(wire.KindRoom,
			practice.LocationID(77)), 1)+`)`,
			practice.ErrLocationNotFound.Message)
		d.refused(`createBooking(bookingData: `+strings.Replace(in, s.doctor, "x", 1)+`)`, "Cast to ObjectId failed")
		d.refused(`createBooking(bookingData: `+s.input(first, last, "status: failed,")+`)`,
			bookinggraph.ErrBookingState.Message)
		b := s.booking(fmt.Sprintf(`createBooking(patient: "%s", location: "%s", bookingType: "%s", doctor: "%s", `+
			`start: "%s", end: "%s")`, s.patient, s.room, s.product, s.doctor, first, last))
		id := b["id"].(string)
		d.refused(`updateBooking(id: "`+id+`", bookingData: {status: pending})`, booking.ErrUnconfirm.Message)
		other := d.admit(`{first: "Bea", last: "Adams"}`)
		d.refused(`updateBooking(id: "`+id+`", bookingData: {patient: "`+other+`"})`, booking.ErrPatientFixed.Message)
		s.booking(`updateBooking(id: "` + id + `", bookingData: {patient: "` + s.patient +
			`", enforceDoubleBooking: true})`)
		pending := s.booking(`createBooking(bookingData: ` +
			s.input("2031-03-03T10:00:00Z", "2031-03-03T10:15:00Z", "status: pending,") + `)`)
		d.expect(pending, map[string]any{"status": "pending"})
		d.refused(`updateBooking(id: "`+id+`", bookingData: {start: "2031-03-03T10:00:00Z", end: `+
			`"2031-03-03T10:15:00Z"})`,
			"taken")
		d.expect(s.booking(`updateBooking(id: "`+pending["id"].(string)+`", bookingData: {status: confirmed})`),
			map[string]any{"status": "confirmed"})
		if n, _ := wire.Known[booking.ID](wire.KindBooking, id); n != 0 {
			same, err := d.core.Booking.Read(d.ctx, n)
			if err != nil || !same.Start.Equal(time.Date(2031, 3, 3, 9, 0, 0, 0, time.UTC)) {
				t.Errorf("a refused move moved it: %v, %v", same.Start, err)
			}
		}
		d.refused(`deleteBooking(id: "69555b800b000000000001aa")`, booking.ErrNotFound.Message)
	})
}

func TestPatientListsTheirBookings(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		for i := range 5 {
			s.booking(`createBooking(bookingData: ` +
				s.input(fmt.Sprintf("2031-03-0%dT09:00:00Z", i+1), fmt.Sprintf("2031-03-0%dT09:15:00Z", i+1),
					fmt.Sprintf(`comments: "%d",`, i+1)) + `)`)
		}
		gone := d.get("bookings.data.2.id", `{ bookings { data { id } } }`).(string)
		s.booking(`deleteBooking(id: "` + gone + `")`)
		list := func(field string) string {
			a := d.ask(`{ patient(id: "` + s.patient + `") { b: ` + field + ` } }`)
			rows, ok := at(t, a.Data, "patient.b").([]any)
			if !ok {
				rows, _ = at(t, a.Data, "patient.b.data").([]any)
			}
			out := ""
			for _, r := range rows {
				out += r.(map[string]any)["comments"].(string)
			}
			if whole, ok := at(t, a.Data, "patient.b").(map[string]any); ok && whole["meta"] != nil {
				meta := whole["meta"].(map[string]any)
				out += fmt.Sprint(" ", meta["total"], meta["hasMore"], meta["page"])
			}
			return out + a.message()
		}
		const all = `start: "2031-01-01", end: "2032-01-01"`
		for _, c := range []struct{ field, want string }{
			{`bookings(` + all + `) { comments }`, "1245"},
			{`bookings(` + all + `, queryOptions: {includeDeleted: true}) { comments }`, "12345"},
			{`bookings(start: "2031-03-02T09:10:00Z", end: "2031-03-04T09:00:00Z") { comments }`, "24"},
			{`bookings(` + all + `, pagination: {page: 2, pageSize: 2}) { comments }`, "45"},
			{`bookingsWithPagination(` + all + `) { data { comments } meta { total } }`, "1245"},
			{`bookingsWithPagination(` + all + `, pagination: {pageSize: 3}) { data { comments } meta { page total ` +
				`hasMore } }`,
				"124 4 true 1"},
			{`bookingsWithPagination(` + all +
				`, sort: {direction: DESC}, pagination: {pageSize: 2}) { data { comments } meta { page total ` +
				`hasMore } }`,
				"54 4 true 1"},
			{`bookingsWithPagination(` + all + `, deleted: true) { data { comments } }`, "3"},
			{`bookingsWithPagination(` + all + `, deleted: false, queryOptions: {includeDeleted: true}) { data { ` +
				`comments } }`,
				"1245"},
		} {
			if got := list(c.field); got != c.want {
				t.Errorf("%s: %q, want %q", c.field, got, c.want)
			}
		}
	})
}

// TestListsTakeConstantStatements asks each shape of list of few rows and of many.
func TestListsTakeConstantStatements(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		label := d.get("createLabel.data.id",
			`mutation { createLabel(labelData: {title: "VIP"}) { data { id } } }`).(string)
		n := 0
		grow := func(to int) {
			for ; n < to; n++ {
				s.patient = d.admit(fmt.Sprintf(`{first: "P%d", last: "Smith", labels: ["%s"], customAttributes: `+
					`[{title: "a", text: "b", response: "c"}]}`, n, label))
				d.change(`addPatientPhoneNumber(patientId: "` + s.patient +
					`", phoneData: {phoneNumber: "01632 960123", phoneType: "Office"})`)
				d.change(`addPatientRelationship(patientId: "` + s.patient +
					`", relationshipType: FAMILY, contact: {relatedAccountId: "` + s.patient + `"})`)
				doctor := d.get("createUser.data.id",
					fmt.Sprintf(`mutation { createUser(userData: {firstName: "D", lastName: "E", email: `+
						`"d%d@example.org", role: "booking", isDoctor: true}) { data { id } error } }`, n)).(string)
				s.doctor = doctor
				for day := range 2 {
					s.booking(`createBooking(bookingData: ` +
						s.input(fmt.Sprintf("2031-03-0%dT09:00:00Z", day+1), fmt.Sprintf("2031-03-0%dT09:15:00Z",
							day+1), "") + `)`)
				}
				d.move(time.Minute) // another minute of requests
			}
		}
		const range1 = `start: "2031-01-01", end: "2032-01-01"`
		shapes := []string{
			`{ patients { data { id phones { phoneNumber } numbers { value } customAttributes { title } labels { ` +
				`text } accessGroups { id } relatedAccounts { contactDetails { firstName } } } } }`,
			`{ patients { data { id bookings(` + range1 + `) { id start doctor { fullName } } } } }`,
			`{ patients { data { id bookingsWithPagination(` + range1 +
				`, pagination: {pageSize: 5}) { data { id } meta { total } } } } }`,
			`{ patients(search: "smith") { data { id archivedInfo { archivedAt } } } }`,
			`{ bookings { data { id doctor { fullName accessGroups { id } metadata { key } } patient { firstName ` +
				`phones { phoneNumber } } metadata { key } } } }`,
			`{ users { data { id accessGroups { id } metadata { key } } } }`,
			`{ labels { data { id } } }`,
			`{ practice { locations { id metadata { key } } appointmentTypes { id } practiceNumbers { id } } }`,
		}
		grow(3)
		var few []int64
		for _, shape := range shapes {
			few = append(few, d.known(shape, nil))
		}
		grow(12)
		for i, shape := range shapes {
			if many := d.noMore(few[i], shape, nil); many > few[i] {
				t.Errorf("%s\ntakes %d statements for 3 rows and %d for 12", shape, few[i], many)
			}
		}
		t.Logf("statements: %v", few)
	})
}
