// Package nhsapi is the front of NHS England's API platform, as its simulated
// services share it: applications and their keys, and access tokens for signed
// assertions. It is stricter than kind.
//
// Source: NHS England, "Application-restricted RESTful APIs - signed JWT
// authentication".
package nhsapi

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Path is where tokens are asked for.
const Path = "/oauth2/token"

type object = map[string]any

const (
	formType      = "application/x-www-form-urlencoded"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// An assertion may be good for five minutes; the platform lets clocks differ
	// by a little.
	assertionLife = 300 * time.Second
	clocksDiffer  = 5 * time.Second
)

// grant is what an access token stands for.
type grant struct {
	app   string
	until time.Time
}

// Tokens is the platform's token endpoint.
type Tokens struct {
	now func() time.Time

	mu     sync.Mutex // guards all below
	apps   map[string]map[string]*rsa.PublicKey
	tokens map[string]grant
	spent  map[string]time.Time // the jti of each assertion used, until it is too old anyway
}

// NewTokens is a token endpoint that knows no application yet.
func NewTokens(now func() time.Time) *Tokens {
	return &Tokens{now: now, apps: map[string]map[string]*rsa.PublicKey{}, tokens: map[string]grant{},
		spent: map[string]time.Time{}}
}

// Register makes an application known by its API key, and one of its public
// keys by the key's ID. An application may have several. A nil key registers
// the application alone, as it is before its owner has uploaded one.
func (t *Tokens) Register(clientKey, kid string, pub *rsa.PublicKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.apps[clientKey] == nil {
		t.apps[clientKey] = map[string]*rsa.PublicKey{}
	}
	if pub != nil {
		t.apps[clientKey][kid] = pub
	}
}

// Forget makes every token issued so far worthless.
func (t *Tokens) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.tokens)
}

// Caller is the application that makes a request, or why it may not.
func (t *Tokens) Caller(r *http.Request) (app, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	header := r.Header.Get("Authorization")
	token, bearer := strings.CutPrefix(header, "Bearer ")
	g, known := t.tokens[token]
	switch {
	case header == "":
		return "", "Missing Authorization header"
	case !bearer || token == "":
		return "", "Missing access token"
	case !known:
		return "", "Invalid Access Token"
	case !t.now().Before(g.until):
		return "", "Access Token expired"
	}
	return g.app, ""
}

// refusal is an answer without a token.
type refusal struct {
	status int
	body   object
}

// Answer answers POST /oauth2/token, once the request's form has been read, with
// a token that is good for so long. An assertion's audience must be address, or
// when that is empty, where the request came to.
func (t *Tokens) Answer(r *http.Request, address string, life time.Duration) (int, map[string]any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if no := malformed(r); no != nil {
		return no.status, no.body
	}
	if address == "" {
		address = Origin(r) + Path
	}
	app, no := t.verify(r.PostForm.Get("client_assertion"), address)
	if no != nil {
		return no.status, no.body
	}
	now := t.now()
	for old, g := range t.tokens {
		if !now.Before(g.until) {
			delete(t.tokens, old)
		}
	}
	token := rand.Text()
	t.tokens[token] = grant{app, now.Add(life)}
	return http.StatusOK, object{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   strconv.Itoa(int(life / time.Second)), // text, as the platform has it
		"issued_at":    strconv.FormatInt(now.UnixMilli(), 10),
	}
}

// malformed refuses what is no request for a token.
func malformed(r *http.Request) *refusal {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := r.PostForm // what is in the address does not count
	switch {
	case r.Method != http.MethodPost:
		return deny(http.StatusMethodNotAllowed, "invalid_request", "Method not allowed - must be POST")
	case err != nil || media != formType:
		return deny(http.StatusBadRequest, "invalid_request", "Missing or invalid Content-Type - must be '"+formType+
			"'")
	case form.Get("grant_type") == "":
		return deny(http.StatusBadRequest, "invalid_request", "grant_type is missing")
	case form.Get("grant_type") != "client_credentials":
		return deny(http.StatusBadRequest, "unsupported_grant_type", "grant_type is invalid")
	case form.Get("client_assertion_type") != assertionType:
		return deny(http.StatusBadRequest, "invalid_request", "Missing or invalid client_assertion_type - must be '"+
			assertionType+"'")
	case form.Get("client_assertion") == "":
		return deny(http.StatusBadRequest, "invalid_request", "Missing client_assertion")
	}
	return nil
}

// Refusal is what the endpoint says in place of a token, which is in the
// platform's own shape.
func Refusal(code, description string) map[string]any {
	return object{"error": code, "error_description": description, "message_id": "rrt-sim-" + rand.Text()}
}

func deny(status int, code, description string) *refusal {
	return &refusal{status, Refusal(code, description)}
}

// verify tells whose assertion it is: a JWT signed RS512 with a key that its
// issuer has registered, good for this address, for a short time, and once.
func (t *Tokens) verify(assertion, address string) (string, *refusal) {
	const in = " in client_assertion JWT"
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "", refuse(http.StatusBadRequest, "Malformed JWT in client_assertion")
	}
	head, claims := jsonPart(parts[0]), jsonPart(parts[1])
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || head == nil || claims == nil {
		return "", refuse(http.StatusBadRequest, "Malformed JWT in client_assertion")
	}
	kid, _ := head["kid"].(string)
	iss, _ := claims["iss"].(string)
	sub, _ := claims["sub"].(string)
	jti, jtiIsText := claims["jti"].(string)
	number, expIsNumber := claims["exp"].(json.Number)
	exp, notWhole := number.Int64()
	now, until := t.now(), time.Unix(exp, 0)
	keys, known := t.apps[iss]
	for _, c := range []struct {
		wrong  bool
		status int
		why    string
	}{
		{kid == "", http.StatusBadRequest, "Missing 'kid' header" + in},
		{head["typ"] != "JWT", http.StatusBadRequest, "Invalid 'typ' header" + in + " - must be 'JWT'"},
		{head["alg"] == nil, http.StatusBadRequest, "Missing 'alg' header" + in},
		{head["alg"] != "RS512", http.StatusBadRequest, "Invalid 'alg' header" + in +
			" - unsupported JWT algorithm - must be 'RS512'"},
		{iss == "" || iss != sub, http.StatusBadRequest, "Missing or non-matching 'iss'/'sub' claims" + in},
		{!known, http.StatusUnauthorized, "Invalid 'iss'/'sub' claims" + in},
		{claims["jti"] == nil || claims["jti"] == "", http.StatusBadRequest, "Missing 'jti' claim" + in},
		{!jtiIsText, http.StatusBadRequest, "Invalid 'jti' claim" + in +
			" - must be a unique string value such as a GUID"},
		{claims["aud"] != address, http.StatusUnauthorized, "Missing or invalid 'aud' claim" + in},
		{claims["exp"] == nil, http.StatusBadRequest, "Missing 'exp' claim" + in},
		{!expIsNumber || notWhole != nil, http.StatusBadRequest, "Invalid 'exp' claim" + in + " - must be an integer"},
		{!until.After(now), http.StatusBadRequest, "Invalid 'exp' claim" + in + " - JWT has expired"},
		{until.After(now.Add(assertionLife + clocksDiffer)), http.StatusBadRequest, "Invalid 'exp' claim" + in +
			" - more than 5 minutes in future"},
	} {
		if c.wrong {
			return "", refuse(c.status, c.why)
		}
	}
	return iss, t.check(keys, kid, parts[0]+"."+parts[1], signature, jti, until)
}

// check is the rest of verify, about the key and what has been used before.
func (t *Tokens) check(
	keys map[string]*rsa.PublicKey, kid, signed string, signature []byte, jti string, until time.Time,
) *refusal {
	if len(keys) == 0 {
		return deny(http.StatusForbidden, "public_key error",
			"You need to register a public key to use this authentication method - please contact support to configure")
	}
	key := keys[kid]
	if key == nil {
		return refuse(http.StatusUnauthorized, "Invalid 'kid' header in client_assertion JWT - no matching public key")
	}
	sum := sha512.Sum512([]byte(signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA512, sum[:], signature) != nil {
		return deny(http.StatusUnauthorized, "public_key error", "JWT signature verification failed")
	}
	now := t.now()
	for id, gone := range t.spent {
		if gone.Before(now) { // it would be refused as too old now
			delete(t.spent, id)
		}
	}
	if _, again := t.spent[jti]; again {
		return refuse(http.StatusBadRequest, "Non-unique 'jti' claim in client_assertion JWT")
	}
	t.spent[jti] = until
	return nil
}

func refuse(status int, why string) *refusal { return deny(status, "invalid_request", why) }

// jsonPart reads a part of a JWT; it is nil when that is no JSON object.
// Numbers stay as they were written: 1.0 is not an integer.
func jsonPart(part string) object {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil
	}
	var out object
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&out) != nil || d.More() {
		return nil
	}
	return out
}

// Origin is the address a request came to.
func Origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
