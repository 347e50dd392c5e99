package pds

import (
	"context"
	"encoding/json"
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
)

// tokens gets access tokens and keeps the last one.
type tokens struct {
	settings Settings
	http     *http.Client
	now      func() time.Time
	flight   singleflight.Group

	mu    sync.Mutex
	value string
	until time.Time
}

// get gives a token that is good for a while yet. Many who want one at once
// wait for the same request.
func (t *tokens) get(ctx context.Context) (string, error) {
	if value := t.kept(); value != "" {
		return value, nil
	}
	got := t.flight.DoChan("", func() (any, error) {
		if value := t.kept(); value != "" {
			return value, nil
		}
		// Not the caller's own time limit: others wait for it too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.settings.Timeout)
		defer cancel()
		return t.fetch(ctx)
	})
	select {
	case r := <-got:
		value, _ := r.Val.(string)
		return value, r.Err
	case <-ctx.Done():
		return "", &failure{what: "token", cause: ctx.Err(), again: true}
	}
}

func (t *tokens) kept() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Before(t.until) {
		return t.value
	}
	return ""
}

// drop forgets a token that was refused, unless there is another by now.
func (t *tokens) drop(value string) {
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

// fetch asks for a token. Its error is a failure.
func (t *tokens) fetch(ctx context.Context) (string, error) {
	asked := t.now()
	assertion, err := t.assertion(asked)
	if err != nil {
		return "", &failure{what: "token", status: http.StatusUnauthorized, cause: err}
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.settings.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &failure{what: "token", cause: errNoRequest}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	a, f := send(t.http, req, t.now)
	if f != nil {
		f.what = "token"
		return "", f
	}
	if a.status != http.StatusOK {
		return "", &failure{what: "token", status: a.status, code: oauthError(a.body), again: passing(a.status), wait: a.wait}
	}
	var g grant
	if json.Unmarshal(a.body, &g) != nil || !bearer.MatchString(g.Token) || g.Type != "" && !strings.EqualFold(g.Type, "bearer") {
		return "", &failure{what: "token", status: a.status, cause: errSenseless, again: true}
	}
	seconds, _ := g.ExpiresIn.Float64() // not told: not kept
	life := time.Duration(min(max(seconds, 0), maxLife.Seconds()) * float64(time.Second))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value, t.until = g.Token, asked.Add(life-min(early, life/2))
	return g.Token, nil
}

// assertion is who we are, signed. A jti is never used twice.
func (t *tokens) assertion(now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS512, jwt.MapClaims{
		"iss": t.settings.APIKey, "sub": t.settings.APIKey, "aud": t.settings.Audience,
		"jti": newUUID(), "exp": now.Add(assertionLife).Unix(),
	})
	token.Header["kid"] = t.settings.KeyID
	return token.SignedString(t.settings.Key)
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
