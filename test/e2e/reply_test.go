package e2e

import (
	"slices"
	"testing"

	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

func TestSTOPSuppressesOtherThanDirectCare(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		id := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900998"})
		wait.Until(t, "the reply", func() bool {
			return slices.Contains(steps(p.ok("GET", "/v1/messages/"+id, nil)), "reply")
		})
		if got := p.ok("GET", "/v1/messages/"+id, nil); len(got.Body["replies"].([]any)) != 1 {
			t.Fatalf("got %s", got.Text)
		}
		more := map[string]any{"recipient_contact_detail": "07700 900998", "purpose": "other"}
		if a := p.ok("POST", "/v1/messages/send", p.message("byron", "sms", more)); a.str("status") != "suppressed" {
			t.Fatalf("got %s", a.Text)
		}
		delete(more, "purpose")
		if a := p.ok("POST", "/v1/messages/send", p.message("byron", "sms", more)); a.str("status") != "queued" {
			t.Fatalf("direct care is kept away: %s", a.Text)
		}
		p.ok("PUT", "/v1/opt_outs", map[string]any{"channel": "email", "contact": "ada@example.org", "opted_out": true})
		for contact, want := range map[string]string{"+447700900998": "reply", "ada@example.org": "rest"} {
			var got string
			query := `SELECT source FROM opt_out WHERE contact = '` + contact + `'`
			if err := storetest.Raw(t, address).QueryRow(query).Scan(&got); err != nil || got != want {
				t.Errorf("%s: got the source %q, %v", contact, got, err)
			}
		}
		if a := p.ok("POST", "/v1/messages/send",
			p.message("byron", "email", map[string]any{"purpose": "other"})); a.str("status") != "suppressed" {
			t.Fatalf("got %s", a.Text)
		}
		p.ok("PUT", "/v1/opt_outs", map[string]any{"channel": "email", "contact": "ada@example.org",
			"opted_out": false})
	})
}

func TestReplyFromSharedNumberIsLeftToStaff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada, nia := p.patientBy("byron"), p.patient()
		replies := func(query string, want int) []any {
			t.Helper()
			var got answer
			wait.Until(t, "the replies", func() bool {
				got = p.ok("GET", "/v1/message_replies"+query, nil)
				return len(got.Body["data"].([]any)) == want
			})
			return got.Body["data"].([]any)
		}
		// The number 998 answers STOP.
		first := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900998"})
		if r := replies("", 1)[0].(map[string]any); r["patient_id"] != ada || r["message_id"] != first ||
			r["meaning"] != "stop" || r["open"] != false {
			t.Fatalf("got %v", r)
		}
		p.ok("POST", "/v1/messages/send", map[string]any{"patient_id": nia, "message_type": "sms",
			"message_string": "Hello", "recipient_contact_detail": "07700 900998"})
		r := replies("", 2)[0].(map[string]any)
		possible := r["possible_patient_ids"].([]any)
		if r["patient_id"] != nil || r["message_id"] != nil || len(possible) != 2 ||
			!slices.Contains(possible, any(ada)) || !slices.Contains(possible, any(nia)) {
			t.Fatalf("got %v", r)
		}
		path := "/v1/message_replies/" + r["id"].(string)
		if got := p.ok("PATCH", path, map[string]any{"patient_id": nia, "open": true}); got.str("patient_id") != nia ||
			got.Body["open"] != true {
			t.Fatalf("got %s", got.Text)
		}
		replies("?open=true", 1)
		if got := p.ok("PATCH", path, map[string]any{"open": false}); got.Body["open"] != false ||
			got.Body["handled_by"] == nil || got.Body["handled_at"] == nil {
			t.Fatalf("got %s", got.Text)
		}
		replies("?open=true", 0)
		replies("?open=false", 2)
		p.refused(404, "reply_not_found", "PATCH", "/v1/message_replies/1", map[string]any{"open": true})
		p.refused(404, "patient_not_found", "PATCH", path, map[string]any{"patient_id": "1"})
	})
}
