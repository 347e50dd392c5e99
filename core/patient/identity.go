package patient

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// IdentityCheck is a page for somebody who could not be identified from what
// was given. It tells nothing of any patient.
type IdentityCheck struct {
	ID   int64
	Hash []byte // SHA-256 of the token
	// Reason is why, for the practice: details_differ, several_match or
	// no_birth_date.
	Reason    string
	CreatedAt time.Time
	ExpiresAt time.Time
	// URL is where the page is; only known when the check has just been made.
	URL string
}

// Reference is what the person quotes to the practice.
func (c IdentityCheck) Reference() string {
	s := strings.ToUpper(strconv.FormatInt(c.ID, 36))
	return s[max(0, len(s)-8):]
}

// UnsureMessage is what a caller is told instead of a patient.
const UnsureMessage = "We could not confirm this person's identity from the details given. Ask them to open login_url, then register them again."

// CheckLife is how long the page of an identity check is there.
const CheckLife = 7 * 24 * time.Hour

// ErrNoCheck is returned for a token that was never given out, or has expired.
var ErrNoCheck = fault.New(fault.NotFound, "link_not_found", "This link is not known, or is too old to use.")

// newToken makes a secret that cannot be guessed, and what is kept of it.
func newToken() (token string, hash []byte) {
	token = seal.NewToken()
	sum := sha256.Sum256([]byte(token))
	return token, sum[:]
}

// unsure sends somebody to a page instead of telling of anybody.
func (s *Service) unsure(ctx context.Context, who access.Caller, now time.Time, reason string) (Registered, error) {
	token, hash := newToken()
	c := IdentityCheck{ID: s.NewID(), Hash: hash, Reason: reason, CreatedAt: now, ExpiresAt: now.Add(CheckLife)}
	c.URL = s.Pages() + "/verify/" + strconv.FormatInt(int64(who.Group), 36) + "-" + token
	err := s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddIdentityCheck(ctx, who.Group, c); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "patient.unidentified", "identity_check", c.ID, nil, map[string]string{"reason": reason, "reference": c.Reference()}))
	})
	return Registered{Check: c}, err
}

// IdentityCheck finds the check a link leads to, and its practice group. Anybody
// with the link may ask. Error: ErrNoCheck.
func (s *Service) IdentityCheck(ctx context.Context, link string) (IdentityCheck, practice.ID, error) {
	group, token, ok := strings.Cut(link, "-")
	id, err := strconv.ParseInt(group, 36, 64)
	if !ok || err != nil || id <= 0 || len(token) > 64 {
		return IdentityCheck{}, 0, ErrNoCheck
	}
	sum := sha256.Sum256([]byte(token))
	c, err := s.Store.IdentityCheck(ctx, practice.ID(id), sum[:])
	if err == nil && !s.Now().Before(c.ExpiresAt) {
		err = ErrNoCheck
	}
	return c, practice.ID(id), err
}

// Forget deletes previews of merges and identity checks that have expired.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.RequirePermission(ctx, access.Setup)
	if err != nil {
		return err
	}
	return s.Store.Forget(ctx, who.Group, s.Now())
}
