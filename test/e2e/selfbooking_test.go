package e2e

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// open asks for a page, and fails unless it says something.
func (v *visitor) open(address, says string) string {
	v.t.Helper()
	res, err := v.Get(address)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	text := string(body)
	if err != nil {
		v.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || !strings.Contains(text, says) {
		v.t.Fatalf("%s does not say %q: %s %s", address, says, res.Status, text)
	}
	v.isOne(address, text)
	return text
}

// send fills in a form, and fails unless the page it leads to says something.
func (v *visitor) send(address string, form url.Values, says string) string {
	v.t.Helper()
	status, text := v.fill(address, form)
	if status != http.StatusOK || !strings.Contains(text, says) {
		v.t.Fatalf("%s does not lead to %q: %d %s", address, says, status, text)
	}
	v.isOne(address, text)
	return text
}

// isOne checks that an answer is one page, and not a second one after it.
func (v *visitor) isOne(address, text string) {
	v.t.Helper()
	if n := strings.Count(text, "<main"); n != 1 {
		v.t.Fatalf("%s answers %d pages: %s", address, n, text)
	}
}

var (
	timeButton = regexp.MustCompile(`name="time" value="([^"]+)"`)
	heldID     = regexp.MustCompile(`name="a" value="(\d+)"`)
	moveHold   = regexp.MustCompile(`name="h" value="(\d+)"`)
	moveLink   = regexp.MustCompile(`href="([^"]+move=\d+)"`)
	cancelLink = regexp.MustCompile(`href="([^"]+/cancel\?a=\d+)"`)
)

// found is the first thing a page has, as an address or a form would send it.
func (v *visitor) found(in *regexp.Regexp, page string, n int) string {
	v.t.Helper()
	all := in.FindAllStringSubmatch(page, -1)
	if len(all) <= n {
		v.t.Fatalf("no %s in %s", in, page)
	}
	return html.UnescapeString(all[n][1])
}

// patientLink makes a booking link for Ada with a type that has free times, and gives her date of birth.
func (p *program) patientLink(more map[string]any) (link answer, born url.Values) {
	p.t.Helper()
	ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]
	body := map[string]any{"patient_id": ada["id"], "appointment_type_id": p.slot(0)["appointment_type_id"]}
	for name, value := range more {
		body[name] = value
	}
	day := strings.Split(ada["dob"].(string)[:10], "-")
	return p.ok("POST", "/v1/booking_links", body, key(p.creds.Keys["booking_links"])),
		url.Values{"year": {day[0]}, "month": {day[1]}, "day": {day[2]}}
}

func TestAPatientBooksMovesAndCancelsByALink(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		made, born := p.patientLink(map[string]any{"maximum_use_count": 1, "from_date": "2031-01-08"})
		at, id := made.str("short_link"), made.str("id")
		status := func(want string, uses float64) {
			t.Helper()
			got := p.ok("GET", "/v1/booking_links/"+id, nil, scope)
			if got.str("status") != want || got.Body["number_of_uses"] != uses || got.Body["unlimited_use"] != false {
				t.Fatalf("not %s with %v uses: %s", want, uses, got.Text)
			}
			if is := p.ok("GET", "/v1/links/status?id="+id, nil, scope); is.str("status") != want ||
				is.str("type") != "booking" {
				t.Fatalf("not %s: %s", want, is.Text)
			}
		}
		browser := newVisitor(t)
		browser.open(at, "link to book an appointment")
		fetch(t, http.MethodHead, at, "")
		status("unused", 0)
		when := browser.send(at, born, "Choose a time")
		status("opened", 0)
		choice := url.Values{"time": {browser.found(timeButton, when, 3)}}
		check := browser.send(at+"/hold", choice, "Check your appointment")
		if !strings.Contains(check, "You have 15 minutes left") {
			t.Fatalf("got %s", check)
		}
		status("held", 1)
		// A double click and a second tab hold the same time, and make one appointment.
		held := browser.found(heldID, check, 0)
		if again := browser.send(at+"/hold", choice, "Check your appointment"); browser.found(heldID, again, 0) != held {
			t.Fatal("the time was held twice")
		}
		done := browser.send(at+"/book", url.Values{"a": {held}}, "Your appointment is booked")
		browser.send(at+"/book", url.Values{"a": {held}}, "Your appointment is booked")
		browser.send(at+"/hold", choice, "Your appointment is booked")
		browser.open(at+"/check?a="+held, "Your appointment is booked")
		status("used", 1)
		kept := p.ok("GET", "/v1/appointments/"+held, nil)
		if kept.str("link_id") != id || kept.str("appointment_source") != "page" ||
			kept.str("patient_id") != made.str("patient_id") {
			t.Fatalf("got %s", kept.Text)
		}
		// Back later, in another browser: the link still leads to it.
		browser = newVisitor(t)
		browser.send(at, born, "Your appointment is booked")
		base := p.app.URL()
		times := browser.open(base+browser.found(moveLink, done, 0), "Choose a new time")
		to := browser.found(timeButton, times, 9)
		check = browser.send(at+"/hold", url.Values{"a": {held}, "time": {to}}, "We hold this time for you until")
		browser.send(at+"/move", url.Values{"a": {held}, "time": {to}, "h": {browser.found(moveHold, check, 0)}},
			"Your appointment is moved")
		moved := p.ok("GET", "/v1/appointments/"+held, nil)
		if moved.str("start_time") == kept.str("start_time") {
			t.Fatalf("it was not moved: %s", moved.Text)
		}
		ask := browser.open(base+browser.found(cancelLink, done, 0), "Do you want to cancel")
		browser.open(base+browser.found(cancelLink, done, 0), "Do you want to cancel")
		if got := p.ok("GET", "/v1/appointments/"+held+"/status", nil); got.str("status") != "booked" {
			t.Fatalf("asking has cancelled it: %s", got.Text)
		}
		form := url.Values{"a": {browser.found(heldID, ask, 0)}}
		browser.send(at+"/cancel", form, "Your appointment is cancelled")
		browser.send(at+"/cancel", form, "Your appointment is cancelled")
		if got := p.ok("GET", "/v1/appointments/"+held+"/status", nil); got.str("status") != "cancelled" {
			t.Fatalf("got %s", got.Text)
		}
	})
}

func TestALinkSaysWhenItIsTooLate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		made, born := p.patientLink(nil)
		at := made.str("short_link")
		browser := newVisitor(t)
		when := browser.send(at, born, "Choose a time")
		check := browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, when, 0)}}, "15 minutes left")
		held := browser.found(heldID, check, 0)
		// The hold runs out: a fresh choice, with nothing typed again.
		p.clock.move(15 * time.Minute)
		when = browser.send(at+"/book", url.Values{"a": {held}}, "We could not hold your time any longer")
		browser.open(at+"/check?a="+held, "Choose a time again")
		check = browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, when, 0)}}, "15 minutes left")
		held = browser.found(heldID, check, 0)
		browser.send(at+"/book", url.Values{"a": {held}}, "Your appointment is booked")
		start, _ := time.Parse(time.RFC3339, p.ok("GET", "/v1/appointments/"+held, nil).str("start_time"))
		p.clock.move(start.Add(-23 * time.Hour).Sub(p.clock.Now()))
		browser.send(at, born, "Your appointments")
		page := browser.open(at+"/appointment?a="+held, "It could be moved or cancelled here until ")
		if strings.Contains(page, "/cancel") || !strings.Contains(page, "tel:") {
			t.Fatalf("it offers what is not possible: %s", page)
		}
		status, text := browser.fill(at+"/cancel", url.Values{"a": {held}})
		if status != http.StatusConflict || !strings.Contains(text, "It could be moved or cancelled here until ") ||
			!strings.Contains(text, "tel:") {
			t.Fatalf("%d %s", status, text)
		}
		if status, text = browser.fill(at+"/cancel", url.Values{"a": {"1"}}); status != http.StatusNotFound {
			t.Fatalf("%d %s", status, text)
		}
		if status, text = browser.fill(at+"/hold", url.Values{"time": {"1.2.3.x"}}); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
	})
}

func TestFiftyVisitorsOfALinkMakeOneBooking(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		made, born := p.patientLink(map[string]any{"maximum_use_count": 1})
		at := made.str("short_link")
		when := newVisitor(t)
		page := when.send(at, born, "Choose a time")
		var wait sync.WaitGroup
		for i := range 50 {
			browser := &visitor{t, http.Client{Jar: when.Jar}}
			choice := url.Values{"time": {when.found(timeButton, page, i%20)}}
			wait.Go(func() {
				status, check := browser.fill(at+"/hold", choice)
				if id := heldID.FindStringSubmatch(check); status == http.StatusOK && id != nil {
					status, check = browser.fill(at+"/book", url.Values{"a": {id[1]}})
				}
				if status >= http.StatusInternalServerError {
					t.Errorf("%d %s", status, check)
				}
			})
		}
		wait.Wait()
		got := p.ok("GET", "/v1/booking_links/"+made.str("id"), nil, key(p.creds.Keys["booking_links"]))
		booked := p.ok("GET", "/v1/appointments?status=booked&patient_id="+made.str("patient_id"), nil)
		if booked.Body["count"] != 1.0 || got.Body["number_of_uses"] != 1.0 || got.str("status") != "used" {
			t.Fatalf("%s %s", booked.Text, got.Text)
		}
	})
}

func TestBookingLinksAreCheckedChangedAndListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		scope := key(p.creds.Keys["booking_links"])
		slot := p.slot(0)
		ada := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
		for field, change := range map[string]map[string]any{
			"new_patients": {"new_patients": true}, "expiry_date": {"expiry_date": "2020-01-01"},
			"to_date":             {"from_date": "2031-02-01", "to_date": "2031-01-01"},
			"appointment_type_id": {"appointment_type_id": []string{}},
			"location_id":         {"location_id": "x"},
		} {
			body := map[string]any{"patient_id": ada, "appointment_type_id": slot["appointment_type_id"]}
			for name, value := range change {
				body[name] = value
			}
			if a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/booking_links", body,
				scope); !strings.Contains(a.Text, `"`+field+`"`) {
				t.Errorf("%s: %s", field, a.Text)
			}
		}
		a := p.refused(http.StatusNotFound, "practitioner_not_found", "POST", "/v1/booking_links", map[string]any{
			"patient_id": ada, "appointment_type_id": slot["appointment_type_id"], "practitioner_id": "1"}, scope)
		if !strings.Contains(a.Text, `"practitioner_id"`) {
			t.Errorf("got %s", a.Text)
		}
		made, _ := p.patientLink(map[string]any{"practitioner_id": []any{slot["practitioner_id"]},
			"location_id": slot["location_id"], "from_date": "2031-01-06", "to_date": "2031-01-31"})
		id := made.str("id")
		if made.Body["unlimited_use"] != true || made.Body["maximum_uses"] != nil || made.Body["active"] != true ||
			made.str("from_date") != "2031-01-06" {
			t.Fatalf("got %s", made.Text)
		}
		changed := p.ok("PATCH", "/v1/booking_links/"+id, map[string]any{"maximum_use_count": 3, "to_date": "",
			"expiry_date": "2031-02-01"}, scope)
		if changed.Body["maximum_uses"] != 3.0 || changed.Body["to_date"] != nil ||
			changed.str("short_link") != made.str("short_link") {
			t.Fatalf("got %s", changed.Text)
		}
		p.patientLink(nil)
		list := p.ok("GET", "/v2/bookinglinks?page_size=1&page_index=1", nil, scope)
		if list.Body["count"] != 2.0 || list.data()[0]["id"] != id {
			t.Fatalf("got %s", list.Text)
		}
		if none := p.ok("GET", "/v2/bookinglinks?patient_id=1", nil, scope); none.Body["count"] != 0.0 {
			t.Fatalf("got %s", none.Text)
		}
		p.ok("PATCH", "/v1/links/"+id+"/withdraw", nil, scope)
		if got := p.ok("GET", "/v1/booking_links/"+id, nil, scope); got.Body["active"] != false {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(http.StatusNotFound, "short_link_not_found", "GET", "/v1/booking_links/1", nil, scope)
		p.refused(http.StatusForbidden, "missing_scope", "GET", "/v2/bookinglinks", nil, key(p.creds.Keys["booking"]))
	})
}
