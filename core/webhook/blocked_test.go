package webhook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	practicestore "frontdesk/store/practice"
)

// asked counts how often the courier looks an endpoint up: once for each time it asks the database for deliveries.
type asked struct {
	courier.Queue
	mu    sync.Mutex
	times map[webhook.ID]int
}

type askedTx struct {
	courier.Tx
	a *asked
}

func (a *asked) DoUnawaited(ctx context.Context, fn func(courier.Tx) error) error {
	return a.Queue.DoUnawaited(ctx, func(tx courier.Tx) error { return fn(askedTx{tx, a}) })
}

func (t askedTx) Webhook(ctx context.Context, group practice.ID, id webhook.ID) (webhook.Webhook, error) {
	t.a.mu.Lock()
	t.a.times[id]++
	t.a.mu.Unlock()
	return t.Tx.Webhook(ctx, group, id)
}

func (a *asked) about(id webhook.ID) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.times[id]
}

// counts has the courier counted.
func (d *kit) counts() *asked {
	a := &asked{Queue: d.queue, times: map[webhook.ID]int{}}
	d.queue = a
	return a
}

// queued reports whether an event is listed among an endpoint's deliveries, and no longer in the backlog.
func (d *kit) queued(w webhook.Webhook, e event.Event) bool {
	d.Helper()
	list, _, err := d.hooks.Deliveries(d.ctx, w.ID, webhook.Query{Before: e.ID + 1, Limit: 1})
	d.must(err)
	return len(list) == 1 && list[0].ID == e.ID
}

func TestEndpointThatHangsGetsEachEventOnceWhenItRecovers(t *testing.T) {
	each(t, func(d *kit) {
		a := d.counts()
		hanging := d.hook(webhook.Request{URL: "https://hang.example/"})
		healthy := d.hook(webhook.Request{URL: "https://well.example/"})
		held := make(chan struct{})
		release := sync.OnceFunc(func() { close(held) })
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.URL == hanging.URL {
				<-held
			}
			return courier.Answer{Status: 204}
		})
		d.deliver()
		d.Cleanup(release) // before the courier is waited for
		var all []event.Event
		happens := func() {
			all = append(all, d.happens(event.AppointmentConfirmed, int64(len(all)+1), 1))
			d.state(healthy, all[len(all)-1], webhook.Delivered, 1)
		}
		d.until("the endpoint to be blocked", func() bool {
			happens()
			return len(d.blocked()) == 1
		})
		before := a.about(hanging.ID)
		for range 60 {
			happens()
		}
		if n := a.about(hanging.ID) - before; n > 5 {
			d.Errorf("the database was asked %d times for what a blocked endpoint could not take", n)
		}
		d.until("the last to be queued", func() bool { return d.queued(hanging, all[len(all)-1]) })
		release()
		for _, e := range all {
			d.state(hanging, e, webhook.Delivered, 1)
		}
		if len(d.blocked()) != 0 {
			d.Error("it is still blocked")
		}
	})
}

func TestAttemptsThatTimeOutAtAnEndpointThatHangsAreWrittenDown(t *testing.T) {
	each(t, func(d *kit) {
		hanging := d.hook(webhook.Request{URL: "https://hang.example/"})
		held := make(chan struct{})
		release := sync.OnceFunc(func() { close(held) })
		d.poster.says(func(courier.Parcel) courier.Answer {
			<-held
			return courier.Answer{Failure: webhook.TimedOut}
		})
		d.deliver()
		d.Cleanup(release) // before the courier is waited for
		var all []event.Event
		for n := range int64(8) { // four at once, and as many in hand
			all = append(all, d.happens(event.AppointmentConfirmed, n+1, 1))
		}
		d.until("the endpoint to be blocked", func() bool { return len(d.blocked()) == 1 })
		release()
		for _, e := range all {
			d.state(hanging, e, webhook.Waiting, 1)
			if _, attempts := d.delivery(hanging, e.ID); len(attempts) != 1 || attempts[0].Failure != webhook.TimedOut {
				d.Errorf("attempts %+v", attempts)
			}
		}
		d.until("it not to be blocked any more", func() bool { return len(d.blocked()) == 0 })
	})
}

func TestBacklogLeftBehindIsDeliveredByTheNextProgram(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		off := d.hook(webhook.Request{URL: "https://off.example/"})
		inOrder := d.hook(webhook.Request{URL: "https://order.example/", Ordered: true})
		other := d.hook(webhook.Request{URL: "https://other.example/", Types: only(event.MessageSent)})
		_, err := d.hooks.Disable(d.ctx, off.ID)
		d.must(err)
		d.db.BlockedEndpoints(func(practice.ID) []webhook.ID { return []webhook.ID{w.ID, off.ID, inOrder.ID, other.ID} })
		var all []event.Event
		for n := range int64(130) {
			all = append(all, d.happens(event.AppointmentConfirmed, n+1, 1))
		}
		if !d.queued(inOrder, all[0]) {
			d.Error("what is sent in order was not queued at once")
		}
		behind, err := d.queue.Behind(d.ctx)
		d.must(err)
		if sqlite := strings.HasSuffix(d.Name(), "sqlite"); sqlite != (len(behind) == 1) {
			d.Errorf("behind are %v", behind)
		}
		// One of them is asked for meanwhile.
		_, err = d.hooks.ReplayOne(d.ctx, w.ID, all[3].ID)
		d.must(err)
		d.db.BlockedEndpoints(nil)
		d.deliver()
		d.until("nothing to be left", func() bool {
			behind, err := d.queue.Behind(d.ctx)
			d.must(err)
			return len(behind) == 0
		})
		for _, e := range all {
			d.state(w, e, webhook.Delivered, 1)
			d.state(inOrder, e, webhook.Delivered, 1)
		}
		if n := len(d.poster.parcels()); n != 2*len(all) {
			d.Errorf("%d parcels went, want %d", n, 2*len(all))
		}
	})
}

// An endpoint that a busy machine lets wait may be taken for blocked for a moment,
// and what is kept for it in the backlog is on its way to it all the same.
func TestEventInTheBacklogIsADeliveryThatWaits(t *testing.T) {
	each(t, func(d *kit) {
		w, other := d.hook(webhook.Request{}), d.hook(webhook.Request{URL: "https://other.example/",
			Types: only(event.MessageSent)})
		d.db.BlockedEndpoints(func(practice.ID) []webhook.ID { return []webhook.ID{w.ID} })
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		got, attempts := d.delivery(w, e.ID)
		if got.ID != e.ID || got.State != webhook.Waiting || got.Attempts != 0 || got.Leased || len(attempts) != 0 {
			d.Errorf("got %+v, %v", got, attempts)
		}
		for name, at := range map[string]time.Time{"event": got.At, "due": got.DueAt, "queued": got.Since,
			"created": got.CreatedAt} {
			if !at.Equal(e.At) {
				d.Errorf("%s at %s, want %s", name, at, e.At)
			}
		}
		if _, _, err := d.hooks.Delivery(d.ctx, other.ID, e.ID); !errors.Is(err, webhook.ErrNoDelivery) {
			d.Errorf("an endpoint that does not get it: %v", err)
		}
		d.deliver()
		d.state(w, e, webhook.Delivered, 1)
	})
}

// A transaction may begin while an endpoint is blocked and end when it no longer is.
func TestBacklogIsDeliveredWhenNothingIsBlockedAnyMore(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.deliver()
		d.state(w, d.happens(event.AppointmentConfirmed, 1, 1), webhook.Delivered, 1)
		d.db.BlockedEndpoints(func(practice.ID) []webhook.ID { return []webhook.ID{w.ID} })
		e := d.happens(event.AppointmentConfirmed, 2, 1)
		d.db.BlockedEndpoints(nil)
		d.until("it to be queued", func() bool { return d.queued(w, e) })
		d.state(w, e, webhook.Delivered, 1)
	})
}

func TestAwaitedBacklogDoesNotWaitForThatOfAnEndpointThatHangs(t *testing.T) {
	each(t, func(d *kit) {
		hanging := d.hook(webhook.Request{URL: "https://hang.example/"})
		practices := &practice.Service{Store: practicestore.New(d.db), Now: d.now, NewID: d.db.NewID}
		other, err := practices.CreateGroup(d.ctx, practice.Group{Name: "Elsewhere"})
		d.must(err)
		held := make(chan struct{})
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.URL == hanging.URL {
				<-held
			}
			return courier.Answer{Status: 204}
		})
		d.deliver()
		d.Cleanup(func() { close(held) }) // before the courier is waited for
		for n := int64(1); len(d.blocked()) == 0; n++ {
			d.happens(event.AppointmentConfirmed, n, 1)
		}
		for n := range int64(400) {
			d.happens(event.AppointmentConfirmed, 100_000+n, 1)
		}
		here := d.group
		d.group = other.ID
		d.ctx = d.as("Elsewhere", access.Scopes, access.KeyPermissions...)
		well := d.hook(webhook.Request{URL: "https://well.example/"})
		d.db.BlockedEndpoints(func(practice.ID) []webhook.ID { return []webhook.ID{well.ID} }) // until this moment
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		d.until("it to be queued", func() bool { return d.queued(well, e) })
		d.state(well, e, webhook.Delivered, 1)
		behind, err := d.queue.Behind(d.ctx)
		d.must(err)
		if strings.HasSuffix(d.Name(), "sqlite") && !slices.Contains(behind, here) {
			d.Error("it waited for the others")
		}
	})
}

func TestEndpointThatIsSwitchedOffIsNotLookedUpForEveryEvent(t *testing.T) {
	each(t, func(d *kit) {
		a := d.counts()
		gone, healthy := d.hook(webhook.Request{URL: "https://gone.example/"}), d.hook(webhook.Request{})
		d.deliver()
		happens := func(n int64) event.Event {
			e := d.happens(event.AppointmentConfirmed, n, 1)
			d.state(healthy, e, webhook.Delivered, 1)
			return e
		}
		d.state(gone, happens(1), webhook.Delivered, 1)
		_, err := d.hooks.Disable(d.ctx, gone.ID)
		d.must(err)
		before := a.about(gone.ID)
		for n := range int64(60) {
			happens(n + 2)
		}
		if n := a.about(gone.ID) - before; n > 5 {
			d.Errorf("the database was asked about it %d times", n)
		}
		_, err = d.hooks.Enable(d.ctx, gone.ID)
		d.must(err)
		began := time.Now()
		d.state(gone, happens(100), webhook.Delivered, 1)
		d.Logf("delivered %s after it was switched on", time.Since(began))
	})
}
