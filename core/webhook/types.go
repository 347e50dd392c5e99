package webhook

import (
	"encoding/json"
	"slices"
	"strings"

	"frontdesk/core/access"
)

// Type is a type of event: noun and past participle.
type Type string

// The types of events. Source of the first eight: the Webhooks tag of the Hero
// Health Public API.
const (
	AppointmentConfirmed   Type = "appointment.confirmed"
	AppointmentCancelled   Type = "appointment.cancelled"
	AppointmentRescheduled Type = "appointment.rescheduled"
	// PrescriptionIssued is told when prescriptions are issued here; nothing
	// does that yet.
	PrescriptionIssued   Type = "prescription.issued"
	MedicalRecordUpdated Type = "patient.medical-record-updated"
	// AddedToSequence is told when sequences are run here; nothing does that
	// yet.
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
	MessageExpired      Type = "message.expired"
	MessageSuppressed   Type = "message.suppressed"
	MessageUnknown      Type = "message.unknown"
	BatchCompleted      Type = "batch.completed"
	PatientMerged       Type = "patient.merged"
	PatientUnmerged     Type = "patient.unmerged"
	DemographicsUpdated Type = "patient.demographics-updated"
	// WebhookDisabled is told when an endpoint is switched off because it fails
	// or is gone.
	WebhookDisabled Type = "webhook.disabled"
)

// Types are all the types of events there are, those of the contract first.
var Types = []Type{
	AppointmentConfirmed, AppointmentCancelled, AppointmentRescheduled, PrescriptionIssued, MedicalRecordUpdated, AddedToSequence,
	WriteToRecordSucceeded, WriteToRecordFailed,
	AppointmentReserved, AppointmentReleased,
	MessageSent, MessageDelivered, MessageFailed, MessageRead, MessageReplied, MessageCancelled, MessageExpired, MessageSuppressed, MessageUnknown,
	MessageLocked, MessageUnlocked,
	BatchCompleted, PatientMerged, PatientUnmerged, DemographicsUpdated, WebhookDisabled,
}

// scopes are what a key needs one of to be told of a type; none is any key.
func (t Type) scopes() []access.Scope {
	switch noun, _, _ := strings.Cut(string(t), "."); noun {
	case "appointment":
		return []access.Scope{access.Booking}
	case "message", "batch", "write-to-record":
		return []access.Scope{access.Messaging}
	}
	return nil
}

// told reports whether a caller may be told of a type.
func (t Type) told(who access.Caller) bool {
	of := t.scopes()
	return len(of) == 0 || slices.ContainsFunc(of, who.Has)
}

// Sample is the data of an invented event of a type.
func Sample(of Type) json.RawMessage { return samples[of] }

// samples are the data of invented events, of the shape the real ones have.
var samples = func() map[Type]json.RawMessage {
	const (
		appointment = `{"appointment_id":"1000000000000001","state":"STATE","patient_id":"1000000000000002","practitioner_id":"1000000000000003",` +
			`"location_id":"1000000000000004","appointment_type_id":"1000000000000005","start_time":"2030-01-08T09:30:00Z","end_time":"2030-01-08T09:45:00Z"`
		before = `,"previous":{"state":"STATE","practitioner_id":"1000000000000003","location_id":"1000000000000004",` +
			`"appointment_type_id":"1000000000000005","start_time":"2030-01-07T14:00:00Z","end_time":"2030-01-07T14:15:00Z"}}`
		entry = `{"record_entry_id":"1000000000000006","message_id":"1000000000000007","patient_id":"1000000000000002","status":"STATE"`
	)
	with := func(text, state string) string { return strings.ReplaceAll(text, "STATE", state) }
	message := func(state, previous string) string {
		out := `{"message_id":"1000000000000007","patient_id":"1000000000000002","channel":"sms","state":"` + state + `"`
		if previous != "" {
			out += `,"previous":"` + previous + `"`
		}
		return out + `,"at":"2030-01-07T14:00:00Z"}`
	}
	out := map[Type]json.RawMessage{}
	for t, text := range map[Type]string{
		AppointmentReserved:    with(appointment, "reserved") + `,"reserved_until":"2030-01-07T14:15:00Z"}`,
		AppointmentConfirmed:   with(appointment, "booked") + with(before, "reserved"),
		AppointmentRescheduled: with(appointment, "booked") + with(before, "booked"),
		AppointmentCancelled:   with(appointment, "cancelled") + with(before, "booked"),
		AppointmentReleased:    with(appointment, "released") + `,"reason":"expired"` + with(before, "reserved"),
		PrescriptionIssued:     `{"prescription_id":"1000000000000008","patient_id":"1000000000000002"}`,
		MedicalRecordUpdated:   `{"patient_id":"1000000000000002","record_entry_id":"1000000000000006"}`,
		AddedToSequence:        `{"patient_id":"1000000000000002","sequence_id":"1000000000000009"}`,
		WriteToRecordSucceeded: with(entry, "written") + `}`,
		WriteToRecordFailed:    with(entry, "failed") + `,"reason":"The record did not take the entry."}`,
		MessageSent:            message("sent", "sending"),
		MessageDelivered:       message("delivered", "sent"),
		MessageFailed:          message("failed", "sending"),
		MessageRead:            message("read", "delivered"),
		MessageReplied:         strings.Replace(message("replied", ""), `{`, `{"reply_id":"1000000000000011",`, 1),
		MessageCancelled:       message("cancelled", "queued"),
		MessageLocked:          message("locked", ""),
		MessageUnlocked:        message("unlocked", ""),
		MessageExpired:         message("expired", "queued"),
		MessageSuppressed:      message("suppressed", "queued"),
		MessageUnknown:         message("unknown", "sending"),
		BatchCompleted:         `{"batch_id":"1000000000000010","state":"COMPLETED","totals":{"created":3,"duplicate":0,"sent":2,"failed":1,"cancelled":0,"expired":0,"suppressed":0,"waiting":0,"unknown":0}}`,
		PatientMerged:          `{"patient_id":"1000000000000002","merged_patient_id":"1000000000000011"}`,
		PatientUnmerged:        `{"patient_id":"1000000000000002","merged_patient_id":"1000000000000011"}`,
		DemographicsUpdated:    `{"patient_id":"1000000000000002","changed":["address"]}`,
		WebhookDisabled:        `{"webhook_id":"1000000000000012","event_type":"message.sent","reason":"failing"}`,
	} {
		out[t] = json.RawMessage(text)
	}
	return out
}()
