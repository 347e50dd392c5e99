package webhook

import (
	"slices"

	"frontdesk/core/event"
)

// Topic is a type of event in the words of the GraphQL API, as a subscription is
// told of it.
type Topic string

// Topics are all the topics, in the contract's order. Source: the webhook events
// of https://docs.semble.io; where only the name of the enumeration's value is
// published, the topic is made from it in the same manner.
var Topics = []Topic{
	"patient.created", "patient.updated", "patient.deleted", "patient.merged", "patient.archived", "patient.unarchived",
	"patient.relationship.added", "patient.relationship.updated", "patient.relationship.removed",
	"patient.customAttribute.added", "patient.customAttribute.updated", "patient.customAttribute.removed",
	"patient.phone.added", "patient.phone.updated", "patient.phone.removed",
	"patient.number.added", "patient.number.updated", "patient.number.removed",
	"patient.membership.updated", "patient.label.added", "patient.label.removed", "product.label.added", "product.label.removed",
	"lab.created", "lab.results.added",
	"letter.created", "letter.deleted", "letter.shared", "letter.reviewStatus.updated",
	"booking.created", "booking.updated", "booking.deleted",
	"booking.patientJourney.arrived", "booking.patientJourney.inConsultation", "booking.patientJourney.completed", "booking.patientJourney.noShow",
	"prescription.created", "prescription.deleted", "prescription.ordered", "prescription.recordedInError", "prescription.shared",
	"prescription.eprescription.generated",
	"invoice.created", "invoice.updated", "invoice.deleted", "invoice.paid", "invoice.partiallyPaid", "invoice.refunded", "invoice.shared",
	"invoice.lineItems.added", "invoice.lineItems.updated", "invoice.lineItems.removed",
	"invoice.integrations.xero.synced", "invoice.integrations.healthcode.statusUpdated",
	"patientDocument.uploadInitiated", "patientDocument.renamed", "patientDocument.deleted",
	"questionnaire.response.received",
}

// causes are the types of our events that topics stand for, where they are not
// called the same. Nothing causes some topics yet: those can be subscribed to, and
// are told of from the day something does.
var causes = map[Topic][]event.Type{
	"booking.created": {event.AppointmentConfirmed},
	"booking.updated": {event.AppointmentUpdated, event.AppointmentRescheduled},
	"booking.deleted": {event.AppointmentCancelled},
}

// types are the types of our events that topics stand for.
func types(of []Topic) []event.Type {
	var out []event.Type
	for _, topic := range of {
		if all, ok := causes[topic]; ok {
			out = append(out, all...)
		} else {
			out = append(out, event.Type(topic))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// topic is what a subscription calls a type of our events.
func topic(of event.Type) Topic {
	for topic, all := range causes {
		if slices.Contains(all, of) {
			return topic
		}
	}
	if of == event.DemographicsUpdated {
		return "patient.updated" // of deliveries from before it had an event of its own
	}
	return Topic(of)
}

// Topics are what a subscription is told of, in the contract's order.
func (w Webhook) Topics() []Topic {
	out := []Topic{}
	for _, t := range Topics {
		if slices.ContainsFunc(w.Types, func(of event.Type) bool { return topic(of) == t }) {
			out = append(out, t)
		}
	}
	return out
}
