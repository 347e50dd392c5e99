package hook_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"frontdesk/core/webhook"
)

// hero checks as Hero describes it: HMAC-SHA256 keyed with the signing key over
// the timestamp, a full stop and the raw body.
func hero(h http.Header, signature, key string, body []byte) bool {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(h.Get("X-Herohealth-Timestamp") + "." + string(body)))
	return hex.EncodeToString(m.Sum(nil)) == h.Get(signature)
}

func TestReceiversCanCheckWithEitherRecipe(t *testing.T) {
	for _, c := range []struct {
		name, secret string
		raw          bool // the library is given the text, not what it stands for
	}{
		{"a secret of Standard Webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},
		{"a key the practice chose", "a key the practice chose", true},
		{"a chosen key that could be read as base64", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true},
		{"a chosen key that only begins like a secret", "whsec_is how ours begin", true},
		{"a chosen key that is the beginning alone", "whsec_", true},
		{"a chosen key that is longer than a block", strings.Repeat("long ", 40), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := listen(t, plain, nil)
			p := parcel(e.URL + "/hooks?practice=7")
			p.Secrets = []string{c.secret}
			if a := client(t, nil).Post(t.Context(), p); !a.Accepted() || a.Took <= 0 {
				t.Fatalf("got %+v", a)
			}
			got := e.all()[0]
			library, err := standardwebhooks.NewWebhook(c.secret)
			if c.raw {
				library, err = standardwebhooks.NewWebhookRaw([]byte(c.secret))
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := library.Verify(got.body, got.Header); err != nil {
				t.Error(err)
			}
			if !hero(got.Header, "X-Herohealth-Signature", c.secret, got.body) {
				t.Errorf("Hero's recipe gives something else than %q", got.Header.Get("X-Herohealth-Signature"))
			}
			if library.Verify(append(got.body, ' '), got.Header) == nil {
				t.Error("another body has the same signature")
			}
			if string(got.body) != body || got.Method != http.MethodPost || got.RequestURI != "/hooks?practice=7" {
				t.Errorf("got %s %s %s", got.Method, got.RequestURI, got.body)
			}
		})
	}
}

func TestEitherSecretChecksWhileASecretIsChanged(t *testing.T) {
	e := listen(t, plain, nil)
	p := parcel(e.URL)
	p.Secrets = []string{"whsec_bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXc=", "", "the old one of the practice", "one older still"}
	if a := client(t, nil).Post(t.Context(), p); !a.Accepted() {
		t.Fatalf("got %+v", a)
	}
	got := e.all()[0]
	if !hero(got.Header, "X-Herohealth-Signature", p.Secrets[0], got.body) ||
		!hero(got.Header, "X-Herohealth-Signature-Previous", p.Secrets[2], got.body) {
		t.Errorf("got %v", got.Header)
	}
	fresh, _ := standardwebhooks.NewWebhook(p.Secrets[0])
	for _, check := range []func([]byte, http.Header) error{
		fresh.Verify, raw(t, p.Secrets[2]).Verify, raw(t, p.Secrets[3]).Verify,
	} {
		if err := check(got.body, got.Header); err != nil {
			t.Error(err)
		}
	}
	if raw(t, "").Verify(got.body, got.Header) == nil {
		t.Error("an empty secret signed it")
	}
	if list := strings.Split(got.Header.Get("webhook-signature"), " "); len(list) != 3 {
		t.Errorf("got %q", list)
	}
}

func raw(t *testing.T, secret string) *standardwebhooks.Webhook {
	t.Helper()
	w, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestReceiversCanCheckWithThePublicKey(t *testing.T) {
	e := listen(t, plain, nil)
	p := parcel(e.URL)
	seeds := [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("too short"),
		[]byte("fedcba9876543210fedcba9876543210")}
	p.Ed25519 = seeds
	if a := client(t, nil).Post(t.Context(), p); !a.Accepted() {
		t.Fatalf("got %+v", a)
	}
	got := e.all()[0]
	list := strings.Split(got.Header.Get("webhook-signature"), " ")
	if len(list) != 3 || !strings.HasPrefix(list[0], "v1,") {
		t.Fatalf("got %q", list)
	}
	content := got.Header.Get("webhook-id") + "." + got.Header.Get("webhook-timestamp") + "." + string(got.body)
	for i, seed := range [][]byte{seeds[0], seeds[2]} {
		text, ok := strings.CutPrefix(webhook.Key{Seed: seed}.PublicKey(), "whpk_")
		public, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(public) != ed25519.PublicKeySize {
			t.Fatalf("public key %q", webhook.Key{Seed: seed}.PublicKey())
		}
		text, ok = strings.CutPrefix(list[i+1], "v1a,")
		signature, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || !ed25519.Verify(public, []byte(content), signature) {
			t.Errorf("got %q", list[i+1])
		}
	}
	if (webhook.Key{Seed: seeds[1]}).PublicKey() != "" {
		t.Error("a public key for what is no seed")
	}
	// The key of RFC 8032, section 7.1, test 1.
	seed, _ := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	if k := (webhook.Key{Seed: seed}).PublicKey(); k != "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" {
		t.Errorf("got %s", k)
	}
}

func TestExampleOfTheSpecificationIsSignedAsPublished(t *testing.T) {
	// The one its libraries test themselves with.
	e := listen(t, plain, nil)
	p := parcel(e.URL)
	p.ID, p.At, p.Body = "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)
	p.Secrets = []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	client(t, nil).Post(t.Context(), p)
	h := e.all()[0].Header
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s", got)
	}
	if h.Get("webhook-timestamp") != "1614265330" || h.Get("X-Herohealth-Timestamp") != "1614265330" {
		t.Errorf("got %v", h)
	}
}

func TestParcelWithoutASecretIsNotSigned(t *testing.T) {
	e := listen(t, plain, nil)
	p := parcel(e.URL)
	p.Secrets, p.Body = nil, nil
	if a := client(t, nil).Post(t.Context(), p); !a.Accepted() {
		t.Fatalf("got %+v", a)
	}
	h := e.all()[0].Header
	for _, name := range []string{"webhook-signature", "X-Herohealth-Timestamp", "X-Herohealth-Signature",
		"X-Herohealth-Signature-Previous"} {
		if v := h.Values(name); len(v) > 0 {
			t.Errorf("%s is %q", name, v)
		}
	}
	if h.Get("webhook-id") != p.ID || h.Get("webhook-timestamp") == "" {
		t.Errorf("got %v", h)
	}
}

func TestSembleIsSignedAsTheGraphQLAPIDocuments(t *testing.T) {
	e := listen(t, plain, nil)
	p := parcel(e.URL)
	p.Format, p.Secrets = webhook.Semble, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	if a := client(t, nil).Post(t.Context(), p); !a.Accepted() {
		t.Fatalf("got %+v", a)
	}
	h := e.all()[0].Header
	stamp := h.Get("X-Webhook-Timestamp")
	m := hmac.New(sha256.New, []byte(p.Secrets[0]))
	m.Write([]byte(stamp + "." + string(p.Body)))
	if want := "t=" + stamp + ",v1=" + hex.EncodeToString(m.Sum(nil)); stamp == "" ||
		h.Get("X-Webhook-Signature") != want {
		t.Errorf("got %q, want %q", h.Get("X-Webhook-Signature"), want)
	}
	for _, name := range []string{"Webhook-Id", "Webhook-Signature", "X-Herohealth-Signature"} {
		if h.Get(name) != "" {
			t.Errorf("it has %s too", name)
		}
	}
}
