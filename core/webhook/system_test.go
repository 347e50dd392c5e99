package webhook_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/webhook"
)

// watcher makes an endpoint in the format Semble for a partner, which gets events about deliveries themselves.
func (d *kit) watcher(partner, url string) webhook.Webhook {
	d.Helper()
	ctx := access.With(context.Background(), access.Caller{Group: d.group, Home: d.group, Key: 2, Actor: partner,
		Application: true, Permissions: []access.Permission{access.EditWebhooks}})
	w, err := d.hooks.Create(ctx, webhook.Request{Format: webhook.Semble, Description: "Watch", URL: url,
		Types: []event.Type{event.DeliveryFailed, event.WebhookUpdated}})
	d.must(err)
	return w
}

// sentTo are the bodies of what an address was sent, each once.
func (d *kit) sentTo(url string) []string {
	var out []string
	for _, p := range d.poster.parcels() {
		if p.URL == url && !slices.Contains(out, string(p.Body)) {
			out = append(out, string(p.Body))
		}
	}
	return out
}

func TestDeliveryThatIsGivenUpIsReportedOnceToThePartnersOtherEndpoints(t *testing.T) {
	each(t, func(d *kit) {
		failing := d.semble(event.PatientCreated, event.DeliveryFailed)
		d.watcher("Website", "https://watch.example/")
		d.watcher("Another", "https://another.example/")
		watched := true
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.URL == failing.URL || p.URL == "https://watch.example/" && !watched {
				return courier.Answer{Status: 503}
			}
			return courier.Answer{Status: 204}
		})
		d.deliver()
		created := d.occurs(event.PatientCreated, `{"patient_id":"7"}`)
		settled := func(w webhook.Webhook, id int64) func() bool {
			return func() bool {
				got, err := d.hooks.Store.Delivery(d.ctx, d.group, w.ID, id)
				d.must(err)
				if got.State == webhook.Waiting && !got.Leased && got.DueAt.After(d.now()) {
					d.move(got.DueAt.Sub(d.now()))
				}
				return got.State == webhook.Failed
			}
		}
		d.until("given up", settled(failing, created.ID))
		d.until("reported", func() bool { return len(d.sentTo("https://watch.example/")) == 1 })
		got := d.sentTo("https://watch.example/")[0]
		for _, want := range []string{"webhook.delivery-failed", `"failed_event_type":"patient.created"`, `"status":503`,
			`"webhook_id":"` + failing.ID.String() + `"`} {
			if !strings.Contains(got, want) {
				d.Errorf("%s lacks %s", got, want)
			}
		}
		if n := len(d.sentTo(failing.URL)); n != 1 {
			d.Errorf("the endpoint that fails was sent %d", n)
		}
		if n := len(d.sentTo("https://another.example/")); n != 0 {
			d.Errorf("another partner was sent %d", n)
		}
	})
}

func TestReportThatIsGivenUpIsNotReported(t *testing.T) {
	each(t, func(d *kit) {
		w := d.watcher("Website", "https://watch.example/")
		d.watcher("Website", "https://other.example/")
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.URL == w.URL {
				return courier.Answer{Status: 500}
			}
			return courier.Answer{Status: 204}
		})
		d.deliver()
		e := d.occurs(event.DeliveryFailed, `{"webhook_id":"7","failed_event_type":"patient.created"}`)
		d.until("given up", func() bool {
			got, err := d.hooks.Store.Delivery(d.ctx, d.group, w.ID, e.ID)
			d.must(err)
			if got.State == webhook.Waiting && !got.Leased && got.DueAt.After(d.now()) {
				d.move(got.DueAt.Sub(d.now()))
			}
			return got.State == webhook.Failed
		})
		all, err := d.db.Events(d.ctx, int64(d.group), 0, 100)
		d.must(err)
		for _, x := range all {
			if x.Type == event.DeliveryFailed && x.ID != e.ID {
				d.Errorf("a report of a report: %s", x.Data)
			}
		}
	})
}

func TestEndpointThatIsChangedIsReported(t *testing.T) {
	each(t, func(d *kit) {
		w := d.semble(event.PatientCreated, event.WebhookUpdated)
		d.watcher("Website", "https://watch.example/")
		d.watcher("Another", "https://another.example/")
		d.deliver()
		token := d.token(access.EditWebhooks)
		for _, ch := range []webhook.Change{{Description: new("Ours")}, {Paused: new(true)}, {Paused: new(false)}} {
			_, err := d.hooks.Update(token, webhook.Semble, w.ID, ch)
			d.must(err)
		}
		d.until("three reports", func() bool {
			var all int
			for _, p := range d.poster.parcels() {
				if p.URL == "https://watch.example/" {
					all++
				}
			}
			return all == 3
		})
		got := strings.Join(d.sentTo("https://watch.example/"), " ")
		if !strings.Contains(got, `"paused":true`) || !strings.Contains(got, `"paused":false`) {
			d.Errorf("got %s", got)
		}
		// The program switches one off that is gone.
		d.poster.says(func(p courier.Parcel) courier.Answer {
			if p.URL == w.URL {
				return courier.Answer{Status: 410}
			}
			return courier.Answer{Status: 204}
		})
		d.occurs(event.PatientCreated, `{"patient_id":"7"}`)
		d.until("switched off", func() bool {
			var all int
			for _, p := range d.poster.parcels() {
				if p.URL == "https://watch.example/" {
					all++
				}
			}
			return all == 4
		})
		if len(d.sentTo("https://another.example/"))+len(d.sentTo(w.URL)) != 1 {
			d.Errorf("another partner was sent %v, and itself %v", d.sentTo("https://another.example/"), d.sentTo(w.URL))
		}
	})
}
