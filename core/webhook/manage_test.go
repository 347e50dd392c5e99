package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	auditstore "frontdesk/store/audit"
	practicestore "frontdesk/store/practice"
)

func ptr[T any](v T) *T { return &v }

func TestSigningKeyIsShownOnceAndKeptSealed(t *testing.T) {
	each(t, func(d *kit) {
		made := d.hook(webhook.Request{Headers: map[string]string{"authorization": "Bearer abc"}, Asymmetric: true})
		if !strings.HasPrefix(made.Secrets.Key.Secret, "whsec_") || made.Secrets.Headers["Authorization"] != "Bearer abc" {
			d.Fatalf("the answer has %+v", made.Secrets)
		}
		given := d.hook(webhook.Request{SigningKey: "s3cret of theirs"})
		if given.Secrets.Key.Secret != "s3cret of theirs" {
			d.Errorf("the key became %q", given.Secrets.Key.Secret)
		}
		shown, err := d.hooks.Get(d.ctx, webhook.Standard, made.ID)
		d.must(err)
		if shown.Secrets.Key.Secret != "" || len(shown.Secrets.Headers) != 0 ||
			!slices.Equal(shown.HeaderNames, []string{"Authorization"}) {
			d.Errorf("later it shows %+v and %v", shown.Secrets, shown.HeaderNames)
		}
		if key := shown.Secrets.Key.PublicKey(); !strings.HasPrefix(key, "whpk_") || key != made.Secrets.Key.PublicKey() {
			d.Errorf("its public key is %q", key)
		}
		kept, err := d.hooks.Store.Webhook(d.ctx, d.group, made.ID)
		d.must(err)
		if strings.Contains(string(kept.Sealed), "Bearer") || len(kept.Sealed) == 0 {
			d.Errorf("it is kept as %q", kept.Sealed)
		}
		trail, err := auditstore.New(d.db).Trail(d.ctx, int64(d.group), "webhook", int64(made.ID), 10)
		d.must(err)
		if len(trail) != 1 || trail[0].Actor != "Mill Lane" || strings.Contains(string(trail[0].After), "whsec_") {
			d.Errorf("the trail is %+v", trail)
		}
	})
}

func TestWrongRequestIsRefusedFieldByField(t *testing.T) {
	each(t, func(d *kit) {
		for _, c := range []struct {
			name  string
			r     webhook.Request
			field string
		}{
			{"an unknown type", webhook.Request{URL: "https://a.example", Types: only("appointment.*")}, "event_types"},
			{"no address", webhook.Request{Types: only(event.MessageSent)}, "url"},
			{"a private address", webhook.Request{URL: "http://10.0.0.1/", Types: only(event.MessageSent)}, "url"},
			{"a header of ours", webhook.Request{URL: "https://a.example", Types: only(event.MessageSent),
				Headers: map[string]string{"Host": "b"}}, "headers"},
			{"one header twice", webhook.Request{URL: "https://a.example", Types: only(event.MessageSent),
				Headers: map[string]string{"x-a": "1", "X-A": "2"}}, "headers"},
			{"a key that is no Base64", webhook.Request{URL: "https://a.example", Types: only(event.MessageSent),
				SigningKey: "whsec_!"}, "signing_key"},
			{"a long description", webhook.Request{URL: "https://a.example", Types: only(event.MessageSent),
				Description: strings.Repeat("x", 501)}, "description"},
		} {
			c.r.Format = webhook.Standard
			_, err := d.hooks.Create(d.ctx, c.r)
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path[0] != c.field {
				d.Errorf("%s: got %v", c.name, err)
			}
		}
	})
}

func TestPartnerSeesItsOwnWebhooksAndStaffSeesAll(t *testing.T) {
	each(t, func(d *kit) {
		ours := d.hook(webhook.Request{})
		theirs, err := d.hooks.Create(d.partner, webhook.Request{Format: webhook.Standard, URL: "https://theirs.example",
			Types: only(event.AppointmentConfirmed)})
		d.must(err)
		seen := func(ctx context.Context) []webhook.ID {
			all, err := d.hooks.List(ctx, webhook.Filter{Format: webhook.Standard})
			d.must(err)
			var ids []webhook.ID
			for _, w := range all {
				ids = append(ids, w.ID)
			}
			return ids
		}
		if got := seen(d.partner); !slices.Equal(got, []webhook.ID{theirs.ID}) {
			d.Errorf("the partner sees %v", got)
		}
		if got := seen(d.ctx); len(got) != 2 {
			d.Errorf("staff sees %v", got)
		}
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		for name, call := range map[string]func() error{
			"get":    func() error { _, err := d.hooks.Get(d.partner, webhook.Standard, ours.ID); return err },
			"health": func() error { _, err := d.hooks.Health(d.partner, ours.ID); return err },
			"update": func() error {
				_, err := d.hooks.Update(d.partner, webhook.Standard, ours.ID, webhook.Change{URL: ptr("https://x.example")})
				return err
			},
			"rotate":  func() error { _, err := d.hooks.Rotate(d.partner, ours.ID, "", 0); return err },
			"disable": func() error { _, err := d.hooks.Disable(d.partner, ours.ID); return err },
			"enable":  func() error { _, err := d.hooks.Enable(d.partner, ours.ID); return err },
			"delete":  func() error { _, err := d.hooks.Delete(d.partner, webhook.Standard, ours.ID); return err },
			"test":    func() error { _, err := d.hooks.Test(d.partner, ours.ID); return err },
			"deliveries": func() error {
				_, _, err := d.hooks.Deliveries(d.partner, ours.ID,
					webhook.Query{Limit: 1})
				return err
			},
			"delivery": func() error { _, _, err := d.hooks.Delivery(d.partner, ours.ID, e.ID); return err },
			"replay":   func() error { _, err := d.hooks.ReplayOne(d.partner, ours.ID, e.ID); return err },
			"range": func() error {
				_, err := d.hooks.ReplayRange(d.partner, ours.ID, d.now().Add(-time.Hour), time.Time{}, true)
				return err
			},
		} {
			if err := call(); !errors.Is(err, webhook.ErrNotFound) {
				d.Errorf("%s: another partner gets %v", name, err)
			}
		}
	})
}

func TestAnotherPracticeFindsNothing(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		practices := &practice.Service{Store: practicestore.New(d.db), Now: d.now, NewID: d.db.NewID}
		other, err := practices.CreateGroup(d.ctx, practice.Group{Name: "Elsewhere"})
		d.must(err)
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		them := access.With(context.Background(), access.Caller{Group: other.ID, Home: other.ID, Actor: "Mill Lane",
			Permissions: access.OfKey(access.Scopes, access.KeyPermissions)})
		_, err = d.hooks.Get(them, webhook.Standard, w.ID)
		d.refused(err, webhook.ErrNotFound)
		mine, err := d.hooks.Create(them, webhook.Request{Format: webhook.Standard, URL: "https://a.example",
			Types: only(event.AppointmentConfirmed)})
		d.must(err)
		_, err = d.hooks.ReplayOne(them, mine.ID, e.ID)
		d.refused(err, webhook.ErrNoDelivery)
		page, err := d.hooks.Events(them, webhook.LogQuery{Limit: 10})
		d.must(err)
		if len(page.Events) != 0 {
			d.Errorf("it reads %v", page.Events)
		}
		_, err = d.hooks.Invent(them, event.MessageSent)
		d.refused(err, webhook.ErrNotSandbox)
		visitor := access.With(context.Background(), access.Caller{Group: d.group, Home: other.ID, Actor: "Mill Lane",
			Permissions: access.OfKey(access.Scopes, access.KeyPermissions)})
		_, err = d.hooks.List(visitor, webhook.Filter{Format: webhook.Standard})
		d.refused(err, access.ErrGroup)
	})
}

func TestKeySeesEventsOfItsScopesAloneAndDetailsNeedStaff(t *testing.T) {
	each(t, func(d *kit) {
		_, err := d.hooks.Create(d.partner, webhook.Request{Format: webhook.Standard, URL: "https://a.example",
			Types: only(event.MessageSent)})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Create(d.partner, webhook.Request{Format: webhook.Standard, URL: "https://a.example",
			Types: only(event.AppointmentConfirmed), IncludeDetails: true})
		d.refused(err, access.ErrPermission)
		mine, err := d.hooks.Create(d.partner, webhook.Request{Format: webhook.Standard, URL: "https://a.example",
			Types: only(event.AppointmentConfirmed)})
		d.must(err)
		_, err = d.hooks.Update(d.partner, webhook.Standard, mine.ID, webhook.Change{IncludeDetails: ptr(true)})
		d.refused(err, access.ErrPermission)
		_, err = d.hooks.Update(d.ctx, webhook.Standard, mine.ID, webhook.Change{IncludeDetails: ptr(true)})
		d.must(err)
		_, err = d.hooks.Update(d.partner, webhook.Standard, mine.ID, webhook.Change{URL: ptr("https://mine.example")})
		d.refused(err, access.ErrPermission)
		d.happens(event.MessageSent, 1, 1)
		d.happens(event.AppointmentReserved, 2, 1)
		page, err := d.hooks.Events(d.partner, webhook.LogQuery{Limit: 10})
		d.must(err)
		if len(page.Events) != 1 || page.Events[0].Type != event.AppointmentReserved {
			d.Errorf("a key for bookings reads %v", page.Events)
		}
	})
}

func TestDetailsAreAddedOnlyWhereTheyAreWanted(t *testing.T) {
	each(t, func(d *kit) {
		d.details = func(_ context.Context, _ practice.ID, e event.Event) (json.RawMessage, error) {
			return json.RawMessage(`{"patient":{"first_name":"Ada"}}`), nil
		}
		thin := d.hook(webhook.Request{URL: "https://thin.example"})
		full := d.hook(webhook.Request{URL: "https://full.example", IncludeDetails: true})
		d.deliver()
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		d.state(thin, e, webhook.Delivered, 1)
		d.state(full, e, webhook.Delivered, 1)
		for _, p := range d.poster.parcels() {
			want := `"data":{"n":1}`
			if p.URL == full.URL {
				want = `"data":{"n":1,"details":{"patient":{"first_name":"Ada"}}}`
			}
			if !strings.Contains(string(p.Body), want) {
				d.Errorf("%s got %s", p.URL, p.Body)
			}
		}
	})
}

func TestBothKeysSignWhileAKeyIsChanged(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{SigningKey: "the old key", Asymmetric: true})
		rotated, err := d.hooks.Rotate(d.ctx, w.ID, "", 24*time.Hour)
		d.must(err)
		d.deliver()
		d.state(w, d.happens(event.AppointmentConfirmed, 1, 1), webhook.Delivered, 1)
		d.move(25 * time.Hour)
		d.state(w, d.happens(event.AppointmentConfirmed, 2, 1), webhook.Delivered, 1)
		parcels := d.poster.parcels()
		fresh := rotated.Secrets.Key.Secret
		if got := parcels[0]; !slices.Equal(got.Secrets, []string{fresh, "the old key"}) || len(got.Ed25519) != 2 {
			d.Errorf("during the overlap it was signed with %v", got.Secrets)
		}
		if got := parcels[1]; !slices.Equal(got.Secrets, []string{fresh}) || len(got.Ed25519) != 1 {
			d.Errorf("after the overlap it was signed with %v", got.Secrets)
		}
	})
}

func TestDeletedWebhookGetsNothingAndItsRowsGo(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{})
		e := d.happens(event.AppointmentConfirmed, 1, 1)
		_, err := d.hooks.Delete(d.ctx, webhook.Standard, w.ID)
		d.must(err)
		_, err = d.hooks.Delete(d.ctx, webhook.Standard, w.ID)
		d.refused(err, webhook.ErrNotFound)
		d.deliver()
		d.happens(event.AppointmentConfirmed, 1, 2)
		still := d.hook(webhook.Request{})
		d.state(still, d.happens(event.AppointmentConfirmed, 2, 1), webhook.Delivered, 1)
		if n := len(d.poster.parcels()); n != 1 {
			d.Errorf("%d parcels were posted", n)
		}
		d.move(time.Hour)
		d.must(d.hooks.Forget(access.With(context.Background(), access.System(d.group))))
		if _, err := d.hooks.Store.Delivery(d.ctx, d.group, w.ID, e.ID); !errors.Is(err, webhook.ErrNoDelivery) {
			d.Errorf("its delivery is still there (%v)", err)
		}
		if gone, err := d.hooks.Store.GoneWebhooks(d.ctx, d.group, d.now()); err != nil || len(gone) != 0 {
			d.Errorf("%v are still there (%v)", gone, err)
		}
	})
}

func TestTestEventGoesToOneEndpointAndIsNotInTheLog(t *testing.T) {
	each(t, func(d *kit) {
		w := d.hook(webhook.Request{Types: only(event.MessageSent), URL: "https://one.example/"})
		d.hook(webhook.Request{Types: only(event.MessageSent), URL: "https://two.example/"})
		d.deliver()
		sent, err := d.hooks.Test(d.ctx, w.ID)
		d.must(err)
		d.state(w, event.Event{ID: sent.ID}, webhook.Delivered, 1)
		parcels := d.poster.parcels()
		var p webhook.Payload
		d.must(json.Unmarshal(parcels[0].Body, &p))
		if len(parcels) != 1 || parcels[0].URL != "https://one.example/" || !p.Test ||
			p.EventType != string(event.MessageSent) {
			d.Errorf("%d parcels went, the first %s", len(parcels), parcels[0].Body)
		}
		page, err := d.hooks.Events(d.ctx, webhook.LogQuery{Limit: 10})
		d.must(err)
		if len(page.Events) != 0 {
			d.Errorf("the log has %v", page.Events)
		}
		_, err = d.hooks.Disable(d.ctx, w.ID)
		d.must(err)
		_, err = d.hooks.Test(d.ctx, w.ID)
		d.refused(err, webhook.ErrDisabled)
	})
}

func TestWebhooksOfAPracticeAreLimited(t *testing.T) {
	each(t, func(d *kit) {
		for range webhook.Most {
			d.hook(webhook.Request{})
		}
		_, err := d.hooks.Create(d.ctx, webhook.Request{Format: webhook.Standard, URL: "https://a.example",
			Types: only(event.MessageSent)})
		d.refused(err, webhook.ErrTooMany)
	})
}
