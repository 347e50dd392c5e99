package browser

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestAVisitorSaysWhoTheyAre(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &d.keys); err != nil {
		t.Fatal(err)
	}
	kind := d.ask(d.keys.Key, http.MethodGet, "/v1/appointment_types?has_availability=true",
		nil)["data"].([]any)[0].(map[string]any)["id"]
	args := []string{d.app.URL(), os.Getenv("SHOTS")}
	for range 2 {
		made := d.ask(d.keys.Keys["booking_links"], http.MethodPost, "/v1/booking_links",
			map[string]any{"appointment_type_id": kind})
		args = append(args, strings.TrimPrefix(made["short_link"].(string), d.app.URL()))
	}
	script(t, "anyone.mjs", args...)
}
