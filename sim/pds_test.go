package sim_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/sim"
)

type object = map[string]any

const (
	apiKey    = "brambleford-app"
	requestID = "60e0b220-8136-4ca5-ae46-1d97ef59d068"
	base      = "/personal-demographics/FHIR/R4/Patient"
)

var ownKey, otherKey = key(), key()

func key() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

type clock struct {
	sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(d)
}

// world is a PDS on a real socket, and an application that may call it.
type world struct {
	*testing.T
	*sim.PDS
	*clock
	url, bearer string
}

func open(t *testing.T) *world {
	t.Helper()
	c := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	p := sim.NewPDS(sim.Brambleford(), c.now)
	p.Rate = 0
	p.Register(apiKey, "test-1", &ownKey.PublicKey)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	w := &world{T: t, PDS: p, clock: c, url: s.URL}
	w.bearer = w.token()
	return w
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   object
}

// code is the error code of an OperationOutcome.
func (r reply) code() string {
	code, _ := at(r.body, "issue", 0, "details", "coding", 0, "code").(string)
	return code
}

// at walks into JSON; it is nil when there is no such place.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(object)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

// do sends a request; headers replace the usual ones, and take them away when
// they are empty.
func (w *world) do(method, path string, body io.Reader, headers map[string]string) (reply, error) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.url+path, body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("X-Request-ID", requestID)
	r.Header.Set("Authorization", "Bearer "+w.bearer)
	for name, value := range headers {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	out := reply{status: res.StatusCode, header: res.Header}
	if len(text) > 0 && res.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		err = json.Unmarshal(text, &out.body)
	}
	return out, err
}

func (w *world) get(path string) reply {
	w.Helper()
	r, err := w.do(http.MethodGet, base+path, nil, nil)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) search(query string) reply {
	w.Helper()
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		parts[i] = name + "=" + url.QueryEscape(value)
	}
	return w.get("?" + strings.Join(parts, "&"))
}

func (w *world) expect(r reply, status int, code string) {
	w.Helper()
	if r.status != status || r.code() != code {
		w.Fatalf("got %d %s, want %d %s: %v", r.status, r.code(), status, code, r.body)
	}
	if r.header.Get("Content-Type") != "application/fhir+json" {
		w.Fatalf("it came as %s", r.header.Get("Content-Type"))
	}
}

// sign makes a JWT with our own hands: the simulator must not be judged by the
// library that its callers use.
func sign(head, claims object, k *rsa.PrivateKey) string {
	part := func(v object) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(head) + "." + part(claims)
	sum, hash := sha512.Sum512([]byte(signed)), crypto.SHA512
	digest := sum[:]
	if head["alg"] == "RS256" {
		short := sha256.Sum256([]byte(signed))
		digest, hash = short[:], crypto.SHA256
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, k, hash, digest)
	if err != nil {
		panic(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (w *world) head() object { return object{"alg": "RS512", "typ": "JWT", "kid": "test-1"} }

func (w *world) claims() object {
	return object{"iss": apiKey, "sub": apiKey, "aud": w.url + "/oauth2/token", "jti": rand.Text(),
		"exp": w.now().Add(300 * time.Second).Unix()}
}

func form(assertion string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

func (w *world) ask(f url.Values) reply {
	w.Helper()
	r, err := w.do(http.MethodPost, "/oauth2/token", strings.NewReader(f.Encode()),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) token() string {
	w.Helper()
	r := w.ask(form(sign(w.head(), w.claims(), ownKey)))
	token, _ := r.body["access_token"].(string)
	if r.status != http.StatusOK || token == "" {
		w.Fatalf("got no token: %v", r.body)
	}
	return token
}

func TestATokenIsGivenAsThePlatformGivesIt(t *testing.T) {
	w := open(t)
	r := w.ask(form(sign(w.head(), w.claims(), ownKey)))
	want := object{"access_token": r.body["access_token"], "token_type": "Bearer", "expires_in": "599",
		"issued_at": fmt.Sprint(w.now().UnixMilli())}
	if !maps.Equal(r.body, want) {
		t.Errorf("got %v, want %v", r.body, want)
	}
	if r.header.Get("Content-Type") != "application/json" {
		t.Errorf("it came as %s", r.header.Get("Content-Type"))
	}
}

func TestATokenIsRefused(t *testing.T) {
	w := open(t)
	w.Register("no-key-yet", "", nil)
	w.Register("another-app", "theirs", &otherKey.PublicKey)
	type change func(head, claims object, f url.Values)
	claim := func(name string, value any) change { return func(_, c object, _ url.Values) { c[name] = value } }
	header := func(name string, value any) change { return func(h, _ object, _ url.Values) { h[name] = value } }
	field := func(name, value string) change { return func(_, _ object, f url.Values) { f.Set(name, value) } }
	both := func(value string) change {
		return func(_, c object, _ url.Values) { c["iss"], c["sub"] = value, value }
	}
	for _, c := range []struct {
		name        string
		change      change
		status      int
		code, about string
	}{
		{"no grant type", field("grant_type", ""), 400, "invalid_request", "grant_type is missing"},
		{"another grant type", field("grant_type", "authorization_code"), 400, "unsupported_grant_type",
			"grant_type is invalid"},
		{"no assertion type", field("client_assertion_type", ""), 400, "invalid_request", "client_assertion_type"},
		{"another assertion type", field("client_assertion_type", "jwt-bearer"), 400, "invalid_request",
			"client_assertion_type"},
		{"no assertion", field("client_assertion", ""), 400, "invalid_request", "Missing client_assertion"},
		{"an assertion that is no JWT", field("client_assertion", "a.b"), 400, "invalid_request", "Malformed JWT"},
		{"an assertion that is no JSON", field("client_assertion", "e30.YQ.YQ"), 400, "invalid_request", "Malformed JWT"},
		{"no key ID", header("kid", nil), 400, "invalid_request", "Missing 'kid'"},
		{"an unknown key ID", header("kid", "test-2"), 401, "invalid_request", "no matching public key"},
		{"another application's key ID", header("kid", "theirs"), 401, "invalid_request", "no matching public key"},
		{"another type", header("typ", "at+jwt"), 400, "invalid_request", "'typ'"},
		{"no algorithm", header("alg", nil), 400, "invalid_request", "Missing 'alg'"},
		{"RS256", header("alg", "RS256"), 400, "invalid_request", "must be 'RS512'"},
		{"no signature at all", header("alg", "none"), 400, "invalid_request", "must be 'RS512'"},
		{"no issuer", claim("iss", nil), 400, "invalid_request", "non-matching 'iss'/'sub'"},
		{"a subject that is not the issuer", claim("sub", "another"), 400, "invalid_request", "non-matching 'iss'/'sub'"},
		{"an unknown application", both("another"), 401, "invalid_request", "Invalid 'iss'/'sub'"},
		{"an application without a key", both("no-key-yet"), 403, "public_key error", "register a public key"},
		{"no jti", claim("jti", nil), 400, "invalid_request", "Missing 'jti'"},
		{"an empty jti", claim("jti", ""), 400, "invalid_request", "Missing 'jti'"},
		{"a jti that is a number", claim("jti", 7), 400, "invalid_request", "Invalid 'jti'"},
		{"no audience", claim("aud", nil), 401, "invalid_request", "'aud'"},
		{"the audience with a slash too many", claim("aud", w.url+"/oauth2/token/"), 401, "invalid_request", "'aud'"},
		{"a list of audiences", claim("aud", []string{w.url + "/oauth2/token"}), 401, "invalid_request", "'aud'"},
		{"no expiry", claim("exp", nil), 400, "invalid_request", "Missing 'exp'"},
		{"an expiry in words", claim("exp", "soon"), 400, "invalid_request", "must be an integer"},
		{"an expiry that is not whole", claim("exp", float64(w.now().Unix())+60.5), 400, "invalid_request",
			"must be an integer"},
		{"an expiry that is now", claim("exp", w.now().Unix()), 400, "invalid_request", "has expired"},
		{"an expiry too far ahead", claim("exp", w.now().Add(306*time.Second).Unix()), 400, "invalid_request",
			"more than 5 minutes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			head, claims, f := w.head(), w.claims(), form("")
			c.change(head, claims, f)
			if !f.Has("client_assertion") || f.Get("client_assertion") == "" && c.about != "Missing client_assertion" {
				f.Set("client_assertion", sign(head, claims, ownKey))
			}
			refused(t, w.ask(f), c.status, c.code, c.about)
		})
	}
	t.Run("another person's signature", func(t *testing.T) {
		refused(t, w.ask(form(sign(w.head(), w.claims(), otherKey))), 401, "public_key error",
			"signature verification failed")
	})
	t.Run("a body that is not a form", func(t *testing.T) {
		r, err := w.do(http.MethodPost, "/oauth2/token", strings.NewReader("{}"),
			map[string]string{"Content-Type": "application/json"})
		if err != nil {
			t.Fatal(err)
		}
		refused(t, r, 400, "invalid_request", "Content-Type")
	})
	t.Run("another method, and the form in the address", func(t *testing.T) {
		r, err := w.do(http.MethodGet, "/oauth2/token?"+form(sign(w.head(), w.claims(), ownKey)).Encode(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, r, 405, "invalid_request", "POST")
	})
}

func refused(t *testing.T, r reply, status int, code, about string) {
	t.Helper()
	description, _ := r.body["error_description"].(string)
	if r.status != status || r.body["error"] != code || !strings.Contains(description, about) {
		t.Errorf("got %d %v, want %d %s about %q", r.status, r.body, status, code, about)
	}
	if id, _ := r.body["message_id"].(string); id == "" {
		t.Errorf("it has no message_id: %v", r.body)
	}
}

func TestAnAssertionIsGoodOnce(t *testing.T) {
	w := open(t)
	assertion := sign(w.head(), w.claims(), ownKey)
	if r := w.ask(form(assertion)); r.status != 200 {
		t.Fatalf("got %v", r.body)
	}
	refused(t, w.ask(form(assertion)), 400, "invalid_request", "Non-unique 'jti'")
	claims := w.claims()
	claims["jti"] = "the same"
	w.ask(form(sign(w.head(), claims, ownKey)))
	claims["exp"] = w.now().Add(200 * time.Second).Unix()
	refused(t, w.ask(form(sign(w.head(), claims, ownKey))), 400, "invalid_request", "Non-unique 'jti'")
	w.move(301 * time.Second)
	refused(t, w.ask(form(assertion)), 400, "invalid_request", "has expired")
}

func TestAnAssertionMayExpireAFewSecondsLate(t *testing.T) {
	w := open(t)
	claims := w.claims()
	claims["exp"] = w.now().Add(305 * time.Second).Unix()
	if r := w.ask(form(sign(w.head(), claims, ownKey))); r.status != 200 {
		t.Errorf("got %v", r.body)
	}
}

func TestTheAudienceMayBeConfigured(t *testing.T) {
	w := open(t)
	w.TokenURL = "https://int.api.service.nhs.uk/oauth2/token"
	refused(t, w.ask(form(sign(w.head(), w.claims(), ownKey))), 401, "invalid_request", "'aud'")
	claims := w.claims()
	claims["aud"] = w.TokenURL
	if r := w.ask(form(sign(w.head(), claims, ownKey))); r.status != 200 {
		t.Errorf("got %v", r.body)
	}
}

func TestAnApplicationMayHaveTwoKeys(t *testing.T) {
	w := open(t)
	w.Register(apiKey, "test-2", &otherKey.PublicKey)
	head := w.head()
	head["kid"] = "test-2"
	if r := w.ask(form(sign(head, w.claims(), otherKey))); r.status != 200 {
		t.Errorf("got %v", r.body)
	}
	w.token()
}

func TestWhoComesWithoutAGoodTokenIsRefused(t *testing.T) {
	w := open(t)
	for header, why := range map[string]string{
		"": "Missing Authorization header", "Bearer": "Missing access token", "Basic YTpi": "Missing access token",
		"Bearer abc": "Invalid Access Token",
	} {
		for _, path := range []string{"/9000000009", "?family=Smith&birthdate=2010-10-22"} {
			r, err := w.do(http.MethodGet, base+path, nil, map[string]string{"Authorization": header})
			if err != nil {
				t.Fatal(err)
			}
			w.expect(r, 401, "ACCESS_DENIED")
			if got := at(r.body, "issue", 0, "diagnostics"); got != why {
				t.Errorf("%q: got %v, want %s", header, got, why)
			}
		}
	}
	w.move(w.TokenLife - time.Second)
	w.expect(w.get("/9000000009"), 200, "")
	w.move(time.Second)
	w.expect(w.get("/9000000009"), 401, "ACCESS_DENIED")
	w.bearer = w.token()
	w.expect(w.get("/9000000009"), 200, "")
	w.ForgetTokens()
	w.expect(w.get("/9000000009"), 401, "ACCESS_DENIED")
}

func TestTheOpenSandboxNeedsNoToken(t *testing.T) {
	w := open(t)
	w.OpenSandbox, w.bearer = true, ""
	w.expect(w.get("/9000000009"), 200, "")
	r, err := w.do(http.MethodGet, base+"/9000000009", nil, map[string]string{"Authorization": "", "X-Request-ID": ""})
	if err != nil {
		t.Fatal(err)
	}
	w.expect(r, 400, "MISSING_VALUE")
}

func TestHeadersAreChecked(t *testing.T) {
	w := open(t)
	for _, c := range []struct {
		name, header, value string
		status              int
		code                string
	}{
		{"no request ID", "X-Request-ID", "", 400, "MISSING_VALUE"},
		{"a request ID that is no UUID", "X-Request-ID", "1234", 400, "INVALID_VALUE"},
		{"a UUID with something after it", "X-Request-ID", requestID + "0", 400, "INVALID_VALUE"},
		{"a UUID in capitals", "X-Request-ID", strings.ToUpper(requestID), 200, ""},
		{"a practice", "NHSD-End-User-Organisation-ODS", "Z99001", 200, ""},
		{"a practice in small letters", "NHSD-End-User-Organisation-ODS", "z99001", 400, "INVALID_VALUE"},
		{"a practice by name", "NHSD-End-User-Organisation-ODS", "Brambleford", 400, "INVALID_VALUE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := w.do(http.MethodGet, base+"/9000000009", nil,
				map[string]string{c.header: c.value, "X-Correlation-ID": "thread-7"})
			if err != nil {
				t.Fatal(err)
			}
			w.expect(r, c.status, c.code)
			want := requestID
			if c.header == "X-Request-ID" {
				want = c.value
			}
			if r.header.Get("X-Request-ID") != want || r.header.Get("X-Correlation-ID") != "thread-7" {
				t.Errorf("it says back %v", r.header)
			}
		})
	}
}

func TestRecordsCannotBeChanged(t *testing.T) {
	w := open(t)
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete} {
		r, err := w.do(method, base+"/9000000009", strings.NewReader("{}"), nil)
		if err != nil {
			t.Fatal(err)
		}
		w.expect(r, 403, "INVALID_METHOD")
	}
}

func TestWhatArrivedCanBeLookedAt(t *testing.T) {
	w := open(t)
	before := len(w.Requests())
	_, err := w.do(http.MethodGet, base+"?family=Byron&birthdate=1985-12-10", nil,
		map[string]string{"X-Correlation-ID": "thread-7", "NHSD-End-User-Organisation-ODS": "Z99001"})
	if err != nil {
		t.Fatal(err)
	}
	want := sim.Seen{Method: "GET", Path: base, Query: "family=Byron&birthdate=1985-12-10", RequestID: requestID,
		CorrelationID: "thread-7", ODS: "Z99001", At: w.now()}
	if got := w.Requests()[before:]; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTooManyRequestsASecondAreRefused(t *testing.T) {
	w := open(t)
	w.Rate = 5
	for range 5 {
		w.expect(w.get("/9000000009"), 200, "")
	}
	r := w.get("/9000000009")
	w.expect(r, 429, "TOO_MANY_REQUESTS")
	if r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
	}
	w.Register("another-app", "theirs", &otherKey.PublicKey)
	head, claims := w.head(), w.claims()
	head["kid"], claims["iss"], claims["sub"] = "theirs", "another-app", "another-app"
	theirs, _ := w.ask(form(sign(head, claims, otherKey))).body["access_token"].(string)
	ours := w.bearer
	w.bearer = theirs
	w.expect(w.get("/9000000009"), 200, "") // each application has its own limit
	w.bearer = ours
	w.move(999 * time.Millisecond)
	w.expect(w.get("/9000000009"), 429, "TOO_MANY_REQUESTS")
	w.move(time.Millisecond)
	w.expect(w.get("/9000000009"), 200, "")
}
