package browser

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestAPatientIsLedByACareNavigationForm(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &d.keys); err != nil {
		t.Fatal(err)
	}
	first := func(path string) map[string]any {
		return d.ask(d.keys.Key, http.MethodGet, path, nil)["data"].([]any)[0].(map[string]any)
	}
	ada, kind := first("/v1/patients?search=byron"), first("/v1/appointment_types?has_availability=true")["id"]
	on := func(days float64) []map[string]any {
		return []map[string]any{{"form_question_id": "days", "at_least": days}}
	}
	form := d.ask(d.keys.Key, http.MethodPost, "/v1/forms", map[string]any{"title": "Sore throat",
		"form_type": "care_navigation", "fields": []map[string]any{
			{"form_question_id": "breath", "name": "Is it hard to breathe?", "kind": "option", "required": true,
				"options": []string{"Yes", "No"}},
			{"form_question_id": "days", "name": "For how many days?", "kind": "text", "required": true,
				"number": map[string]any{"low": 0, "high": 60}},
		},
		"rules": []map[string]any{
			{"conditions": []map[string]any{{"form_question_id": "breath", "answer": "Yes"}},
				"outcome": map[string]any{"type": "advice", "urgent": true, "heading": "Call 999 now",
					"text": "Do not drive yourself.\n\nSit up, and keep calm."}},
			{"conditions": on(14), "outcome": map[string]any{"type": "task", "task_text": "Ring the patient"}},
			{"conditions": on(7), "outcome": map[string]any{"type": "appointment", "appointment_type_id": kind}},
		},
		"default_outcome": map[string]any{"type": "advice", "heading": "Look after yourself", "text": "Rest and drink."}})
	path := "/v1/forms/" + form["id"].(string) + "/publish"
	d.ask(d.keys.Key, http.MethodPost, path, map[string]any{})
	args := []string{d.app.URL(), os.Getenv("SHOTS"), ada["dob"].(string)[:10]}
	for range 6 * 4 {
		made := d.ask(d.keys.Key, http.MethodPost, "/v1/form_links", map[string]any{"patient_id": ada["id"],
			"form_id": form["id"]})
		args = append(args, strings.TrimPrefix(made["form_link"].(string), d.app.URL()))
	}
	script(t, "navigation.mjs", args...)
}
