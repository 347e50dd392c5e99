package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/webhook"
)

// token is a caller whose role has some permissions.
func (d *kit) token(may ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{
		Group: d.group, Home: d.group, Key: 2, Actor: "Website", Application: true, Permissions: may,
	})
}

// semble makes an endpoint in that format.
func (d *kit) semble(of ...event.Type) webhook.Webhook {
	d.Helper()
	w, err := d.hooks.Create(d.token(access.EditWebhooks), webhook.Request{
		Format: webhook.Semble, Types: of, Description: "Sync", URL: "https://sync.example/hooks",
		Headers: map[string]string{"x-key": "7"},
	})
	d.must(err)
	return w
}

// occurs records an event with data.
func (d *kit) occurs(of event.Type, data string) event.Event {
	d.Helper()
	e := event.Event{
		ID: d.db.NewID(), Group: int64(d.group), Type: of, Subject: d.db.NewID(), Sequence: 1, At: d.now(),
		Data: json.RawMessage(data),
	}
	d.must(d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error { return tx.Record(d.ctx, e) }))
	return e
}

func TestSembleEndpointGetsSeveralTypesInItsOwnForm(t *testing.T) {
	each(t, func(d *kit) {
		w := d.semble(event.PatientMerged, event.AppointmentConfirmed, event.InvoicePaid, event.PatientMerged)
		standard := d.hook(webhook.Request{})
		d.deliver()
		booked := d.occurs(event.AppointmentConfirmed, `{"n":1}`)
		d.occurs(event.AppointmentCancelled, `{}`) // not asked for
		d.occurs(event.PatientMerged, `{"n":2}`)
		d.until("three parcels", func() bool { return len(d.poster.parcels()) == 3 })
		d.state(standard, booked, webhook.Delivered, 1)
		var got []string
		for _, p := range d.poster.parcels() {
			if p.URL == standard.URL {
				if p.Format != webhook.Standard {
					d.Errorf("the standard one is posted as %s", p.Format)
				}
				continue
			}
			got = append(got, string(p.Body))
			if p.Format != webhook.Semble || p.Headers["X-Key"] != "7" ||
				!slices.Equal(p.Secrets, []string{w.Secrets.Key.Secret}) {
				d.Errorf("got %+v", p)
			}
		}
		slices.Sort(got)
		on := noon.Format(time.DateOnly)
		want := []string{
			fmt.Sprintf(`appointment.confirmed of %s for %s: {"n":1}`, on,
				w.ID), fmt.Sprintf(`patient.merged of %s for %s: {"n":2}`, on, w.ID),
		}
		if !slices.Equal(got, want) {
			d.Errorf("got %q\nwant %q", got, want)
		}
	})
}

// A change is one event; its parts are delivered by themselves.
func TestPartsOfAnEventAreDeliveredEachUnderItsOwnID(t *testing.T) {
	each(t, func(d *kit) {
		d.semble(event.InvoiceLineAdded, event.InvoicePaid)
		d.deliver()
		ids := event.IDs{"invoice": 7, "line": 8, "contact": 0}
		e := event.Of(int64(d.group), d.now(), event.Fact{Type: event.InvoiceLineAdded, IDs: ids},
			event.Fact{Type: event.InvoicePaid, IDs: ids})
		d.must(d.hooks.Store.Do(d.ctx, func(tx webhook.Tx) error { return tx.Record(d.ctx, e) }))
		d.until("both", func() bool { return len(d.poster.parcels()) == 2 })
		all, err := d.db.Events(d.ctx, int64(d.group), 0, 10)
		d.must(err)
		if len(all) != 2 || all[0].Type != event.InvoiceLineAdded || all[1].Type != event.InvoicePaid {
			d.Fatalf("kept %+v", all)
		}
		for _, e := range all {
			if string(e.Data) != `{"invoice_id":"7","line_id":"8"}` || e.Subject != e.ID || e.Sequence != 1 {
				d.Errorf("kept %+v", e)
			}
		}
		parcels := d.poster.parcels()
		if parcels[0].ID == parcels[1].ID {
			d.Error("both went under one id")
		}
	})
}

func TestSembleEndpointIsChangedPausedAndDeleted(t *testing.T) {
	each(t, func(d *kit) {
		edit, see := d.token(access.EditWebhooks), d.token(access.SeeWebhooks)
		made := d.semble(event.AppointmentConfirmed)
		d.deliver()
		types := []event.Type{event.PatientMerged, event.AppointmentCancelled}
		w, err := d.hooks.Update(edit, webhook.Semble, made.ID, webhook.Change{Types: &types, Paused: ptr(true)})
		slices.Sort(types)
		if err != nil || !slices.Equal(w.Types, types) || w.DisabledAt.IsZero() || w.Secrets.Key.Secret != "" ||
			w.Description != "Sync" {
			d.Fatalf("got %+v, %v", w, err)
		}
		d.occurs(event.PatientMerged, `{}`)
		_, err = d.hooks.Update(edit, webhook.Semble, made.ID, webhook.Change{Paused: ptr(false)})
		d.must(err)
		d.occurs(event.AppointmentConfirmed, `{}`)
		d.occurs(event.AppointmentCancelled, `{}`)
		d.until("one parcel", func() bool { return len(d.poster.parcels()) == 1 })
		for range 2 {
			gone, err := d.hooks.Delete(edit, webhook.Semble, made.ID)
			if err != nil || gone.DeletedAt.IsZero() {
				d.Fatalf("got %+v, %v", gone, err)
			}
		}
		_, err = d.hooks.Update(edit, webhook.Semble, made.ID, webhook.Change{})
		d.refused(err, webhook.ErrNotFound)
		d.occurs(event.AppointmentCancelled, `{}`)
		d.move(webhook.Keep * 2)
		d.must(d.hooks.Forget(d.ctx))
		all, err := d.hooks.List(see, webhook.Filter{Format: webhook.Semble, Deleted: true})
		if err != nil || len(all) != 1 || all[0].DeletedAt.IsZero() || !slices.Equal(all[0].Types, types) ||
			all[0].URL != made.URL {
			d.Fatalf("got %+v, %v", all, err)
		}
		if all, err := d.hooks.List(see, webhook.Filter{Format: webhook.Semble}); err != nil || len(all) != 0 {
			d.Fatalf("got %+v, %v", all, err)
		}
		if n := len(d.poster.parcels()); n != 1 {
			d.Errorf("%d parcels went", n)
		}
	})
}

func TestEachDoorSeesEndpointsInItsOwnFormat(t *testing.T) {
	each(t, func(d *kit) {
		semble, standard := d.semble(event.AppointmentConfirmed), d.hook(webhook.Request{})
		_, err := d.hooks.Get(d.ctx, webhook.Standard, semble.ID)
		d.refused(err, webhook.ErrNotFound)
		_, err = d.hooks.Delete(d.ctx, webhook.Standard, semble.ID)
		d.refused(err, webhook.ErrNotFound)
		if all, err := d.hooks.List(d.ctx, webhook.Filter{Format: webhook.Standard}); err != nil || len(all) != 1 ||
			all[0].ID != standard.ID {
			d.Fatalf("got %+v, %v", all, err)
		}
		see := d.token(access.SeeWebhooks)
		_, err = d.hooks.Get(see, webhook.Semble, standard.ID)
		d.refused(err, webhook.ErrNotFound)
		_, err = d.hooks.Delete(d.token(access.EditWebhooks), webhook.Semble, standard.ID)
		d.refused(err, webhook.ErrNotFound)
	})
}

func TestSembleEndpointNeedsPermissionAndShowsHeadersToThoseWhoEdit(t *testing.T) {
	each(t, func(d *kit) {
		made := d.semble(event.AppointmentConfirmed)
		see, edit := d.token(access.SeeWebhooks), d.token(access.EditWebhooks)
		w, err := d.hooks.Get(see, webhook.Semble, made.ID)
		if err != nil || w.Secrets.Key.Secret != "" || w.Secrets.Headers["X-Key"] != "" ||
			!slices.Equal(w.HeaderNames, []string{"X-Key"}) {
			d.Fatalf("got %+v, %v", w, err)
		}
		w, err = d.hooks.Get(d.token(access.SeeWebhooks, access.EditWebhooks), webhook.Semble, made.ID)
		if err != nil || w.Secrets.Headers["X-Key"] != "7" {
			d.Fatalf("got %+v, %v", w, err)
		}
		_, err = d.hooks.List(edit, webhook.Filter{Format: webhook.Semble})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Create(see, webhook.Request{Format: webhook.Semble})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Update(see, webhook.Semble, made.ID, webhook.Change{})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Delete(see, webhook.Semble, made.ID)
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Create(edit, webhook.Request{Format: webhook.Semble, Types: []event.Type{"nothing.of.ours"}})
		if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 3 {
			d.Errorf("got %+v", f)
		}
		_, err = d.hooks.Create(edit, webhook.Request{Format: webhook.Semble, Description: "Sync",
			URL: "https://sync.example/"})
		if f := fault.Of(err); len(f.Fields) != 1 || f.Fields[0].Path[0] != "event_types" {
			d.Errorf("got %+v", f)
		}
	})
}
