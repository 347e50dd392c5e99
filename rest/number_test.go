package rest_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestIntegerIsReadInEveryNotation(t *testing.T) {
	h, group, key := door(t)
	ask := func(method, path, body string, headers ...string) (int, map[string]any) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("x-api-key", key)
		r.Header.Set("x-practice-group-id", group)
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var out map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		return w.Code, out
	}
	for _, n := range []string{"30", "30.0", "3e1", "3.00E+1"} {
		body := `{"name":"30.0 \"minutes\" \\", "duration":` + n + `}`
		for _, headers := range [][]string{nil, {"Idempotency-Key", "a" + n}} {
			status, out := ask("POST", "/v1/appointment_types", body, headers...)
			if status >= 300 || out["duration"] != 30.0 || out["name"] != `30.0 "minutes" \` {
				t.Errorf("%s: %d %v", body, status, out)
			}
		}
	}
	for _, c := range []struct{ method, path, body, sent string }{
		{"POST", "/v1/appointment_types", `{"name":"x","duration":30.5}`, "30.5"},
		{"POST", "/v1/appointment_types", `{"name":"x","duration":"half an hour"}`, `"half an hour"`},
		{"POST", "/v1/appointment_types", `{"name":"x","duration":true}`, "true"},
		{"GET", "/v1/slots?page_size=many", ``, `"many"`},
		{"GET", "/v1/slots?page_size=1.5", ``, `"1.5"`},
	} {
		status, out := ask(c.method, c.path, c.body)
		text, _ := json.Marshal(out["message"])
		var said string
		if all, _ := out["message"].([]any); len(all) == 1 {
			said, _ = all[0].(map[string]any)["message"].(string)
		}
		if status != 400 || said != "This is not of the right type: "+c.sent+" was sent." {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, text)
		}
	}
}

func TestFractionalDurationIsRefused(t *testing.T) {
	h, group, key := door(t)
	r := httptest.NewRequest("POST", "/v1/appointments",
		strings.NewReader(`{"appointment_type_id": "1", "location_id": "1", "practitioner_id": "1",
		"start_time": "2031-01-06T09:00:00Z", "duration": 30.5}`))
	r.Header.Set("x-api-key", key)
	r.Header.Set("x-practice-group-id", group)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "Appointments last whole minutes: 30.5 was sent.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
