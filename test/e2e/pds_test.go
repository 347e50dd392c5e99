package e2e

import (
	"bytes"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// TestPDSIsReadBeforeAnAppointment books a patient who has not been traced, and starts
// the program again: its job reads the national service for them.
func TestPDSIsReadBeforeAnAppointment(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"].(string)
		alan := p.ok("GET", "/v1/patients?search=mathison", nil).data()[0]["id"].(string)
		r := request(p.slot(0))
		r["patient_id"] = ada
		p.ok("PATCH", "/v1/appointments/"+p.ok("POST", "/v1/appointments", r).str("id")+"/book", nil)
		if err := p.app.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := open(t, address, app.Config{})
		wait.Until(t, "the record to be read again", func() bool {
			return again.ok("GET", "/v1/patients/"+ada, nil).Body["last_sync_at"] != nil
		})
		if got := again.ok("GET", "/v2/patients/"+ada, nil); got.str("nhs_number_status") != "verified" ||
			got.str("data_source") != "pds" {
			t.Fatalf("got %s", got.Text)
		}
		if got := again.ok("GET", "/v1/patients/"+alan, nil); got.Body["last_sync_at"] != nil {
			t.Fatal("a patient without an appointment was read")
		}
	})
}

func TestConnectorsAtTheCommandLine(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		dir := t.TempDir()
		secret := filepath.Join(dir, "private.pem")
		key, err := rsa.GenerateKey(crand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		if err := os.WriteFile(secret, text, 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := run(t, "group", "create", "Mill Lane", "--ods-code", "A10001", "--db", address, "--json")
		if code != 0 {
			t.Fatal(errs)
		}
		var group struct {
			ID string `json:"practice_group_id"`
		}
		if err := json.Unmarshal([]byte(out), &group); err != nil {
			t.Fatal(err)
		}
		set := func(want int, says string, more ...string) {
			t.Helper()
			out, errs, code := run(t,
				append([]string{"connector", "set", "pds", "--group", group.ID, "--db", address}, more...)...)
			if code != want || !strings.Contains(out+errs, says) {
				t.Fatalf("%v: %d %s %s", more, code, out, errs)
			}
		}
		set(2, "token", "--set", "base_url=https://pds.example.org/FHIR/R4", "--set", "token_url=nonsense")
		set(2, "There is no such setting", "--set", "colour=blue")
		set(2, "refresh is on or off", "--set", "base_url=https://pds.example.org/FHIR/R4", "--set", "refresh=perhaps")
		set(2, "https", "--set", "base_url=http://pds.example.org/FHIR/R4")
		set(0, "refresh=on", "--set", "base_url=https://pds.example.org/FHIR/R4", "--set",
			"token_url=https://pds.example.org/oauth2/token",
			"--set", "api_key=k", "--set", "key_id=1", "--set", "refresh=on", "--secret-file", "private_key="+secret)
		set(0, "refresh_every=12h", "--set", "refresh_every=12h") // the rest stays
		if out, errs, code := run(t, "connector", "list", "--group", group.ID, "--db", address, "--json"); code != 0 ||
			!strings.Contains(out, "pds.example.org") || strings.Contains(out, "PRIVATE KEY") {
			t.Fatalf("%d %s %s", code, out, errs)
		}
		var kept []byte
		if err := storetest.Raw(t, address).QueryRow(`SELECT secret FROM connector`).Scan(&kept); err != nil ||
			bytes.Contains(kept, []byte("PRIVATE")) || len(kept) < 1000 {
			t.Fatalf("the secret is kept as %d bytes, %v", len(kept), err)
		}
		if _, errs, code := run(t, "connector", "set", "pds", "--group", group.ID, "--db", address, "--seal-key",
			filepath.Join(dir, "other.key"), "--set", "refresh=off"); code == 0 {
			t.Fatalf("another key opened it: %s", errs)
		}
		if _, errs, code := run(t, "connector", "remove", "pds", "--group", group.ID, "--db", address); code != 0 {
			t.Fatal(errs)
		}
		if _, _, code := run(t, "connector", "remove", "pds", "--group", group.ID, "--db", address); code != 3 {
			t.Fatalf("removed twice: %d", code)
		}
	})
}

func TestOutageOfPDSRefusesNewPatientsOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		who := map[string]any{"nhs_number": "9693632109", "dob": "1946-06-23"}
		known := p.ok("POST", "/v1/patients/register_pds", who).str("patient_id")
		p.fails("500", 100)
		if got := p.ok("POST", "/v1/patients/register_pds", who); got.str("patient_id") != known {
			t.Fatalf("got %s", got.Text)
		}
		a := p.refused(503, "pds_unavailable", "POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9693632966", "dob": "1920-08-11"}, once("down"))
		if a.Header.Get("Retry-After") == "" {
			t.Fatal("it does not say when to try again")
		}
		if list := p.ok("GET", "/v1/patients?search=massam", nil); list.Body["count"] != 0.0 {
			t.Fatalf("something was stored: %s", list.Text)
		}
	})
}
