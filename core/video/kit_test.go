package video_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/video"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	videostore "frontdesk/store/video"
)

// nine is when the appointment begins.
var nine = time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)

// ward is a practice with one video appointment, of Ada's, from nine to a quarter past, and a clock that a test moves.
type ward struct {
	*testing.T
	ctx      context.Context
	db       *store.DB
	clock    time.Time
	keys     string
	practice *practice.Service
	booking  *booking.Service
	video    *video.Service
	group    practice.ID
	request  booking.Request
	visit    booking.Appointment
}

func each(t *testing.T, test func(w *ward)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newWard(t, db)) })
}

func newWard(t *testing.T, db *store.DB) *ward {
	t.Helper()
	w := &ward{T: t, db: db, clock: nine.Add(-24 * time.Hour), keys: seal.NewKey()}
	now := func() time.Time { return w.clock }
	w.practice = &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	patients := &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
	days := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: db.NewID}
	w.booking = &booking.Service{Store: bookingstore.New(db), Diary: days, Now: now, NewID: db.NewID,
		Hold: 15 * time.Minute}
	w.video = &video.Service{Store: videostore.New(db), Now: now, NewID: db.NewID,
		Pages: func() string { return "https://desk.example.org" },
		Box:   func() (*seal.Box, error) { return seal.Parse([]byte(w.keys)) }}
	g, err := w.practice.CreateGroup(context.Background(), practice.Group{Name: "Brambleford", Phone: "01632 960100"})
	w.must(err)
	w.group, w.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
	place, err := w.practice.CreateLocation(w.ctx, practice.LocationChange{Name: new("Mill Lane")})
	w.must(err)
	gp, err := w.practice.CreatePractitioner(w.ctx, practice.PractitionerChange{FirstName: new("Chidi"),
		LastName: new("Okafor")})
	w.must(err)
	kind, err := days.CreateType(w.ctx, diary.TypeChange{Name: new("Video"), Minutes: new(15), Video: new(true)})
	w.must(err)
	ada, err := patienttest.Register(w.ctx, patients, patient.Changes{FirstName: new("Ada"), LastName: new("Byron"),
		BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: new("07700 900123")})
	w.must(err)
	w.request = booking.Request{Type: kind.ID, Location: place.ID, Practitioner: gp.ID, Start: nine,
		Length: 15 * time.Minute, Patient: ada, Override: true}
	w.visit = w.book(nine)
	return w
}

func (w *ward) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v %+v", err, fault.Of(err).Fields)
	}
}

func (w *ward) book(at time.Time) booking.Appointment {
	w.Helper()
	r := w.request
	r.Start = at
	held, err := w.booking.Reserve(w.ctx, r)
	w.must(err)
	a, err := w.booking.Confirm(w.ctx, held.ID, booking.Confirmation{})
	w.must(err)
	return a
}

// link gives the links of patient and staff.
func (w *ward) link() (patient, staff string) {
	w.Helper()
	l, err := w.video.MakeLink(w.ctx, video.Request{Appointment: w.visit.ID})
	w.must(err)
	return secret(l.Patient), secret(l.Staff)
}

func secret(address string) string { return address[strings.LastIndex(address, "/")+1:] }

func (w *ward) want(err, target error) {
	w.Helper()
	if !errors.Is(err, target) {
		w.Fatalf("got %v, want %v", err, target)
	}
}

// page is a page that is connected.
type page struct {
	mu     sync.Mutex
	told   []video.Message
	closed video.Why
}

func (p *page) Send(m video.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, m)
}

func (p *page) Close(why video.Why) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = why
}

func (p *page) last() video.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.told) == 0 {
		return video.Message{}
	}
	return p.told[len(p.told)-1]
}

func (w *ward) join(link, name string) (*video.Seat, *page) {
	w.Helper()
	p := &page{}
	seat, err := w.video.Join(context.Background(), link, video.Hello{Page: name}, p)
	w.must(err)
	return seat, p
}

// column reads a column of text from the database.
func (w *ward) column(text string) []string {
	w.Helper()
	out, err := store.List(w.ctx, w.db.Conn(), text, store.In{w.group}, func(scan store.Scanner) (string, error) {
		var s string
		err := scan(&s)
		return s, err
	})
	w.must(err)
	slices.Sort(out)
	return out
}
