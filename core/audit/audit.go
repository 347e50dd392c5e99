// Package audit is the trail of who changed what, and who saw whom.
//
//	audit.go  entries, what is kept of them and how it is found again
//	seen.go   what one request has read, collected along the way
//	group.go  reads written many at once, and what bounds them
//	list.go   the trail listed and exported
//
// A change is kept by the transaction that makes it: Caller.Audit makes the entry
// and the transaction's Audit keeps it. A read says what it has shown with Seen.
// The door hands over once for each request, before the answer begins, and what
// several requests have seen is written together.
package audit

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// Entry is one entry of the trail.
type Entry = access.Entry

// Snapshot encodes a thing for Entry's Before or After; nil gives nothing.
func Snapshot(v any) json.RawMessage { return access.Snapshot(v) }

// Store is what audit needs remembered.
type Store interface {
	// KeepReads keeps what was seen, of several groups, in one transaction and as
	// cheaply as can be. Entries does not find it until it is settled.
	KeepReads(ctx context.Context, entries []Entry) error
	// Settle has the oldest of a group's entries that are not settled be found, about
	// as many rows of entries and subjects as asked, and reports whether there are more.
	Settle(ctx context.Context, group access.GroupID, many int) (more bool, err error)
	// ReadsBeforeAnswer reports whether a group wants what was seen to be written
	// before the answer, and SetReadsBeforeAnswer keeps it.
	ReadsBeforeAnswer(ctx context.Context, group access.GroupID) (bool, error)
	SetReadsBeforeAnswer(ctx context.Context, group access.GroupID, on bool, e Entry) error
	// Entries lists entries of a group.
	Entries(ctx context.Context, group access.GroupID, q Rows) ([]Entry, error)
}

// ErrBusy is returned to a request when what was seen cannot be written in time.
// It is not answered.
var ErrBusy = fault.New(fault.Unavailable, "audit_unavailable",
	"This could not be written into the audit trail, so it was not answered. Try again shortly.").After(2 * time.Second)

// Service is the audit trail.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64

	group
	settings sync.Map // access.GroupID to setting
}

// setting is whether a group wants reads written before the answer, as it was
// last read.
type setting struct {
	before bool
	until  time.Time
}

// SettingLife is how long a group's setting is believed before it is read again.
const SettingLife = 10 * time.Second

func (s *Service) beforeAnswer(ctx context.Context, group access.GroupID) (bool, error) {
	now := s.Now()
	if known, ok := s.settings.Load(group); ok && now.Before(known.(setting).until) {
		return known.(setting).before, nil
	}
	before, err := s.Store.ReadsBeforeAnswer(ctx, group)
	if err == nil {
		s.settings.Store(group, setting{before, now.Add(SettingLife)})
	}
	return before, err
}

// SetReadsBeforeAnswer has reads of the group's data written before they are
// answered, or grouped. Every node follows within SettingLife.
func (s *Service) SetReadsBeforeAnswer(ctx context.Context, before bool) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	e := who.Audit(s.Now(), "audit.reads", "practice_group", int64(who.Group), nil,
		map[string]bool{"before_answer": before})
	if err := s.Store.SetReadsBeforeAnswer(ctx, who.Group, before, e); err != nil {
		return err
	}
	s.settings.Delete(who.Group)
	return nil
}

// ReadsBeforeAnswer reports how reads of the group's data are written.
func (s *Service) ReadsBeforeAnswer(ctx context.Context) (bool, error) {
	who, err := access.Require(ctx, access.SeeAudit)
	if err != nil {
		return false, err
	}
	return s.Store.ReadsBeforeAnswer(ctx, who.Group)
}
