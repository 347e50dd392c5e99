package e2e

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

var shortLink = regexp.MustCompile(`https?://[^\s"<]+/s/[a-z0-9]+-[a-z2-7]{32}`)

// linkTo is the address in a text.
func linkTo(t testing.TB, text string) string {
	t.Helper()
	found := shortLink.FindString(text)
	if found == "" {
		t.Fatalf("no link in %q", text)
	}
	return found
}

// linkAfter waits for a message with a text, and gives the address that follows the text: other messages have links
// too.
func (p *program) linkAfter(to, text string) string {
	p.t.Helper()
	_, after, _ := strings.Cut(strings.Join(strings.Fields(p.told(to, text)), " "), text)
	return linkTo(p.t, after)
}

// TestAPatientIsSentALink follows links that messages carry to the pages they lead to.
func TestAPatientIsSentALink(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada, alan := p.patientBy("byron"), p.patientBy("mathison")
		born := func(of string) url.Values {
			dob := p.ok("GET", "/v2/patients/"+of, nil).str("dob")[:10]
			return url.Values{"year": {dob[:4]}, "month": {dob[5:7]}, "day": {dob[8:]}}
		}
		kind := p.slot(0)["appointment_type_id"]
		send := func(of, text string, more fields) answer {
			body := fields{"patient_id": of, "message_type": "sms", "message_string": text}
			for k, v := range more {
				body[k] = v
			}
			return p.ask("POST", "/v1/messages/send", body)
		}
		file := p.ok("POST", "/v1/attachment_links", fields{"patient_id": ada, "file_name": "Letter.txt",
			"file_data": "RGVhciBBZGE="})
		carried := send(ada, "Your letter: {{attachment_link}}", fields{"attachment_uuid": file.str("attachment_uuid")})
		if carried.Status != 200 || carried.str("content") != "Your letter: "+file.str("attachment_link") {
			t.Fatalf("got %s", carried.Text)
		}
		shown := p.ok("GET", "/v1/messages/"+carried.str("message_id"), nil).Body["short_link"].(map[string]any)
		if shown["id"] != file.str("id") || shown["type"] != "attachment" || shown["name"] != "Letter.txt" ||
			shown["status"] != "unused" {
			t.Fatalf("the message shows %v", shown)
		}
		for _, c := range []struct {
			status int
			code   string
			a      answer
		}{
			{409, "link_not_of_patient", send(alan, "x", fields{"short_link_id": file.str("id")})},
			{404, "link_not_found", send(ada, "x", fields{"short_link_id": "7"})},
			{404, "link_not_found", send(ada, "x", fields{"short_link_id": "a letter"})},
			{404, "link_not_found", send(ada, "x", fields{"attachment_uuid": "no such link"})},
			{400, "invalid_request", send(ada, "{{booking_link}}", nil)},
			{400, "invalid_request", send(ada, "{{form_link}}", nil)},
			{400, "invalid_request", send(ada, "x", fields{"booking_link": fields{}})},
			{400, "invalid_request", send(ada, "x", fields{"form_link": fields{}})},
			{404, "form_not_found", send(ada, "x", fields{"form_link": fields{"form_id": "7"}})},
			{404, "appointment_type_not_found", send(ada, "x", fields{"booking_link": fields{"appointment_type_id": "7"}})},
			{409, "no_appointment_to_come", send(ada, "{{appointment_link}}", nil)},
		} {
			p.isRefusal(c.a, c.status, c.code)
		}
		missing := send(ada, "x", fields{"booking_link": fields{"appointment_type_id": "7"}})
		if !strings.Contains(missing.Text, `"booking_link"`) || !strings.Contains(missing.Text, "appointment_type_id") {
			t.Errorf("it names no field: %s", missing.Text)
		}

		// A form link is made with its message, and can be filled in.
		form := p.ok("GET", "/v1/forms?search=new+pat", nil).data()[0]["id"]
		asked := send(ada, "Tell us about you: {{form_link}}", fields{"form_link": fields{"form_id": form}})
		filler := newVisitor(t)
		filler.send(linkTo(t, asked.str("content")), born(ada), "Your answers are saved as you go")

		// A booking link is made with its message, and books.
		booking := send(ada, "Book a review: {{booking_link}}", fields{"booking_link": fields{"appointment_type_id": kind,
			"maximum_use_count": 1}})
		at := p.linkAfter(p.ok("GET", "/v2/patients/"+ada, nil).str("mobile"), "Book a review:")
		if at != linkTo(t, booking.str("content")) {
			t.Error("another link arrived than was answered")
		}
		browser := newVisitor(t)
		browser.open(at, "Confirm who you are")
		page := browser.send(at, born(ada), "Choose a time")
		browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, page, 5)}}, "Check your appointment")
		status := p.ok("GET", "/v1/messages/"+booking.str("message_id"), nil).Body["short_link"].(map[string]any)
		if status["type"] != "booking" || status["status"] != "held" {
			t.Errorf("the message shows %v", status)
		}
	})
}

// TestAMessageAroundAnAppointmentLeadsToIt moves an appointment that staff booked, by the link in the message about it.
func TestAMessageAroundAnAppointmentLeadsToIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada := p.patientBy("byron")
		mobile := p.ok("GET", "/v2/patients/"+ada, nil).str("mobile")
		dob := p.ok("GET", "/v2/patients/"+ada, nil).str("dob")[:10]
		r := p.slotFrom("2031-01-15", 0, nil)
		r["patient_id"] = ada
		id := p.ok("POST", "/v1/appointments", r).str("id")
		p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
		at := p.linkAfter(mobile, "To move or cancel:")
		browser := newVisitor(t)
		browser.open(at, "has sent you a link to your appointment")
		page := browser.send(at, url.Values{"year": {dob[:4]}, "month": {dob[5:7]}, "day": {dob[8:]}},
			"Your appointment is booked")
		base, _, _ := strings.Cut(at, "/s/")
		times := browser.open(base+browser.found(moveLink, page, 0)+"&day=2031-01-15",
			"Choose a new time")
		check := browser.send(at+"/hold", url.Values{"a": {id}, "time": {browser.found(timeButton, times, 3)}},
			"We hold this time for you until")
		browser.send(at+"/move", url.Values{"a": {id}, "h": {browser.found(moveHold, check, 0)},
			"time": {browser.found(moveTime, check, 0)}}, "Your appointment is moved")
		if moved := p.ok("GET", "/v1/appointments/"+id, nil); moved.str("start_time") == r["start_time"] {
			t.Errorf("it was not moved: %s", moved.Text)
		}
		browser.send(at+"/cancel", url.Values{"a": {id}}, "Your appointment is cancelled")
		p.told(mobile, "has been cancelled")
		found := p.ok("GET", "/v1/links/status?url="+url.QueryEscape(at), nil)
		if found.str("type") != "appointment" || !strings.Contains(found.Text, `"id":"`+id+`"`) {
			t.Errorf("the practice is shown %s", found.Text)
		}
	})
}

var moveTime = regexp.MustCompile(`name="time" value="([^"]+)"`)

// TestABatchIsReadWithItsLinks makes a batch with links from a short body, and from one that is read as a stream.
func TestABatchIsReadWithItsLinks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		kind := p.slot(0)["appointment_type_id"]
		recipients := []map[string]any{{"patient_id": p.patientBy("byron")}, {"patient_id": p.patientBy("mathison")}}
		for _, more := range []int{0, 9000} { // rows that make the body long, and name no patient
			all := recipients
			for range more {
				all = append(all, map[string]any{"patient_id": "x", "note": strings.Repeat("x", 200)})
			}
			path := p.batchOf(all, fields{"content": "Book: {{booking_link}}",
				"booking_link": fields{"appointment_type_id": kind}})
			p.ok("PATCH", path+"/send", nil)
			wait.Until(t, "the batch to be done", func() bool { return p.totals(path)["completed"] == 1 })
			seen := map[string]bool{}
			for _, m := range p.ok("GET", path+"/messages", nil).data() {
				one := p.ok("GET", "/v1/messages/"+m["id"].(string), nil)
				at, carried := linkTo(t, one.str("content")), one.Body["short_link"].(map[string]any)
				found := p.ok("GET", "/v1/links/status?id="+carried["id"].(string), nil)
				if found.str("url") != at ||
					!strings.Contains(found.Text, `"id":"`+m["patient_id"].(string)+`"`) {
					t.Errorf("%s carries %s", one.Text, found.Text)
				}
				seen[at] = true
			}
			if len(seen) != 2 {
				t.Errorf("%d links, want 2", len(seen))
			}
		}
		long := strings.Repeat(`{"patient_id":"x","note":"`+strings.Repeat("x", 300)+`"},`, 9000) + `{"patient_id":"1"}`
		for _, wrong := range []string{`"booking_link":{"appointment_type_id":7}`, `"booking_link":"x"`,
			`"booking_link":{"appointment_type_id":"x"}`, `"short_link_id":7`, `"short_link_id":"7"`} {
			for _, rows := range []string{`{"patient_id":"1"}`, long} {
				a := p.direct("POST", "/v1/batch_message", `{"name":"x","channel":"SMS","content":"x",`+wrong+
					`,"recipients":[`+rows+`]}`)
				if a.Status != 400 && a.Status != 404 {
					t.Errorf("%s in %d bytes: %d %s", wrong, len(rows), a.Status, a.Text)
				}
			}
		}
	})
}

// TestLinksOfABatchSurviveKills kills the program while it sends a batch with a link for each recipient, which stays
// within its memory.
func TestLinksOfABatchSurviveKills(t *testing.T) {
	t.Parallel()
	kills, recipients := number(t, "CRASH_KILLS", 2), number(t, "CRASH_RECIPIENTS", 2500)
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := prepare(t, address, openGateway(t), recipients, "1s")
		kind := p.call("POST", "/v1/appointment_types", fields{"name": "Review", "duration": 10}).str("id")
		path := p.mailing(fields{"content": "Book: {{booking_link}}", "booking_link": fields{"appointment_type_id": kind}})
		random := chance(t)
		for kill := range kills {
			p.reaches((kill*recipients + random.IntN(recipients)) * 3 / 4 / kills)
			p.kill()
			p.again(t)
		}
		p.completes(path)
		if most := p.peak(t); most > 256<<10 {
			t.Errorf("it held %d KiB of memory", most)
		}
		p.compare(t, path)
		var messages, links, texts, owners int
		if err := p.db.QueryRow(`SELECT count(*), count(DISTINCT m.short_link_id), count(DISTINCT m.content),
			count(CASE WHEN l.patient_id = m.patient_id THEN 1 END) FROM message m JOIN link l
			ON l.practice_group_id = m.practice_group_id AND l.id = m.short_link_id WHERE m.batch_id <> 0`).Scan(&messages,
			&links, &texts, &owners); err != nil {
			t.Fatal(err)
		}
		var all int
		if err := p.db.QueryRow(`SELECT count(*) FROM link WHERE kind = 'booking'`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		for name, n := range map[string]int{"messages": messages, "links": links, "texts": texts, "owners": owners,
			"links in all": all} {
			if n != recipients {
				t.Errorf("%d %s, want %d", n, name, recipients)
			}
		}
	})
}

var peakText = regexp.MustCompile(`VmHWM:\s+(\d+)`)

// peak is the most memory that the program has held, in KiB.
func (p *postRoom) peak(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(peakText.FindSubmatch(text)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
