package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	dispatchstore "frontdesk/store/dispatch"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
)

// post is a carrier that counts, and does what a test says.
type post struct {
	name       string
	idempotent bool
	answer     func(carrier.Outgoing) error
	mu         sync.Mutex
	got        map[string]int
}

func (p *post) Name() string     { return p.name }
func (p *post) Idempotent() bool { return p.idempotent }
func (p *post) Together() int    { return 8 }

func (p *post) Send(_ context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	p.mu.Lock() // messages are handed over side by side, and tests count in their answers
	defer p.mu.Unlock()
	if p.answer != nil {
		if err := p.answer(m); err != nil {
			return carrier.Accepted{}, err
		}
	}
	p.got[m.Key]++
	return carrier.Accepted{ProviderID: "p" + m.Key, Code: "ok"}, nil
}

func (p *post) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// kit is one practice group that sends, with a clock that a test moves.
type kit struct {
	*testing.T
	db    *store.DB
	group practice.ID
	ctx   context.Context
	clock time.Time
	post  []carrier.Carrier
	s     *messaging.Service
	d     *dispatch.Service
}

func withDesk(t *testing.T, test func(d *kit)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newKit(t, db)) })
}

// newKit makes a practice group of its own.
func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	d := &kit{T: t, db: db, clock: time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return d.clock }
	groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	d.group, d.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
	pages := func() string { return "https://desk.example.org" }
	d.s = &messaging.Service{
		Store: messagingstore.New(db), Now: now, NewID: db.NewID, Pages: pages,
		Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) { return d.post, nil },
		Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: db.NewID,
			Pages: pages},
	}
	d.d = &dispatch.Service{Store: dispatchstore.New(db), Messages: d.s, Now: now, NewID: db.NewID, Timeout: time.Second}
	d.s.Opened = d.d.Opened
	t.Cleanup(func() {
		all, err := db.Events(d.ctx, int64(d.group), 0, 1000)
		if err != nil {
			t.Error(err)
		}
		apitest.Events(t, all)
	})
	return d
}

// server is another server on the same database.
func (d *kit) server(on dispatch.Store) *dispatch.Service {
	return &dispatch.Service{Store: on, Messages: d.s, Now: d.s.Now, NewID: d.s.NewID, Timeout: d.d.Timeout}
}

// messages queues some, each to a patient of its own.
func (d *kit) messages(n int, more func(*messaging.Request)) []messaging.ID {
	d.Helper()
	people := &patient.Service{Store: patientstore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
	out := make([]messaging.ID, n)
	for i := range out {
		mobile, email := fmt.Sprintf("07700 9%05d", i), fmt.Sprintf("p%d@example.org", i)
		id, err := patienttest.Register(d.ctx, people,
			patient.Changes{FirstName: new("P"), LastName: new(fmt.Sprint("N", i)), BirthDate: new(input.DayOf(1990, 1, 1)),
				Mobile: &mobile, Email: &email})
		if err != nil {
			d.Fatal(err)
		}
		r := messaging.Request{Patient: id, Channel: carrier.SMS, Text: "Hello"}
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

func (d *kit) dispatch(channel carrier.Channel) {
	d.Helper()
	j := messaging.DispatchJob(d.group, 0, channel, d.clock, d.clock)
	if err := d.d.Run(context.Background(), j); err != nil {
		d.Error(err)
	}
}

func (d *kit) state(id messaging.ID) messaging.Details {
	d.Helper()
	m, err := d.s.History(d.ctx, id)
	if err != nil {
		d.Fatal(err)
	}
	return m
}

func TestManySendersSendEachMessageOnce(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := &post{name: "a", got: map[string]int{}}
		d.post = []carrier.Carrier{c}
		ids := d.messages(100, nil)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if err := d.server(d.d.Store).Run(context.Background(),
					messaging.DispatchJob(d.group, 0, carrier.SMS, d.clock, d.clock)); err != nil {
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
			withDesk(t, func(d *kit) {
				by := &post{name: "a", idempotent: c.idempotent, got: map[string]int{}}
				d.post = []carrier.Carrier{by}
				id := d.messages(1, nil)[0]
				err := dispatchstore.New(d.db).Do(d.ctx, func(tx dispatch.Tx) error {
					_, err := tx.Claim(d.ctx, dispatch.Claim{
						Group: d.group, Channel: carrier.SMS, Carrier: "a", Now: d.clock, Lease: 7,
						Until: d.clock.Add(time.Minute),
						Limit: 8,
					})
					return err
				})
				if err != nil {
					d.Fatal(err)
				}
				recover := func() {
					d.Helper()
					if err := d.d.Recover(d.ctx, d.group); err != nil {
						d.Fatal(err)
					}
					d.dispatch(carrier.SMS)
				}
				recover()
				if m := d.state(id); m.State != messaging.Sending {
					d.Fatalf("another worker took it: %+v", m)
				}
				d.clock = d.clock.Add(2 * time.Minute)
				recover()
				if m := d.state(id); m.State != c.want || len(by.got) != c.sent {
					d.Fatalf("got %s after %d", m.State, len(by.got))
				}
			})
		})
	}
}

func TestABusyCarrierIsRelievedByAnother(t *testing.T) {
	withDesk(t, func(d *kit) {
		first := &post{name: "a", got: map[string]int{},
			answer: func(carrier.Outgoing) error { return &carrier.Busy{After: time.Hour, Code: "429"} }}
		second := &post{name: "b", got: map[string]int{}}
		d.post = []carrier.Carrier{first, second}
		id := d.messages(1, nil)[0]
		d.dispatch(carrier.SMS)
		if m := d.state(id); m.State != messaging.Sent || m.Carrier != "b" || m.Tries != 0 {
			d.Fatalf("got %+v", m)
		}
		d.post = []carrier.Carrier{first}
		id = d.messages(1, nil)[0]
		d.dispatch(carrier.SMS)
		if m := d.state(id); m.State != messaging.Queued || !m.DueAt.Equal(d.clock.Add(time.Hour)) {
			d.Fatalf("it does not wait as long as the carrier asks: %+v", m)
		}
		d.clock = d.clock.Add(3 * time.Hour)
		d.dispatch(carrier.SMS)
		if m := d.state(id); m.State != messaging.Expired {
			d.Fatalf("got %+v", m)
		}
	})
}

func TestTheOtherWayIsTakenOnceAndNeverAfterReading(t *testing.T) {
	withDesk(t, func(d *kit) {
		refuses := func(m carrier.Outgoing) error {
			if m.Channel == carrier.SMS {
				return &carrier.Refusal{Code: "no", Reason: "No."}
			}
			return nil
		}
		c := &post{name: "a", got: map[string]int{}, answer: refuses}
		d.post = []carrier.Carrier{c}
		id := d.messages(1, func(r *messaging.Request) { r.Fallback = carrier.Email })[0]
		d.dispatch(carrier.SMS)
		d.dispatch(carrier.Email)
		d.dispatch(carrier.Email)
		if m := d.state(id); m.State != messaging.Sent || m.Leg != 2 || len(c.got) != 1 {
			d.Fatalf("got %+v, %v", m, c.got)
		}
		// What the first way says later changes nothing.
		late := carrier.Report{Receipts: []carrier.Receipt{{Key: keyOf(d, id, 1), Progress: carrier.ProgressFailed}}}
		if err := d.d.Receive(d.ctx, d.group, "a", late); err != nil {
			d.Fatal(err)
		}
		if m := d.state(id); m.State != messaging.Sent {
			d.Fatalf("got %+v", m)
		}
		read := carrier.Report{Receipts: []carrier.Receipt{{Key: keyOf(d, id, 2), Progress: carrier.ProgressRead},
			{Key: keyOf(d, id, 2), Progress: carrier.ProgressDelivered}}}
		for range 2 {
			if err := d.d.Receive(d.ctx, d.group, "a", read); err != nil {
				d.Fatal(err)
			}
		}
		if m := d.state(id); m.State != messaging.Read || m.DeliveredAt.IsZero() {
			d.Fatalf("got %+v", m)
		}
	})
}

func keyOf(d *kit, id messaging.ID, leg int) string {
	return messaging.Message{ID: id, Leg: leg}.Key(d.group)
}

func TestUncertainMessagesAreHandedOverAgainOnlyWhereThatIsHarmless(t *testing.T) {
	withDesk(t, func(d *kit) {
		lost := errors.New("cut off")
		c := &post{name: "a", got: map[string]int{}, answer: func(carrier.Outgoing) error { return lost }}
		d.post = []carrier.Carrier{c}
		id := d.messages(1, nil)[0]
		d.dispatch(carrier.SMS)
		if m := d.state(id); m.State != messaging.Unknown {
			d.Fatalf("got %+v", m)
		}
		c.idempotent = true
		id = d.messages(1, nil)[0]
		d.dispatch(carrier.SMS)
		if m := d.state(id); m.State != messaging.Queued || m.Tries != 1 {
			d.Fatalf("got %+v", m)
		}
		c.answer = nil
		d.clock = d.clock.Add(time.Minute)
		d.dispatch(carrier.SMS)
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
