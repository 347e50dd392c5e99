package batch_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	"frontdesk/store/storetest"
)

// post is a carrier that takes everything, and keeps what it took.
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

// desk is one practice group that sends batches, with a clock that a test moves.
type desk struct {
	*testing.T
	db     *store.DB
	group  practice.ID
	ctx    context.Context
	clock  time.Time
	post   *post
	people *patient.Service
	s      *batch.Service
}

func withDesk(t *testing.T, test func(d *desk)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &desk{T: t, db: db, post: &post{}, clock: time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return d.clock }
		groups := &practice.Service{Store: db.Practice(), Now: now, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		d.group, d.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
		d.people = &patient.Service{Store: db.Patient(), Now: now, NewID: db.NewID}
		pages := func() string { return "https://desk.example.org" }
		messages := &messaging.Service{
			Store: db.Messaging(), Now: now, NewID: db.NewID, Pages: pages, Timeout: time.Second,
			Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
				return []carrier.Carrier{d.post}, nil
			},
			Records: &record.Service{Store: db.RecordStore(), Writer: record.Own{}, Now: now, NewID: db.NewID, Pages: pages},
		}
		d.s = &batch.Service{Store: db.Batch(), Messages: messages, Patients: d.people, Now: now, NewID: db.NewID}
		messages.BatchDone = d.s.Complete
		test(d)
	})
}

// server is another server on the same database.
func (d *desk) server(on batch.Store) *batch.Service {
	m := d.s.Messages
	messages := &messaging.Service{
		Store: m.Store, Now: m.Now, NewID: m.NewID, Pages: m.Pages, Timeout: m.Timeout, Carriers: m.Carriers, Records: m.Records, BatchDone: m.BatchDone,
	}
	return &batch.Service{Store: on, Messages: messages, Patients: d.people, Now: d.s.Now, NewID: d.s.NewID}
}

// somebody registers a patient with a mobile number and an e-mail address.
func (d *desk) somebody(mobile, email string) patient.ID {
	d.Helper()
	id, err := d.people.Register(d.ctx, patient.Registration{
		FirstName: "Ada", LastName: "N" + email, BirthDate: "1990-01-01", Mobile: &mobile, Email: &email,
	})
	if err != nil {
		d.Fatal(err)
	}
	return id
}

// batch makes a batch.
func (d *desk) batch(n batch.New, recipients ...batch.NewRecipient) batch.Batch {
	d.Helper()
	load, err := d.s.Load(d.ctx, func(yield func(batch.NewRecipient, error) bool) {
		for _, r := range recipients {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err != nil {
		d.Fatal(err)
	}
	b, err := load.Finish(d.ctx, n)
	if err != nil {
		d.Fatal(err)
	}
	return b
}

// slowStore reads who is to be looked up, and then waits.
type slowStore struct {
	batch.Store
	read, goOn chan struct{}
}

// Named implements batch.Store.
func (s slowStore) Named(ctx context.Context, group practice.ID, id messaging.BatchID, limit int) ([]batch.Enlisted, error) {
	found, err := s.Store.Named(ctx, group, id, limit)
	if len(found) > 0 {
		close(s.read)
		<-s.goOn
	}
	return found, err
}

func TestABatchTwoServersWorkOnIsQueuedOnce(t *testing.T) {
	withDesk(t, func(d *desk) {
		b := d.batch(batch.New{Name: "Flu", Channel: carrier.SMS, Content: "Hello"}, batch.NewRecipient{Patient: d.somebody("07700 900001", "a@example.org")})
		if _, _, err := d.s.Send(d.ctx, b.ID); err != nil {
			d.Fatal(err)
		}
		work := func(s *batch.Service) {
			if err := s.Run(context.Background(), batch.Job(d.group, b.ID)); err != nil {
				d.Error(err)
			}
		}
		slow := slowStore{d.s.Store, make(chan struct{}), make(chan struct{})}
		other := d.server(slow)
		var wait sync.WaitGroup
		wait.Go(func() { work(other) })
		<-slow.read
		work(d.s) // looks everybody up and queues their messages
		close(slow.goOn)
		wait.Wait()
		if _, n, err := d.s.Messages.Store.Messages(d.ctx, d.group, messaging.Query{Batch: b.ID, Limit: 10}); n != 1 {
			d.Fatalf("%d messages for one recipient, %v", n, err)
		}
	})
}
