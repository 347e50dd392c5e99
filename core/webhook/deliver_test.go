package webhook_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/webhook"
)

func TestEventReachesEveryEndpointThatGetsItsType(t *testing.T) {
	each(t, func(d *kit) {
		one := d.hook(webhook.Request{URL: "https://one.example/", SigningKey: "a key of theirs"})
		two := d.hook(webhook.Request{URL: "https://two.example/"})
		d.hook(webhook.Request{URL: "https://other.example/", Types: only(event.MessageSent)})
		off := d.hook(webhook.Request{URL: "https://off.example/"})
		_, err := d.hooks.Disable(d.ctx, off.ID)
		d.must(err)
		d.deliver()
		e := d.happens(event.AppointmentConfirmed, 7, 3)
		d.state(one, e, webhook.Delivered, 1)
		d.state(two, e, webhook.Delivered, 1)
		parcels := d.poster.parcels()
		if len(parcels) != 2 {
			d.Fatalf("%d parcels were posted, want 2", len(parcels))
		}
		for _, p := range parcels {
			var payload webhook.Payload
			d.must(json.Unmarshal(p.Body, &payload))
			if p.ID != strconv.FormatInt(e.ID, 10) || payload.ID != p.ID || payload.Sequence != 3 ||
				payload.PracticeGroupID != d.group.String() || string(payload.Data) != `{"n":1}` {
				d.Errorf("posted %s as %s", p.Body, p.ID)
			}
			if p.Attempt != 1 || len(p.Secrets) != 1 || (p.URL == one.URL) != (p.Secrets[0] == "a key of theirs") {
				d.Errorf("posted attempt %d to %s with %d secrets", p.Attempt, p.URL, len(p.Secrets))
			}
		}
	})
}

func TestEventThatWasNotCommittedIsNotDelivered(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.deliver()
		e := event.Event{ID: d.db.NewID(), Group: int64(d.group), Type: event.AppointmentConfirmed, Subject: 1, Sequence: 1,
			At: d.now(), Data: json.RawMessage(`{}`)}
		sorry := fmt.Errorf("it did not happen")
		d.refused(d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error {
			d.must(tx.Record(d.ctx, e))
			return sorry
		}), sorry)
		d.state(w, d.happens(event.AppointmentConfirmed, 2, 1), webhook.Delivered, 1)
		if _, _, err := d.hooks.Delivery(d.ctx, w.ID, e.ID); err == nil || len(d.poster.parcels()) != 1 {
			d.Errorf("%d parcels went, and the delivery gives %v", len(d.poster.parcels()), err)
		}
	})
}

func TestFailedDeliveryIsTriedOnScheduleAndThenGivenUp(t *testing.T) {
	waits := []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
		20 * time.Hour, 24 * time.Hour,
	}
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.Attempt%2 == 0 {
				return courier.Answer{Failure: webhook.TLS}
			}
			return courier.Answer{Status: 500, Body: "because"}
		})
		d.deliver()
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		for i, wait := range waits {
			d.state(w, e, webhook.Waiting, i+1)
			got, _ := d.delivery(w, e.ID)
			in := got.DueAt.Sub(d.now())
			if in < wait*9/10 || in > wait*11/10 {
				d.Fatalf("after attempt %d the next is in %s, want about %s", i+1, in, wait)
			}
			d.move(in)
		}
		d.state(w, e, webhook.Failed, len(waits)+1)
		_, attempts := d.delivery(w, e.ID)
		if len(attempts) != 10 || attempts[0].Status != 500 || attempts[0].Body != "because" ||
			attempts[1].Failure != webhook.TLS {
			d.Errorf("the attempts were %+v", attempts)
		}
		ids := map[string]bool{}
		for _, p := range d.poster.parcels() {
			ids[p.ID] = true
		}
		if len(ids) != 1 {
			d.Errorf("the attempts had the ids %v", ids)
		}
		counts, err := d.hooks.Health(d.ctx, w.ID)
		d.must(err)
		if counts.Failed != 1 || counts.Waiting != 0 || counts.FailingSince.IsZero() {
			d.Errorf("its health is %+v", counts)
		}
	})
}

func TestEndpointThatAsksToWaitIsLeftAloneAndLosesNoAttempt(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.poster.says(func(courier.Parcel) courier.Answer { return courier.Answer{Status: 429, RetryAfter: time.Minute} })
		d.deliver()
		first := d.happens(event.AppointmentConfirmed, 1, 1)
		d.state(w, first, webhook.Waiting, 1)
		second := d.happens(event.AppointmentConfirmed, 2, 1)
		for i := range 20 {
			var one, two webhook.Delivery
			d.until("one attempt a minute", func() bool {
				one, _ = d.delivery(w, first.ID)
				two, _ = d.delivery(w, second.ID)
				return one.Attempts+two.Attempts == i+1 && !one.Leased && !two.Leased
			})
			if one.Tries+two.Tries != 0 {
				d.Fatalf("waiting has cost %d tries", one.Tries+two.Tries)
			}
			d.move(time.Minute)
		}
		d.poster.says(nil)
		d.move(time.Minute)
		d.until("both delivered", func() bool {
			one, _ := d.delivery(w, first.ID)
			two, _ := d.delivery(w, second.ID)
			return one.State == webhook.Delivered && two.State == webhook.Delivered
		})
	})
}

func TestEndpointThatIsGoneIsSwitchedOffAtOnce(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		watcher := d.hook(webhook.Request{Types: only(event.WebhookDisabled), URL: "https://watcher.example/"})
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.URL == watcher.URL {
				return courier.Answer{Status: 200}
			}
			return courier.Answer{Status: 410}
		})
		d.deliver()
		d.happens(event.AppointmentConfirmed, 1, 1)
		d.until("switched off", func() bool {
			got, err := d.hooks.Get(d.ctx, webhook.Standard, w.ID)
			d.must(err)
			return got.DisabledWhy == webhook.Gone
		})
		d.until("watcher notified", func() bool {
			all, _, err := d.hooks.Deliveries(d.ctx, watcher.ID, webhook.Query{Limit: 10})
			d.must(err)
			return len(all) == 1 && all[0].State == webhook.Delivered
		})
		before := len(d.poster.parcels())
		d.happens(event.AppointmentConfirmed, 2, 1)
		d.move(time.Hour)
		d.state(watcher, d.happens(event.WebhookDisabled, 3, 1), webhook.Delivered, 1)
		if n := len(d.poster.parcels()); n != before+1 {
			d.Errorf("%d parcels went after it was switched off", n-before-1)
		}
	})
}

func TestEndpointThatFailsForFiveDaysIsSwitchedOffAndOneThatRecoversIsNot(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.poster.says(status(503))
		d.deliver()
		fail := func(sequence int64) {
			d.Helper()
			d.state(w, d.happens(event.AppointmentConfirmed, 100+sequence, 1), webhook.Waiting, 1)
		}
		fail(1)
		d.move(webhook.FailingFor - time.Minute)
		fail(2)
		d.poster.says(nil)
		d.state(w, d.happens(event.AppointmentConfirmed, 200, 1), webhook.Delivered, 1)
		d.poster.says(status(503))
		d.move(time.Hour)
		fail(3)
		if got, err := d.hooks.Get(d.ctx, webhook.Standard, w.ID); err != nil || !got.DisabledAt.IsZero() {
			d.Fatalf("it was switched off though it had recovered (%v)", err)
		}
		d.move(webhook.FailingFor - time.Minute)
		fail(4)
		d.move(2 * time.Minute)
		d.happens(event.AppointmentConfirmed, 300, 1)
		d.until("switched off", func() bool {
			got, err := d.hooks.Get(d.ctx, webhook.Standard, w.ID)
			d.must(err)
			return got.DisabledWhy == webhook.Failing
		})
	})
}

func TestOrderedDeliveriesOfOneThingWaitForEachOther(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{Ordered: true})
		var down atomic.Bool
		down.Store(true)
		stuck := ""
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if down.Load() && p.ID == stuck {
				return courier.Answer{Failure: webhook.Refused}
			}
			return courier.Answer{Status: 200}
		})
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		stuck = strconv.FormatInt(e.ID, 10)
		d.deliver()
		d.state(w, e, webhook.Waiting, 1)
		second, third := d.happens(event.AppointmentConfirmed, 1, 2), d.happens(event.AppointmentConfirmed, 1, 3)
		d.state(w, d.happens(event.AppointmentConfirmed, 2, 1), webhook.Delivered, 1)
		if got, _ := d.delivery(w, second.ID); got.Attempts != 0 {
			d.Fatal("the second event of a thing overtook the first")
		}
		down.Store(false)
		d.move(10 * time.Second)
		d.state(w, third, webhook.Delivered, 1)
		var order []string
		for _, p := range d.poster.parcels() {
			if p.ID != stuck || p.Attempt == 2 {
				order = append(order, p.ID)
			}
		}
		at := func(e event.Event) int { return slices.Index(order, strconv.FormatInt(e.ID, 10)) }
		if at(e) > at(second) || at(second) > at(third) {
			d.Errorf("they went in the order %v", order)
		}
	})
}

func TestDeliveriesOfADeadCourierAreDeliveredWhenTheirLeaseIsOver(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		d.must(d.queue.DoUnawaited(d.ctx, func(tx courier.Tx) error {
			claimed, err := tx.ClaimDeliveries(d.ctx, d.group, w.ID,
				courier.Claim{Now: d.now(), Until: d.now().Add(time.Minute), Lease: 9, Limit: 10})
			if err == nil && len(claimed) != 1 {
				err = fmt.Errorf("claimed %d", len(claimed))
			}
			return err
		}))
		d.deliver()
		other := d.happens(event.AppointmentConfirmed, 2, 1)
		d.state(w, other, webhook.Delivered, 1)
		if got, _ := d.delivery(w, e.ID); !got.Leased || len(d.poster.parcels()) != 1 {
			d.Fatal("a delivery was taken out of another's hand")
		}
		d.move(2 * time.Minute)
		d.state(w, e, webhook.Delivered, 2)
	})
}

func TestSeveralCouriersDeliverEachEventOnce(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.deliver()
		first := d.stop
		d.deliver()
		defer first()
		const events = 300
		for i := range int64(events) {
			d.happens(event.AppointmentConfirmed, 1000+i, 1)
		}
		d.until("all delivered", func() bool {
			counts, err := d.hooks.Health(d.ctx, w.ID)
			d.must(err)
			return counts.Waiting == 0
		})
		times := map[string]int{}
		for _, p := range d.poster.parcels() {
			times[p.ID]++
		}
		for id, n := range times {
			if n != 1 {
				d.Errorf("%s was posted %d times", id, n)
			}
		}
		if len(times) != events {
			d.Errorf("%d events were posted, want %d", len(times), events)
		}
	})
}

func TestStoppingGivesBackDeliveriesThatWereNotPosted(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		release := make(chan struct{})
		d.poster.says(func(courier.Parcel) courier.Answer {
			<-release
			return courier.Answer{Status: 200}
		})
		var all []event.Event
		for i := range int64(20) {
			all = append(all, d.happens(event.AppointmentConfirmed, 1+i, 1))
		}
		d.deliver()
		d.until("posting", func() bool { return len(d.poster.parcels()) == 4 })
		time.AfterFunc(50*time.Millisecond, func() { close(release) })
		d.stop()
		delivered := 0
		for _, e := range all {
			got, _ := d.delivery(w, e.ID)
			switch {
			case got.Leased:
				d.Errorf("%d is still leased", e.ID)
			case got.State == webhook.Delivered:
				delivered++
			case got.Attempts != 0:
				d.Errorf("%d has had %d attempts", e.ID, got.Attempts)
			}
		}
		if n := len(d.poster.parcels()); delivered != n {
			d.Errorf("%d of %d attempts were written down", delivered, n)
		}
	})
}

func TestHundredsOfEndpointsThatHangDoNotHoldUpAnother(t *testing.T) {
	each(t, func(d *kit) {
		const hanging, events = 450, 3
		held := make(chan struct{})
		for n := range hanging {
			d.hook(webhook.Request{URL: fmt.Sprintf("https://hang.example/%d", n)})
		}
		healthy := d.hook(webhook.Request{URL: "https://well.example/"})
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if strings.HasPrefix(p.URL, "https://hang.") {
				<-held
			}
			return courier.Answer{Status: 204}
		})
		d.deliver()
		d.Cleanup(func() { close(held) }) // before the courier is waited for
		var all []event.Event
		for n := range int64(events) {
			all = append(all, d.happens(event.AppointmentConfirmed, n+1, 1))
			hung := func() (n int) {
				for _, p := range d.poster.parcels() {
					if strings.HasPrefix(p.URL, "https://hang.") {
						n++
					}
				}
				return n
			}
			d.until("the others to hang", func() bool { return hung() >= hanging })
			d.state(healthy, all[n], webhook.Delivered, 1)
		}
	})
}

func TestAttemptsUnderWayAreLimitedWhenManyEndpointsHang(t *testing.T) {
	each(t, func(d *kit) {
		const hanging, spare = 60, 24
		d.shared = spare
		held := make(chan struct{})
		var others []webhook.Webhook
		for n := range hanging {
			others = append(others, d.hook(webhook.Request{URL: fmt.Sprintf("https://hang.example/%d", n)}))
		}
		var hung atomic.Int64
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if strings.HasPrefix(p.URL, "https://hang.") {
				hung.Add(1)
				<-held
			}
			return courier.Answer{Status: 204}
		})
		d.deliver()
		release := sync.OnceFunc(func() { close(held) })
		d.Cleanup(release) // before the courier is waited for
		var all []event.Event
		happens := func(of event.Type) event.Event {
			e := d.happens(of, int64(len(all)+1), 1)
			all = append(all, e)
			return e
		}
		for range 4 {
			happens(event.AppointmentConfirmed)
		}
		d.until("the others to hang", func() bool { return hung.Load() >= hanging+spare/2 })
		healthy := d.hook(webhook.Request{URL: "https://well.example/", Types: only(event.MessageSent)})
		for range 20 {
			d.state(healthy, happens(event.MessageSent), webhook.Delivered, 1)
		}
		if n := hung.Load(); n > hanging+spare {
			d.Errorf("%d attempts hang at once", n)
		}
		release()
		for _, w := range others {
			for _, e := range all[:4] {
				d.state(w, e, webhook.Delivered, 1)
			}
		}
	})
}
