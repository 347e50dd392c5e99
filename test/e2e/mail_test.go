package e2e

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"strconv"
	"strings"
	"testing"
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
	return "bounces+" + key + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:10])) + "@brambleford.example.org"
}

// mailed hands Frontdesk an e-mail as the practice's mail server does, and gives
// the status of the answer.
func (p *program) mailed(mail string) int {
	p.t.Helper()
	group, _ := strconv.ParseInt(p.creds.Group, 10, 64)
	r, err := http.NewRequest(http.MethodPost, p.app.URL()+"/callbacks/smtp/"+strconv.FormatInt(group, 36), strings.NewReader(mail))
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

func TestAReportOfAnyMailServerEndsItsMessage(t *testing.T) {
	each(t, func(t *testing.T, p *program) {
		mixed, plain, lost := p.sent("byron", "email", nil), p.sent("byron", "email", nil), p.sent("byron", "email", nil)
		for _, id := range []string{mixed, plain, lost} {
			p.becomes(id, "sent")
		}
		const head = "From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/"
		// As OpenSMTPD makes them, and as Exim does.
		if got := p.mailed("To: " + returnPath(t, p, mixed) + "\r\n" + head + "mixed;boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
			"ada@example.org: 552 5.2.2 over its limit\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
			"Final-Recipient: rfc822; ada@example.org\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n--b--\r\n"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if got := p.mailed("To: " + returnPath(t, p, plain) + "\r\n" + head + "report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n" +
			"Content-type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822;ada@example.org\r\n" +
			"Status: 5.0.0\r\nDiagnostic-Code: smtp; 550-5.1.1 There is nobody\r\n 550-5.1.1 of that name\r\n 550 5.1.1 here\r\n\r\n--b--\r\n"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if got := p.becomes(mixed, "failed"); got.str("failure_code") != "5.2.2" {
			t.Errorf("got %s", got.Text)
		}
		if got := p.becomes(plain, "failed"); got.str("failure_code") != "5.1.1" {
			t.Errorf("got %s", got.Text)
		}
		// A bounce that is only words changes nothing, and is not lost without a trace.
		if got := p.mailed("To: " + returnPath(t, p, lost) + "\r\nFrom: MAILER-DAEMON@mx.example\r\n\r\nHi. Nobody of that name here.\r\n"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if got := p.ok("GET", "/v1/messages/"+lost, nil); got.str("status") != "sent" {
			t.Errorf("got %s", got.Text)
		}
		if got := p.direct("GET", "/metrics", nil); !strings.Contains(got.Text, `frontdesk_unread_reports_total{carrier="smtp",reason="other"} 1`) {
			t.Error("it is not counted")
		}
		if log := p.logs.String(); !strings.Contains(log, "return path cannot be read") || !strings.Contains(log, `"message_id":"`+lost+`"`) {
			t.Error("the log does not say so")
		}
	})
}
