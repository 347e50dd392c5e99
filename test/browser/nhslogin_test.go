package browser

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/test/nhslogin"
)

func TestAVisitorBooksByNHSLogin(t *testing.T) {
	a, address, dir := openAt(t)
	d := &desk{T: t, app: a}
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &d.keys); err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	issuer := nhslogin.Start(t, "..", key, a.URL()+"/nhs-login/callback", map[string]nhslogin.Person{
		"ada": nhslogin.Ada,
		"grace": {"nhs_number": "9990000034", "birthdate": "1990-12-09", "family_name": "Murray",
			"identity_proofing_level": "P5"},
		"alan": {"nhs_number": "9990000026", "birthdate": "1972-06-23", "family_name": "Mathison",
			"identity_proofing_level": "P9"},
	})
	o, err := app.OpenOperator(context.Background(), app.Opening{DB: address, SealKey: filepath.Join(dir, "key"),
		Seals: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.SetConnector(context.Background(), d.keys.Group, "nhs_login", map[string]string{"issuer": issuer,
		"client_id": nhslogin.Client}, map[string]string{"private_key": nhslogin.Private(key)})
	o.Close()
	if err != nil {
		t.Fatal(err)
	}
	kind := d.ask(d.keys.Key, http.MethodGet, "/v1/appointment_types?has_availability=true",
		nil)["data"].([]any)[0].(map[string]any)["id"]
	ada := d.ask(d.keys.Key, http.MethodGet, "/v1/patients?search=byron", nil)["data"].([]any)[0].(map[string]any)
	args := []string{a.URL(), os.Getenv("SHOTS"), issuer}
	for range 5 {
		for _, of := range []any{"", ada["id"]} {
			made := d.ask(d.keys.Keys["booking_links"], http.MethodPost, "/v1/booking_links",
				map[string]any{"appointment_type_id": kind, "patient_id": of, "maximum_use_count": 1,
					"from_date": time.Now().AddDate(0, 0, 2).Format(time.DateOnly)})
			args = append(args, strings.TrimPrefix(made["short_link"].(string), a.URL()))
		}
	}
	script(t, "nhslogin.mjs", args...)
}
