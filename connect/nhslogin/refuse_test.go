package nhslogin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"frontdesk/connect/nhslogin"
	"frontdesk/core/identity"
	provider "frontdesk/test/nhslogin"
)

// fake is a provider that says what a test has it say, and lets everything pass.
type fake struct {
	*testing.T
	url string
	// token is the ID token and info what is said of the person; sign signs the token.
	token, info jwt.MapClaims
	sign        func(jwt.MapClaims) string
	own         *rsa.PrivateKey
	fail        map[string]int // statuses, by path
	asked       map[string]int
	assertions  map[string]bool
}

func signed(k *rsa.PrivateKey, method jwt.SigningMethod) func(jwt.MapClaims) string {
	return func(c jwt.MapClaims) string {
		t := jwt.NewWithClaims(method, c)
		t.Header["kid"] = "nhs-1"
		text, err := t.SignedString(k)
		if err != nil {
			panic(err)
		}
		return text
	}
}

func newFake(t *testing.T, nonce string) *fake {
	t.Helper()
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{T: t, own: own, sign: signed(own, jwt.SigningMethodRS512), fail: map[string]int{}, asked: map[string]int{},
		assertions: map[string]bool{}}
	jwks := map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "nhs-1", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(own.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(own.E)).Bytes())}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked[r.URL.Path]++
		if status := f.fail[r.URL.Path]; status != 0 {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error": "server_error", "secret": "Byron"}`))
			return
		}
		answer := any(jwks)
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			answer = map[string]any{"issuer": f.url, "authorization_endpoint": f.url + "/authorize",
				"token_endpoint": f.url + "/token", "userinfo_endpoint": f.url + "/userinfo", "jwks_uri": f.url + "/jwks",
				"id_token_signing_alg_values_supported": []string{"RS512", "RS256", "none"}}
		case "/token":
			f.asserted(r)
			answer = map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": f.sign(f.token)}
		case "/userinfo":
			answer = f.info
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	now := time.Now()
	f.token = jwt.MapClaims{"iss": f.url, "sub": "1", "aud": "frontdesk", "nonce": nonce, "vot": "P9.Cp.Cd",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	f.info = jwt.MapClaims{"sub": "1"}
	for name, value := range provider.Ada {
		f.info[name] = value
	}
	return f
}

// asserted checks how we prove who we are.
func (f *fake) asserted(r *http.Request) {
	var c jwt.RegisteredClaims
	t, err := jwt.ParseWithClaims(r.FormValue("client_assertion"), &c, func(*jwt.Token) (any, error) {
		return &key().PublicKey, nil
	}, jwt.WithValidMethods([]string{"RS512"}), jwt.WithExpirationRequired(), jwt.WithAudience(f.url+"/token"))
	switch {
	case err != nil || !t.Valid:
		f.Errorf("the assertion: %v", err)
	case c.Issuer != "frontdesk" || c.Subject != "frontdesk" || c.NotBefore != nil || f.assertions[c.ID]:
		f.Errorf("the assertion has %+v", c)
	}
	f.assertions[c.ID] = true
	if _, _, basic := r.BasicAuth(); basic || r.FormValue("client_secret") != "" || r.FormValue("code_verifier") == "" ||
		r.FormValue("redirect_uri") != back {
		f.Errorf("asked with %v", r.Form)
	}
}

func (f *fake) finish(a identity.Attempt) (identity.Claims, error) {
	return client(f.T, func(s *nhslogin.Settings) { s.Issuer = f.url }).Finish(f.Context(), "code", a)
}

func TestAnAnswerThatIsNotToBeTrustedIsRefused(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	refused, level, down := identity.ErrLoginRefused, identity.ErrLoginLevel, identity.ErrLoginDown
	for name, c := range map[string]struct {
		change func(*fake)
		want   error
	}{
		"as it should be":    {func(*fake) {}, nil},
		"a wrong nonce":      {func(f *fake) { f.token["nonce"] = "another" }, refused},
		"no nonce":           {func(f *fake) { delete(f.token, "nonce") }, refused},
		"expired":            {func(f *fake) { f.token["exp"] = time.Now().Add(-time.Minute).Unix() }, refused},
		"without an end":     {func(f *fake) { delete(f.token, "exp") }, refused},
		"made long ago":      {func(f *fake) { f.token["iat"] = time.Now().Add(-time.Hour).Unix() }, refused},
		"made tomorrow":      {func(f *fake) { f.token["iat"] = time.Now().Add(24 * time.Hour).Unix() }, refused},
		"for another client": {func(f *fake) { f.token["aud"] = "another" }, refused},
		"for others besides": {func(f *fake) { f.token["aud"] = []string{"frontdesk", "another"} }, refused},
		"of another issuer":  {func(f *fake) { f.token["iss"] = "https://auth.example.org" }, refused},
		"of another token":   {func(f *fake) { f.token["at_hash"] = "AAAA" }, refused},
		"another's claims":   {func(f *fake) { f.info["sub"] = "2" }, refused},
		"signed by another":  {func(f *fake) { f.sign = signed(stranger, jwt.SigningMethodRS512) }, refused},
		"no ID token":        {func(f *fake) { f.sign = func(jwt.MapClaims) string { return "" } }, refused},
		"signed with RS256":  {func(f *fake) { f.sign = signed(f.own, jwt.SigningMethodRS256) }, refused},
		"a low vector":       {func(f *fake) { f.token["vot"] = "P5.Cp.Cd" }, level},
		"no vector":          {func(f *fake) { delete(f.token, "vot") }, level},
		"a low level":        {func(f *fake) { f.info["identity_proofing_level"] = "P5" }, level},
		"no number":          {func(f *fake) { delete(f.info, "nhs_number") }, level},
		"a wrong number":     {func(f *fake) { f.info["nhs_number"] = "9990000019" }, level},
		"no date of birth":   {func(f *fake) { delete(f.info, "birthdate") }, level},
		"no name":            {func(f *fake) { delete(f.info, "family_name") }, level},
		"no tokens":          {func(f *fake) { f.fail["/token"] = 500 }, down},
		"no claims":          {func(f *fake) { f.fail["/userinfo"] = 503 }, down},
		"no configuration":   {func(f *fake) { f.fail["/.well-known/openid-configuration"] = 500 }, down},
		"keys out of reach":  {func(f *fake) { f.fail["/jwks"] = 503 }, refused},
		"an answer too long": {func(f *fake) { f.info["given_name"] = strings.Repeat("a", 2<<20) }, down},
		"not signed at all": {func(f *fake) {
			f.sign = func(c jwt.MapClaims) string {
				text, _ := jwt.NewWithClaims(jwt.SigningMethodNone, c).SignedString(jwt.UnsafeAllowNoneSignatureType)
				return text
			}
		}, refused},
	} {
		t.Run(name, func(t *testing.T) {
			a := attempt()
			f := newFake(t, a.Nonce)
			c.change(f)
			got, err := f.finish(a)
			if !errors.Is(err, c.want) || c.want == nil && got.LastName != "Byron" {
				t.Errorf("%+v, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "Byron") {
				t.Errorf("the error says who it was: %v", err)
			}
			if f.asked["/token"] > 1 {
				t.Errorf("the code was sent %d times", f.asked["/token"])
			}
		})
	}
}

func TestTheConfigurationIsAskedForWhenItIsNeededAndKept(t *testing.T) {
	a := attempt()
	f := newFake(t, a.Nonce)
	const path = "/.well-known/openid-configuration"
	now := time.Now()
	c, err := nhslogin.New(nhslogin.Settings{Issuer: f.url, ClientID: "frontdesk", Key: key(), Redirect: back},
		func() time.Time { return now })
	if err != nil || f.asked[path] != 0 {
		t.Fatalf("%v, asked %d times", err, f.asked[path])
	}
	for range 3 {
		at, err := c.Begin(t.Context(), a)
		if err != nil || !strings.Contains(at, "vtr=%5B%22P9.Cp.Cd%22") ||
			!strings.Contains(at, "code_challenge_method=S256") {
			t.Fatalf("%s, %v", at, err)
		}
	}
	if f.asked[path] != 1 {
		t.Errorf("asked %d times", f.asked[path])
	}
	now = now.Add(2 * time.Hour)
	f.fail[path] = 500
	if _, err := c.Begin(t.Context(), a); err != nil || f.asked[path] != 2 {
		t.Errorf("what was known does not stand in: %v", err)
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*nhslogin.Settings){
		"in the clear":  func(s *nhslogin.Settings) { s.Issuer = "http://auth.example.org" },
		"no client":     func(s *nhslogin.Settings) { s.ClientID = "" },
		"no key":        func(s *nhslogin.Settings) { s.Key = nil },
		"a small key":   func(s *nhslogin.Settings) { s.Key = small },
		"no address":    func(s *nhslogin.Settings) { s.Issuer = "auth" },
		"with a secret": func(s *nhslogin.Settings) { s.Issuer = "https://a:b@auth.example.org" },
	} {
		s := nhslogin.Settings{Issuer: nhslogin.Issuer, ClientID: "frontdesk", Key: key(), Redirect: back}
		change(&s)
		if _, err := nhslogin.New(s, time.Now); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
