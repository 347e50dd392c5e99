package key

import (
	"context"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// SessionLife is how long a session lasts.
const SessionLife = 12 * time.Hour

// Session is the right of a person who signed in, as kept: a hash and no text.
type Session struct {
	Group access.GroupID   `json:"practice_group_id,string"`
	ID    access.SessionID `json:"id,string"`
	// Staff is the member of staff who signed in, or Key is the key that was
	// used; the other is 0.
	Staff     int64        `json:"staff_id,omitempty,string"`
	Key       access.KeyID `json:"key_id,omitempty,string"`
	MadeAt    time.Time    `json:"made_at"`
	ExpiresAt time.Time    `json:"expires_at"`
	RevokedAt time.Time    `json:"revoked_at,omitzero"`
	LastUsed  time.Time    `json:"last_used_at,omitzero"` // to the minute
	Hash      []byte       `json:"-"`
}

const sessionPrefix = "fd_session_"

// ParseSession reads the group and the id out of a session's text. It does not say
// the session is good.
func ParseSession(text string) (access.GroupID, access.SessionID, bool) {
	rest, ok := strings.CutPrefix(text, sessionPrefix)
	group, id, whole := parse(rest)
	return group, access.SessionID(id), ok && whole
}

// BeginSession makes a session for a caller whose password was right, and gives its
// text, which is shown this once.
func (s *Service) BeginSession(
	ctx context.Context, who access.Caller, staff int64, key access.KeyID,
) (Session, string, error) {
	now := s.Now().Truncate(time.Microsecond)
	n := Session{
		Group: who.Group, ID: access.SessionID(s.NewID()), Staff: staff, Key: key, MadeAt: now,
		ExpiresAt: now.Add(SessionLife),
	}
	text := spell(sessionPrefix, n.Group, int64(n.ID))
	n.Hash = hash(text)
	err := s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddSession(ctx, n); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "session.begin", "session", int64(n.ID), nil, n))
	})
	return n, text, err
}

// ErrSessionNotFound is returned when an operator names a session the group lacks.
var ErrSessionNotFound = fault.New(fault.NotFound, "signed_in_session_not_found",
	"That practice group has no such session.")

// Sessions lists the group's sessions that have not ended, oldest first.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return nil, err
	}
	return s.Store.OpenSessions(ctx, who.Group, s.Now())
}

// RevokeSession ends a session at once, on every node. Revoking twice is revoking
// once.
func (s *Service) RevokeSession(ctx context.Context, id access.SessionID) error {
	who, err := access.Require(ctx, access.ManageKeys)
	if err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		found, err := tx.EndSession(ctx, who.Group, id, now)
		if err != nil {
			return err
		}
		if !found {
			return ErrSessionNotFound
		}
		return tx.Audit(ctx, who.Audit(now, "session.revoke", "session", int64(id), nil, nil))
	})
}

// EndSession ends the session the caller asks with. Ending it twice is ending it
// once.
func (s *Service) EndSession(ctx context.Context) error {
	who, ok := access.From(ctx)
	if !ok || who.Session == 0 {
		return ErrNoToken
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		if _, err := tx.EndSession(ctx, who.Home, who.Session, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "session.end", "session", int64(who.Session), nil, nil))
	})
}
