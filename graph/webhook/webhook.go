package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"frontdesk/core/event"
	"frontdesk/core/webhook"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// webhookVersion is the version of what is delivered.
const webhookVersion = "1"

// Nouns are what this API calls the things events name, and their kinds.
var Nouns = map[string]struct {
	name string
	Kind wire.Kind
}{
	"event":            {"eventId", wire.KindEvent},
	"webhook":          {"subscriptionId", wire.KindWebhook},
	"delivery":         {"outboxId", wire.KindEvent},
	"appointment":      {"bookingId", wire.KindBooking},
	"appointment_type": {"productId", wire.KindProduct},
	"practitioner":     {"doctorId", wire.KindUser},
	"location":         {"locationId", wire.KindPlace},
	"patient":          {"patientId", wire.KindPatient},
	"merged_patient":   {"mergedPatientId", wire.KindPatient},
	"contact":          {"contactId", wire.KindContact},
	"relationship":     {"relationshipId", wire.KindRelationship},
	"label":            {"labelId", wire.KindLabel},
	"product":          {"productId", wire.KindProduct},
	"previous_product": {"previousProductId", wire.KindProduct},
	"invoice":          {"invoiceId", wire.KindInvoice},
	"line":             {"lineItemId", wire.KindLineItem},
	"refund":           {"refundId", wire.KindRefund},
	"letter":           {"letterId", wire.KindLetter},
	"lab":              {"labId", wire.KindLab},
	"prescription":     {"prescriptionId", wire.KindPrescription},
	"document":         {"documentId", wire.KindDocument},
	"consultation":     {"consultationId", wire.KindConsultation},
	"questionnaire":    {"questionnaireId", wire.KindForm},
	"phone":            {"phoneId", wire.KindPhone},
	"mobile":           {"phoneId", wire.KindMobile},
	"landline":         {"phoneId", wire.KindLandline},
	"number":           {"patientNumberId", wire.KindNumber},
	"nhs_number":       {"patientNumberId", wire.KindNHSNumber},
	"attribute":        {"attributeId", wire.KindAttribute},
}

// Identifier is this API's name and id of a thing, by core's noun and id; false for a
// thing this API does not have.
func Identifier(noun string, id int64) (name, text string, known bool) {
	n, ok := Nouns[noun]
	if !ok || id <= 0 {
		return "", "", false
	}
	return n.name, wire.Encode(n.Kind, id), true
}

// topic is a type of event in the words of this API, and the types core has for
// it.
type topic struct {
	Name string
	Of   []event.Type
}

// Topics are all topics, in the contract's order. Source: the webhook events of
// https://docs.semble.io; where only the name of the enumeration's value is
// published, the topic is made from it in the same manner. Nothing here causes some
// of them yet: those can be asked for, and are delivered from the day something
// does.
var Topics = []topic{
	{"patient.created", []event.Type{event.PatientCreated}},
	{"patient.updated", []event.Type{event.PatientUpdated}},
	{"patient.deleted", []event.Type{event.PatientDeleted}},
	{"patient.merged", []event.Type{event.PatientMerged}},
	{"patient.archived", []event.Type{event.PatientArchived}},
	{"patient.unarchived", []event.Type{event.PatientUnarchived}},
	{"patient.relationship.added", []event.Type{event.PatientRelationshipAdded}},
	{"patient.relationship.updated", []event.Type{event.PatientRelationshipUpdated}},
	{"patient.relationship.removed", []event.Type{event.PatientRelationshipRemoved}},
	{"patient.customAttribute.added", []event.Type{event.PatientAttributeAdded}},
	{"patient.customAttribute.updated", []event.Type{event.PatientAttributeUpdated}},
	{"patient.customAttribute.removed", []event.Type{event.PatientAttributeRemoved}},
	{"patient.phone.added", []event.Type{event.PatientPhoneAdded}},
	{"patient.phone.updated", []event.Type{event.PatientPhoneUpdated}},
	{"patient.phone.removed", []event.Type{event.PatientPhoneRemoved}},
	{"patient.number.added", []event.Type{event.PatientNumberAdded}},
	{"patient.number.updated", []event.Type{event.PatientNumberUpdated}},
	{"patient.number.removed", []event.Type{event.PatientNumberRemoved}},
	{"patient.membership.updated", []event.Type{event.PatientMembershipUpdated}},
	{"patient.label.added", []event.Type{event.PatientLabelAdded}},
	{"patient.label.removed", []event.Type{event.PatientLabelRemoved}},
	{"product.label.added", []event.Type{event.ProductLabelAdded}},
	{"product.label.removed", []event.Type{event.ProductLabelRemoved}},
	{"lab.created", []event.Type{event.LabCreated}},
	{"lab.results.added", []event.Type{event.LabResultsAdded}},
	{"letter.created", []event.Type{event.LetterCreated}},
	{"letter.deleted", []event.Type{event.LetterDeleted}},
	{"letter.shared", []event.Type{event.LetterShared}},
	{"letter.reviewStatus.updated", []event.Type{event.LetterReviewUpdated}},
	{"booking.created", []event.Type{event.AppointmentConfirmed}},
	{"booking.updated", []event.Type{event.AppointmentRescheduled, event.AppointmentUpdated}},
	{"booking.deleted", []event.Type{event.AppointmentCancelled}},
	{"booking.patientJourney.arrived", []event.Type{event.AppointmentArrived}},
	{"booking.patientJourney.inConsultation", []event.Type{event.AppointmentConsultationStarted}},
	{"booking.patientJourney.completed", []event.Type{event.AppointmentDeparted}},
	{"booking.patientJourney.noShow", []event.Type{event.AppointmentMissed}},
	{"prescription.created", []event.Type{event.PrescriptionCreated}},
	{"prescription.deleted", []event.Type{event.PrescriptionDeleted}},
	{"prescription.ordered", []event.Type{event.PrescriptionOrdered}},
	{"prescription.recordedInError", []event.Type{event.PrescriptionRecordedInError}},
	{"prescription.shared", []event.Type{event.PrescriptionShared}},
	{"prescription.eprescription.generated", []event.Type{event.PrescriptionSentElectronically}},
	{"invoice.created", []event.Type{event.InvoiceCreated}},
	{"invoice.updated", []event.Type{event.InvoiceUpdated}},
	{"invoice.deleted", []event.Type{event.InvoiceDeleted}},
	{"invoice.paid", []event.Type{event.InvoicePaid}},
	{"invoice.partiallyPaid", []event.Type{event.InvoicePartiallyPaid}},
	{"invoice.refunded", []event.Type{event.InvoiceRefunded}},
	{"invoice.shared", []event.Type{event.InvoiceShared}},
	{"invoice.lineItems.added", []event.Type{event.InvoiceLineAdded}},
	{"invoice.lineItems.updated", []event.Type{event.InvoiceLineUpdated}},
	{"invoice.lineItems.removed", []event.Type{event.InvoiceLineRemoved}},
	{"invoice.integrations.xero.synced", []event.Type{event.InvoiceXeroSynced}},
	{"invoice.integrations.healthcode.statusUpdated", []event.Type{event.InvoiceHealthcodeStatusUpdated}},
	{"patientDocument.uploadInitiated", []event.Type{event.DocumentCreated}},
	{"patientDocument.renamed", []event.Type{event.DocumentRenamed}},
	{"patientDocument.deleted", []event.Type{event.DocumentDeleted}},
	{"questionnaire.response.received", []event.Type{event.QuestionnaireFilled}},
	{"webhook.event.deliveryFailed", []event.Type{event.DeliveryFailed}},
	{"webhook.subscription.updated", []event.Type{event.WebhookUpdated}},
}

// topicOf is what this API calls a type of event. One without a topic is of an
// earlier version, which kept some events under the name of their topic.
func topicOf(of event.Type) string {
	for _, t := range Topics {
		if slices.Contains(t.Of, of) {
			return t.Name
		}
	}
	if of == event.DemographicsUpdated {
		return "patient.updated" // of deliveries from before it had an event of its own
	}
	return string(of)
}

// EventType is the contract's name for a topic: PATIENT_PHONE_ADDED for
// patient.phone.added.
func (t topic) EventType() gql.WebhookEventType {
	var b strings.Builder
	for _, r := range t.Name {
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

// typesOf are core's types of events for the contract's.
func typesOf(asked []gql.WebhookEventType) []event.Type {
	var out []event.Type
	for _, t := range Topics {
		if slices.Contains(asked, t.EventType()) {
			out = append(out, t.Of...)
		}
	}
	return out
}

// eventTypes are the contract's types of events for core's.
func eventTypes(of []event.Type) []gql.WebhookEventType {
	out := []gql.WebhookEventType{}
	for _, t := range Topics {
		if slices.ContainsFunc(t.Of, func(x event.Type) bool { return slices.Contains(of, x) }) {
			out = append(out, t.EventType())
		}
	}
	return out
}

// Delivery is the body of what an endpoint is sent: what happened, and the ids to
// ask for what it happened to.
type Delivery struct {
	SubscriptionID string            `json:"subscriptionId"`
	EventID        string            `json:"eventId"`
	EventType      string            `json:"eventType"`
	Identifiers    map[string]string `json:"identifiers"`
	Metadata       *Metadata         `json:"metadata,omitempty"`
}

// Metadata is what an event about deliveries themselves says besides ids.
type Metadata struct {
	FailedEventType string `json:"failedEventType,omitempty"`
	HTTPStatusCode  int    `json:"httpStatusCode,omitempty"`
	DeliveryPaused  *bool  `json:"deliveryPaused,omitempty"`
}

// metadata is what an event of a type says besides ids.
func metadata(of event.Type, data json.RawMessage) *Metadata {
	var d struct {
		Type   event.Type `json:"failed_event_type"`
		Status int        `json:"status"`
		Paused *bool      `json:"paused"`
	}
	switch {
	case of != event.DeliveryFailed && of != event.WebhookUpdated, json.Unmarshal(data, &d) != nil:
		return nil
	case of == event.WebhookUpdated:
		return &Metadata{DeliveryPaused: d.Paused}
	}
	return &Metadata{FailedEventType: topicOf(d.Type), HTTPStatusCode: d.Status}
}

// Body is an event as an endpoint of this API gets it. Its identifiers are
// the ids in the event's data that this API has.
func Body(w webhook.Webhook, e event.Event) ([]byte, error) {
	out := Delivery{EventType: topicOf(e.Type), Identifiers: map[string]string{}, Metadata: metadata(e.Type, e.Data)}
	_, out.EventID, _ = Identifier("event", e.ID)
	_, out.SubscriptionID, _ = Identifier("webhook", int64(w.ID))
	var data map[string]json.RawMessage
	if json.Unmarshal(e.Data, &data) != nil {
		return json.Marshal(out)
	}
	for key, value := range data {
		noun, isID := strings.CutSuffix(key, "_id")
		var digits string
		if !isID || json.Unmarshal(value, &digits) != nil {
			continue
		}
		id, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			continue
		}
		if name, text, known := Identifier(noun, id); known {
			out.Identifiers[name] = text
		}
	}
	return json.Marshal(out)
}

func subscription(w webhook.Webhook) *gql.WebhookSubscription {
	out := &gql.WebhookSubscription{
		ID: wire.Encode(wire.KindWebhook, w.ID), Secret: wire.Text(w.Secrets.Key.Secret), URL: w.URL,
		Label:      w.Description,
		Version:    webhookVersion,
		EventTypes: eventTypes(w.Types), Headers: []gql.WebhookHeader{}, CreatedAt: scalar.Of(w.CreatedAt),
		UpdatedAt: scalar.Of(w.UpdatedAt), Deleted: new(!w.DeletedAt.IsZero()),
		DeliveryPaused: new(!w.DisabledAt.IsZero()),
	}
	for _, name := range w.HeaderNames {
		out.Headers = append(out.Headers, gql.WebhookHeader{Key: name, Value: w.Secrets.Headers[name]})
	}
	return out
}

// Webhook finds one address.
func (q Query) Webhook(ctx context.Context, id string) (*gql.WebhookSubscription, error) {
	n, err := wire.Known[webhook.ID](wire.KindWebhook, id)
	if err != nil {
		return nil, err
	}
	w, err := q.Core.Webhook.Get(ctx, webhook.Semble, n)
	return wire.Absent(subscription(w), err, webhook.ErrNotFound)
}

// Webhooks lists the addresses.
func (q Query) Webhooks(ctx context.Context, includeDeleted *bool) ([]*gql.WebhookSubscription, error) {
	all, err := q.Core.Webhook.List(ctx, webhook.Filter{Format: webhook.Semble, Deleted: wire.Deref(includeDeleted)})
	if err != nil {
		return nil, err
	}
	return wire.Map(all, subscription), nil
}

// headers are headers by their names. Of a header that is given twice the last value counts, as
// HTTP has one value of each.
func headers(all []gql.WebhookHeaderInput) map[string]string {
	out := make(map[string]string, len(all))
	for _, h := range all {
		out[h.Key] = h.Value
	}
	return out
}

// CreateWebhook makes a subscription. Only its answer has the secret.
func (m Mutation) CreateWebhook(ctx context.Context, in *gql.CreateWebhookInput) (*gql.CreateWebhookPayload, error) {
	if in == nil {
		in = &gql.CreateWebhookInput{}
	}
	w, err := m.Core.Webhook.Create(ctx, webhook.Request{
		Format: webhook.Semble, Types: typesOf(in.EventTypes), Description: in.Label, URL: in.URL,
		Headers: headers(in.Headers.Value()),
	})
	return &gql.CreateWebhookPayload{Data: subscription(w)}, err
}

// UpdateWebhook changes a subscription.
func (m Mutation) UpdateWebhook(
	ctx context.Context, id string, in gql.UpdateWebhookInput,
) (*gql.UpdateWebhookPayload, error) {
	n, err := wire.Known[webhook.ID](wire.KindWebhook, id)
	if err != nil {
		return nil, err
	}
	ch := webhook.Change{Description: in.Label.Value(), URL: in.URL.Value(), Paused: in.DeliveryPaused.Value()}
	if of, set := in.EventTypes.ValueOK(); set && of != nil {
		ch.Types = new(typesOf(of))
	}
	if all, set := in.Headers.ValueOK(); set {
		ch.Headers = headers(all)
	}
	w, err := m.Core.Webhook.Update(ctx, webhook.Semble, n, ch)
	return &gql.UpdateWebhookPayload{Data: subscription(w)}, err
}

// DeleteWebhook deletes a subscription.
func (m Mutation) DeleteWebhook(ctx context.Context, id string) (*gql.DeleteWebhookPayload, error) {
	n, err := wire.Known[webhook.ID](wire.KindWebhook, id)
	if err != nil {
		return nil, err
	}
	w, err := m.Core.Webhook.Delete(ctx, webhook.Semble, n)
	return &gql.DeleteWebhookPayload{Data: subscription(w)}, err
}
