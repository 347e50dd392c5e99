package webhook

import (
	"encoding/json"
	"strings"

	"frontdesk/core/event"
)

// Sample is the data of an invented event of a type.
func Sample(of event.Type) json.RawMessage { return samples[of] }

// samples are the data of invented events, of the shape the real ones have.
var samples = func() map[event.Type]json.RawMessage {
	const (
		appointment = `{"appointment_id":"1000000000000001","state":"STATE","patient_id":"1000000000000002",` +
			`"practitioner_id":"1000000000000003","location_id":"1000000000000004","appointment_type_id":"1000000000000005",` +
			`"start_time":"2030-01-08T09:30:00Z","end_time":"2030-01-08T09:45:00Z"`
		before = `,"previous":{"state":"STATE","practitioner_id":"1000000000000003","location_id":"1000000000000004",` +
			`"appointment_type_id":"1000000000000005","start_time":"2030-01-07T14:00:00Z","end_time":"2030-01-07T14:15:00Z"}}`
		entry = `{"record_entry_id":"1000000000000006","message_id":"1000000000000007",` +
			`"patient_id":"1000000000000002","status":"STATE"`
	)
	with := func(text, state string) string { return strings.ReplaceAll(text, "STATE", state) }
	message := func(state, previous string) string {
		out := `{"message_id":"1000000000000007","patient_id":"1000000000000002","channel":"sms","state":"` + state + `"`
		if previous != "" {
			out += `,"previous":"` + previous + `"`
		}
		return out + `,"at":"2030-01-07T14:00:00Z"}`
	}
	const offered = `{"waiting_list_id":"1000000000000014","patient_id":"1000000000000002",` +
		`"appointment_type_id":"1000000000000005","appointment_id":"1000000000000001",` +
		`"practitioner_id":"1000000000000003","start_time":"2030-01-07T16:00:00Z","held_until":"2030-01-07T14:30:00Z"`
	const episode = `{"episode_id":"1000000000000016","patient_id":"1000000000000002","status":"STATE",` +
		`"priority":"medium","opened_by":"reply","at":"2030-01-07T14:00:00Z"}`
	out := map[event.Type]json.RawMessage{}
	for t, text := range map[event.Type]string{
		event.AppointmentReserved:    with(appointment, "reserved") + `,"reserved_until":"2030-01-07T14:15:00Z"}`,
		event.AppointmentConfirmed:   with(appointment, "booked") + with(before, "reserved"),
		event.AppointmentRescheduled: with(appointment, "booked") + with(before, "booked"),
		event.AppointmentCancelled:   with(appointment, "cancelled") + with(before, "booked"),
		event.AppointmentReleased:    with(appointment, "released") + `,"reason":"expired"` + with(before, "reserved"),
		event.PrescriptionIssued:     `{"prescription_id":"1000000000000008","patient_id":"1000000000000002"}`,
		event.MedicalRecordUpdated:   `{"patient_id":"1000000000000002","record_entry_id":"1000000000000006"}`,
		event.AddedToSequence:        `{"patient_id":"1000000000000002","sequence_id":"1000000000000009"}`,
		event.WriteToRecordSucceeded: with(entry, "written") + `}`,
		event.WriteToRecordFailed:    with(entry, "failed") + `,"reason":"The record did not take the entry."}`,
		event.MessageSent:            message("sent", "sending"),
		event.MessageDelivered:       message("delivered", "sent"),
		event.MessageFailed:          message("failed", "sending"),
		event.MessageRead:            message("read", "delivered"),
		event.MessageReplied:         strings.Replace(message("replied", ""), `{`, `{"reply_id":"1000000000000011",`, 1),
		event.MessageCancelled:       message("cancelled", "queued"),
		event.MessageLocked:          message("locked", ""),
		event.MessageUnlocked:        message("unlocked", ""),
		event.LinkLocked:             `{"link_id":"1000000000000013","patient_id":"1000000000000002"}`,
		event.LinkPaused:             `{"link_id":"1000000000000013"}`,
		event.FormCompleted: `{"link_id":"1000000000000013","form_id":"1000000000000014","patient_id":"1000000000000002",` +
			`"form_response_id":"1000000000000015","appointment_id":"1000000000000001",` +
			`"record_entry_id":"1000000000000006"}`,
		event.WaitingListOffered:  offered + `}`,
		event.WaitingListAccepted: offered + `,"replaces_appointment_id":"1000000000000015"}`,
		event.WaitingListDeclined: offered + `}`,
		event.WaitingListExpired:  offered + `,"reason":"withdrawn"}`,
		event.EpisodeOpened:       with(episode, "open"),
		event.EpisodeClosed:       with(episode, "closed"),
		event.EpisodeReopened:     with(episode, "open"),
		event.MessageExpired:      message("expired", "queued"),
		event.MessageSuppressed:   message("suppressed", "queued"),
		event.MessageUnknown:      message("unknown", "sending"),
		event.BatchCompleted: `{"batch_id":"1000000000000010","state":"COMPLETED","totals":{"created":3,"duplicate":0,` +
			`"sent":2,"failed":1,"cancelled":0,"expired":0,"suppressed":0,"waiting":0,"unknown":0}}`,
		event.PatientMerged:       `{"patient_id":"1000000000000002","merged_patient_id":"1000000000000011"}`,
		event.PatientUnmerged:     `{"patient_id":"1000000000000002","merged_patient_id":"1000000000000011"}`,
		event.DemographicsUpdated: `{"patient_id":"1000000000000002","changed":["address"]}`,
		event.WebhookDisabled:     `{"webhook_id":"1000000000000012","event_type":"message.sent","reason":"failing"}`,
	} {
		out[t] = json.RawMessage(text)
	}
	return out
}()
