package govuk

import (
	"regexp"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// apiKey is an API key in its parts.
type apiKey struct {
	service string
	secret  []byte
}

// parseKey reads {name}-{service id}-{secret}. The name may have dashes of its
// own, and be missing.
func parseKey(s string) (apiKey, bool) {
	const one, both = 36, 73
	if len(s) < both {
		return apiKey{}, false
	}
	s = s[len(s)-both:]
	service, secret := s[:one], s[one+1:]
	if s[one] != '-' || !uuid.MatchString(service) || !uuid.MatchString(secret) {
		return apiKey{}, false
	}
	return apiKey{service, []byte(secret)}, true
}

// token is a token for one request. GOV.UK Notify takes it for half a minute.
func (k apiKey) token(now time.Time) string {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256,
		jwt.RegisteredClaims{Issuer: k.service, IssuedAt: jwt.NewNumericDate(now)})
	signed, err := t.SignedString(k.secret)
	if err != nil { // HMAC signs with any key
		return ""
	}
	return signed
}
