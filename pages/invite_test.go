package pages_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/job"
	"frontdesk/store/storetest"
)

const right = "correct horse battery"

func chosen(password, again string) url.Values {
	return url.Values{"password": {password}, "again": {again}}
}

// invite sends a receptionist an invitation, and is the path of its page.
func (k *kit) invite() string {
	k.Helper()
	first, last, email, role := "Grace", "Hopper", "grace@example.org", "frontdesk"
	made, err := k.core.Account.Add(k.ctx, account.Change{FirstName: &first, LastName: &last, Email: &email, Role: &role})
	if err != nil {
		k.Fatal(err)
	}
	var id account.InvitationID
	if err := storetest.Raw(k.T, k.address).QueryRow(`SELECT id FROM invitation WHERE staff_id = ?`,
		int64(made.ID)).Scan(&id); err != nil {
		k.Fatal(err)
	}
	if err := k.core.Account.SendInvitation(context.Background(),
		job.Job{Group: int64(k.group), Args: job.Args(id)}); err != nil {
		k.Fatal(err)
	}
	return path(regexp.MustCompile(`https://\S+`).FindString(k.post.mail[0].Text))
}

func (k *kit) signsIn(password string) bool {
	_, err := k.core.Account.SignIn(context.Background(),
		account.Credentials{Email: "grace@example.org", Password: password})
	return err == nil
}

func TestAMemberOfStaffChoosesAPassword(t *testing.T) {
	k := newKit(t)
	at := k.invite()
	before := k.kept()
	status, body := k.get(at)
	says(t, status, body, 200, "<h1>Choose a password</h1>", "Mill Lane Surgery", "at least 12 characters",
		`<form method="post"`, `<label for="password">`, `<label for="again">`,
		`aria-describedby="password-hint"`, "<title>Choose a password – Mill Lane Surgery</title>")
	if n := strings.Count(body, `autocomplete="new-password"`); n != 2 {
		t.Errorf("%d boxes are for a new password", n)
	}
	lacks(t, body, "Grace", "Hopper", "grace@", "Error", "<script")
	for _, c := range []struct{ name, password, again, want, href string }{
		{"none", "", "", "Enter a password", "#password"},
		{"none but again", "", right, "Enter a password", "#password"},
		{"another one", right, right + "s", "The two passwords are not the same", "#again"},
		{"only one", right, "", "The two passwords are not the same", "#again"},
		{"short", "short", "short", "Your password must have 12 characters or more", "#password"},
		{"long", strings.Repeat("🐎", 201), strings.Repeat("🐎", 201), "Your password must have 200 characters or fewer",
			"#password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := k.fill(at, chosen(c.password, c.again))
			says(t, status, body, 400, c.want, `<a href="`+c.href+`">`, `aria-invalid="true"`,
				"<title>Error: Choose a password – Mill Lane Surgery</title>", `role="alert"`,
				c.href[1:]+`-error"`)
			lacks(t, body, "Grace", right, "value=")
		})
	}
	if after := k.kept(); after != before {
		t.Error("what sets no password changed something")
	}
	longest := strings.Repeat("🐎", 200)
	status, body = k.fill(at, chosen(longest, longest))
	says(t, status, body, 200, "Your password is set", "You can sign in to Mill Lane Surgery now")
	lacks(t, body, "Grace", "grace@", longest)
	if !k.signsIn(longest) {
		t.Error("it does not let her in")
	}
}

func TestInvitationsThatDoNotWorkAllLookTheSame(t *testing.T) {
	k := newKit(t)
	at := k.invite()
	own := at[:strings.LastIndexByte(at, '-')+1]
	_, unknown := k.get("/invite/unknown")
	group, _, _ := strings.Cut(at, "-")
	_, ours := k.get(group + "-1-unknown")
	same := func(what, at string) {
		t.Helper()
		unknown := unknown
		if strings.HasPrefix(at, group) { // it names the practice, which the page names then
			unknown = ours
		}
		status, body := k.get(at)
		says(t, status, body, 404, "This link does not work",
			"This invitation is not known, was used before, or is too old to use.")
		if body != unknown {
			t.Errorf("%s: it is another page: %s", what, body)
		}
		status, body = k.fill(at, chosen("a long password", "a long password"))
		if status != 404 || body != unknown {
			t.Errorf("%s: %d, another page: %s", what, status, body)
		}
		if _, body = k.fill(at, chosen("one", "two")); body != unknown {
			t.Errorf("%s: another page: %s", what, body)
		}
	}
	lacks(t, unknown, "Mill Lane", "Grace")
	says(t, 404, ours, 404, "Contact Mill Lane Surgery", "01632 960100")
	lacks(t, ours, "Grace")
	for _, link := range []string{"/invite/-", "/invite/1-1-1", "/invite/--", own + strings.Repeat("0", 40), at + "0"} {
		same(link, link)
	}
	k.clock = k.clock.Add(account.InvitationLife)
	same("too old", at)
	k.clock = k.clock.Add(-time.Second)
	status, body := k.fill(at, chosen(right, right))
	says(t, status, body, 200, "Your password is set")
	same("used", at)
	if !k.signsIn(right) {
		t.Error("the password has changed")
	}
}

func TestInvitationsAreNotGuessed(t *testing.T) {
	k := newKit(t)
	at := k.invite()
	wrong := at[:strings.LastIndexByte(at, '-')+1] + strings.Repeat("0", 40)
	for range 5 {
		status, body := k.fill(wrong, chosen(right, right))
		says(t, status, body, 404)
	}
	status, body := k.fill(at, chosen(right, right))
	says(t, status, body, 429, "This invitation was tried too often. Try again in 15 minutes.")
	lacks(t, body, "Grace")
	k.clock = k.clock.Add(15 * time.Minute)
	status, body = k.fill(at, chosen(right, right))
	says(t, status, body, 200)
}

func TestOtherSitesCannotChooseAPassword(t *testing.T) {
	k := newKit(t)
	at := k.invite()
	before := k.kept()
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://elsewhere.example.net"},
		{"Origin", "null"}} {
		status, body := k.fill(at, chosen(right, right), headers...)
		says(t, status, body, 403, "This came from another site")
	}
	if k.kept() != before {
		t.Error("another site changed something")
	}
	status, body := k.fill(at, chosen(strings.Repeat("x", 8000), right))
	says(t, status, body, 413)
}
