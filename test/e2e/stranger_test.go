package e2e

import (
	"strconv"
	"testing"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// TestWrongCredentialsAreLimitedByClientAddress tries many from one
// address behind a trusted proxy: others behind the same proxy are let in.
func TestWrongCredentialsAreLimitedByClientAddress(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{TrustedProxies: []string{"127.0.0.0/8"}})
		from := func(address string) with { return header("X-Forwarded-For", address) }
		wrong := key(p.creds.Key[:len(p.creds.Key)-4] + "aaaa")
		for i := range 60 {
			if a := p.direct("GET", "/v1/me", nil, wrong, from("203.0.113.9")); a.Status != 401 {
				t.Fatalf("wrong key %d: %d %s", i+1, a.Status, a.Text)
			}
		}
		a := p.direct("GET", "/v1/me", nil, wrong, from("203.0.113.9"))
		if a.Status != 429 || a.str("code") != "too_many_attempts" || a.Header.Get("Retry-After") == "" {
			t.Fatalf("one too many: %d %s %v", a.Status, a.Text, a.Header)
		}
		if a := p.direct("GET", "/v1/me", nil, from("203.0.113.9")); a.Status != 200 {
			t.Errorf("a right key from there: %d %s", a.Status, a.Text)
		}
		if a := p.direct("GET", "/v1/me", nil, wrong, from("203.0.113.10")); a.Status != 401 {
			t.Errorf("a wrong key from elsewhere: %d %s", a.Status, a.Text)
		}
		signIn := func(i int, address string) answer {
			document := `mutation { signIn(email: "a` + strconv.Itoa(i) + `@example.org", password: "x") { token } }`
			return p.direct("POST", "/graphql", map[string]any{"query": document}, key(""), ofGroup(""), from(address))
		}
		for i := range 61 {
			if a, last := signIn(i, "198.51.100.1"), i == 60; (a.Status == 429) != last {
				t.Fatalf("sign-in %d: %d %s", i+1, a.Status, a.Text)
			}
		}
		if a := signIn(0, "198.51.100.2"); a.Status != 200 {
			t.Errorf("from elsewhere: %d %s", a.Status, a.Text)
		}
	})
}

// TestBookingKeyReadsNoRecords asks for what is written and kept of a patient
// with a key that may only book.
func TestBookingKeyReadsNoRecords(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		of := p.patient()
		file := p.ok("POST", "/v1/patients/"+of+"/attachments",
			map[string]any{"file_name": "a.pdf", "file_data": "JVBERi0xLjQK"})
		booking := p.creds.Keys["booking"]
		for _, path := range []string{"/record", "/record/fhir", "/attachments", "/attachments/" +
			file.str("ehr_file_id")} {
			if a := p.direct("GET", "/v1/patients/"+of+path, nil); a.Status != 200 {
				t.Errorf("%s with a key for messages: %d %s", path, a.Status, a.Text)
			}
			if a := p.direct("GET", "/v1/patients/"+of+path, nil, key(booking)); a.Status != 403 ||
				a.code() != "missing_scope" {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
		if a := p.direct("GET", "/v1/patients/"+of, nil, key(booking)); a.Status != 200 {
			t.Errorf("the patient: %d %s", a.Status, a.Text)
		}
	})
}
