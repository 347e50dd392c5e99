package browser

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAPatientFillsInAFormByALink(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &d.keys); err != nil {
		t.Fatal(err)
	}
	ada := d.ask(d.keys.Key, http.MethodGet, "/v1/patients?search=byron", nil)["data"].([]any)[0].(map[string]any)
	scope := d.keys.Keys["booking_links"]
	form := d.ask(scope, http.MethodGet, "/v1/forms", nil)["data"].([]any)[0].(map[string]any)["id"]
	picture, note := filepath.Join(t.TempDir(), "bill.jpg"), filepath.Join(t.TempDir(), "note.jpg")
	for name, content := range map[string]string{
		picture: "\xff\xd8\xff\xe0\x00\x10JFIF\x00 and more", note: "Dear doctor",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{d.app.URL(), os.Getenv("SHOTS"), ada["dob"].(string)[:10], picture, note}
	for range 6 {
		made := d.ask(scope, http.MethodPost, "/v1/form_links", map[string]any{"patient_id": ada["id"],
			"form_id": form})
		args = append(args, strings.TrimPrefix(made["form_link"].(string), d.app.URL()))
	}
	script(t, "fill.mjs", args...)
}
