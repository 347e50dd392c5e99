package key

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
)

// Keep writes entries of what was asked into the group's log, in one transaction.
func (s *Service) Keep(ctx context.Context, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		for _, e := range entries {
			if err := tx.Audit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Log lists the group's entries of a time, oldest first.
func (s *Service) Log(ctx context.Context, from, to time.Time, after int64, limit int) ([]audit.Entry, error) {
	who, err := access.Require(ctx, access.SeeAudit)
	if err != nil {
		return nil, err
	}
	return s.Store.Log(ctx, who.Group, from, to, after, limit)
}

// LogBack lists them from the other end, newest first.
func (s *Service) LogBack(ctx context.Context, from, to time.Time, before int64, limit int) ([]audit.Entry, error) {
	who, err := access.Require(ctx, access.SeeAudit)
	if err != nil {
		return nil, err
	}
	return s.Store.LogBack(ctx, who.Group, from, to, before, limit)
}
