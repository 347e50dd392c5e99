package graph

import (
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/webhook"
	"frontdesk/graph/gql"
	webhookgraph "frontdesk/graph/webhook"
	"frontdesk/graph/wire"
)

func TestEveryEventTypeOfTheContractIsATopic(t *testing.T) {
	var got []gql.WebhookEventType
	for _, topic := range webhookgraph.Topics {
		got = append(got, topic.EventType())
		for _, of := range topic.Of {
			if !slices.Contains(event.Types, of) {
				t.Errorf("%s stands for %s, which is no type of event", topic.Name, of)
			}
		}
	}
	if !slices.Equal(got, gql.AllWebhookEventType) {
		t.Errorf("got %v", got)
	}
	for noun, n := range webhookgraph.Nouns {
		if names[n.Kind] == "" && n.Kind != wire.KindEvent {
			t.Errorf("%s is of a kind that has no name", noun)
		}
	}
}

func TestBodyOfADeliveryHasTheTopicAndKnownIDs(t *testing.T) {
	w := webhook.Webhook{ID: 7}
	data := `{"appointment_id":"11","patient_id":"12","location_id":"0","batch_id":"13","state":"booked",` +
		`"start_time":"x"}`
	ids := `{"bookingId":"` + wire.Encode(wire.KindBooking, int64(11)) + `","patientId":"` +
		wire.Encode(wire.KindPatient, int64(12)) + `"}`
	for of, want := range map[event.Type]string{
		event.AppointmentConfirmed: "booking.created", event.AppointmentUpdated: "booking.updated",
		event.AppointmentRescheduled: "booking.updated", event.InvoiceLineAdded: "invoice.lineItems.added",
		// Kept by earlier versions, and delivered after an upgrade.
		"booking.patientJourney.noShow": "booking.patientJourney.noShow", event.DemographicsUpdated: "patient.updated",
	} {
		got, err := webhookgraph.Body(w, event.Event{ID: 9, Type: of, Data: []byte(data)})
		body := `{"subscriptionId":"` + wire.Encode(wire.KindWebhook, int64(7)) + `","eventId":"` +
			wire.Encode(wire.KindEvent, int64(9)) +
			`","eventType":"` + want + `","identifiers":` + ids + `}`
		if err != nil || string(got) != body {
			t.Errorf("%s: got %s, %v\nwant %s", of, got, err, body)
		}
	}
}

const (
	webhookAsked = `id secret url label eventTypes headers { key value } version createdAt updatedAt deleted ` +
		`deliveryPaused`
	createWebhook = `mutation($in: CreateWebhookInput) { createWebhook(input: $in) { data { ` + webhookAsked +
		` } error } }`
	updateWebhook = `mutation($id: ID!, $in: UpdateWebhookInput!) { updateWebhook(id: $id, input: $in) { data { ` +
		webhookAsked + ` } error } }`
	deleteWebhook = `mutation($id: ID!) { deleteWebhook(id: $id) { data { ` + webhookAsked + ` } error } }`
	oneWebhook    = `query($id: ID!) { webhook(id: $id) { ` + webhookAsked + ` } }`
	allWebhooks   = `query($d: Boolean) { webhooks(includeDeleted: $d) { ` + webhookAsked + ` } }`
)

func newWebhook() map[string]any {
	return map[string]any{
		"url": "https://sync.example/hooks", "label": "Sync", "eventTypes": []any{"BOOKING_CREATED", "PATIENT_CREATED"},
		"headers": []any{map[string]any{"key": "X-Key", "value": "7"}},
	}
}

func TestWebhooks(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.done("createWebhook", createWebhook, "in", newWebhook())
		holds(t, made, map[string]any{
			"url": "https://sync.example/hooks", "label": "Sync", "eventTypes.0": "PATIENT_CREATED",
			"eventTypes.1": "BOOKING_CREATED", "headers.0.key": "X-Key", "headers.0.value": "7", "version": "1",
			"deleted": false, "deliveryPaused": false, "createdAt": "2031-01-06T09:00:00.000Z",
			"updatedAt": "2031-01-06T09:00:00.000Z",
		})
		if s, _ := made["secret"].(string); !strings.HasPrefix(s, "whsec_") {
			t.Errorf("the secret is %v", made["secret"])
		}
		id := made["id"]
		holds(t, d.get("webhook", oneWebhook, "id", id), map[string]any{"secret": nil, "label": "Sync",
			"headers.0.value": "7"})
		d.move(time.Minute)
		holds(t, d.done("updateWebhook", updateWebhook, "id", id, "in",
			map[string]any{"deliveryPaused": true, "label": nil, "headers": nil,
				"eventTypes": []any{"INVOICE_PAID"}}), map[string]any{
			"secret": nil, "label": "Sync", "eventTypes.0": "INVOICE_PAID", "deliveryPaused": true,
			"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:01:00.000Z",
		})
		holds(t, d.done("updateWebhook", updateWebhook, "id", id, "in", map[string]any{"deliveryPaused": false}),
			map[string]any{"deliveryPaused": false})
		holds(t, d.done("deleteWebhook", deleteWebhook, "id", id), map[string]any{"deleted": true, "label": "Sync"})
		if got := d.get("webhooks", allWebhooks).([]any); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		holds(t, d.get("webhooks", allWebhooks, "d", true), map[string]any{"0.id": id, "0.deleted": true,
			"0.eventTypes.0": "INVOICE_PAID", "0.url": "https://sync.example/hooks"})
	})
}

func TestWebhooksAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.done("createWebhook", createWebhook, "in", newWebhook())
		id := made["id"]
		bad := newWebhook()
		bad["url"] = "http://10.0.0.1/"
		if _, wrong := d.payload("createWebhook", createWebhook, "in", bad); !strings.Contains(wrong,
			"not a public one") {
			t.Error(wrong)
		}
		bad = newWebhook()
		bad["eventTypes"] = []any{}
		if _, wrong := d.payload("createWebhook", createWebhook, "in", bad); !strings.Contains(wrong,
			"eventTypes: At least one") {
			t.Error(wrong)
		}
		if _, wrong := d.payload("createWebhook", createWebhook); !strings.Contains(wrong, "url") {
			t.Error(wrong)
		}
		change := map[string]any{"label": "x"}
		d.token = d.newToken("readonly")
		holds(t, d.get("webhook", oneWebhook, "id", id), map[string]any{"headers.0.key": "X-Key",
			"headers.0.value": ""})
		d.forbidden("editWebhooks", createWebhook, "in", newWebhook())
		d.forbidden("editWebhooks", updateWebhook, "id", id, "in", change)
		d.forbidden("editWebhooks", deleteWebhook, "id", id)
		d.token = d.newToken("booking")
		d.forbidden("seeWebhooks", oneWebhook, "id", id)
		d.forbidden("seeWebhooks", allWebhooks)

		d.join("Another")
		if got := d.get("webhook", oneWebhook, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if got := d.get("webhooks", allWebhooks, "d", true).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		if _, wrong := d.payload("updateWebhook", updateWebhook, "id", id, "in",
			change); wrong != webhook.ErrNotFound.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("deleteWebhook", deleteWebhook, "id", id); wrong != webhook.ErrNotFound.Message {
			t.Error(wrong)
		}
	})
}

func TestWebhookListTakesConstantStatements(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := 0
		d.flat("webhooks", allWebhooks, nil, func() int {
			for range 3 {
				d.done("createWebhook", createWebhook, "in", newWebhook())
				made++
			}
			return made
		})
	})
}
