package key

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// How long the key that another one takes the place of goes on working, and how long it may.
const (
	DefaultOverlap = 24 * time.Hour
	MostOverlap    = 30 * 24 * time.Hour
)

// The faults of keys that keys make.
var (
	// ErrBeyond is returned to a caller who would make a key that may do more than the caller.
	ErrBeyond = fault.New(fault.Forbidden, "beyond_caller", "A key cannot give another one more than it may do itself.")
	// ErrEnded is returned to a caller who would have a key replaced that no longer works.
	ErrEnded = fault.New(fault.Conflict, "key_ended",
		"That key was revoked or has expired. Make a new one.")
	// ErrReplaced is returned to a caller who would have a key replaced a second time, while it works for its overlap.
	ErrReplaced = fault.New(fault.Conflict, "key_replaced",
		"That key was replaced already. Replace the key that took its place, or make a new one.")
)

// RotateKey makes a key in place of another, with the same holder, scopes, permissions, role and limit, and gives its
// text, which is shown this once. The old one goes on working for the overlap, which may be nothing, or until it
// expires.
// A key that was made for a time is replaced by one for as long, and a key is replaced once. Errors: ErrNotFound,
// ErrEnded, ErrReplaced, ErrBeyond, a fault of the field overlap_hours.
func (s *Service) RotateKey(ctx context.Context, id access.KeyID, overlap time.Duration) (Key, string, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return Key{}, "", err
	}
	if overlap < 0 || overlap > MostOverlap {
		return Key{}, "", fault.Wrong("overlap_hours", input.CodeChoice,
			fmt.Sprintf("0 to %d hours", MostOverlap/time.Hour), "The old key may go on working for 30 days.")
	}
	before, err := known(s.Store.APIKey(ctx, who.Group, id))
	if err != nil {
		return Key{}, "", err
	}
	if err := s.within(ctx, who, before); err != nil {
		return Key{}, "", err
	}
	var made Key
	var text string
	err = s.Store.Do(ctx, func(tx Tx) error {
		old, err := known(tx.LockAPIKey(ctx, who.Group, id))
		if err != nil {
			return err
		}
		now := s.Now()
		if old.ended(now) != nil {
			return ErrEnded
		}
		if replaced, err := tx.APIKeyReplaced(ctx, who.Group, id); err != nil || replaced {
			return cmp.Or(err, error(ErrReplaced))
		}
		made, text = s.spelt(old.next(now), who.Group, now)
		left := old.until(now, overlap)
		for _, k := range []Key{left, made} {
			if err := tx.SaveAPIKey(ctx, k); err != nil {
				return err
			}
		}
		if err := tx.Audit(ctx, who.Audit(now, "key.rotate", "api_key", int64(id), old, left)); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "key.create", "api_key", int64(made.ID), nil, made))
	})
	return made, text, err
}

// next is a key to be made in place of this one.
func (k Key) next(now time.Time) Key {
	n := k
	n.Replaces, n.LastUsed = k.ID, time.Time{}
	if !k.ExpiresAt.IsZero() {
		n.ExpiresAt = now.Add(k.ExpiresAt.Sub(k.CreatedAt))
	}
	return n
}

// until is a key that ends after the overlap, or as it would have.
func (k Key) until(now time.Time, overlap time.Duration) Key {
	end := now.Add(overlap)
	switch {
	case overlap == 0:
		k.RevokedAt = now
	case k.ExpiresAt.IsZero() || end.Before(k.ExpiresAt):
		k.ExpiresAt = end
	}
	return k
}

// within refuses a key that may do what the caller who makes it may not, and one in the name of another partner, whose
// webhooks it would see. Errors: ErrBeyond, a fault of the field role.
func (s *Service) within(ctx context.Context, who access.Caller, k Key) error {
	may := access.OfKey(k.Scopes, k.Permissions)
	if k.Role != "" {
		role, err := s.RoleNamed(ctx, who.Group, k.Role)
		if err != nil {
			return err
		}
		may = access.OfRole(role.Name, role.Permissions)
	}
	for _, p := range may {
		if !who.May(p) {
			return ErrBeyond
		}
	}
	if k.Partner != who.Actor && !who.May(access.SeeAllWebhooks) {
		return ErrBeyond.Saying("Making a key for another partner needs the permission staff besides.")
	}
	if most := who.Limit; most > 0 && who.Key != 0 {
		limit := s.Limit
		if k.Limit != nil {
			limit = *k.Limit
		}
		if limit == 0 || limit > most {
			return ErrBeyond.Saying(fmt.Sprintf("A key with at most %d requests a minute can make none with more.", most))
		}
	}
	return nil
}

// lasting refuses a new key that would work for longer than the key which makes it. Error: ErrBeyond.
func (s *Service) lasting(ctx context.Context, who access.Caller, k Key) error {
	if who.Key == 0 {
		return nil
	}
	own, err := s.Store.APIKey(ctx, who.Home, who.Key)
	if err != nil || own.ExpiresAt.IsZero() || !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(own.ExpiresAt) {
		return err
	}
	return ErrBeyond.Saying("A key that ends can make none that ends later. Give it an end with expires_at.")
}
