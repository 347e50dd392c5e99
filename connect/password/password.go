// Package password keeps passwords as argon2id hashes (RFC 9106), so that they
// cannot be read and are slow to guess.
package password

import (
	"context"
	"sync"

	"github.com/alexedwards/argon2id"
)

// Hasher makes and checks hashes, a few at a time: each takes a lot of memory,
// and a client that sends many passwords shall not use it all.
type Hasher struct {
	params *argon2id.Params
	turns  chan struct{}
	// unmatched is a hash that no password matches, checked where an account has none.
	unmatched func() (string, error)
}

// atOnce is how many hashes are worked out at a time.
const atOnce = 2

// New is a hasher with the parameters of OWASP's Password Storage Cheat Sheet
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html):
// 19 MiB, two passes, one lane.
func New() *Hasher {
	h := &Hasher{
		params: &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		turns:  make(chan struct{}, atOnce),
	}
	// A program without sign-ins need not make it.
	h.unmatched = sync.OnceValues(func() (string, error) { return argon2id.CreateHash("", h.params) })
	return h
}

// Hash makes the hash of a password.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.turn(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.turns }()
	return argon2id.CreateHash(password, h.params)
}

// Matches reports whether it is the password of a hash. Nothing matches the empty
// hash, and finding that out takes as long.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.turn(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.turns }()
	known := hash != ""
	unmatched, err := h.unmatched()
	if err != nil {
		return false, err
	}
	if !known {
		hash = unmatched
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	return match && known, err
}

func (h *Hasher) turn(ctx context.Context) error {
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
