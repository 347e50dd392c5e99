package store

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
)

type auditStore struct{ tx *Tx }

// AuditStore is what audit remembers.
func (db *DB) AuditStore() audit.Store { return auditStore{db.plain()} }

const auditColumns = `id, at, actor, key_id, key_group_id, request_id, action, entity, entity_id, before, after,
	door, operation, outcome, subjects, more`

const addAudit = `INSERT INTO audit (practice_group_id, id, at, actor, key_id, key_group_id, request_id, action,
		entity, entity_id, before, after, door, operation, outcome, subjects, more)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

const addAuditSubject = `INSERT INTO audit_subject (practice_group_id, kind, subject_id, audit_id)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT (practice_group_id, kind, subject_id, audit_id) DO NOTHING`

func auditRow(e audit.Entry) in {
	return in{
		e.Group, e.ID, e.At, e.Actor, e.KeyID, e.KeyGroup, e.RequestID, e.Action, e.Entity, e.EntityID, string(e.Before),
		string(e.After),
		e.Door, e.Operation, e.Outcome, joined(e.Subjects), e.More,
	}
}

// Audit keeps the entry of a change.
func (t *Tx) Audit(ctx context.Context, e audit.Entry) error {
	e.ID = t.db.NewID()
	audit.Seen(ctx, audit.Subject{Kind: e.Entity, ID: e.EntityID})
	_, err := t.exec(ctx, addAudit, auditRow(e)...)
	return err
}

// heldEntry is an entry of a read in a row of many. Without an actor, an action, a
// door or an outcome it has that of the entry before; without subjects its entity is
// the only one.
type heldEntry struct {
	ID        int64    `json:"i"`
	At        int64    `json:"t"` // microseconds since 1970
	Actor     string   `json:"w,omitempty"`
	KeyID     int64    `json:"k,omitempty"`
	KeyGroup  int64    `json:"g"`
	RequestID string   `json:"r,omitempty"`
	Action    string   `json:"a,omitempty"`
	Entity    string   `json:"e,omitempty"`
	EntityID  int64    `json:"n,omitempty"`
	Door      string   `json:"d,omitempty"`
	Operation string   `json:"o,omitempty"`
	Outcome   string   `json:"c,omitempty"`
	Subjects  []string `json:"s,omitempty"`
	More      int      `json:"m,omitempty"`
}

// KeepReads implements audit.Store. A row of its own for each entry, with its
// indexes, takes many times as long as all of them in one.
func (s auditStore) KeepReads(ctx context.Context, entries []audit.Entry) error {
	var groups []int64
	held := map[int64][]heldEntry{}
	for i := range entries {
		e := &entries[i]
		if held[e.Group] == nil {
			groups, held[e.Group] = append(groups, e.Group), make([]heldEntry, 0, len(entries))
		}
		held[e.Group] = append(held[e.Group], heldEntry{
			e.ID, e.At.UnixMicro(), e.Actor, e.KeyID, e.KeyGroup, e.RequestID, e.Action, e.Entity, e.EntityID, e.Door,
			e.Operation, e.Outcome,
			e.Subjects, e.More,
		})
	}
	rows := make([]in, len(groups))
	for i, group := range groups {
		var text strings.Builder
		shorten(held[group])
		if err := json.NewEncoder(&text).Encode(held[group]); err != nil {
			return err
		}
		rows[i] = in{group, s.tx.db.NewID(), text.String()}
	}
	return s.tx.db.do(ctx, func(t *Tx) error {
		return t.many(ctx, `INSERT INTO audit_held (practice_group_id, id, entries) VALUES ($1, $2, $3)`, rows)
	})
}

// shorten leaves out of entries what the one before says, and lengthen puts it back.
func shorten(all []heldEntry) {
	var last heldEntry
	for i := range all {
		h, was := &all[i], all[i]
		for _, text := range [...][2]*string{
			{&h.Actor, &last.Actor}, {&h.Action, &last.Action}, {&h.Door, &last.Door}, {&h.Outcome, &last.Outcome},
		} {
			if *text[0] == *text[1] {
				*text[0] = ""
			}
		}
		if len(h.Subjects) == 1 && h.Subjects[0] == h.subject() {
			h.Subjects = nil
		}
		last = was
	}
}

func lengthen(all []heldEntry) {
	var last heldEntry
	for i := range all {
		h := &all[i]
		h.Actor, h.Action = cmp.Or(h.Actor, last.Actor), cmp.Or(h.Action, last.Action)
		h.Door, h.Outcome = cmp.Or(h.Door, last.Door), cmp.Or(h.Outcome, last.Outcome)
		if len(h.Subjects) == 0 && h.EntityID != 0 {
			h.Subjects = []string{h.subject()}
		}
		last = *h
	}
}

func (h *heldEntry) subject() string { return h.Entity + ":" + strconv.FormatInt(h.EntityID, 10) }

// maxSettled is how many rows of many are made into rows of one at once.
const maxSettled = 20

// heldRow is a row of many.
type heldRow struct {
	id   int64
	text string
}

// Settle implements audit.Store.
func (s auditStore) Settle(ctx context.Context, group access.GroupID, many int) (more bool, err error) {
	err = s.tx.db.do(ctx, func(t *Tx) error {
		rows, err := list(ctx, t, `SELECT id, entries FROM audit_held WHERE practice_group_id = $1
			ORDER BY id LIMIT $2`+
			t.db.take,
			in{group, maxSettled}, func(scan scanner) (r heldRow, err error) {
				return r, scan(&r.id, &r.text)
			})
		if err != nil {
			return err
		}
		more = len(rows) == maxSettled
		var entries []audit.Entry
		var done []in
		for _, r := range rows {
			if len(entries) >= many {
				more = true
				break
			}
			if entries, err = unheld(entries, group, r.text); err != nil {
				return err
			}
			done = append(done, in{group, r.id})
		}
		if err := t.addReads(ctx, entries); err != nil {
			return err
		}
		return t.many(ctx, `DELETE FROM audit_held WHERE practice_group_id = $1 AND id = $2`, done)
	})
	return more, err
}

// unheld adds the entries of a row of many to others.
func unheld(entries []audit.Entry, group access.GroupID, text string) ([]audit.Entry, error) {
	var held []heldEntry
	err := json.NewDecoder(strings.NewReader(text)).Decode(&held)
	lengthen(held)
	for _, h := range held {
		entries = append(entries, audit.Entry{
			ID: h.ID, Group: int64(group), At: time.UnixMicro(h.At), Actor: h.Actor, KeyID: h.KeyID, KeyGroup: h.KeyGroup,
			RequestID: h.RequestID, Action: h.Action, Entity: h.Entity, EntityID: h.EntityID, Door: h.Door,
			Operation: h.Operation,
			Outcome:   h.Outcome, Subjects: h.Subjects, More: h.More,
		})
	}
	return entries, err
}

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

// ReadsBeforeAnswer implements audit.Store.
func (s auditStore) ReadsBeforeAnswer(ctx context.Context, group access.GroupID) (before bool, err error) {
	_, err = s.tx.one(ctx, `SELECT audit_before_answer FROM practice_group WHERE practice_group_id = $1`, in{group},
		&before)
	return before, err
}

// SetReadsBeforeAnswer implements audit.Store.
func (s auditStore) SetReadsBeforeAnswer(ctx context.Context, group access.GroupID, before bool, e audit.Entry) error {
	return s.tx.db.do(ctx, func(t *Tx) error {
		if _, err := t.exec(ctx, `UPDATE practice_group SET audit_before_answer = $2
			WHERE practice_group_id = $1`, group,
			before); err != nil {
			return err
		}
		return t.Audit(ctx, e)
	})
}

func scanAudit(group access.GroupID) func(scanner) (audit.Entry, error) {
	return func(scan scanner) (audit.Entry, error) {
		e := audit.Entry{Group: int64(group)}
		var before, then string
		err := scan(&e.ID, when{&e.At}, &e.Actor, &e.KeyID, &e.KeyGroup, &e.RequestID, &e.Action, &e.Entity, &e.EntityID,
			&before, &then,
			&e.Door, &e.Operation, &e.Outcome, words[string]{&e.Subjects}, &e.More)
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
func (s auditStore) Entries(ctx context.Context, group access.GroupID, q audit.Rows) ([]audit.Entry, error) {
	args := in{group, q.From, q.Until, q.Last, q.Limit}
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
	return list(ctx, s.tx, text, args, scanAudit(group))
}

// Trail lists a group's entries about one thing, oldest first.
func (db *DB) Trail(ctx context.Context, group int64, entity string, id int64, limit int) ([]audit.Entry, error) {
	return list(ctx, db.plain(), `SELECT `+auditColumns+
		` FROM audit WHERE practice_group_id = $1 AND entity = $2 AND entity_id = $3
		ORDER BY id LIMIT $4`, in{group, entity, id, limit}, scanAudit(access.GroupID(group)))
}
