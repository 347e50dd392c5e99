package e2e

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/operator"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// trail is a practice's audit trail, read as an operator does.
type trail struct {
	t testing.TB
	o *operator.Operator
	q operator.AuditQuery
}

func (p *program) trail(address string) *trail {
	p.t.Helper()
	o, err := app.OpenOperator(context.Background(), app.Opening{DB: address, SealKey: sealKey})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(o.Close)
	return &trail{p.t, o, operator.AuditQuery{Group: p.creds.Group, To: sunday.AddDate(1, 0, 0), Oldest: true}}
}

// calls are the entries by the ids of the requests that made them.
func (r *trail) calls() map[string][]operator.AuditEntry {
	r.t.Helper()
	all, err := r.o.ListAudit(r.t.Context(), r.q)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string][]operator.AuditEntry{}
	for _, e := range all {
		out[e.RequestID] = append(out[e.RequestID], e)
	}
	return out
}

// showNoPatient are the operations that read nothing about a person.
var showNoPatient = []string{
	"GET /v1/me", "GET /v1/me/capabilities", "GET /v1/me/configuration", "GET /v1/appointment_types",
	"GET /v1/locations", "GET /v1/forms", "GET /v1/forms/{id}", "GET /v1/forms/{id}/versions",
	"GET /v1/admin_teams", "GET /v1/admin_teams/{id}", "GET /v1/admins", "GET /v1/admins/{id}/signature",
	"GET /v1/practice-groups", "GET /v1/me/elements",
	"GET /v1/prescriber/{id}", "GET /v1/prescriber/{id}/pharmacies",
	"GET /v1/practitioners", "GET /v1/slots", "GET /v1/slots/count", "GET /v1/slots/{id}", "GET /v1/sessions",
	"GET /v1/sessions/{id}",
	"GET /v1/bank_holidays", "GET /v1/batch_message", "GET /v1/batch_message/{id}",
	"GET /v1/batch_message/{id}/preview", "GET /v2/automated_messages/settings", "GET /v1/webhooks",
	"GET /v1/webhooks/{id}", "GET /v1/webhooks/{id}/deliveries",
	"GET /v1/webhooks/{id}/deliveries/{delivery_id}", "GET /v1/events", "GET /v1/sequences", "GET /v1/sequences/{id}",
	"GET /v1/api_keys", "GET /v1/api_keys/{id}", "GET /v1/partner", "GET /v1/partners", "GET /v1/subscriptions",
	"GET /v1/hca/consultants",
	"GET /v1/invoicing/coupons", "GET /v1/invoicing/customers",
	"GET /v1/invoicing/membership_policies", "GET /v1/invoicing/membership_policies/{id}",
}

// reads are the operations that show the patient Ada, each with the ids of its path
// and its query.
func (p *program) reads(ada string) map[string][]string {
	p.t.Helper()
	message := p.sent("byron", "hero", nil)
	p.becomes(message, "sent", "delivered")
	p.ok("POST", "/v1/messages/send", p.message("byron", "sms", map[string]any{"write_to_record": true}))
	held := request(p.slot(0))
	held["patient_id"] = ada
	appointment := p.ok("POST", "/v1/appointments", held).str("id")
	p.ok("PATCH", "/v1/appointments/"+appointment+"/book", nil)
	wait.Until(p.t, "the reminders to be planned", func() bool {
		return p.ok("GET", "/v2/automated_messages?recipient_id="+ada, nil).Body["count"] == 2.0
	})
	letter := map[string]any{"file_name": "letter.txt", "file_data": "RGVhciBBZGE="}
	file := p.ok("POST", "/v1/patients/"+ada+"/attachments", letter).str("id")
	booking := p.ok("POST", "/v1/booking_links", map[string]any{"patient_id": ada,
		"appointment_type_id": held["appointment_type_id"]}).str("id")
	waits := p.ok("POST", "/v1/waiting_list", map[string]any{"patient_id": ada,
		"appointment_type_id": held["appointment_type_id"]}).str("id")
	batch := p.batchOf([]map[string]any{{"patient_id": ada}}, nil)
	wait.Until(p.t, "the recipients to be looked up", func() bool {
		a := p.ok("GET", batch+"/preview", nil)
		return a.Body["looked_up"] == a.Body["total"]
	})
	p.ok("PATCH", batch+"/send", nil)
	wait.Until(p.t, "the batch to be done", func() bool { return p.totals(batch)["completed"] == 1 })
	consulted := p.ok("GET", "/v1/consultations?patient_id="+ada, nil).data()[0]["id"].(string)
	ring := p.ok("POST", "/v1/tasks", map[string]any{"subject": "Ring", "patient_id": ada}).str("id")
	matter := p.ok("POST", "/v1/episodes", map[string]any{"patient_id": ada, "subject": "A rash"}).str("id")
	recall := p.ok("POST", "/v1/sequences", aSequence).str("id")
	p.ok("POST", "/v1/sequences/"+recall+"/patients", map[string]any{"patient_id": ada})
	bill, _ := (&till{program: p, token: p.creds.Token}).owes(ada, 10, 20)
	batch = batch[strings.LastIndex(batch, "/")+1:]
	answers := p.answered(ada)
	return map[string][]string{
		"GET /v1/patients":                                  {"?search=byron&field=last_name"},
		"GET /v1/patients/{id}":                             {ada},
		"GET /v2/patients/{id}":                             {ada},
		"GET /v1/patients/{id}/ehr/candidates":              {ada},
		"GET /v1/patients/{id}/attachments":                 {ada},
		"GET /v1/patients/{id}/attachments/{attachment_id}": {ada, file},
		"GET /v1/patients/{id}/record":                      {ada},
		"GET /v1/patients/{id}/record/fhir":                 {ada},
		"GET /v1/record_entries":                            {"?patient_id=" + ada},
		"GET /v1/booking_links/{id}":                        {booking},
		"GET /v2/bookinglinks":                              {"?patient_id=" + ada},
		"GET /v1/waiting_list":                              {"?patient_id=" + ada},
		"GET /v1/episodes":                                  {"?patient_id=" + ada},
		"GET /v1/episodes/{id}":                             {matter},
		"GET /v2/episodes/{id}":                             {matter},
		"GET /v1/waiting_list/{id}":                         {waits},
		"GET /v1/links/status":                              {"?id=" + booking},
		"GET /v1/form_response/{id}":                        {answers},
		"GET /v1/form_responses":                            {"?patient_id=" + ada},
		"GET /v1/prescriptions":                             {"?patient_id=" + ada},
		"GET /v1/prescriptions/{id}":                        {p.prescribed(ada)},
		"GET /v1/appointments":                              {"?patient_id=" + ada},
		"GET /v1/appointments/{id}":                         {appointment},
		"GET /v1/appointments/{id}/status":                  {appointment},
		"GET /v1/messages":                                  {"?patient_id=" + ada},
		"GET /v2/automated_messages":                        {"?recipient_id=" + ada},
		"GET /v1/messages/{id}":                             {message},
		"GET /v1/batch_message/{id}/recipients":             {batch},
		"GET /v1/batch_message/{id}/messages":               {batch},
		"GET /v1/batch_message/{id}/results.csv":            {batch},
		"GET /v1/sequences/{id}/patients":                   {recall},
		"GET /v1/consultations":                             {"?patient_id=" + ada},
		"GET /v1/consultations/{id}":                        {consulted},
		"GET /v1/tasks":                                     {"?patient_id=" + ada},
		"GET /v2/tasks/{id}":                                {ring},
		"GET /v1/invoicing/invoices":                        nil,
		"GET /v1/invoicing/invoices/{id}":                   {bill},
		"GET /v1/patients/{id}/payment_methods":             {ada},
		"GET /v1/patients/{id}/billing_info":                {ada},
	}
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// pathOf puts ids and a query into the path of an operation.
func pathOf(operation string, with []string) string {
	_, path, _ := strings.Cut(operation, " ")
	for _, one := range with {
		if strings.HasPrefix(one, "?") {
			path += one
		} else if at := placeholder.FindStringIndex(path); at != nil {
			path = path[:at[0]] + one + path[at[1]:]
		}
	}
	return path
}

// TestEveryReadOfAPersonIsInTheTrail asks every operation of the REST contract that
// reads, and opens a page, and looks for who was shown.
func TestEveryReadOfAPersonIsInTheTrail(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		ada, trail := p.patientBy("byron"), p.trail(address)
		reads := p.reads(ada)
		others := []string{"GET /v1/message_replies",
			"GET /v1/identity_checks/{reference}"} // which have a test of their own
		for _, o := range operations(t) {
			name := o.method + " " + o.path
			_, shows := reads[name]
			if o.method == http.MethodGet && !shows && !slices.Contains(slices.Concat(showNoPatient, others), name) {
				t.Errorf("%s is not in this test", name)
			}
		}
		asked := map[string]string{}
		for i, name := range slices.Sorted(maps.Keys(reads)) {
			id := "seen-" + strings.Repeat(string(rune('a'+i%26)), 1+i/26)
			asked[id] = name
			p.ok("GET", pathOf(name, reads[name]), nil, header("X-Request-Id", id))
		}
		for _, name := range showNoPatient {
			if !strings.Contains(name, "{") {
				query := map[bool]string{true: "?query=nia"}[strings.HasSuffix(name, "/customers")]
				p.ok("GET", pathOf(name, nil)+query, nil, header("X-Request-Id", "no-one-seen"))
			}
		}
		// Entries are written in their order, so the last is there after all others.
		p.ok("GET", pathOf("GET /v1/messages/{id}", reads["GET /v1/messages/{id}"]), nil,
			header("X-Request-Id", "last"))
		var calls map[string][]operator.AuditEntry
		wait.Until(t, "the last to be in the trail", func() bool {
			calls = trail.calls()
			return len(calls["last"]) > 0
		})
		for id, name := range asked {
			if len(calls[id]) != 1 {
				t.Errorf("%s: %d entries", name, len(calls[id]))
				continue
			}
			e := calls[id][0]
			if e.Door != "rest" || e.Outcome != "ok" || e.Actor == "" || !slices.Contains(e.Subjects, "patient:"+ada) {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if len(calls["no-one-seen"]) != 0 {
			t.Errorf("a list without patients noted some: %+v", calls["no-one-seen"])
		}
		p.seesOnAPage(trail, ada)
		// It is found by the patient, also where it is about another.
		trail.q.About = "patient:" + ada
		if found := trail.calls(); len(found["seen-a"]) != 1 {
			t.Errorf("it is not found by the patient")
		}
	})
}

// seesOnAPage reads a message as the patient does.
func (p *program) seesOnAPage(r *trail, ada string) {
	p.t.Helper()
	a := p.ok("POST", "/v1/messages/send", p.message("byron", "hero", nil))
	form := url.Values{"day": {"10"}, "month": {"12"}, "year": {"1985"}}.Encode()
	req, err := http.NewRequest(http.MethodPost, a.str("message_url"), strings.NewReader(form))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Request-Id", "a-page")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	wait.Until(p.t, "the page to be in the trail", func() bool {
		opened := r.calls()["a-page"]
		shown := slices.ContainsFunc(opened, func(e operator.AuditEntry) bool {
			return e.Door == "page" && slices.Contains(e.Subjects, "patient:"+ada)
		})
		if shown && len(opened) != 1 {
			p.t.Errorf("one opening has %d entries: %+v", len(opened), opened)
		}
		return shown
	})
	all, err := r.o.ListAudit(p.t.Context(), r.q)
	if err != nil {
		p.t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(e operator.AuditEntry) bool {
		return e.Action == "message.open" && e.RequestID == "a-page"
	}) {
		p.t.Error("the change that a page made lacks the id of its request")
	}
}
