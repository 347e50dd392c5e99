package e2e

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAPatientFetchesAFileByALink(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]
		made := p.ok("POST", "/v1/attachment_links", map[string]any{"patient_id": ada["id"], "file_name": "Letter.txt",
			"file_data": "RGVhciBBZGE=", "maximum_use_count": 1}, scope)
		at := made.str("attachment_link")
		status := func(want string) {
			t.Helper()
			got := p.ok("GET", "/v1/links/status?url="+url.QueryEscape(at), nil, scope)
			if got.str("status") != want || got.str("type") != "attachment" || got.str("id") != made.str("id") {
				t.Fatalf("not %s: %s", want, got.Text)
			}
		}
		status("unused")
		fetch(t, http.MethodGet, at, "")
		fetch(t, http.MethodHead, at, "")
		status("unused")
		day := strings.Split(ada["dob"].(string)[:10], "-")
		browser := newVisitor(t)
		got, err := browser.PostForm(at, url.Values{"year": {day[0]}, "month": {day[1]}, "day": {day[2]}})
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != http.StatusOK {
			t.Fatalf("the date of birth: %s", got.Status)
		}
		status("opened")
		if got, err = browser.Post(at+"/file", "", nil); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || got.StatusCode != http.StatusOK || string(text) != "Dear Ada" {
			t.Fatalf("the file: %s %q %v", got.Status, text, err)
		}
		status("used")
		if got, text := fetch(t, http.MethodGet, at, ""); got.StatusCode != http.StatusGone ||
			!strings.Contains(text, "This link has been used") {
			t.Fatalf("%s %s", got.Status, text)
		}

		again := p.ok("POST", "/v1/links/"+made.str("id")+"/reissue", nil, scope)
		if again.str("url") == at || again.str("status") != "unused" {
			t.Fatalf("got %s", again.Text)
		}
		p.refused(http.StatusNotFound, "short_link_not_found", "GET", "/v1/links/status?url="+url.QueryEscape(at), nil,
			scope)
		ended := p.ok("PATCH", "/v1/links/"+made.str("id")+"/withdraw", nil, scope)
		if ended.str("status") != "withdrawn" {
			t.Fatalf("got %s", ended.Text)
		}
		file := p.ok("GET", "/v1/patients/"+ada["id"].(string)+"/attachments", nil).data()[0]["ehr_file_id"]
		p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/attachment_links", map[string]any{
			"patient_id": ada["id"], "ehr_file_id": file, "expiry_date": "2199-01-01"}, scope)
		p.ok("POST", "/v1/attachment_links", map[string]any{"patient_id": ada["id"], "ehr_file_id": file}, scope)
	})
}

func TestALinkNamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
		for field, change := range map[string]map[string]any{
			"expiry_date": {"expiry_date": "2020-01-01"}, "file_data": {"file_data": "<html>"},
			"file_name": {"file_name": "../x"}, "ehr_file_id": {"ehr_file_id": "1"},
		} {
			body := map[string]any{"patient_id": ada, "file_name": "Letter.txt", "file_data": "RGVhciBBZGE="}
			for name, value := range change {
				body[name] = value
			}
			a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/attachment_links", body, scope)
			if !strings.Contains(a.Text, field) {
				t.Errorf("%s: %s", field, a.Text)
			}
		}
		p.refused(http.StatusBadRequest, "invalid_request", "GET", "/v1/links/status", nil, scope)
		for _, id := range []string{"0", "99999999999999999999"} {
			p.refused(http.StatusNotFound, "short_link_not_found", "GET", "/v1/links/status?id="+id, nil, scope)
		}
		p.refused(http.StatusForbidden, "missing_scope", "GET", "/v1/links/status", nil, key(p.creds.Keys["booking"]))
	})
}
