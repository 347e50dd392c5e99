package inbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/pages/inbox"
	"frontdesk/sandbox"
	sim "frontdesk/sim/inbox"
)

func says(t testing.TB, status int, body string, want int, texts ...string) {
	t.Helper()
	if status != want {
		t.Errorf("got %d, not %d: %s", status, want, body)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("does not say %q:\n%s", text, body)
		}
	}
}

func lacks(t testing.TB, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(body, text) {
			t.Errorf("says %q:\n%s", text, body)
		}
	}
}

func look(t *testing.T, all []inbox.Received, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	box := inbox.New(func() []inbox.Received { return all }, &sandbox.Clock{})
	box.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != 200 || w.Header().Get("Referrer-Policy") != "same-origin" ||
		!strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	return w.Body.String()
}

func TestTheInbox(t *testing.T) {
	noon := time.Date(2031, time.July, 7, 11, 0, 0, 0, time.UTC)
	all := []inbox.Received{
		{At: noon, Carrier: "twilio", Channel: "sms", To: "+447700900555", From: "<i>",
			Text: `<script>alert(1)</script> javascript:alert(1) https://x.example/"onclick=a`},
		{At: noon.Add(time.Minute), Carrier: "smtp", Channel: "email", To: "Ada@example.org", Subject: "<b>Hello</b>",
			Text: "Later"},
		{At: noon.Add(-time.Minute), Carrier: "notify", Channel: "nhs_app", To: "9990000018", Text: "Earlier"},
	}
	body := look(t, all, "/sandbox/inbox")
	says(t, 200, body, 200, "3 messages.", "07700 900555", "999 000 0018", "Text message", "E-mail", "NHS App",
		"&lt;script&gt;alert(1)", "&lt;b&gt;Hello&lt;/b&gt;", "From &lt;i&gt;",
		`<a href="https://x.example/" rel=`, `href="/sandbox/inbox?to=%2B447700900555"`, "Mon 7 Jul 2031, 12:00:00")
	lacks(t, body, "<script", "<b>", "<i>", `href="javascript`, `"onclick`)
	if !(strings.Index(body, "Later") < strings.Index(body, "alert(1)") &&
		strings.Index(body, "alert(1)") < strings.Index(body, "Earlier")) {
		t.Error("they are not newest first")
	}
	for _, to := range []string{"07700 900555", "%2B447700900555", "0044 7700 900 555", "900555"} {
		body = look(t, all, "/sandbox/inbox?to="+strings.ReplaceAll(to, " ", "+"))
		says(t, 200, body, 200, "1 message to", "alert(1)", "Show everything")
		lacks(t, body, "Later", "Earlier")
	}
	says(t, 200, look(t, all, "/sandbox/inbox?to=ADA%40example"), 200, "1 message to", "Later")
	says(t, 200, look(t, all, "/sandbox/inbox?to=999+000+0018"), 200, "1 message to", "Earlier")
	body = look(t, all, "/sandbox/inbox?to=%22%3E%3Cscript%3E")
	says(t, 200, body, 200, "Nothing has come for", "&lt;script&gt;")
	lacks(t, body, "<script")
	says(t, 200, look(t, nil, "/sandbox/inbox"), 200, "No messages yet", "curl -H",
		"http://example.com/v1/messages/send")
}

func TestTheInboxShowsTheNewest(t *testing.T) {
	var all []inbox.Received
	for i := range 250 {
		all = append(all,
			inbox.Received{At: time.Unix(int64(i), 0), Channel: "sms", To: "+447700900555",
				Text: fmt.Sprintf("number %d.", i)})
	}
	body := look(t, all, "/sandbox/inbox")
	says(t, 200, body, 200, "The newest 200 of 250 messages.", "number 249.", "number 50.")
	lacks(t, body, "number 49.")
	if all[0].At.Unix() != 0 {
		t.Error("the page sorted what is not its own")
	}
}

func TestTheInboxKnowsTheNumbersWithAScript(t *testing.T) {
	body := look(t, nil, "/sandbox/inbox")
	found := regexp.MustCompile(`<span class="whole">(07700 \d+)</span> <span class="whole">(\w+)@…</span>`).
		FindAllStringSubmatch(body, -1)
	if len(found) != 11 {
		t.Fatalf("found %v", found)
	}
	for _, f := range found {
		number, name := strings.ReplaceAll(f[1], " ", ""), f[2]
		if got := sim.ScriptOf(number); string(got) != name {
			t.Errorf("%s is %q, not %q", number, got, name)
		}
		if got := sim.ScriptOf(name + "@example.org"); string(got) != name {
			t.Errorf("%s@ is %q", name, got)
		}
	}
}
