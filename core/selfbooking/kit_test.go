package selfbooking_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/selfbooking"
	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	linkstore "frontdesk/store/link"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	selfbookingstore "frontdesk/store/selfbooking"
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

// kit is a practice with two GPs at two places, from nine to twelve on weekdays, and its patient Ada.
type kit struct {
	t        testing.TB
	db       *store.DB
	ctx      context.Context
	clock    *clock
	links    *link.Service
	self     *selfbooking.Service
	book     *booking.Service
	patients *patient.Service
	group    practice.Group
	place    practice.Location
	annex    practice.Location // where no session is
	gp       [2]practice.Practitioner
	kind     diary.Type
	other    diary.Type
	ada      patient.ID
}

// monday is a Monday morning in winter, when London keeps UTC.
var monday = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

var born = input.DayOf(1985, 12, 10)

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
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

func newKit(t testing.TB, db *store.DB) *kit {
	d := &kit{t: t, db: db, clock: &clock{at: monday}}
	now, newID := d.clock.Now, db.NewID
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	places := &practice.Service{Store: practicestore.New(db), Now: now, NewID: newID}
	d.patients = &patient.Service{Store: patientstore.New(db), Now: now, NewID: newID}
	diaries := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: newID}
	d.book = &booking.Service{Store: bookingstore.New(db), Diary: diaries, Now: now, NewID: newID,
		Hold: 15 * time.Minute}
	d.links = &link.Service{Store: linkstore.New(db), Now: now, NewID: newID,
		Attachment: &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: now,
			NewID: newID},
		Box: func() (*seal.Box, error) { return box, nil }, Pages: func() string { return "https://frontdesk.example" }}
	d.self = &selfbooking.Service{Store: selfbookingstore.New(db), Link: d.links, Diary: diaries, Booking: d.book,
		Now: now}
	d.group, err = places.CreateGroup(context.Background(), practice.Group{Name: "Brambleford"})
	d.must(err)
	d.ctx = access.With(context.Background(), access.Operator(d.group.ID))
	d.place, err = places.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
	d.must(err)
	d.annex, err = places.CreateLocation(d.ctx, practice.LocationChange{Name: new("The annex")})
	d.must(err)
	for i, kind := range []*diary.Type{&d.kind, &d.other} {
		*kind, err = diaries.CreateType(d.ctx, diary.TypeChange{Name: new([]string{"Routine", "Review"}[i]),
			Minutes: new(10), InPerson: new(true)})
		d.must(err)
	}
	for i, name := range []string{"Okafor", "Sethi"} {
		d.gp[i], err = places.CreatePractitioner(d.ctx, practice.PractitionerChange{Title: new("Dr"), FirstName: new("Chidi"),
			LastName: &name})
		d.must(err)
		_, err = diaries.CreateSession(d.ctx, diary.SessionChange{Practitioner: &d.gp[i].ID, Location: &d.place.ID,
			Types: &[]diary.TypeID{d.kind.ID, d.other.ID}, StartDate: new(input.DateOf(monday)), From: new(9 * 60),
			To: new(12 * 60), Step: new(10), Rule: new("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")})
		d.must(err)
	}
	d.ada, err = patienttest.Register(d.ctx, d.patients, patient.Changes{FirstName: new("Ada"),
		LastName: new("Byron"), BirthDate: new(born), Mobile: new("07700 900123")})
	d.must(err)
	return d
}

// offer makes a link for Ada.
func (d *kit) offer(c selfbooking.Change) selfbooking.Offer {
	d.t.Helper()
	if c.Types == nil {
		c.Types = &[]diary.TypeID{d.kind.ID}
	}
	o, err := d.self.Create(d.ctx, d.ada, c)
	d.must(err)
	return o
}

// visit gives Ada's date of birth.
func (d *kit) visit(o selfbooking.Offer) selfbooking.Visit {
	d.t.Helper()
	address := o.URL[len("https://frontdesk.example/s/"):]
	proof, err := d.links.Prove(context.Background(), address, born)
	d.must(err)
	return selfbooking.Visit{Address: address, Proof: proof}
}

// at is nine o'clock on the day after tomorrow, and a little later.
func (d *kit) at(minutes int) selfbooking.Choice {
	return selfbooking.Choice{Type: d.kind.ID, Practitioner: d.gp[0].ID, Location: d.place.ID,
		Start: monday.Add(50*time.Hour + time.Duration(minutes)*time.Minute)}
}

func (d *kit) hold(v selfbooking.Visit, c selfbooking.Choice) selfbooking.Seen {
	d.t.Helper()
	a, err := d.self.Hold(context.Background(), v, c)
	d.must(err)
	return a
}

func (d *kit) booked(v selfbooking.Visit, c selfbooking.Choice) selfbooking.Seen {
	d.t.Helper()
	a, err := d.self.Confirm(context.Background(), v, d.hold(v, c).ID)
	d.must(err)
	return a
}

// found reads the link as the practice sees it.
func (d *kit) found(o selfbooking.Offer) selfbooking.Offer {
	d.t.Helper()
	got, err := d.self.Find(d.ctx, o.ID)
	d.must(err)
	return got
}
