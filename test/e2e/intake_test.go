package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestABookingLeadsToTheFormThatGoesWithIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		review := aReview()
		review["form_type"] = "appointment"
		draft := p.ok("POST", "/v1/forms", review).str("id")
		made, born := p.patientLink(nil)
		kind := fmt.Sprint(p.slot(0)["appointment_type_id"])
		path := "/v1/appointment_types/" + kind
		for _, id := range []string{draft, "1"} {
			a := p.refused(http.StatusBadRequest, "invalid_request", "PATCH", path, map[string]any{"form_id": id})
			if a.wrong() != "form_id" {
				t.Errorf("got %s", a.Text)
			}
		}
		p.refused(http.StatusBadRequest, "invalid_request", "PATCH", path, map[string]any{"form_id": "x"})
		p.ok("POST", "/v1/forms/"+draft+"/publish", nil)
		shown := func() (id any) {
			t.Helper()
			for _, one := range p.ok("GET", "/v1/appointment_types", nil).data() {
				if one["id"] == kind {
					id = one["form_id"]
				}
			}
			return id
		}
		if got := p.ok("PATCH", path, map[string]any{"form_id": draft}); got.str("form_id") != draft || shown() != draft {
			t.Fatalf("got %s, listed %v", got.Text, shown())
		}
		at := made.str("short_link")
		browser := newVisitor(t)
		when := browser.send(at, born, "Choose a time")
		check := browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, when, 3)}}, "Check your")
		held := url.Values{"a": {browser.found(heldID, check, 0)}}
		browser.send(at+"/book", held, "Before your appointment")
		// It is asked for by a link of its own, which is the same when it is pressed twice.
		browser.send(at+"/intake", held, "asks you to fill in a form")
		browser.send(at+"/intake", held, "asks you to fill in a form")
		if code, text := browser.fill(at+"/intake", url.Values{"a": {"1"}}); code != http.StatusNotFound {
			t.Fatalf("got %d %s", code, text)
		}
		links := []string{p.redirected(browser, at+"/intake", held), p.redirected(browser, at+"/intake", held)}
		if links[0] != links[1] || !strings.Contains(links[0], "/s/") {
			t.Fatalf("got %v", links)
		}
		form := links[0]
		browser.send(form, born, "Your asthma")
		page := browser.open(form+"/form?p=1", "Do you smoke?")
		browser.send(form+"/form", url.Values{"p": {"1"}, browser.found(formField, page, 0): {"No"}}, "allergy")
		browser.send(form+"/form", url.Values{"p": {"3"}}, "Who helps you?")
		page = browser.send(form+"/form", url.Values{"p": {"4"}}, "Check your answers")
		browser.send(form+"/send", url.Values{"d": {browser.found(draftID, page, 0)}}, "Thank you.")
		all := p.ok("GET", "/v1/form_responses?form_id="+draft, nil).data()
		if len(all) != 1 || fmt.Sprintf("%.0f", all[0]["appointment_id"]) != held.Get("a") {
			t.Fatalf("got %v", all)
		}
		entry := p.ok("GET", "/v1/record_entries?patient_id="+made.str("patient_id"), nil).data()
		if len(entry) != 1 || entry[0]["snomed_code"] != "714301000000106" {
			t.Fatalf("got %v", entry)
		}
		// Without a form the page asks for none.
		if got := p.ok("PATCH", path, map[string]any{"form_id": nil}); got.Body["form_id"] != nil || shown() != nil {
			t.Fatalf("got %s", got.Text)
		}
		page = browser.open(at+"/appointment?a="+held.Get("a"), "Your appointment")
		if strings.Contains(page, "Before your") {
			t.Fatalf("got %s", page)
		}
	})
}

// redirected is where a page that is sent leads.
func (p *program) redirected(v *visitor, address string, form url.Values) string {
	p.t.Helper()
	leads := v.Client
	leads.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := leads.PostForm(address, form)
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Location")
}
