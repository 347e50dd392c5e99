package graph

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"frontdesk/core/webhook"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// webhookVersion is the version of what is delivered.
const webhookVersion = "1"

// nouns are what this API calls the things events name, and their kinds.
var nouns = map[string]struct {
	name string
	kind kind
}{
	"event": {"eventId", kindEvent}, "webhook": {"subscriptionId", kindWebhook},
	"appointment": {"bookingId", kindBooking}, "appointment_type": {"productId", kindProduct}, "practitioner": {"doctorId", kindUser},
	"location": {"locationId", kindPlace}, "patient": {"patientId", kindPatient}, "merged_patient": {"mergedPatientId", kindPatient},
	"contact": {"contactId", kindContact}, "relationship": {"relationshipId", kindRelationship}, "label": {"labelId", kindLabel},
	"product": {"productId", kindProduct}, "invoice": {"invoiceId", kindInvoice}, "letter": {"letterId", kindLetter}, "lab": {"labId", kindLab},
	"prescription": {"prescriptionId", kindPrescription}, "document": {"documentId", kindDocument},
	"consultation": {"consultationId", kindConsultation}, "questionnaire": {"questionnaireId", kindForm},
	"phone": {"phoneId", kindPhone}, "mobile": {"phoneId", kindMobile}, "landline": {"phoneId", kindLandline},
	"number": {"patientNumberId", kindNumber}, "nhs_number": {"patientNumberId", kindNHSNumber}, "attribute": {"attributeId", kindAttribute},
	"previous_product": {"previousProductId", kindProduct}, "line": {"lineItemId", kindLineItem}, "refund": {"refundId", kindRefund},
}

// Identifier is what this API calls a thing, by the noun core has for it, and the
// id it knows it by; false for what it does not know.
func Identifier(noun string, id int64) (name, text string, known bool) {
	n, ok := nouns[noun]
	if !ok || id <= 0 {
		return "", "", false
	}
	return n.name, encode(n.kind, id), true
}

// eventType is the contract's name for a topic: PATIENT_PHONE_ADDED for
// patient.phone.added.
func eventType(t webhook.Topic) gql.WebhookEventType {
	var b strings.Builder
	for _, r := range t {
		switch {
		case r == '.':
			r = '_'
		case unicode.IsUpper(r):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return gql.WebhookEventType(b.String())
}

func topics(of []gql.WebhookEventType) []webhook.Topic {
	var out []webhook.Topic
	for _, t := range webhook.Topics {
		if slices.Contains(of, eventType(t)) {
			out = append(out, t)
		}
	}
	return out
}

func subscription(w webhook.Webhook) *gql.WebhookSubscription {
	out := &gql.WebhookSubscription{
		ID: encode(kindWebhook, w.ID), Secret: text(w.Secrets.Key.Secret), URL: w.URL, Label: w.Description, Version: webhookVersion,
		EventTypes: mapped(w.Topics(), eventType), Headers: []gql.WebhookHeader{}, CreatedAt: scalar.Of(w.CreatedAt), UpdatedAt: scalar.Of(w.UpdatedAt),
		Deleted: ptr(!w.DeletedAt.IsZero()), DeliveryPaused: ptr(!w.DisabledAt.IsZero()),
	}
	for _, name := range slices.Sorted(maps.Keys(w.Secrets.Headers)) {
		out.Headers = append(out.Headers, gql.WebhookHeader{Key: name, Value: w.Secrets.Headers[name]})
	}
	return out
}

// Webhook finds one address.
func (q query) Webhook(ctx context.Context, id string) (*gql.WebhookSubscription, error) {
	n, err := known[webhook.ID](kindWebhook, id)
	if err != nil {
		return nil, err
	}
	w, err := q.core.Webhook.SubscriptionByID(ctx, n)
	return absent(subscription(w), err, webhook.ErrNotFound)
}

// Webhooks lists the addresses.
func (q query) Webhooks(ctx context.Context, includeDeleted *bool) ([]*gql.WebhookSubscription, error) {
	all, err := q.core.Webhook.Subscriptions(ctx, deref(includeDeleted))
	if err != nil {
		return nil, err
	}
	return mapped(all, subscription), nil
}

// headers are headers by their names. One that is given twice is kept once: core
// cannot tell, and HTTP has one value of each.
func headers(all []gql.WebhookHeaderInput) map[string]string {
	out := make(map[string]string, len(all))
	for _, h := range all {
		out[h.Key] = h.Value
	}
	return out
}

// CreateWebhook makes a subscription. Only its answer tells the secret.
func (m mutation) CreateWebhook(ctx context.Context, in *gql.CreateWebhookInput) (*gql.CreateWebhookPayload, error) {
	if in == nil {
		in = &gql.CreateWebhookInput{}
	}
	w, err := m.core.Webhook.Subscribe(ctx, webhook.SubscriptionChange{
		Label: &in.Label, URL: &in.URL, Topics: ptr(topics(in.EventTypes)), Headers: headers(in.Headers.Value()),
	})
	return &gql.CreateWebhookPayload{Data: subscription(w)}, err
}

// UpdateWebhook changes a subscription.
func (m mutation) UpdateWebhook(ctx context.Context, id string, in gql.UpdateWebhookInput) (*gql.UpdateWebhookPayload, error) {
	n, err := known[webhook.ID](kindWebhook, id)
	if err != nil {
		return nil, err
	}
	ch := webhook.SubscriptionChange{Label: given(in.Label), URL: given(in.URL), Paused: given(in.DeliveryPaused)}
	if of, set := in.EventTypes.ValueOK(); set && of != nil {
		ch.Topics = ptr(topics(of))
	}
	if all, set := in.Headers.ValueOK(); set {
		ch.Headers = headers(all)
	}
	w, err := m.core.Webhook.Resubscribe(ctx, n, ch)
	return &gql.UpdateWebhookPayload{Data: subscription(w)}, err
}

// DeleteWebhook deletes a subscription.
func (m mutation) DeleteWebhook(ctx context.Context, id string) (*gql.DeleteWebhookPayload, error) {
	n, err := known[webhook.ID](kindWebhook, id)
	if err != nil {
		return nil, err
	}
	w, err := m.core.Webhook.Unsubscribe(ctx, n)
	return &gql.DeleteWebhookPayload{Data: subscription(w)}, err
}
