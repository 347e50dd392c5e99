// Package idempotency does a request once, however often it is sent: see
// docs/decisions/idempotency.md.
//
//	idempotency.go  claims, and the first answer again for a repeated request
//	outside.go      calls to the outside world from such a request
package idempotency

import (
	"cmp"
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/seal"
)

// ClaimLife is how long the answer to a request with an idempotency key is kept.
const ClaimLife = 24 * time.Hour

// MaxKey is the longest idempotency key, in bytes.
const MaxKey = 255

// The faults of idempotency.
var (
	ErrMismatch = fault.New(fault.Mismatch, "idempotency_key_reused",
		"This idempotency key was used before with another request.")
	// ErrAnswerLost is returned for a request that was answered, and whose answer
	// cannot be read any more.
	ErrAnswerLost = fault.New(fault.Conflict, "answer_lost", "A request with this idempotency key was answered "+
		"before. It was not done again, and that answer cannot be shown any more.")
	ErrLongKey = fault.Wrong("idempotency_key", input.CodeBig, "at most 255 printable characters",
		"The idempotency key is too long or has characters that cannot be printed.")
)

// Claim is one request that must happen at most once.
type Claim struct {
	Group access.GroupID // the key holder's own group
	// Key is the key, or the member of staff who signed in: no two have one id.
	Key access.KeyID
	// Name is the caller's idempotency key.
	Name string
	// Fingerprint is a hash of everything the request asks.
	Fingerprint []byte
	At          time.Time
	// InParts says that a part of the request that fails leaves no trace and the
	// others alone. Otherwise nothing of the request is kept.
	InParts bool
}

// ClaimOf is a caller's claim on a request. What members of staff send is theirs,
// whichever session it came in.
func ClaimOf(c access.Caller, name string, fingerprint []byte) Claim {
	holder := c.Key
	if holder == 0 {
		holder = access.KeyID(c.Staff)
	}
	return Claim{Group: c.Home, Key: holder, Name: name, Fingerprint: fingerprint}
}

// Answer is what was sent back.
type Answer struct {
	Status int
	Type   string // media type of Body
	Body   []byte
}

// Keep reports whether a repeat of the request gets this answer again: it is
// about the request, not about who asks, how often, or our own trouble.
func (a Answer) Keep() bool {
	switch a.Status {
	case 401, 403, 429:
		return false
	}
	return a.Status < 500
}

// Store keeps the answers.
type Store interface {
	// Once runs a request at most once for its claim; see Service.Once.
	Once(ctx context.Context, c Claim, run func(context.Context) Answer) (Answer, bool, error)
	// ForgetClaims deletes up to limit claims of the group made before the
	// time, and says how many.
	ForgetClaims(ctx context.Context, group access.GroupID, before time.Time, limit int) (int, error)
}

// Service keeps answers, and gives them again.
type Service struct {
	Store Store
	Now   func() time.Time
	// Box gives what answers are sealed with while they are kept: some have secrets
	// that are shown once.
	Box func() (*seal.Box, error)
}

// Once runs a request in one transaction with the note of its answer: after a
// crash either both are there or neither. A request with the same claim gets
// the first answer again, and true. Error: ErrMismatch when the claim's
// fingerprint is another.
//
// run is called with a context in which every transaction joins this one; it
// must not call the outside world but through Outside, and may be called again
// from the start.
func (s *Service) Once(ctx context.Context, c Claim, run func(context.Context) Answer) (Answer, bool, error) {
	if len(c.Name) > MaxKey {
		return Answer{}, false, ErrLongKey
	}
	for _, r := range c.Name {
		if r < ' ' || r > '~' {
			return Answer{}, false, ErrLongKey
		}
	}
	c.At = s.Now()
	box, err := s.Box()
	if err != nil {
		return Answer{}, false, err
	}
	about := c.Group.String() + "/answer/" + c.Key.String() + "/" + c.Name
	var failed error
	a, again, err := aside(ctx, func(ctx context.Context) (Answer, bool, error) {
		return s.Store.Once(ctx, c, func(ctx context.Context) Answer {
			a := run(ctx)
			a.Body, failed = box.Seal(a.Body, about)
			if failed != nil {
				a.Status = 500 // nothing of it is kept
			}
			return a
		})
	})
	if err = cmp.Or(failed, err); err != nil {
		return a, again, err
	}
	if a.Body, err = box.Open(a.Body, about); errors.Is(err, seal.ErrCannotOpen) {
		err = ErrAnswerLost.Because(err) // it was sealed with a key that is gone
	}
	return a, again, err
}

// forgetChunk bounds what one transaction of Forget deletes.
const forgetChunk = 1000

// Forget deletes the answers that have been kept long enough.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	for {
		n, err := s.Store.ForgetClaims(ctx, who.Group, s.Now().Add(-ClaimLife), forgetChunk)
		if err != nil || n < forgetChunk {
			return err
		}
	}
}
