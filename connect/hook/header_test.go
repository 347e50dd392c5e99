package hook_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"frontdesk/connect/hook"
)

var notTheirs = []string{
	"X-Herohealth-Timestamp", "x-herohealth-signature", "X_Herohealth_Signature", "X-Herohealth-New",
	"webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE", "webhook_signature", "webhook-anything",
	"Frontdesk-Attempt", "Content-Type", "Content-Encoding", "Content-Length", "User-Agent", "Host",
	"Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding",
	"Upgrade", "HTTP2-Settings", "Expect",
}

func TestHeadersOfAPracticeAreChecked(t *testing.T) {
	c := client(t, nil)
	for _, name := range notTheirs {
		if got := c.CheckHeader(name, "theirs"); !strings.Contains(got, name) {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for _, h := range []struct{ name, value, want string }{
		{"Authorization", "Bearer abc.def", ""},
		{"X-Api-Key", "!\"#~ \t z", ""},
		{"Idempotency-Key", "1", ""},
		{"webhooks", "", ""},
		{"X-Long", strings.Repeat("x", 4096), ""},
		{"", "x", "name"},
		{"X Api", "x", "name"},
		{"X-Api:", "x", "name"},
		{"X-Äpi", "x", "name"},
		{"X-Api\r\nHost", "x", "name"},
		{strings.Repeat("x", 101), "x", "100"},
		{"X-Long", strings.Repeat("x", 4097), "4,096"},
		{"X-Api", "a\r\nwebhook-id: 1", "line ends"},
		{"X-Api", "a\nb", "line ends"},
		{"X-Api", "a\x00b", "ASCII"},
		{"X-Api", "a\x7f", "ASCII"},
		{"X-Api", "£", "ASCII"},
		{"X-Api", "\xff", "ASCII"},
		{"X-Api", " a", "space"},
		{"X-Api", "a\t", "space"},
	} {
		got := c.CheckHeader(h.name, h.value)
		if h.want == "" && got != "" || !strings.Contains(got, h.want) || got != "" && !strings.HasSuffix(got, ".") {
			t.Errorf("%q: %q: got %q", h.name, h.value, got)
		}
	}
}

func TestOurHeadersCannotBeReplaced(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"HTTP/1": plain, "HTTP/2": second} {
		t.Run(name, func(t *testing.T) {
			e := listen(t, start, nil)
			c := client(t, trust(e.Server))
			p := parcel(e.URL)
			p.Headers = map[string]string{"authorization": "Bearer abc", "X-Api-Key": "7", "X-Bad": "a\r\nb", "X Bad": "a"}
			for _, name := range notTheirs {
				p.Headers[name] = "theirs"
			}
			if a := c.Post(t.Context(), p); !a.Accepted() {
				t.Fatalf("got %+v", a)
			}
			r := e.all()[0]
			if "HTTP/"+string(rune('0'+r.ProtoMajor)) != name {
				t.Errorf("came over %s", r.Proto)
			}
			for name, values := range r.Header {
				if len(values) != 1 || values[0] == "theirs" {
					t.Errorf("%s is %q", name, values)
				}
			}
			for name, want := range map[string]string{
				"Authorization": "Bearer abc", "X-Api-Key": "7", "X-Bad": "", "Content-Type": "application/json",
				"User-Agent": "Frontdesk-Webhooks/1", "Frontdesk-Attempt": "3", "Webhook-Id": p.ID, "Accept-Encoding": "",
				"Idempotency-Key": "",
			} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			if !strings.HasSuffix(e.URL, "//"+r.Host) || r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0 ||
				string(r.body) != body {
				t.Errorf("host %q, %d bytes, %v", r.Host, r.ContentLength, r.TransferEncoding)
			}
		})
	}
}

// FuzzHeader writes every header that passes into a request, which must then
// have that header and nothing more.
func FuzzHeader(f *testing.F) {
	for _, name := range notTheirs {
		f.Add(name, "theirs")
	}
	f.Add("Authorization", "Bearer abc")
	f.Add("X-Api\r\nHost", "a")
	f.Add("X-Api", "a\r\nwebhook-id: 1")
	c := hook.New(hook.Settings{})
	f.Fuzz(func(t *testing.T, name, value string) {
		if c.CheckHeader(name, value) != "" {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\n" + name + ": " + value +
			"\r\n\r\nrest")))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Header) != 1 || r.Header.Get(name) != value || r.Host != "h" || r.ContentLength != 0 || r.Close {
			t.Errorf("%q: %q became %v", name, value, r.Header)
		}
		for _, ours := range []string{"webhook-id", "X-Herohealth-Signature", "Frontdesk-Attempt", "Content-Type"} {
			if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), ours) {
				t.Errorf("%q replaces %s", name, ours)
			}
		}
	})
}
