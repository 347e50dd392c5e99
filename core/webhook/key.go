package webhook

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"frontdesk/core/input"
)

// Key signs an endpoint's deliveries.
type Key struct {
	// Secret is the shared one, as its owner gave it or as we made it.
	Secret string `json:"secret"`
	// Seed is the ed25519 key's.
	Seed []byte `json:"seed,omitempty"`
}

// secretSize is the length of a secret we make, in bytes.
const secretSize = 32

// NewSecret makes a secret that cannot be guessed, written as Standard Webhooks writes them.
func NewSecret() string {
	raw := make([]byte, secretSize)
	rand.Read(raw) // it never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(raw)
}

// newKey makes a key from a secret, or with the empty one from one of our own.
func newKey(secret string) Key {
	if secret == "" {
		secret = NewSecret()
	}
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	return Key{Secret: secret, Seed: seed}
}

// PublicKey is what the ed25519 signature is checked with, written as Standard Webhooks writes it.
func (k Key) PublicKey() string {
	if len(k.Seed) != ed25519.SeedSize {
		return ""
	}
	public := ed25519.NewKeyFromSeed(k.Seed).Public().(ed25519.PublicKey)
	return "whpk_" + base64.StdEncoding.EncodeToString(public)
}

// PublicKey is what an endpoint's ed25519 signatures are checked with; empty where it has none.
func (w Webhook) PublicKey() string {
	if !w.Asymmetric {
		return ""
	}
	return w.Secrets.Key.PublicKey()
}

// maxSecret is the longest secret a partner may give, in characters.
const maxSecret = 500

func checkSecret(c *input.Checks, secret string) string {
	secret = c.Text("signing_key", secret, maxSecret)
	if rest, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if raw, err := base64.StdEncoding.DecodeString(rest); err != nil || len(raw) < 16 {
			c.Wrong("signing_key", input.CodeString, "whsec_ and at least 16 bytes in Base64",
				"A key that begins with whsec_ goes on in Base64, with at least 16 bytes.")
		}
	}
	return secret
}

// Overlaps are how long the key before may go on signing after a change.
const (
	OverlapUsual = 24 * time.Hour
	OverlapMost  = 7 * 24 * time.Hour
)

// Rotate gives an endpoint another signing key: the one that is given, or one of our own making with the empty one. The
// key before signs too for overlap. The answer is the last time the new key is shown.
func (s *Service) Rotate(ctx context.Context, id ID, secret string, overlap time.Duration) (Webhook, error) {
	var c input.Checks
	secret = checkSecret(&c, secret)
	c.Between("overlap_hours", int(overlap/time.Hour), 0, int(OverlapMost/time.Hour))
	if err := c.Err(); err != nil {
		return Webhook{}, err
	}
	key := newKey(secret)
	return s.change(ctx, Standard, id, "webhook.rotate", func(w *Webhook, now time.Time) error {
		w.Secrets.Previous, w.PreviousUntil = Key{}, time.Time{}
		if overlap > 0 {
			w.Secrets.Previous, w.PreviousUntil = w.Secrets.Key, now.Add(overlap)
		}
		w.Secrets.Key = key
		return nil
	})
}
