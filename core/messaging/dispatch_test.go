package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	"frontdesk/store/storetest"
)

// post is a carrier that counts, and does what a test says.
type post struct {
	name       string
	idempotent bool
	answer     func(messaging.Outgoing) error
	mu         sync.Mutex
	got        map[string]int
}

func (p *post) Name() string     { return p.name }
func (p *post) Idempotent() bool { return p.idempotent }
func (p *post) Together() int    { return 8 }

func (p *post) Send(_ context.Context, m messaging.Outgoing) (messaging.Accepted, error) {
	if p.answer != nil {
		if err := p.answer(m); err != nil {
			return messaging.Accepted{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got[m.Key]++
	return messaging.Accepted{ProviderID: "p" + m.Key, Code: "ok"}, nil
}

func (p *post) SendAll(ctx context.Context, all []messaging.Outgoing) []messaging.Result {
	out := make([]messaging.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// desk is one practice group that sends, with a clock that a test moves.
type desk struct {
	*testing.T
	db    *store.DB
	group practice.ID
	ctx   context.Context
	clock time.Time
	post  []messaging.Carrier
	s     *messaging.Service
}

func withDesk(t *testing.T, test func(d *desk)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &desk{T: t, db: db, clock: time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return d.clock }
		groups := &practice.Service{Store: db.Practice(), Now: now, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		d.group, d.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
		pages := func() string { return "https://desk.example.org" }
		d.s = &messaging.Service{
			Store: db.Messaging(), Now: now, NewID: db.NewID, Pages: pages, Timeout: time.Second,
			Carriers: func(context.Context, practice.ID, messaging.Channel) ([]messaging.Carrier, error) { return d.post, nil },
			Records:  &record.Service{Store: db.RecordStore(), Writer: record.Own{}, Now: now, NewID: db.NewID, Pages: pages},
		}
		t.Cleanup(func() {
			all, err := db.Events(d.ctx, int64(d.group), 0, 1000)
			if err != nil {
				t.Error(err)
			}
			apitest.Events(t, all)
		})
		test(d)
	})
}

// server is another server on the same database.
func (d *desk) server(on messaging.Store) *messaging.Service {
	return &messaging.Service{Store: on, Now: d.s.Now, NewID: d.s.NewID, Pages: d.s.Pages, Timeout: d.s.Timeout, Carriers: d.s.Carriers, Records: d.s.Records}
}

// messages queues some, each to a patient of its own.
func (d *desk) messages(n int, more func(*messaging.Request)) []messaging.ID {
	d.Helper()
	people := &patient.Service{Store: d.db.Patient(), Now: d.s.Now, NewID: d.db.NewID}
	out := make([]messaging.ID, n)
	for i := range out {
		mobile, email := fmt.Sprintf("07700 9%05d", i), fmt.Sprintf("p%d@example.org", i)
		id, err := people.Register(d.ctx, patient.Registration{FirstName: "P", LastName: fmt.Sprint("N", i), BirthDate: "1990-01-01", Mobile: &mobile, Email: &email})
		if err != nil {
			d.Fatal(err)
		}
		r := messaging.Request{Patient: id, Channel: messaging.SMS, Text: "Hello"}
		if more != nil {
			more(&r)
		}
		taken, err := d.s.Send(d.ctx, r)
		if err != nil {
			d.Fatal(err)
		}
		out[i] = taken.ID
	}
	return out
}

func (d *desk) dispatch(channel messaging.Channel) {
	d.Helper()
	j := messaging.DispatchJob(d.group, 0, channel, d.clock, d.clock)
	if err := d.s.Dispatch(context.Background(), j); err != nil {
		d.Error(err)
	}
}

func (d *desk) state(id messaging.ID) messaging.Details {
	d.Helper()
	m, err := d.s.Message(d.ctx, id)
	if err != nil {
		d.Fatal(err)
	}
	return m
}

func TestManySendersSendEachMessageOnce(t *testing.T) {
	withDesk(t, func(d *desk) {
		c := &post{name: "a", got: map[string]int{}}
		d.post = []messaging.Carrier{c}
		ids := d.messages(100, nil)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if err := d.server(d.s.Store).Dispatch(context.Background(), messaging.DispatchJob(d.group, 0, messaging.SMS, d.clock, d.clock)); err != nil {
					d.Error(err)
				}
			})
		}
		wait.Wait()
		if len(c.got) != len(ids) {
			d.Fatalf("%d of %d went", len(c.got), len(ids))
		}
		for key, n := range c.got {
			if n != 1 {
				d.Errorf("%s went %d times", key, n)
			}
		}
		for _, id := range ids {
			if m := d.state(id); m.State != messaging.Sent || m.ProviderID == "" || len(m.Steps) != 1 {
				d.Errorf("got %+v", m)
			}
		}
	})
}

// TestASenderThatDied leases messages as a sender does that is killed then.
func TestASenderThatDiedLeavesNothingSentTwice(t *testing.T) {
	for _, c := range []struct {
		idempotent bool
		want       messaging.State
		sent       int
	}{{true, messaging.Sent, 1}, {false, messaging.Unknown, 0}} {
		t.Run(fmt.Sprintf("idempotent %v", c.idempotent), func(t *testing.T) {
			withDesk(t, func(d *desk) {
				carrier := &post{name: "a", idempotent: c.idempotent, got: map[string]int{}}
				d.post = []messaging.Carrier{carrier}
				id := d.messages(1, nil)[0]
				err := d.db.Messaging().Do(d.ctx, func(tx messaging.Tx) error {
					_, err := tx.Claim(d.ctx, messaging.Claim{
						Group: d.group, Channel: messaging.SMS, Carrier: "a", Now: d.clock, Lease: 7, Until: d.clock.Add(time.Minute), Limit: 8,
					})
					return err
				})
				if err != nil {
					d.Fatal(err)
				}
				recover := func() {
					d.Helper()
					if err := d.s.Recover(d.ctx, d.group); err != nil {
						d.Fatal(err)
					}
					d.dispatch(messaging.SMS)
				}
				recover()
				if m := d.state(id); m.State != messaging.Sending {
					d.Fatalf("somebody else took it: %+v", m)
				}
				d.clock = d.clock.Add(2 * time.Minute)
				recover()
				if m := d.state(id); m.State != c.want || len(carrier.got) != c.sent {
					d.Fatalf("got %s after %d", m.State, len(carrier.got))
				}
			})
		})
	}
}

func TestABusyCarrierIsRelievedByAnother(t *testing.T) {
	withDesk(t, func(d *desk) {
		first := &post{name: "a", got: map[string]int{}, answer: func(messaging.Outgoing) error { return &messaging.Busy{After: time.Hour, Code: "429"} }}
		second := &post{name: "b", got: map[string]int{}}
		d.post = []messaging.Carrier{first, second}
		id := d.messages(1, nil)[0]
		d.dispatch(messaging.SMS)
		if m := d.state(id); m.State != messaging.Sent || m.Carrier != "b" || m.Tries != 0 {
			d.Fatalf("got %+v", m)
		}
		d.post = []messaging.Carrier{first}
		id = d.messages(1, nil)[0]
		d.dispatch(messaging.SMS)
		if m := d.state(id); m.State != messaging.Queued || !m.DueAt.Equal(d.clock.Add(time.Hour)) {
			d.Fatalf("it does not wait as long as the carrier asks: %+v", m)
		}
		d.clock = d.clock.Add(3 * time.Hour)
		d.dispatch(messaging.SMS)
		if m := d.state(id); m.State != messaging.Expired {
			d.Fatalf("got %+v", m)
		}
	})
}

func TestTheOtherWayIsTakenOnceAndNeverAfterReading(t *testing.T) {
	withDesk(t, func(d *desk) {
		refuses := func(m messaging.Outgoing) error {
			if m.Channel == messaging.SMS {
				return &messaging.Refusal{Code: "no", Reason: "No."}
			}
			return nil
		}
		c := &post{name: "a", got: map[string]int{}, answer: refuses}
		d.post = []messaging.Carrier{c}
		id := d.messages(1, func(r *messaging.Request) { r.Fallback = messaging.Email })[0]
		d.dispatch(messaging.SMS)
		d.dispatch(messaging.Email)
		d.dispatch(messaging.Email)
		if m := d.state(id); m.State != messaging.Sent || m.Leg != 2 || len(c.got) != 1 {
			d.Fatalf("got %+v, %v", m, c.got)
		}
		// What the first way says later changes nothing.
		late := messaging.Told{Receipts: []messaging.Receipt{{Key: keyOf(d, id, 1), Progress: messaging.ProgressFailed}}}
		if err := d.s.Hear(d.ctx, d.group, "a", late); err != nil {
			d.Fatal(err)
		}
		if m := d.state(id); m.State != messaging.Sent {
			d.Fatalf("got %+v", m)
		}
		read := messaging.Told{Receipts: []messaging.Receipt{{Key: keyOf(d, id, 2), Progress: messaging.ProgressRead}, {Key: keyOf(d, id, 2), Progress: messaging.ProgressDelivered}}}
		for range 2 {
			if err := d.s.Hear(d.ctx, d.group, "a", read); err != nil {
				d.Fatal(err)
			}
		}
		if m := d.state(id); m.State != messaging.Read || m.DeliveredAt.IsZero() {
			d.Fatalf("got %+v", m)
		}
	})
}

func keyOf(d *desk, id messaging.ID, leg int) string {
	return messaging.Message{ID: id, Leg: leg}.Key(d.group)
}

func TestWhatNobodyKnowsIsHandedOverAgainOnlyWhereThatIsHarmless(t *testing.T) {
	withDesk(t, func(d *desk) {
		lost := errors.New("cut off")
		c := &post{name: "a", got: map[string]int{}, answer: func(messaging.Outgoing) error { return lost }}
		d.post = []messaging.Carrier{c}
		id := d.messages(1, nil)[0]
		d.dispatch(messaging.SMS)
		if m := d.state(id); m.State != messaging.Unknown {
			d.Fatalf("got %+v", m)
		}
		c.idempotent = true
		id = d.messages(1, nil)[0]
		d.dispatch(messaging.SMS)
		if m := d.state(id); m.State != messaging.Queued || m.Tries != 1 {
			d.Fatalf("got %+v", m)
		}
		c.answer = nil
		d.clock = d.clock.Add(time.Minute)
		d.dispatch(messaging.SMS)
		if m := d.state(id); m.State != messaging.Sent {
			d.Fatalf("got %+v", m)
		}
	})
}

func TestKeysAreReadAsTheyAreWritten(t *testing.T) {
	m := messaging.Message{ID: 115083614121984, Leg: 2}
	group, id, leg, ok := messaging.ParseKey(m.Key(77))
	if !ok || group != 77 || id != m.ID || leg != 2 {
		t.Fatal(group, id, leg, ok)
	}
	for _, key := range []string{"", "a", "a-b", "a-b-3", "a-b-c", "-1-2-1", "1--1", "1-2-1-1"} {
		if _, _, _, ok := messaging.ParseKey(key); ok {
			t.Errorf("%q was taken for a key", key)
		}
	}
}

// slowStore reads who is to be looked up, and then waits.
type slowStore struct {
	messaging.Store
	read, goOn chan struct{}
}

// Named implements messaging.Store.
func (s slowStore) Named(ctx context.Context, group practice.ID, id messaging.BatchID, limit int) ([]messaging.Enlisted, error) {
	found, err := s.Store.Named(ctx, group, id, limit)
	if len(found) > 0 {
		close(s.read)
		<-s.goOn
	}
	return found, err
}

func TestABatchTwoServersWorkOnIsQueuedOnce(t *testing.T) {
	withDesk(t, func(d *desk) {
		d.post = []messaging.Carrier{&post{name: "a", got: map[string]int{}}}
		somebody := d.state(d.messages(1, nil)[0]).Patient
		load, err := d.s.LoadBatch(d.ctx, func(yield func(messaging.NewRecipient, error) bool) {
			yield(messaging.NewRecipient{Patient: somebody}, nil)
		})
		if err != nil {
			d.Fatal(err)
		}
		b, err := load.Finish(d.ctx, messaging.NewBatch{Name: "Flu", Channel: messaging.SMS, Content: "Hello"})
		if err != nil {
			d.Fatal(err)
		}
		if _, _, err := d.s.SendBatch(d.ctx, b.ID); err != nil {
			d.Fatal(err)
		}
		work := func(s *messaging.Service) {
			if err := s.RunBatch(context.Background(), messaging.BatchJob(d.group, b.ID)); err != nil {
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
		if _, n, err := d.s.Store.Messages(d.ctx, d.group, messaging.Query{Batch: b.ID, Limit: 10}); n != 1 {
			d.Fatalf("%d messages for one recipient, %v", n, err)
		}
	})
}
