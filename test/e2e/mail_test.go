package e2e

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// bounceSecret is what the sandbox's mail server proves itself with.
const bounceSecret = "an-open-secret-of-the-sandbox"

// returnPath is where reports about the first way of a message go, worked out
// apart from the carrier.
func returnPath(t *testing.T, p *program, message string) string {
	t.Helper()
	group, err1 := strconv.ParseInt(p.creds.Group, 10, 64)
	id, err2 := strconv.ParseInt(message, 10, 64)
	signing, err3 := hkdf.Key(sha256.New, []byte(bounceSecret), nil, "frontdesk smtp return path", sha256.Size)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	key := strconv.FormatInt(group, 36) + "-" + strconv.FormatInt(id, 36) + "-1"
	mac := hmac.New(sha256.New, signing)
	mac.Write([]byte(key))
	return "bounces+" + key + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:10])) +
		"@brambleford.example.org"
}

// mailed hands Frontdesk an e-mail as the practice's mail server does, and gives
// the status of the answer.
func (p *program) mailed(mail string) int {
	p.t.Helper()
	group, _ := strconv.ParseInt(p.creds.Group, 10, 64)
	r, err := http.NewRequest(http.MethodPost, p.app.URL()+"/callbacks/smtp/"+strconv.FormatInt(group, 36),
		strings.NewReader(mail))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "message/rfc822")
	r.Header.Set("Authorization", "Bearer "+bounceSecret)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestReportOfEachMailServerEndsItsMessage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		mixed, plain, lost := p.sent("byron", "email", nil), p.sent("byron", "email", nil),
			p.sent("byron", "email", nil)
		for _, id := range []string{mixed, plain, lost} {
			p.becomes(id, "sent")
		}
		const head = "From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/"
		// As OpenSMTPD makes them, and as Exim does.
		if got := p.mailed("To: " + returnPath(t, p, mixed) + "\r\n" + head +
			"mixed;boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
			"ada@example.org: 552 5.2.2 over its limit\r\n\r\n--b\r\n" +
			"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
			"Final-Recipient: rfc822; ada@example.org\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n" +
			"--b--\r\n"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if got := p.mailed("To: " + returnPath(t, p, plain) + "\r\n" + head +
			"report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n" +
			"Content-type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
			"Action: failed\r\nFinal-Recipient: rfc822;ada@example.org\r\nStatus: 5.0.0\r\n" +
			"Diagnostic-Code: smtp; 550-5.1.1 There is no user\r\n 550-5.1.1 of that name\r\n 550 5.1.1 here\r\n\r\n" +
			"--b--\r\n"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if got := p.becomes(mixed, "failed"); got.str("failure_code") != "5.2.2" {
			t.Errorf("got %s", got.Text)
		}
		if got := p.becomes(plain, "failed"); got.str("failure_code") != "5.1.1" {
			t.Errorf("got %s", got.Text)
		}
		// A bounce that is only words changes nothing, and is not lost without a trace.
		if got := p.mailed("To: " + returnPath(t, p, lost) +
			"\r\nFrom: MAILER-DAEMON@mx.example\r\n\r\nHi. No user of that name here.\r\n"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if got := p.ok("GET", "/v1/messages/"+lost, nil); got.str("status") != "sent" {
			t.Errorf("got %s", got.Text)
		}
		if got := p.direct("GET", "/metrics", nil); !strings.Contains(got.Text,
			`frontdesk_unread_reports_total{carrier="smtp",reason="other"} 1`) {
			t.Error("it is not counted")
		}
		if log := p.logs.String(); !strings.Contains(log, "return path cannot be read") ||
			!strings.Contains(log, `"message_id":"`+lost+`"`) {
			t.Error("the log does not say so")
		}
	})
}

// unsubscribeLink is what an e-mail's List-Unsubscribe field names, as the
// sandbox's inbox shows it, with the address of this program; empty without one.
func (p *program) unsubscribeLink(to string) string {
	p.t.Helper()
	found := regexp.MustCompile(`<a href="([^"]*/unsubscribe/[^"]*)">Unsubscribe</a>`).FindStringSubmatch(p.inbox(to))
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

func (p *program) post(address, kind, body string) (int, string) {
	p.t.Helper()
	resp, err := http.Post(address, kind, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestPatientUnsubscribesWithOneClick(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		const to = "ada.one.click@example.org"
		other := map[string]any{"purpose": "other", "recipient_contact_detail": to, "message_string": "Our newsletter.",
			"urgent": true}
		p.becomes(p.sent("byron", "email", other), "sent")
		care := p.sent("byron", "email", map[string]any{"recipient_contact_detail": "ada.care@example.org",
			"urgent": true})
		p.becomes(care, "sent")
		if link := p.unsubscribeLink("ada.care@example.org"); link != "" {
			t.Fatalf("an e-mail of direct care can be unsubscribed from at %s", link)
		}
		link := p.unsubscribeLink(to)
		if link == "" {
			t.Fatal("the e-mail does not say where to unsubscribe")
		}
		// Programs open links to look at them, and that changes nothing.
		status, text := page(t, link)
		if status != http.StatusOK || !strings.Contains(text, "Stop these e-mails?") ||
			!strings.Contains(text, "Brambleford") || strings.Contains(text, to) {
			t.Fatalf("%d %s", status, text)
		}
		if status, _ := p.post(link, "application/x-www-form-urlencoded",
			"something=else"); status != http.StatusBadRequest {
			t.Fatalf("a post without the field is answered with %d", status)
		}
		p.becomes(p.sent("byron", "email", other), "sent")
		for _, wrong := range []string{link[:len(link)-1], link + "A", strings.Replace(link, "-1-", "-2-", 1),
			p.app.URL() +
				"/unsubscribe/x"} {
			if status, _ := page(t, wrong); status != http.StatusNotFound {
				t.Errorf("%s is answered with %d", wrong, status)
			}
			if status, _ := p.post(wrong, "application/x-www-form-urlencoded",
				"List-Unsubscribe=One-Click"); status != http.StatusNotFound {
				t.Errorf("%s takes a post with %d", wrong, status)
			}
		}
		// As Gmail and others do it, twice, and as a multipart form.
		multi := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
		for range 2 {
			if status, text := p.post(link, "multipart/form-data; boundary=b", multi); status != http.StatusOK ||
				!strings.Contains(text, "have been stopped") {
				t.Fatalf("%d %s", status, text)
			}
			if status, _ := p.post(link, "application/x-www-form-urlencoded",
				"List-Unsubscribe=One-Click"); status != http.StatusOK {
				t.Fatalf("answered %d", status)
			}
		}
		if a := p.ok("POST", "/v1/messages/send", p.message("byron", "email", other)); a.str("status") != "suppressed" {
			t.Fatalf("got %s", a.Text)
		}
		delete(other, "purpose")
		if a := p.ok("POST", "/v1/messages/send", p.message("byron", "email", other)); a.str("status") != "queued" {
			t.Fatalf("direct care is kept away: %s", a.Text)
		}
	})
}

func TestContactDetailsAreNormalised(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		n := 0
		register := func(more map[string]any) map[string]any {
			n++
			m := map[string]any{"first_name": "Nia", "last_name": "Hart", "dob": fmt.Sprintf("1990-05-%02d", n)}
			for k, v := range more {
				m[k] = v
			}
			return m
		}
		for written, kept := range map[string]string{
			"447700900123": "+447700900123", "+44 07700 900124": "+447700900124", "7700 900125": "+447700900125",
			"07700–900–126":                         "+447700900126",
			"\u202a+44\u00a07700\u00a0900127\u202c": "+447700900127", "+353 87 123 4567": "+353871234567",
		} {
			id := p.ok("POST", "/v1/patients/register", register(map[string]any{"mobile": written})).str("patient_id")
			if got := p.ok("GET", "/v1/patients/"+id, nil); got.str("mobile") != kept {
				t.Errorf("%q: got %s", written, got.str("mobile"))
			}
			for _, search := range []string{written, kept} {
				found := p.ok("GET", "/v1/patients?field=mobile&search="+url.QueryEscape(search), nil)
				if all := found.data(); len(all) != 1 {
					t.Errorf("%q finds %s", search, found.Text)
				}
			}
		}
		id := p.ok("POST", "/v1/patients/register", register(map[string]any{
			"email": "\u200bada.hart@example.org", "postcode": "zz1\u00a01\u200baa",
			"address_line_1": "1 Mill\u00ad Lane\ufeff",
		})).str("patient_id")
		got := p.ok("GET", "/v1/patients/"+id, nil)
		if got.str("email") != "ada.hart@example.org" || !strings.Contains(got.Text, `"ZZ1 1AA"`) ||
			!strings.Contains(got.Text, `"1 Mill Lane"`) {
			t.Errorf("got %s", got.Text)
		}
		for _, wrong := range []string{"o’hara@example.org", "ada@dom_ain.com", "ada@192.0.2.1", "ada@[192.0.2.1]",
			"ada@example.com|x"} {
			if a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/patients/register",
				register(map[string]any{"email": wrong})); !strings.Contains(a.Text, `"email"`) {
				t.Errorf("%s: got %s", wrong, a.Text)
			}
		}
		// e and an accent apart are one letter of the alphabet of text messages.
		text := p.sent("byron", "sms", map[string]any{"message_string": "Cafe\u0301 at 5", "urgent": true})
		plain := p.sent("byron", "sms",
			map[string]any{"message_string": "Your flu\u200b jab – 5\u200e ― “today”", "plain_characters": true,
				"urgent": true})
		for _, id := range []string{text, plain} {
			if got := p.becomes(id, "sent", "delivered"); got.str("sms_encoding") != "GSM-7" ||
				got.Body["sms_parts"] != 1.0 {
				t.Errorf("got %s", got.Text)
			}
		}
	})
}

func TestForeignNumberIsTextedWhereProviderSupportsIt(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		there := map[string]any{"recipient_contact_detail": "+353 87 123 4567", "urgent": true}
		p.refused(http.StatusConflict, "number_abroad", "POST", "/v1/messages/send", p.message("byron", "sms", there))
		if _, errs, code := run(t, "connector", "set", "gateway", "--db", address, "--group", p.creds.Group,
			"--seal-key",
			sealKey, "--set", "abroad=yes"); code != 0 {
			t.Fatal(errs)
		}
		// The carrier that is tried first cannot, and the second can.
		id := p.sent("byron", "sms", there)
		if got := p.becomes(id, "delivered"); !strings.Contains(got.Text, `"carrier":"gateway"`) {
			t.Errorf("got %s", got.Text)
		}
		if !strings.Contains(p.inbox("+353871234567"), "Please call us.") {
			t.Error("it did not arrive")
		}
		if got := p.becomes(p.sent("byron", "sms", map[string]any{"urgent": true}),
			"delivered"); !strings.Contains(got.Text,
			`"carrier":"twilio"`) {
			t.Errorf("got %s", got.Text)
		}
	})
}
