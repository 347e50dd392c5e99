package booking_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// kit is a small practice on one database, with a clock that moves.
type kit struct {
	t        testing.TB
	ctx      context.Context
	db       *store.DB
	clock    *clock
	practice *practice.Service
	patients *patient.Service
	diary    *diary.Service
	booking  *booking.Service
	group    practice.Group
	place    practice.Location
	gp       practice.Practitioner
	kind     diary.Type
	ada      patient.ID
}

// monday is a Monday morning in winter, when London keeps UTC.
var monday = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// newKit makes a practice with one GP who works on weekdays from nine to twelve in steps of ten minutes, and one
// patient, Ada.
func newKit(t testing.TB, db *store.DB) *kit {
	t.Helper()
	d := &kit{t: t, db: db, clock: &clock{at: monday}}
	d.practice = &practice.Service{Store: practicestore.New(db), Now: d.clock.Now, NewID: db.NewID}
	d.patients = &patient.Service{Store: patientstore.New(db), Now: d.clock.Now, NewID: db.NewID}
	d.diary = &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: d.clock.Now,
		NewID: db.NewID}
	d.booking = &booking.Service{Store: bookingstore.New(db), Diary: d.diary, Now: d.clock.Now, NewID: db.NewID,
		Hold: 15 * time.Minute}
	ctx := context.Background()
	var err error
	d.group, err = d.practice.CreateGroup(ctx, practice.Group{Name: "Brambleford"})
	d.must(err)
	d.ctx = access.With(ctx, access.Operator(d.group.ID))
	t.Cleanup(func() {
		all, err := db.Events(d.ctx, int64(d.group.ID), 0, 1000)
		d.must(err)
		apitest.Events(t, all)
	})
	d.place, err = d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: ptr("Mill Lane")})
	d.must(err)
	d.gp = d.newGP("Okafor")
	d.kind = d.newType("Routine", 10)
	d.session(diary.SessionChange{Rule: ptr("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")})
	d.ada, err = patienttest.Register(d.ctx, d.patients,
		patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Mobile: ptr("07700 900123")})
	d.must(err)
	return d
}

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *kit) newGP(name string) practice.Practitioner {
	d.t.Helper()
	p, err := d.practice.CreatePractitioner(d.ctx,
		practice.PractitionerChange{Title: ptr("Dr"), FirstName: ptr("Chidi"), LastName: ptr(name)})
	d.must(err)
	return p
}

func (d *kit) newType(name string, minutes int) diary.Type {
	d.t.Helper()
	k, err := d.diary.CreateType(d.ctx, diary.TypeChange{Name: ptr(name), Minutes: ptr(minutes), InPerson: ptr(true)})
	d.must(err)
	return k
}

// session adds a session; what the change leaves out is the GP, the place, the type, from nine to twelve in steps of
// ten, from the first Monday on.
func (d *kit) session(c diary.SessionChange) diary.Session {
	d.t.Helper()
	s, err := d.diary.CreateSession(d.ctx, d.sessionOf(c))
	d.must(err)
	return s
}

func (d *kit) sessionOf(c diary.SessionChange) diary.SessionChange {
	full := diary.SessionChange{
		Practitioner: &d.gp.ID, Location: &d.place.ID, Types: &[]diary.TypeID{d.kind.ID}, StartDate: date("2031-01-06"),
		From: timeOfDay("09:00"), To: timeOfDay("12:00"), Step: ptr(10),
	}
	over := func() {
		if c.Practitioner != nil {
			full.Practitioner = c.Practitioner
		}
		if c.Location != nil {
			full.Location = c.Location
		}
		if c.Types != nil {
			full.Types = c.Types
		}
		if c.StartDate != nil {
			full.StartDate = c.StartDate
		}
		if c.From != nil {
			full.From = c.From
		}
		if c.To != nil {
			full.To = c.To
		}
		if c.Step != nil {
			full.Step = c.Step
		}
	}
	over()
	full.Rule, full.TimeZone, full.WorksHolidays, full.Exceptions = c.Rule, c.TimeZone, c.WorksHolidays, c.Exceptions
	return full
}

// nine is nine o'clock on the first Monday.
func nine(plus time.Duration) time.Time {
	return time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC).Add(plus)
}

func (d *kit) ask(start time.Time) booking.Request {
	return booking.Request{Type: d.kind.ID, Location: d.place.ID, Practitioner: d.gp.ID, Start: start,
		Length: 10 * time.Minute, Patient: d.ada}
}

func (d *kit) reserve(start time.Time) booking.Appointment {
	d.t.Helper()
	a, err := d.booking.Reserve(d.ctx, d.ask(start))
	d.must(err)
	return a
}

func (d *kit) book(start time.Time) booking.Appointment {
	d.t.Helper()
	a := d.reserve(start)
	got, err := d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
	d.must(err)
	return got
}

func (d *kit) starts(q diary.SlotQuery) []string {
	d.t.Helper()
	q.Size = 500
	page, err := d.diary.Slots(d.ctx, q)
	d.must(err)
	var out []string
	for _, s := range page.Slots {
		out = append(out, s.Start.Format("02 15:04"))
	}
	if page.Count != len(out) {
		d.t.Fatalf("counted %d slots, listed %d", page.Count, len(out))
	}
	return out
}

func (d *kit) events(id booking.ID) []string {
	d.t.Helper()
	all, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 1000)
	d.must(err)
	var out []string
	for _, e := range all {
		if e.Subject == int64(id) {
			out = append(out, string(e.Type))
		}
	}
	return out
}

func want(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
}

func each(t *testing.T, test func(t *testing.T, d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, newKit(t, db)) })
}

// move is another time for an appointment, or another practitioner.
type move struct {
	Practitioner             practice.PractitionerID
	Start                    time.Time
	Minutes                  int
	Override, SuppressPolicy bool
	SuppressMail             *bool
}

func (m move) of(state booking.State) booking.Change {
	end := m.Start.Add(time.Duration(m.Minutes) * time.Minute)
	return booking.Change{
		State: state, Practitioner: &m.Practitioner, Start: &m.Start, End: &end, Override: m.Override,
		SuppressPolicy: m.SuppressPolicy, SuppressMail: m.SuppressMail,
	}
}

func (d *kit) edit(id booking.ID, m move) (booking.Appointment, error) {
	return d.booking.Change(d.ctx, id, m.of(booking.Reserved))
}

func (d *kit) reschedule(id booking.ID, m move) (booking.Appointment, error) {
	return d.booking.Change(d.ctx, id, m.of(booking.Booked))
}

// when is a date or an instant. date is a date as YYYY-MM-DD, and timeOfDay a time of day as HH:MM.
func date(text string) *input.Date {
	var in input.Checks
	return diary.ReadDate(&in, "", &text)
}

func timeOfDay(text string) *int {
	var in input.Checks
	return diary.ReadTime(&in, "", &text, true)
}

func when(text string) diary.Moment {
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
