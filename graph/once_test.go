package graph

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/idempotency"
	"frontdesk/graph/wire"
)

// once sends a body with an idempotency key.
func (d *kit) once(key, body string) answer {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-token", d.token)
	r.Header.Set("Idempotency-Key", key)
	return d.do(r)
}

func (a answer) replayed() bool { return a.header.Get("Idempotency-Replayed") == "true" }

func TestIdempotencyKeyMakesChangeOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		w := d.everything().World()
		patients := func(last string) int {
			got, _ := d.get("patients.data", `query($s: String) { patients(search: $s) { data { id } } }`, "s",
				last).([]any)
			return len(got)
		}
		asked := func(document string) string { return `{"query":` + string(wire.JSON(document)) + `}` }

		// An invoice: its lines, payments and patient are read while it is made.
		invoice := asked(`mutation { createInvoice(invoiceData: {date: "2031-01-06", patientId: "` +
			w["patient"] + `", doctorId: "` + w["user"] + `", locationId: "` + w["room"] + `",
			lineItems: [{date: "2031-01-05", productId: "` + w["product"] + `", quantity: 1, price: 100}]}) {
			data { id invoiceNumber patient { id phones { phoneNumber } numbers { value } labels { text } }
			doctor { id } lineItems { id } payments { id } refunds { id } } error } }`)
		first := d.once("invoice-1", invoice)
		again := d.once("invoice-1", invoice)
		if first.status != 200 || first.text != again.text || first.replayed() || !again.replayed() ||
			at(t, first.Data, "createInvoice.data.id") == nil {
			t.Fatalf("%d %s\n%d %s", first.status, first.text, again.status, again.text)
		}
		if other := d.once("invoice-2", invoice); other.replayed() || other.text == first.text {
			t.Errorf("another key: %s", other.text)
		}

		// Another request under the key, and a key that is none.
		a := d.once("invoice-1",
			asked(`mutation { createPatient(patientData: {first: "Ada", last: "Other"}) { data { id } error } }`))
		if a.status != 422 || a.code() != "CONFLICT" || !strings.Contains(a.text, idempotency.ErrMismatch.Code) ||
			patients("Other") != 0 {
			t.Errorf("another request: %d %s", a.status, a.text)
		}
		if a := d.once(strings.Repeat("x", 256), invoice); a.status != 400 ||
			!strings.Contains(a.message(), "Idempotency-Key") {
			t.Errorf("a long key: %d %s", a.status, a.text)
		}

		// A field that is refused leaves the others alone, and its refusal is kept.
		mixed := asked(`mutation { a: createPatient(patientData: {first: "Ada", last: "Mixed"}) { data { id } error }
			b: createPatient(patientData: {first: "Ada", last: ""}) { data { id } error } c: deletePatient(id: "` +
			w["patient"] + `0") { error }
			d: createPatient(patientData: {first: "Eve", last: "Mixed"}) { data { id } error } }`)
		first, again = d.once("mixed", mixed), d.once("mixed", mixed)
		if first.text != again.text || !again.replayed() || at(t, first.Data, "a.data.id") == nil ||
			at(t, first.Data, "b.error") == nil || at(t, first.Data, "d.data.id") == nil || patients("Mixed") != 2 {
			t.Errorf("%s\n%s\n%d patients", first.text, again.text, patients("Mixed"))
		}

		// A list of operations is one request.
		list := "[" + asked(`mutation { createPatient(patientData: {first: "Ada", last: "Listed"}) { data { id } `+
			`error } }`) +
			"," + asked(`{ patients(search: "Listed") { data { id } } }`) + "]"
		first, again = d.once("list", list), d.once("list", list)
		if first.text != again.text || !again.replayed() || strings.Count(first.text, `"id"`) != 2 ||
			patients("Listed") != 1 {
			t.Errorf("%s\n%s", first.text, again.text)
		}

		// What only reads is read each time, and what was not allowed is asked again.
		read := asked(`{ patients(search: "Later") { data { id } } }`)
		d.once("read", read)
		d.get("createPatient.data.id",
			`mutation { createPatient(patientData: {first: "Ada", last: "Later"}) { data { id } error } }`)
		if a := d.once("read", read); a.replayed() || strings.Count(a.text, `"id"`) != 1 {
			t.Errorf("reading: %s", a.text)
		}
		token := d.token
		d.role("one day more", access.SeePatients)
		change := asked(`mutation { createPatient(patientData: {first: "Ada", last: "Allowed"}) { data { id }
			error } }`)
		if a := d.once("allowed", change); a.code() != "FORBIDDEN" {
			t.Errorf("not allowed: %s", a.text)
		}
		_, err := d.core.Key.SetRole(d.ctx,
			access.Role{Name: "one day more", Permissions: []access.Permission{access.SeePatients,
				access.EditPatients}})
		d.must(err)
		if a := d.once("allowed", change); a.replayed() || at(t, a.Data, "createPatient.data.id") == nil {
			t.Errorf("allowed since: %s", a.text)
		}
		d.token = token

		// The log has each change once, and the refused one.
		log, err := d.core.Audit.List(d.ctx,
			audit.Query{From: d.now.Load().Add(-time.Hour), Until: d.now.Load().Add(time.Hour)}, 0)
		d.must(err)
		count := map[string]int{}
		for _, e := range log {
			if e.Door == doorName {
				count[e.Action+" "+e.Outcome]++
			}
		}
		// the world has two
		if count["graphql.createInvoice ok"] != 2+2 || count["graphql.createPatient missing_permission_of_role"] != 1 {
			t.Errorf("the log has %v", count)
		}
		// A day later the key is free.
		d.move(25 * time.Hour)
		if a := d.once("invoice-1", invoice); a.replayed() {
			t.Errorf("a day later: %s", a.text)
		}
	})
}

func TestStaffIdempotencyKeyMakesChangeOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		w := d.everything().World()
		_, err := d.core.Account.SetPassword(d.ctx, w["email"], "correct horse battery")
		d.must(err)
		signIn := func() string {
			d.token = ""
			token, _ := d.get("signIn.token", `mutation($e: String, $p: String!) { signIn(email: $e, password: $p) `+
				`{ token } }`,
				"e", w["email"], "p", "correct horse battery").(string)
			return token
		}
		d.token = signIn()
		const change = `{"query":"mutation { createPatient(patientData: {first: \"Ada\", last: \"Staffs\"}) { data ` +
			`{ id } error } }"}`
		first := d.once("task", change)
		// Another session of the same member of staff.
		d.token = signIn()
		if again := d.once("task", change); !again.replayed() || again.text != first.text {
			t.Errorf("%s\n%s", first.text, again.text)
		}
	})
}

func TestConcurrentRepeatsAreMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		const change = `{"query":"mutation { createPatient(patientData: {first: \"Ada\", last: \"Race\"}) { data { ` +
			`id numbers { value } phones { phoneNumber } labels { id } customAttributes { id } } error } }"}`
		var wait sync.WaitGroup
		texts := make([]string, 8)
		for i := range texts {
			wait.Go(func() {
				r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(change))
				r.Header.Set("x-token", d.token)
				r.Header.Set("Idempotency-Key", "race")
				out := httptest.NewRecorder()
				d.http.ServeHTTP(out, r)
				texts[i] = out.Body.String()
			})
		}
		wait.Wait()
		for _, text := range texts {
			if text != texts[0] || !strings.Contains(text, `"error":null`) {
				t.Errorf("%s\n%s", texts[0], text)
			}
		}
		if got := d.get("patients.data", `{ patients(search: "Race") { data { id } } }`); len(got.([]any)) != 1 {
			t.Errorf("there are %v", got)
		}
	})
}
