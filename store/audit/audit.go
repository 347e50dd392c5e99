// Package audit keeps what core/audit remembers: held.go has reads that wait in rows of many, audit.go what is listed.
package audit

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/audit"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Store is what core/audit remembers.
type Store struct {
	store.Conn
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{db.Conn(), db} }

const auditColumns = `id, at, actor, key_id, key_group_id, request_id, action, entity, entity_id, before, after,
	door, operation, outcome, subjects, more`

// ReadsBeforeAnswer implements audit.Store.
func (s *Store) ReadsBeforeAnswer(ctx context.Context, group access.GroupID) (before bool, err error) {
	_, err = s.One(ctx, `SELECT audit_before_answer FROM practice_group WHERE practice_group_id = $1`, store.In{group},
		&before)
	return before, err
}

// SetReadsBeforeAnswer implements audit.Store.
func (s *Store) SetReadsBeforeAnswer(ctx context.Context, group access.GroupID, before bool, e audit.Entry) error {
	return s.db.Do(ctx, func(t store.Conn) error {
		if _, err := t.Exec(ctx, `UPDATE practice_group SET audit_before_answer = $2
			WHERE practice_group_id = $1`, group,
			before); err != nil {
			return err
		}
		return t.Audit(ctx, e)
	})
}

func scanAudit(group access.GroupID) func(store.Scanner) (audit.Entry, error) {
	return func(scan store.Scanner) (audit.Entry, error) {
		e := audit.Entry{Group: int64(group)}
		var before, then string
		err := scan(&e.ID, value.When(&e.At), &e.Actor, &e.KeyID, &e.KeyGroup, &e.RequestID, &e.Action, &e.Entity,
			&e.EntityID,
			&before, &then,
			&e.Door, &e.Operation, &e.Outcome, value.Words(&e.Subjects), &e.More)
		e.Before, e.After = []byte(before), []byte(then)
		return e, err
	}
}

// What each list of entries begins and ends with.
const (
	selectAudit = `SELECT ` + auditColumns + ` FROM audit WHERE practice_group_id = $1 `
	auditOn     = `AND at >= $2 AND at < $3 AND (at > $2 OR id > $4) `
	auditBack   = `AND at >= $2 AND at <= $3 AND (at < $3 OR id < $4) `
	oldestFirst = `ORDER BY at, id LIMIT $5`
	newestFirst = `ORDER BY at DESC, id DESC LIMIT $5`
	byActor     = `AND actor = $6 `
	bySubject   = `AND id IN (SELECT id FROM audit WHERE practice_group_id = $1 AND entity = $6 AND entity_id = $7
		UNION ALL SELECT audit_id FROM audit_subject WHERE practice_group_id = $1 AND kind = $6 AND subject_id = $7) `
)

// Entries implements audit.Store.
func (s *Store) Entries(ctx context.Context, group access.GroupID, q audit.Rows) ([]audit.Entry, error) {
	args := store.In{group, q.From, q.Until, q.Last, q.Limit}
	kind, id := q.Subject.Kind, q.Subject.ID
	var text string
	switch {
	case kind != "" && q.Newest:
		text, args = selectAudit+bySubject+auditBack+newestFirst, append(args, kind, id)
	case kind != "":
		text, args = selectAudit+bySubject+auditOn+oldestFirst, append(args, kind, id)
	case q.Actor != "" && q.Newest:
		text, args = selectAudit+byActor+auditBack+newestFirst, append(args, q.Actor)
	case q.Actor != "":
		text, args = selectAudit+byActor+auditOn+oldestFirst, append(args, q.Actor)
	case q.Newest:
		text = selectAudit + auditBack + newestFirst
	default:
		text = selectAudit + auditOn + oldestFirst
	}
	return store.List(ctx, s.Conn, text, args, scanAudit(group))
}

// Trail lists a group's entries about one thing, oldest first.
func (s *Store) Trail(ctx context.Context, group int64, entity string, id int64, limit int) ([]audit.Entry, error) {
	return store.List(ctx, s.Conn, `SELECT `+auditColumns+
		` FROM audit WHERE practice_group_id = $1 AND entity = $2 AND entity_id = $3
		ORDER BY id LIMIT $4`, store.In{group, entity, id, limit}, scanAudit(access.GroupID(group)))
}
