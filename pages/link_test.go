package pages_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/link"
)

// file makes a link to a file of Ada's, and gives its path.
func (k *kit) file(name, content string, uses *int) (link.Link, string) {
	k.Helper()
	l, err := k.core.Link.CreateAttachment(k.ctx, link.ToFile{Patient: k.ada, Name: name, MaxUses: uses,
		Data: base64.StdEncoding.EncodeToString([]byte(content))})
	if err != nil {
		k.Fatal(err)
	}
	return l, path(l.URL)
}

// fetch fetches the file of a link.
func (k *kit) fetch(at string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, at+"/file", nil)
	for name, value := range k.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	k.door.ServeHTTP(w, r)
	return w
}

// says asks for a page and fails unless it has a status and a text.
func (k *kit) says(got int, body string, want int, text string) {
	k.Helper()
	if got != want || !strings.Contains(body, text) {
		k.Fatalf("%d %s, not %d with %q", got, body, want, text)
	}
}

func TestAFileIsFetchedByItsLink(t *testing.T) {
	k := newKit(t)
	l, at := k.file("Siân's letter.txt", "Dear Ada", nil)
	status, body := k.get(at)
	k.says(status, body, http.StatusOK, "What is your date of birth?")
	if strings.Contains(body, "letter") || strings.Contains(body, "Ada") {
		k.Errorf("a stranger is shown %s", body)
	}
	status, body = k.fill(at, born("31", "2", "1985"))
	k.says(status, body, http.StatusBadRequest, "Your date of birth must be a real date")
	status, body = k.fill(at, born("11", "12", "1985"))
	k.says(status, body, http.StatusForbidden, "That is not the date of birth we have")
	if status, body = k.fill(at, born("10", "Dec", "1985")); status != http.StatusSeeOther {
		k.Fatalf("%d %s", status, body)
	}
	status, body = k.get(at)
	k.says(status, body, http.StatusOK, "Siân&#39;s letter.txt")
	if strings.Contains(body, "Ada") || strings.Contains(strings.SplitN(body, "</title>", 2)[0], "letter") {
		k.Errorf("the page names more than the file: %s", body)
	}
	w := k.fetch(at)
	for name, want := range map[string]string{
		"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition":     "attachment; filename*=utf-8''Si%C3%A2n%27s%20letter.txt",
	} {
		if got := w.Header().Get(name); got != want {
			k.Errorf("%s: %s, not %s", name, got, want)
		}
	}
	if w.Body.String() != "Dear Ada" {
		k.Errorf("the file is %q", w.Body)
	}
	k.clock = k.clock.Add(31 * time.Minute)
	status, body = k.get(at)
	k.says(status, body, http.StatusOK, "It is more than 30 minutes since you gave your date of birth")
	if found, err := k.core.Link.Find(k.ctx, l.ID, ""); err != nil || found.Uses != 1 || found.Opens != 1 {
		k.Errorf("%+v, %v", found, err)
	}
}

func TestScannersUseUpNoLink(t *testing.T) {
	k := newKit(t)
	_, at := k.file("Letter.txt", "Dear Ada", new(1))
	before := k.kept()
	for range 3 {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if status, _ := k.ask(httptest.NewRequest(method, at, nil)); status != http.StatusOK {
				k.Errorf("%s: %d", method, status)
			}
		}
	}
	if k.kept() != before {
		k.Error("looking at a link changed something")
	}
}

func TestALinkThatCannotBeUsedSaysWhyAndWhomToRing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(k *kit, l link.Link, at string)
		status int
		title  string
	}{
		"expired": {func(k *kit, _ link.Link, _ string) { k.clock = k.clock.AddDate(0, 0, 32) },
			http.StatusGone, "This link has expired"},
		"withdrawn": {func(k *kit, l link.Link, _ string) {
			if _, err := k.core.Link.Withdraw(k.ctx, l.ID); err != nil {
				k.Fatal(err)
			}
		}, http.StatusGone, "This link has been withdrawn"},
		"used": {func(k *kit, _ link.Link, at string) {
			k.fill(at, born("10", "12", "1985"))
			k.fetch(at)
			clear(k.cookies)
		}, http.StatusGone, "This link has been used"},
		"locked": {func(k *kit, _ link.Link, at string) {
			for range 10 {
				k.fill(at, born("11", "12", "1985"))
			}
		}, http.StatusForbidden, "This link is locked"},
		"never given out": {func(k *kit, l link.Link, _ string) {
			if _, err := k.core.Link.Reissue(k.ctx, l.ID); err != nil {
				k.Fatal(err)
			}
		}, http.StatusNotFound, "This link does not work"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			l, at := k.file("Letter.txt", "Dear Ada", new(1))
			c.spoil(k, l, at)
			for _, ask := range []func() (int, string){
				func() (int, string) { return k.get(at) },
				func() (int, string) { return k.fill(at, born("10", "12", "1985")) },
			} {
				status, body := ask()
				k.says(status, body, c.status, c.title)
				k.says(status, body, c.status, "01632 960100")
			}
		})
	}
}

func TestAFileNeedsAVisit(t *testing.T) {
	k := newKit(t)
	_, at := k.file("Letter.txt", "Dear Ada", new(1))
	if status, body := k.fill(at+"/file", nil); status != http.StatusSeeOther || strings.Contains(body, "Dear") {
		k.Errorf("without a date of birth: %d %s", status, body)
	}
	status, body := k.fill(at, born("10", "12", "1985"), "Origin", "https://elsewhere.example.org", "Sec-Fetch-Site",
		"cross-site")
	k.says(status, body, http.StatusForbidden, "This came from another site")
	if _, err := k.core.Link.CreateAttachment(access.With(k.ctx, access.Caller{Group: k.group, Home: k.group,
		Permissions: access.OfKey([]access.Scope{access.Booking}, nil)}), link.ToFile{Patient: k.ada}); err == nil {
		k.Error("a key without the scope makes links")
	}
}

func TestGuessedLinksAreLimitedByAddress(t *testing.T) {
	k := newKit(t)
	_, at := k.file("Letter.txt", "Dear Ada", nil)
	status, body := 0, ""
	for i := range 61 {
		status, body = k.get(fmt.Sprintf("/s/%d-guess", i))
	}
	k.says(status, body, http.StatusTooManyRequests, "Too many links that do not work")
	status, body = k.get(at)
	k.says(status, body, http.StatusOK, "What is your date of birth?")
	k.clock = k.clock.Add(time.Minute)
	status, body = k.get("/s/1-guess")
	k.says(status, body, http.StatusNotFound, "This link does not work")
}

func TestAFileHasANameThatFitsWhatItIs(t *testing.T) {
	k := newKit(t)
	for name, want := range map[string]string{
		"Letter.txt":   "attachment; filename=Letter.txt",
		"LETTER.TXT":   "attachment; filename=LETTER.TXT",
		"letter.html":  "attachment; filename=letter.html.txt", // a browser would run it from the disk
		"letter":       "attachment; filename=letter.txt",
		"letter.txt.":  "attachment; filename=letter.txt",
		"letter.exe .": "attachment; filename=letter.exe.txt",
		"..":           "attachment; filename=file.txt",
		".bashrc":      "attachment; filename=bashrc.txt",
		"a\"b;c.txt":   `attachment; filename="a\"b;c.txt"`,
		"a:b?.txt":     `attachment; filename="a:b?.txt"`,
	} {
		_, at := k.file(name, "Dear Ada", nil)
		k.fill(at, born("10", "12", "1985"))
		if got := k.fetch(at).Header().Get("Content-Disposition"); got != want {
			k.Errorf("%q is sent as %s, not %s", name, got, want)
		}
	}
	_, at := k.file("scan.png", "%PDF-1.7 and more", nil)
	k.fill(at, born("10", "12", "1985"))
	if got := k.fetch(at).Header().Get("Content-Disposition"); got != "attachment; filename=scan.png.pdf" {
		k.Errorf("a PDF that is called a picture is sent as %s", got)
	}
}

func TestTheAddressOfAFileLeadsToItsPage(t *testing.T) {
	k := newKit(t)
	l, at := k.file("Letter.txt", "Dear Ada", nil)
	k.fill(at, born("10", "12", "1985"))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		w := httptest.NewRecorder()
		k.door.ServeHTTP(w, httptest.NewRequest(method, at+"/file", nil))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != at {
			k.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
	if found, err := k.core.Link.Find(k.ctx, l.ID, ""); err != nil || found.Uses != 0 {
		k.Errorf("%+v, %v", found, err)
	}
}

func TestAnAddressThatIsNoLinkLeadsNowhere(t *testing.T) {
	k := newKit(t)
	for _, link := range []string{"..%2F%5Cevil.example", "..%2F%5C%5Cevil.example", "..%2F%09%2Fevil.example",
		"%5Cevil.example", "%0d%0aSet-Cookie:%20a=b", "..%2F..%2Fdocs", "1-%F0%9F%98%80"} {
		for _, page := range []string{"", "/file", "/hold", "/book", "/upload", "/remove", "/send", "/answers"} {
			w := httptest.NewRecorder()
			k.door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/s/"+link+page, nil))
			if to := w.Header().Get("Location"); w.Code != http.StatusNotFound && w.Code != http.StatusTooManyRequests ||
				to != "" {
				k.Errorf("%s: %d, %q", link+page, w.Code, to)
			}
		}
	}
}
