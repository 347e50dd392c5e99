package waiting_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/link"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/core/selfbooking"
	"frontdesk/core/waiting"
	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
	noticestore "frontdesk/store/notice"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	selfbookingstore "frontdesk/store/selfbooking"
	"frontdesk/store/storetest"
	waitingstore "frontdesk/store/waiting"
)

// monday is a Monday morning in winter, when London keeps UTC.
var monday = time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)

var born = input.DayOf(1985, 12, 10)

const site = "https://desk.example.org"

// desk is a practice with two GPs, there on weekdays from nine to five, a waiting list, and a clock that a test moves.
type desk struct {
	t        testing.TB
	ctx      context.Context
	db       *store.DB
	mu       sync.Mutex
	at       time.Time
	group    practice.Group
	practice *practice.Service
	people   *patient.Service
	merges   *merge.Service
	days     *diary.Service
	booking  *booking.Service
	links    *link.Service
	self     *selfbooking.Service
	notices  *notice.Service
	dispatch *dispatch.Service
	list     *waiting.Service
	place    practice.Location
	gp       [2]practice.Practitioner
	session  [2]diary.Session
	kind     diary.Type
	other    diary.Type
	// jobs are what changes of appointments and diaries asked for, in their order.
	jobs []job.Job
	post *post
}

// post is a carrier that keeps what it took, and does what answer says.
type post struct {
	mu     sync.Mutex
	answer func(carrier.Outgoing) error
	sent   []carrier.Outgoing
}

func (*post) Name() string     { return "post" }
func (*post) Idempotent() bool { return false }
func (*post) Together() int    { return 8 }

func (p *post) Send(_ context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer != nil {
		if err := p.answer(m); err != nil {
			return carrier.Accepted{}, err
		}
	}
	p.sent = append(p.sent, m)
	return carrier.Accepted{ProviderID: m.Key}, nil
}

func (p *post) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// watched keeps the jobs that changes of appointments ask for, once they are kept.
type watched struct {
	booking.Store
	d *desk
}

func (w watched) Do(ctx context.Context, fn func(booking.Tx) error) error {
	var asked []job.Job
	err := w.Store.Do(ctx, func(tx booking.Tx) error {
		asked = nil
		return fn(asking{tx, &asked})
	})
	if err == nil {
		w.d.ask(asked...)
	}
	return err
}

func (w watched) Work(tx booking.Tx) booking.Work { return w.Store.Work(tx.(asking).Tx) }

type asking struct {
	booking.Tx
	asked *[]job.Job
}

func (a asking) Enqueue(ctx context.Context, j job.Job) error {
	if j.Kind == booking.FollowKind || j.Kind == booking.FreedKind {
		*a.asked = append(*a.asked, j)
	}
	return a.Tx.Enqueue(ctx, j)
}

// watchedDays is watched for diaries.
type watchedDays struct {
	diary.Store
	d *desk
}

func (w watchedDays) Do(ctx context.Context, fn func(diary.Tx) error) error {
	var asked []job.Job
	err := w.Store.Do(ctx, func(tx diary.Tx) error {
		asked = nil
		return fn(askingDays{tx, &asked})
	})
	if err == nil {
		w.d.ask(asked...)
	}
	return err
}

type askingDays struct {
	diary.Tx
	asked *[]job.Job
}

func (a askingDays) Enqueue(ctx context.Context, j job.Job) error {
	*a.asked = append(*a.asked, j)
	return a.Tx.Enqueue(ctx, j)
}

// The stores, inside a transaction that is watched.
type (
	waitingIn struct{ waiting.Store }
	noticeIn  struct{ notice.Store }
	selfIn    struct{ selfbooking.Store }
)

func (s waitingIn) In(tx booking.Tx) waiting.Tx  { return s.Store.In(tx.(asking).Tx) }
func (s noticeIn) In(tx booking.Tx) notice.Tx    { return s.Store.In(tx.(asking).Tx) }
func (s selfIn) In(tx booking.Tx) selfbooking.Tx { return s.Store.In(tx.(asking).Tx) }

func (d *desk) ask(jobs ...job.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs = append(d.jobs, jobs...)
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// move moves the clock.
func (d *desk) move(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

func newDesk(t testing.TB, db *store.DB) *desk {
	t.Helper()
	d := &desk{t: t, db: db, at: monday, post: &post{}}
	d.services()
	var err error
	d.group, err = d.practice.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane Surgery",
		Phone: "020 7946 0000", Email: "desk@mill.example.org", Announces: true, CancellationHours: 2})
	d.must(err)
	d.ctx = access.With(context.Background(), access.Operator(d.group.ID))
	d.place, err = d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
	d.must(err)
	for i, kind := range []*diary.Type{&d.kind, &d.other} {
		*kind, err = d.days.CreateType(d.ctx, diary.TypeChange{Name: new([]string{"Routine", "Review"}[i]),
			Minutes: new(30), InPerson: new(true)})
		d.must(err)
	}
	for i, name := range []string{"Okafor", "Sethi"} {
		d.gp[i], err = d.practice.CreatePractitioner(d.ctx, practice.PractitionerChange{Title: new("Dr"),
			FirstName: new("Chidi"), LastName: &name})
		d.must(err)
		d.session[i], err = d.days.CreateSession(d.ctx, diary.SessionChange{Practitioner: &d.gp[i].ID,
			Location: &d.place.ID, Types: &[]diary.TypeID{d.kind.ID, d.other.ID}, StartDate: new(input.DateOf(monday)),
			From: new(9 * 60), To: new(17 * 60), Step: new(30), Rule: new("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")})
		d.must(err)
	}
	return d
}

// services makes the services of the practice.
func (d *desk) services() {
	db, now, newID := d.db, d.now, d.db.NewID
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	boxed := func() (*seal.Box, error) { return box, nil }
	pages := func() string { return site }
	d.practice = &practice.Service{Store: practicestore.New(db), Now: now, NewID: newID}
	d.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: newID}
	d.merges = patienttest.Merging(db, d.people)
	d.days = &diary.Service{Store: watchedDays{diarystore.New(db), d}, Practice: practicestore.New(db), Now: now,
		NewID: newID, Changed: waiting.FollowHours}
	d.booking = &booking.Service{Store: watched{bookingstore.New(db), d}, Diary: d.days, Now: now, NewID: newID,
		Hold: 15 * time.Minute}
	d.links = &link.Service{Store: linkstore.New(db), Now: now, NewID: newID, Box: boxed, Pages: pages,
		Attachment: &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: now,
			NewID: newID}}
	d.self = &selfbooking.Service{Store: selfIn{selfbookingstore.New(db)}, Link: d.links, Diary: d.days,
		Booking: d.booking, Now: now}
	messages := &messaging.Service{
		Store: messagingstore.New(db), Now: now, NewID: newID, Pages: pages,
		Carriers: func(_ context.Context, _ practice.ID, c carrier.Channel) ([]carrier.Carrier, error) {
			if c == carrier.NHSApp {
				return nil, nil
			}
			return []carrier.Carrier{d.post}, nil
		},
		Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: newID, Pages: pages},
	}
	d.notices = &notice.Service{Store: noticeIn{noticestore.New(db)}, Messages: messages, Now: now, NewID: newID}
	d.dispatch = &dispatch.Service{Store: dispatchstore.New(db), Messages: messages, Now: now, NewID: newID,
		Timeout: time.Second}
	kept := waitingstore.New(db)
	d.list = &waiting.Service{Store: waitingIn{kept}, Queue: kept, Link: d.links, Diary: d.days, Booking: d.booking,
		Notices: d.notices, Self: d.self, Now: now, NewID: newID}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) want(err, target error) {
	d.t.Helper()
	if !errors.Is(err, target) {
		d.t.Fatalf("got %v, want %v", err, target)
	}
}

// mobiles counts the numbers given out.
var mobiles struct {
	sync.Mutex
	n int
}

func (d *desk) person(name string) patient.ID {
	d.t.Helper()
	mobiles.Lock()
	mobiles.n++
	mobile := "0770090" + []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}[mobiles.n/1000%10] +
		threeDigits(mobiles.n%1000)
	mobiles.Unlock()
	id, err := patienttest.Register(d.ctx, d.people, patient.Changes{FirstName: &name, LastName: new("Byron"),
		BirthDate: new(born), Mobile: &mobile})
	d.must(err)
	return id
}

func threeDigits(n int) string {
	return string([]byte{'0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10)})
}

// book books a time of the first GP.
func (d *desk) book(of patient.ID, start time.Time) booking.Appointment {
	d.t.Helper()
	a, err := d.booking.Book(d.ctx, booking.Request{Type: d.kind.ID, Location: d.place.ID, Practitioner: d.gp[0].ID,
		Start: start, Length: 30 * time.Minute, Patient: of})
	d.must(err)
	return a
}

func (d *desk) cancel(a booking.Appointment) {
	d.t.Helper()
	_, err := d.booking.Cancel(d.ctx, a.ID, booking.Cancellation{SuppressPolicy: true})
	d.must(err)
}

// fill books every time of both GPs on a day for another patient, but for those that are taken.
func (d *desk) fill(day time.Time) (all []booking.Appointment) {
	d.t.Helper()
	who := d.person("Filler")
	page, err := d.days.Slots(d.ctx, diary.SlotQuery{Types: []diary.TypeID{d.kind.ID}, From: diary.At(day),
		To: diary.At(day.Add(24 * time.Hour)), Size: 1000})
	d.must(err)
	for _, sl := range page.Slots {
		a, err := d.booking.Book(d.ctx, booking.Request{Type: d.kind.ID, Location: sl.Location,
			Practitioner: sl.Practitioner, Start: sl.Start, Length: 30 * time.Minute, Patient: who, SuppressMail: true})
		d.must(err)
		all = append(all, a)
	}
	return all
}

func (d *desk) add(of patient.ID, change ...func(*waiting.Joining)) waiting.Entry {
	d.t.Helper()
	j := waiting.Joining{Patient: of, Type: d.kind.ID}
	for _, c := range change {
		c(&j)
	}
	e, err := d.list.Add(d.ctx, j)
	d.must(err)
	return e
}

// run runs the jobs that changes asked for, and all that is due.
func (d *desk) run() {
	d.t.Helper()
	for range 20 {
		d.mu.Lock()
		all := d.jobs
		d.jobs = nil
		d.mu.Unlock()
		for _, j := range all {
			d.job(j)
		}
		d.must(d.booking.Release(d.ctx, booking.ReleaseJob(d.group.ID, d.now())))
		d.must(d.list.GoRound(d.ctx, d.group.ID))
		d.must(d.notices.MakeDue(d.ctx, d.group.ID))
		d.mu.Lock()
		done := len(d.jobs) == 0
		d.mu.Unlock()
		if done {
			return
		}
	}
	d.t.Fatal("jobs ask for jobs without end")
}

func (d *desk) job(j job.Job) {
	d.t.Helper()
	switch j.Kind {
	case booking.FollowKind:
		d.must(d.notices.Follow(d.ctx, j))
	case booking.FreedKind:
		d.must(d.list.Freed(d.ctx, j))
	case waiting.HoursKind:
		d.must(d.list.HoursFreed(d.ctx, j))
	default:
		d.t.Fatalf("a job of kind %s", j.Kind)
	}
}

// deliver runs what is due, and hands messages over: those are given.
func (d *desk) deliver() []carrier.Outgoing {
	d.t.Helper()
	d.run()
	before := len(d.post.sent)
	for range 2 {
		for _, channel := range []carrier.Channel{carrier.SMS, carrier.Email} {
			d.must(d.dispatch.Run(d.ctx, messaging.DispatchJob(d.group.ID, 0, channel, d.now(), d.now())))
		}
	}
	return d.post.sent[before:]
}

var linked = regexp.MustCompile(site + `/s/(\S+)`)

// visit opens the link of a message with the date of birth.
func (d *desk) visit(m carrier.Outgoing) selfbooking.Visit {
	d.t.Helper()
	found := linked.FindStringSubmatch(m.Text)
	if found == nil {
		d.t.Fatalf("no link in %q", m.Text)
	}
	return d.open(found[1])
}

func (d *desk) open(address string) selfbooking.Visit {
	d.t.Helper()
	proof, err := d.links.Prove(context.Background(), address, born)
	d.must(err)
	return selfbooking.Visit{Address: address, Proof: proof}
}

// offered finds the one message that offers a time.
func (d *desk) offered() carrier.Outgoing {
	d.t.Helper()
	var out []carrier.Outgoing
	for _, m := range d.deliver() {
		if strings.Contains(m.Text, "is free") {
			out = append(out, m)
		}
	}
	if len(out) != 1 {
		d.t.Fatalf("%d messages offer a time, want 1: %v", len(out), out)
	}
	return out[0]
}

// quiet makes sure that no time is offered.
func (d *desk) quiet() {
	d.t.Helper()
	for _, m := range d.deliver() {
		if strings.Contains(m.Text, "is free") {
			d.t.Fatalf("offered: %s", m.Text)
		}
	}
}

func (d *desk) entry(e waiting.Entry) waiting.Entry {
	d.t.Helper()
	e, err := d.list.Find(d.ctx, e.ID)
	d.must(err)
	return e
}

func (d *desk) read(id booking.ID) booking.Appointment {
	d.t.Helper()
	a, err := d.booking.Read(d.ctx, id)
	d.must(err)
	return a
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newDesk(t, db)) })
}
