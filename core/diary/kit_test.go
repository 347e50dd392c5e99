package diary_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// kit is a practice with two rooms, one type of ten minutes and one GP, whose hours are set by each test.
type kit struct {
	t           *testing.T
	ctx         context.Context
	db          *store.DB
	now         atomic.Pointer[time.Time]
	practice    *practice.Service
	diary       *diary.Service
	booking     *booking.Service
	group       practice.Group
	here, there practice.LocationID
	gp          practice.PractitionerID
	kind        diary.TypeID
}

func ptr[T any](v T) *T { return &v }

func each(t *testing.T, test func(t *testing.T, d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &kit{t: t, db: db}
		d.now.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)))
		clock := func() time.Time { return *d.now.Load() }
		d.diary = &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: clock,
			NewID: db.NewID}
		d.booking = &booking.Service{Store: bookingstore.New(db), Diary: d.diary, Now: clock, NewID: db.NewID,
			Hold: 15 * time.Minute}
		d.practice = &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		var err error
		d.group, err = d.practice.CreateGroup(context.Background(), practice.Group{Name: "Brambleford"})
		d.must(err)
		d.ctx = access.With(context.Background(), access.Operator(d.group.ID))
		d.here, d.there = d.place("Mill Lane"), d.place("The Branch")
		d.gp = d.practitioner("Okafor")
		d.kind = d.newType("Routine", 10)
		test(t, d)
	})
}

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *kit) place(name string) practice.LocationID {
	d.t.Helper()
	p, err := d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: &name})
	d.must(err)
	return p.ID
}

func (d *kit) practitioner(name string) practice.PractitionerID {
	d.t.Helper()
	p, err := d.practice.CreatePractitioner(d.ctx, practice.PractitionerChange{FirstName: ptr("Chidi"),
		LastName: &name})
	d.must(err)
	return p.ID
}

func (d *kit) newType(name string, minutes int) diary.TypeID {
	d.t.Helper()
	k, err := d.diary.CreateType(d.ctx, diary.TypeChange{Name: &name, Minutes: &minutes, InPerson: ptr(true)})
	d.must(err)
	return k.ID
}

// on is a time of day on one date.
func on(day, from, to string) diary.SessionChange {
	return diary.SessionChange{StartDate: date(day), From: timeOfDay(from), To: timeOfDay(to)}
}

// until is that on each date to the last, or in each week.
func (d *kit) until(c diary.SessionChange, last string) diary.SessionChange {
	c.EndDate = date(last)
	return c
}

// works sets when the GP works here.
func (d *kit) works(c diary.SessionChange) diary.Session {
	d.t.Helper()
	return d.set(newHours{Practitioner: d.gp, Location: d.here, SessionChange: c})
}

// away sets when the GP does not work.
func (d *kit) away(c diary.SessionChange) diary.Session {
	d.t.Helper()
	return d.set(newHours{Away: true, Practitioner: d.gp, Location: d.here, SessionChange: c})
}

func (d *kit) set(n newHours) diary.Session {
	d.t.Helper()
	h, err := d.diary.CreateSession(d.ctx, n.change())
	d.must(err)
	return h
}

// free is the free time from one date to the end of another, and where it is when that is not here.
func (d *kit) free(from, to string) []string {
	d.t.Helper()
	zone := d.group.Zone()
	start, _ := time.ParseInLocation(time.DateOnly, from, zone)
	end, _ := time.ParseInLocation(time.DateOnly, to, zone)
	all, _, err := d.diary.WorkingTime(d.ctx, diary.TimeQuery{Free: true, Locations: []practice.LocationID{d.here,
		d.there}, From: start, To: end.AddDate(0, 0, 1)})
	d.must(err)
	out := []string{}
	for _, s := range all {
		text := s.Start.In(zone).Format("02 15:04") + "-" + s.End.In(zone).Format("15:04")
		if s.Location == d.there {
			text += " there"
		}
		out = append(out, text)
	}
	return out
}

// slots is how many slots REST offers on some dates.
func (d *kit) slots(from, to string) int {
	d.t.Helper()
	page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: moment(from), To: moment(to)})
	d.must(err)
	return page.Count
}

// worked is when practitioners work here.
func (d *kit) worked(from, to time.Time) ([]diary.Stretch, error) {
	all, _, err := d.diary.WorkingTime(d.ctx, diary.TimeQuery{Places: []practice.LocationID{d.here}, From: from,
		To: to})
	return all, err
}

// date is a date as YYYY-MM-DD, and timeOfDay a time of day as HH:MM.
func date(text string) *input.Date {
	var in input.Checks
	return diary.ReadDate(&in, "", &text)
}

func timeOfDay(text string) *int {
	var in input.Checks
	return diary.ReadTime(&in, "", &text, true)
}

// moment is a date or an instant.
func moment(text string) diary.Moment {
	var in input.Checks
	return diary.ReadMoment(&in, "", text)
}

// newHours is when the practitioner works at a place, or does not.
type newHours struct {
	Away         bool
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	diary.SessionChange
}

func (n newHours) change() diary.SessionChange {
	c := n.SessionChange
	c.Away, c.AsOffered, c.Location = n.Away, true, &n.Location
	if n.Practitioner != 0 {
		c.Practitioner = &n.Practitioner
	}
	return c
}
