package gateways

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const maxSkew = 30 * time.Second

// caller checks who is calling: a JWT with HS256 (RFC 7519), issued by the
// service within half a minute.
func (g *GovUK) caller(r *http.Request) (answer, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return notifyError(http.StatusUnauthorized, "AuthError", "Unauthorized, authentication token must be provided"), false
	}
	no := func(message string) (answer, bool) {
		return notifyError(http.StatusForbidden, "AuthError", message), false
	}
	parts := strings.Split(token, ".")
	var head struct{ Alg, Typ string }
	var claims struct {
		Iss string
		Iat *int64
	}
	if len(parts) != 3 || !part(parts[0], &head) || !part(parts[1], &claims) || head.Alg != "HS256" || head.Typ != "JWT" {
		return no("Invalid token: algorithm used is not HS256")
	}
	service, secret := g.keyParts()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1])) // a hash takes everything
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	switch {
	case claims.Iss != service:
		return no("Invalid token: service not found")
	case err != nil || !hmac.Equal(signature, mac.Sum(nil)):
		return no("Invalid token: API key not found")
	case claims.Iat == nil, g.now().Sub(time.Unix(*claims.Iat, 0)).Abs() > maxSkew:
		return no("Error: Your system clock must be accurate to within 30 seconds")
	}
	return answer{}, true
}

// keyParts are the service and the secret of the API key, which are its last 36
// characters and the 36 before them.
func (g *GovUK) keyParts() (service, secret string) {
	k := g.APIKey
	if len(k) < 73 {
		return "", k
	}
	return k[len(k)-73 : len(k)-37], k[len(k)-36:]
}

func part(s string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && json.Unmarshal(b, into) == nil
}
