package e2e

import (
	"testing"
	"time"

	"frontdesk/test/wait"
)

// inSequence is how a patient stands in a sequence.
func (p *program) inSequence(path, of string) map[string]any {
	p.t.Helper()
	for _, e := range p.ok("GET", path+"/patients", nil).data() {
		if e["patient_id"] == of {
			return e
		}
	}
	p.t.Fatalf("%s is not in %s", of, path)
	return nil
}

func TestASequenceGoesOnUntilThePatientBooks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada, alan := p.patientBy("byron"), p.patientBy("mathison")
		mobile := p.ok("GET", "/v2/patients/"+ada, nil).str("mobile")
		slot := p.slotFrom("2031-02-03", 0, nil)
		kind := slot["appointment_type_id"]
		week := 7 * 24 * 60
		body := fields{"name": "Recall", "ends_with": []any{kind}, "messages": []any{
			fields{"delay_minutes": 0, "message_type": "sms", "message_string": "{{first_name}}, book: {{booking_link}}",
				"booking_link": fields{"appointment_type_id": kind}},
			fields{"delay_minutes": week, "message_type": "sms", "message_string": "A week has passed.",
				"fallback_message_type": "email", "subject": "Your review"},
			fields{"delay_minutes": week, "message_type": "sms", "message_string": "Two weeks have passed."},
		}}
		made := p.ok("POST", "/v1/sequences", body)
		path := "/v1/sequences/" + made.str("id")
		if got := p.ok("GET", path, nil); got.Text != made.Text {
			t.Errorf("made %s, and found %s", made.Text, got.Text)
		}
		p.ok("POST", path+"/patients", fields{"patient_id": ada})
		p.ok("POST", path+"/patients", fields{"patient_id": alan})
		linkTo(t, p.told(mobile, "book:"))
		wait.Until(t, "the first message to be counted", func() bool {
			return p.inSequence(path, ada)["messages_sent"] == 1.0 && p.inSequence(path, alan)["messages_sent"] == 1.0
		})
		if e := p.inSequence(path, ada); e["status"] != "active" || e["next_message"] != 2.0 || e["next_at"] == nil {
			t.Errorf("it stands at %v", e)
		}
		p.clock.move(8 * 24 * time.Hour)
		p.told(mobile, "A week has passed.")
		slot["patient_id"] = ada
		id := p.ok("POST", "/v1/appointments", slot).str("id")
		p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
		out := p.ok("DELETE", path+"/patients/"+alan, nil)
		if out.str("status") != "removed" || out.Body["next_at"] != nil {
			t.Errorf("taken out: %s", out.Text)
		}
		p.clock.move(8 * 24 * time.Hour)
		wait.Until(t, "the booking to end it", func() bool { return p.inSequence(path, ada)["status"] == "booked" })
		for of, sent := range map[string]float64{ada: 2, alan: 2} {
			if e := p.inSequence(path, of); e["messages_sent"] != sent {
				t.Errorf("%v were sent, want %v: %v", e["messages_sent"], sent, e)
			}
		}
		p.ok("PATCH", path, fields{"archived": true})
		p.refused(409, "sequence_archived", "POST", path+"/patients", fields{"patient_id": alan})
		p.refused(404, "not_in_sequence", "DELETE", path+"/patients/"+alan, nil)
		p.refused(404, "sequence_not_found", "GET", "/v1/sequences/7", nil)
		p.refused(404, "patient_not_found", "POST", path+"/patients", fields{"patient_id": "7"})
		p.refused(400, "invalid_request", "PATCH", path, fields{"messages": []any{}})
		p.refused(400, "invalid_request", "PATCH", path, fields{"messages": []any{fields{"delay_minutes": 1,
			"message_type": "sms", "message_string": "{{booking_link}}"}}})
		if list := p.ok("GET", "/v1/sequences", nil); list.Body["count"] != 1.0 {
			t.Errorf("got %s", list.Text)
		}
	})
}
