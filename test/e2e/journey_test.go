package e2e

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestOverlapOfAPatientIsReportedOrRefused books one patient with two practitioners at once.
func TestOverlapOfAPatientIsReportedOrRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		patient := p.patient()
		ask := request(p.slot(0))
		ask["patient_id"], ask["suppress_availability_check"] = patient, true
		first := p.ok("POST", "/v1/appointments", ask).str("id")
		p.ok("PATCH", "/v1/appointments/"+first+"/book", nil)
		var other string
		for _, w := range p.ok("GET", "/v1/practitioners", nil).data() {
			if w["id"] != ask["practitioner_id"] {
				other = w["id"].(string)
			}
		}
		beside := maps.Clone(ask)
		beside["practitioner_id"] = other
		overlaps := func(a answer) {
			t.Helper()
			list, _ := a.Body["warnings"].([]any)
			if len(list) != 1 {
				t.Fatalf("got %s", a.Text)
			}
			w := list[0].(map[string]any)
			if w["code"] != "patient_booked_elsewhere" || w["appointment_id"] != first ||
				w["practitioner_id"] != ask["practitioner_id"] || w["start_time"] != ask["start_time"] {
				t.Errorf("warned of %v", w)
			}
		}
		held := p.ok("POST", "/v1/appointments", beside)
		overlaps(held)
		at := "/v1/appointments/" + held.str("id")
		overlaps(p.ok("PATCH", at+"/book", nil))
		start, err := time.Parse(time.RFC3339, ask["start_time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		move := map[string]any{
			"practitioner_id": other, "start_time": start.Add(6 * time.Hour).Format(time.RFC3339),
			"duration":                     ask["duration"],
			"suppress_availability_check":  true,
			"suppress_cancellation_policy": true,
		}
		if a := p.ok("PATCH", at+"/reschedule", move); a.Body["warnings"] != nil {
			t.Errorf("moved away: %s", a.Text)
		}

		p.ok("PATCH", "/v1/me", map[string]any{"patient_overlap": "refuse"})
		if a := p.ok("GET", "/v1/me/configuration", nil); a.str("patient_overlap") != "refuse" {
			t.Errorf("got %s", a.Text)
		}
		const code = "patient_booked_elsewhere"
		move["start_time"] = ask["start_time"]
		p.refused(http.StatusConflict, code, "PATCH", at+"/reschedule", move)
		p.refused(http.StatusConflict, code, "POST", "/v1/appointments", beside)
		delete(beside, "patient_id")
		free := p.ok("POST", "/v1/appointments", beside).str("id")
		p.refused(http.StatusConflict, code, "PATCH", "/v1/appointments/"+free+"/book",
			map[string]any{"patient_id": patient})
		beside["patient_id"], beside["start_time"] = patient, start.Add(8*time.Hour).Format(time.RFC3339)
		later := p.ok("POST", "/v1/appointments", beside).str("id")
		p.ok("PATCH", "/v1/appointments/"+free+"/cancel", nil)
		p.refused(http.StatusConflict, code, "PUT", "/v1/appointments/"+later, move)
		if a := p.refused(http.StatusBadRequest, "invalid_request", "PATCH", "/v1/me",
			map[string]any{"patient_overlap": "shrug"}); a.wrong() != "patient_overlap" {
			t.Errorf("got %s", a.Text)
		}
	})
}

// TestAppointmentJourneyIsRecorded notes the stages of a day over REST.
func TestAppointmentJourneyIsRecorded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ask := request(p.slot(0))
		ask["patient_id"] = p.patient()
		id := p.ok("POST", "/v1/appointments", ask).str("id")
		at := "/v1/appointments/" + id + "/journey"
		p.refused(http.StatusConflict, "appointment_not_confirmed", "PATCH", at, map[string]any{"stage": "arrived"})
		p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
		start, err := time.Parse(time.RFC3339, ask["start_time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		early := p.refused(http.StatusBadRequest, "stage_lies_ahead", "PATCH", at,
			map[string]any{"stage": "arrived", "at": start.Format(time.RFC3339)})
		if !strings.Contains(early.Text, `"path":["at"]`) {
			t.Errorf("it does not name the time: %s", early.Text)
		}
		p.refused(http.StatusConflict, "appointment_not_begun", "PATCH", at, map[string]any{"stage": "did_not_attend"})
		p.clock.move(start.Add(20 * time.Minute).Sub(p.clock.Now()))
		now := p.clock.Now().Format(time.RFC3339)
		noted := func(a answer, field, want string) {
			t.Helper()
			if got, _ := a.Body["journey"].(map[string]any)[field].(string); got != want {
				t.Errorf("%s is %q, want %q", field, got, want)
			}
		}
		noted(p.ok("PATCH", at, map[string]any{"stage": "did_not_attend"}), "did_not_attend_at", now)
		p.refused(http.StatusConflict, "patient_did_not_attend", "PATCH", at, map[string]any{"stage": "arrived"})
		noted(p.ok("PATCH", at, map[string]any{"stage": "did_not_attend", "undo": true}), "did_not_attend_at", "")
		came := start.Add(-5 * time.Minute).Format(time.RFC3339)
		noted(p.ok("PATCH", at, map[string]any{"stage": "consultation"}), "consultation_at", now)
		noted(p.ok("PATCH", at, map[string]any{"stage": "arrived", "at": came}), "arrived_at", came)
		p.refused(http.StatusConflict, "stage_out_of_order", "PATCH", at,
			map[string]any{"stage": "departed", "at": start.Format(time.RFC3339)})
		p.refused(http.StatusConflict, "patient_attended", "PATCH", at, map[string]any{"stage": "did_not_attend"})
		noted(p.ok("PATCH", at, map[string]any{"stage": "departed"}), "departed_at", now)
		noted(p.ok("GET", "/v1/appointments/"+id, nil), "arrived_at", came)
		if a := p.refused(http.StatusBadRequest, "invalid_request", "PATCH", at,
			map[string]any{"stage": "fainted"}); a.wrong() != "stage" {
			t.Errorf("got %s", a.Text)
		}
		p.refused(http.StatusNotFound, "appointment_not_found", "PATCH", "/v1/appointments/5/journey",
			map[string]any{"stage": "arrived"})
	})
}

// TestRatesOfVATOverREST sets those of an appointment type and of the practice.
func TestRatesOfVATOverREST(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		made := p.ok("POST", "/v1/appointment_types",
			map[string]any{"name": "Travel clinic", "duration": 20, "price": 5000, "vat_rate": 20})
		at := "/v1/appointment_types/" + made.str("id")
		rate := func(want any) {
			t.Helper()
			for _, k := range p.ok("GET", "/v1/appointment_types?include_inactive=true", nil).data() {
				if k["id"] == made.str("id") && k["vat_rate"] != want {
					t.Errorf("the rate is %v, want %v", k["vat_rate"], want)
				}
			}
		}
		rate(20.0)
		p.ok("PATCH", at, map[string]any{"name": "Travel"})
		rate(20.0)
		if a := p.ok("PATCH", at, map[string]any{"vat_rate": 17.5}); a.Body["vat_rate"] != 17.5 {
			t.Errorf("got %s", a.Text)
		}
		p.ok("PATCH", at, map[string]any{"vat_rate": nil})
		rate(nil)
		p.ok("PATCH", "/v1/me", map[string]any{"vat_rate": 5})
		if a := p.ok("GET", "/v1/me/configuration", nil); a.Body["vat_rate"] != 5.0 {
			t.Errorf("got %s", a.Text)
		}
		for _, wrong := range []float64{-1, 101, 17.55} {
			for _, path := range []string{at, "/v1/me"} {
				if a := p.refused(http.StatusBadRequest, "invalid_request", "PATCH", path,
					map[string]any{"vat_rate": wrong}); a.wrong() != "vat_rate" {
					t.Errorf("%v: %s", wrong, a.Text)
				}
			}
		}
	})
}
