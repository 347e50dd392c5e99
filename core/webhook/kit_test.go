package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/webhook"
	"frontdesk/store"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	webhookstore "frontdesk/store/webhook"
	"frontdesk/test/wait"
)

// poster remembers what was posted, and answers what a test says.
type poster struct {
	mu     sync.Mutex
	got    []courier.Parcel
	answer func(courier.Parcel) courier.Answer
}

func (p *poster) Post(_ context.Context, parcel courier.Parcel) courier.Answer {
	p.mu.Lock()
	p.got = append(p.got, parcel)
	answer := p.answer
	p.mu.Unlock()
	if answer == nil {
		return courier.Answer{Status: 204}
	}
	return answer(parcel)
}

func (p *poster) Check(url string) string {
	if url == "http://10.0.0.1/" {
		return "This address is not a public one."
	}
	return ""
}

func (p *poster) CheckHeader(name, _ string) string {
	if name == "Host" {
		return "The header Host is ours."
	}
	return ""
}

func (p *poster) parcels() []courier.Parcel {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]courier.Parcel{}, p.got...)
}

func (p *poster) says(answer func(courier.Parcel) courier.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func status(code int) func(courier.Parcel) courier.Answer {
	return func(courier.Parcel) courier.Answer { return courier.Answer{Status: code, Body: "because"} }
}

// kit is one practice group with a courier, and a clock that a test moves.
type kit struct {
	*testing.T
	db      *store.DB
	group   practice.ID
	ctx     context.Context // a member of staff
	partner context.Context // one partner, without staff
	poster  *poster
	hooks   *webhook.Service
	queue   courier.Queue
	details func(context.Context, practice.ID, event.Event) (json.RawMessage, error)
	mu      sync.Mutex
	clock   time.Time
	stop    func()
	blocked func() []webhook.ID // what the courier says
	shared  int64               // the courier's, when it is not to be what it is
}

var noon = time.Date(2030, time.January, 7, 12, 0, 0, 0, time.UTC)

func (d *kit) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clock
}

func (d *kit) move(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock = d.clock.Add(by)
}

func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	d := &kit{T: t, db: db, clock: noon, poster: &poster{}}
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	d.queue = webhookstore.New(db)
	d.hooks = &webhook.Service{
		Store: webhookstore.New(db), Log: webhookstore.New(db), Addresses: d.poster, Now: d.now, NewID: db.NewID,
		Box: func() (*seal.Box, error) { return box, nil },
	}
	practices := &practice.Service{Store: practicestore.New(db), Now: d.now, NewID: db.NewID}
	group, err := practices.CreateGroup(context.Background(), practice.Group{Name: "Brambleford", Sandbox: true})
	d.must(err)
	d.group = group.ID
	d.ctx = d.as("Mill Lane", access.Scopes, access.Staff)
	d.partner = d.as("Partner", []access.Scope{access.Booking})
	return d
}

// as is a caller with a key of the group.
func (d *kit) as(actor string, scopes []access.Scope, permissions ...access.KeyPermission) context.Context {
	return access.With(context.Background(), access.Caller{Group: d.group, Home: d.group, Key: 1, Actor: actor,
		Permissions: access.OfKey(scopes, permissions)})
}

// deliver starts the courier; the test's end stops it.
func (d *kit) deliver() {
	d.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := courier.New(d.queue, d.hooks, d.poster, slog.New(slog.DiscardHandler), time.Now)
	c.LookEvery, c.Details = 20*time.Millisecond, d.details
	c.SembleBody = func(w webhook.Webhook, e event.Event) ([]byte, error) {
		return fmt.Appendf(nil, "%s of %s for %s: %s", e.Type, e.At.Format(time.DateOnly), w.ID, e.Data), nil
	}
	if d.shared > 0 {
		c.Shared = d.shared
	}
	d.db.OnEvents(c.Notify)
	d.db.BlockedEndpoints(c.Blocked)
	d.blocked = func() []webhook.ID { return c.Blocked(d.group) }
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	d.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	d.Cleanup(d.stop)
}

func (d *kit) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *kit) refused(err, want error) {
	d.Helper()
	if !errors.Is(err, want) {
		d.Fatalf("got %v, want %v", err, want)
	}
}

func only(of event.Type) []event.Type { return []event.Type{of} }

func (d *kit) hook(r webhook.Request) webhook.Webhook {
	d.Helper()
	if r.URL == "" {
		r.URL = "https://partner.example/hooks"
	}
	if r.Types == nil {
		r.Types = only(event.AppointmentConfirmed)
	}
	r.Format = webhook.Standard
	w, err := d.hooks.Create(d.ctx, r)
	d.must(err)
	return w
}

// happens records an event, as capabilities do.
func (d *kit) happens(of event.Type, subject, sequence int64) event.Event {
	d.Helper()
	e := event.Event{ID: d.db.NewID(), Group: int64(d.group), Type: of, Subject: subject, Sequence: sequence, At: d.now(),
		Data: json.RawMessage(`{"n":1}`)}
	d.must(d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error { return tx.Record(d.ctx, e) }))
	return e
}

// until waits for something the courier does.
func (d *kit) until(what string, is func() bool) {
	d.Helper()
	wait.Until(d, what, is)
}

func (d *kit) delivery(w webhook.Webhook, id int64) (webhook.Delivery, []webhook.Attempt) {
	d.Helper()
	got, attempts, err := d.hooks.Delivery(d.ctx, w.ID, id)
	d.must(err)
	return got, attempts
}

func (d *kit) state(w webhook.Webhook, e event.Event, want webhook.State, attempts int) {
	d.Helper()
	d.until(string(want), func() bool {
		got, _ := d.delivery(w, e.ID)
		return got.State == want && got.Attempts == attempts && !got.Leased
	})
}

func each(t *testing.T, run func(d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { run(newKit(t, db)) })
}
