package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/webhook"
)

func TestReplayedDeliveryKeepsItsID(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.deliver()
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		d.state(w, e, webhook.Delivered, 1)
		_, err := d.hooks.ReplayOne(d.ctx, w.ID, e.ID)
		d.must(err)
		d.state(w, e, webhook.Delivered, 2)
		parcels := d.poster.parcels()
		if len(parcels) != 2 || parcels[0].ID != parcels[1].ID || parcels[1].Attempt != 2 ||
			string(parcels[0].Body) != string(parcels[1].Body) {
			d.Errorf("posted %+v", parcels)
		}
		_, err = d.hooks.ReplayOne(d.ctx, w.ID, d.happens(event.MessageSent, 2, 1).ID)
		d.refused(err, webhook.ErrNoDelivery)
		late := d.hook(webhook.Request{URL: "https://late.example/"})
		_, err = d.hooks.ReplayOne(d.ctx, late.ID, e.ID)
		d.must(err)
		d.state(late, e, webhook.Delivered, 1)
	})
}

func TestDeliveryReplayedWhileUnderWayGoesOutAgain(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		answers := make(chan struct{})
		answered := sync.OnceFunc(func() { close(answers) })
		defer answered()
		d.poster.says(func(courier.Parcel) courier.Answer {
			<-answers
			return courier.Answer{Status: 200}
		})
		d.deliver()
		one, two := d.happens(event.AppointmentConfirmed, 1, 1), d.happens(event.AppointmentConfirmed, 2, 1)
		d.until("both on their way", func() bool { return len(d.poster.parcels()) == 2 })
		_, err := d.hooks.ReplayOne(d.ctx, w.ID, one.ID)
		d.must(err)
		d.until("the replayed one on its way again", func() bool { return len(d.poster.parcels()) == 3 })
		answered()
		d.state(w, one, webhook.Delivered, 2)
		d.state(w, two, webhook.Delivered, 1)
		if again := d.poster.parcels()[2]; again.ID != webhook.NewPayload(one).ID || again.Attempt != 2 {
			d.Errorf("posted %+v", again)
		}
		d.until("both attempts to be written down", func() bool {
			_, attempts := d.delivery(w, one.ID)
			return len(attempts) == 2
		})
	})
}

func TestRecoverQueuesMissedEventsAlone(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.deliver()
		// One that is not written down when the clock is moved goes out again.
		d.state(w, d.happens(event.AppointmentConfirmed, 1, 1), webhook.Delivered, 1)
		before := d.happens(event.AppointmentConfirmed, 2, 1)
		d.state(w, before, webhook.Delivered, 1)
		d.move(time.Hour)
		since := d.now()
		taken := d.happens(event.AppointmentConfirmed, 3, 1)
		d.state(w, taken, webhook.Delivered, 1)
		d.poster.says(status(500))
		failing := d.happens(event.AppointmentConfirmed, 4, 1)
		d.state(w, failing, webhook.Waiting, 1)
		d.poster.says(nil)
		_, err := d.hooks.Disable(d.ctx, w.ID)
		d.must(err)
		d.move(time.Minute)
		var missed []event.Event
		for i := range int64(1500) {
			missed = append(missed, d.happens(event.AppointmentConfirmed, 1000+i, 1))
		}
		d.happens(event.MessageSent, 5, 1)
		d.move(time.Second)
		_, err = d.hooks.ReplayRange(d.ctx, w.ID, since, time.Time{}, false)
		d.refused(err, webhook.ErrDisabled)
		_, err = d.hooks.Enable(d.ctx, w.ID)
		d.must(err)
		got, err := d.hooks.ReplayRange(d.ctx, w.ID, since, time.Time{}, false)
		d.must(err)
		if got.Replay == nil || !got.Replay.DoneAt.IsZero() || got.Replay.Queued < 900 {
			d.Fatalf("its replay is %+v", got.Replay)
		}
		_, err = d.hooks.ReplayRange(d.ctx, w.ID, since, time.Time{}, false)
		d.refused(err, webhook.ErrReplaying)
		d.must(d.hooks.GoOn(access.With(context.Background(), access.System(d.group)),
			job.Job{Group: int64(d.group), Args: job.Args(w.ID)}))
		d.until("all delivered", func() bool {
			counts, err := d.hooks.Health(d.ctx, w.ID)
			d.must(err)
			return counts.Waiting == 0 && counts.Replay != nil && !counts.Replay.DoneAt.IsZero()
		})
		d.state(w, failing, webhook.Delivered, 2)
		d.state(w, taken, webhook.Delivered, 1)
		d.state(w, before, webhook.Delivered, 1)
		for _, e := range missed {
			d.state(w, e, webhook.Delivered, 1)
		}
		if n := len(d.poster.parcels()); n != 4+1+len(missed) {
			d.Errorf("%d parcels were posted, want %d", n, 5+len(missed))
		}
		got, err = d.hooks.ReplayRange(d.ctx, w.ID, since, since.Add(time.Microsecond), true)
		d.must(err)
		if got.Replay.DoneAt.IsZero() || got.Replay.Queued == 0 {
			d.Errorf("replaying everything queued %+v", got.Replay)
		}
		d.state(w, taken, webhook.Delivered, 2)
	})
}

func TestTheLogIsReadOnceAndWholeWhileItIsWritten(t *testing.T) {
	each(t, func(d *kit) {
		const writers, events = 4, 150
		wrote := make(chan error, writers)
		for n := range int64(writers) {
			go func() {
				var err error
				// Ids are made before the transactions, whose order is another.
				for i := int64(0); i < events && err == nil; i += 3 {
					ids := []int64{d.db.NewID(), d.db.NewID(), d.db.NewID()}
					for _, k := range []int64{2, 0, 1} {
						e := event.Event{ID: ids[k], Group: int64(d.group), Type: event.MessageSent, Subject: 1000*(n+1) + i + k,
							Sequence: 1, At: d.now(), Data: json.RawMessage(`{}`)}
						err = errors.Join(err, d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error { return tx.Record(d.ctx, e) }))
					}
				}
				wrote <- err
			}()
		}
		seen, cursor := map[int64]int{}, ""
		for end := time.Now().Add(20 * time.Second); len(seen) < writers*events && time.Now().Before(end); {
			page, err := d.hooks.Events(d.ctx, webhook.LogQuery{Cursor: cursor, Limit: 7})
			d.must(err)
			for _, e := range page.Events {
				seen[e.ID]++
			}
			cursor = page.Cursor
		}
		for range writers {
			d.must(<-wrote)
		}
		if len(seen) != writers*events {
			d.Errorf("%d events were read, want %d", len(seen), writers*events)
		}
		for id, n := range seen {
			if n != 1 {
				d.Errorf("%d was read %d times", id, n)
			}
		}
	})
}

// TestTheLogSaysThatMoreEventsFollow reads as far as has_more says, while the last events have no place in the log yet.
func TestTheLogSaysThatMoreEventsFollow(t *testing.T) {
	each(t, func(d *kit) {
		written := 0
		write := func(n int, of event.Type) {
			for range n {
				written++
				d.must(d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error {
					return tx.Record(d.ctx, event.Event{ID: d.db.NewID(), Group: int64(d.group), Type: of,
						Subject: int64(written), Sequence: 1, At: d.now(), Data: json.RawMessage(`{}`)})
				}))
			}
		}
		readAll := func() (n int) {
			cursor := ""
			for more := true; more; {
				page, err := d.hooks.Events(d.ctx, webhook.LogQuery{Cursor: cursor, Limit: 10})
				d.must(err)
				cursor, more, n = page.Cursor, page.More, n+len(page.Events)
			}
			return n
		}
		write(10, event.MessageSent)
		if n := readAll(); n != 10 {
			d.Fatalf("%d events were read, want 10", n)
		}
		write(15, event.MessageSent)
		if n := readAll(); n != 25 {
			d.Fatalf("%d events were read, want 25", n)
		}
		write(20, event.PatientCreated) // which the log does not show
		write(15, event.MessageSent)
		if n := readAll(); n != 40 {
			d.Fatalf("%d events were read, want 40", n)
		}
	})
}

func TestWaitingReaderOfTheLogGetsTheNextEventAtOnce(t *testing.T) {
	each(t, func(d *kit) {
		d.happens(event.MessageSent, 1, 1)
		newest, err := d.hooks.Events(d.ctx, webhook.LogQuery{Cursor: webhook.Newest, Limit: 10})
		d.must(err)
		if len(newest.Events) != 0 {
			d.Fatalf("the end of the log has %v", newest.Events)
		}
		type answer struct {
			webhook.Page
			err error
		}
		came := make(chan answer)
		go func() {
			page, err := d.hooks.Events(d.ctx, webhook.LogQuery{Cursor: newest.Cursor, Limit: 10, Wait: 20 * time.Second,
				Types: []event.Type{event.MessageRead}})
			came <- answer{page, err}
		}()
		time.AfterFunc(20*time.Millisecond, func() { d.happens(event.MessageSent, 2, 1) })
		time.AfterFunc(60*time.Millisecond, func() { d.happens(event.MessageRead, 3, 1) })
		got := <-came
		d.must(got.err)
		if len(got.Events) != 1 || got.Events[0].Subject != 3 {
			d.Errorf("it got %v", got.Events)
		}
		_, err = d.hooks.Events(d.ctx, webhook.LogQuery{Cursor: "yesterday", Limit: 10})
		if err == nil {
			d.Error("a cursor that is none was taken")
		}
	})
}

func TestEventsAndDeliveriesAreForgottenAfterThirtyDays(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		d.deliver()
		old := d.happens(event.AppointmentConfirmed, 1, 1)
		d.state(w, old, webhook.Delivered, 1)
		d.move(webhook.Keep - time.Hour)
		young := d.happens(event.AppointmentConfirmed, 2, 1)
		d.state(w, young, webhook.Delivered, 1)
		d.move(2 * time.Hour)
		d.must(d.hooks.Forget(access.With(context.Background(), access.System(d.group))))
		page, err := d.hooks.Events(d.ctx, webhook.LogQuery{Limit: 10})
		d.must(err)
		if len(page.Events) != 1 || page.Events[0].ID != young.ID {
			d.Errorf("the log has %v", page.Events)
		}
		_, _, err = d.hooks.Delivery(d.ctx, w.ID, old.ID)
		d.refused(err, webhook.ErrNoDelivery)
		if _, attempts := d.delivery(w, young.ID); len(attempts) != 1 {
			d.Errorf("%d attempts are left", len(attempts))
		}
		list, more, err := d.hooks.Deliveries(d.ctx, w.ID, webhook.Query{Limit: 1})
		d.must(err)
		if len(list) != 1 || more || list[0].ID != young.ID {
			d.Errorf("the deliveries are %v", list)
		}
	})
}
