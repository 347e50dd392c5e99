package enclosure_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/batch"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/enclosure"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/core/selfbooking"
	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	batchstore "frontdesk/store/batch"
	bookingstore "frontdesk/store/booking"
	demographicsstore "frontdesk/store/demographics"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	enclosurestore "frontdesk/store/enclosure"
	formstore "frontdesk/store/form"
	formlinkstore "frontdesk/store/formlink"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	selfbookingstore "frontdesk/store/selfbooking"
	"frontdesk/store/storetest"
)

// post is a carrier that keeps what it took. Several batches are handed to it at once.
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

// kit is a practice with a GP and two patients, beside another practice, and a clock that a test moves.
type kit struct {
	*testing.T
	db         *store.DB
	clock      time.Time
	post       *post
	group      practice.ID
	ctx, other context.Context
	people     *patient.Service
	links      *link.Service
	self       *selfbooking.Service
	forms      *form.Service
	fill       *formlink.Service
	book       *booking.Service
	messages   *messaging.Service
	batches    *batch.Service
	dispatch   *dispatch.Service
	kind       diary.Type
	place      practice.Location
	gp         practice.Practitioner
	ada, grace patient.ID
	batch      messaging.BatchID // whose messages deliver hands over; 0 is those of none
}

// monday is a Monday morning in winter, when London keeps UTC.
var monday = time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)

var born = input.DayOf(1985, 12, 10)

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
	places := &practice.Service{Store: practicestore.New(db), Now: now, NewID: newID}
	diaries := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: newID}
	k.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: newID}
	k.book = &booking.Service{Store: bookingstore.New(db), Diary: diaries, Now: now, NewID: newID,
		Hold: 15 * time.Minute}
	k.links = &link.Service{Store: linkstore.New(db), Now: now, NewID: newID, Pages: pages,
		Attachment: &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: now,
			NewID: newID},
		Box: func() (*seal.Box, error) { return box, nil }}
	k.self = &selfbooking.Service{Store: selfbookingstore.New(db), Link: k.links, Diary: diaries, Booking: k.book,
		Now: now}
	k.forms = &form.Service{Store: formstore.New(db), Now: now, NewID: newID}
	k.fill = &formlink.Service{Store: formlinkstore.New(db), Link: k.links, Form: k.forms, Now: now, NewID: newID}
	k.messages = &messaging.Service{Store: messagingstore.New(db), Now: now, NewID: newID, Pages: pages,
		Enclosures: &enclosure.Service{Store: enclosurestore.New(db), Link: k.links, SelfBooking: k.self, FormLink: k.fill,
			Now: now},
		Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
			return []carrier.Carrier{k.post}, nil
		},
		Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: newID, Pages: pages}}
	k.batches = &batch.Service{Store: batchstore.New(db), Backlog: batchstore.New(db), Messages: k.messages,
		Patients: &demographics.Service{Store: demographicsstore.New(db), Now: now, NewID: newID}, Now: now, NewID: newID}
	k.dispatch = &dispatch.Service{Store: dispatchstore.New(db), Messages: k.messages, BatchDone: k.batches.Complete,
		Now: now, NewID: newID, Timeout: time.Minute}
	g, err := places.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
	k.must(err)
	two, err := places.CreateGroup(t.Context(), practice.Group{Name: "Elsewhere"})
	k.must(err)
	k.group, k.ctx = g.ID, access.With(t.Context(), access.Operator(g.ID))
	k.other = access.With(t.Context(), access.Operator(two.ID))
	k.place, err = places.CreateLocation(k.ctx, practice.LocationChange{Name: new("Mill Lane")})
	k.must(err)
	k.gp, err = places.CreatePractitioner(k.ctx, practice.PractitionerChange{FirstName: new("Chidi"),
		LastName: new("Okafor")})
	k.must(err)
	k.kind, err = diaries.CreateType(k.ctx, diary.TypeChange{Name: new("Routine"), Minutes: new(10),
		InPerson: new(true)})
	k.must(err)
	_, err = diaries.CreateSession(k.ctx, diary.SessionChange{Practitioner: &k.gp.ID, Location: &k.place.ID,
		Types: &[]diary.TypeID{k.kind.ID}, StartDate: new(input.DateOf(monday)), From: new(9 * 60), To: new(12 * 60),
		Step: new(10), Rule: new("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")})
	k.must(err)
	k.ada, k.grace = k.person(k.ctx, "Ada", &born, "07700 900123"), k.person(k.ctx, "Grace", &born, "07700 900124")
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

func (k *kit) person(ctx context.Context, name string, born *input.Date, mobile string) patient.ID {
	k.Helper()
	id, err := patienttest.Register(ctx, k.people, patient.Changes{FirstName: &name, LastName: new("Byron"),
		BirthDate: born, Mobile: &mobile})
	k.must(err)
	return id
}

// file makes a link to a letter of a patient.
func (k *kit) file(ctx context.Context, of patient.ID, expires *input.Bound) link.Link {
	k.Helper()
	l, err := k.links.CreateAttachment(ctx, link.ToFile{Patient: of, Name: "Letter.txt",
		Data: base64.StdEncoding.EncodeToString([]byte("Dear reader")), Expires: expires})
	k.must(err)
	return l
}

// offer is what a booking link offers.
func (k *kit) offer() *selfbooking.Change {
	return &selfbooking.Change{Types: &[]diary.TypeID{k.kind.ID}, MaxUses: new(1)}
}

// send sends Ada a text message.
func (k *kit) send(text string, want enclosure.Want, more ...func(*messaging.Request)) messaging.Taken {
	k.Helper()
	r := messaging.Request{Patient: k.ada, Channel: carrier.SMS, Text: text, Carries: want}
	for _, m := range more {
		m(&r)
	}
	taken, err := k.messages.Send(k.ctx, r)
	k.must(err)
	return taken
}

// deliver hands over what is due, and gives the texts that went.
func (k *kit) deliver() []string {
	k.Helper()
	k.post.got = nil
	k.must(k.dispatch.Run(k.ctx, messaging.DispatchJob(k.group, k.batch, carrier.SMS, k.clock, k.clock)))
	var out []string
	for _, m := range k.post.got {
		out = append(out, m.Text)
	}
	return out
}

var address = regexp.MustCompile(`https://desk\.example\.org/s/([a-z0-9]+-[a-z2-7]{32})\b`)

// leads opens the link in a text as a patient does, and gives the link as the practice sees it.
func (k *kit) leads(text string) link.Link {
	k.Helper()
	found := address.FindAllString(text, -1)
	if len(found) != 1 {
		k.Fatalf("%d links in %q, want 1", len(found), text)
	}
	if _, err := k.links.Prove(context.Background(), found[0][strings.LastIndexByte(found[0], '/')+1:], born); err != nil {
		k.Fatalf("the link in %q does not open: %v", text, err)
	}
	l, err := k.links.Find(k.ctx, 0, found[0])
	k.must(err)
	return l
}

// count is how many links of a kind there are.
func (k *kit) count(kind link.Kind) int {
	k.Helper()
	var n int
	_, err := k.db.Conn().One(k.ctx, `SELECT count(*) FROM link WHERE practice_group_id = $1 AND kind = $2`,
		store.In{k.group, kind}, &n)
	k.must(err)
	return n
}

func (k *kit) message(id messaging.ID) messaging.Details {
	k.Helper()
	m, err := k.messages.History(k.ctx, id)
	k.must(err)
	return m
}

// appointment books a time for a patient.
func (k *kit) appointment(of patient.ID, in time.Duration) booking.Appointment {
	k.Helper()
	a, err := k.book.Book(k.ctx, booking.Request{Type: k.kind.ID, Location: k.place.ID, Practitioner: k.gp.ID,
		Start: monday.Add(in), Length: 10 * time.Minute, Patient: of, Override: true})
	k.must(err)
	return a
}

// ageless takes a patient's date of birth away, as in a record that came without one.
func (k *kit) ageless(of patient.ID) {
	k.Helper()
	k.must(k.db.Do(k.ctx, func(c store.Conn) error {
		_, err := c.Exec(k.ctx, `UPDATE patient SET birth_date = '' WHERE practice_group_id = $1 AND id = $2`, k.group, of)
		return err
	}))
}
