package sim

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	tokenPath     = "/oauth2/token"
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

// Register makes an application known by its API key, and one of its public
// keys by the key's ID. An application may have several. A nil key registers
// the application alone, as it is before its owner has uploaded one.
func (p *PDS) Register(clientKey, kid string, pub *rsa.PublicKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.apps[clientKey] == nil {
		p.apps[clientKey] = map[string]*rsa.PublicKey{}
	}
	if pub != nil {
		p.apps[clientKey][kid] = pub
	}
}

// ForgetTokens makes every token issued so far worthless.
func (p *PDS) ForgetTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.tokens)
}

// token answers POST /oauth2/token.
func (p *PDS) token(r *http.Request) answer {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := r.PostForm // what is in the address does not count
	switch {
	case r.Method != http.MethodPost:
		return noToken(http.StatusMethodNotAllowed, "invalid_request", "Method not allowed - must be POST")
	case err != nil || media != formType:
		return noToken(http.StatusBadRequest, "invalid_request", "Missing or invalid Content-Type - must be '"+formType+"'")
	case form.Get("grant_type") == "":
		return noToken(http.StatusBadRequest, "invalid_request", "grant_type is missing")
	case form.Get("grant_type") != "client_credentials":
		return noToken(http.StatusBadRequest, "unsupported_grant_type", "grant_type is invalid")
	case form.Get("client_assertion_type") != assertionType:
		return noToken(http.StatusBadRequest, "invalid_request", "Missing or invalid client_assertion_type - must be '"+assertionType+"'")
	case form.Get("client_assertion") == "":
		return noToken(http.StatusBadRequest, "invalid_request", "Missing client_assertion")
	}
	address := p.TokenURL
	if address == "" {
		address = origin(r) + tokenPath
	}
	app, refused := p.verify(form.Get("client_assertion"), address)
	if refused != nil {
		return *refused
	}
	now := p.now()
	for old, g := range p.tokens {
		if !now.Before(g.until) {
			delete(p.tokens, old)
		}
	}
	token := rand.Text()
	p.tokens[token] = grant{app, now.Add(p.TokenLife)}
	return answer{status: http.StatusOK, media: "application/json", body: object{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   strconv.Itoa(int(p.TokenLife / time.Second)), // text, as the platform has it
		"issued_at":    strconv.FormatInt(now.UnixMilli(), 10),
	}}
}

// noToken refuses in the platform's own shape, which is not FHIR's.
func noToken(status int, code, description string) answer {
	return answer{status: status, media: "application/json", body: object{
		"error": code, "error_description": description, "message_id": "rrt-sim-" + rand.Text(),
	}}
}

// verify tells whose assertion it is: a JWT signed RS512 with a key that its
// issuer has registered, good for this address, for a short time, and once.
func (p *PDS) verify(assertion, address string) (string, *answer) {
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
	now, until := p.now(), time.Unix(exp, 0)
	keys, known := p.apps[iss]
	for _, c := range []struct {
		wrong  bool
		status int
		why    string
	}{
		{kid == "", http.StatusBadRequest, "Missing 'kid' header" + in},
		{head["typ"] != "JWT", http.StatusBadRequest, "Invalid 'typ' header" + in + " - must be 'JWT'"},
		{head["alg"] == nil, http.StatusBadRequest, "Missing 'alg' header" + in},
		{head["alg"] != "RS512", http.StatusBadRequest, "Invalid 'alg' header" + in + " - unsupported JWT algorithm - must be 'RS512'"},
		{iss == "" || iss != sub, http.StatusBadRequest, "Missing or non-matching 'iss'/'sub' claims" + in},
		{!known, http.StatusUnauthorized, "Invalid 'iss'/'sub' claims" + in},
		{claims["jti"] == nil || claims["jti"] == "", http.StatusBadRequest, "Missing 'jti' claim" + in},
		{!jtiIsText, http.StatusBadRequest, "Invalid 'jti' claim" + in + " - must be a unique string value such as a GUID"},
		{claims["aud"] != address, http.StatusUnauthorized, "Missing or invalid 'aud' claim" + in},
		{claims["exp"] == nil, http.StatusBadRequest, "Missing 'exp' claim" + in},
		{!expIsNumber || notWhole != nil, http.StatusBadRequest, "Invalid 'exp' claim" + in + " - must be an integer"},
		{!until.After(now), http.StatusBadRequest, "Invalid 'exp' claim" + in + " - JWT has expired"},
		{until.After(now.Add(assertionLife + clocksDiffer)), http.StatusBadRequest, "Invalid 'exp' claim" + in + " - more than 5 minutes in future"},
	} {
		if c.wrong {
			return "", refuse(c.status, c.why)
		}
	}
	return iss, p.check(keys, kid, parts[0]+"."+parts[1], signature, jti, until)
}

// check is the rest of verify, about the key and what has been used before.
func (p *PDS) check(keys map[string]*rsa.PublicKey, kid, signed string, signature []byte, jti string, until time.Time) *answer {
	if len(keys) == 0 {
		no := noToken(http.StatusForbidden, "public_key error", "You need to register a public key to use this authentication method - please contact support to configure")
		return &no
	}
	key := keys[kid]
	if key == nil {
		return refuse(http.StatusUnauthorized, "Invalid 'kid' header in client_assertion JWT - no matching public key")
	}
	sum := sha512.Sum512([]byte(signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA512, sum[:], signature) != nil {
		no := noToken(http.StatusUnauthorized, "public_key error", "JWT signature verification failed")
		return &no
	}
	now := p.now()
	for id, gone := range p.spent {
		if gone.Before(now) { // it would be refused as too old now
			delete(p.spent, id)
		}
	}
	if _, again := p.spent[jti]; again {
		return refuse(http.StatusBadRequest, "Non-unique 'jti' claim in client_assertion JWT")
	}
	p.spent[jti] = until
	return nil
}

func refuse(status int, why string) *answer {
	no := noToken(status, "invalid_request", why)
	return &no
}

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

// origin is the address a request came to.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s", scheme, r.Host)
}
