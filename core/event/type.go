package event

import (
	"slices"
	"strings"
)

// Type is a type of event: noun and past participle.
type Type string

// Noun is what it happened to: "appointment" of "appointment.confirmed".
func (t Type) Noun() string {
	noun, _, _ := strings.Cut(string(t), ".")
	return noun
}

// The types of events that the log shows and that a webhook in the standard format can ask for. Source of the first
// eight: the Webhooks tag of the Hero Health Public API.
const (
	AppointmentConfirmed   Type = "appointment.confirmed"
	AppointmentCancelled   Type = "appointment.cancelled"
	AppointmentRescheduled Type = "appointment.rescheduled"
	// PrescriptionIssued is recorded when a prescription is issued here.
	PrescriptionIssued     Type = "prescription.issued"
	MedicalRecordUpdated   Type = "patient.medical-record-updated"
	AddedToSequence        Type = "patient.added-to-sequence"
	WriteToRecordSucceeded Type = "write-to-record.succeeded"
	WriteToRecordFailed    Type = "write-to-record.failed"

	AppointmentReserved Type = "appointment.reserved"
	AppointmentReleased Type = "appointment.released"
	MessageSent         Type = "message.sent"
	MessageDelivered    Type = "message.delivered"
	MessageFailed       Type = "message.failed"
	MessageRead         Type = "message.read"
	MessageReplied      Type = "message.replied"
	MessageCancelled    Type = "message.cancelled"
	MessageLocked       Type = "message.locked"
	MessageUnlocked     Type = "message.unlocked"
	// LinkLocked is recorded when a wrong date of birth was given ten times on a link.
	LinkLocked Type = "link.locked"
	// LinkPaused is recorded when too many visitors of a link for anyone could not be identified.
	LinkPaused Type = "link.paused"
	// FormCompleted is recorded when the answers of a patient to a form have arrived.
	FormCompleted Type = "form.completed"
	// The four of the waiting list: a time is offered to a patient who waits for one, and taken, turned down, or held
	// for the patient no longer.
	WaitingListOffered  Type = "waiting_list.offered"
	WaitingListAccepted Type = "waiting_list.accepted"
	WaitingListDeclined Type = "waiting_list.declined"
	WaitingListExpired  Type = "waiting_list.expired"
	// The three of episodes: one is opened by what a patient sends or by staff, closed, and opened again.
	EpisodeOpened       Type = "episode.opened"
	EpisodeClosed       Type = "episode.closed"
	EpisodeReopened     Type = "episode.reopened"
	MessageExpired      Type = "message.expired"
	MessageSuppressed   Type = "message.suppressed"
	MessageUnknown      Type = "message.unknown"
	BatchCompleted      Type = "batch.completed"
	PatientMerged       Type = "patient.merged"
	PatientUnmerged     Type = "patient.unmerged"
	DemographicsUpdated Type = "patient.demographics-updated"
	// WebhookDisabled is recorded when an endpoint is switched off because it fails or is gone.
	WebhookDisabled Type = "webhook.disabled"
)

// Logged are the types the log shows, those of the contract first.
var Logged = []Type{
	AppointmentConfirmed, AppointmentCancelled, AppointmentRescheduled, PrescriptionIssued, MedicalRecordUpdated,
	AddedToSequence, WriteToRecordSucceeded, WriteToRecordFailed,
	AppointmentReserved, AppointmentReleased,
	MessageSent, MessageDelivered, MessageFailed, MessageRead, MessageReplied, MessageCancelled, MessageExpired,
	MessageSuppressed, MessageUnknown, MessageLocked, MessageUnlocked, LinkLocked, LinkPaused, FormCompleted,
	WaitingListOffered, WaitingListAccepted, WaitingListDeclined, WaitingListExpired,
	EpisodeOpened, EpisodeClosed, EpisodeReopened,
	BatchCompleted, PatientMerged, PatientUnmerged, DemographicsUpdated, WebhookDisabled,
}

// The types of events that only other formats deliver: finer facts, of which the data are ids alone.
const (
	PatientCreated             Type = "patient.created"
	PatientUpdated             Type = "patient.updated" // what has no type of its own
	PatientDeleted             Type = "patient.deleted"
	PatientArchived            Type = "patient.archived"
	PatientUnarchived          Type = "patient.unarchived"
	PatientRelationshipAdded   Type = "patient.relationship-added"
	PatientRelationshipUpdated Type = "patient.relationship-updated"
	PatientRelationshipRemoved Type = "patient.relationship-removed"
	PatientAttributeAdded      Type = "patient.attribute-added"
	PatientAttributeUpdated    Type = "patient.attribute-updated"
	PatientAttributeRemoved    Type = "patient.attribute-removed"
	PatientPhoneAdded          Type = "patient.phone-added"
	PatientPhoneUpdated        Type = "patient.phone-updated"
	PatientPhoneRemoved        Type = "patient.phone-removed"
	PatientNumberAdded         Type = "patient.number-added"
	PatientNumberUpdated       Type = "patient.number-updated"
	PatientNumberRemoved       Type = "patient.number-removed"
	PatientMembershipUpdated   Type = "patient.membership-updated"
	PatientLabelAdded          Type = "patient.label-added"
	PatientLabelRemoved        Type = "patient.label-removed"
	ProductLabelAdded          Type = "product.label-added"
	ProductLabelRemoved        Type = "product.label-removed"

	LabCreated          Type = "lab.created"
	LabResultsAdded     Type = "lab.results-added"
	LetterCreated       Type = "letter.created"
	LetterDeleted       Type = "letter.deleted"
	LetterShared        Type = "letter.shared"
	LetterReviewUpdated Type = "letter.review-updated"
	DocumentCreated     Type = "document.created"
	DocumentRenamed     Type = "document.renamed" // nothing records it yet
	DocumentDeleted     Type = "document.deleted"
	QuestionnaireFilled Type = "questionnaire.filled"

	AppointmentUpdated             Type = "appointment.updated" // without being moved
	AppointmentArrived             Type = "appointment.arrived"
	AppointmentConsultationStarted Type = "appointment.consultation-started"
	AppointmentDeparted            Type = "appointment.departed"
	AppointmentMissed              Type = "appointment.missed"

	PrescriptionCreated Type = "prescription.created"
	PrescriptionOrdered Type = "prescription.ordered"
	PrescriptionShared  Type = "prescription.shared"
	// Nothing records these three yet.
	PrescriptionDeleted            Type = "prescription.deleted"
	PrescriptionRecordedInError    Type = "prescription.recorded-in-error"
	PrescriptionSentElectronically Type = "prescription.sent-electronically"

	InvoiceCreated       Type = "invoice.created"
	InvoiceUpdated       Type = "invoice.updated" // but for its lines
	InvoiceDeleted       Type = "invoice.deleted"
	InvoicePaid          Type = "invoice.paid"
	InvoicePartiallyPaid Type = "invoice.partially-paid"
	InvoiceRefunded      Type = "invoice.refunded"
	InvoiceLineAdded     Type = "invoice.line-added"
	InvoiceLineUpdated   Type = "invoice.line-updated"
	InvoiceLineRemoved   Type = "invoice.line-removed"
	// InvoiceHealthcodeStatusUpdated is recorded when another program says how far an invoice is with Healthcode.
	InvoiceHealthcodeStatusUpdated Type = "invoice.healthcode-status-updated"
	// Nothing records these two yet.
	InvoiceShared     Type = "invoice.shared"
	InvoiceXeroSynced Type = "invoice.xero-synced"

	// DeliveryFailed is recorded when a delivery is given up, and WebhookUpdated when an endpoint is changed, or is
	// switched off because it fails or is gone. Only other endpoints of the same partner get them.
	DeliveryFailed Type = "webhook.delivery-failed"
	WebhookUpdated Type = "webhook.updated"
)

// Types are all types of events.
var Types = append(slices.Clone(Logged),
	PatientCreated, PatientUpdated, PatientDeleted, PatientArchived, PatientUnarchived,
	PatientRelationshipAdded, PatientRelationshipUpdated, PatientRelationshipRemoved,
	PatientAttributeAdded, PatientAttributeUpdated, PatientAttributeRemoved,
	PatientPhoneAdded, PatientPhoneUpdated, PatientPhoneRemoved,
	PatientNumberAdded, PatientNumberUpdated, PatientNumberRemoved,
	PatientMembershipUpdated, PatientLabelAdded, PatientLabelRemoved, ProductLabelAdded, ProductLabelRemoved,
	LabCreated, LabResultsAdded, LetterCreated, LetterDeleted, LetterShared, LetterReviewUpdated,
	DocumentCreated, DocumentRenamed, DocumentDeleted, QuestionnaireFilled,
	AppointmentUpdated, AppointmentArrived, AppointmentConsultationStarted, AppointmentDeparted, AppointmentMissed,
	PrescriptionCreated, PrescriptionOrdered, PrescriptionShared,
	PrescriptionDeleted, PrescriptionRecordedInError, PrescriptionSentElectronically,
	InvoiceCreated, InvoiceUpdated, InvoiceDeleted, InvoicePaid, InvoicePartiallyPaid, InvoiceRefunded,
	InvoiceLineAdded, InvoiceLineUpdated, InvoiceLineRemoved, InvoiceShared, InvoiceXeroSynced,
	InvoiceHealthcodeStatusUpdated, DeliveryFailed, WebhookUpdated,
)
