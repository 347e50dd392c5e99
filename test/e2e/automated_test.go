package e2e

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/core/calendar"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// told waits for a message with a text in the sandbox's inbox.
func (p *program) told(to, text string) string {
	p.t.Helper()
	inbox := ""
	wait.Until(p.t, to+" to get "+text, func() bool {
		inbox = html.UnescapeString(p.inbox(to))
		return strings.Contains(strings.Join(strings.Fields(inbox), " "), text)
	})
	return inbox
}

// slotFrom is the n-th free slot from a date on, of the same type, place and practitioner as another.
func (p *program) slotFrom(date string, n int, like map[string]any) map[string]any {
	p.t.Helper()
	query := "/v1/slots?page_size=1&page_index=" + strconv.Itoa(n) + "&start_date=" + date
	for _, of := range []string{"appointment_type_id", "location_id", "practitioner_id"} {
		if id, ok := like[of].(string); ok {
			query += "&" + of + "=" + id
		}
	}
	found := p.ok("GET", query, nil).data()
	if len(found) == 0 {
		p.t.Fatalf("no slot by %s", query)
	}
	return request(found[0])
}

// automated lists the automated messages to a patient, each with its type and status.
func (p *program) automated(of, query string) []string {
	p.t.Helper()
	var out []string
	for _, m := range p.ok("GET", "/v2/automated_messages?order_descending=false&recipient_id="+of+query, nil).data() {
		out = append(out, m["notification_type"].(string)+" "+m["status"].(string))
	}
	return out
}

func (p *program) automatedBecomes(of string, want ...string) {
	p.t.Helper()
	var got []string
	defer func() {
		if p.t.Failed() {
			p.t.Logf("got %q", got)
		}
	}()
	wait.Until(p.t, "the messages to be "+strings.Join(want, ", "), func() bool {
		got = p.automated(of, "")
		return strings.Join(got, "; ") == strings.Join(want, "; ")
	})
}

// calendarOf is the newest part for a calendar in an inbox, as two independent parsers read it.
func calendarOf(t *testing.T, inbox string) map[string]any {
	t.Helper()
	found := regexp.MustCompile(`(?s)<pre>(BEGIN:VCALENDAR.*?)</pre>`).FindStringSubmatch(inbox)
	if found == nil {
		t.Fatalf("no part for a calendar in %s", inbox)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(found[1], "\r\n", "\n"), "\n", "\r\n") // a page has its own line ends
	return parsedCalendar(t, text, "UTC")
}

// parsedCalendar is what ical.js and node-ical say of a calendar on a machine in a zone.
func parsedCalendar(t *testing.T, text, zone string) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "part.ics")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", "../npm/calendar.mjs", file)
	c.Env = append(os.Environ(), "TZ="+zone)
	out, err := c.CombinedOutput()
	got := map[string]any{}
	if err == nil {
		err = json.Unmarshal(out, &got)
	}
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	return got
}

func TestPatientGetsMessagesAroundAnAppointment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada := p.patientBy("byron")
		mine := p.ok("GET", "/v2/patients/"+ada, nil)
		mobile, mail := mine.str("mobile"), mine.str("email")
		r := p.slotFrom("2031-01-15", 0, nil)
		r["patient_id"] = ada
		id := p.ok("POST", "/v1/appointments", r).str("id")
		if got := p.automated(ada, ""); len(got) != 0 {
			t.Fatalf("a hold produced %v", got)
		}
		booked := p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
		if booked.Body["suppress_mail"] != false {
			t.Fatalf("got %s", booked.Text)
		}
		p.told(mobile, "your appointment is at")
		p.automatedBecomes(ada, "appointment_confirmed DELIVERED", "appointment_reminder SCHEDULED",
			"appointment_reminder SCHEDULED")

		p.ok("PATCH", "/v2/automated_messages/settings", map[string]any{"channels": []string{"email"},
			"texts": map[string]any{"appointment_moved": map[string]any{"subject": "Another time, {{first_name}}"}}})
		set := p.ok("GET", "/v2/automated_messages/settings?appointment_type_id="+booked.str("appointment_type_id"), nil)
		if dig(set.Body, "channels", 0) != "email" || dig(set.Body, "reminders", 0) != 2880.0 ||
			set.str("night_from") != "21:00" ||
			dig(set.Body, "texts", "appointment_moved", "subject") != "Another time, {{first_name}}" {
			t.Fatalf("got %s", set.Text)
		}
		to := p.slotFrom("2031-01-16", 3, r)
		moved := p.ok("PATCH", "/v1/appointments/"+id+"/reschedule", to)
		inbox := p.told(mail, "Another time, Ada")
		first := calendarOf(t, inbox)
		if first["method"] != "REQUEST" || first["start"] != asJavaScript(t, moved.str("start_time")) {
			t.Fatalf("got %v of %s", first, moved.Text)
		}
		p.ok("PATCH", "/v1/appointments/"+id+"/cancel", nil)
		last := calendarOf(t, p.told(mail, "has been cancelled"))
		if last["method"] != "CANCEL" || last["uid"] != first["uid"] ||
			last["sequence"].(float64) <= first["sequence"].(float64) || last["start"] != first["start"] {
			t.Fatalf("got %v after %v", last, first)
		}
		p.automatedBecomes(ada, "appointment_confirmed DELIVERED", "appointment_reminder INVALIDATED",
			"appointment_reminder INVALIDATED", "appointment_moved SENT", "appointment_reminder INVALIDATED",
			"appointment_reminder INVALIDATED", "appointment_cancelled SENT")
		if got := p.automated(ada, "&status=INVALIDATED&notification_type=appointment_reminder"); len(got) != 4 {
			t.Fatalf("got %v", got)
		}
		p.refused(403, "missing_scope", "GET", "/v2/automated_messages", nil, key(p.creds.Keys["booking"]))
		p.refused(400, "invalid_request", "PATCH", "/v2/automated_messages/settings",
			map[string]any{"texts": map[string]any{"appointment_moved": map[string]any{"sms": "{{nhs_number}}"}}})
	})
}

// asJavaScript is an instant as JavaScript writes it.
func asJavaScript(t *testing.T, text string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

func TestReminderComesWhenItsTimeHasComeAndNotWhereMessagesAreSuppressed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada := p.patientBy("byron")
		quiet := p.slotFrom("2031-01-15", 0, nil)
		quiet["patient_id"], quiet["suppress_mail"] = ada, true
		silent := p.ok("POST", "/v1/appointments", quiet).str("id")
		p.ok("PATCH", "/v1/appointments/"+silent+"/book", nil)
		loud := p.slotFrom("2031-01-15", 9, quiet)
		loud["patient_id"] = ada
		id := p.ok("POST", "/v1/appointments", loud).str("id")
		p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
		p.automatedBecomes(ada, "appointment_confirmed DELIVERED", "appointment_reminder SCHEDULED",
			"appointment_reminder SCHEDULED")
		p.ok("PATCH", "/v1/appointments/"+silent+"/cancel", map[string]any{"suppress_cancellation_policy": true})
		start, _ := time.Parse(time.RFC3339, loud["start_time"].(string))
		p.clock.move(start.Add(-47*time.Hour - 30*time.Minute).Sub(p.clock.Now()))
		// A change has what is due made at once; else it is looked for now and then.
		p.booked(30)
		p.automatedBecomes(ada, "appointment_confirmed DELIVERED", "appointment_reminder DELIVERED",
			"appointment_reminder SCHEDULED")
		if n := strings.Count(p.inbox(p.ok("GET", "/v2/patients/"+ada, nil).str("mobile")), "<article>"); n != 2 {
			t.Fatalf("%d messages arrived", n)
		}
	})
}

func TestPracticeThatSwitchesMessagesOffSendsNone(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		p.ok("PATCH", "/v1/me", map[string]any{"appointment_messages": false})
		if got := p.ok("GET", "/v1/me/configuration", nil); got.Body["appointment_messages"] != false {
			t.Fatalf("got %s", got.Text)
		}
		id := p.booked(0)
		if got := p.ok("GET", "/v1/appointments/"+id, nil); got.Body["suppress_mail"] != true {
			t.Fatalf("got %s", got.Text)
		}
		out, errs, code := run(t, "notice", "on", "--group", p.creds.Group, "--db", address)
		if code != 0 || !strings.Contains(out, "on") {
			t.Fatalf("%d %s %s", code, out, errs)
		}
		if got := p.ok("GET", "/v1/me/configuration", nil); got.Body["appointment_messages"] != true {
			t.Fatalf("got %s", got.Text)
		}
		out, errs, code = run(t, "notice", "set", "--group", p.creds.Group, "--db", address, "--remind", "72h,3h",
			"--channel", "email,sms", "--without", "missed", "--cancelling", "Ring {{telephone}}.")
		if code != 0 || !strings.Contains(out, "72h0m0s 3h0m0s") || !strings.Contains(out, "email sms") {
			t.Fatalf("%d %s %s", code, out, errs)
		}
		out, errs, code = run(t, "notice", "text", "reminder", "--group", p.creds.Group, "--db", address, "--sms",
			"Come at {{time}}.")
		if code != 0 || !strings.Contains(out, "Come at {{time}}.") {
			t.Fatalf("%d %s %s", code, out, errs)
		}
		if out, _, code = run(t, "notice", "show", "--json", "--group", p.creds.Group, "--db", address); code != 0 ||
			!strings.Contains(out, "Come at {{time}}.") || !strings.Contains(out, "4320") {
			t.Fatalf("%d %s", code, out)
		}
		if _, errs, code = run(t, "notice", "text", "birthday", "--group", p.creds.Group, "--db", address, "--sms",
			"x"); code == 0 {
			t.Fatalf("%d %s", code, errs)
		}
	})
}

// TestCalendarsShowTheTimeOfAnAppointmentOverBothClockChanges reads what is written for appointments around the two
// nights on which London's clocks change, on machines in several zones.
func TestCalendarsShowTheTimeOfAnAppointmentOverBothClockChanges(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{
		"2031-03-29T09:30:00Z", "2031-03-30T00:30:00Z", "2031-03-30T01:00:00Z", "2031-03-30T08:30:00Z",
		"2031-10-25T08:30:00Z", "2031-10-25T23:30:00Z", "2031-10-26T00:30:00Z", "2031-10-26T01:30:00Z",
		"2031-10-26T02:30:00Z", "2031-10-26T09:30:00Z", "2031-07-01T08:30:00Z",
	} {
		start, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		e := calendar.Entry{
			Method: calendar.Request, UID: calendar.UID(7, 42), Sequence: 3, Start: start, End: start.Add(15 * time.Minute),
			Stamp: sunday, Zone: zone, Title: "Appointment at Mill; Lane, Surgery", Place: "1, High Street",
			Notes:     "To change or cancel, call 020 7946 0000.\n" + strings.Repeat("Clinig y Felin, ŵythnos. ", 8) + "Ring.",
			Organiser: `Surgery: "One"; the other, \ and more`, From: "desk@mill.example.org", To: "ada@example.org",
		}
		for _, machine := range []string{"America/New_York", "Europe/London", "Asia/Tokyo"} {
			got := parsedCalendar(t, e.Text(), machine)
			if got["start"] != asJavaScript(t, at) || got["end"] != asJavaScript(t, e.End.Format(time.RFC3339)) ||
				got["summary"] != e.Title || got["location"] != e.Place || got["description"] != e.Notes ||
				got["organiser"] != "Surgery One the other and more" || got["from"] != "mailto:desk@mill.example.org" ||
				got["to"] != "mailto:ada@example.org" || got["sequence"] != 3.0 {
				t.Errorf("%s on a machine in %s: got %v", at, machine, got)
			}
		}
	}
}

// TestStaffChooseWhichMessagesAPatientGets books and cancels over GraphQL, where a message is sent only when that is
// asked for.
func TestStaffChooseWhichMessagesAPatientGets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		data, a := p.graphQL(p.creds.Token, `{ practice { locations { id } appointmentTypes { id duration } }
			users(filters: {isClinician: true}) { data { id } } patients { data { id } } }`)
		book := func(hour, wanted string) (id, reference string) {
			t.Helper()
			data, a = p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { createBooking(bookingData: {patient: "%s",
				location: "%s", bookingType: "%s", doctor: "%s", start: "2031-07-07T%s:00:00.000Z",
				end: "2031-07-07T%s:15:00.000Z"%s}) { data { id reference } error } }`,
				dig(data, "patients", "data", 0, "id"), dig(data, "practice", "locations", 0, "id"),
				dig(data, "practice", "appointmentTypes", 0, "id"), dig(data, "users", "data", 0, "id"), hour, hour,
				wanted))
			id, _ = dig(data, "createBooking", "data", "id").(string)
			reference, _ = dig(data, "createBooking", "data", "reference").(string)
			if reference == "" {
				t.Fatal(a.Text)
			}
			return id, reference
		}
		known := data
		_, silent := book("03", "")
		of := p.ok("GET", "/v1/appointments/"+silent, nil).str("patient_id")
		data = known
		id, _ := book("05", `, sendPatientMessages: {confirmation: true, reminder: false}`)
		p.automatedBecomes(of, "appointment_confirmed DELIVERED")
		data = known
		_, reminded := book("07", `, sendPatientMessages: {reminder: true}`)
		p.automatedBecomes(of, "appointment_confirmed DELIVERED", "appointment_reminder SCHEDULED",
			"appointment_reminder SCHEDULED")
		for _, m := range p.ok("GET", "/v2/automated_messages?status=SCHEDULED&recipient_id="+of, nil).data() {
			if m["appointment_id"] != reminded {
				t.Errorf("a reminder of %v, want %s", m["appointment_id"], reminded)
			}
		}
		if _, a := p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { deleteBooking(id: "%s",
			sendCancellationMessages: true) { data { id } error } }`, id)); strings.Contains(a.Text, "errors") {
			t.Fatal(a.Text)
		}
		p.automatedBecomes(of, "appointment_confirmed DELIVERED", "appointment_reminder SCHEDULED",
			"appointment_reminder SCHEDULED", "appointment_cancelled DELIVERED")
	})
}
