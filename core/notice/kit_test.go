package notice_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	messagingstore "frontdesk/store/messaging"
	noticestore "frontdesk/store/notice"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
)

// monday is a Monday morning in winter, when London keeps UTC.
var monday = time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)

// fatal is what a test and a check of a property have in common.
type fatal interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// desk is a practice that sends messages around appointments, with a clock that a test moves.
type desk struct {
	fatal
	ctx      context.Context
	db       *store.DB
	now      time.Time
	group    practice.ID
	practice *practice.Service
	people   *patient.Service
	merges   *merge.Service
	booking  *booking.Service
	notices  *notice.Service
	messages *messaging.Service
	dispatch *dispatch.Service
	place    practice.Location
	gp       practice.Practitioner
	kind     diary.Type
	ada      patient.ID
	// jobs are what changes of appointments asked for, in the order in which they did.
	jobs []job.Job
	post *post
}

// post is a carrier that keeps what it took. It is not recorded, and does what answer says.
type post struct {
	mu     sync.Mutex
	answer func(carrier.Outgoing) error
	sent   []carrier.Outgoing
}

func (p *post) Name() string     { return "post" }
func (p *post) Idempotent() bool { return false }
func (p *post) Together() int    { return 8 }

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
		w.d.jobs = append(w.d.jobs, asked...)
	}
	return err
}

func (w watched) Work(tx booking.Tx) booking.Work { return w.Store.Work(tx.(asking).Tx) }

type asking struct {
	booking.Tx
	asked *[]job.Job
}

func (a asking) Enqueue(ctx context.Context, j job.Job) error {
	if j.Kind == booking.FollowKind {
		*a.asked = append(*a.asked, j)
	}
	return a.Tx.Enqueue(ctx, j)
}

// newDesk makes a practice group of its own, with one GP who is there around the clock.
func newDesk(t fatal, db *store.DB) *desk {
	t.Helper()
	d := &desk{fatal: t, db: db, now: monday, post: &post{}}
	now := func() time.Time { return d.now }
	d.practice = &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	d.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
	d.merges = patienttest.Merging(db, d.people)
	days := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: db.NewID}
	d.booking = &booking.Service{Store: watched{bookingstore.New(db), d}, Diary: days, Now: now, NewID: db.NewID,
		Hold: 15 * time.Minute}
	pages := func() string { return "https://desk.example.org" }
	d.messages = &messaging.Service{
		Store: messagingstore.New(db), Now: now, NewID: db.NewID, Pages: pages,
		Carriers: func(_ context.Context, _ practice.ID, c carrier.Channel) ([]carrier.Carrier, error) {
			if c == carrier.NHSApp {
				return nil, nil
			}
			return []carrier.Carrier{d.post}, nil
		},
		Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: db.NewID,
			Pages: pages},
	}
	d.notices = &notice.Service{Store: noticestore.New(db), Messages: d.messages, Now: now, NewID: db.NewID}
	d.dispatch = &dispatch.Service{Store: dispatchstore.New(db), Messages: d.messages, Now: now, NewID: db.NewID,
		Timeout: time.Minute}
	g, err := d.practice.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane Surgery",
		Phone: "020 7946 0000", Email: "desk@mill.example.org", Announces: true})
	d.must(err)
	d.group, d.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
	d.place, err = d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane"),
		Address: &practice.Address{Line1: "1 Mill Lane", Town: "Brambleford", Postcode: "LS1 4AP"}})
	d.must(err)
	d.gp, err = d.practice.CreatePractitioner(d.ctx, practice.PractitionerChange{Title: new("Dr"),
		FirstName: new("Chidi"), LastName: new("Okafor")})
	d.must(err)
	d.kind, err = days.CreateType(d.ctx, diary.TypeChange{Name: new("Routine"), Minutes: new(10), InPerson: new(true)})
	d.must(err)
	d.ada = d.person("Ada", "07700 900123", "ada@example.org")
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) person(name, mobile, email string) patient.ID {
	d.Helper()
	id, err := patienttest.Register(d.ctx, d.people, patient.Changes{FirstName: &name, LastName: new("Byron"),
		BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: &mobile, Email: &email})
	d.must(err)
	return id
}

// change changes Ada as she is kept.
func (d *desk) change(of patient.ID, change func(*patient.Patient)) {
	d.Helper()
	people := patientstore.New(d.db)
	d.must(people.Do(d.ctx, func(tx patient.Tx) error {
		p, err := people.Patient(d.ctx, d.group, of)
		if err != nil {
			return err
		}
		change(&p)
		return tx.SavePatient(d.ctx, d.group, p)
	}))
}

// prefer keeps which messages Ada wants.
func (d *desk) prefer(x patient.Particulars) {
	d.Helper()
	d.must(patientstore.New(d.db).Do(d.ctx, func(tx patient.Tx) error {
		return tx.SaveParticulars(d.ctx, d.group, d.ada, x)
	}))
}

// request asks for a time of the GP, whether a session offers it or not.
func (d *desk) request(start time.Time) booking.Request {
	return booking.Request{Type: d.kind.ID, Location: d.place.ID, Practitioner: d.gp.ID, Start: start,
		Length: 10 * time.Minute, Patient: d.ada, Override: true}
}

func (d *desk) book(start time.Time, more ...func(*booking.Request)) booking.Appointment {
	d.Helper()
	r := d.request(start)
	for _, m := range more {
		m(&r)
	}
	a, err := d.booking.Book(d.ctx, r)
	d.must(err)
	return a
}

func (d *desk) move(a booking.Appointment, to time.Time) booking.Appointment {
	d.Helper()
	end := to.Add(10 * time.Minute)
	a, err := d.booking.Change(d.ctx, a.ID, booking.Change{Start: &to, End: &end, Override: true, SuppressPolicy: true})
	d.must(err)
	return a
}

func (d *desk) cancel(a booking.Appointment, c booking.Cancellation) {
	d.Helper()
	c.SuppressPolicy = true
	_, err := d.booking.Cancel(d.ctx, a.ID, c)
	d.must(err)
}

// follow runs the jobs that changes asked for.
func (d *desk) follow() {
	d.Helper()
	all := d.jobs
	d.jobs = nil
	for _, j := range all {
		d.must(d.notices.Follow(d.ctx, j))
	}
}

// deliver makes what is due, and hands it over.
func (d *desk) deliver() []carrier.Outgoing {
	d.Helper()
	before := len(d.post.sent)
	d.must(d.notices.MakeDue(d.ctx, d.group))
	for range 2 {
		for _, channel := range []carrier.Channel{carrier.SMS, carrier.Email} {
			d.must(d.dispatch.Run(d.ctx, messaging.DispatchJob(d.group, 0, channel, d.now, d.now)))
		}
	}
	return d.post.sent[before:]
}

// step follows the changes, and delivers what is due.
func (d *desk) step() []carrier.Outgoing {
	d.Helper()
	d.follow()
	return d.deliver()
}

// at moves the clock to a time, and delivers what is due then.
func (d *desk) at(t time.Time) []carrier.Outgoing {
	d.Helper()
	d.now = t
	return d.deliver()
}

func (d *desk) list(q notice.Query, standing string) []notice.Notice {
	d.Helper()
	q.Oldest, q.Limit = true, 100
	all, _, err := d.notices.List(d.ctx, q, standing)
	d.must(err)
	return all
}

// said is one line for each of the notices: the occasion, how far it is, and why.
func (d *desk) said() []string {
	d.Helper()
	var out []string
	for _, n := range d.list(notice.Query{}, "") {
		line := string(n.On)
		if n.Lead != 0 {
			line += " " + n.Lead.String()
		}
		line += " " + n.Standing()
		if why := n.Reason + n.Message.Code; why != "" {
			line += " " + why
		}
		out = append(out, line)
	}
	return out
}

func each(t *testing.T, test func(d *desk)) {
	eachOf(t, func(t *testing.T, db *store.DB) { test(newDesk(t, db)) })
}
