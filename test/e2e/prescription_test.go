package e2e

import (
	"strings"
	"testing"

	"frontdesk/test/wait"
)

// prescribed issues a prescription for a patient, and gives its id.
func (p *program) prescribed(of string) string {
	p.t.Helper()
	made := p.ok("POST", "/v1/prescriptions", map[string]any{"patient_id": of, "prescriber_id": p.prescriber(),
		"drugs": []any{map[string]any{"name": "Amlodipine 5mg tablets"}}})
	id, _ := made.Body["prescription"].(map[string]any)["id"].(string)
	return id
}

// prescriber is the id of a member of staff whom patients are booked with.
func (p *program) prescriber() string {
	p.t.Helper()
	return p.ok("GET", "/v1/practitioners", nil).data()[0]["id"].(string)
}

// newcomer is a person the practice does not have.
var newcomer = map[string]any{"first_name": "Edith", "last_name": "Clarke", "dob": "1983-02-10",
	"mobile": "07700 900555"}

func TestPrescriberHasPharmacies(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		by := p.prescriber()
		who := p.ok("GET", "/v1/prescriber/"+by, nil)
		if who.str("id") != by || who.str("last_name") == "" {
			t.Errorf("got %s", who.Text)
		}
		p.ok("PATCH", "/v1/admins/"+by, map[string]any{"external_prescriber_id": "EXT-7",
			"prescriber_details": map[string]any{"registration_code": "7654321"}})
		who = p.ok("GET", "/v1/prescriber/"+by, nil)
		if who.str("external_prescriber_id") != "EXT-7" || who.str("registration_code") != "7654321" {
			t.Errorf("what the admin says is not there: %s", who.Text)
		}
		made := p.ok("POST", "/v1/pharmacies", map[string]any{"name": " Well Lane ", "email": "rx@well.example",
			"mobile": "07700 900444", "prescriber_id": by})
		if made.str("prescriber_id") != by || made.str("name") != "Well Lane" || made.str("email") != "rx@well.example" {
			t.Errorf("got %s", made.Text)
		}
		second := p.ok("POST", "/v1/pharmacies", map[string]any{"name": "High Street", "email": "rx@high.example",
			"mobile": "07700 900445", "prescriber_id": by})
		list := p.ok("GET", "/v1/prescriber/"+by+"/pharmacies?page_size=1&page_index=1", nil)
		if len(list.data()) != 1 || list.data()[0]["id"] != second.str("id") || list.Body["count"] != 2.0 {
			t.Errorf("got %s", list.Text)
		}
		for _, c := range []struct {
			status int
			code   string
			body   map[string]any
		}{
			{404, "prescriber_not_found", map[string]any{"name": "x", "email": "a@b.example", "mobile": "07700900123",
				"prescriber_id": "7"}},
			{400, "invalid_request", map[string]any{"name": "x", "email": "none", "mobile": "07700900123",
				"prescriber_id": by}},
			{400, "invalid_request", map[string]any{"name": "x", "email": "a@b.example", "mobile": "call us",
				"prescriber_id": by}},
		} {
			p.refused(c.status, c.code, "POST", "/v1/pharmacies", c.body)
		}
		p.refused(404, "prescriber_not_found", "GET", "/v1/prescriber/7", nil)
		p.refused(404, "prescriber_not_found", "GET", "/v1/prescriber/7/pharmacies", nil)
	})
}

func TestPrescriptionIsIssuedWithItsPatientAndReadOverBothDoors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		by := p.prescriber()
		at := p.ok("POST", "/v1/pharmacies", map[string]any{"name": "Well Lane", "email": "rx@well.example",
			"mobile": "07700 900444", "prescriber_id": by}).str("id")
		body := map[string]any{"patient": newcomer, "prescriber_id": by, "pharmacy_id": at, "write_to_record": true,
			"comments": "Fasting.", "drugs": []any{map[string]any{"name": "Amlodipine 5mg tablets", "dosage": "One a day",
				"quantity": "28 tablets", "code": "319283006"}}, "items": []any{map[string]any{"term": "Elastic stocking"}}}
		made := p.ok("POST", "/v1/prescriptions", body, header("Idempotency-Key", "rx-1"))
		rx := made.Body["prescription"].(map[string]any)
		id, patient := rx["id"].(string), rx["patient_id"].(string)
		if rx["status"] != "issued" || rx["prescriber_id"] != by || rx["pharmacy_id"] != at || rx["comments"] != "Fasting." ||
			made.Body["record_entry_id"] == nil || !strings.Contains(made.str("record_entry_url"), "/record/confirm/") {
			t.Errorf("got %s", made.Text)
		}
		again := p.ok("POST", "/v1/prescriptions", body, header("Idempotency-Key", "rx-1"))
		if again.Body["prescription"].(map[string]any)["id"] != id {
			t.Errorf("the same key issued another: %s", again.Text)
		}
		if found := p.ok("GET", "/v1/patients/"+patient, nil); found.str("last_name") != "Clarke" {
			t.Errorf("the patient is %s", found.Text)
		}
		// Nothing is in the record until a member of staff approves it.
		waiting := p.ok("GET", "/v1/record_entries?patient_id="+patient, nil)
		if len(waiting.data()) != 1 || waiting.data()[0]["status"] == "written" {
			t.Errorf("the record has %s", waiting.Text)
		}
		wait.Until(t, "the event", func() bool {
			log := p.ok("GET", "/v1/events?event_type=prescription.issued", nil)
			for _, e := range log.data() {
				if data, _ := e["data"].(map[string]any); data["prescription_id"] == id && data["patient_id"] == patient {
					return true
				}
			}
			return false
		})
		data, a := p.graphQL(p.creds.Token, `{ prescriptions { data { patient { lastName } doctor { lastName } status
			drugs { drug dosage quantity code } items { __typename } comments orders { status provider } } } }`)
		all, _ := dig(data, "prescriptions", "data").([]any)
		found := false
		for _, one := range all {
			found = found || dig(one.(map[string]any), "patient", "lastName") == "Clarke" &&
				dig(one.(map[string]any), "drugs", 0, "drug") == "Amlodipine 5mg tablets" &&
				dig(one.(map[string]any), "orders", 0, "provider") == "Well Lane"
		}
		if !found {
			t.Errorf("GraphQL has %s", a.Text)
		}
		// What other systems made is read here too: the sandbox has some.
		list := p.ok("GET", "/v1/prescriptions?page_size=100", nil)
		if len(list.data()) != len(all) || list.Body["count"] != float64(len(all)) || len(all) < 2 {
			t.Errorf("REST has %d, and GraphQL %d", len(list.data()), len(all))
		}
		mine := p.ok("GET", "/v1/prescriptions?patient_id="+patient, nil)
		if len(mine.data()) != 1 || mine.data()[0]["id"] != id {
			t.Errorf("the patient has %s", mine.Text)
		}
		if one := p.ok("GET", "/v1/prescriptions/"+id, nil); one.str("patient_id") != patient {
			t.Errorf("got %s", one.Text)
		}
	})
}

func TestPrescriptionThatCannotBeIssuedLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		by, drugs := p.prescriber(), []any{map[string]any{"name": "Amlodipine"}}
		ada := p.patientBy("byron")
		for _, c := range []struct {
			status int
			code   string
			body   map[string]any
		}{
			{400, "prescription_empty", map[string]any{"patient": newcomer, "prescriber_id": by}},
			{400, "prescription_patient", map[string]any{"prescriber_id": by, "drugs": drugs}},
			{400, "prescription_patient", map[string]any{"patient_id": ada, "patient": newcomer, "prescriber_id": by,
				"drugs": drugs}},
			{404, "prescriber_not_found", map[string]any{"patient": newcomer, "prescriber_id": "7", "drugs": drugs}},
			{404, "pharmacy_not_found", map[string]any{"patient": newcomer, "prescriber_id": by, "pharmacy_id": "7",
				"drugs": drugs}},
			{404, "patient_not_found", map[string]any{"patient_id": "7", "prescriber_id": by, "drugs": drugs}},
			{400, "invalid_request", map[string]any{"patient_id": ada, "prescriber_id": by, "drugs": drugs,
				"prescribed_at": "2099-01-01T00:00:00Z"}},
			{400, "invalid_request", map[string]any{"patient_id": ada, "prescriber_id": by,
				"drugs": []any{map[string]any{"name": strings.Repeat("x", 301)}}}},
			{400, "invalid_request", map[string]any{"patient": map[string]any{"first_name": "A", "last_name": "B",
				"dob": "1980-01-01"}, "prescriber_id": by, "drugs": drugs}},
		} {
			a := p.refused(c.status, c.code, "POST", "/v1/prescriptions", c.body)
			if c.code == "patient_not_found" && a.wrong() != "patient_id" {
				t.Errorf("the field is %s", a.wrong())
			}
		}
		a := p.refused(400, "invalid_request", "POST", "/v1/prescriptions", map[string]any{"patient_id": ada,
			"prescriber_id": by, "drugs": []any{map[string]any{"name": "Amlodipine"},
				map[string]any{"name": strings.Repeat("x", 301)}}})
		if a.wrong() != "drugs.1.name" {
			t.Errorf("the second drug is wrong, and said is %s", a.wrong())
		}
		if found := p.ok("GET", "/v1/patients?search=clarke&field=last_name", nil); len(found.data()) != 0 {
			t.Errorf("a patient was registered all the same: %s", found.Text)
		}
		p.refused(404, "prescription_not_found", "GET", "/v1/prescriptions/7", nil)
		if n := len(p.ok("GET", "/v1/prescriptions?patient_id=7", nil).data()); n != 0 {
			t.Errorf("%d prescriptions of no patient", n)
		}
	})
}
