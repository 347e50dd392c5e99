package smtp_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/smtp"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/sim/mail"
)

// dsn is a report as a mail server writes it, with these parts.
func dsn(to, status, back string) string {
	return "Return-Path: <>\nDate: Mon, 2 Mar 2026 12:01:00 +0000\nFrom: MAILER-DAEMON@mx.example\nTo: " + to +
		"\nSubject: Undelivered\n" +
		"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"b/1\"\n\n" +
		"This is a MIME-encapsulated message.\n\n--b/1\nContent-Type: text/plain\n\nI'm sorry.\n\n" +
		"--b/1\nContent-Type: message/delivery-status\n\n" + status + "\n" + back + "\n--b/1--\n"
}

const (
	failed = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ada@example.org\nAction: failed\n" +
		"Status: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 full\n"
	returned = "--b/1\nContent-Type: message/rfc822\n\nFrom: desk@brambleford.example\nMessage-ID:\n" +
		" <7-1a-1@brambleford.example>\nSubject: x\n\nbody\n"
	headers = "--b/1\nContent-Type: text/rfc822-headers\n\nMessage-Id: <7-1a-1@BRAMBLEFORD.example>\n"
	secret  = "hush-hush-hush-hush"
	// sign has been worked out by another program: HKDF of the secret, HMAC of
	// the key, base32.
	sign = "p7cpmf2fzl324cb7"
	verp = "bounces+7-1a-1-" + sign + "@mail.brambleford.example"
)

func listener(t testing.TB, changes ...func(*smtp.Settings, *smtp.Options)) *smtp.Carrier {
	t.Helper()
	s := smtp.Settings{Host: "localhost", From: "desk@brambleford.example", BouncesTo: "bounces@mail.brambleford.example",
		BounceSecret: secret}
	o := smtp.Options{Now: func() time.Time { return noon.Add(time.Hour) }}
	for _, change := range changes {
		change(&s, &o)
	}
	c, err := smtp.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func call(authorization, contentType string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	r.Header.Set("Authorization", authorization)
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestReportsAreUnderstood(t *testing.T) {
	c := listener(t)
	full := carrier.Receipt{Key: "7-1a-1", Progress: carrier.ProgressFailed, Code: "5.2.2", Reason: "The mailbox is full.",
		At: noon.Add(time.Minute)}
	with := func(change func(*carrier.Receipt)) []carrier.Receipt {
		r := full
		change(&r)
		return []carrier.Receipt{r}
	}
	same := with(func(*carrier.Receipt) {})
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for _, x := range []struct {
		name, body string
		want       []carrier.Receipt
	}{
		{"by the return path", dsn(verp, failed, ""), same},
		{"by the return path, whatever its case",
			dsn("Bounces+"+strings.ToUpper("7-1a-1-"+sign)+"@MAIL.brambleford.example", failed, ""), same},
		{"by the return path among others",
			dsn("desk@brambleford.example, bounces+7-1b-1-"+sign+"@mail.brambleford.example, "+verp, failed, ""), same},
		{"by the name we gave with it", dsn("x@y.example", "Original-Envelope-Id: 7-1a-1-"+sign+"\n"+failed, ""), same},
		{"by the name we gave with it, encoded", dsn("x@y.example", "Original-Envelope-Id: 7+2D1a-1-"+sign+"\n"+failed, ""),
			same},
		{"by the return path when the name cannot be read", dsn(verp, "Original-Envelope-Id: 7-1b-1\n"+failed, ""), same},
		{"with the line ends of the wire", crlf(dsn(verp, failed, returned)), same},
		{"out of a mailbox file", "From MAILER-DAEMON Mon Mar  2 12:01:00 2026\n" + dsn(verp, failed, ""), same},
		{"without a date", strings.Replace(dsn(verp, failed, ""), "Date: Mon, 2 Mar 2026 12:01:00 +0000\n", "", 1),
			with(func(r *carrier.Receipt) { r.At = noon.Add(time.Hour) })},
		{"with a date to come", strings.Replace(dsn(verp, failed, ""), "2 Mar 2026", "3 Mar 2026", 1),
			with(func(r *carrier.Receipt) { r.At = noon.Add(time.Hour) })},
		{"of an unknown address", dsn(verp, strings.ReplaceAll(failed, "5.2.2", "5.1.1"), ""),
			with(func(r *carrier.Receipt) { r.Code, r.Reason = "5.1.1", "The mail server knows no such address." })},
		{"of an unknown kind of trouble", dsn(verp, strings.ReplaceAll(failed, "5.2.2", "5.9.9"), ""),
			with(func(r *carrier.Receipt) { r.Code, r.Reason = "5.9.9", "The mail server did not take the message." })},
		{"without a status that makes sense", dsn(verp, strings.ReplaceAll(failed, "Status: 5.2.2", "Status: bad"), ""),
			same},
		{"without a status or an answer that makes sense",
			dsn(verp, strings.NewReplacer("Status: 5.2.2", "Status: bad", "552 5.2.2 full", "no").Replace(failed), ""),
			with(func(r *carrier.Receipt) { r.Code, r.Reason = "", "The mail server did not take the message." })},
		{"with a comment after the words",
			dsn(verp, strings.NewReplacer("failed", "Failed (sorry)", "5.2.2", "5.2.2 (full)").Replace(failed), ""), same},
		{"of a server that has given up", dsn(verp, strings.ReplaceAll(failed, "5.2.2", "4.4.1"), ""),
			with(func(r *carrier.Receipt) {
				r.Code, r.Reason = "4.4.1", "The mail server has given up trying. The address's mail server does not answer."
			})},
		{"of a delivery", dsn(verp, strings.NewReplacer("failed", "delivered", "5.2.2", "2.0.0").Replace(failed), ""),
			with(func(r *carrier.Receipt) { r.Progress, r.Code, r.Reason = carrier.ProgressDelivered, "2.0.0", "" })},
		{"of a delay", dsn(verp, strings.NewReplacer("failed", "delayed", "5.2.2", "4.4.1").Replace(failed), ""), nil},
		{"of a relay", dsn(verp, strings.NewReplacer("failed", "relayed", "5.2.2", "2.0.0").Replace(failed), ""), nil},
		{"of several mailboxes, one of which failed",
			dsn(verp,
				"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@x.example\nAction: delivered\n"+
					"Status: 2.0.0\n\nFinal-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.2.2\n", ""), same},
		{"an answer that the reader is away", "From: ada@example.org\nTo: " + verp +
			"\nSubject: Away\nAuto-Submitted: auto-replied\n\nBack on Monday.\n", nil},
		{"that a message has been read",
			strings.ReplaceAll(dsn(verp, failed, ""), "report-type=delivery-status", "report-type=disposition-notification"),
			nil},
		{"encoded in base64",
			strings.Replace(dsn(verp, "UmVwb3J0aW5nLU1UQTogZG5zOyBteC5leGFtcGxlCgpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUu\nMi4yCg==\n",
				""), "message/delivery-status\n", "message/delivery-status\nContent-Transfer-Encoding: base64\n", 1), same},
	} {
		t.Run(x.name, func(t *testing.T) {
			told, err := c.ReadCallback(context.Background(), called(call("Bearer "+secret, "message/rfc822"), []byte(x.body)))
			if err != nil {
				t.Fatal(err, fault.Of(err).Message)
			}
			if len(told.Receipts) != len(x.want) {
				t.Fatalf("told %+v", told)
			}
			for i, got := range told.Receipts {
				if !got.At.Equal(x.want[i].At) {
					t.Errorf("at %v", got.At)
				}
				if got.At = x.want[i].At; got != x.want[i] {
					t.Errorf("told %+v, want %+v", got, x.want[i])
				}
			}
		})
	}
	_, body, _ := strings.Cut(dsn(verp, "Original-Envelope-Id: 7-1a-1-"+sign+"\n"+failed, returned), "\n\n")
	told, err := c.ReadCallback(context.Background(),
		called(call("bearer "+secret, `multipart/report; report-type=delivery-status; boundary="b/1"`), []byte(body)))
	if err != nil || len(told.Receipts) != 1 || told.Receipts[0].Key != "7-1a-1" {
		t.Errorf("a body alone: %+v %v", told, err)
	}
}

// TestReportsThatMailServersWroteAreUnderstood reads what Debian's Postfix, Exim
// and OpenSMTPD really wrote about a message of ours: another server answered
// them in turn without an enhanced status code, over several lines, with 4xx
// until they gave up, or not at all.
func TestReportsThatMailServersWroteAreUnderstood(t *testing.T) {
	const (
		unknown = "The mail server knows no such address."
		refused = "The mailbox is not there, or does not take our messages."
		full    = "The mailbox is full."
		origin  = "The message failed the mail server's tests of where it comes from."
		busy    = "The mail server has given up trying. The mailbox has been closed."
		silent  = "The mail server has given up trying. The address's mail server does not answer."
		late    = "The mail server has given up trying. The address's mail server could not be reached in time."
		other   = "The mail server did not take the message."
	)
	for name, want := range map[string][2]string{ // code, reason
		"postfix-3.7.11-no-code": {"550", refused}, "postfix-3.7.11-full": {"5.2.2", full},
		"postfix-3.7.11-several-lines":         {"5.1.1", unknown},
		"postfix-3.7.11-several-lines-no-code": {"550", refused}, "postfix-3.7.11-after-data": {"5.7.26", origin},
		"postfix-3.7.11-given-up": {"4.2.1", busy}, "postfix-3.7.11-no-answer": {"4.4.1", silent},
		"exim-4.96-no-code": {"550", refused}, "exim-4.96-full": {"5.2.2", full},
		"exim-4.96-several-lines":         {"5.1.1", unknown},
		"exim-4.96-several-lines-no-code": {"550", refused}, "exim-4.96-after-data": {"5.7.26", origin},
		"exim-4.96-given-up": {"4.2.1", busy}, "exim-4.96-no-answer": {"5.0.0", other},
		"opensmtpd-6.8.0p2-no-code": {"550", refused}, "opensmtpd-6.8.0p2-full": {"5.2.2", full},
		"opensmtpd-6.8.0p2-several-lines":         {"5.1.1", unknown},
		"opensmtpd-6.8.0p2-several-lines-no-code": {"550", refused}, "opensmtpd-6.8.0p2-after-data": {"5.7.26", origin},
		"opensmtpd-6.8.0p2-expired": {"4.4.7", late}, // which it calls delayed

	} {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile("testdata/reports/" + name + ".eml")
			if err != nil {
				t.Fatal(err)
			}
			told, err := listener(t).ReadCallback(context.Background(), called(call("Bearer "+secret, "message/rfc822"), body))
			if err != nil {
				t.Fatal(err, fault.Of(err).Message)
			}
			if len(told.Receipts) != 1 {
				t.Fatalf("told %+v", told)
			}
			got := told.Receipts[0]
			if got.Key != "7-1a-1" || got.Progress != carrier.ProgressFailed || got.Code != want[0] || got.Reason != want[1] {
				t.Fatalf("told %+v", got)
			}
		})
	}
	if found, err := os.ReadDir("testdata/reports"); err != nil || len(found) != 20 {
		t.Fatalf("%d reports, %v", len(found), err)
	}
}

func TestAReportCountsInAnyMultipart(t *testing.T) {
	mixed := strings.Replace(dsn(verp, failed, ""), "multipart/report; report-type=delivery-status", "multipart/mixed", 1)
	wrapped := "From: MAILER-DAEMON@mx.example\nTo: " + verp +
		"\nContent-Type: multipart/mixed; boundary=list\n\n--list\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b/1\"\n\n--b/1\n" +
		"Content-Type: message/delivery-status\n\n" + failed +
		"\n--b/1--\n--list\nContent-Type: text/plain\n\nScanned.\n--list--\n"
	for name, body := range map[string]string{
		"mixed": mixed, "wrapped by a scanner": wrapped,
		"related": strings.Replace(mixed, "multipart/mixed", "Multipart/Related", 1),
		"a report of a kind without a name": strings.Replace(dsn(verp, failed, ""), "report-type=delivery-status",
			"report-type=something", 1),
	} {
		told, err := listener(t).ReadCallback(context.Background(), called(call("Bearer "+secret, ""), []byte(body)))
		if err != nil || len(told.Receipts) != 1 || told.Receipts[0].Code != "5.2.2" || told.Receipts[0].Key != "7-1a-1" {
			t.Errorf("%s: told %+v, %v", name, told, err)
		}
	}
}

func TestACodeWithoutMeaningGivesWayToTheAnswer(t *testing.T) {
	c := listener(t)
	for _, x := range []struct{ status, diagnostic, code string }{
		{"5.0.0", "smtp; 550-5.1.1 no such\n 550-5.1.1 user\n 550 5.1.1 here", "5.1.1"},
		{"5.0.0", "smtp; 550-We are sorry\n 550 5.2.1 closed", "5.2.1"},
		{"5.0.0", "SMTP;550 5.7.1 no", "5.7.1"},
		{"4.0.0", "smtp; 452-4.2.2 The mailbox\n\t452 4.2.2 is over its limit", "4.2.2"},
		{"5.0.0", "smtp; 5.1.2 no such domain", "5.1.2"},
		{"5.0.0", "smtp; 552 full", "552"},
		{"5.0.0", "smtp; 550 5.0.0 no", "550"},
		{"5.0.0", "smtp; 550 see 5.1.1.1 and 552 5.2.2 elsewhere", "550"},
		{"5.0.0", "x-unix; 550 5.1.1 no", "5.0.0"},
		{"5.0.0", "smtp; 2.0.0 sent", "5.0.0"},
		{"5.0.0", "smtp; nothing that could be read", "5.0.0"},
		{"5.0.0", "", "5.0.0"},
		{"5.1.1", "smtp; 552 5.2.2 full", "5.1.1"},
	} {
		body := dsn(verp,
			"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ada@example.org\nAction: failed\nStatus: "+x.status+"\n"+
				strings.TrimSuffix("Diagnostic-Code: "+x.diagnostic, "Diagnostic-Code: ")+"\n", "")
		told, err := c.ReadCallback(context.Background(), called(call("Bearer "+secret, ""), []byte(body)))
		if err != nil || len(told.Receipts) != 1 || told.Receipts[0].Code != x.code || told.Receipts[0].Reason == "" {
			t.Errorf("%s, %q: told %+v, %v", x.status, x.diagnostic, told, err)
		}
	}
}

func TestWhatCannotBeReadAtASignedReturnPathIsLoggedAndCounted(t *testing.T) {
	for _, x := range []struct {
		name, body, why string
	}{
		{"a bounce in words alone", "From: MAILER-DAEMON@mx.example\nTo: " + verp +
			"\nSubject: failure notice\n\nHi. ada@example.org: no mailbox here.\n", smtp.UnreadOther},
		{"a bounce in words with a picture",
			strings.NewReplacer("multipart/report; report-type=delivery-status", "multipart/mixed", "message/delivery-status",
				"text/plain").Replace(dsn(verp, failed, "")), smtp.UnreadOther},
		{"a report that is broken", strings.Replace(dsn(verp, failed, ""), "Action: failed\n", "", 1), smtp.UnreadReport},
		{"a report without a sender", strings.Replace(dsn(verp, failed, ""), "From: MAILER-DAEMON@mx.example\n", "", 1),
			smtp.UnreadReport},
		{"a path that we have not signed", "From: ada@example.org\nTo: bounces+7-1a-1@mail.brambleford.example\n\nHello\n",
			""},
		{"a report that is read", dsn(verp, failed, ""), ""},
		{"a report that decides nothing", dsn(verp, strings.Replace(failed, "failed", "delayed", 1), ""), ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			var log journal
			counted := ""
			c := listener(t, func(_ *smtp.Settings, o *smtp.Options) {
				o.Log, o.Unread = slog.New(slog.NewTextHandler(&log, nil)), func(why string) { counted += why }
			})
			_, _ = c.ReadCallback(context.Background(), called(call("Bearer "+secret, ""), []byte(x.body)))
			if counted != x.why {
				t.Errorf("counted %q", counted)
			}
			said := strings.Contains(log.String(), "message_id=46 ") && strings.Contains(log.String(), "cannot be read")
			if said != (x.why != "") || strings.Contains(log.String(), "ada@") {
				t.Errorf("the log says %q", log.String())
			}
		})
	}
}

func TestAReportThatWeHaveNotSignedIsPassedOver(t *testing.T) {
	var log journal
	c := listener(t)
	other := listener(t, func(s *smtp.Settings, o *smtp.Options) {
		s.BounceSecret = strings.ToUpper(secret)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	at := "@mail.brambleford.example"
	for _, x := range []struct{ name, body string }{
		{"without a signature", dsn("bounces+7-1a-1"+at, failed, returned)},
		{"with an empty signature", dsn("bounces+7-1a-1-"+at, failed, "")},
		{"with part of the signature", dsn("bounces+7-1a-1-"+sign[:15]+at, failed, "")},
		{"with more than the signature", dsn("bounces+7-1a-1-"+sign+"a"+at, failed, "")},
		{"with a signature that differs in its last letter", dsn("bounces+7-1a-1-"+sign[:15]+"a"+at, failed, "")},
		{"with the signature of another message", dsn("bounces+7-1b-1-"+sign+at, failed, "")},
		{"with the signature of its other way", dsn("bounces+7-1a-2-"+sign+at, failed, "")},
		{"with the signature of another group", dsn("bounces+8-1a-1-"+sign+at, failed, "")},
		{"with the signature alone", dsn("bounces+"+sign+at, failed, "")},
		{"to another address of ours", dsn("desk+7-1a-1-"+sign+at, failed, "")},
		{"to another domain", dsn("bounces+7-1a-1-"+sign+"@mail.elsewhere.example", failed, "")},
		{"to the address alone, with the message that came back", dsn("bounces"+at, failed, returned)},
		{"to the sender, with the header that came back", dsn("desk@brambleford.example", failed, headers)},
		{"with a name that we did not give", dsn("bounces"+at, "Original-Envelope-Id: 7-1a-1\n"+failed, returned)},
		{"of a delivery",
			dsn("bounces+7-1a-1"+at, strings.NewReplacer("failed", "delivered", "5.2.2", "2.0.0").Replace(failed), "")},
		{"about another person's mail", dsn("x@y.example", failed, strings.ReplaceAll(returned, "brambleford", "elsewhere"))},
		{"about a strange key", dsn("bounces+a/../b"+at, failed, "")},
	} {
		t.Run(x.name, func(t *testing.T) {
			if told, err := c.ReadCallback(context.Background(),
				called(call("Bearer "+secret, ""), []byte(x.body))); err != nil || len(told.Receipts) != 0 {
				t.Errorf("told %+v, %v", told, err)
			}
		})
	}
	// One that another secret has signed.
	told, err := other.ReadCallback(context.Background(),
		called(call("Bearer "+strings.ToUpper(secret), ""), []byte(dsn(verp, failed, returned))))
	if err != nil || len(told.Receipts) != 0 {
		t.Errorf("told %+v, %v", told, err)
	}
	if got := log.String(); strings.Count(got, "passed over") != 1 || !strings.Contains(got, "claimed_message_id=46") ||
		strings.Contains(got, "example.org") || strings.Contains(got, "7-1a-1") {
		t.Errorf("the log says %q", got)
	}
}

// upTo is a report that breaks off before a word.
func upTo(word string) string {
	before, _, _ := strings.Cut(dsn(verp, failed, ""), word)
	return before
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	c := listener(t)
	for _, x := range []struct{ name, body, want string }{
		{"nothing", "", "not an e-mail"},
		{"no mail", "{\"a\": 1}", "not an e-mail"},
		{"a report without parts", "From: a@b.example\nContent-Type: multipart/report; report-type=delivery-status\n\n",
			"parts begin"},
		{"a report that ends too early", upTo("sorry"), "no part"},
		{"a report whose parts are not marked properly", dsn(verp, failed, "--b/1\nno header\n\n"), "not marked properly"},
		{"a status that ends too early", upTo("Diagnostic"), "cannot be read"},
		{"a report without its status", strings.Replace(dsn(verp, failed, ""), "message/delivery-status", "text/plain", 1),
			"no part"},
		{"a status without recipients", dsn(verp, "Reporting-MTA: dns; mx.example\n", ""), "recipient"},
		{"a recipient without an action",
			dsn(verp, "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\nStatus: 5.0.0\n", ""),
			"recipient"},
		{"a status that is no header", dsn(verp, "it did not work\n", ""), "cannot be read"},
		{"a status without end", dsn(verp, strings.Repeat("Action: failed\n\n", 200), ""), "too many"},
	} {
		t.Run(x.name, func(t *testing.T) {
			told, err := c.ReadCallback(context.Background(), called(call("Bearer "+secret, ""), []byte(x.body)))
			f := fault.Of(err)
			if !errors.Is(err, smtp.ErrReport) || f.Kind != fault.Invalid || !strings.Contains(f.Message, x.want) ||
				len(told.Receipts) != 0 {
				t.Errorf("%+v %v %q", told, err, f.Message)
			}
		})
	}
}

func TestOnlyTheMailServerIsListenedTo(t *testing.T) {
	c := listener(t)
	deaf, err := smtp.New(smtp.Settings{Host: "localhost", From: "desk@brambleford.example"}, smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		c             *smtp.Carrier
		authorization string
	}{{c, ""}, {c, "Bearer"}, {c, "Bearer "}, {c, "Bearer hush"}, {c, "Bearer " + secret + " "}, {c, "Basic " + secret},
		{c, secret}, {deaf, "Bearer "}, {deaf, ""}, {deaf, "Bearer " + secret}} {
		if _, err := x.c.ReadCallback(context.Background(),
			called(call(x.authorization, ""), []byte(dsn(verp, failed, "")))); !errors.Is(err, carrier.ErrNotProvider) {
			t.Errorf("%q: %v", x.authorization, err)
		}
	}
}

func FuzzDSN(f *testing.F) {
	server, err := mail.New(nil, mail.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("message/rfc822",
		server.Report(verp, "ada@example.org", "7-1a-1-"+sign, []byte("Message-ID: <7-1a-1@brambleford.example>\r\n")))
	f.Add("", []byte(dsn(verp, failed, returned)))
	f.Add("", []byte(dsn(verp, failed, headers)))
	f.Add(`multipart/report; boundary="b/1"`,
		[]byte("--b/1\nContent-Type: message/delivery-status\n\nOriginal-Envelope-Id: a+3Db\n\nAction: failed\n\n--b/1--\n"))
	f.Add("", []byte("From x\nFrom: a@b.example\n\nhello"))
	c := listener(f)
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		told, err := c.ReadCallback(context.Background(), called(call("Bearer "+secret, contentType), body))
		if err != nil && !errors.Is(err, smtp.ErrReport) {
			t.Fatalf("%v", err)
		}
		if len(told.Replies) != 0 || len(told.Receipts) > 1 || err != nil && len(told.Receipts) != 0 {
			t.Fatalf("told %+v and %v", told, err)
		}
		for _, r := range told.Receipts {
			if r.Key != "7-1a-1" || r.At.IsZero() || r.At.After(noon.Add(time.Hour)) {
				t.Fatalf("%+v", r)
			}
			if r.Progress == carrier.ProgressFailed && r.Reason == "" || r.Progress != carrier.ProgressFailed &&
				r.Progress != carrier.ProgressDelivered {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// called is a request as a carrier reads it.
func called(r *http.Request, body []byte) carrier.Callback {
	return carrier.Callback{Header: r.Header, Query: r.URL.RawQuery, Body: body}
}
