package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/audit"
	"frontdesk/graph/graphtest"
	"frontdesk/graph/wire"
)

// showNoPatient are the queries that read nothing about a person.
var showNoPatient = []string{
	"availabilities", "availabilitySlots", "availabilitySettings", "availabilityRule", "availabilityRules",
	"practiceTemplateDocument",
	"practiceTemplateDocuments", "labels", "membershipPolicies", "practice", "product", "products",
	"questionnaire", "questionnaires", "user",
	"users", "webhook",
	"webhooks", "identityCheck", // which is of an unknown person
}

// whole are the lists that are asked for without arguments.
var whole = []string{
	"accountStatements", "bookings", "consultations", "contacts", "invoices", "letters", "prescriptions", "records",
	"users",
}

// TestEveryQueryAboutAPersonIsInTheTrail asks every query, and looks for who was
// shown.
func TestEveryQueryAboutAPersonIsInTheTrail(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		p := d.everything()
		w := p.World()
		_, ada, _ := wire.Decode(w["patient"])
		_, contact, _ := wire.Decode(w["contact"])
		patient, person := fmt.Sprint("patient:", ada), fmt.Sprint("contact:", contact)
		for _, f := range graphtest.Schema().Query.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			before := len(d.calls())
			call := w.Call(f, 1)
			switch {
			case f.Name == "patientCommunications":
				call = `patientCommunications(options: {patient: "` + w["patient"] + `"}) { data { ... on SMS { id ` +
					`} } }`
			case slices.Contains(whole, f.Name): // the arguments that Call gives find nothing
				call = f.Name + ` { data { id } }`
			}
			if status, text := p.Ask("{ f: " + call + " }"); status != 200 || strings.Contains(text, `"errors"`) {
				t.Errorf("%s: %d %s", f.Name, status, text)
				continue
			}
			calls := d.calls()
			if len(calls) != before+1 {
				t.Errorf("%s has %d entries", f.Name, len(calls)-before)
				continue
			}
			e := calls[len(calls)-1]
			shows := slices.Contains(e.Subjects, patient) || slices.Contains(e.Subjects, person)
			if e.Action != "graphql."+f.Name || e.Outcome != "ok" || shows == slices.Contains(showNoPatient, f.Name) &&
				f.Name != "user" {
				t.Errorf("%s: %s, %s, %v", f.Name, e.Action, e.Outcome, e.Subjects)
			}
		}
	})
}

// calls are the entries of calls of this API, oldest first.
func (d *kit) calls() (out []audit.Entry) {
	d.t.Helper()
	q := audit.Query{Until: d.now.Load().Add(time.Hour), Door: doorName}
	all, err := d.core.Audit.List(d.ctx, q, 0)
	d.must(err)
	return all
}
