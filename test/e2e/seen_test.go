package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/operator"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// showNobody are the operations that read without showing anything about a person.
var showNobody = []string{
	"GET /v1/appointment_types", "GET /v1/locations", "GET /v1/practitioners", "GET /v1/practice_groups/{id}", "GET /v1/capabilities",
}

// trail is a practice's audit trail, read as an operator does.
type trail struct {
	t testing.TB
	o *operator.Operator
	q operator.AuditQuery
}

func (p *program) trail(address string) *trail {
	p.t.Helper()
	o, err := app.NewOperator(p.t.Context(), address, sealKey)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(o.Close)
	return &trail{p.t, o, operator.AuditQuery{Group: p.creds.Group, To: sunday.AddDate(1, 0, 0), Oldest: true}}
}

// calls are the entries of calls by the ids of their requests.
func (r *trail) calls() map[string][]operator.AuditEntry {
	r.t.Helper()
	all, err := r.o.ListAudit(r.t.Context(), r.q)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string][]operator.AuditEntry{}
	for _, e := range all {
		if e.Door != "" {
			out[e.RequestID] = append(out[e.RequestID], e)
		}
	}
	return out
}

// TestEveryReadOfAPersonIsInTheTrail asks every operation of the REST contract that
// reads, and the pages, and looks for who was shown.
func TestEveryReadOfAPersonIsInTheTrail(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		ada := p.patientBy("byron")
		message := p.sent("byron", "hero", nil)
		p.becomes(message, "sent", "delivered")
		written := p.ok("POST", "/v1/messages/send", p.message("byron", "sms", map[string]any{"write_to_record": true}))
		appointment := p.bookedFor(ada)
		file := p.ok("POST", "/v1/patients/"+ada+"/attachments", map[string]any{"file_name": "letter.txt", "file_data": "RGVhciBBZGE="}).str("id")
		batch := p.batchOf([]map[string]any{{"patient_id": ada}}, nil)
		wait.Until(t, "the recipients to be looked up", func() bool {
			a := p.ok("GET", batch+"/preview", nil)
			return a.Body["looked_up"] == a.Body["total"]
		})
		p.ok("PATCH", batch+"/send", nil)
		wait.Until(t, "the batch to be done", func() bool { return p.totals(batch)["completed"] == 1 })
		unknown := p.ask("POST", "/v1/patients/register_pds", map[string]any{"forename": "Nobody", "surname": "Atall"})

		reads := map[string]string{
			"GET /v1/patients":                                    "?search=byron&field=last_name",
			"GET /v1/patients/{id}":                               ada,
			"GET /v2/patients/{id}":                               ada,
			"GET /v1/patients/{id}/ehr/candidates":                ada,
			"GET /v1/patients/{id}/attachments":                   ada,
			"GET /v1/patients/{id}/attachments/{attachment_id}":   ada + " " + file,
			"GET /v1/patients/{id}/record_entries":                ada,
			"GET /v1/patients/{id}/record_entries/fhir":           ada,
			"GET /v1/record_entries":                              "?patient_id=" + ada,
			"GET /v1/appointments":                                "?patient_id=" + ada,
			"GET /v1/appointments/{id}":                           appointment,
			"GET /v1/appointments/{id}/status":                    appointment,
			"GET /v1/messages":                                    "?patient_id=" + ada,
			"GET /v1/messages/{id}":                               message,
			"GET /v1/batch_message/{id}/recipients":               batch,
			"GET /v1/batch_message/{id}/results.csv":              batch,
		}
		_, _ = written, unknown
		for _, o := range operations(t) {
			name := o.method + " " + o.path
			if o.method == http.MethodGet {
				_, known := reads[name]
				fmt.Println(name, known, slices.Contains(showNobody, name))
			}
		}
		_ = url.Values{}
		_ = strings.Split
	})
}
