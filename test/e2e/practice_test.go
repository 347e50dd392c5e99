package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestSetupKeyCreatesAPractice makes a place, a person, a type and a session out
// of nothing, and books in it.
func TestSetupKeyCreatesAPractice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		place := p.ok("POST", "/v1/locations",
			map[string]any{"name": "Pier Clinic", "phone": "01632 960300",
				"address": map[string]any{"line_1": "1 Pier", "postcode": "zz11aa"}})
		person := p.ok("POST", "/v1/practitioners",
			map[string]any{"title": "Dr", "first_name": "Amara", "last_name": "Nwosu",
				"practitioner_type": "GP – Dermatology Specialist"})
		kind := p.ok("POST", "/v1/appointment_types",
			map[string]any{"name": "Skin check", "duration": 20, "price": 6000, "sector": "paid", "in_person": true})
		session := map[string]any{
			"practitioner_id": person.str("id"), "location_id": place.str("id"),
			"appointment_type_ids": []string{kind.str("id")},
			"start_date":           "2031-01-06", "start_time": "18:00", "end_time": "20:00", "slot_length": 20,
			"recurrence": "FREQ=WEEKLY;BYDAY=MO",
			"exceptions": []any{map[string]any{"start_date": "2031-01-13", "reason": "Leave"}},
		}
		made := p.ok("POST", "/v1/sessions", session)
		count := func() float64 {
			t.Helper()
			path := "/v1/slots/count?start_date=2031-01-06&end_date=2031-01-31&practitioner_id=" + person.str("id")
			return p.ok("GET", path, nil).Body["count"].(float64)
		}
		if n := count(); n != 18 { // three Mondays of six
			t.Fatalf("%v slots", n)
		}
		types := p.ok("GET", "/v1/appointment_types?has_availability=true&location_ids="+place.str("id"), nil)
		if one := types.data(); len(one) != 1 || one[0]["name"] != "Skin check" ||
			one[0]["slot_count"].(float64) != 18 ||
			one[0]["next_available_at"] != "2031-01-06T18:00:00Z" || one[0]["price"] != 6000.0 {
			t.Fatalf("got %s", types.Text)
		}
		if got := p.ok("PATCH", "/v1/sessions/"+made.str("id"),
			map[string]any{"exceptions": []any{}, "end_time": "19:00"}); got.str("end_time") != "19:00" {
			t.Fatalf("got %s", got.Text)
		}
		if n := count(); n != 12 {
			t.Fatalf("%v slots", n)
		}
		p.ok("PUT", "/v1/bank_holidays/2031-01-20", map[string]any{"name": "Training", "closed": true})
		if n := count(); n != 9 {
			t.Fatalf("%v slots", n)
		}
		if got := p.ok("GET", "/v1/bank_holidays?start_date=2031-01-01&end_date=2031-01-31",
			nil); len(got.data()) != 2 ||
			got.data()[1]["by_hand"] != true {
			t.Fatalf("got %s", got.Text)
		}
		p.ok("DELETE", "/v1/bank_holidays/2031-01-20", nil)
		if got := p.ok("GET", "/v1/sessions?practitioner_id="+person.str("id"), nil); len(got.data()) != 1 ||
			got.data()[0]["recurrence"] != "FREQ=WEEKLY;BYDAY=MO" || got.data()[0]["end_date"] != nil {
			t.Fatalf("got %s", got.Text)
		}
		if got := p.ok("GET", "/v1/sessions/"+made.str("id"), nil); got.str("timezone") != "Europe/London" {
			t.Fatalf("got %s", got.Text)
		}
		p.ok("PATCH", "/v1/practitioners/"+person.str("id"), map[string]any{"active": false})
		if n := count(); n != 0 {
			t.Fatalf("%v slots of an inactive practitioner", n)
		}
		p.ok("PATCH", "/v1/practitioners/"+person.str("id"), map[string]any{"active": true})
		p.ok("PATCH", "/v1/locations/"+place.str("id"), map[string]any{"name": "Pier Clinic, upstairs"})
		p.ok("PATCH", "/v1/appointment_types/"+kind.str("id"), map[string]any{"duration": 40})
		if n := count(); n != 8 { // of forty minutes in an hour
			t.Fatalf("%v slots", n)
		}
		p.ok("DELETE", "/v1/sessions/"+made.str("id"), nil)
		p.refused(http.StatusNotFound, "session_not_found", "DELETE", "/v1/sessions/"+made.str("id"), nil)
		for path, code := range map[string]string{
			"/v1/locations/5": "location_not_found", "/v1/practitioners/5": "practitioner_not_found",
			"/v1/appointment_types/x": "appointment_type_not_found", "/v1/sessions/5": "session_not_found",
		} {
			p.refused(http.StatusNotFound, code, "PATCH", path, map[string]any{})
		}
	})
}

func TestThePracticeGroup(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		me := p.ok("GET", "/v1/me", nil)
		if me.str("id") != p.creds.Group || me.str("sector") != "nhs" ||
			me.Body["address"].(map[string]any)["postcode"] != "ZZ1 1AA" || me.Body["sandbox"] != true {
			t.Fatalf("got %s", me.Text)
		}
		p.ok("PATCH", "/v1/me",
			map[string]any{"name": "Brambleford", "cancellation_policy_hours": 2, "booking_window_days": 7})
		config := p.ok("GET", "/v1/me/configuration", nil)
		if config.Body["cancellation_policy_hours"] != 2.0 || config.Body["booking_window_days"] != 7.0 ||
			config.Body["hold_minutes"] != 15.0 || config.str("timezone") != "Europe/London" {
			t.Fatalf("got %s", config.Text)
		}
		all := p.ok("GET", "/v1/appointment_types", nil)
		for _, kind := range all.data() {
			n := p.ok("GET", "/v1/slots/count?appointment_type_id="+kind["id"].(string), nil).Body["count"]
			if n != kind["slot_count"] {
				t.Errorf("%s has %v slots, counted %v", kind["name"], kind["slot_count"], n)
			}
		}
		if got := p.ok("GET", "/v1/locations", nil); len(got.data()) != 2 {
			t.Fatalf("got %s", got.Text)
		}
		if got := p.ok("GET", "/v1/practitioners?include_inactive=true", nil); len(got.data()) != 5 {
			t.Fatalf("got %s", got.Text)
		}
		can := p.ok("GET", "/v1/me/capabilities", nil, key(p.creds.Keys["booking"]))
		if scopes, _ := can.Body["scopes"].([]any); !slices.Contains(scopes, any("booking")) || len(scopes) != 1 {
			t.Fatalf("got %s", can.Text)
		}
		if can.Body["booking"] != true || can.Body["messaging"] != false ||
			len(can.Body["permissions"].([]any)) != 0 {
			t.Fatalf("got %s", can.Text)
		}
		can = p.ok("GET", "/v1/me/capabilities", nil, key(p.creds.Keys["booking_links"]))
		if can.Body["booking_links"] != true || can.Body["booking"] != false {
			t.Fatalf("got %s", can.Text)
		}
		if got := p.refused(http.StatusBadRequest, "invalid_request", "PATCH", "/v1/me",
			map[string]any{"timezone": "Mars"}); got.wrong() != "timezone" {
			t.Fatalf("got %s", got.Text)
		}
	})
}

func TestScopesAllowTheirOperations(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ask := request(p.slot(0))
		p.refused(http.StatusUnauthorized, "missing_key", "GET", "/v1/me", nil, key(""))
		p.refused(http.StatusUnauthorized, "missing_key", "GET", "/v1/me", nil, ofGroup(""))
		p.refused(http.StatusUnauthorized, "invalid_key", "GET", "/v1/me", nil, key("fd_test_1_1_abc"))
		p.refused(http.StatusForbidden, "other_practice_group", "GET", "/v1/me", nil, ofGroup(p.creds.Second.Group))
		p.refused(http.StatusForbidden, "other_practice_group", "GET", "/v1/me", nil, ofGroup("1"))
		no := p.refused(http.StatusForbidden, "missing_scope", "POST", "/v1/appointments", ask,
			key(p.creds.Keys["messaging"]))
		if !strings.Contains(no.str("detail"), "booking") {
			t.Fatalf("it says %q", no.str("detail"))
		}
		p.refused(http.StatusForbidden, "missing_scope", "GET", "/v1/slots", nil, key(p.creds.Keys["booking_links"]))
		p.refused(http.StatusForbidden, "missing_permission", "POST", "/v1/locations", map[string]any{"name": "x"},
			key(p.creds.Keys["booking"]))
		p.ok("GET", "/v1/me", nil, key(p.creds.Keys["booking_links"]))
		p.ok("GET", "/v1/patients", nil, key(p.creds.Keys["messaging"]))
		p.ok("POST", "/v1/appointments", ask, key(p.creds.Keys["booking"]))
		// What belongs to one group is not there for another.
		id := p.booked(30)
		theirs := []with{key(p.creds.Second.Key), ofGroup(p.creds.Second.Group)}
		p.refused(http.StatusNotFound, "appointment_not_found", "GET", "/v1/appointments/"+id, nil, theirs...)
		p.refused(http.StatusNotFound, "appointment_not_found", "PATCH", "/v1/appointments/"+id+"/cancel", nil,
			theirs...)
		p.refused(http.StatusNotFound, "appointment_type_not_found", "POST", "/v1/appointments", ask, theirs...)
		p.refused(http.StatusNotFound, "patient_not_found", "GET", "/v1/patients/"+p.patient(), nil, theirs...)
		p.refused(http.StatusNotFound, "location_not_found", "GET",
			"/v1/slots?location_id="+ask["location_id"].(string), nil,
			theirs...)
	})
}

func TestPatients(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		body := map[string]any{
			"first_name": "Siân", "last_name": "O'Neill-Łuczak", "dob": "1985-12-10T00:00:00Z",
			"email":      "sian@example.org",
			"nhs_number": "999 000 0107",
			"sex":        "Female", "title": "Dr", "postcode": "sw1a1aa", "data_source": "emis",
			"ehr_partner_id": "E-9",
		}
		id := p.ok("POST", "/v1/patients/register", body).str("patient_id")
		body["mobile"] = "+44 7700 900777"
		if again := p.ok("POST", "/v1/patients/register", body).str("patient_id"); again != id {
			t.Fatalf("registered again as %s, at first %s", again, id)
		}
		got := p.ok("GET", "/v1/patients/"+id, nil)
		for field, want := range map[string]any{
			"nhs_number": "9990000107", "dob": "1985-12-10T00:00:00Z", "mobile": "+447700900777",
			"email": "sian@example.org",
			"title": "Dr", "sex": "Female",
			"postcode": "SW1A 1AA", "data_source": "emis", "status": "unarchived", "restricted": false, "uid": nil,
			"notes":          nil,
			"ehr_partner_id": "E-9",
		} {
			if got.Body[field] != want {
				t.Errorf("%s is %v, want %v", field, got.Body[field], want)
			}
		}
		for query, want := range map[string]float64{
			"search=oneill+lucz": 1, "search=9990000107": 1, "field=ehr_partner_id&search=E-9": 1,
			"field=mobile&search=07700900777": 1, "field=last_name&search=zz": 0, "page_size=1&page_index=3": 7,
		} {
			if n := p.ok("GET", "/v1/patients?"+query, nil).Body["count"]; n != want {
				t.Errorf("%s: %v, want %v", query, n, want)
			}
		}
		body["dob"] = "1985-12-11"
		p.refused(http.StatusConflict, "nhs_number_taken", "POST", "/v1/patients/register", body)
		body["nhs_number"] = "999 000 0108"
		if got := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/patients/register",
			body); got.wrong() != "nhs_number" {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(http.StatusNotFound, "patient_not_found", "GET", "/v1/patients/99", nil)
		p.refused(http.StatusNotFound, "patient_not_found", "GET", "/v1/patients/x", nil)
	})
}
