package rest_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLongBodyIsRefusedAsAShortOne makes batches that are wrong in one place, with a body that is read whole and with
// one that is read as it comes.
func TestLongBodyIsRefusedAsAShortOne(t *testing.T) {
	h, group, key := door(t)
	refusal := func(body string) (status int, message any) {
		t.Helper()
		r := httptest.NewRequest("POST", "/v1/batch_message", strings.NewReader(body))
		r.Header.Set("x-api-key", key)
		r.Header.Set("x-practice-group-id", group)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var e map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		return w.Code, e["message"]
	}
	const rest = `,"name":"b","content":"Hello","recipients":[{"patient_id":"1"}]}`
	for _, begin := range []string{
		`{"channel":"FAX"`, `{"channel":"sms"`, `{"channel":5`, `{"pad":1`, `{"channel":"SMS","purpose":"marketing"`,
		`{"channel":"SMS","purpose":5`, `{"channel":"EMAIL","subject":5`, `{"channel":"EMAIL"`,
	} {
		status, want := refusal(begin + rest)
		if status != 400 {
			t.Errorf("%s: %d %v", begin, status, want)
		}
		long, got := refusal(begin + `,"padding":"` + strings.Repeat("x", 1<<20) + `"` + rest)
		if long != status || !cmp.Equal(got, want) {
			t.Errorf("%s: %d\n%s", begin, long, cmp.Diff(want, got))
		}
	}
}
