package graph

import (
	"strings"
	"testing"

	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/graph/wire"
)

// addPatient adds a patient who can be reached.
func (d *kit) addPatient(first, email string) patient.ID {
	d.t.Helper()
	r, err := patienttest.Register(d.ctx, d.core.Patient,
		patient.Changes{FirstName: new(first), LastName: new("Lovelace"), BirthDate: new(input.DayOf(1981, 12, 10)),
			Mobile: new("07700900123"), Email: &email})
	d.must(err)
	return r
}

const (
	sendSms = `mutation($p: ID!, $m: String!, $at: DateTime) { sendSms(patientId: $p, message: $m, dateToProcess: ` +
		`$at) { data { ` + smsAsked + ` } error } }`
	sendEmail = `mutation($p: ID!, $s: String!, $m: String!, $at: DateTime) { sendEmail(patientId: $p, subject: $s,
		message: $m, dateToProcess: $at) {
		data { ` + smsAsked + ` subject attachments { __typename } } error } }`
	smsAsked = `id to from message patient { id firstName } status communicationType dateToProcess`
	callBack = `mutation($id: ID!) { cancelScheduledPatientCommunication(id: $id) { data { ... on SMS { id ` +
		`status } ... on Email { id status } } error } }`
	oneCommunication = `query($id: ID!) { patientCommunication(id: $id) { __typename ... on SMS { id message status ` +
		`} ... on Email { id subject status } } }`
	communications = `query($o: PatientCommunicationQueryOptions!) { patientCommunications(options: $o) { data { ` +
		`... on SMS { ` + smsAsked + ` } ... on Email { ` + smsAsked + ` subject } } } }`
)

func TestMessagesToPatients(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada := d.addPatient("Ada", "ada@example.org")
		id := wire.Encode(wire.KindPatient, ada)
		sms := d.done("sendSms", sendSms, "p", id, "m", "Please call us.")
		holds(t, sms, map[string]any{
			"to": "+447700900123", "from": "Mill Lane", "message": "Please call us.", "patient.id": id,
			"patient.firstName": "Ada", "status": "Scheduled",
			"communicationType": "SMS", "dateToProcess": "2031-01-06T09:00:00.000Z",
		})
		email := d.done("sendEmail", sendEmail, "p", id, "s", "Your visit", "m", "See you then.", "at",
			"2031-02-01T10:00:00Z")
		holds(t, email,
			map[string]any{"to": "ada@example.org", "subject": "Your visit", "status": "Scheduled",
				"communicationType": "Email",
				"dateToProcess":     "2031-02-01T10:00:00.000Z"})
		// A message whose time has passed goes now.
		past := d.done("sendSms", sendSms, "p", id, "m", "Late", "at", "2031-01-01T10:00:00Z")
		holds(t, past, map[string]any{"dateToProcess": "2031-01-06T09:00:00.000Z"})

		holds(t, d.get("patientCommunication", oneCommunication, "id", email["id"]),
			map[string]any{"__typename": "Email", "subject": "Your visit", "status": "Scheduled"})
		for range 2 {
			holds(t, d.done("cancelScheduledPatientCommunication", callBack, "id", email["id"]),
				map[string]any{"id": email["id"], "status": "Failed"})
		}
		holds(t, d.get("patientCommunication", oneCommunication, "id", email["id"]), map[string]any{"status": "Failed"})

		for _, c := range []struct {
			name    string
			options map[string]any
			want    string
		}{
			{"all", map[string]any{}, "Late|See you then.|Please call us."},
			{"text messages", map[string]any{"communicationType": []any{"SMS"}}, "Late|Please call us."},
			{"either", map[string]any{"communicationType": []any{"SMS", "Email"}, "status": nil, "dateToProcess": nil},
				"Late|See you then.|Please call us."},
			{"failed", map[string]any{"status": []any{"Failed"}}, "See you then."},
			{"waiting", map[string]any{"status": []any{"Scheduled"}}, "Late|Please call us."},
			{"to go in February", map[string]any{"dateToProcess": map[string]any{"start": "2031-02-01T00:00:00Z"}},
				"See you then."},
			{"to go today",
				map[string]any{"dateToProcess": map[string]any{"start": "2031-01-06T00:00:00Z",
					"end": "2031-01-06T23:00:00Z"}},
				"Late|Please call us."},
		} {
			c.options["patient"] = id
			var got []string
			for _, m := range d.get("patientCommunications.data", communications, "o", c.options).([]any) {
				got = append(got, at(t, m, "message").(string))
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("%s: %s", c.name, s)
			}
		}
		unknown := map[string]any{"patient": wire.Encode(wire.KindPatient, patient.ID(77))}
		if got := d.get("patientCommunications.data", communications, "o", unknown).([]any); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestMessagesToPatientsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada := wire.Encode(wire.KindPatient, d.addPatient("Ada", ""))
		if _, wrong := d.payload("sendEmail", sendEmail, "p", ada, "s", "x", "m",
			"y"); wrong != messaging.ErrNoContact.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("sendSms", sendSms, "p", ada, "m", " "); wrong == "" {
			t.Error("an empty message is sent")
		}
		if _, wrong := d.payload("sendSms", sendSms, "p", ada, "m", "x", "at",
			"2031-02-01T10:00:00"); wrong != "Invalid date" {
			t.Error(wrong)
		}
		if _, wrong := d.payload("sendSms", sendSms, "p", wire.Encode(wire.KindPatient, patient.ID(77)), "m",
			"x"); !strings.Contains(wrong, patient.ErrNotFound.Message) {
			t.Error(wrong)
		}
		sms := d.done("sendSms", sendSms, "p", ada, "m", "x", "at", "2031-02-01T10:00:00Z")
		d.token = d.newToken("readonly")
		d.forbidden("sendCommunications", sendSms, "p", ada, "m", "x")
		d.forbidden("sendCommunications", sendEmail, "p", ada, "s", "x", "m", "x")
		d.forbidden("sendCommunications", callBack, "id", sms["id"])
		d.token = d.newToken("booking")
		d.forbidden("seeCommunications", oneCommunication, "id", sms["id"])
		d.forbidden("seeCommunications", communications, "o", map[string]any{"patient": ada})

		d.join("Another")
		if got := d.get("patientCommunication", oneCommunication, "id", sms["id"]); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if got := d.get("patientCommunications.data", communications, "o",
			map[string]any{"patient": ada}).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		if _, wrong := d.payload("cancelScheduledPatientCommunication", callBack, "id",
			sms["id"]); wrong != messaging.ErrNotFound.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("sendSms", sendSms, "p", ada, "m", "x"); !strings.Contains(wrong,
			patient.ErrNotFound.Message) {
			t.Error(wrong)
		}
	})
}

func TestMessageListTakesConstantStatements(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada := wire.Encode(wire.KindPatient, d.addPatient("Ada", "ada@example.org"))
		document := strings.Replace(communications, "query($o: PatientCommunicationQueryOptions!)", "query", 1)
		document = strings.Replace(document, "$o", `{patient: "`+ada+`"}`, 1)
		made := 0
		d.flat("patientCommunications.data", document, nil, func() int {
			for range 11 {
				d.done("sendSms", sendSms, "p", ada, "m", "x")
				made++
			}
			return made
		})
	})
}
