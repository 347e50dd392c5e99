package store

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/store/index"
	"frontdesk/store/value"
)

const addAudit = `INSERT INTO audit (practice_group_id, id, at, actor, key_id, key_group_id, request_id, action,
		entity, entity_id, before, after, door, operation, outcome, subjects, more)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

func auditRow(e audit.Entry) in {
	return in{
		e.Group, e.ID, e.At, e.Actor, e.KeyID, e.KeyGroup, e.RequestID, e.Action, e.Entity, e.EntityID,
		string(e.Before), string(e.After), e.Door, e.Operation, e.Outcome, value.Joined(e.Subjects), e.More,
	}
}

// Audit keeps the entry of a change, and finds it by all that it has shown.
func (t *Tx) Audit(ctx context.Context, e audit.Entry) error {
	e.ID = t.db.NewID()
	audit.Seen(ctx, audit.Subject{Kind: e.Entity, ID: e.EntityID})
	if _, err := t.exec(ctx, addAudit, auditRow(e)...); err != nil {
		return err
	}
	return t.many(ctx, index.AddSubject, index.Subjects(e))
}

// addReads keeps the entries of reads, whose ids are theirs already, and finds each by all that it is about.
func (t *Tx) addReads(ctx context.Context, entries []audit.Entry) error {
	rows := make([]in, len(entries))
	var subjects []in
	for i, e := range entries {
		rows[i] = auditRow(e)
		subjects = append(subjects, index.Subjects(e)...)
	}
	if err := t.many(ctx, addAudit, rows); err != nil || len(subjects) == 0 {
		return err
	}
	return t.many(ctx, index.AddSubject, subjects)
}
