package record

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Review is an entry with the patient whose record it is for.
type Review struct {
	Entry
	Of patient.Patient
}

// reviews puts the patients beside entries. Of a record that was deleted it says no more than that.
func reviews(ctx context.Context, r interface {
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
}, group practice.ID, all ...Entry) ([]Review, error) {
	ids := make([]patient.ID, len(all))
	for i, e := range all {
		ids[i] = e.Patient
	}
	people, err := r.PatientsByID(ctx, group, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[patient.ID]patient.Patient, len(people))
	for _, p := range people {
		if by[p.ID] = p; p.Deleted() {
			by[p.ID] = patient.Patient{ID: p.ID, DeletedAt: p.DeletedAt}
		}
	}
	out := make([]Review, len(all))
	for i, e := range all {
		out[i] = Review{e, by[e.Patient]}
	}
	return out, nil
}

// Query says which entries to list; those of any patient where none is named.
type Query struct {
	Patient       patient.ID
	Status        Status
	Offset, Limit int
}

// Search is what a caller looks for.
type Search struct {
	Patient             patient.ID
	Status              Status // empty is Pending
	PageIndex, PageSize int
}

// Statuses are all the states of an entry.
var Statuses = []Status{Pending, Approved, Written, Failed, Rejected}

// Find lists entries in a state, by default those that wait for approval, the
// oldest first, and how many there are in all, counted as input.CountTo says.
func (s *Service) Find(ctx context.Context, q Search) ([]Review, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	var in input.Checks
	find := Query{Patient: q.Patient, Status: q.Status, Offset: q.PageIndex * q.PageSize, Limit: q.PageSize}
	if find.Status == "" {
		find.Status = Pending
	}
	input.Choice(&in, "status", find.Status, Statuses)
	if err := in.Err(); err != nil {
		return nil, 0, err
	}
	found, count, err := s.Store.FindRecordEntries(ctx, who.Group, find)
	if err != nil {
		return nil, 0, err
	}
	out, err := reviews(ctx, s.Store, who.Group, found...)
	audit.Seen(ctx, out...)
	return out, count, err
}

// Review shows an entry to the member of staff who is to decide about it. Errors:
// access.ErrNotStaff, access.ErrPermission, ErrNotFound.
func (s *Service) Review(ctx context.Context, id int64) (Review, error) {
	who, err := access.Require(ctx, access.ApproveRecordEntries)
	if err != nil {
		return Review{}, err
	}
	e, err := s.Store.RecordEntry(ctx, who.Group, id)
	if err != nil {
		return Review{}, err
	}
	out, err := reviews(ctx, s.Store, who.Group, e)
	if err != nil {
		return Review{}, err
	}
	audit.Seen(ctx, out...)
	return out[0], nil
}

// Decide approves an entry for the record of the patient the caller has seen, or turns it down, and keeps who did. Only
// a member of staff who has signed in can: a program never approves what it proposed itself. Errors:
// access.ErrNotStaff, access.ErrPermission, ErrNotFound, ErrDecided, ErrOtherRecord, ErrNoRecord.
func (s *Service) Decide(ctx context.Context, id int64, seen patient.ID, approve bool) (Review, error) {
	who, err := access.Require(ctx, access.ApproveRecordEntries)
	if err != nil {
		return Review{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var out Review
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockRecordEntry(ctx, who.Group, id)
		if err != nil {
			return err
		}
		found, err := reviews(ctx, tx, who.Group, before)
		if err != nil {
			return err
		}
		out = found[0]
		switch {
		case before.Status != Pending:
			return ErrDecided
		case before.Patient != seen:
			return ErrOtherRecord
		case approve && out.Of.Deleted():
			return ErrNoRecord
		}
		e := &out.Entry
		e.Status, e.DecidedBy, e.Decider, e.DecidedAt, e.UpdatedAt = Rejected, who.Name(), who.Staff, now, now
		if approve {
			e.Status = Approved
		}
		if err := tx.SaveRecordEntry(ctx, who.Group, *e); err != nil {
			return err
		}
		if approve {
			if err := tx.Enqueue(ctx, WriteJob(who.Group, id)); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, who.Audit(now, "record.decide", "record_entry", id, before.Status, e.Status))
	})
	if errors.Is(err, ErrDecided) {
		return out, err
	}
	if err != nil {
		return Review{}, err
	}
	return out, nil
}
