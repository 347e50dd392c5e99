package smtp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Anyone who knows an address may send mail to it, and a report is mail like any
// other: a forged one would have a message count as failed, and go by its
// other way to a patient who has it already. So a return path proves itself, as
// in VERP and in BATV: it has the message's key and a signature of that, and a
// report to any other is passed over.
//
// Sources: D. J. Bernstein, "Variable Envelope Return Paths"; J. Levine and
// others, "Bounce Address Tag Validation (BATV)", draft-levine-smtp-batv.
const (
	// signatureBits are 80: too many to guess by sending mail, and they are
	// sixteen letters without padding.
	signatureBits = 80
	signatureSize = signatureBits / 5
	// longestKey is the longest key there is: a practice group and a message of
	// 53 bits each to the base of 36, and a leg.
	longestKey = 11 + 1 + 11 + 1 + 1
	// leastSecret is how many characters the secret must have. Every patient has
	// a signature by it, and could try short ones for as long as they like.
	leastSecret = 16
)

// letters are those of a signature: mail servers may change the case of what is
// before the @, so it has none.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// signingKey is the key of the signatures of a secret, which by itself is for
// another use (RFC 5869, section 3.2).
func signingKey(secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	return hkdf.Key(sha256.New, []byte(secret), nil, "frontdesk smtp return path", sha256.Size)
}

// signature is that of a key, whatever its case.
func (c *Carrier) signature(key string) string {
	mac := hmac.New(sha256.New, c.signing)
	mac.Write([]byte(strings.ToLower(key)))
	return letters.EncodeToString(mac.Sum(nil)[:signatureBits/8])
}

// signed is a key with its signature. Without a secret no report is taken, and
// there is nothing to sign.
func (c *Carrier) signed(key string) string {
	if c.signing == nil {
		return key
	}
	return key + "-" + c.signature(key)
}

// verified is the key in what signed gave; empty when we have not signed it.
func (c *Carrier) verified(s string) string {
	s = strings.ToLower(s)
	at := len(s) - signatureSize - 1
	if c.signing == nil || at < 1 || s[at] != '-' {
		return ""
	}
	if !hmac.Equal([]byte(s[at+1:]), []byte(c.signature(s[:at]))) { // in constant time
		return ""
	}
	return s[:at]
}

// returnPath is where reports about a message go. Many a report does not name
// the message otherwise.
func (c *Carrier) returnPath(key string) string {
	if c.settings.BouncesTo == "" {
		return c.settings.From
	}
	at, signed := strings.LastIndexByte(c.settings.BouncesTo, '@'), c.signed(key)
	if c.signing == nil || at+1+len(signed) > maxLocal {
		return c.settings.BouncesTo
	}
	return c.settings.BouncesTo[:at] + "+" + signed + c.settings.BouncesTo[at:]
}
