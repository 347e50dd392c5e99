package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"frontdesk/test/wait"
)

// batchOf makes a batch and gives its path.
func (p *program) batchOf(recipients []map[string]any, more map[string]any) string {
	p.t.Helper()
	b := map[string]any{"name": "Flu", "channel": "SMS",
		"content":    "Dear {{first_name}}, flu jabs at {{practice_name}}.",
		"recipients": recipients}
	for name, value := range more {
		b[name] = value
	}
	return "/v1/batch_message/" + p.ok("POST", "/v1/batch_message", b).str("id")
}

// totals checks that a batch's totals add up, and gives them.
func (p *program) totals(path string) map[string]float64 {
	p.t.Helper()
	a := p.direct("GET", path, nil)
	out, sum := map[string]float64{}, 0.0
	for name, n := range a.Body["totals"].(map[string]any) {
		out[name] = n.(float64)
		if name != "created" {
			sum += out[name]
		}
	}
	if sum != out["created"] {
		p.t.Errorf("the totals do not add up: %s", a.Text)
	}
	out["completed"] = map[bool]float64{true: 1}[a.str("status") == "COMPLETED"]
	return out
}

func TestBatchReachesPatientsWithContactDetails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		p.refused(400, "invalid_request", "POST", "/v1/batch_message", map[string]any{
			"name": "x", "channel": "SMS", "content": "Dear {{frist_name}}",
			"recipients": []any{map[string]any{"patient_id": "1"}},
		})
		p.refused(400, "invalid_request", "POST", "/v1/batch_message",
			map[string]any{"name": "x", "channel": "EMAIL", "content": "y",
				"recipients": []any{map[string]any{"patient_id": "1"}}})
		path := p.batchOf([]map[string]any{
			{"nhs_number": "999 000 0018", "dob": "1985-12-10T00:00:00Z"},
			{"patient_id": p.patientBy("mathison")},
			{"nhs_number": "9990000019", "dob": "1985-12-10"},
			{"nhs_number": "9990000034", "dob": "1985-12-10"},
			{"nhs_number": "9991000003", "dob": "1962-05-17"}, // not registered yet
			{"nhs_number": "9000000025", "dob": "2010-10-22"}, // restricted
			{"nhs_number": "9111231130", "dob": "2010-10-22"}, // unknown
			{"patient_id": "1"},
			{"patient_id": p.patientBy("mathison")},
			{"patient_id": "=1+2"},
		}, nil)
		wait.Until(t, "the recipients to be looked up", func() bool {
			a := p.ok("GET", path+"/preview", nil)
			return a.Body["looked_up"] == a.Body["total"]
		})
		preview := p.ok("GET", path+"/preview", nil)
		if preview.Body["reached"] != 3.0 || preview.Body["sms_parts"] != 3.0 ||
			len(preview.Body["not_reached"].(map[string]any)) != 7 {
			t.Fatalf("got %s", preview.Text)
		}
		if list := p.ok("GET", path+"/recipients?status=ENRICHMENT_ERROR", nil); list.Body["count"] != 5.0 {
			t.Fatalf("got %s", list.Text)
		}
		p.ok("PATCH", path+"/send", nil)
		p.ok("PATCH", path+"/send", nil)
		wait.Until(t, "the batch to be done", func() bool { return p.totals(path)["completed"] == 1 })
		if got := p.totals(path); got["created"] != 10 || got["sent"] != 3 || got["failed"] != 6 ||
			got["duplicate"] != 1 {
			t.Fatalf("totals %v", got)
		}
		if got := p.ok("GET", path, nil); got.str("status") != "COMPLETED" || got.Body["completed_at"] == nil {
			t.Fatalf("got %s", got.Text)
		}
		if n := strings.Count(p.inbox("07700 900101"), "Dear Ada, flu jabs at Brambleford Health Centre."); n != 1 {
			t.Fatalf("she got it %d times", n)
		}
		if list := p.ok("GET", path+"/messages", nil); list.Body["count"] != 3.0 {
			t.Fatalf("got %s", list.Text)
		}
		csv := p.direct("GET", path+"/results.csv", nil)
		note("GET", path+"/results.csv")
		if csv.Status != 200 || strings.Count(csv.Text, "\r\n") != 11 ||
			!strings.Contains(csv.Text, "patient_restricted") {
			t.Fatalf("got %s", csv.Text)
		}
		// Excel reads it as UTF-8, and takes nothing in it for a formula.
		if !strings.HasPrefix(csv.Text, "\ufeffrow,nhs_number,dob,patient_id,status,reason,") ||
			!strings.Contains(csv.Text, "\r\n3,9990000019,1985-12-10,,INVALID_PAYLOAD,invalid_nhs_number,") ||
			!strings.Contains(csv.Text, "\r\n9,,,"+p.patientBy("mathison")+",ENRICHMENT_ERROR,duplicate_recipient,") ||
			!strings.Contains(csv.Text, "\r\n10,,,'=1+2,INVALID_PAYLOAD,invalid_patient_id,") {
			t.Errorf("got %s", csv.Text)
		}
		wrong := p.ok("GET", path+"/recipients?status=INVALID_PAYLOAD", nil).Body["data"].([]any)
		if one := wrong[0].(map[string]any); len(wrong) != 2 || one["row"] != 3.0 ||
			one["nhs_number"] != "9990000019" ||
			one["dob"] != "1985-12-10" {
			t.Errorf("got %v", wrong)
		}
		if list := p.ok("GET", "/v1/batch_message?status=QUEUED", nil); list.Body["count"] != 1.0 ||
			"/v1/batch_message/"+
				list.str("id") != path {
			t.Fatalf("got %s", list.Text)
		}
	})
}

func TestBatchIsPausedResumedAndCancelled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		var recipients []map[string]any
		for i := range 40 {
			who := p.direct("POST", "/v1/patients/register",
				map[string]any{"first_name": "P", "last_name": fmt.Sprintf("Batch%02d", i), "dob": "1990-01-01",
					"mobile": fmt.Sprintf("07700 9003%02d", i)})
			recipients = append(recipients, map[string]any{"patient_id": who.str("patient_id")})
		}
		path := p.batchOf(recipients, nil)
		p.ok("PATCH", path+"/pause", nil)
		p.ok("PATCH", path+"/send", nil)
		// One that is sent after it is done, and it has not begun.
		later := p.batchOf(recipients[:1], nil)
		p.ok("PATCH", later+"/send", nil)
		wait.Until(t, "the later one to be done", func() bool { return p.totals(later)["completed"] == 1 })
		if got := p.totals(path); got["waiting"] != 40 {
			t.Fatalf("totals %v", got)
		}
		p.ok("PATCH", path+"/resume", nil)
		wait.Until(t, "the batch to be done", func() bool { return p.totals(path)["completed"] == 1 })
		if got := p.totals(path); got["sent"] != 40 {
			t.Fatalf("totals %v", got)
		}
		p.refused(409, "batch_completed", "PATCH", path+"/cancel", nil)
		other := p.batchOf(recipients, nil)
		p.ok("PATCH", other+"/pause", nil)
		p.ok("PATCH", other+"/send", nil)
		p.ok("PATCH", other+"/cancel", nil)
		wait.Until(t, "the other to be done", func() bool { return p.totals(other)["completed"] == 1 })
		if got := p.totals(other); got["cancelled"] != 40 {
			t.Fatalf("totals %v", got)
		}
		p.refused(409, "batch_cancelled", "PATCH", other+"/send", nil)
	})
}

// TestLongBatchIsReadAsAStream sends a body far longer than others may be, its
// fields in an unusual order.
func TestLongBatchIsReadAsAStream(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		one, _ := json.Marshal(map[string]any{"nhs_number": "123", "dob": "1990-01-01",
			"note": strings.Repeat("x", 200)})
		all := strings.Repeat(string(one)+",", 9_999) + `{"patient_id":"` + p.patientBy("byron") + `"}`
		body := `{"recipients":[` + all + `],"content":"Hello {{first_name}}","channel":"SMS","name":"Long"}`
		if len(body) < 2<<20 {
			t.Fatal("the body is too short")
		}
		a := p.direct("POST", "/v1/batch_message", body, once("long"))
		b := p.direct("POST", "/v1/batch_message", body, once("long"))
		if a.Status != 200 || b.str("id") != a.str("id") || b.Header.Get("Idempotency-Replayed") != "true" {
			t.Fatalf("%d %s\n%d %s", a.Status, a.Text, b.Status, b.Text)
		}
		p.refused(422, "idempotency_key_reused", "POST", "/v1/batch_message",
			map[string]any{"name": "x", "channel": "SMS", "content": "y",
				"recipients": []any{map[string]any{"patient_id": "1"}}}, once("long"))
		path := "/v1/batch_message/" + a.str("id")
		wait.Until(t, "the recipients to be looked up",
			func() bool { return p.ok("GET", path+"/preview", nil).Body["looked_up"] == 10_000.0 })
		if got := p.totals(path); got["created"] != 10_000 || got["failed"] != 9_999 || got["waiting"] != 1 {
			t.Fatalf("totals %v", got)
		}
		for _, wrong := range []string{
			strings.TrimSuffix(body, "}"), strings.Replace(body, `"SMS"`, `"FAX"`, 1), body + "x",
			strings.Replace(body, `"name":"Long"`, `"name":""`, 1),
		} {
			if got := p.direct("POST", "/v1/batch_message", wrong); got.Status != 400 {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		}
		if list := p.ok("GET", "/v1/batch_message", nil); list.Body["count"] != 1.0 {
			t.Fatalf("refused batches are there: %s", list.Text)
		}
	})
}
