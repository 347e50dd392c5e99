package smtp_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/smtp"
	"frontdesk/core/calendar"
)

// TestEmailCarriesThePartForACalendar has mailparser take an e-mail apart, and two parsers read its calendar.
func TestEmailCarriesThePartForACalendar(t *testing.T) {
	c, err := smtp.New(smtp.Settings{Host: "localhost", From: "desk@brambleford.example"}, smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2031, time.July, 1, 8, 30, 0, 0, time.UTC)
	for _, method := range []calendar.Method{calendar.Request, calendar.Cancel} {
		m := to("ada@example.org", "7-1a-1")
		m.Subject, m.Text = "Your appointment – Llŷn", "Dear Ada,\n\n.A line that begins with a dot.\n"
		m.Calendar = calendar.Entry{Method: method, UID: calendar.UID(7, 42), Sequence: 2, Start: start,
			End: start.Add(10 * time.Minute), Stamp: start, Zone: zone, Title: "Appointment at Llŷn, Surgery",
			Notes: strings.Repeat("Long ", 40) + "ŵ", Organiser: "Llŷn", To: "ada@example.org"}.Text()
		wire, err := smtp.Compose(c, m)
		if err != nil {
			t.Fatal(err)
		}
		body := strings.TrimSuffix(wire, ".\r\n")
		file := filepath.Join(t.TempDir(), "mail.eml")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(body, "\r\n..", "\r\n.")), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("node", "../../test/npm/calendar.mjs", "--mail", file).CombinedOutput()
		got := map[string]any{}
		if err == nil {
			err = json.Unmarshal(out, &got)
		}
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, body)
		}
		if got["type"] != string(method) || got["method"] != string(method) || got["subject"] != m.Subject ||
			strings.TrimSpace(got["text"].(string)) != strings.TrimSpace(m.Text) ||
			!strings.Contains(got["html"].(string), "Dear Ada") || got["start"] != "2031-07-01T08:30:00.000Z" ||
			got["summary"] != "Appointment at Llŷn, Surgery" || got["from"] != "mailto:"+calendar.NoAddress ||
			got["sequence"] != 2.0 {
			t.Fatalf("got %s", out)
		}
	}
}
