package sequence_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/enclosure"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/core/selfbooking"
	"frontdesk/core/sequence"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	enclosurestore "frontdesk/store/enclosure"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	selfbookingstore "frontdesk/store/selfbooking"
	sequencestore "frontdesk/store/sequence"
	"frontdesk/store/storetest"
)

// post is a carrier that keeps what it took.
type post struct {
	mu  sync.Mutex
	got []carrier.Outgoing
}

func (p *post) Name() string     { return "post" }
func (p *post) Idempotent() bool { return true }
func (p *post) Together() int    { return 8 }

func (p *post) Send(_ context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, m)
	return carrier.Accepted{ProviderID: "p" + m.Key, Code: "ok"}, nil
}

func (p *post) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// kit is a practice with a GP and its patient Ada, and a clock that a test moves.
type kit struct {
	*testing.T
	db       *store.DB
	clock    time.Time
	post     *post
	places   *practice.Service
	people   *patient.Service
	book     *booking.Service
	messages *messaging.Service
	dispatch *dispatch.Service
	s        *sequence.Service
	group    practice.ID
	ctx      context.Context
	kind     diary.Type
	other    diary.Type
	place    practice.Location
	gp       practice.Practitioner
	ada      patient.ID
	bookings int
}

// monday is a Monday morning in winter, when London keeps UTC.
var monday = time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newKit(t, db)) })
}

func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	k := &kit{T: t, db: db, clock: monday, post: &post{}}
	now, newID := func() time.Time { return k.clock }, db.NewID
	box, err := seal.Parse([]byte(seal.NewKey()))
	k.must(err)
	pages := func() string { return "https://desk.example.org" }
	k.places = &practice.Service{Store: practicestore.New(db), Now: now, NewID: newID}
	diaries := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: newID}
	k.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: newID}
	k.book = &booking.Service{Store: bookingstore.New(db), Diary: diaries, Now: now, NewID: newID,
		Hold: 15 * time.Minute}
	links := &link.Service{Store: linkstore.New(db), Now: now, NewID: newID, Pages: pages,
		Box: func() (*seal.Box, error) { return box, nil }}
	self := &selfbooking.Service{Store: selfbookingstore.New(db), Link: links, Diary: diaries, Booking: k.book,
		Now: now}
	k.messages = &messaging.Service{Store: messagingstore.New(db), Now: now, NewID: newID, Pages: pages,
		Enclosures: &enclosure.Service{Store: enclosurestore.New(db), Link: links, SelfBooking: self, Now: now},
		Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
			return []carrier.Carrier{k.post}, nil
		},
		Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: newID,
			Pages: pages}}
	k.dispatch = &dispatch.Service{Store: dispatchstore.New(db), Messages: k.messages, Now: now, NewID: newID,
		Timeout: time.Minute}
	k.s = &sequence.Service{Store: sequencestore.New(db), Messages: k.messages, Now: now, NewID: newID}
	g, err := k.places.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
	k.must(err)
	k.group, k.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
	k.place, err = k.places.CreateLocation(k.ctx, practice.LocationChange{Name: new("Mill Lane")})
	k.must(err)
	k.gp, err = k.places.CreatePractitioner(k.ctx, practice.PractitionerChange{FirstName: new("Chidi"),
		LastName: new("Okafor")})
	k.must(err)
	for name, to := range map[string]*diary.Type{"Review": &k.kind, "Blood test": &k.other} {
		*to, err = diaries.CreateType(k.ctx, diary.TypeChange{Name: &name, Minutes: new(10), InPerson: new(true)})
		k.must(err)
	}
	k.ada = k.person("Ada", "07700 900123")
	t.Cleanup(func() {
		all, err := db.Events(k.ctx, int64(k.group), 0, 1000)
		if err != nil {
			t.Error(err)
		}
		apitest.Events(t, all)
	})
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) want(err, target error) {
	k.Helper()
	if !errors.Is(err, target) {
		k.Fatalf("got %v, want %v", err, target)
	}
}

func (k *kit) person(name, mobile string) patient.ID {
	k.Helper()
	id, err := patienttest.Register(k.ctx, k.people, patient.Changes{FirstName: &name, LastName: new("Byron"),
		BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: &mobile})
	k.must(err)
	return id
}

// recall is a sequence of three text messages: at once, after a week, and three days after that. A review ends it.
func (k *kit) recall(more ...func(c *sequence.Change)) sequence.Sequence {
	k.Helper()
	step := func(days int, text string) sequence.Step {
		return sequence.Step{Delay: days * 24 * 60, Channel: carrier.SMS, Text: text}
	}
	c := sequence.Change{Name: new("Recall"), EndsWith: &[]diary.TypeID{k.kind.ID}, Steps: &[]sequence.Step{
		step(0, "{{first_name}}, book a review."), step(7, "Have you booked?"), step(3, "The last word.")}}
	for _, m := range more {
		m(&c)
	}
	q, err := k.s.Create(k.ctx, c)
	k.must(err)
	return q
}

func (k *kit) add(q sequence.Sequence) sequence.Entry {
	k.Helper()
	e, err := k.s.Add(k.ctx, q.ID, k.ada)
	k.must(err)
	return e
}

// at moves the clock to a time after the beginning, and gives the texts that go then.
func (k *kit) at(d time.Duration) []string {
	k.Helper()
	k.clock = monday.Add(d)
	k.must(k.s.MakeDue(k.ctx, k.group))
	k.post.got = nil
	k.must(k.dispatch.Run(k.ctx, messaging.DispatchJob(k.group, 0, carrier.SMS, k.clock, k.clock)))
	var out []string
	for _, m := range k.post.got {
		out = append(out, m.Text)
	}
	return out
}

func (k *kit) goes(d time.Duration, want ...string) {
	k.Helper()
	got := k.at(d)
	if len(got) != len(want) {
		k.Fatalf("after %v %q went, want %q", d, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			k.Fatalf("after %v %q went, want %q", d, got, want)
		}
	}
}

// is checks how the newest patient of a sequence stands.
func (k *kit) is(q sequence.Sequence, state sequence.State, sent int, reason string) sequence.Entry {
	k.Helper()
	all, _, err := k.s.Entries(k.ctx, q.ID, sequence.Page{Limit: 10})
	k.must(err)
	if e := all[0]; e.State != state || e.Sent != sent || e.Reason != reason {
		k.Fatalf("the patient is %s with %d sent, %q; want %s, %d, %q", e.State, e.Sent, e.Reason, state, sent,
			reason)
	}
	return all[0]
}

func (k *kit) booked(kind diary.Type) {
	k.Helper()
	k.bookings++
	_, err := k.book.Book(k.ctx, booking.Request{Type: kind.ID, Location: k.place.ID, Practitioner: k.gp.ID,
		Start: k.clock.Add(20*day + time.Duration(k.bookings)*time.Hour), Length: 10 * time.Minute,
		Patient: k.ada, Override: true})
	k.must(err)
}

// keep changes Ada as she is kept.
func (k *kit) keep(change func(p *patient.Patient)) {
	k.Helper()
	people := patientstore.New(k.db)
	k.must(people.Do(k.ctx, func(tx patient.Tx) error {
		p, err := people.Patient(k.ctx, k.group, k.ada)
		if err != nil {
			return err
		}
		change(&p)
		return tx.SavePatient(k.ctx, k.group, p)
	}))
}
