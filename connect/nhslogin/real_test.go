package nhslogin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/connect/nhslogin"
	"frontdesk/core/identity"
	"frontdesk/core/input"
	provider "frontdesk/test/nhslogin"
)

const back = "https://desk.example.org/nhs-login/callback"

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func client(t *testing.T, change func(*nhslogin.Settings)) *nhslogin.Client {
	t.Helper()
	s := nhslogin.Settings{Issuer: nhslogin.Issuer, ClientID: "frontdesk", Key: key(), Redirect: back}
	change(&s)
	c, err := nhslogin.New(s, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func attempt() identity.Attempt {
	return identity.Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text()}
}

// comesBack logs a person in, and gives what they come back with.
func comesBack(t *testing.T, c *nhslogin.Client, a identity.Attempt, who string) url.Values {
	t.Helper()
	at, err := c.Begin(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if page.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", at, page.Status)
	}
	res, err := browser.PostForm(page.Request.URL.String(), url.Values{"who": {who}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	to, err := res.Location()
	if err != nil || !strings.HasPrefix(to.String(), back) || to.Query().Get("state") != a.State {
		t.Fatalf("%s to %v: %v", res.Status, to, err)
	}
	return to.Query()
}

func TestARealProviderSaysWhoIsBack(t *testing.T) {
	unproved := provider.Person{"nhs_number": "9990000026", "birthdate": "1972-06-23", "family_name": "Mathison",
		"identity_proofing_level": "P5"}
	nameless := provider.Person{"birthdate": "1972-06-23", "family_name": "Mathison", "identity_proofing_level": "P9"}
	issuer := provider.Start(t, "../../test", key(), back, map[string]provider.Person{"ada": provider.Ada,
		"unproved": unproved, "nameless": nameless})
	c := client(t, func(s *nhslogin.Settings) { s.Issuer = issuer })
	a := attempt()
	code := comesBack(t, c, a, "ada").Get("code")
	got, err := c.Finish(t.Context(), code, a)
	want := identity.Claims{NHSNumber: "9990000018", BirthDate: input.DayOf(1985, 12, 10), FirstName: "Ada",
		LastName: "Byron"}
	if err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := c.Finish(t.Context(), code, a); !errors.Is(err, identity.ErrLoginRefused) {
		t.Errorf("a code that was used: %v", err)
	}
	for _, who := range []string{"unproved", "nameless"} {
		a := attempt()
		if _, err := c.Finish(t.Context(), comesBack(t, c, a, who).Get("code"), a); !errors.Is(err,
			identity.ErrLoginLevel) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if got := comesBack(t, c, attempt(), ""); got.Get("error") != "access_denied" || got.Has("code") {
		t.Errorf("cancelled: %v", got)
	}
	for name, change := range map[string]func(*identity.Attempt){
		"begun elsewhere":  func(a *identity.Attempt) { a.Verifier = rand.Text() + rand.Text() },
		"of another login": func(a *identity.Attempt) { a.Nonce = rand.Text() },
	} {
		a := attempt()
		code := comesBack(t, c, a, "ada").Get("code")
		change(&a)
		if _, err := c.Finish(t.Context(), code, a); !errors.Is(err, identity.ErrLoginRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Finish(t.Context(), "made-up", attempt()); !errors.Is(err, identity.ErrLoginRefused) {
		t.Errorf("a code that was made up: %v", err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a = attempt()
	stranger := client(t, func(s *nhslogin.Settings) { s.Issuer, s.Key = issuer, other })
	if _, err := stranger.Finish(t.Context(), comesBack(t, c, a, "ada").Get("code"), a); !errors.Is(err,
		identity.ErrLoginDown) {
		t.Errorf("a key that is not registered: %v", err)
	}
}
