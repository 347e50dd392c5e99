package e2e

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/nhslogin"
)

// loggingIn is a program whose practice is connected to NHS login.
func loggingIn(t *testing.T, test func(p *program)) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	storetest.EachAddress(t, func(t *testing.T, address string) {
		// NHS login has the real time.
		p := open(t, address, app.Config{Now: time.Now})
		people := map[string]nhslogin.Person{"ada": nhslogin.Ada,
			"alan": {"nhs_number": "9990000026", "birthdate": "1972-06-23", "family_name": "Mathison",
				"identity_proofing_level": "P9"},
			"grace": {"nhs_number": "9990000034", "birthdate": "1990-12-09", "family_name": "Murray",
				"identity_proofing_level": "P5"},
			"idris": {"nhs_number": "9991000003", "birthdate": "1962-05-17", "family_name": "Vaughan",
				"identity_proofing_level": "P9"},
		}
		issuer := nhslogin.Start(t, "..", key, p.app.URL()+"/nhs-login/callback", people)
		p.connect(address, map[string]string{"issuer": issuer, "client_id": nhslogin.Client},
			map[string]string{"private_key": nhslogin.Private(key)})
		test(p)
	})
}

// connect connects the practice to NHS login, as an operator does.
func (p *program) connect(address string, settings, secrets map[string]string) {
	p.t.Helper()
	o, err := app.OpenOperator(context.Background(), app.Opening{DB: address, SealKey: sealKey, Seals: true})
	if err != nil {
		p.t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.SetConnector(context.Background(), p.creds.Group, "nhs_login", settings, secrets); err != nil {
		p.t.Fatal(err)
	}
}

var onward = regexp.MustCompile(`0; url=(.+)`)

// logIn goes to NHS login from a link and logs a person in there; the empty one cancels. It gives the page they come
// back to.
func (v *visitor) logIn(p *program, link, who string) (status int, at, text string) {
	v.t.Helper()
	res, err := v.PostForm(p.app.URL()+"/nhs-login/start", url.Values{"link": {link[strings.LastIndex(link, "/")+1:]}})
	if err != nil {
		v.t.Fatal(err)
	}
	res.Body.Close()
	to := onward.FindStringSubmatch(res.Header.Get("Refresh"))
	if to == nil {
		v.t.Fatalf("it does not lead to NHS login: %s %v", res.Status, res.Header)
	}
	page, err := v.Get(to[1])
	if err != nil {
		v.t.Fatal(err)
	}
	page.Body.Close()
	if res, err = v.PostForm(page.Request.URL.String(), url.Values{"who": {who}}); err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, res.Request.URL.Path, string(body)
}

func TestAVisitorBooksByNHSLogin(t *testing.T) {
	t.Parallel()
	loggingIn(t, func(p *program) {
		made, _ := p.patientLink(nil)
		for name, link := range map[string]string{"of Ada": made.str("short_link"),
			"for anyone": p.anyone(nil).str("short_link")} {
			browser := newVisitor(p.t)
			browser.open(link, "Continue to NHS login")
			if status, _, text := browser.logIn(p, link, ""); status != http.StatusOK ||
				!strings.Contains(text, "You did not finish signing in") {
				p.t.Fatalf("%s, cancelled: %d %s", name, status, text)
			}
			status, _, text := browser.logIn(p, link, "ada")
			if status != http.StatusOK || !strings.Contains(text, "Choose a time") {
				p.t.Fatalf("%s: %d %s", name, status, text)
			}
			check := browser.send(link+"/hold", url.Values{"time": {browser.found(timeButton, text, 0)}}, "Check your")
			id := browser.found(heldID, check, 0)
			browser.send(link+"/book", url.Values{"a": {id}}, "Your appointment is booked")
			if kept := p.ok("GET", "/v1/appointments/"+id, nil); kept.str("patient_id") != made.str("patient_id") {
				p.t.Fatalf("got %s", kept.Text)
			}
		}
	})
}

func TestNHSLoginOpensALinkToNoOneElse(t *testing.T) {
	t.Parallel()
	loggingIn(t, func(p *program) {
		made, _ := p.patientLink(nil)
		tied, anyone := made.str("short_link"), p.anyone(nil).str("short_link")
		for name, try := range map[string]struct{ link, who, says string }{
			"another patient":        {tied, "alan", "is not the one this link is for"},
			"one who has not proved": {tied, "grace", "has not checked your identity yet"},
			"the same, for anyone":   {anyone, "grace", "has not checked your identity yet"},
			"no patient of ours":     {anyone, "idris", "cannot be sure who you are"},
		} {
			browser := newVisitor(p.t)
			if _, at, text := browser.logIn(p, try.link, try.who); !strings.Contains(text, try.says) {
				p.t.Errorf("%s: %s %s", name, at, text)
			}
			if page := browser.open(try.link, "NHS login"); strings.Contains(page, "Choose a time") {
				p.t.Errorf("%s was let in", name)
			}
		}
		// What comes back without a login that was begun in the same browser is of no use.
		for _, query := range []string{"", "?code=x&state=y", "?error=access_denied&state=y"} {
			res, text := fetch(p.t.(*testing.T), http.MethodGet, p.app.URL()+"/nhs-login/callback"+query, "")
			if res.StatusCode != http.StatusForbidden || !strings.Contains(text, "Open your link again") {
				p.t.Errorf("%s: %s %s", query, res.Status, text)
			}
		}
		if status, text := newVisitor(p.t).fill(p.app.URL()+"/nhs-login/start", url.Values{"link": {"../../x"}}); status !=
			http.StatusNotFound {
			p.t.Errorf("%d %s", status, text)
		}
	})
}
