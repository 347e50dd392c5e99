package webhook_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/webhook"
)

// token is a caller whose role grants some things.
func (d *desk) token(grants ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{Group: d.group, Home: d.group, Key: 2, Actor: "Website", Permissions: grants})
}

func (d *desk) subscribe(of ...webhook.Topic) webhook.Webhook {
	d.Helper()
	label, url := "Sync", "https://sync.example/hooks"
	w, err := d.hooks.Subscribe(d.token(access.EditWebhooks), webhook.SubscriptionChange{Label: &label, URL: &url, Topics: &of, Headers: map[string]string{"x-key": "7"}})
	d.must(err)
	return w
}

// occurs records an event with data.
func (d *desk) occurs(of event.Type, data string) event.Event {
	d.Helper()
	e := event.Event{ID: d.db.NewID(), Group: int64(d.group), Type: of, Subject: d.db.NewID(), Sequence: 1, At: d.now(), Data: json.RawMessage(data)}
	d.must(d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error { return tx.Record(d.ctx, e) }))
	return e
}

func TestASubscriptionIsToldOfSeveralTypesInItsOwnForm(t *testing.T) {
	each(t, func(d *desk) {
		sub := d.subscribe("booking.created", "patient.merged", "invoice.paid")
		standard := d.hook(webhook.Request{})
		d.deliver()
		booked := d.occurs(event.AppointmentConfirmed, `{"appointment_id":"11","patient_id":"12","location_id":"13","state":"booked"}`)
		d.occurs(event.AppointmentCancelled, `{}`) // not wanted
		merged := d.occurs(event.PatientMerged, `{"patient_id":"12","merged_patient_id":"14"}`)
		d.until("three parcels", func() bool { return len(d.poster.parcels()) == 3 })
		d.state(standard, booked, webhook.Delivered, 1)
		var got []webhook.News
		for _, p := range d.poster.parcels() {
			if p.URL == standard.URL {
				if p.Style != webhook.Standard {
					d.Errorf("the standard one is posted as %s", p.Style)
				}
				continue
			}
			var n webhook.News
			d.must(json.Unmarshal(p.Body, &n))
			got = append(got, n)
			if p.Style != webhook.Subscription || p.Headers["X-Key"] != "7" || !slices.Equal(p.Secrets, []string{sub.Secrets.Key.Secret}) {
				d.Errorf("got %+v", p)
			}
		}
		slices.SortFunc(got, func(a, b webhook.News) int { return len(a.EventType) - len(b.EventType) })
		name := func(id int64) string { return "x" + strconv.FormatInt(id, 10) }
		want := []webhook.News{
			{SubscriptionID: name(int64(sub.ID)), EventID: name(merged.ID), EventType: "patient.merged", Identifiers: map[string]string{"patientId": "x12", "merged_patientId": "x14"}},
			{SubscriptionID: name(int64(sub.ID)), EventID: name(booked.ID), EventType: "booking.created", Identifiers: map[string]string{"appointmentId": "x11", "patientId": "x12"}},
		}
		if !reflect.DeepEqual(got, want) {
			d.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

func TestASubscriptionIsChangedPausedAndDeleted(t *testing.T) {
	each(t, func(d *desk) {
		edit := d.token(access.EditWebhooks)
		sub := d.subscribe("booking.created")
		d.deliver()
		yes, no := true, false
		w, err := d.hooks.Resubscribe(edit, sub.ID, webhook.SubscriptionChange{Topics: &[]webhook.Topic{"patient.merged", "booking.deleted"}, Paused: &yes})
		if err != nil || !slices.Equal(w.Topics(), []webhook.Topic{"patient.merged", "booking.deleted"}) || w.DisabledAt.IsZero() || w.Secrets.Key.Secret != "" || w.Description != "Sync" {
			d.Fatalf("got %+v, %v", w, err)
		}
		d.occurs(event.PatientMerged, `{}`)
		_, err = d.hooks.Resubscribe(edit, sub.ID, webhook.SubscriptionChange{Paused: &no})
		d.must(err)
		d.occurs(event.AppointmentConfirmed, `{}`)
		d.occurs(event.AppointmentCancelled, `{}`)
		d.until("one parcel", func() bool { return len(d.poster.parcels()) == 1 })
		for range 2 {
			gone, err := d.hooks.Unsubscribe(edit, sub.ID)
			if err != nil || gone.DeletedAt.IsZero() {
				d.Fatalf("got %+v, %v", gone, err)
			}
		}
		_, err = d.hooks.Resubscribe(edit, sub.ID, webhook.SubscriptionChange{})
		d.refused(err, webhook.ErrNotFound)
		d.occurs(event.AppointmentCancelled, `{}`)
		d.move(webhook.Keep * 2)
		d.must(d.hooks.Forget(d.ctx))
		all, err := d.hooks.Subscriptions(d.token(access.SeeWebhooks), true)
		if err != nil || len(all) != 1 || all[0].DeletedAt.IsZero() || len(all[0].Topics()) != 2 || all[0].URL != sub.URL {
			d.Fatalf("got %+v, %v", all, err)
		}
		if all, err := d.hooks.Subscriptions(d.token(access.SeeWebhooks), false); err != nil || len(all) != 0 {
			d.Fatalf("got %+v, %v", all, err)
		}
		if n := len(d.poster.parcels()); n != 1 {
			d.Errorf("%d parcels went", n)
		}
	})
}

func TestTheTwoKindsOfEndpointAreApart(t *testing.T) {
	each(t, func(d *desk) {
		sub, standard := d.subscribe("booking.created"), d.hook(webhook.Request{})
		_, err := d.hooks.Get(d.ctx, sub.ID)
		d.refused(err, webhook.ErrNotFound)
		_, err = d.hooks.Delete(d.ctx, sub.ID)
		d.refused(err, webhook.ErrNotFound)
		if all, err := d.hooks.List(d.ctx, ""); err != nil || len(all) != 1 || all[0].ID != standard.ID {
			d.Fatalf("got %+v, %v", all, err)
		}
		see := d.token(access.SeeWebhooks)
		_, err = d.hooks.SubscriptionByID(see, standard.ID)
		d.refused(err, webhook.ErrNotFound)
		_, err = d.hooks.Unsubscribe(d.token(access.EditWebhooks), standard.ID)
		d.refused(err, webhook.ErrNotFound)
		w, err := d.hooks.SubscriptionByID(see, sub.ID)
		if err != nil || w.Secrets.Key.Secret != "" || w.Secrets.Headers["X-Key"] != "" || len(w.Secrets.Headers) != 1 {
			d.Fatalf("got %+v, %v", w, err)
		}
		if w, err = d.hooks.SubscriptionByID(d.token(access.SeeWebhooks, access.EditWebhooks), sub.ID); err != nil || w.Secrets.Headers["X-Key"] != "7" {
			d.Fatalf("got %+v, %v", w, err)
		}
		_, err = d.hooks.Subscriptions(d.token(access.EditWebhooks), false)
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Subscribe(see, webhook.SubscriptionChange{})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Resubscribe(see, sub.ID, webhook.SubscriptionChange{})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Subscribe(d.token(access.EditWebhooks), webhook.SubscriptionChange{Topics: &[]webhook.Topic{"nothing.of.ours"}})
		if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 3 {
			d.Errorf("got %+v", f)
		}
	})
}
