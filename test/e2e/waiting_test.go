package e2e

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/test/wait"
)

var offerLink = regexp.MustCompile(`Take it or say no: <a href="(http\S+/s/[\w-]+)"`)

// offeredTo waits for the n-th message that offers a time, and gives its link.
func (p *program) offeredTo(mobile string, n int) string {
	p.t.Helper()
	var found [][]string
	defer func() {
		if p.t.Failed() {
			p.t.Log(p.ok("GET", "/v1/waiting_list", nil).Text, html.UnescapeString(p.inbox(mobile)))
		}
	}()
	wait.Until(p.t, mobile+" to be offered a time", func() bool {
		found = offerLink.FindAllStringSubmatch(html.UnescapeString(p.inbox(mobile)), -1)
		return len(found) >= n
	})
	return found[0][1] // the newest comes first
}

// birthOf is a patient's date of birth as a form sends it.
func (p *program) birthOf(patient string) url.Values {
	p.t.Helper()
	day := strings.Split(p.ok("GET", "/v2/patients/"+patient, nil).str("dob")[:10], "-")
	return url.Values{"year": {day[0]}, "month": {day[1]}, "day": {day[2]}}
}

// appointmentAt books a time for a patient.
func (p *program) appointmentAt(patient string, slot map[string]any) string {
	p.t.Helper()
	slot["patient_id"] = patient
	id := p.ok("POST", "/v1/appointments", slot).str("id")
	p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
	return id
}

func (p *program) statusBecomes(entry, want string) answer {
	p.t.Helper()
	var got answer
	wait.Until(p.t, "the entry to be "+want, func() bool {
		got = p.ok("GET", "/v1/waiting_list/"+entry, nil)
		return got.str("status") == want
	})
	return got
}

func TestAFreedTimeIsOfferedOverTheAPI(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		p.clock.move(morning(p.clock.Now()))
		ada, bob := p.patientBy("byron"), p.patientBy("mathison")
		mobile := p.ok("GET", "/v2/patients/"+ada, nil).str("mobile")
		soon := p.slotFrom("2031-01-15", 0, nil)
		kind, with := soon["appointment_type_id"], soon["practitioner_id"]
		theirs := p.appointmentAt(bob, soon)
		later := p.slotFrom("2031-01-22", 0, soon)
		old := p.appointmentAt(ada, later)
		p.ok("PATCH", "/v1/me", map[string]any{"waiting_list_hold_minutes": 45})

		added := p.ok("POST", "/v1/waiting_list", map[string]any{"patient_id": ada, "appointment_type_id": kind,
			"practitioner_ids": []any{with}, "replaces_appointment_id": old, "priority": 2})
		entry := added.str("id")
		if added.str("status") != "waiting" || added.str("replaces_appointment_id") != old {
			t.Fatalf("got %s", added.Text)
		}
		changed := p.ok("PATCH", "/v1/waiting_list/"+entry, map[string]any{"priority": 3})
		if changed.Body["priority"] != 3.0 || changed.str("replaces_appointment_id") != old {
			t.Fatalf("got %s", changed.Text)
		}
		p.refused(http.StatusConflict, "already_waiting", "POST", "/v1/waiting_list",
			map[string]any{"patient_id": ada, "appointment_type_id": kind})
		p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/waiting_list",
			map[string]any{"patient_id": bob, "appointment_type_id": kind, "replaces_appointment_id": old})

		p.ok("PATCH", "/v1/appointments/"+theirs+"/cancel", map[string]any{"suppress_cancellation_policy": true})
		offered := p.statusBecomes(entry, "offered")
		offer := offered.Body["offer"].(map[string]any)
		if !sameInstant(offer["start_time"], soon["start_time"]) {
			t.Fatalf("got %s", offered.Text)
		}
		at := p.offeredTo(mobile, 1)
		born := p.birthOf(ada)
		browser := newVisitor(t)
		fetch(t, http.MethodHead, at, "")
		browser.open(at, "is holding a time for you")
		page := browser.send(at, born, "Something sooner is free")
		if !strings.Contains(page, "You have 45 minutes left") || !strings.Contains(page, "No, keep mine") ||
			strings.Contains(page, "Byron") {
			t.Fatalf("got %s", page)
		}
		browser.open(at+"/take", "Something sooner is free") // asking takes nothing
		done := browser.send(at+"/take", nil, "Your appointment is moved")
		browser.send(at+"/take", nil, "Your appointment is moved")
		if !strings.Contains(done, "Move it to another time") {
			t.Fatalf("it cannot be managed: %s", done)
		}
		if e := p.statusBecomes(entry, "booked"); e.str("appointment_id") != old {
			t.Fatalf("got %s", e.Text)
		}
		now := p.ok("GET", "/v1/appointments/"+old, nil)
		if !sameInstant(now.Body["start_time"], soon["start_time"]) {
			t.Fatalf("it was not moved: %s", now.Text)
		}
		hold := offer["appointment_id"].(string)
		if got := p.ok("GET", "/v1/appointments/"+hold+"/status", nil).str("status"); got == "booked" {
			t.Fatalf("the hold is %s", got)
		}
		p.told(mobile, "has changed. It is now")
		var types []string
		for _, e := range p.ok("GET", "/v1/events?event_type=waiting_list.offered&event_type=waiting_list.accepted",
			nil).data() {
			types = append(types, e["event_type"].(string))
		}
		if strings.Join(types, " ") != "waiting_list.offered waiting_list.accepted" {
			t.Fatalf("got %v", types)
		}
	})
}

func sameInstant(a, b any) bool {
	x, err1 := time.Parse(time.RFC3339, a.(string))
	y, err2 := time.Parse(time.RFC3339, b.(string))
	return err1 == nil && err2 == nil && x.Equal(y)
}

// morning is how long it is until ten in the morning.
func morning(now time.Time) time.Duration {
	ten := time.Date(now.Year(), now.Month(), now.Day(), 10, 0, 0, 0, now.Location())
	if ten.Before(now) {
		ten = ten.AddDate(0, 0, 1)
	}
	return ten.Sub(now)
}

func TestAPatientJoinsTheListByALinkAndSaysNo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		p.clock.move(morning(p.clock.Now()))
		ada, bob := p.patientBy("byron"), p.patientBy("mathison")
		mobile, his := p.ok("GET", "/v2/patients/"+ada, nil).str("mobile"),
			p.ok("GET", "/v2/patients/"+bob, nil).str("mobile")
		made, born := p.patientLink(nil)
		kind := made.Body["meta"].(map[string]any)["appointment_type_id"].([]any)[0]
		at := made.str("short_link")
		browser := newVisitor(t)
		when := browser.send(at, born, "Tell me when something is free")
		ask := browser.found(regexp.MustCompile(`href="([^"]+/wait\?[^"]+)"`), when, 0)
		browser.open(p.app.URL()+ask, "Which days suit you?")
		if got := p.ok("GET", "/v1/waiting_list", nil).data(); len(got) != 0 {
			t.Fatalf("asking has joined: %v", got)
		}
		form := url.Values{"type": {kind.(string)}, "weekday": {"3", "4"}, "part": {""}}
		browser.send(at+"/wait", form, "You are on the waiting list")
		browser.send(at+"/wait", form, "You are on the waiting list")
		list := p.ok("GET", "/v1/waiting_list?status=waiting&patient_id="+ada, nil)
		if len(list.data()) != 1 || list.Body["has_more"] != false {
			t.Fatalf("got %s", list.Text)
		}
		entry := list.data()[0]["id"].(string)
		second := p.ok("POST", "/v1/waiting_list", map[string]any{"patient_id": bob, "appointment_type_id": kind})
		page := p.ok("GET", "/v1/waiting_list?limit=1", nil)
		if page.Body["has_more"] != true {
			t.Fatalf("got %s", page.Text)
		}
		if rest := p.ok("GET", "/v1/waiting_list?cursor="+page.str("cursor"), nil).data(); len(rest) != 1 ||
			rest[0]["id"] != second.str("id") {
			t.Fatalf("got %v", rest)
		}

		// A Wednesday becomes free.
		slot := p.slotFrom("2031-01-15", 0, map[string]any{"appointment_type_id": kind})
		taken := p.appointmentAt(p.patientBy("murray"), slot)
		p.ok("PATCH", "/v1/appointments/"+taken+"/cancel", map[string]any{"suppress_cancellation_policy": true})
		offered := p.offeredTo(mobile, 1)
		reader := newVisitor(t)
		reader.send(offered, born, "An appointment is free")
		reader.send(offered+"/decline", nil, "You said no")
		p.statusBecomes(entry, "waiting")
		reader.send(offered+"/decline", url.Values{"leave": {"1"}}, "not on the waiting list any more")
		p.statusBecomes(entry, "removed")

		theirs := p.offeredTo(his, 1)
		hisBirth := p.birthOf(bob)
		reader = newVisitor(t)
		reader.send(theirs, hisBirth, "An appointment is free")
		p.clock.move(31 * time.Minute)
		p.statusBecomes(second.str("id"), "waiting")
		reader = newVisitor(t)
		reader.send(theirs, hisBirth, "no longer held for you")
		reader.send(theirs+"/take", nil, "no longer held for you")
		p.ok("DELETE", "/v1/waiting_list/"+second.str("id"), nil)
		p.statusBecomes(second.str("id"), "removed")

		// And once more, to leave by the page.
		browser = newVisitor(t)
		browser.send(at, born, "Choose a time")
		browser.send(at+"/wait", form, "You are on the waiting list")
		browser.send(at+"/leave", form, "You are off the waiting list")
	})
}
