package hook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"frontdesk/core/courier"
)

const secretPrefix = "whsec_"

// sign adds the id, the time and the signatures. There are two recipes, so that
// receivers written for either can check:
//
//   - Hero's: lower-case hex of HMAC-SHA256 over "{timestamp}.{body}", keyed with
//     the text of the secret exactly as it was given. A receiver of that kind
//     expects one value. So X-Herohealth-Signature is always the newest
//     secret's, and while a secret is being changed the one before signs
//     X-Herohealth-Signature-Previous. A receiver that cannot look at both takes
//     over the new secret before it is put to use.
//   - Standard Webhooks': one v1 for each secret, HMAC-SHA256 over
//     "{id}.{timestamp}.{body}", then one v1a for each Ed25519 key over the same.
//
// A parcel without secrets has no signature, and of Hero's headers none.
//
// v1 is signed by the library of Standard Webhooks. v1a it does not have, so that is
// ours, as are the recipes of Hero and Semble.
func sign(h http.Header, p *courier.Parcel) {
	stamp := strconv.FormatInt(p.At.Unix(), 10)
	h["webhook-id"] = []string{p.ID}
	h["webhook-timestamp"] = []string{stamp}
	var list []string
	signed := 0
	for _, secret := range p.Secrets {
		if secret == "" {
			continue // anyone could sign with it
		}
		switch hero := mac([]byte(secret), stamp, p.Body); signed {
		case 0:
			h["X-Herohealth-Timestamp"] = []string{stamp}
			h["X-Herohealth-Signature"] = []string{hero}
		case 1:
			h["X-Herohealth-Signature-Previous"] = []string{hero}
		}
		signed++
		if v1, err := signer(secret).Sign(p.ID, p.At, p.Body); err == nil { // it never fails
			list = append(list, v1)
		}
	}
	for _, seed := range p.Ed25519 {
		if len(seed) != ed25519.SeedSize {
			continue
		}
		content := slices.Concat([]byte(p.ID+"."+stamp+"."), p.Body)
		v1a := ed25519.Sign(ed25519.NewKeyFromSeed(seed), content)
		list = append(list, "v1a,"+base64.StdEncoding.EncodeToString(v1a))
	}
	if len(list) > 0 {
		h["webhook-signature"] = []string{strings.Join(list, " ")}
	}
}

// signSemble adds the time and the signature as the GraphQL API documents
// them: lower-case hex of HMAC-SHA256 over "{timestamp}.{body}", keyed with the
// text of the secret.
func signSemble(h http.Header, p *courier.Parcel) {
	stamp := strconv.FormatInt(p.At.Unix(), 10)
	h["X-Webhook-Timestamp"] = []string{stamp}
	if len(p.Secrets) > 0 && p.Secrets[0] != "" {
		h["X-Webhook-Signature"] = []string{"t=" + stamp + ",v1=" + mac([]byte(p.Secrets[0]), stamp, p.Body)}
	}
}

// mac is lower-case hex of HMAC-SHA256 (RFC 2104) over "{timestamp}.{body}".
func mac(key []byte, stamp string, body []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// signer signs as Standard Webhooks does: keyed with the bytes a whsec_ secret stands
// for. A secret that is not one, since a practice chose it, is its own text.
func signer(secret string) *standardwebhooks.Webhook {
	if text, ok := strings.CutPrefix(secret, secretPrefix); ok && text != "" {
		if w, err := standardwebhooks.NewWebhook(secret); err == nil {
			return w
		}
	}
	w, _ := standardwebhooks.NewWebhookRaw([]byte(secret)) // it never fails
	return w
}
