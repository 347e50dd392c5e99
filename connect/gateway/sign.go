package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

const (
	headerTimestamp = "X-Frontdesk-Timestamp"
	headerSignature = "X-Frontdesk-Signature"
	// tolerance is how far a call's time may be from ours.
	tolerance = 5 * time.Minute
)

// sign is hex HMAC-SHA256(secret, "{timestamp}.{body}").
func sign(secret []byte, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp)) // a hash takes everything
	mac.Write([]byte{'.'})
	mac.Write(body)
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0]))
}

// signed says whether a call was signed with the secret a short while ago.
func signed(secret []byte, h http.Header, body []byte, now time.Time) bool {
	stamp := h.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Unix(seconds, 0).Sub(now).Abs() > tolerance {
		return false
	}
	return hmac.Equal([]byte(h.Get(headerSignature)), []byte(sign(secret, stamp, body)))
}
