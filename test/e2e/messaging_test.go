package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// patientBy finds a patient of the town.
func (p *program) patientBy(surname string) string {
	p.t.Helper()
	found := p.ok("GET", "/v1/patients?field=last_name&search="+surname, nil).data()
	if len(found) != 1 {
		p.t.Fatalf("%d patients called %s", len(found), surname)
	}
	return found[0]["id"].(string)
}

// message is a message to a patient of the town.
func (p *program) message(surname, kind string, more map[string]any) map[string]any {
	p.t.Helper()
	m := map[string]any{"patient_id": p.patientBy(surname), "message_type": kind,
		"message_string": "Your results are in. Please call us."}
	for name, value := range more {
		m[name] = value
	}
	return m
}

// sent sends a message and gives its id.
func (p *program) sent(surname, kind string, more map[string]any) string {
	p.t.Helper()
	return p.ok("POST", "/v1/messages/send", p.message(surname, kind, more)).str("message_id")
}

// becomes waits until a message has a status.
func (p *program) becomes(id string, status ...string) answer {
	p.t.Helper()
	var last answer
	defer func() {
		if p.t.Failed() {
			p.t.Log(last.Text)
			if os.Getenv("SHOWLOG") != "" {
				p.t.Log(p.logs.String())
			}
		}
	}()
	wait.Until(p.t, "message "+id+" to be "+strings.Join(status, " or "), func() bool {
		last = p.direct("GET", "/v1/messages/"+id, nil)
		return slices.Contains(status, last.str("status"))
	})
	return p.ok("GET", "/v1/messages/"+id, nil)
}

// steps are what happened to a message, in order.
func steps(a answer) []string {
	var out []string
	for _, s := range a.Body["timeline"].([]any) {
		out = append(out, s.(map[string]any)["what"].(string))
	}
	return out
}

// inbox is what a patient received, as the sandbox's page shows it.
func (p *program) inbox(to string) string {
	p.t.Helper()
	status, text := page(p.t.(*testing.T), p.app.URL()+"/sandbox/inbox?to="+url.QueryEscape(to))
	if status != http.StatusOK {
		p.t.Fatalf("%d %s", status, text)
	}
	return text
}

func TestMessageIsSentByEachChannel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		text := p.sent("byron", "sms", map[string]any{"message_string": "It’s your flu jab, Ada – reply STOP to stop."})
		mail := p.sent("byron", "email", map[string]any{"subject": "Your flu jab",
			"recipient_contact_detail": "replies.to.no-one@example.org"})
		national := p.sent("byron", "nhs_app", nil)
		got := p.becomes(text, "delivered")
		if got.Body["sms_parts"] != 1.0 || got.str("sms_encoding") != "UCS-2" ||
			got.str("contact_source") != "caller" || !slices.Equal(steps(got), []string{"accepted", "delivered"}) {
			t.Fatalf("got %s", got.Text)
		}
		if got := p.becomes(mail, "sent"); got.str("contact_source") != "request" {
			t.Fatalf("got %s", got.Text)
		}
		p.becomes(national, "delivered")
		if inbox := p.inbox("07700 900101"); !strings.Contains(inbox, "It’s your flu jab, Ada – reply STOP to stop.") {
			t.Fatal("the text message did not arrive")
		}
		if inbox := p.inbox("replies.to.no-one@example.org"); !strings.Contains(inbox, "Your flu jab") ||
			!strings.Contains(inbox, "Please call us.") {
			t.Fatal("the e-mail did not arrive")
		}
		khan := p.ok("GET", "/v1/practitioners", nil).data()[0]["id"].(string)
		asked := p.sent("byron", "hero", map[string]any{"assignee_id": json.Number(khan), "assignee_type": "Admin"})
		if got := p.ok("GET", "/v1/messages/"+asked, nil); got.str("assignee_id") != khan ||
			got.Body["task_id"] != nil {
			t.Errorf("got %s", got.Text)
		}
		list := p.ok("GET", "/v1/messages?channel=sms&status=delivered&patient_id="+p.patientBy("byron"), nil)
		if list.Body["count"] != 1.0 || list.data()[0]["id"] != text {
			t.Fatalf("got %s", list.Text)
		}
		if strings.Contains(p.logs.String(), "flu jab") || strings.Contains(p.logs.String(), "7700900101") ||
			strings.Contains(p.logs.String(), "no-one@example") {
			t.Error("the log has the text of a message")
		}
	})
}

func TestInvalidMessageIsRefusedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		p.ok("POST", "/v1/patients/register_pds", map[string]any{"nhs_number": "9000000025", "dob": "2010-10-22"})
		p.ok("POST", "/v1/patients/register_pds", map[string]any{"nhs_number": "9000000009", "dob": "2010-10-22"})
		phoneless := p.ok("POST", "/v1/patients/register", map[string]any{"first_name": "No", "last_name": "Phone",
			"dob": "1990-01-01", "email": "no.phone@example.org"}).str("patient_id")
		staff := p.ok("GET", "/v1/practitioners", nil).data()[0]["id"].(string)
		for _, c := range []struct {
			status int
			code   string
			body   map[string]any
		}{
			{409, "patient_restricted", p.message("smythe", "sms",
				map[string]any{"recipient_contact_detail": "07700 900123"})},
			{409, "patient_deceased", p.message("smith", "sms",
				map[string]any{"recipient_contact_detail": "07700 900123"})},
			{409, "no_contact_detail", map[string]any{"patient_id": phoneless, "message_type": "sms",
				"message_string": "x"}},
			{409, "no_contact_detail", map[string]any{"patient_id": phoneless, "message_type": "nhs_app",
				"message_string": "x"}},
			{404, "patient_not_found", map[string]any{"patient_id": "1", "message_type": "sms", "message_string": "x"}},
			{404, "assignee_not_found", p.message("byron", "sms",
				map[string]any{"assignee_id": 7, "assignee_type": "Admin"})},
			{404, "task_not_found", p.message("byron", "sms", map[string]any{"task_id": "7"})},
			{404, "assignee_not_found", p.message("byron", "sms",
				map[string]any{"assignee_id": json.Number(staff), "assignee_type": "AdminTeam"})},
			{404, "assignee_not_found", p.message("byron", "sms", map[string]any{"assignee_type": "Admin"})},
			{404, "link_not_found", p.message("byron", "sms", map[string]any{"short_link_id": "7"})},
			{400, "invalid_request", p.message("byron", "sms",
				map[string]any{"recipient_contact_detail": "01632 960123"})},
			{400, "invalid_request", p.message("byron", "sms",
				map[string]any{"message_string": strings.Repeat("a", 919)})},
			{400, "invalid_request", p.message("byron", "sms", map[string]any{"send_at": "2033-01-01T00:00:00Z"})},
			{400, "invalid_request", p.message("byron", "sms", map[string]any{"send_at": "tomorrow"})},
			{400, "invalid_request", p.message("byron", "sms", map[string]any{"fallback_message_type": "sms"})},
			{400, "invalid_request", p.message("byron", "sms",
				map[string]any{"fallback_contact_detail": "a@example.org"})},
			{400, "invalid_request", p.message("byron", "sms",
				map[string]any{"write_to_record": true, "snomed_code": "22298007", "snomed_term": "x"})},
		} {
			p.refused(c.status, c.code, "POST", "/v1/messages/send", c.body)
		}
		p.refused(403, "missing_scope", "POST", "/v1/messages/send", p.message("byron", "sms", nil),
			key(p.creds.Keys["booking"]))
		if list := p.ok("GET", "/v1/messages", nil); list.Body["count"] != 0.0 {
			t.Fatalf("something was kept: %s", list.Text)
		}
	})
}

func TestScheduledMessageWaitsIsCancelledOrExpires(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		tomorrow := p.clock.Now().Add(24 * time.Hour).Format(time.RFC3339)
		one := p.ok("POST", "/v1/messages/send", p.message("byron", "sms", map[string]any{"send_at": tomorrow}))
		if one.str("status") != "scheduled" || one.str("send_at") != tomorrow {
			t.Fatalf("got %s", one.Text)
		}
		two := p.sent("byron", "sms", map[string]any{"send_at": tomorrow,
			"send_by": p.clock.Now().Add(25 * time.Hour).Format(time.RFC3339)})
		cancelled := p.ok("PATCH", "/v1/messages/"+one.str("message_id")+"/cancel", nil)
		if cancelled.str("status") != "cancelled" {
			t.Fatalf("got %s", cancelled.Text)
		}
		p.ok("PATCH", "/v1/messages/"+one.str("message_id")+"/cancel", nil)
		p.clock.move(26 * time.Hour)
		now := p.sent("mathison", "sms", nil) // its job finds the other too late
		p.becomes(now, "delivered")
		p.becomes(two, "expired")
		p.refused(409, "message_not_waiting", "PATCH", "/v1/messages/"+now+"/cancel", nil)
		if inbox := p.inbox("07700 900101"); strings.Contains(inbox, "Please call us.") {
			t.Fatal("it was sent all the same")
		}
	})
}

func TestMessagesWaitForSendingHours(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) { // it is eight in the evening
		p.refused(400, "invalid_request", "PATCH", "/v1/me",
			map[string]any{"send_from": "20:00", "send_until": "08:00"})
		p.refused(400, "invalid_request", "PATCH", "/v1/me", map[string]any{"send_from": "eight"})
		p.ok("PATCH", "/v1/me", map[string]any{"send_from": "08:00", "send_until": "19:00", "sms_price_pence": 3})
		if got := p.ok("GET", "/v1/me/configuration", nil); got.str("send_from") != "08:00" ||
			got.str("send_until") != "19:00" {
			t.Fatalf("got %s", got.Text)
		}
		later := p.ok("POST", "/v1/messages/send", p.message("byron", "sms",
			map[string]any{"message_string": "It’s “fine” – call us…", "plain_characters": true}))
		if later.str("status") != "scheduled" || later.str("send_at") != "2031-01-06T08:00:00Z" ||
			later.str("content") != `It's "fine" - call us...` {
			t.Fatalf("got %s", later.Text)
		}
		if got := p.ok("GET", "/v1/messages/"+later.str("message_id"), nil); got.Body["cost_pence"] != 3.0 ||
			got.str("sms_encoding") != "GSM-7" {
			t.Fatalf("got %s", got.Text)
		}
		p.becomes(p.sent("byron", "sms", map[string]any{"urgent": true}), "delivered")
		p.clock.move(12*time.Hour + time.Minute)
		p.becomes(p.sent("mathison", "sms", nil), "delivered")
		p.becomes(later.str("message_id"), "delivered")
	})
}

func TestMessageFallsBackWhenRefusedBouncedOrUnread(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		refused := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900990",
			"fallback_message_type": "email"})
		bounced := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900991",
			"fallback_message_type": "email", "fallback_contact_detail": "bounced.then@example.org"})
		failed := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900990"})
		read := p.sent("murray", "nhs_app", map[string]any{"fallback_message_type": "sms"})    // she reads it
		unread := p.sent("o'neill", "nhs_app", map[string]any{"fallback_message_type": "sms"}) // she does not
		got := p.becomes(refused, "sent")
		if want := []string{"refused", "accepted"}; !slices.Equal(steps(got), want) {
			t.Fatalf("steps %v", steps(got))
		}
		p.becomes(bounced, "sent")
		wait.Until(t, "the bounced one to go by mail",
			func() bool { return strings.Contains(p.inbox("bounced.then@example.org"), "Please call us.") })
		if got := p.becomes(failed, "failed"); got.str("failure_code") == "" || got.str("failure_reason") == "" {
			t.Fatalf("got %s", got.Text)
		}
		p.becomes(read, "read")
		p.becomes(unread, "sent", "delivered")
		p.clock.move(61 * time.Minute)
		p.sent("byron", "nhs_app", nil) // the channel's job looks at what is due
		wait.Until(t, "the unread one to go by text",
			func() bool { return strings.Contains(p.inbox("07700 900104"), "Please call us.") })
		if strings.Contains(p.inbox("07700 900103"), "Please call us.") {
			t.Fatal("what was read went by text as well")
		}
	})
}

// forged is a report about an e-mail of ours, from a sender who knows its key but
// not what we sign with.
func forged(key string) string {
	return "From: MAILER-DAEMON@mx.example\r\nTo: bounces+" + key +
		"-aaaaaaaaaaaaaaaa@brambleford.example.org\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mx.example\r\nOriginal-Envelope-Id: " + key +
		"\r\n\r\nFinal-Recipient: rfc822; ada@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + key +
		"@brambleford.example.org>\r\n\r\n--b--\r\n"
}

func TestForgedBounceDoesNotFailAnEMail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		came := p.sent("byron", "email", map[string]any{"recipient_contact_detail": "bounced@example.org"})
		kept := p.sent("byron", "email", map[string]any{"fallback_message_type": "sms"})
		if got := p.becomes(came, "failed"); got.str("failure_code") != "5.1.1" ||
			!slices.Equal(steps(got), []string{"accepted", "failed"}) {
			t.Fatalf("got %s", got.Text)
		}
		p.becomes(kept, "sent")
		group, _ := strconv.ParseInt(p.creds.Group, 10, 64)
		id, _ := strconv.ParseInt(kept, 10, 64)
		key := strconv.FormatInt(group, 36) + "-" + strconv.FormatInt(id, 36) + "-1"
		// The practice's mail server hands on what comes to that address.
		r, err := http.NewRequest(http.MethodPost, p.app.URL()+"/callbacks/smtp/"+strconv.FormatInt(group, 36),
			strings.NewReader(forged(key)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "message/rfc822")
		r.Header.Set("Authorization", "Bearer an-open-secret-of-the-sandbox")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got := p.ok("GET", "/v1/messages/"+kept, nil)
		if resp.StatusCode != http.StatusOK || got.str("status") != "sent" ||
			!slices.Equal(steps(got), []string{"accepted"}) {
			t.Fatalf("%d, and then %s", resp.StatusCode, got.Text)
		}
		if log := p.logs.String(); !strings.Contains(log, "a report was passed over") ||
			!strings.Contains(log, `"claimed_message_id":"`+kept+`"`) {
			t.Fatal("the log does not say so")
		}
	})
}

func TestUnansweredHandOverIsUnknownOrRetried(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		cut := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900995"})
		busy := p.sent("byron", "sms", map[string]any{"recipient_contact_detail": "07700 900994"})
		// The result is unknown until the provider reports it.
		if got := p.becomes(cut, "delivered"); !slices.Contains(steps(got), "unknown") {
			t.Fatalf("got %s", got.Text)
		}
		wait.Until(t, "both carriers to be busy",
			func() bool { return len(steps(p.direct("GET", "/v1/messages/"+busy, nil))) == 2 })
		p.clock.move(5 * time.Second)
		p.sent("mathison", "sms", nil)
		p.becomes(busy, "delivered")
		if n := strings.Count(p.inbox("07700 900995"), "Please call us."); n != 1 {
			t.Fatalf("it was sent %d times", n)
		}
	})
}

func TestEncryptedMessageIsReadOnItsPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		a := p.ok("POST", "/v1/messages/send", p.message("byron", "sms", map[string]any{"encrypted": "true"}))
		p.becomes(a.str("message_id"), "delivered")
		inbox := p.inbox("07700 900101")
		if strings.Contains(inbox, "Please call us.") || !strings.Contains(inbox, "/m/") {
			t.Fatalf("the text was sent: %s", inbox)
		}
		if _, text := page(t, a.str("message_url")); strings.Contains(text, "Please call us.") ||
			!strings.Contains(text, "Brambleford") {
			t.Fatalf("the page shows it to a stranger: %s", text)
		}
		open := func(day string) (int, string) {
			res, err := http.PostForm(a.str("message_url"), url.Values{"day": {day}, "month": {"12"}, "year": {"1985"}})
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text := new(strings.Builder)
			_, _ = fmt.Fprint(text, res.StatusCode)
			b := make([]byte, 1<<20)
			n, _ := res.Body.Read(b)
			return res.StatusCode, string(b[:n])
		}
		if status, text := open("11"); status == 200 || strings.Contains(text, "Please call us.") {
			t.Fatalf("%d %s", status, text)
		}
		if status, text := open("10"); status != 200 || !strings.Contains(text, "Please call us.") {
			t.Fatalf("%d %s", status, text)
		}
		p.becomes(a.str("message_id"), "read")
		p.clock.move(29 * 24 * time.Hour) // it can be read again, for the date
		if status, text := open("10"); status != 200 || !strings.Contains(text, "Please call us.") {
			t.Fatalf("%d %s", status, text)
		}
		p.clock.move(24*time.Hour + time.Second)
		if status, text := open("10"); status != 404 || !strings.Contains(text, "Brambleford Health Centre") ||
			!strings.Contains(text, "01632 960100") {
			t.Fatalf("the link works for ever: %d %s", status, text)
		}
	})
}

// TestSendingIsPausedWhenABackupIsRestored starts on a copy from before.
func TestSendingIsPausedWhenABackupIsRestored(t *testing.T) {
	t.Parallel()
	address := storetest.SQLite(t)
	s := start(t, address)
	creds := s.creds
	ada := s.call("GET", "/v1/patients?search=byron", nil).data()[0]["id"]
	if code := s.stop(); code != 0 {
		t.Fatal(code)
	}
	// In place of restoring an older file: the witness has seen a newer one.
	var identity int64
	if err := storetest.Raw(t, address).QueryRow(`SELECT database_id FROM instance`).Scan(&identity); err != nil {
		t.Fatal(err)
	}
	seen := strings.TrimSuffix(sealKey, ".key") + "-" + strconv.FormatInt(identity, 36) + ".seen"
	if was, err := os.ReadFile(seen); err != nil || string(was) == "0\n" {
		t.Fatalf("%q, %v", was, err)
	}
	if err := os.WriteFile(seen, []byte("1000000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, address)
	id := again.call("POST", "/v1/messages/send", map[string]any{"patient_id": ada, "message_type": "sms",
		"message_string": "x"}, key(creds.Key)).str("message_id")
	dispatched(t, address)
	if got := again.call("GET", "/v1/messages/"+id, nil, key(creds.Key)); got.str("status") != "queued" {
		t.Fatalf("got %s", got.Text)
	}
	if out, _, code := run(t, "sending", "status", "--db", address); code != 0 || !strings.Contains(out, "paused") ||
		!strings.Contains(out, "backup") {
		t.Fatalf("%d %s", code, out)
	}
	if _, errs, code := run(t, "sending", "resume", "--db", address); code != 0 {
		t.Fatal(errs)
	}
	wait.Until(t, "the message to go", func() bool {
		return again.call("GET", "/v1/messages/"+id, nil, key(creds.Key)).str("status") != "queued"
	})
	if _, errs, code := run(t, "sending", "pause", "--db", address); code != 0 {
		t.Fatal(errs)
	}
}
