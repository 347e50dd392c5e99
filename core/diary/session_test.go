package diary_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	auditstore "frontdesk/store/audit"
)

func same(t *testing.T, what string, got any, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestBlockedTimeIsNeitherFreeNorWorked(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(on("2031-02-03", "09:00", "12:00"))
		same(t, "whole", d.free("2031-02-03", "2031-02-03"), "03 09:00-12:00")
		for _, c := range []struct {
			name  string
			block diary.SessionChange
			slots int
			free  []string
		}{
			{"nothing of it", on("2031-02-03", "12:00", "13:00"), 18, []string{"03 09:00-12:00"}},
			{"its middle", on("2031-02-03", "10:00", "10:30"), 15, []string{"03 09:00-10:00", "03 10:30-12:00"}},
			{"part of a slot", on("2031-02-03", "10:05", "10:06"), 17, []string{"03 09:00-10:05", "03 10:06-12:00"}},
			{"its beginning", on("2031-02-03", "08:00", "09:30"), 15, []string{"03 09:30-12:00"}},
			{"its end", on("2031-02-03", "11:30", "12:30"), 15, []string{"03 09:00-11:30"}},
			{"all of it", on("2031-02-03", "00:00", "24:00"), 0, []string{}},
			{"the night before, until the morning", on("2031-02-02", "22:00", "09:10"), 17, []string{"03 09:10-12:00"}},
			{"several days", d.until(on("2031-02-01", "11:00", "14:00"), "2031-02-05"), 12, []string{"03 09:00-11:00"}},
			{"several days, and not this one", diary.SessionChange{
				StartDate: date("2031-02-01"), EndDate: date("2031-02-05"), From: timeOfDay("11:00"),
				To:         timeOfDay("14:00"),
				Exclusions: []input.Date{*date("2031-02-03")},
			}, 18, []string{"03 09:00-12:00"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				made := d.away(c.block)
				same(t, "free", d.free("2031-02-03", "2031-02-03"), c.free...)
				if got := d.slots("2031-02-03", "2031-02-03"); got != c.slots {
					t.Errorf("%d slots, want %d", got, c.slots)
				}
				_, err := d.diary.DeleteSession(d.ctx, made.ID)
				d.must(err)
				same(t, "free again", d.free("2031-02-03", "2031-02-03"), "03 09:00-12:00")
			})
		}
		// Two that overlap are not more than both.
		d.away(on("2031-02-03", "09:30", "10:30"))
		d.away(on("2031-02-03", "10:00", "11:00"))
		same(t, "two", d.free("2031-02-03", "2031-02-03"), "03 09:00-09:30", "03 11:00-12:00")
		worked, err := d.worked(time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC),
			time.Date(2031, 2, 3, 23, 59, 59, 0, time.UTC))
		d.must(err)
		if len(worked) != 2 || worked[1].Start.Hour() != 11 {
			t.Errorf("worked %v", worked)
		}
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: moment("2031-02-03"), To: moment("2031-02-03"),
			Size: 50, Explain: true})
		d.must(err)
		if page.Why.Blocked != 9 {
			t.Errorf("explained by %+v", page.Why)
		}
	})
}

func TestReserveRefusesBlockedTime(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(on("2031-02-03", "09:00", "12:00"))
		ask := booking.Request{Type: d.kind, Location: d.here, Practitioner: d.gp,
			Start: time.Date(2031, 2, 3, 10, 0, 0, 0, time.UTC), Length: 10 * time.Minute}
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: moment("2031-02-03T10:00:00Z"),
			To: moment("2031-02-03T10:01:00Z"), Size: 1})
		d.must(err)
		block := d.away(on("2031-02-03", "10:05", "11:00"))
		if yes, err := d.booking.Available(d.ctx, ask); yes || err != nil {
			t.Errorf("available: %v, %v", yes, err)
		}
		if _, err := d.diary.Slot(d.ctx, page.Slots[0].ID); !errors.Is(err, diary.ErrSlotNotFound) {
			t.Errorf("the slot: %v", err)
		}
		var near *booking.NotFree
		if _, err := d.booking.Reserve(d.ctx, ask); !errors.Is(err, booking.ErrNoSession) || !errors.As(err, &near) {
			t.Fatalf("reserved: %v", err)
		}
		for _, s := range near.Nearest {
			if s.Start.Hour() == 10 {
				t.Errorf("offers %v instead", s.Start)
			}
		}
		// An override may take the time, once.
		ask.Override = true
		if _, err := d.booking.Reserve(d.ctx, ask); err != nil {
			t.Fatal(err)
		}
		if _, err := d.booking.Reserve(d.ctx, ask); !errors.Is(err, booking.ErrSlotTaken) {
			t.Errorf("reserved twice: %v", err)
		}
		_, err = d.diary.ChangeSession(d.ctx, block.ID, diary.SessionChange{From: timeOfDay("11:00"),
			To: timeOfDay("11:30")})
		d.must(err)
		ask.Override, ask.Start = false, ask.Start.Add(30*time.Minute)
		if _, err := d.booking.Reserve(d.ctx, ask); err != nil {
			t.Errorf("the block has gone elsewhere: %v", err)
		}
		same(t, "free", d.free("2031-02-03", "2031-02-03"), "03 09:00-10:00", "03 10:10-10:30", "03 10:40-11:00",
			"03 11:30-12:00")
	})
}

func TestBlockAppliesToAPractitionerEverywhereAndToARoomForAll(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(on("2031-02-03", "09:00", "10:00"))
		d.set(newHours{Practitioner: d.gp, Location: d.there, SessionChange: on("2031-02-03", "14:00", "15:00")})
		other := d.practitioner("Smith")
		d.set(newHours{Practitioner: other, Location: d.here, SessionChange: on("2031-02-03", "11:00", "12:00")})
		all := []string{"03 09:00-10:00", "03 11:00-12:00", "03 14:00-15:00 there"}
		same(t, "at first", d.free("2031-02-03", "2031-02-03"), all...)
		person := d.away(on("2031-02-03", "08:00", "18:00"))
		same(t, "one practitioner away", d.free("2031-02-03", "2031-02-03"), all[1])
		_, err := d.diary.DeleteSession(d.ctx, person.ID)
		d.must(err)
		room := d.set(newHours{Away: true, Location: d.here, SessionChange: on("2031-02-03", "08:00", "18:00")})
		same(t, "a room closed", d.free("2031-02-03", "2031-02-03"), all[2])
		if n := d.slots("2031-02-03", "2031-02-03"); n != 6 {
			t.Errorf("%d slots", n)
		}
		_, err = d.diary.ChangeSession(d.ctx, room.ID, diary.SessionChange{To: timeOfDay("09:30")})
		d.must(err)
		same(t, "for less long", d.free("2031-02-03", "2031-02-03"), "03 09:30-10:00", all[1], all[2])
		_, err = d.diary.DeleteSession(d.ctx, room.ID)
		d.must(err)
		same(t, "at last", d.free("2031-02-03", "2031-02-03"), all...)
	})
}

func TestBlocksFollowTheWallClock(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(d.until(diary.SessionChange{
			StartDate: date("2031-03-23"), From: timeOfDay("00:00"), To: timeOfDay("04:00"),
			Recurrence: &diary.Recurrence{Interval: 1},
		}, "2031-11-30"))
		for _, day := range []string{"2031-10-26", "2031-06-01"} {
			d.away(on(day, "01:00", "02:00"))
		}
		// On that date alone it is a mistake; over several it has no time on that one.
		_, err := d.diary.CreateSession(d.ctx,
			newHours{Away: true, Practitioner: d.gp, Location: d.here,
				SessionChange: on("2031-03-30", "01:00", "02:00")}.change())
		if f := fault.Of(err); err == nil || len(f.Fields) != 1 || f.Fields[0].Path[0] != "start_time" ||
			f.Fields[0].Code != diary.ErrSkipped.Code {
			t.Errorf("an hour that is not there is taken away: %+v", err)
		}
		d.away(d.until(on("2031-03-29", "01:00", "02:00"), "2031-03-30"))
		for _, c := range []struct {
			name, day string
			slots     int
			free      []string
		}{
			// Ten-minute slots; the hour that is taken away is not there.
			{"clocks go forward", "2031-03-30", 18, []string{"30 00:00-04:00"}},
			// The hour that is there twice is taken away twice.
			{"clocks go back", "2031-10-26", 18, []string{"26 00:00-01:00", "26 02:00-04:00"}},
			{"neither", "2031-06-01", 18, []string{"01 00:00-01:00", "01 02:00-04:00"}},
		} {
			same(t, c.name, d.free(c.day, c.day), c.free...)
			before, _ := time.Parse(time.DateOnly, c.day)
			d.now.Store(ptr(before.AddDate(0, 0, -2)))
			if n := d.slots(c.day, c.day); n != c.slots {
				t.Errorf("%s: %d slots, want %d", c.name, n, c.slots)
			}
			d.now.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)))
		}
		// A week in which clocks go back has 169 hours, and is a week.
		from := time.Date(2031, 10, 20, 23, 0, 0, 0, time.UTC)
		if _, err := d.worked(from, from.Add(169*time.Hour)); err != nil {
			t.Error(err)
		}
		if _, err := d.worked(from, from.Add(169*time.Hour+time.Minute)); err == nil {
			t.Error("a week and a minute is looked at")
		}
	})
}

// TestOvernightBlockReachesTheNextUTCDay is about a practice behind UTC, whose evening is the next day there.
func TestOvernightBlockReachesTheNextUTCDay(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		zone := "America/New_York"
		_, err := d.practice.UpdateGroup(d.ctx, practice.GroupChange{TimeZone: &zone})
		d.must(err)
		d.works(on("2031-02-04", "19:00", "20:00"))
		d.away(on("2031-02-03", "20:00", "19:50"))
		if n := d.slots("2031-02-05T00:10:00Z", "2031-02-05T06:00:00Z"); n != 1 {
			t.Errorf("%d slots", n)
		}
	})
}

func TestSessionsOnABankHoliday(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(d.until(diary.SessionChange{
			StartDate: date("2031-12-18"), From: timeOfDay("09:00"), To: timeOfDay("10:00"),
			Recurrence: &diary.Recurrence{Interval: 1},
		}, "2032-01-15"))
		same(t, "Christmas Day", d.free("2031-12-18", "2032-01-02"), "18 09:00-10:00")
		_, err := d.practice.SetHoliday(d.ctx,
			practice.Holiday{Day: input.DayOf(2031, 12, 25), Name: "Christmas Day", Closed: false})
		d.must(err)
		same(t, "open on it", d.free("2031-12-18", "2031-12-26"), "18 09:00-10:00", "25 09:00-10:00")
		d.away(on("2031-12-25", "09:30", "12:00"))
		same(t, "open for half of it", d.free("2031-12-18", "2031-12-26"), "18 09:00-10:00", "25 09:00-09:30")
	})
}

func TestFreeTimeExcludesHeldBookedAndPastTime(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(on("2031-02-03", "09:00", "10:00"))
		d.works(on("2031-02-03", "10:00", "11:00")) // the two are one
		d.set(newHours{Practitioner: d.gp, Location: d.there, SessionChange: on("2031-02-04", "09:00", "10:00")})
		other := d.practitioner("Smith")
		d.set(newHours{Practitioner: other, Location: d.there, SessionChange: on("2031-02-04", "09:00", "09:30")})
		a, err := d.booking.Reserve(d.ctx,
			booking.Request{Type: d.kind, Location: d.here, Practitioner: d.gp,
				Start: time.Date(2031, 2, 3, 9, 30, 0, 0, time.UTC), Length: 10 * time.Minute})
		d.must(err)
		q := diary.TimeQuery{From: time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC),
			To: time.Date(2031, 2, 5, 0, 0, 0, 0, time.UTC)}
		for _, c := range []struct {
			name string
			q    diary.TimeQuery
			want int
		}{
			{"a user", diary.TimeQuery{Practitioners: []practice.PractitionerID{d.gp}}, 3},
			{"another", diary.TimeQuery{Practitioners: []practice.PractitionerID{other}}, 1},
			{"a room", diary.TimeQuery{Locations: []practice.LocationID{d.here}}, 2},
			{"a user or a room",
				diary.TimeQuery{Practitioners: []practice.PractitionerID{d.gp},
					Locations: []practice.LocationID{d.there}}, 4},
			{"a place", diary.TimeQuery{Places: []practice.LocationID{d.there}}, 2},
			{"a user in a place",
				diary.TimeQuery{Practitioners: []practice.PractitionerID{d.gp}, Places: []practice.LocationID{d.there}},
				1},
			{"an unknown user", diary.TimeQuery{Practitioners: []practice.PractitionerID{-1}}, 0},
			{"past the hold", diary.TimeQuery{Practitioners: []practice.PractitionerID{d.gp},
				Without: []int64{int64(a.ID), 77}},
				2},
			{"a page", diary.TimeQuery{Places: []practice.LocationID{d.here, d.there}, Page: input.Page{Number: 2,
				Size: 3}}, 1},
		} {
			c.q.Free, c.q.From, c.q.To = true, q.From, q.To
			got, more, err := d.diary.WorkingTime(d.ctx, c.q)
			if err != nil || more || len(got) != c.want {
				t.Errorf("%s: %v, %v, %v", c.name, got, more, err)
			}
		}
		d.now.Store(ptr(time.Date(2031, 2, 3, 9, 15, 30, 0, time.UTC)))
		same(t, "from the next minute on", d.free("2031-02-03", "2031-02-03"), "03 09:16-11:00")
		for name, bad := range map[string]diary.TimeQuery{
			"no names":  {From: q.From, To: q.To},
			"no end":    {Places: []practice.LocationID{d.here}, From: q.From},
			"end first": {Places: []practice.LocationID{d.here}, From: q.To, To: q.From},
			"too long":  {Places: []practice.LocationID{d.here}, From: q.From, To: q.From.AddDate(0, 0, 93)},
			"without six": {Places: []practice.LocationID{d.here}, From: q.From, To: q.To,
				Without: []int64{1, 2, 3, 4, 5, 6}},
			"too many named": {Practitioners: make([]practice.PractitionerID, 201), From: q.From, To: q.To},
		} {
			bad.Free = true
			if _, _, err := d.diary.WorkingTime(d.ctx, bad); fault.Of(err).Kind != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestNewSessionOffersTheTypesOfItsPlace(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		long := d.newType("Long", 25)
		made := d.works(diary.SessionChange{
			StartDate: date("2031-02-03"), From: timeOfDay("09:00"), To: timeOfDay("10:00"), Comment: ptr("Term time"),
			Recurrence: &diary.Recurrence{Interval: 2, Days: []int{1, 3}}, EndDate: date("2031-03-05"),
			Exclusions: []input.Date{*date("2031-02-19")},
		})
		s, err := d.diary.Session(d.ctx, made.ID, true)
		d.must(err)
		if !slices.Equal(s.Types, []diary.TypeID{d.kind, long}) || s.Step != 10 ||
			s.Rule != "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20310305" {
			t.Errorf("got %+v", s)
		}
		same(t, "free", d.free("2031-02-01", "2031-04-01"), "03 09:00-10:00", "05 09:00-10:00", "17 09:00-10:00",
			"03 09:00-10:00", "05 09:00-10:00")
		h, err := d.diary.ChangeSession(d.ctx, made.ID,
			diary.SessionChange{Exclusions: []input.Date{*date("2031-02-05"), *date("2031-02-05")},
				EndDate: date("2031-02-28")})
		d.must(err)
		same(t, "exclusions", h.Excluded(), "2031-02-05", "2031-02-19")
		same(t, "then", d.free("2031-02-01", "2031-04-01"), "03 09:00-10:00", "17 09:00-10:00")
		h, err = d.diary.ChangeSession(d.ctx, made.ID,
			diary.SessionChange{Recurrence: &diary.Recurrence{Once: true}, StartDate: date("2031-02-10")})
		d.must(err)
		if h.Interval != 0 || h.Last() != h.Start || h.Comment != "Term time" {
			t.Errorf("once: %+v", h)
		}
		same(t, "once", d.free("2031-02-01", "2031-04-01"), "10 09:00-10:00")
		// What REST set is seen whole, a range of dates one by one.
		s, err = d.diary.ChangeSession(d.ctx, s.ID,
			diary.SessionChange{Rule: ptr("FREQ=WEEKLY;WKST=SU;INTERVAL=2"),
				Exceptions: &[]diary.Exception{{From: *date("2031-02-20"), To: *date("2031-03-30")}}})
		d.must(err)
		h, err = d.diary.Session(d.ctx, made.ID, true)
		d.must(err)
		same(t, "a range", h.Excluded(), "2031-02-24", "2031-03-10", "2031-03-24")
		h, err = d.diary.ChangeSession(d.ctx, made.ID,
			diary.SessionChange{StartDate: date("2031-02-11"), EndDate: date("2031-12-31")})
		d.must(err)
		s, err = d.diary.Session(d.ctx, s.ID, true)
		d.must(err)
		if s.Rule != "FREQ=WEEKLY;INTERVAL=2;WKST=SU;UNTIL=20311231" || h.Days != 1<<time.Tuesday {
			t.Errorf("got %+v", s)
		}
	})
}

func TestReadingRefusesInvalidDatesAndTimes(t *testing.T) {
	for _, c := range []struct {
		field, text string
		isEnd, ok   bool
	}{
		{"date", "2031-02-28", false, true}, {"date", "2031-02-30", false, false}, {"date", "soon", false, false},
		{"date", "", false, false},
		{"time", "09:00", false, true}, {"time", "9am", false, false}, {"time", "9", false, false},
		{"time", "25:00", true, false}, {"time", "24:00", true, true}, {"time", "24:00", false, false},
	} {
		var in input.Checks
		if c.field == "date" {
			diary.ReadDate(&in, c.field, &c.text)
		} else {
			diary.ReadTime(&in, c.field, &c.text, c.isEnd)
		}
		if err := in.Err(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestSessionRefusesInvalidHours(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		weekly := &diary.Recurrence{Interval: 1}
		good := on("2031-02-03", "09:00", "10:00")
		with := func(f func(*newHours)) newHours {
			n := newHours{Practitioner: d.gp, Location: d.here, SessionChange: good}
			f(&n)
			return n
		}
		for _, c := range []struct {
			name, field string
			n           newHours
		}{
			{"no practitioner", "practitioner", with(func(n *newHours) { n.Practitioner = 0 })},
			{"no time in it", "end_time", with(func(n *newHours) { n.To = timeOfDay("09:00") })},
			{"once, with another end", "end_date", with(func(n *newHours) { n.EndDate = date("2031-02-10") })},
			{"an end before the start", "recurrence",
				with(func(n *newHours) { n.Recurrence, n.EndDate = weekly, date("2031-01-10") })},
			{"every 0 weeks", "recurrence.interval", with(func(n *newHours) { n.Recurrence = &diary.Recurrence{} })},
			{"no such day", "recurrence.days",
				with(func(n *newHours) { n.Recurrence = &diary.Recurrence{Interval: 1, Days: []int{7}} })},
			{"a long comment", "comment", with(func(n *newHours) { n.Comment = ptr(strings.Repeat("x", 1001)) })},
			{"away every week", "recurrence", with(func(n *newHours) { n.Away, n.Recurrence = true, weekly })},
			{"away, ending first", "end_date", with(func(n *newHours) {
				n.Away, n.EndDate = true,
					date("2031-02-01")
			})},
			{"away for years", "end_date", with(func(n *newHours) { n.Away, n.EndDate = true, date("2033-02-01") })},
			{"away from noon on the first day to nine on the last", "end_time", with(func(n *newHours) {
				n.Away, n.From, n.To, n.EndDate = true, timeOfDay("12:00"), timeOfDay("09:00"), date("2031-02-07")
			})},
			{"away at no time", "end_time", with(func(n *newHours) { n.Away, n.To = true, timeOfDay("09:00") })},
		} {
			_, err := d.diary.CreateSession(d.ctx, c.n.change())
			if f := fault.Of(err); err == nil || f.Kind != fault.Invalid || len(f.Fields) == 0 ||
				strings.Join(f.Fields[0].Path, ".") != c.field {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		for name, c := range map[string]struct {
			n    newHours
			want error
		}{
			"no such place": {with(func(n *newHours) { n.Location = -1 }), practice.ErrLocationNotFound},
			"no such user":  {with(func(n *newHours) { n.Practitioner = -1 }), practice.ErrPractitionerNotFound},
			"away at no place": {with(func(n *newHours) { n.Away, n.Location = true, -1 }),
				practice.ErrLocationNotFound},
			"an unknown practitioner is away": {with(func(n *newHours) { n.Away, n.Practitioner = true, -1 }),
				practice.ErrPractitionerNotFound},
			"everybody, nowhere": {with(func(n *newHours) { n.Away, n.Practitioner, n.Location = true, 0, -1 }),
				practice.ErrLocationNotFound},
			"no such availability": {newHours{}, diary.ErrSessionNotFound},
		} {
			var err error
			if c.n.Location == 0 {
				_, err = d.diary.ChangeSession(d.ctx, 77, good)
			} else {
				_, err = d.diary.CreateSession(d.ctx, c.n.change())
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := d.diary.UpdateType(d.ctx, d.kind, diary.TypeChange{Active: ptr(false)})
		d.must(err)
		if _, err := d.diary.CreateSession(d.ctx, with(func(*newHours) {}).change()); !errors.Is(err,
			diary.ErrNothingOffered) {
			t.Errorf("nothing offered: %v", err)
		}
		same(t, "nothing was made", d.free("2031-02-01", "2031-03-01"))
	})
}

func TestSessionsSinceADateExcludeEndedOnes(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.works(on("2031-02-03", "09:00", "12:00"))
		last := d.works(on("2031-02-04", "09:00", "12:00"))
		weekly := on("2031-01-06", "14:00", "15:00")
		weekly.Recurrence = &diary.Recurrence{Interval: 1}
		every := d.works(weekly)
		block := d.away(on("2031-02-04", "10:00", "11:00"))
		for _, blocks := range []bool{false, true} {
			since, want := input.DayOf(2031, 2, 4), []diary.SessionID{last.ID, every.ID}
			if blocks {
				want = append(want, block.ID)
			}
			all, more, err := d.diary.Sessions(d.ctx, diary.SessionQuery{Since: &since, Blocks: blocks})
			var got []diary.SessionID
			for _, s := range all {
				got = append(got, s.ID)
			}
			if err != nil || more || !slices.Equal(got, want) {
				t.Errorf("blocks %t: %v, %v, %v, want %v", blocks, got, more, err, want)
			}
		}
	})
}

func TestSessionsNeedPermissionAndAreAudited(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.works(on("2031-02-03", "09:00", "12:00"))
		only := func(grants ...access.Permission) context.Context {
			return access.With(context.Background(),
				access.Caller{Group: d.group.ID, Home: d.group.ID, Staff: int64(d.gp), Permissions: grants})
		}
		see, edit := only(access.SeeAvailability), only(access.EditAvailability)
		refused := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, access.ErrPermission) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := d.diary.CreateSession(see, newHours{}.change())
		refused("create", err)
		_, err = d.diary.ChangeSession(see, made.ID, diary.SessionChange{})
		refused("update", err)
		_, err = d.diary.DeleteSession(see, made.ID)
		refused("delete", err)
		_, err = d.diary.Session(edit, made.ID, true)
		refused("one", err)
		_, err = d.diary.Session(see, made.ID, false)
		refused("one to set up", err)
		_, _, err = d.diary.Sessions(edit, diary.SessionQuery{})
		refused("list", err)
		today := input.DayOf(2031, 1, 6)
		_, _, err = d.diary.Sessions(edit, diary.SessionQuery{Since: &today, Blocks: true})
		refused("to come", err)
		_, _, err = d.diary.Sessions(see, diary.SessionQuery{Since: &today})
		refused("to set up", err)
		_, _, err = d.diary.WorkingTime(edit, diary.TimeQuery{})
		refused("worked", err)
		_, _, err = d.diary.WorkingTime(edit, diary.TimeQuery{Free: true})
		refused("free", err)
		if _, err := d.diary.CreateSession(edit, diary.SessionChange{}); errors.Is(err, access.ErrPermission) {
			t.Errorf("sessions of every week: %v", err)
		}
		_, err = d.diary.CreateSession(see, diary.SessionChange{})
		refused("sessions of every week", err)

		h, err := d.diary.CreateSession(edit,
			newHours{Away: true, Location: d.here, SessionChange: on("2031-02-03", "09:00", "12:00")}.change())
		d.must(err)
		if h.CreatedBy != d.gp || h.UpdatedBy != d.gp {
			t.Errorf("made by %d, %d", h.CreatedBy, h.UpdatedBy)
		}
		_, err = d.diary.ChangeSession(d.ctx, h.ID, diary.SessionChange{Comment: ptr("Painters")})
		d.must(err)
		if h, err = d.diary.Session(d.ctx, h.ID, true); err != nil || h.CreatedBy != d.gp || h.UpdatedBy != 0 ||
			h.Comment != "Painters" {
			t.Errorf("%+v, %v", h, err)
		}
		_, err = d.diary.DeleteSession(d.ctx, h.ID)
		d.must(err)
		_, err = d.diary.DeleteSession(d.ctx, made.ID)
		d.must(err)
		if _, err := d.diary.DeleteSession(d.ctx, made.ID); !errors.Is(err, diary.ErrSessionNotFound) {
			t.Errorf("deleted twice: %v", err)
		}
		var did []string
		for entity, id := range map[string]diary.SessionID{"block": h.ID, "session": made.ID} {
			log, err := auditstore.New(d.db).Trail(context.Background(), int64(d.group.ID), entity, int64(id), 100)
			d.must(err)
			for _, e := range log {
				did = append(did, e.Action)
			}
		}
		slices.Sort(did)
		same(t, "the log", did, "block.create", "block.delete", "block.update", "session.create", "session.delete")
	})
}
