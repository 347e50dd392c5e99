package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/core/account"
	"frontdesk/operator"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// choose fills in the page of an invitation.
func choose(t *testing.T, link, password string) (int, string) {
	t.Helper()
	res, err := http.PostForm(link, url.Values{"password": {password}, "again": {password}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// invitation waits for the e-mail, and is the link in it.
func (p *program) invitation(to string) string {
	p.t.Helper()
	var found []string
	wait.Until(p.t, "the invitation", func() bool {
		found = regexp.MustCompile(`href="(http://[^"]+/invite/[^"]+)"`).FindStringSubmatch(p.inbox(to))
		return found != nil
	})
	return found[1]
}

func TestStaffInvitationSetsPassword(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		ctx := context.Background()
		o, err := app.OpenOperator(ctx, app.Opening{DB: address, SealKey: sealKey})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		made, err := o.CreateToken(ctx, operator.NewToken{Group: p.creds.Group, Name: "Portal", Role: "everything"})
		if err != nil {
			t.Fatal(err)
		}
		const email, password = "grace.hopper@example.org", "correct horse battery"
		data, a := p.graphQL(made.Text,
			fmt.Sprintf(`mutation { createUser(userData: {firstName: "Grace", lastName: "Hopper", email: "%s",
				role: "frontdesk"}) { data { id } error } }`, email))
		id := dig(data, "createUser", "data", "id")
		if id == nil {
			t.Fatal(a.Text)
		}
		signIn := func(password string) string {
			data, _ := p.graphQL("",
				fmt.Sprintf(`mutation { signIn(email: "%s", password: "%s") { token user { id } } }`, email, password))
			if of := dig(data, "signIn", "user", "id"); of != nil && of != id {
				t.Errorf("signed in as %v", of)
			}
			token, _ := dig(data, "signIn", "token").(string)
			return token
		}
		link := p.invitation(email)
		if mail := p.inbox(email); !strings.Contains(mail, "1 message to") ||
			!strings.Contains(mail, "Choose your password for Brambleford") ||
			!strings.Contains(mail, "Sunday 12 January 2031, 20:00") {
			t.Fatalf("got %s", mail)
		}
		if status, text := page(t, link); status != 200 || !strings.Contains(text, "Choose a password") {
			t.Fatalf("%d %s", status, text)
		}
		if status, text := choose(t, link, "short"); status != 400 ||
			!strings.Contains(text, "12 characters or more") ||
			signIn("short") != "" {
			t.Fatalf("%d %s", status, text)
		}
		if status, text := choose(t, link, password); status != 200 || !strings.Contains(text, "Your password is set") {
			t.Fatalf("%d %s", status, text)
		}
		token := signIn(password)
		if data, a := p.graphQL(token, `{ practice { name } }`); dig(data, "practice", "name") == nil {
			t.Errorf("signed in: %d %s", a.Status, a.Text)
		}
		if status, text := choose(t, link, "another long password"); status != 404 ||
			!strings.Contains(text, "This link does not work") || signIn(password) == "" ||
			signIn("another long password") != "" {
			t.Errorf("the second time: %d %s", status, text)
		}
		for _, secret := range []string{link[strings.LastIndexByte(link, '/'):], password, email} {
			if strings.Contains(p.logs.String(), secret) {
				t.Errorf("the log has %s", secret)
			}
		}
	})
}

func TestUserInviteSendsInvitationAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		// An operator's clock is the real one.
		p := open(t, address, app.Config{Now: time.Now})
		ctx := context.Background()
		o, err := app.OpenOperator(ctx, app.Opening{DB: address, SealKey: sealKey})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		const email = "grace.hopper@example.org"
		if _, err := o.CreateUser(ctx,
			operator.NewUser{Group: p.creds.Group, FirstName: "Grace", LastName: "Hopper", Email: email,
				Role: "frontdesk"}); err != nil {
			t.Fatal(err)
		}
		first := p.invitation(email)
		answer := ofCommand(t, "", "user", "invite", "--db", address, "--group", p.creds.Group, "--email", email,
			"--wait",
			"25s", "--json")
		if answer["state"] != "sent" || answer["user_id"] == "" {
			t.Errorf("got %v", answer)
		}
		var second string
		for _, m := range regexp.MustCompile(`href="(http://[^"]+/invite/[^"]+)"`).FindAllStringSubmatch(p.inbox(email),
			-1) {
			if m[1] != first {
				second = m[1]
			}
		}
		if status, _ := page(t, first); status != 404 {
			t.Errorf("the first: %d", status)
		}
		if status, text := choose(t, second, signInPassword); status != 200 {
			t.Errorf("%s: %d %s", second, status, text)
		}
		// A practice without an e-mail provider gets an error.
		bare, err := o.CreateGroup(ctx, "Bare", "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.CreateUser(ctx,
			operator.NewUser{Group: bare.ID, FirstName: "Ann", LastName: "Lee", Email: "ann@example.org",
				Role: "frontdesk"}); err != nil {
			t.Fatal(err)
		}
		i, err := o.Invite(ctx, bare.ID, "ann@example.org", 25*time.Second)
		if err != nil || i.State != account.InvitationHomeless || i.Sent() ||
			operator.ExitCode(i.Err()) != operator.ExitFailed {
			t.Errorf("got %+v, %v", i, err)
		}
		wait.Until(t, "the log to say so",
			func() bool { return strings.Contains(p.logs.String(), "the practice has no carrier for e-mail") })
	})
}
