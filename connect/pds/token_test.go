package pds_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"frontdesk/core/demographics"
	"frontdesk/sim"
	"frontdesk/test/wait"
)

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	w := build(t, nil) // tokens last 599 seconds
	for _, c := range []struct {
		wait time.Duration
		want int
	}{{0, 1}, {time.Second, 1}, {537 * time.Second, 1}, {2 * time.Second, 2}, {500 * time.Second, 2}, {time.Hour, 3}} {
		w.clock.move(c.wait)
		if _, err := w.read(t, vaughan); err != nil {
			t.Fatal(err)
		}
		if got := w.tokens(); got != c.want {
			t.Fatalf("%v later: %d tokens, want %d", c.wait, got, c.want)
		}
	}
}

func TestManyAtOnceAskForOneToken(t *testing.T) {
	w := build(t, nil)
	w.Fail(sim.Failure{Kind: sim.FailSlow, Token: true, Wait: 100 * time.Millisecond})
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := w.client.Read(t.Context(), group, vaughan); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := w.tokens(); got != 1 {
		t.Errorf("%d tokens, want 1", got)
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	w := build(t, nil)
	if _, err := w.read(t, vaughan); err != nil {
		t.Fatal(err)
	}
	w.ForgetTokens()
	if p, err := w.read(t, vaughan); err != nil || p.NHSNumber != vaughan {
		t.Fatalf("got %+v, %v", p, err)
	}
	seen := w.people()
	if w.tokens() != 2 || len(seen) != 3 || seen[1].RequestID != seen[2].RequestID {
		t.Errorf("%d tokens, requests %+v", w.tokens(), seen)
	}
	if len(w.slept) != 0 {
		t.Errorf("waited %v for it", w.slept)
	}
}

// platform is a token endpoint and a service that can be told what to say.
type platform struct {
	mu                 sync.Mutex
	grant              string // the token endpoint's answer; %d counts
	assertions         []string
	granted, refused   int
	refuse             bool // every token
	contentTypes       []string
	authorization      []string
	clientAssertionFor []string
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method == http.MethodPost {
		p.granted++
		p.assertions = append(p.assertions, r.PostFormValue("client_assertion"))
		p.clientAssertionFor = append(p.clientAssertionFor, r.PostFormValue("grant_type")+" "+
			r.PostFormValue("client_assertion_type"))
		p.contentTypes = append(p.contentTypes, r.Header.Get("Content-Type"))
		body := p.grant
		if strings.Contains(body, "%d") {
			body = fmt.Sprintf(body, p.granted)
		}
		_, _ = w.Write([]byte(body))
		return
	}
	p.authorization = append(p.authorization, r.Header.Get("Authorization"))
	if p.refuse {
		p.refused++
		http.Error(w, `{"resourceType": "OperationOutcome"}`, http.StatusUnauthorized)
		return
	}
	_, _ = w.Write([]byte(`{"resourceType": "Patient", "id": "9991000003"}`))
}

func TestTwoRefusedTokensAreEnough(t *testing.T) {
	p := &platform{grant: `{"access_token": "t%d", "expires_in": "599"}`, refuse: true}
	w := build(t, func(o *options) { o.handler = p })
	if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrRefused) {
		t.Errorf("got %v", err)
	}
	if p.granted != 2 || p.refused != 2 || p.authorization[0] != "Bearer t1" || p.authorization[1] != "Bearer t2" {
		t.Errorf("%d tokens, %d refused, with %v", p.granted, p.refused, p.authorization)
	}
}

func TestTokenEndpointAnswers(t *testing.T) {
	for _, c := range []struct {
		name, grant string
		kept        bool
		want        error
	}{
		{"seconds as text", `{"access_token": "t", "expires_in": "599", "token_type": "Bearer", "issued_at": ` +
			`"1627882540000"}`, true, nil},
		{"seconds as a number", `{"access_token": "t", "expires_in": 599, "token_type": "bearer"}`, true, nil},
		{"a short life", `{"access_token": "t", "expires_in": 30}`, true, nil},
		{"no life told", `{"access_token": "t"}`, false, nil},
		{"a life that is over", `{"access_token": "t", "expires_in": -5}`, false, nil},
		{"a life without end", `{"access_token": "t", "expires_in": 1e300}`, true, nil},
		{"no token", `{"expires_in": 599}`, false, demographics.ErrDown},
		{"a token that would break a header", `{"access_token": "t\r\nX: y", "expires_in": 599}`, false,
			demographics.ErrDown},
		{"another kind of token", `{"access_token": "t", "expires_in": 599, "token_type": "mac"}`, false,
			demographics.ErrDown},
		{"seconds in words", `{"access_token": "t", "expires_in": "ten"}`, false, demographics.ErrDown},
		{"not JSON", `<html>`, false, demographics.ErrDown},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &platform{grant: c.grant}
			w := build(t, func(o *options) { o.handler = p })
			for range 2 {
				if _, err := w.read(t, vaughan); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			}
			if kept := p.granted == 1; c.want == nil && kept != c.kept {
				t.Errorf("%d tokens", p.granted)
			}
		})
	}
	t.Run("a life without end is believed for an hour", func(t *testing.T) {
		p := &platform{grant: `{"access_token": "t", "expires_in": 1e300}`}
		w := build(t, func(o *options) { o.handler = p })
		for range 2 {
			if _, err := w.read(t, vaughan); err != nil {
				t.Fatal(err)
			}
			w.clock.move(time.Hour)
		}
		if p.granted != 2 {
			t.Errorf("%d tokens, want 2", p.granted)
		}
	})
}

func TestAssertionClaims(t *testing.T) {
	p := &platform{grant: `{"access_token": "t"}`}
	w := build(t, func(o *options) { o.handler, o.settings.Audience = p, "https://api.example/oauth2/token" })
	for range 2 {
		if _, err := w.read(t, vaughan); err != nil {
			t.Fatal(err)
		}
	}
	used := map[any]bool{}
	for i, a := range p.assertions {
		claims := jwt.MapClaims{}
		token, err := jwt.ParseWithClaims(a, claims, func(*jwt.Token) (any, error) { return &key().PublicKey, nil },
			jwt.WithValidMethods([]string{"RS512"}), jwt.WithTimeFunc(w.clock.now), jwt.WithExpirationRequired())
		if err != nil {
			t.Fatal(err)
		}
		if token.Header["kid"] != keyID || token.Header["typ"] != "JWT" || len(token.Header) != 3 {
			t.Errorf("the header is %v", token.Header)
		}
		if claims["iss"] != apiKey || claims["sub"] != apiKey || claims["aud"] != "https://api.example/oauth2/token" ||
			len(claims) != 5 {
			t.Errorf("the claims are %v", claims)
		}
		until, err := claims.GetExpirationTime()
		if err != nil || until.Sub(w.clock.now()) > 5*time.Minute || until.Sub(w.clock.now()) < 4*time.Minute {
			t.Errorf("it is good until %v", until)
		}
		if jti, _ := claims["jti"].(string); !uuid4.MatchString(jti) || used[jti] {
			t.Errorf("jti %q", jti)
		}
		used[claims["jti"]] = true
		if p.contentTypes[i] != "application/x-www-form-urlencoded" ||
			p.clientAssertionFor[i] != "client_credentials urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			t.Errorf("it was sent as %s, for %s", p.contentTypes[i], p.clientAssertionFor[i])
		}
	}
	if len(used) != 2 {
		t.Errorf("%d assertions, want 2", len(used))
	}
}

func TestUnknownApplicationIsRefusedAtOnce(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*options){
		"a signature by another key": func(o *options) { o.settings.Key = other },
		"an unknown key id":          func(o *options) { o.settings.KeyID = "test-9" },
		"an unknown application": func(o *options) {
			o.settings.APIKey = "another-key"
		},
		"an assertion for another server": func(o *options) { o.settings.Audience = "https://other.example/token" },
	} {
		t.Run(name, func(t *testing.T) {
			w := build(t, change)
			if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrRefused) {
				t.Errorf("got %v", err)
			}
			if w.tokens() != 1 || len(w.people()) != 0 {
				t.Errorf("%d requests for a token, %d for a person", w.tokens(), len(w.people()))
			}
		})
	}
}

func TestTokenEndpointIsRetried(t *testing.T) {
	for _, kind := range passing {
		t.Run(kind, func(t *testing.T) {
			w := brisk(t)
			w.Fail(sim.Failure{Kind: kind, Times: 2, Token: true})
			if _, err := w.read(t, vaughan); err != nil || w.tokens() != 3 {
				t.Fatalf("got %v, with %d requests for a token", err, w.tokens())
			}
			w.ForgetTokens()
			w.Fail(sim.Failure{Kind: kind, Times: 9, Token: true})
			if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) || w.tokens() != 6 {
				t.Errorf("got %v, with %d requests for a token", err, w.tokens())
			}
		})
	}
}

// TestCancelledCallerDoesNotFailTheTokenForOthers has two wait for the same token, the first of whom goes away.
func TestCancelledCallerDoesNotFailTheTokenForOthers(t *testing.T) {
	w := build(t, nil)
	w.Fail(sim.Failure{Kind: sim.FailSlow, Token: true, Wait: 300 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := w.client.Read(ctx, group, vaughan); !errors.Is(err, demographics.ErrDown) {
			t.Errorf("got %v", err)
		}
	})
	wait.Until(t, "the first to ask for a token", func() bool { return w.tokens() > 0 })
	all.Go(func() {
		if _, err := w.client.Read(t.Context(), group, vaughan); err != nil {
			t.Error(err)
		}
	})
	cancel()
	all.Wait()
	if w.tokens() != 1 {
		t.Errorf("%d tokens, want 1", w.tokens())
	}
}
