package nhsapi

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/singleflight"
)

const (
	// assertionLife is how long an assertion is good for. NHS England allows
	// five minutes; the one we leave is for clocks that do not agree.
	assertionLife = 4 * time.Minute
	// early is how long before its end a token is not used any more.
	early = time.Minute
	// maxLife is the longest life of a token believed.
	maxLife = time.Hour
	// maxGrant is the longest answer of a token endpoint read.
	maxGrant = 1 << 20
)

// Application is who asks for tokens, and where.
type Application struct {
	// TokenURL is where access tokens come from.
	TokenURL string
	// Audience is the aud of the assertion, where it is not TokenURL.
	Audience string
	// APIKey is the application's key: iss and sub of the assertion.
	APIKey string
	// KeyID names the key that signs, as registered with NHS England.
	KeyID string
	Key   *rsa.PrivateKey
	// Timeout is the longest one request may take.
	Timeout time.Duration
}

// Check says what is wrong with it.
func (a Application) Check() error {
	if err := CheckAddress(a.TokenURL); err != nil {
		return fmt.Errorf("token URL: %w", err)
	}
	switch {
	case a.APIKey == "":
		return errors.New("no API key")
	case a.KeyID == "":
		return errors.New("no key id")
	case a.Key == nil:
		return errors.New("no private key")
	}
	return nil
}

// Tokens gets access tokens and keeps the last one.
type Tokens struct {
	app    Application
	http   *http.Client
	now    func() time.Time
	flight singleflight.Group

	mu    sync.Mutex
	value string
	until time.Time
}

// NewTokens gets tokens for an application.
func NewTokens(a Application, c *http.Client, now func() time.Time) *Tokens {
	if a.Audience == "" {
		a.Audience = a.TokenURL
	}
	return &Tokens{app: a, http: c, now: now}
}

// Get gives a token that is good for a while yet. Many who want one at once
// wait for the same request. Its error is a Failure.
func (t *Tokens) Get(ctx context.Context) (string, error) {
	if value := t.kept(); value != "" {
		return value, nil
	}
	got := t.flight.DoChan("", func() (any, error) {
		if value := t.kept(); value != "" {
			return value, nil
		}
		// Not the caller's own time limit: others wait for it too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.app.Timeout)
		defer cancel()
		return t.fetch(ctx)
	})
	select {
	case r := <-got:
		value, _ := r.Val.(string)
		return value, r.Err
	case <-ctx.Done():
		return "", &Failure{What: "token", Cause: ctx.Err(), Again: true}
	}
}

func (t *Tokens) kept() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Before(t.until) {
		return t.value
	}
	return ""
}

// Drop forgets a token that was refused, unless there is another by now.
func (t *Tokens) Drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == value {
		t.value, t.until = "", time.Time{}
	}
}

// grant is the token endpoint's answer.
type grant struct {
	Token string `json:"access_token"`
	Type  string `json:"token_type"`
	// ExpiresIn is in seconds. NHS England writes it as a string, others as a
	// number; both are read.
	ExpiresIn json.Number `json:"expires_in"`
}

// bearer is what can stand in an Authorization header.
var bearer = regexp.MustCompile(`^[\x21-\x7e]+$`)

// fetch asks for a token. Its error is a Failure.
func (t *Tokens) fetch(ctx context.Context) (string, error) {
	asked := t.now()
	assertion, err := t.assertion(asked)
	if err != nil {
		return "", &Failure{What: "token", Status: http.StatusUnauthorized, Cause: err}
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.app.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &Failure{What: "token", Cause: ErrNoRequest}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", UserAgent)
	a, f := Send(t.http, req, t.now, maxGrant)
	if f != nil {
		f.What = "token"
		return "", f
	}
	if a.Status != http.StatusOK {
		return "", &Failure{What: "token", Status: a.Status, Code: oauthError(a.Body), Again: Passing(a.Status), Wait: a.Wait}
	}
	var g grant
	if json.Unmarshal(a.Body, &g) != nil || !bearer.MatchString(g.Token) || g.Type != "" &&
		!strings.EqualFold(g.Type, "bearer") {
		return "", &Failure{What: "token", Status: a.Status, Cause: ErrUnreadable, Again: true}
	}
	seconds, _ := g.ExpiresIn.Float64() // not told: not kept
	life := time.Duration(min(max(seconds, 0), maxLife.Seconds()) * float64(time.Second))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value, t.until = g.Token, asked.Add(life-min(early, life/2))
	return g.Token, nil
}

// assertion is who we are, signed. A jti is never used twice.
func (t *Tokens) assertion(now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS512, jwt.MapClaims{
		"iss": t.app.APIKey, "sub": t.app.APIKey, "aud": t.app.Audience,
		"jti": NewUUID(), "exp": now.Add(assertionLife).Unix(),
	})
	token.Header["kid"] = t.app.KeyID
	return token.SignedString(t.app.Key)
}

var plainCode = regexp.MustCompile(`^[A-Za-z_]{1,64}$`)

// oauthError is the code of a refusal (RFC 6749, section 5.2).
func oauthError(body []byte) string {
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &refusal) != nil || !plainCode.MatchString(refusal.Error) {
		return ""
	}
	return refusal.Error
}
