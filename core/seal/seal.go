// Package seal keeps secrets: it makes ones that cannot be guessed, and keeps those of
// other systems unreadable in the database, so that only a key that is not there
// opens them. With the same key it signs addresses, so that they cannot be made
// up.
package seal

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"frontdesk/core/fault"
)

// The faults of sealing.
var (
	// ErrNoKey is returned when a secret is to be kept and there is no key.
	ErrNoKey = fault.New(fault.Conflict, "no_seal_key",
		"There is no key to seal secrets with. Give one with --seal-key.")
	// ErrLink is returned for the secret of a link that was never given out, or is of
	// no use any more.
	ErrLink = fault.New(fault.NotFound, "link_not_found",
		"This link is not known, was used before, or is too old to use.")
	// ErrLinkLocked and ErrWrongBirthDate are returned for a link whose reader proves who they are by the date of birth.
	ErrLinkLocked = fault.New(fault.Forbidden, "link_locked",
		"A wrong date of birth was given too often. Contact your practice.")
	ErrWrongBirthDate = fault.New(fault.Forbidden, "wrong_birth_date", "That is not the date of birth we have.")
	// ErrCannotOpen is returned for what was sealed with another key, or was
	// changed since.
	ErrCannotOpen = fault.New(fault.Internal, "cannot_unseal",
		"A secret was sealed with another key. Give this program the key file it was sealed with.")
	// ErrBadKey is returned for a key file that is not one.
	ErrBadKey = fault.New(fault.Invalid, "bad_seal_key",
		"A seal key file has one key of 32 bytes, in Base64, on each line.")
)

// MaxWrongBirthDates is how many wrong dates of birth lock a link.
const MaxWrongBirthDates = 10

// KeySize is the length of a key in bytes.
const KeySize = 32

// Box seals with its first key and opens with any: a new key is put first, and
// the old ones stay until nothing is sealed with them.
type Box struct{ keys []key }

type key struct {
	id   [4]byte // the beginning of its SHA-256
	aead cipher.AEAD
	sign []byte // what it signs with, which is no key to what it seals
}

// NewKey makes a key, as a key file has it.
func NewKey() string {
	b := make([]byte, KeySize)
	rand.Read(b) // it never fails
	return base64.StdEncoding.EncodeToString(b)
}

// Parse reads a key file: keys on lines, of which those that begin with # are
// remarks. Error: ErrBadKey.
func Parse(file []byte) (*Box, error) {
	b := &Box{}
	lines := bufio.NewScanner(bytes.NewReader(file))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != KeySize {
			return nil, ErrBadKey
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(raw)
		b.keys = append(b.keys, key{[4]byte(sum[:4]), aead, signature(raw, "frontdesk", "signing key")})
	}
	if len(b.keys) == 0 {
		return nil, ErrBadKey
	}
	return b, lines.Err()
}

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewToken makes a secret for an address: 160 random bits in letters and digits.
func NewToken() string {
	b := make([]byte, 20)
	rand.Read(b) // it never fails
	return letters.EncodeToString(b)
}

// signature is an HMAC with SHA-256 (RFC 2104) of what is said about something.
func signature(key []byte, text, about string) []byte {
	h := hmac.New(sha256.New, key)
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(about))) // so that nothing of one can be taken for the other
	h.Write(length[:])
	h.Write([]byte(about))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Sign gives a text a signature no one else can make, as letters an address may
// hold. about says what it is for: it is no signature for anything else. Error:
// ErrNoKey.
func (b *Box) Sign(text, about string) (string, error) {
	if b == nil || len(b.keys) == 0 {
		return "", ErrNoKey
	}
	return base64.RawURLEncoding.EncodeToString(signature(b.keys[0].sign, text, about)), nil
}

// Signatures are those that Sign gave and gives with each key, the newest first: what was signed with an older key is
// found again among them. Error: ErrNoKey.
func (b *Box) Signatures(text, about string) ([]string, error) {
	if b == nil || len(b.keys) == 0 {
		return nil, ErrNoKey
	}
	all := make([]string, len(b.keys))
	for i, k := range b.keys {
		all[i] = base64.RawURLEncoding.EncodeToString(signature(k.sign, text, about))
	}
	return all, nil
}

// Signed reports whether a text was signed with one of the keys.
func (b *Box) Signed(text, sign, about string) bool {
	given, err := base64.RawURLEncoding.Strict().DecodeString(sign)
	if b == nil || err != nil {
		return false
	}
	return slices.ContainsFunc(b.keys, func(k key) bool { return hmac.Equal(given, signature(k.sign, text, about)) })
}

// Seal makes a secret unreadable. about says what it belongs to: it cannot be
// opened as anything else's. Error: ErrNoKey.
func (b *Box) Seal(secret []byte, about string) ([]byte, error) {
	if b == nil || len(b.keys) == 0 {
		return nil, ErrNoKey
	}
	k := b.keys[0]
	return k.aead.Seal(bytes.Clone(k.id[:]), nil, secret, []byte(about)), nil
}

// Open gives a sealed secret back. Errors: ErrNoKey, ErrCannotOpen.
func (b *Box) Open(sealed []byte, about string) ([]byte, error) {
	if b == nil || len(b.keys) == 0 {
		return nil, ErrNoKey
	}
	for _, k := range b.keys {
		if rest, ok := bytes.CutPrefix(sealed, k.id[:]); ok {
			secret, err := k.aead.Open(nil, nil, rest, []byte(about))
			if err == nil {
				return secret, nil
			}
		}
	}
	return nil, ErrCannotOpen.Because(fmt.Errorf("none of %d keys opens it", len(b.keys)))
}

// Sealed reports whether something is sealed with the first key, as far as its
// beginning tells.
func (b *Box) Sealed(sealed []byte) bool {
	return b != nil && len(b.keys) > 0 && bytes.HasPrefix(sealed, b.keys[0].id[:])
}

// Knows reports whether something is sealed with one of the keys, as far as its
// beginning tells.
func (b *Box) Knows(sealed []byte) bool {
	return b != nil && slices.ContainsFunc(b.keys, func(k key) bool { return bytes.HasPrefix(sealed, k.id[:]) })
}
