package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/record"
)

// says complains about an answer that has another status, or lacks a text.
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

func TestAMessageIsReadWithTheDateOfBirth(t *testing.T) {
	k := newKit(t)
	at := k.page("Dear Ada,\n\nyour <b>test</b> is fine.\nSee https://www.nhs.uk/tests?a=1&b=2.")
	before := k.kept()
	status, body := k.get(at)
	says(t, status, body, 200, "What is your date of birth?", "Mill Lane Surgery", `autocomplete="bday-day"`,
		`autocomplete="bday-month"`, `autocomplete="bday-year"`)
	lacks(t, body, "Ada", "test", "1985")
	if k.kept() != before {
		t.Error("asking for the date of birth changed something")
	}
	// A zero is not typed on purpose; both ways are the same date.
	for _, form := range []url.Values{born("10", "12", "1985"), born(" 10", "12 ", "1985")} {
		status, body = k.fill(at, form)
		says(t, status, body, 200, "<p>Dear Ada,</p>", "your &lt;b&gt;test&lt;/b&gt; is fine.<br>See",
			"From <strong>Mill Lane Surgery</strong>",
			"Monday 7 July 2031 at 09:30",
			`<a href="https://www.nhs.uk/tests?a=1&amp;b=2" rel="noopener noreferrer">`+
				`https://www.nhs.uk/tests?a=1&amp;b=2</a>.</p>`)
	}
}

func TestAnEncryptedMessageCarriesItsLink(t *testing.T) {
	k := newKit(t)
	k.send(messaging.Request{Channel: carrier.SMS, Text: "Secret", Encrypted: true})
	if err := k.core.Dispatch.Run(k.ctx, messaging.DispatchJob(k.group, 0, carrier.SMS, k.clock, k.clock)); err != nil {
		t.Fatal(err)
	}
	if len(k.post.sent) != 1 || strings.Contains(k.post.sent[0].Text, "Secret") {
		t.Fatalf("sent %+v", k.post.sent)
	}
	at := path(regexp.MustCompile(`https://\S+`).FindString(k.post.sent[0].Text))
	status, body := k.fill(at, born("10", "12", "1985"))
	says(t, status, body, 200, "<p>Secret</p>")
	// It can be read again until it is 30 days old, for the date each time.
	for range 2 {
		k.clock = k.clock.Add(14 * 24 * time.Hour)
		status, body = k.get(at)
		says(t, status, body, 200, "What is your date of birth?")
		lacks(t, body, "Secret")
		status, body = k.fill(at, born("10", "12", "1985"))
		says(t, status, body, 200, "<p>Secret</p>")
	}
	k.clock = k.clock.Add(2*24*time.Hour + time.Second)
	status, body = k.fill(at, born("10", "12", "1985"))
	says(t, status, body, 404, "This link does not work")
	lacks(t, body, "Secret")
}

// TestTheMonthMayBeAWord reads the date of birth as people write it.
func TestTheMonthMayBeAWord(t *testing.T) {
	k := newKit(t)
	at := k.page("Secret")
	for _, month := range []string{"December", "december", "DEC", "Dec.", "decem", " Dec ", "Rhagfyr", "rhag", "012"} {
		status, body := k.fill(at, born("10", month, "1985"))
		says(t, status, body, 200, "Secret")
	}
	for _, month := range []string{"de", "decemberr", "1 2", "Dec 10", "D", "13", "ddec"} {
		status, body := k.fill(at, born("10", month, "1985"))
		says(t, status, body, 400, "The month must be a number from 1 to 12, or its name")
	}
	for i, names := range [][]string{
		{"Jan", "January", "Ion", "Ionawr"}, {"Feb", "Chwefror", "Chwef"}, {"Mar", "Mawrth", "Maw"}, {"Apr", "Ebrill"},
		{"May", "Mai"}, {"Jun", "June", "Mehefin"},
		{"Jul", "July", "Gorff", "Gorffennaf"}, {"Aug", "Awst"}, {"Sep", "Sept", "September", "Medi"}, {"Oct", "Hydref"},
		{"Nov", "Tachwedd"}, {"Dec", "Rhagfyr"},
	} {
		for _, name := range names {
			// Only the month of Ada's birth opens it: the others are other dates.
			want := http.StatusForbidden
			if i == 11 {
				want = http.StatusOK
			}
			if status, body := k.fill(at, born("10", name, "1985")); status != want {
				t.Errorf("%s: %d %s", name, status, body)
			}
			if status, _ := k.fill(at, born("10", "12", "1985")); status != http.StatusOK { // which forgives the others
				t.Fatal(status)
			}
		}
	}
}

func TestAWrongDateOfBirth(t *testing.T) {
	k := newKit(t)
	at := k.page("Secret")
	for range 9 {
		status, body := k.fill(at, born("10", "12", "1986"))
		says(t, status, body, 403, "That is not the date of birth we have", `href="#day"`, `value="1986"`,
			"<title>Error: Read your message – Mill Lane Surgery</title>")
		lacks(t, body, "Secret")
	}
	// Dates that are none do not count.
	for range 5 {
		status, body := k.fill(at, born("31", "2", "1986"))
		says(t, status, body, 400, "must be a real date")
	}
	// The right one forgives the others.
	status, body := k.fill(at, born("10", "12", "1985"))
	says(t, status, body, 200, "Secret")
	for range 9 {
		status, body = k.fill(at, born("10", "12", "1986"))
		says(t, status, body, 403, "That is not the date of birth we have")
	}
	status, body = k.fill(at, born("10", "12", "1986"))
	says(t, status, body, 403, "This message is locked", `<a class="whole" href="tel:+441632960100">01632 960100</a>`)
	status, body = k.fill(at, born("10", "12", "1985"))
	says(t, status, body, 403, "This message is locked")
	lacks(t, body, "Secret")
	status, body = k.get(at)
	says(t, status, body, 403, "This message is locked")
}

func TestDatesThatAreNone(t *testing.T) {
	k := newKit(t)
	at := k.page("Secret")
	before := k.kept()
	for _, c := range []struct {
		day, month, year, want, first string
	}{
		{"", "", "", "Enter your date of birth", "#day"},
		{"10", "", "1985", "Your date of birth must include a month", "#month"},
		{"", "12", "", "Your date of birth must include a day and a year", "#day"},
		{"32", "12", "1985", "The day must be a number from 1 to 31", "#day"},
		{"-1", "12", "1985", "The day must be a number from 1 to 31", "#day"},
		{"10", "Decimber", "1985", "The month must be a number from 1 to 12", "#month"},
		{"10", "0", "1985", "The month must be a number from 1 to 12", "#month"},
		{"10", "12", "85", "The year must have 4 numbers", "#year"},
		{"10", "12", "19855", "The year must have 4 numbers", "#year"},
		{"31", "4", "1985", "Your date of birth must be a real date", "#day"},
		{"1", "1", "1000", "Your date of birth must be a real date", "#day"},
		{"8", "7", "2031", "Your date of birth must be in the past", "#day"},
		{"1", "1", "1874", "Your date of birth must be in 1875 or later", "#day"},
		{`"><script>`, "12", "1985", "&#34;&gt;&lt;script&gt;", "#day"},
	} {
		status, body := k.fill(at, born(c.day, c.month, c.year))
		says(t, status, body, 400, c.want, `<a href="`+c.first+`">`, `aria-invalid="true"`)
		lacks(t, body, "Secret", "<script>")
	}
	if k.kept() != before {
		t.Error("a date that is none changed something")
	}
	status, body := k.fill(at, url.Values{"day": {strings.Repeat("1", 5000)}})
	says(t, status, body, 413)
	r := httptest.NewRequest(http.MethodPost, at, strings.NewReader("day=%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body = k.ask(r)
	says(t, status, body, 400)
}

func TestLinksThatLeadNowhere(t *testing.T) {
	k := newKit(t)
	at := k.page("Secret")
	for _, link := range []string{"/m/x", "/m/1-", "/m/-", "/m/1-unknown", at + "x", "/record/confirm/x",
		"/record/confirm/1-1-1", "/record/confirm/--", "/verify/1-unknown"} {
		status, body := k.get(link)
		says(t, status, body, 404, "This link does not work")
		if link != "/verify/1-unknown" {
			status, body = k.fill(link, url.Values{"decision": {"approve"}})
			says(t, status, body, 404, "This link does not work")
		}
	}
	// One that is too old says whom to turn to, as does one that never was.
	k.clock = k.clock.Add(31 * 24 * time.Hour)
	group, _, _ := strings.Cut(strings.TrimPrefix(at, "/m/"), "-")
	for _, link := range []string{at, at + "x", "/m/" + group + "-unknown", "/verify/" + group + "-unknown", "/invite/" +
		group + "-1-unknown", "/record/confirm/" + group + "-1-unknown"} {
		status, body := k.get(link)
		says(t, status, body, 404, "This link does not work", "Contact Mill Lane Surgery",
			`<a class="whole" href="tel:+441632960100">01632 960100</a>`)
		lacks(t, body, "Secret", "Ada")
	}
	status, body := k.fill(at, born("10", "12", "1985"))
	says(t, status, body, 404, "This link does not work", "Mill Lane Surgery", "01632 960100")
}

func TestOtherSitesCannotSendForms(t *testing.T) {
	k := newKit(t)
	k.staff(k.ctx, "Grace", "Hopper", "frontdesk")
	entry, id := k.proposal()
	k.signIn(entry, "Grace")
	letter := k.page("Secret")
	before := k.kept()
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://elsewhere.example.net"},
		{"Origin", "null"},
	} {
		for _, form := range []url.Values{deciding("approve", k.ada), signingIn("Grace", words), {"decision": {"sign_out"}}} {
			status, body := k.fill(entry, form, headers...)
			says(t, status, body, 403, "This came from another site")
		}
		status, body := k.fill(letter, born("10", "12", "1985"), headers...)
		says(t, status, body, 403, "This came from another site")
		lacks(t, body, "Secret")
	}
	if k.kept() != before || k.status(id) != record.Pending {
		t.Error("another site changed something")
	}
	status, body := k.fill(letter, born("10", "12", "1985"), "Sec-Fetch-Site", "same-origin", "Origin", "null")
	says(t, status, body, 200, "Secret")
	status, body = k.fill(entry, deciding("approve", k.ada), "Origin", "http://example.com") // the address httptest serves
	says(t, status, body, 200, "It will be written")
}
