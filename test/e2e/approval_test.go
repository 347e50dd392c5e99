package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/operator"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

const staffPassword = "correct horse battery"

// employ adds a member of staff with a password.
func (p *program) employ(address, email, first, last, role string) {
	p.t.Helper()
	t := p.t.(*testing.T)
	in := []string{"--db", address, "--group", p.creds.Group}
	ofCommand(t, "",
		append([]string{"user", "create", "--email", email, "--role", role, "--first-name", first, "--last-name", last},
			in...)...)
	ofCommand(t, staffPassword+"\n", append([]string{"user", "password", email}, in...)...)
}

// visitor is a browser that keeps its cookies.
type visitor struct {
	t testing.TB
	http.Client
}

func newVisitor(t testing.TB) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, http.Client{Jar: jar}}
}

func (v *visitor) fill(address string, form url.Values) (int, string) {
	v.t.Helper()
	res, err := v.PostForm(address, form)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestRecordEntryWaitsForStaffApproval follows a message from a key
// that may not approve to the record, by the page and by GraphQL.
func TestRecordEntryWaitsForStaffApproval(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		p.employ(address, "grace@example.org", "Grace", "Hopper", "frontdesk")
		messages := key(p.creds.Keys["messaging"])
		send := func() answer {
			return p.ok("POST", "/v1/messages/send",
				p.message("byron", "sms", map[string]any{"write_to_record": true, "auto_write_to_record": true}),
				messages)
		}
		a := send()
		if a.str("snomed_code") != "279991000000102" || a.str("auth_token") == "" {
			t.Fatalf("got %s", a.Text)
		}
		at, id, ada := a.str("confirm_write_to_record_url"), a.str("message_id"), p.patientBy("byron")
		p.becomes(id, "delivered")

		// A stranger with the address, and even the key, learns nothing and decides nothing.
		v := newVisitor(t)
		approve := url.Values{"decision": {"approve"}, "patient": {ada}}
		status, text := page(t, at+"?auth_token="+a.str("auth_token"))
		if status != 200 || !strings.Contains(text, "Sign in to decide") || strings.Contains(text, "Please call us.") ||
			strings.Contains(text, "Byron") {
			t.Fatalf("%d %s", status, text)
		}
		if status, text = v.fill(at, approve); !strings.Contains(text, "Sign in to decide") {
			t.Fatalf("%d %s", status, text)
		}
		waits := p.ok("GET", "/v1/record_entries?patient_id="+ada, nil, messages)
		if len(waits.data()) != 1 || waits.Body["count"] != 1.0 {
			t.Fatalf("got %s", waits.Text)
		}
		entry := waits.data()[0]
		if entry["status"] != "pending_approval" || entry["message_id"] != id || entry["message_type"] != "sms" ||
			entry["content"] != "Your results are in. Please call us." ||
			entry["patient"].(map[string]any)["last_name"] != "Byron" || entry["proposed_by"] == nil ||
			entry["decided_by"] != nil {
			t.Fatalf("got %s", waits.Text)
		}
		p.refused(403, "missing_scope", "GET", "/v1/record_entries", nil, key(p.creds.Keys["booking"]))
		p.refused(400, "invalid_request", "GET", "/v1/record_entries?status=lost", nil)

		// Signed in, she sees whose record it is, and decides.
		if status, text = v.fill(at,
			url.Values{"decision": {"sign_in"}, "email": {"grace@example.org"}, "password": {"wrong"}}); status != 401 {
			t.Fatalf("%d %s", status, text)
		}
		status, text = v.fill(at,
			url.Values{"decision": {"sign_in"}, "email": {"grace@example.org"}, "password": {staffPassword}})
		if status != 200 || !strings.Contains(text, "Ada Byron") || !strings.Contains(text, "Please call us.") ||
			!strings.Contains(text, "279991000000102") {
			t.Fatalf("%d %s", status, text)
		}
		record := "/v1/patients/" + ada + "/record"
		if got := p.ok("GET", record, nil); got.Body["count"] != 0.0 {
			t.Fatalf("opening the page wrote it: %s", got.Text)
		}
		if status, text = v.fill(at, approve); status != 200 || !strings.Contains(text, "It will be written") {
			t.Fatalf("%d %s", status, text)
		}
		wait.Until(t, "the entry to be written", func() bool { return p.ok("GET", record, nil).Body["count"] == 1.0 })
		if got := p.ok("GET", record, nil).data()[0]; got["approved_by"] != "Grace Hopper" {
			t.Fatalf("got %v", got)
		}
		if got := p.ok("GET", "/v1/messages/"+id,
			nil).Body["write_to_record"].(map[string]any); got["status"] != "written" ||
			got["write_to_record_at"] == nil {
			t.Fatalf("got %v", got)
		}
		if status, text = v.fill(at, approve); status != 409 || !strings.Contains(text, "decided already") {
			t.Fatalf("approved twice: %d %s", status, text)
		}

		// The same by GraphQL: a program's token cannot, a person's can.
		b := send()
		program := ofCommand(t, "", "token", "create", "--db", address, "--group", p.creds.Group, "--name", "Portal",
			"--role", "everything", "--json")["api_key"].(string)
		list := `{ recordEntries { data { id status proposedBy content patientId patient { lastName } }
			pageInfo { hasMore } } }`
		data, got := p.graphQL(program, list)
		if dig(data, "recordEntries", "data", 0, "patient", "lastName") != "Byron" ||
			dig(data, "recordEntries", "data", 1) != nil {
			t.Fatalf("got %s", got.Text)
		}
		decide := fmt.Sprintf(`mutation { d: approveRecordEntry(id: "%s", patientId: "%s") { data { status decidedBy }
			error } }`,
			dig(data, "recordEntries", "data", 0, "id"), dig(data, "recordEntries", "data", 0, "patientId"))
		if data, got = p.graphQL(program, decide); dig(data, "d", "data") != nil ||
			!strings.Contains(got.Text, "Only a member of staff") {
			t.Fatalf("a program approves: %s", got.Text)
		}
		data, _ = p.graphQL(program, `mutation { signIn(email: "grace@example.org", password: "`+staffPassword+
			`") { token } }`)
		grace, _ := dig(data, "signIn", "token").(string)
		if data, got = p.graphQL(grace, decide); dig(data, "d", "data", "status") != "approved" ||
			dig(data, "d", "data", "decidedBy") != "Grace Hopper" {
			t.Fatalf("got %s", got.Text)
		}
		p.becomes(b.str("message_id"), "delivered")
		wait.Until(t, "the second entry to be written",
			func() bool { return p.ok("GET", record, nil).Body["count"] == 2.0 })

		// A key with the permission needs no approval.
		auto := p.ok("POST", "/v1/messages/send",
			p.message("byron", "email", map[string]any{"write_to_record": true, "auto_write_to_record": true}))
		if auto.Body["auth_token"] != nil {
			t.Fatalf("got %s", auto.Text)
		}
		wait.Until(t, "the third entry to be written",
			func() bool { return p.ok("GET", record, nil).Body["count"] == 3.0 })
		p.readsAsFHIR(t, ada, id)
	})
}

// readsAsFHIR holds a record of three entries, the last of which was not approved by a member of staff,
// against FHIR R4, and follows its references.
func (p *program) readsAsFHIR(t *testing.T, ada, message string) {
	t.Helper()
	got := p.ok("GET", "/v1/patients/"+ada+"/record/fhir", nil)
	again := p.ok("GET", "/v1/patients/"+ada+"/record/fhir", nil)
	if got.Header.Get("Content-Type") != "application/fhir+json" {
		t.Errorf("it is %s", got.Header.Get("Content-Type"))
	}
	missing := p.ask("GET", "/v1/patients/4503599627370497/record/fhir", nil)
	unknown := p.ask("GET", "/v1/patients/"+ada+"/record/fhir", nil, key("fd_test_wrong"))
	broken := p.direct("GET", "/v1/patients/"+ada+"/record/fhir?a=%zz", nil)
	books := p.ask("GET", "/v1/patients/"+ada+"/record/fhir", nil, key(p.creds.Keys["booking"]))
	if out, err := exec.Command("node", "../npm/fhir.mjs", got.Text, missing.Text, unknown.Text, broken.Text,
		books.Text).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, got.Text)
	}
	for _, c := range []struct {
		got        answer
		status     int
		code, ours string
	}{{missing, 404, "not-found", "patient_not_found"}, {unknown, 401, "login", "invalid_key"},
		{broken, 400, "invalid", "invalid_request"}, {books, 403, "forbidden", "missing_scope"}} {
		issue := dig(c.got.Body, "issue", 0)
		if c.got.Status != c.status || c.got.str("resourceType") != "OperationOutcome" ||
			c.got.Header.Get("Content-Type") != "application/fhir+json" ||
			dig(issue, "severity") != "error" || dig(issue, "code") != c.code ||
			dig(issue, "details", "coding", 0, "code") != c.ours || dig(issue, "details", "text") == "" {
			t.Errorf("got %d %s %s", c.got.Status, c.got.Header.Get("Content-Type"), c.got.Text)
		}
	}
	entries, _ := got.Body["entry"].([]any)
	of, urls := map[string][]map[string]any{}, map[string]bool{}
	for i, e := range entries {
		r := dig(e, "resource").(map[string]any)
		kind, url := r["resourceType"].(string), dig(e, "fullUrl").(string)
		of[kind] = append(of[kind], r)
		if urls[url] || url != "urn:uuid:"+r["id"].(string) || url != dig(again.Body, "entry", i, "fullUrl") {
			t.Errorf("%s has the fullUrl %s", kind, url)
		}
		urls[url] = true
		if want := "https://fhir.hl7.org.uk/StructureDefinition/UKCore-" + kind; dig(r, "meta", "profile", 0) != want {
			t.Errorf("%s has the profile %v", kind, dig(r, "meta", "profile", 0))
		}
	}
	var follow func(v any)
	refs := 0
	follow = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["reference"].(string); ok {
				if refs++; !urls[ref] {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, x := range v {
				follow(x)
			}
		case []any:
			for _, x := range v {
				follow(x)
			}
		}
	}
	follow(got.Body)
	want := map[string]int{"Patient": 1, "Organization": 1, "Practitioner": 1, "Device": 2, "Communication": 3,
		"DocumentReference": 3, "Provenance": 3}
	for kind, n := range want {
		if len(of[kind]) != n {
			t.Fatalf("%d of %s\n%s", len(of[kind]), kind, got.Text)
		}
	}
	if refs < 30 {
		t.Errorf("%d references", refs)
	}
	// The oldest entry is the last: what Grace approved of the first message.
	c, d, o := of["Communication"][2], of["DocumentReference"][2], of["Provenance"][2]
	name := func(v any) any { return dig(v, "display") }
	for what, pair := range map[string][2]any{
		"message":      {dig(c, "identifier", 0, "value"), message},
		"system":       {dig(c, "identifier", 0, "system"), p.app.URL() + "/v1/messages"},
		"sender":       {name(c["sender"]), of["Organization"][0]["name"]},
		"recipient":    {name(dig(c, "recipient", 0)), of["Patient"][0]["name"].([]any)[0].(map[string]any)["text"]},
		"medium":       {dig(c, "medium", 0, "coding", 0, "code"), "WRITTEN"},
		"text":         {dig(c, "payload", 0, "contentString"), "Your results are in. Please call us."},
		"author":       {dig(d, "author", 0, "type"), "Device"},
		"custodian":    {name(d["custodian"]), of["Organization"][0]["name"]},
		"approver":     {name(d["authenticator"]), "Grace Hopper"},
		"verifier":     {name(dig(o, "agent", 1, "who")), "Grace Hopper"},
		"practitioner": {dig(of["Practitioner"][0], "name", 0, "text"), "Grace Hopper"},
		"NHS number":   {dig(of["Patient"][0], "identifier", 0, "system"), "https://fhir.nhs.uk/Id/nhs-number"},
		"ODS code": {dig(of["Organization"][0], "identifier", 0, "system"),
			"https://fhir.nhs.uk/Id/ods-organization-code"},
		"e-mail":    {dig(of["Communication"][0], "medium", 0, "coding", 0, "code"), "EMAILWRIT"},
		"no author": {of["DocumentReference"][0]["authenticator"], nil},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, not %v", what, pair[0], pair[1])
		}
	}
	if sent, err := time.Parse(time.RFC3339, fmt.Sprint(c["sent"])); err != nil || sent.Before(sunday) {
		t.Errorf("sent %v", c["sent"])
	}
}

func TestStaffReadIdentityChecks(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		a := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9000000009", "dob": "2010-10-23", "surname": "Jones"})
		_, text := page(t, a.str("login_url"))
		_, rest, _ := strings.Cut(text, `class="reference">`)
		reference, _, _ := strings.Cut(rest, "<")
		got := p.ok("GET", "/v1/identity_checks/"+strings.ToLower(reference), nil, header("X-Request-Id", "quoted"))
		trail := p.trail(address)
		var read []operator.AuditEntry
		wait.Until(t, "the reading to be in the trail", func() bool {
			read = trail.calls()["quoted"]
			return slices.ContainsFunc(read, func(e operator.AuditEntry) bool { return e.Door == "rest" })
		})
		if len(read) != 1 || read[0].Entity != "identity_check" {
			t.Errorf("one reading has %d entries: %+v", len(read), read)
		}
		differs, _ := json.Marshal(got.Body["differs"])
		if got.str("reference") != reference || got.str("reason") != "details_differ" ||
			dig(got.Body, "said", "dob") != "2010-10-23" ||
			dig(got.Body, "said", "surname") != "Jones" || dig(got.Body, "said", "nhs_number") != "9000000009" ||
			!strings.Contains(string(differs), `"dob"`) ||
			!strings.Contains(string(differs), `"surname"`) {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(403, "missing_permission", "GET", "/v1/identity_checks/"+reference, nil, key(p.creds.Keys["booking"]))
		p.refused(404, "identity_check_not_found", "GET", "/v1/identity_checks/ZZZZZZZZ", nil)
		p.clock.move(7*24*time.Hour + time.Second)
		p.refused(404, "identity_check_not_found", "GET", "/v1/identity_checks/"+reference, nil)
		_, gone := page(t, a.str("login_url"))
		if !strings.Contains(gone, "Brambleford Health Centre") || !strings.Contains(gone, "01632 960100") {
			t.Fatalf("got %s", gone)
		}
	})
}

func TestLockedMessageIsUnlockedOrSentAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		a := p.ok("POST", "/v1/messages/send", p.message("byron", "sms", map[string]any{"encrypted": true}))
		id := a.str("message_id")
		p.becomes(id, "delivered")
		v := newVisitor(t)
		born := func(year string) url.Values { return url.Values{"day": {"10"}, "month": {"Dec"}, "year": {year}} }
		for range 10 {
			v.fill(a.str("message_url"), born("1986"))
		}
		if status, text := v.fill(a.str("message_url"), born("1985")); status != 403 ||
			!strings.Contains(text, "locked") {
			t.Fatalf("%d %s", status, text)
		}
		if got := p.ok("GET", "/v1/messages/"+id, nil); got.Body["locked"] != true ||
			!slices.Contains(steps(got), "locked") {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(403, "missing_permission", "PATCH", "/v1/messages/"+id+"/unlock", nil, key(p.creds.Keys["messaging"]))
		again := p.ok("POST", "/v1/messages/"+id+"/send_again", nil)
		if again.str("message_id") == id || again.str("message_url") == a.str("message_url") ||
			again.str("message_url") == "" {
			t.Fatalf("got %s", again.Text)
		}
		if status, text := v.fill(again.str("message_url"), born("1985")); status != 200 ||
			!strings.Contains(text, "Please call us.") {
			t.Fatalf("%d %s", status, text)
		}
		if got := p.ok("PATCH", "/v1/messages/"+id+"/unlock", nil); got.Body["locked"] != false ||
			!slices.Contains(steps(got), "unlocked") {
			t.Fatalf("got %s", got.Text)
		}
		if status, text := v.fill(a.str("message_url"), born("1985")); status != 200 ||
			!strings.Contains(text, "Please call us.") {
			t.Fatalf("%d %s", status, text)
		}
		p.refused(404, "message_not_found", "POST", "/v1/messages/4503599627370497/send_again", nil)
	})
}
