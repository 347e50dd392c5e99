package e2e

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

var (
	formField  = regexp.MustCompile(`name="(q\d+)"`)
	dateField  = regexp.MustCompile(`name="(q\d+)-day"`)
	kinField   = regexp.MustCompile(`name="(q\d+)-name"`)
	fileButton = regexp.MustCompile(`name="f" value="(\d+)"`)
	draftID    = regexp.MustCompile(`name="d" value="(\d+)"`)
)

// formLink makes a link to the sandbox's form for Ada, and gives her date of birth.
func (p *program) formLink(more map[string]any) (link answer, born url.Values) {
	p.t.Helper()
	scope := key(p.creds.Keys["booking_links"])
	ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]
	forms := p.ok("GET", "/v1/forms?search=new+pat", nil, scope)
	if len(forms.data()) != 1 || forms.data()[0]["title"] != "New patient" {
		p.t.Fatalf("got %s", forms.Text)
	}
	body := map[string]any{"patient_id": ada["id"], "form_id": forms.data()[0]["id"]}
	for name, value := range more {
		body[name] = value
	}
	day := strings.Split(ada["dob"].(string)[:10], "-")
	return p.ok("POST", "/v1/form_links", body, scope), url.Values{"year": {day[0]}, "month": {day[1]}, "day": {day[2]}}
}

// upload sends a file as a browser does.
func (v *visitor) upload(address, name string, content []byte, then string) (int, string) {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		v.t.Fatal(err)
	}
	part.Write(content)
	form.WriteField("then", then)
	form.Close()
	res, err := v.Post(address, form.FormDataContentType(), &body)
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

var photo = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), bytes.Repeat([]byte{7}, 2<<20)...)

// smoker fills in the form until the page of a file, as a patient who smokes.
func (v *visitor) smoker(at string, born url.Values) string {
	v.t.Helper()
	v.send(at, born, "Your answers are saved as you go")
	page := v.open(at+"/form?p=1", "Do you smoke?")
	smoke := v.found(formField, page, 0)
	page = v.send(at+"/form", url.Values{"p": {"1"}, smoke: {"Yes"}}, "How many a day?")
	many, weight, allergies, rest := v.found(formField, page, 0), v.found(formField, page, 1),
		v.found(formField, page, 2), v.found(formField, page, 3)
	checked := v.found(dateField, page, 0)
	page = v.send(at+"/form", url.Values{"p": {"2"}, many: {"10"}, weight: {"82,5"}, checked + "-day": {"1"},
		checked + "-month": {"May"}, checked + "-year": {"2030"}, allergies: {"Nuts\r\nPenicillin"},
		rest: {"One.\r\nTwo."}}, "Which of these do you have?")
	ill := v.found(formField, page, 0)
	page = v.send(at+"/form", url.Values{"p": {"3"}, ill: {"Asthma", "Diabetes"}}, "call in an emergency?")
	kin := v.found(kinField, page, 0)
	return v.send(at+"/form", url.Values{"p": {"4"}, kin + "-name": {"Ben Byron"}, kin + "-phone": {"01632 960001"}},
		"Proof of address")
}

func TestAPatientFillsInAFormByALink(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		nurse := p.ok("GET", "/v1/practitioners", nil).data()[0]["id"]
		made, born := p.formLink(map[string]any{"write_to_record": true, "assignee_id": nurse})
		at, id := made.str("form_link"), made.str("id")
		status := func(want string) answer {
			t.Helper()
			got := p.ok("GET", "/v1/links/status?id="+id, nil, scope)
			if got.str("status") != want || got.str("type") != "form" {
				t.Fatalf("not %s: %s", want, got.Text)
			}
			return got
		}
		fetch(t, http.MethodHead, at, "")
		browser := newVisitor(t)
		browser.open(at, "asks you to fill in a form")
		status("unused")
		browser.smoker(at, born)
		status("opened")
		if code, text := browser.upload(at+"/upload?p=5", "letter.html", []byte("<html>"), "stay"); code !=
			http.StatusBadRequest || !strings.Contains(text, "must be a photograph") {
			t.Fatalf("got %d %s", code, text)
		}
		if code, text := browser.upload(at+"/upload?p=5", "big.jpg", bytes.Repeat(photo, 6), "stay"); code !=
			http.StatusBadRequest || !strings.Contains(text, "smaller than 10 MB") {
			t.Fatalf("got %d %s", code, text)
		}
		_, text := browser.upload(at+"/upload?p=5", "wrong.jpg", photo, "stay")
		text = browser.send(at+"/remove", url.Values{"p": {"5"}, "f": {browser.found(fileButton, text, 0)}},
			"Proof of address")
		if strings.Contains(text, "wrong.jpg") {
			t.Fatalf("it is still there: %s", text)
		}
		code, text := browser.upload(at+"/upload?p=5", "bill.jpg", photo, "continue")
		if code != http.StatusOK || !strings.Contains(text, "Signature") {
			t.Fatalf("got %d %s", code, text)
		}
		// Back later, in another browser: it goes on where it was left.
		browser = newVisitor(t)
		text = browser.send(at, born, "Signature")
		sign := browser.found(formField, text, 0)
		check := browser.send(at+"/form", url.Values{"p": {"6"}, sign: {"Ada Byron"}}, "Check your answers")
		for _, says := range []string{"82.5 kg", "1 May 2030", "Penicillin", "Diabetes", "bill.jpg", "Ada Byron",
			"Telephone number: 01632 960001"} {
			if !strings.Contains(check, says) {
				t.Errorf("the answers do not have %q", says)
			}
		}
		form := url.Values{"d": {browser.found(draftID, check, 0)}}
		browser.send(at+"/send", form, "We look forward to meeting you")
		browser.send(at+"/send", form, "We look forward to meeting you")
		browser.open(at, "Form sent")
		if got := status("used"); got.Body["number_of_uses"] != 1.0 || len(got.Body["reference"].([]any)) != 3 {
			t.Fatalf("got %s", got.Text)
		}
		if code, text := newVisitor(t).fill(at, born); code != http.StatusGone ||
			!strings.Contains(text, "This link has been used") {
			t.Fatalf("got %d %s", code, text)
		}
		p.filled(made.str("id"))
	})
}

// filled checks what came of the answers to a form.
func (p *program) filled(id string) {
	p.t.Helper()
	patient := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"].(string)
	files := p.ok("GET", "/v1/patients/"+patient+"/attachments", nil).data()
	if len(files) == 0 || files[0]["file_name"] != "bill.jpg" {
		p.t.Fatalf("got %v", files)
	}
	entries := p.ok("GET", "/v1/record_entries?patient_id="+patient, nil).data()
	if len(entries) != 1 || entries[0]["status"] != "pending_approval" || entries[0]["message_id"] != nil ||
		entries[0]["form_response_id"] == nil || entries[0]["snomed_code"] != "184147002" ||
		!strings.Contains(entries[0]["content"].(string), "82.5 kg") {
		p.t.Fatalf("got %v", entries)
	}
	var told map[string]any
	wait.Until(p.t, "the event", func() bool {
		for _, e := range p.ok("GET", "/v1/events?event_type=form.completed", nil).data() {
			told, _ = e["data"].(map[string]any)
		}
		return told != nil
	})
	if told["link_id"] != id || told["record_entry_id"] != entries[0]["id"] ||
		told["form_response_id"] != entries[0]["form_response_id"] {
		p.t.Fatalf("got %v", told)
	}
}

func TestTypedAnswersOutliveAVisitThatEnded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		made, born := p.formLink(nil)
		at := made.str("form_link")
		browser := newVisitor(t)
		browser.send(at, born, "Your answers are saved as you go")
		page := browser.open(at+"/form?p=1", "Do you smoke?")
		smoke := browser.found(formField, page, 0)
		p.clock.move(45 * time.Minute)
		browser.send(at+"/form", url.Values{"p": {"1"}, smoke: {"No"}}, "more than 30 minutes")
		browser.open(at+"/answers", "more than 30 minutes")
		page = browser.send(at, born, "How much do you weigh?")
		if strings.Contains(page, "How many a day?") {
			t.Fatalf("asked in vain: %s", page)
		}
	})
}

func TestFormLinksAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		made, born := p.formLink(nil)
		at := made.str("form_link")
		ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
		formID := p.ok("GET", "/v1/forms", nil, scope).data()[0]["id"]
		for _, c := range []struct {
			status      int
			code, field string
			change      map[string]any
		}{
			{http.StatusNotFound, "form_not_found", "form_id", map[string]any{"form_id": "1"}},
			{http.StatusNotFound, "patient_not_found", "patient_id", map[string]any{"patient_id": "1"}},
			{http.StatusNotFound, "appointment_not_found", "appointment_id", map[string]any{"appointment_id": "1"}},
			{http.StatusBadRequest, "invalid_request", "appointment_id", map[string]any{"appointment_id": "x"}},
			{http.StatusNotFound, "assignee_not_found", "assignee_id", map[string]any{"assignee_id": "1"}},
			{http.StatusBadRequest, "invalid_request", "expiry_date", map[string]any{"expiry_date": "2020-01-01"}},
			{http.StatusBadRequest, "invalid_request", "snomed_code", map[string]any{"write_to_record": true,
				"snomed_code": "12"}},
		} {
			body := map[string]any{"patient_id": ada, "form_id": formID}
			for name, value := range c.change {
				body[name] = value
			}
			a := p.refused(c.status, c.code, "POST", "/v1/form_links", body, scope)
			if !strings.Contains(a.Text, c.field) {
				t.Errorf("%s: %s", c.field, a.Text)
			}
		}
		browser := newVisitor(t)
		page := browser.smoker(at, born)
		on, tooLong := day(browser, at), strings.Repeat("x", 20_001)
		for says, form := range map[string]url.Values{
			"Enter a whole number from 1 to 100": {"p": {"2"}, field(browser, at, 2, 0): {"many"}},
			"Enter a number from 20 to 400":      {"p": {"2"}, field(browser, at, 2, 1): {"5"}},
			"Enter a number":                     {"p": {"2"}},
			"The date must include a year":       {"p": {"2"}, on + "-day": {"3"}, on + "-month": {"3"}},
			"Enter a real date": {"p": {"2"}, on + "-day": {"31"}, on + "-month": {"2"},
				on + "-year": {"2030"}},
			"Enter an answer of at most 20000 charac": {"p": {"2"}, field(browser, at, 2, 3): {tooLong}},
			"Select an answer":                        {"p": {"1"}},
			"Select at least one answer":              {"p": {"3"}, field(browser, at, 3, 0): {"Other"}},
			"Enter this person’s full name":           {"p": {"4"}, kin(browser, at) + "-phone": {"01632 960001"}},
		} {
			code, text := browser.fill(at+"/form", form)
			if code != http.StatusBadRequest || !strings.Contains(text, says) ||
				!strings.Contains(text, "There is a problem") {
				t.Errorf("%d, and it does not say %q: %s", code, says, text)
			}
		}
		if strings.Contains(page, "There is a problem") {
			t.Error("the page begins with an error")
		}
		for path, want := range map[string]string{"/form?p=99": "Proof of address", "/form?p=x": "Proof of address",
			"/answers": "Proof of address", "/sent": "Proof of address", "/upload": "Proof of address"} {
			browser.open(at+path, want)
		}
		browser.send(at+"/send", url.Values{"d": {"1"}}, "Proof of address")
		p.ok("PATCH", "/v1/links/"+made.str("id")+"/withdraw", nil, scope)
		for _, path := range []string{"/form", "/send", "/remove"} {
			if code, text := browser.fill(at+path, url.Values{"p": {"1"}}); code != http.StatusGone ||
				!strings.Contains(text, "withdrawn") {
				t.Errorf("%s: %d %s", path, code, text)
			}
		}
		again := p.ok("POST", "/v1/links/"+made.str("id")+"/reissue", nil, scope)
		newVisitor(t).send(again.str("url"), born, "Proof of address")
	})
}

func field(v *visitor, at string, page, n int) string {
	v.t.Helper()
	return v.found(formField, v.open(at+"/form?p="+string(rune('0'+page)), "name="), n)
}

func day(v *visitor, at string) string {
	v.t.Helper()
	return v.found(dateField, v.open(at+"/form?p=2", "name="), 0)
}

func kin(v *visitor, at string) string {
	v.t.Helper()
	return v.found(kinField, v.open(at+"/form?p=4", "name="), 0)
}

func TestTheCommandLineAddsAForm(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/links.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(guide), "**A form of your own**")
	_, text, _ = strings.Cut(text, "```json\n")
	text, _, _ = strings.Cut(text, "```")
	add := func(t *testing.T, p *program, address, content string) (string, string, int) {
		file := filepath.Join(t.TempDir(), "form.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return run(t, "form", "add", file, "--group", p.creds.Group, "--db", address)
	}
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		if out, errs, code := add(t, p, address, text); code != 0 || !strings.Contains(out, "Asthma review") {
			t.Fatalf("%d %s %s", code, out, errs)
		}
		for content, says := range map[string]string{"{": "cannot be read", `{"name": "x"}`: "cannot be read",
			`{"title": "x", "content": {"sections": [{"questions": [{"kind": "essay", "title": "y"}]}]}}`: "possible values"} {
			if out, errs, code := add(t, p, address, content); code == 0 || !strings.Contains(errs, says) {
				t.Errorf("%s: %d %s %s", content, code, out, errs)
			}
		}
		found := p.ok("GET", "/v1/forms?search=asthma", nil, key(p.creds.Keys["booking_links"])).data()
		out, _, code := run(t, "form", "list", "--group", p.creds.Group, "--db", address)
		if code != 0 || len(found) != 1 || !strings.Contains(out, found[0]["id"].(string)) {
			t.Fatalf("%d %s %v", code, out, found)
		}
	})
}
