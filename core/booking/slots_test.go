package booking_test

import (
	"slices"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

func TestSessionRefusesInvalidFields(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			name   string
			change diary.SessionChange
			fields string
		}{
			{"nothing wrong", diary.SessionChange{}, ""},
			{"all day", diary.SessionChange{From: timeOfDay("00:00"), To: timeOfDay("24:00")}, ""},
			{"over midnight", diary.SessionChange{From: timeOfDay("22:00"), To: timeOfDay("02:00")}, ""},
			{"no time at all", diary.SessionChange{From: timeOfDay("09:00"), To: timeOfDay("09:00")}, "end_time"},
			{"no types", diary.SessionChange{Types: &[]diary.TypeID{}}, "types"},
			{"steps of nothing", diary.SessionChange{Step: ptr(0)}, "step"},
			{"no such zone", diary.SessionChange{TimeZone: ptr("Nowhere")}, "timezone"},
			{"every day of the month", diary.SessionChange{Rule: ptr("FREQ=MONTHLY")}, "recurrence"},
			{"an exception that ends before it starts",
				diary.SessionChange{Exceptions: &[]diary.Exception{{From: *date("2031-02-02"),
					To: *date("2031-02-01")}}},
				"exceptions.0.end_date"},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := d.diary.CreateSession(d.ctx, d.sessionOf(c.change))
				if fieldsOf(err) != c.fields || (c.fields == "") != (err == nil) {
					t.Fatalf("got %v about %q", err, fieldsOf(err))
				}
			})
		}
		_, err := d.diary.CreateSession(d.ctx, diary.SessionChange{})
		if got := fieldsOf(err); got != "practitioner location start_date start_time end_time types step" {
			t.Fatalf("an empty one: %q", got)
		}
		for _, c := range []struct {
			change diary.SessionChange
			want   error
		}{
			{diary.SessionChange{Practitioner: ptr(practice.PractitionerID(5))}, practice.ErrPractitionerNotFound},
			{diary.SessionChange{Location: ptr(practice.LocationID(5))}, practice.ErrLocationNotFound},
			{diary.SessionChange{Types: &[]diary.TypeID{5}}, diary.ErrTypeNotFound},
		} {
			_, err := d.diary.CreateSession(d.ctx, d.sessionOf(c.change))
			want(t, err, c.want)
		}
	})
}

func TestSlotsShowDiaryChangesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		day := diary.SlotQuery{From: when("2031-01-07"), To: when("2031-01-07")}
		count := func(want int) {
			t.Helper()
			if got := len(d.starts(day)); got != want {
				t.Fatalf("%d slots, want %d", got, want)
			}
		}
		count(18)
		s := d.session(diary.SessionChange{Rule: ptr("FREQ=WEEKLY;BYDAY=TU"), From: timeOfDay("14:00"),
			To: timeOfDay("15:00")})
		count(24)
		_, err := d.diary.ChangeSession(d.ctx, s.ID,
			diary.SessionChange{Exceptions: &[]diary.Exception{{From: *date("2031-01-07"), To: *date("2031-01-07")}}})
		d.must(err)
		count(18)
		other := d.newGP("Raman")
		_, err = d.diary.ChangeSession(d.ctx, s.ID, diary.SessionChange{Practitioner: &other.ID,
			Exceptions: &[]diary.Exception{}})
		d.must(err)
		count(24)
		_, err = d.practice.UpdatePractitioner(d.ctx, other.ID, practice.PractitionerChange{Active: ptr(false)})
		d.must(err)
		count(18)
		_, err = d.practice.SetHoliday(d.ctx, practice.Holiday{Day: input.DayOf(2031, 1, 7), Name: "Training",
			Closed: true})
		d.must(err)
		count(0)
		d.must(d.practice.ResetHoliday(d.ctx, input.DayOf(2031, 1, 7)))
		count(18)
		_, err = d.practice.UpdateLocation(d.ctx, d.place.ID, practice.LocationChange{Active: ptr(false)})
		d.must(err)
		count(0)
		_, err = d.booking.Reserve(d.ctx, d.ask(nine(24*time.Hour)))
		want(t, err, booking.ErrNoSession)
		_, err = d.practice.UpdateLocation(d.ctx, d.place.ID, practice.LocationChange{Active: ptr(true)})
		d.must(err)
		_, err = d.diary.UpdateType(d.ctx, d.kind.ID, diary.TypeChange{Active: ptr(false)})
		d.must(err)
		count(0)
		_, err = d.diary.UpdateType(d.ctx, d.kind.ID, diary.TypeChange{Active: ptr(true), Minutes: ptr(30)})
		d.must(err)
		count(16) // of half an hour, every ten minutes, within three hours
		since := input.DayOf(2031, 1, 1)
		all, _, err := d.diary.Sessions(d.ctx, diary.SessionQuery{
			Practitioners: []practice.PractitionerID{d.gp.ID}, Since: &since,
		})
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		_, err = d.diary.DeleteSession(d.ctx, all[0].ID)
		d.must(err)
		count(0)
		_, err = d.diary.DeleteSession(d.ctx, all[0].ID)
		want(t, err, diary.ErrSessionNotFound)
	})
}

func TestSlotSearchWindowIsBounded(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			name     string
			from, to string
			fields   string
		}{
			{"92 days", "2031-01-06", "2031-04-07", ""},
			{"93 days", "2031-01-06", "2031-04-08", "end"},
			{"92 days over a clock change", "2031-03-01", "2031-05-31", ""},
			{"backwards", "2031-01-07", "2031-01-06", "end"},
			{"instants", "2031-01-06T09:00:00Z", "2031-01-06T10:00:00+01:00", ""},
			{"until a day gone by", "", "2030-01-01", ""},
			{"from a day on", "2031-02-01", "", ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: when(c.from), To: when(c.to)})
				if (err == nil) != (c.fields == "") || err != nil && fieldsOf(err) != c.fields {
					t.Fatalf("got %v", err)
				}
			})
		}
		if got := d.starts(diary.SlotQuery{From: when("2031-01-06T09:30:00Z"),
			To: when("2031-01-06T10:00:00Z")}); !slices.Equal(got, []string{"06 09:30", "06 09:40", "06 09:50"}) {
			t.Fatalf("between two instants: %v", got)
		}
		for _, q := range []diary.SlotQuery{
			{Locations: []practice.LocationID{d.place.ID, 5}}, {Practitioners: []practice.PractitionerID{5, d.gp.ID}},
			{Types: []diary.TypeID{5}},
		} {
			if _, err := d.diary.Slots(d.ctx, q); fault.Of(err).Kind != fault.NotFound {
				t.Errorf("%+v: got %v", q, err)
			}
		}
	})
}

func TestTypesCountTheirFreeSlots(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		idle := d.newType("Not offered", 10)
		d.reserve(nine(0))
		types, err := d.diary.Types(d.ctx, diary.TypeQuery{Slots: true})
		d.must(err)
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{Types: []diary.TypeID{d.kind.ID}})
		d.must(err)
		count := page.Count
		if len(types) != 2 || types[0].ID != idle.ID || types[0].Slots != 0 || !types[0].Next.IsZero() ||
			types[1].Slots != count || count != 20*18-1 || !types[1].Next.Equal(nine(10*time.Minute)) {
			t.Fatalf("got %+v, counted %d", types, count)
		}
		some, err := d.diary.Types(d.ctx, diary.TypeQuery{Slots: true, Available: ptr(true)})
		none, err2 := d.diary.Types(d.ctx, diary.TypeQuery{Slots: true, Available: ptr(false)})
		if err != nil || err2 != nil || len(some) != 1 || some[0].ID != d.kind.ID || len(none) != 1 ||
			none[0].ID != idle.ID {
			t.Fatalf("some %+v, none %+v, %v %v", some, none, err, err2)
		}
		elsewhere, err := d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: ptr("Elsewhere")})
		d.must(err)
		some, err = d.diary.Types(d.ctx, diary.TypeQuery{Slots: true,
			Locations: []practice.LocationID{elsewhere.ID}, Available: ptr(true)})
		if err != nil || len(some) != 0 {
			t.Fatalf("elsewhere %+v, %v", some, err)
		}
	})
}

func TestExplanationCountsWhyTimesAreMissing(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.session(diary.SessionChange{Rule: ptr("FREQ=WEEKLY;BYDAY=MO"), From: timeOfDay("14:00"),
			To:         timeOfDay("15:00"),
			Exceptions: &[]diary.Exception{{From: *date("2031-01-06"), To: *date("2031-01-06")}}})
		d.book(nine(0))
		d.reserve(nine(60 * time.Minute))
		d.clock.Move(2*time.Hour + 25*time.Minute)
		h := d.reserve(nine(90 * time.Minute))
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: when("2031-01-06"), To: when("2031-01-06"), Size: 50,
			Explain: true})
		d.must(err)
		_ = h
		if want := (diary.Explanation{Sessions: 2, Days: 1, Exceptions: 1, Past: 3, Held: 1}); page.Why == nil ||
			*page.Why != want {
			t.Fatalf("got %+v", page.Why)
		}
		page, err = d.diary.Slots(d.ctx, diary.SlotQuery{From: when("2031-12-25"), To: when("2031-12-25"), Size: 50,
			Explain: true})
		if err != nil || page.Count != 0 || page.Why.Closed != 1 {
			t.Fatalf("on Christmas Day %+v, %v", page.Why, err)
		}
	})
}

func TestSlotsOnClockChangeNights(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.session(diary.SessionChange{Rule: ptr("FREQ=WEEKLY;BYDAY=SU"), From: timeOfDay("00:00"),
			To:   timeOfDay("04:00"),
			Step: ptr(30)})
		for _, c := range []struct {
			name, day string
			hours     int
			first     string
		}{
			{"clocks go forward", "2031-03-30", 3, "30 00:00"},
			{"clocks go back", "2031-10-26", 5, "25 23:00"},
			{"neither", "2031-06-01", 4, "31 23:00"},
		} {
			t.Run(c.name, func(t *testing.T) {
				day, _ := time.Parse("2006-01-02", c.day)
				d.clock.Move(day.AddDate(0, 0, -2).Sub(d.clock.Now()))
				starts := d.starts(diary.SlotQuery{From: when(c.day), To: when(c.day)})
				// Ten-minute appointments every half hour.
				if len(starts) != c.hours*2 || starts[0] != c.first {
					t.Fatalf("got %v", starts)
				}
				page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: when(c.day), To: when(c.day), Size: 50})
				d.must(err)
				for _, s := range page.Slots { // what is shown can be had
					a := d.reserve(s.Start)
					_, err := d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
					d.must(err)
				}
				if left := d.starts(diary.SlotQuery{From: when(c.day), To: when(c.day)}); len(left) != 0 {
					t.Fatalf("still offered: %v", left)
				}
			})
		}
	})
}
