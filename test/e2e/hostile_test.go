package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// hostile values, as JSON.
var hostile = []string{
	`null`, `true`, `false`, `0`, `-1`, `1`, `1.5`, `-0`, `1e400`, `-1e400`, `1e-400`, `9007199254740993`,
	`99999999999999999999999999`, `""`, `" "`, `"x"`, `"0"`, `"-1"`, `"٣"`,
	`"99999999999999999999999999999999"`, `"2026-02-30"`, `"2026-01-01"`, `"2026-01-01T25:00:00Z"`,
	`"9999-12-31T23:59:59Z"`, `"0000-01-01T00:00:00Z"`, `"1066-10-14T09:00:00+14:00"`,
	`"2031-01-07T09:00:00.123456789Z"`, `"\u0000"`, `"\u202e"`, `"\ud800"`, `"\n\r\t"`, `"' OR 1=1 --"`,
	`"<script>alert(1)</script>"`, `"%00"`, `"../../etc/passwd"`, `[]`, `{}`, `[[]]`, `[null]`, `[1,2]`, `{"a":{}}`,
	`"` + strings.Repeat("a", 70_000) + `"`, `"` + strings.Repeat("😀", 3000) + `"`, strings.Repeat("[", 5000) +
		strings.Repeat("]", 5000), strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat("}", 5000),
	`"FREQ=WEEKLY;COUNT=999999999"`, `"24:00"`, `"Local"`, `["99"]`, `[{"start_date":"x"}]`,
	`[{"start_date":"2031-01-01","end_date":"1800-01-01"}]`,
}

// hostileTexts are for paths and queries.
var hostileTexts = []string{
	"", " ", "0", "-1", "1.5", "1e9", "99999999999999999999999", strings.Repeat("9", 3000), "null", "undefined", "true",
	"x", "é", "\x00", "\u202e", "%", "%zz", "a/b", "..", "2026-02-30", "9999-12-31", "2031-01-01T00:00:00+99:00",
	"2031-01-01,2031-01-02", "' OR 1=1 --", strings.Repeat("a", 5000), "[]", "{}", "1,2,3",
}

type operation struct {
	method, path string
	query        []string
	body         map[string]any // the schema's properties, or nil
}

// operations reads what the contract's operations take.
func operations(t *testing.T) []operation {
	t.Helper()
	text, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	follow := func(v any) map[string]any {
		m, _ := v.(map[string]any)
		for m["$ref"] != nil {
			at := any(doc)
			for _, part := range strings.Split(strings.TrimPrefix(m["$ref"].(string), "#/"), "/") {
				at = at.(map[string]any)[part]
			}
			m, _ = at.(map[string]any)
		}
		return m
	}
	var out []operation
	for path, methods := range doc["paths"].(map[string]any) {
		for method, spec := range methods.(map[string]any) {
			op := operation{method: strings.ToUpper(method), path: path}
			s := spec.(map[string]any)
			parameters, _ := s["parameters"].([]any)
			for _, p := range parameters {
				if p := follow(p); p["in"] == "query" {
					op.query = append(op.query, p["name"].(string))
				}
			}
			if body := follow(s["requestBody"]); body != nil {
				content := follow(follow(body["content"].(map[string]any)["application/json"])["schema"])
				op.body, _ = content["properties"].(map[string]any)
			}
			out = append(out, op)
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if len(out) < 30 {
		t.Fatalf("found %d operations", len(out))
	}
	return out
}

// TestMalformedRequestNeverCausesAServerError sends malformed requests to every operation. It
// may be refused, with an error of the usual shape; it may never be a fault of
// ours, and no error may show what we are made of.
func TestMalformedRequestNeverCausesAServerError(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		slot := p.slot(0)
		good := map[string]any{ // values that are right, by the field's name
			"appointment_type_id": slot["appointment_type_id"], "location_id": slot["location_id"],
			"practitioner_id": slot["practitioner_id"],
			"start_time":      slot["start_time"], "duration": 10, "name": "Name", "first_name": "Ada",
			"last_name": "Byron",
			"dob":       "1985-12-10", "mobile": "07700 900123",
			"closed": true, "appointment_type_ids": []any{slot["appointment_type_id"]}, "start_date": "2031-01-06",
			"end_time": "12:00", "slot_length": 10,
			"forename": "Jane", "surname": "Smith", "postcode": "LS1 6AE", "file_name": "a.txt",
			"file_data":   "aGVsbG8=",
			"merge_token": "x", "patient_id": "1",
			"value": "07700 900123", "ehr_partner_id": "E-1",
		}
		appointment := p.ok("POST", "/v1/appointments", request(p.slot(77))).str("id")
		person := p.ok("POST", "/v1/patients/register",
			map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01",
				"mobile": "07700 900123"}).str("patient_id")
		sent := 0
		try := func(method, path, body string, change ...with) {
			t.Helper()
			sent++
			var content any
			if body != "" {
				content = body
			}
			a := p.direct(method, path, content, change...)
			about := fmt.Sprintf("%s %.200s %.200s", method, path, body)
			if a.Status >= 500 {
				t.Errorf("%s\nanswers %d %s", about, a.Status, a.Text)
				return
			}
			switch {
			case a.Status >= 400 && a.str("resourceType") == "OperationOutcome":
				p.isOutcome(a)
			case a.Status >= 400:
				p.isRefusal(a, a.Status, a.str("code"))
			}
			for _, ours := range []string{"goroutine", ".go:", "sqlite", "SQLSTATE", "pgx", "panic", "runtime error",
				"oas."} {
				if strings.Contains(a.Text, ours) {
					t.Errorf("%s\nshows what we are made of: %s", about, a.Text)
				}
			}
		}
		for _, op := range operations(t) {
			id := appointment
			if strings.Contains(op.path, "/patients/") {
				id = person
			}
			path := strings.NewReplacer("{id}", id, "{date}", "2031-03-03", "{kind}", "mobile", "{type}", "task",
				"{attachment_id}", "1").Replace(op.path)
			if strings.Contains(op.path, "{") {
				for _, text := range hostileTexts {
					try(op.method, regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllLiteralString(op.path,
						url.PathEscape(text)),
						bodyOf(op, good, "", ""))
				}
			}
			for _, name := range op.query {
				for _, text := range hostileTexts {
					escaped := url.QueryEscape(name)
					try(op.method, path+"?"+escaped+"="+url.QueryEscape(text)+"&"+escaped+"=1", "")
				}
				try(op.method, path+"?"+name+"=%zz&;;&&=", "")
			}
			for _, name := range slices.Sorted(maps.Keys(op.body)) {
				for _, value := range hostile {
					try(op.method, path, bodyOf(op, good, name, value))
				}
			}
			if op.body != nil {
				whole := bodyOf(op, good, "", "")
				for _, body := range append(hostile, whole[:len(whole)-1], whole+whole, "{"+whole, `{"a":1,"a":2}`,
					"\xff\xfe",
					"<xml/>") {
					try(op.method, path, body)
				}
				for _, media := range []string{"", "text/plain", "application/xml", "application/json; charset=utf-16",
					"application/x-www-form-urlencoded", "x", "application/json;;;"} {
					try(op.method, path, whole, header("Content-Type", media))
				}
				try(op.method, path, `{"name":"`+strings.Repeat("a", 1<<20)+`"}`)
			}
			for _, value := range []string{"", "a", strings.Repeat("k", 300), "é", "\t"} {
				try(op.method, path, bodyOf(op, good, "", ""), once(value))
			}
		}
		if sent < 4000 {
			t.Fatalf("sent %d requests", sent)
		}
		t.Logf("sent %d requests", sent)
		for _, method := range []string{"HEAD", "OPTIONS", "TRACE", "PROPFIND"} {
			if a := p.direct(method, "/v1/me", nil); a.Status != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d %s", method, a.Status, a.Text)
			}
		}
	})
}

// bodyOf is a body for an operation: right but for one field.
func bodyOf(op operation, good map[string]any, field, value string) string {
	if op.body == nil {
		return ""
	}
	out := map[string]json.RawMessage{}
	for name := range op.body {
		if v, ok := good[name]; ok {
			text, _ := json.Marshal(v)
			out[name] = text
		}
	}
	if op.path == "/v1/sessions" || op.path == "/v1/sessions/{id}" {
		out["start_time"] = json.RawMessage(`"09:00"`)
	}
	var b strings.Builder
	b.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if name == field {
			continue
		}
		fmt.Fprintf(&b, "%q:%s,", name, out[name])
	}
	if field != "" {
		fmt.Fprintf(&b, "%q:%s,", field, value)
	}
	return strings.TrimSuffix(b.String(), ",") + "}"
}
