package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// aReview is a form as a practice writes it over REST.
func aReview() map[string]any {
	return map[string]any{"title": "Asthma review", "description": "For the nurses", "patient_title": "Your asthma",
		"patient_description": "Before your review", "confirmation": "Thank you.", "fields": []map[string]any{
			{"form_question_id": "smokes", "name": "Do you smoke?", "kind": "option", "required": true,
				"options": []string{"Yes", "No"}, "section": "You"},
			{"form_question_id": "many", "name": "How many a day?", "kind": "text", "section": "You",
				"number": map[string]any{"low": 1, "high": 100, "unit": "a day"}, "hint": "Count roll-ups too",
				"condition": map[string]any{"form_question_id": "smokes", "answer": "Yes"}},
			{"form_question_id": "ill", "name": "Do you have an allergy?", "kind": "snomed", "record_type": "allergy",
				"section": "Health", "section_description": "As far as you know"},
			{"form_question_id": "kin", "name": "Who helps you?", "kind": "relationship", "section": "Health",
				"section_description": "As far as you know", "relationship": "Carer", "capture": []string{"phone"}},
		}}
}

// published makes a form and publishes it.
func (p *program) published(form map[string]any) answer {
	p.t.Helper()
	made := p.ok("POST", "/v1/forms", form)
	return p.ok("POST", "/v1/forms/"+made.str("id")+"/publish", nil)
}

// fieldsOf are the questions of a form.
func fieldsOf(form answer) []map[string]any {
	var out []map[string]any
	list, _ := form.Body["fields"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}

const questionnaireParts = `{ questionnaires { data { id title sections { title questions {
	... on QuestionnaireMultipleChoiceQuestion { id title possibleAnswers dependentOn { question answer } }
	... on QuestionnaireGenericQuestion { id title dependentOn { question answer } }
	... on QuestionnaireMedicalTermQuestion { id title recordType }
	... on QuestionnaireRelationshipQuestion { id title } } } } }
	patients(search: "Byron") { data { id } } }`

// asked finds a form with its questions over GraphQL; nil is that it is not there.
func (p *program) asked(title string) (form any, patient string) {
	p.t.Helper()
	data, a := p.graphQL(p.creds.Token, questionnaireParts)
	all, ok := dig(data, "questionnaires", "data").([]any)
	patient, _ = dig(data, "patients", "data", 0, "id").(string)
	if !ok || patient == "" {
		p.t.Fatalf("got %s", a.Text)
	}
	for _, one := range all {
		if dig(one, "title") == title {
			form = one
		}
	}
	return form, patient
}

// answered has Ada's answer to a form kept over GraphQL, and finds its id.
func (p *program) answered(ada string) string {
	p.t.Helper()
	if form, _ := p.asked("Asthma review"); form == nil {
		p.published(aReview())
	}
	form, patient := p.asked("Asthma review")
	_, a := p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { fillQuestionnaire(questionnaireId: %q, patientId: %q,
		answers: [{questionId: %q, answer: "No"}]) { error } }`, dig(form, "id"), patient,
		dig(form, "sections", 0, "questions", 0, "id")))
	all := p.ok("GET", "/v1/form_responses?include_hidden=true&patient_id="+ada, nil).data()
	if len(all) == 0 || strings.Contains(a.Text, "errors") {
		p.t.Fatalf("got %s", a.Text)
	}
	return fmt.Sprintf("%.0f", all[len(all)-1]["id"])
}

// TestFormsComeInPages lists the forms a few at a time, and says how many there are.
func TestFormsComeInPages(t *testing.T) {
	each(t, func(t *testing.T, p *program) {
		for i := range 5 {
			p.ok("POST", "/v1/forms", map[string]any{"title": fmt.Sprint("Paging ", i)})
		}
		var listed []string
		for page := range 3 {
			got := p.ok("GET", fmt.Sprintf("/v1/forms?include_drafts=true&search=paging&page_size=2&page_index=%d", page), nil)
			if got.Body["count"] != 5.0 {
				t.Fatalf("got %s", got.Text)
			}
			for _, form := range got.data() {
				listed = append(listed, form["title"].(string))
			}
		}
		if got := strings.Join(listed, ", "); got != "Paging 0, Paging 1, Paging 2, Paging 3, Paging 4" {
			t.Errorf("got %s", got)
		}
		if got := p.ok("GET", "/v1/forms?include_drafts=true&search=paging", nil).data(); len(got) != 5 {
			t.Errorf("without a page: %d", len(got))
		}
		p.refused(400, "invalid_request", "GET", "/v1/forms?page_size=1001", nil)
	})
}

func TestAFormIsWrittenOverRESTAndReadOverGraphQL(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		made := p.ok("POST", "/v1/forms", aReview())
		path := "/v1/forms/" + made.str("id")
		if made.Body["version"] != 0.0 || made.Body["draft"] != true || made.Body["form_type"] != "questionnaire" {
			t.Fatalf("got %s", made.Text)
		}
		if form, _ := p.asked("Asthma review"); form != nil {
			t.Fatalf("GraphQL shows what was not published: %v", form)
		}
		ada := p.patientBy("byron")
		p.refused(http.StatusConflict, "form_unpublished", "POST", "/v1/form_links",
			map[string]any{"form_id": made.str("id"), "patient_id": ada})
		listed := func(query string) int {
			t.Helper()
			a := p.ok("GET", "/v1/forms?search=ASTHMA"+query, nil)
			if float64(len(a.data())) != a.Body["count"] {
				t.Fatalf("got %s", a.Text)
			}
			return len(a.data())
		}
		if listed("") != 0 || listed("&include_drafts=true") != 1 {
			t.Fatal("a draft is listed, or is not when it is asked for")
		}
		first := p.ok("POST", path+"/publish", nil)
		for query, n := range map[string]int{"": 1, "&reply_form=true": 0, "&reply_form=false": 1,
			"&form_type=questionnaire": 1, "&form_type=care_navigation": 0} {
			if got := listed(query); got != n {
				t.Errorf("%q lists %d, not %d", query, got, n)
			}
		}
		one := p.ok("GET", "/v1/forms?search=asthma", nil).data()[0]
		if one["description"] != "For the nurses" || one["patient_title"] != "Your asthma" ||
			one["patient_description"] != "Before your review" || one["snomed_code"] != "184147002" ||
			one["reply_form"] != false {
			t.Fatalf("got %v", one)
		}
		form, _ := p.asked("Asthma review")
		smokes, many := dig(form, "sections", 0, "questions", 0), dig(form, "sections", 0, "questions", 1)
		if dig(smokes, "title") != "Do you smoke?" || dig(many, "dependentOn", "question") != dig(smokes, "id") ||
			dig(form, "sections", 1, "questions", 0, "recordType") != "allergy" || dig(form, "sections", 2) != nil {
			t.Fatalf("got %v", form)
		}
		// What is read can be written: it is the same form then.
		fields := fieldsOf(first)
		again := p.ok("PATCH", path, map[string]any{"fields": fields})
		if fmt.Sprint(fieldsOf(again)) != fmt.Sprint(fields) {
			t.Fatalf("got  %v\nwant %v", fieldsOf(again), fields)
		}
		fields[0]["name"] = "Do you smoke or vape?"
		p.ok("PATCH", path, map[string]any{"fields": fields, "form_type": "response"})
		if got := fieldsOf(p.ok("GET", path, nil))[0]["name"]; got != "Do you smoke?" {
			t.Fatalf("the published version says %v", got)
		}
		if got := fieldsOf(p.ok("GET", path+"?version=draft", nil))[0]["name"]; got != "Do you smoke or vape?" {
			t.Fatalf("the draft says %v", got)
		}
		p.ok("POST", path+"/publish", nil)
		if got := fieldsOf(p.ok("GET", path+"?version=1", nil))[0]["name"]; got != "Do you smoke?" {
			t.Fatalf("version 1 says %v", got)
		}
		p.refused(http.StatusNotFound, "form_version_not_found", "GET", path+"?version=3", nil)
		p.refused(http.StatusBadRequest, "invalid_request", "GET", path+"?version=x", nil)
		if all := p.ok("GET", path+"/versions", nil).data(); len(all) != 2 || all[0]["version"] != 2.0 {
			t.Fatalf("got %v", all)
		}
		if form, _ = p.asked("Asthma review"); dig(form, "sections", 0, "questions", 0, "title") != "Do you smoke or vape?" {
			t.Fatalf("got %v", form)
		}
	})
}

func TestAFormThatIsWrongSaysWhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		for path, change := range map[string]func(form map[string]any, fields []map[string]any){
			"title":            func(form map[string]any, _ []map[string]any) { form["title"] = " " },
			"fields.0.options": func(_ map[string]any, f []map[string]any) { f[0]["options"] = []string{} },
			"fields.1.condition.answer": func(_ map[string]any, f []map[string]any) {
				f[1]["condition"] = map[string]any{
					"form_question_id": "smokes", "answer": "Perhaps"}
			},
			"fields.0.condition.form_question_id": func(_ map[string]any, f []map[string]any) {
				f[0]["condition"] =
					map[string]any{"form_question_id": "many", "answer": "7"}
			},
			"fields.2.name":             func(_ map[string]any, f []map[string]any) { f[2]["name"] = "" },
			"fields.2.record_type":      func(_ map[string]any, f []map[string]any) { f[2]["record_type"] = "rash" },
			"fields.3.form_question_id": func(_ map[string]any, f []map[string]any) { f[3]["form_question_id"] = "ill" },
			"fields.1.number": func(_ map[string]any, f []map[string]any) {
				f[1]["number"] = map[string]any{"low": 2,
					"high": 1}
			},
		} {
			form := aReview()
			change(form, form["fields"].([]map[string]any))
			a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/forms", form)
			if !strings.HasPrefix(a.wrong(), path) {
				t.Errorf("%s: %s", path, a.Text)
			}
		}
		empty := p.ok("POST", "/v1/forms", map[string]any{"title": "Empty"}).str("id")
		if a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/forms/"+empty+"/publish", nil); a.wrong() !=
			"fields" {
			t.Errorf("got %s", a.Text)
		}
		for _, ask := range [][2]string{{"GET", ""}, {"PATCH", ""}, {"POST", "/publish"}, {"GET", "/versions"},
			{"GET", "?version=draft"}} {
			var body any
			if ask[0] == "PATCH" {
				body = map[string]any{"title": "x"}
			}
			p.refused(http.StatusNotFound, "form_not_found", ask[0], "/v1/forms/4503599627370497"+ask[1], body)
			p.refused(http.StatusNotFound, "form_not_found", ask[0], "/v1/forms/"+empty+ask[1], body, p.second()...)
		}
	})
}

// second asks as the second practice group.
func (p *program) second() []with {
	return []with{key(p.creds.Second.Key), ofGroup(p.creds.Second.Group)}
}

func TestAResponseIsGivenOverGraphQLOrByALinkAndReadOverREST(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada := p.patientBy("byron")
		id := p.answered(ada)
		got := p.ok("GET", "/v1/form_response/"+id, nil)
		form := p.ok("GET", "/v1/forms?search=asthma", nil).data()[0]["id"]
		exact := json.NewDecoder(strings.NewReader(got.Text))
		exact.UseNumber()
		var numbers map[string]any
		if err := exact.Decode(&numbers); err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]any{"id": id, "form_id": form, "client_id": ada,
			"practice_group_id": p.creds.Group} {
			if n, ok := numbers[field].(json.Number); !ok || n.String() != want {
				t.Errorf("%s is %v, not the number %v", field, numbers[field], want)
			}
		}
		if got.Body["hidden"] != false || got.Body["appointment_id"] != nil || got.Body["short_link_id"] != nil ||
			got.Body["emis_file_record_at"] != nil || got.Body["write_to_record_error"] != nil || got.Body["version"] !=
			1.0 || dig(got.Body, "answers", 0, "question") != "Do you smoke?" ||
			dig(got.Body, "answers", 0, "answer") != "No" {
			t.Fatalf("got %s", got.Text)
		}
		p.clock.move(time.Hour)
		link := p.linked(fmt.Sprint(form), ada)
		all := p.ok("GET", "/v1/form_responses?form_id="+fmt.Sprint(form), nil)
		if len(all.data()) != 2 || all.Body["count"] != 2.0 || fmt.Sprintf("%.0f", all.data()[1]["short_link_id"]) != link {
			t.Fatalf("got %s", all.Text)
		}
		count := func(query string) float64 {
			t.Helper()
			return p.ok("GET", "/v1/form_responses?"+query, nil).Body["count"].(float64)
		}
		p.ok("PATCH", "/v1/form_response/"+id, map[string]any{"hidden": true})
		since := url.QueryEscape(p.clock.Now().Add(-time.Minute).Format(time.RFC3339))
		for query, want := range map[string]float64{"": 1, "include_hidden=true": 2, "include_hidden=true&since=" + since: 1,
			"patient_id=" + ada: 1, "patient_id=1": 0, "form_id=1": 0, "include_hidden=true&page_size=1&page_index=1": 2} {
			if got := count(query); got != want {
				t.Errorf("%q: %v, not %v", query, got, want)
			}
		}
		if got := p.ok("GET", "/v1/form_response/"+id, nil); got.Body["hidden"] != true {
			t.Fatalf("got %s", got.Text)
		}
		for _, ask := range []struct {
			method string
			body   any
		}{{"GET", nil}, {"PATCH", map[string]any{"hidden": true}}} {
			p.refused(http.StatusNotFound, "form_response_not_found", ask.method, "/v1/form_response/4503599627370497",
				ask.body)
			p.refused(http.StatusNotFound, "form_response_not_found", ask.method, "/v1/form_response/"+id, ask.body,
				p.second()...)
		}
		theirs := p.ok("GET", "/v1/form_responses?include_hidden=true&patient_id="+ada, nil, p.second()...)
		if a := theirs; len(a.data()) != 0 {
			t.Fatalf("got %s", a.Text)
		}
		p.refused(http.StatusBadRequest, "invalid_request", "GET", "/v1/form_responses?since=soon", nil)
	})
}

func TestResponsesAreListedByTheIDThatAPatientHadBefore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		register := func(mobile string) string {
			return p.ok("POST", "/v1/patients/register", fields{"first_name": "Marty", "last_name": "Massam",
				"dob": "1920-08-11", "mobile": mobile}).str("patient_id")
		}
		keep, from := register("07700 900321"), register("07700 900322")
		p.linked(p.published(aReview()).str("id"), from)
		preview := p.ok("POST", "/v1/patients/"+keep+"/merge/preview", fields{"patient_id": from})
		p.ok("POST", "/v1/patients/"+keep+"/merge", fields{"patient_id": from,
			"merge_token": preview.str("merge_token")})
		for _, id := range []string{keep, from} {
			if got := p.ok("GET", "/v1/form_responses?patient_id="+id, nil); got.Body["count"] != 1.0 {
				t.Errorf("by %s: %s", id, got.Text)
			}
		}
	})
}

// linked has a patient answer "No" to the review by a link, and gives the link's id.
func (p *program) linked(form, patient string) string {
	p.t.Helper()
	made := p.ok("POST", "/v1/form_links", map[string]any{"form_id": form, "patient_id": patient,
		"write_to_record": true})
	at := made.str("form_link")
	browser := newVisitor(p.t)
	browser.send(at, p.birthOf(patient), "Your asthma")
	page := browser.open(at+"/form?p=1", "Do you smoke?")
	browser.send(at+"/form", url.Values{"p": {"1"}, browser.found(formField, page, 0): {"No"}}, "allergy")
	browser.send(at+"/form", url.Values{"p": {"3"}}, "Who helps you?")
	page = browser.send(at+"/form", url.Values{"p": {"4"}}, "Check your answers")
	browser.send(at+"/send", url.Values{"d": {browser.found(draftID, page, 0)}}, "Thank you.")
	return made.str("id")
}
