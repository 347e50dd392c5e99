package hook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"frontdesk/core/webhook"
)

const (
	secretPrefix = "whsec_"
	publicPrefix = "whpk_"
)

// sign adds the id, the time and the signatures. There are two recipes, so that
// receivers written for either can check:
//
//   - Hero's: lower-case hex of HMAC-SHA256 over "{timestamp}.{body}", keyed with
//     the text of the secret exactly as it was given. A receiver of that kind
//     expects one value. So X-Herohealth-Signature is always the newest
//     secret's, and while a secret is being changed the one before signs
//     X-Herohealth-Signature-Previous. Whoever cannot look at both takes over the
//     new secret before it is put to use.
//   - Standard Webhooks': one v1 for each secret, HMAC-SHA256 over
//     "{id}.{timestamp}.{body}", then one v1a for each Ed25519 key over the same.
//
// A parcel without secrets has no signature, and of Hero's headers none.
func sign(h http.Header, p *webhook.Parcel) {
	// The content is "{id}.{timestamp}." and the body; Hero's is the same
	// without the id. The body is not copied to put them together.
	head := make([]byte, 0, len(p.ID)+22)
	head = append(append(head, p.ID...), '.')
	head = append(strconv.AppendInt(head, p.At.Unix(), 10), '.')
	stamp := string(head[len(p.ID)+1 : len(head)-1])
	h["webhook-id"] = []string{p.ID}
	h["webhook-timestamp"] = []string{stamp}

	list := make([]byte, 0, 48*len(p.Secrets)+93*len(p.Ed25519))
	var sum [sha256.Size]byte
	signed := 0
	for _, secret := range p.Secrets {
		if secret == "" {
			continue // anyone could sign with it
		}
		raw := []byte(secret)
		switch hero := mac(sum[:0], raw, head[len(p.ID)+1:], p.Body); signed {
		case 0:
			h["X-Herohealth-Timestamp"] = []string{stamp}
			h["X-Herohealth-Signature"] = []string{hex.EncodeToString(hero)}
		case 1:
			h["X-Herohealth-Signature-Previous"] = []string{hex.EncodeToString(hero)}
		}
		signed++
		list = append(list, " v1,"...)
		list = base64.StdEncoding.AppendEncode(list, mac(sum[:0], key(secret, raw), head, p.Body))
	}
	for _, seed := range p.Ed25519 {
		if len(seed) != ed25519.SeedSize {
			continue
		}
		whole := append(head[:len(head):len(head)], p.Body...) // it is read twice to be signed
		list = append(list, " v1a,"...)
		list = base64.StdEncoding.AppendEncode(list, ed25519.Sign(ed25519.NewKeyFromSeed(seed), whole))
	}
	if len(list) > 0 {
		h["webhook-signature"] = []string{string(list[1:])}
	}
}

// signSubscription adds the time and the signature as the GraphQL API documents
// them: lower-case hex of HMAC-SHA256 over "{timestamp}.{body}", keyed with the
// text of the secret.
func signSubscription(h http.Header, p *webhook.Parcel) {
	stamp := strconv.FormatInt(p.At.Unix(), 10)
	h["X-Webhook-Timestamp"] = []string{stamp}
	if len(p.Secrets) > 0 && p.Secrets[0] != "" {
		h["X-Webhook-Signature"] = []string{"t=" + stamp + ",v1=" + hex.EncodeToString(mac(nil, []byte(p.Secrets[0]), []byte(stamp+"."), p.Body))}
	}
}

// mac appends HMAC-SHA256 (RFC 2104) of head and body together.
func mac(to, key, head, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(head)
	h.Write(body)
	return h.Sum(to)
}

// key is what Standard Webhooks keys its HMAC with: the bytes a whsec_ secret
// stands for. A secret that is not one, since a practice chose it, is its own
// text.
func key(secret string, raw []byte) []byte {
	if text, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && len(decoded) > 0 {
			return decoded
		}
	}
	return raw
}
