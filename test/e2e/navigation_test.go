package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"frontdesk/test/wait"
)

// aNavigation is a care navigation form that leads to a type of appointment, a task or advice.
func aNavigation(kind any, nurse any) map[string]any {
	on := func(question, answer string) []map[string]any {
		return []map[string]any{{"form_question_id": question, "answer": answer}}
	}
	return map[string]any{"title": "Sore throat", "form_type": "care_navigation",
		"patient_description": "We ask a few questions.", "fields": []map[string]any{
			{"form_question_id": "breath", "name": "Is it hard to breathe or swallow?", "kind": "option",
				"required": true, "options": []string{"Yes", "No"}},
			{"form_question_id": "days", "name": "For how many days?", "kind": "text", "required": true,
				"number": map[string]any{"low": 0, "high": 60}},
			{"form_question_id": "fever", "name": "Do you have a fever?", "kind": "option", "options": []string{"Yes", "No"}},
		},
		"rules": []map[string]any{
			{"conditions": on("breath", "Yes"), "outcome": map[string]any{"type": "advice", "urgent": true,
				"heading": "Call 999 now", "text": "Do not drive yourself."}},
			{"conditions": []map[string]any{{"form_question_id": "days", "at_least": 7}},
				"outcome": map[string]any{"type": "appointment", "appointment_type_id": kind}},
			{"conditions": on("fever", "Yes"), "outcome": map[string]any{"type": "task", "task_text": "Ring the patient",
				"priority": "high", "assignee_id": nurse}},
		},
		"default_outcome": map[string]any{"type": "advice", "heading": "Look after yourself", "text": "Rest and drink."}}
}

// navigated fills in the form by a link of Ada's, and gives the last page and its visitor.
func (p *program) navigated(form, patient, breath, days, fever string) (page string, v *visitor, link string) {
	p.t.Helper()
	made := p.ok("POST", "/v1/form_links", map[string]any{"form_id": form, "patient_id": patient,
		"write_to_record": true})
	at := made.str("form_link")
	v = newVisitor(p.t)
	v.send(at, p.birthOf(patient), "Sore throat")
	page = v.open(at+"/form?p=1", "Is it hard to breathe")
	answers := url.Values{"p": {"1"}, v.found(formField, page, 0): {breath}, v.found(formField, page, 2): {days}}
	if fever != "" {
		answers[v.found(formField, page, 3)] = []string{fever}
	}
	page = v.send(at+"/form", answers, "Check your answers")
	return v.send(at+"/send", url.Values{"d": {v.found(draftID, page, 0)}}, "If you get worse"), v, made.str("id")
}

var goesOn = regexp.MustCompile(`class="go" href="([^"]+)"`)

func TestACareNavigationFormLeadsToWhatFitsTheAnswers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada, kind := p.patientBy("byron"), p.slot(0)["appointment_type_id"]
		nurse := p.ok("GET", "/v1/practitioners", nil).data()[0]["id"]
		form := p.published(aNavigation(kind, nurse))
		id := form.str("id")
		if form.Body["snomed_code"] != "1068881000000101" || len(form.Body["rules"].([]any)) != 3 {
			t.Fatalf("got %s", form.Text)
		}
		if n := len(p.ok("GET", "/v1/forms?form_type=care_navigation", nil).data()); n != 1 {
			t.Fatalf("%d forms are listed", n)
		}
		last := func() map[string]any {
			t.Helper()
			all := p.ok("GET", "/v1/form_responses?form_id="+id, nil).data()
			return all[len(all)-1]
		}
		for _, c := range []struct{ breath, days, fever, says, want string }{
			{"Yes", "20", "Yes", "Call 999 now", "advice 1 true"},
			{"No", "3", "Yes", "The practice will contact you", "task 3 <nil>"},
			{"No", "3", "", "Look after yourself", "advice 0 <nil>"},
		} {
			page, _, _ := p.navigated(id, ada, c.breath, c.days, c.fever)
			o, _ := last()["outcome"].(map[string]any)
			if got := fmt.Sprint(o["type"], " ", o["rule"], " ", o["urgent"]); got != c.want ||
				!strings.Contains(page, c.says) || strings.Contains(page, "Choose a time") {
				t.Errorf("got %s, want %s, on a page that says %q: %s", got, c.want, c.says, page)
			}
			if strings.HasPrefix(c.want, "task") != (o["task_id"] != nil) {
				t.Errorf("got %v", o)
			}
		}
		page, v, link := p.navigated(id, ada, "No", "7", "No")
		to := v.found(goesOn, page, 0)
		// The patient books by a link of their own, once.
		newVisitor(t).send(to, p.birthOf(ada), "Choose a time")
		r := last()
		o, _ := r["outcome"].(map[string]any)
		offer := p.ok("GET", fmt.Sprintf("/v1/booking_links/%s", o["booking_link_id"]), nil)
		if o["type"] != "appointment" || offer.Body["maximum_uses"] != 1.0 || offer.str("patient_id") != ada ||
			fmt.Sprint(dig(offer.Body, "meta", "appointment_type_id")) != fmt.Sprint([]any{kind}) {
			t.Fatalf("got %v %s", o, offer.Text)
		}
		entries := p.ok("GET", "/v1/record_entries?patient_id="+ada, nil).data()
		if len(entries) != 4 || entries[0]["snomed_code"] != "1068881000000101" {
			t.Fatalf("got %v", entries)
		}
		wait.Until(t, "the event", func() bool {
			for _, e := range p.ok("GET", "/v1/events?event_type=form.completed", nil).data() {
				if dig(e, "data", "link_id") == link {
					return dig(e, "data", "booking_link_id") == o["booking_link_id"] &&
						dig(e, "data", "form_response_id") == fmt.Sprintf("%.0f", r["id"])
				}
			}
			return false
		})
		if data, a := p.graphQL(p.creds.Token, `{ tasks { data { subject priority } } }`); !strings.Contains(a.Text,
			"Care navigation: Sore throat") {
			t.Fatalf("got %v %s", data, a.Text)
		}
	})
}

func TestRulesThatLeadNowhereAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		kind := p.slot(0)["appointment_type_id"]
		nurse := p.ok("GET", "/v1/practitioners", nil).data()[0]["id"]
		rule := func(form map[string]any, n int) map[string]any { return form["rules"].([]map[string]any)[n] }
		for path, change := range map[string]func(map[string]any){
			"default_outcome": func(f map[string]any) { delete(f, "default_outcome") },
			"form_type":       func(f map[string]any) { f["form_type"] = "questionnaire" },
			"rules.1.outcome.appointment_type_id": func(f map[string]any) {
				rule(f, 1)["outcome"].(map[string]any)["appointment_type_id"] = "1"
			},
			"rules.2.outcome.assignee_id": func(f map[string]any) {
				rule(f, 2)["outcome"].(map[string]any)["assignee_id"] = "1"
			},
			"rules.2.outcome.urgent": func(f map[string]any) { rule(f, 2)["outcome"] = rule(f, 0)["outcome"] },
			"rules.0.conditions.0.answer": func(f map[string]any) {
				rule(f, 0)["conditions"].([]map[string]any)[0]["answer"] = "Perhaps"
			},
			"rules.1.conditions.0.at_least": func(f map[string]any) {
				rule(f, 1)["conditions"].([]map[string]any)[0]["at_least"] = 61
			},
		} {
			form := aNavigation(kind, nurse)
			change(form)
			made := p.ok("POST", "/v1/forms", form)
			a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/forms/"+made.str("id")+"/publish", nil)
			if a.wrong() != path {
				t.Errorf("%s: %s", path, a.Text)
			}
		}
	})
}
