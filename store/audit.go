package store

import (
	"context"
	"strconv"
	"strings"

	"frontdesk/core/audit"
)

const addAudit = `INSERT INTO audit (practice_group_id, id, at, actor, key_id, key_group_id, request_id, action,
		entity, entity_id, before, after, door, operation, outcome, subjects, more)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

const addAuditSubject = `INSERT INTO audit_subject (practice_group_id, kind, subject_id, audit_id)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT (practice_group_id, kind, subject_id, audit_id) DO NOTHING`

func auditRow(e audit.Entry) in {
	return in{
		e.Group, e.ID, e.At, e.Actor, e.KeyID, e.KeyGroup, e.RequestID, e.Action, e.Entity, e.EntityID,
		string(e.Before), string(e.After), e.Door, e.Operation, e.Outcome, joined(e.Subjects), e.More,
	}
}

// Audit keeps the entry of a change, and finds it by all that it has shown.
func (t *Tx) Audit(ctx context.Context, e audit.Entry) error {
	e.ID = t.db.NewID()
	audit.Seen(ctx, audit.Subject{Kind: e.Entity, ID: e.EntityID})
	if _, err := t.exec(ctx, addAudit, auditRow(e)...); err != nil {
		return err
	}
	return t.many(ctx, addAuditSubject, besides(e))
}

// addReads keeps the entries of reads, whose ids are theirs already, and finds each by all that it is about.
func (t *Tx) addReads(ctx context.Context, entries []audit.Entry) error {
	rows := make([]in, len(entries))
	var subjects []in
	for i, e := range entries {
		rows[i] = auditRow(e)
		subjects = append(subjects, besides(e)...)
	}
	if err := t.many(ctx, addAudit, rows); err != nil || len(subjects) == 0 {
		return err
	}
	return t.many(ctx, addAuditSubject, subjects)
}

// besides are the rows of what an entry is about besides its entity.
func besides(e audit.Entry) (rows []in) {
	for _, s := range e.Subjects {
		if kind, id := subject(s); kind != e.Entity || id != e.EntityID {
			rows = append(rows, in{e.Group, kind, id, e.ID})
		}
	}
	return rows
}

func subject(text string) (kind string, id int64) {
	kind, digits, _ := strings.Cut(text, ":")
	id, _ = strconv.ParseInt(digits, 10, 64) // made by us
	return kind, id
}
