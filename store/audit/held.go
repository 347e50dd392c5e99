package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"

	"frontdesk/store"
)

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
func (s *Store) KeepReads(ctx context.Context, entries []audit.Entry) error {
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
	rows := make([]store.In, len(groups))
	for i, group := range groups {
		var text strings.Builder
		shorten(held[group])
		if err := json.NewEncoder(&text).Encode(held[group]); err != nil {
			return err
		}
		rows[i] = store.In{group, s.NewID(), text.String()}
	}
	return s.db.Do(ctx, func(t store.Conn) error {
		return t.Many(ctx, `INSERT INTO audit_held (practice_group_id, id, entries) VALUES ($1, $2, $3)`, rows)
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
func (s *Store) Settle(ctx context.Context, group access.GroupID, many int) (more bool, err error) {
	err = s.db.Do(ctx, func(t store.Conn) error {
		rows, err := store.List(ctx, t, `SELECT id, entries FROM audit_held WHERE practice_group_id = $1
			ORDER BY id LIMIT $2`+
			store.Take(t),
			store.In{group, maxSettled}, func(scan store.Scanner) (r heldRow, err error) {
				return r, scan(&r.id, &r.text)
			})
		if err != nil {
			return err
		}
		more = len(rows) == maxSettled
		var entries []audit.Entry
		var done []store.In
		for _, r := range rows {
			if many <= 0 {
				more = true
				break
			}
			before := len(entries)
			if entries, err = unheld(entries, group, r.text); err != nil {
				return err
			}
			for _, e := range entries[before:] {
				many -= 1 + len(e.Subjects)
			}
			done = append(done, store.In{group, r.id})
		}
		if err := store.AuditReads(ctx, t, entries); err != nil {
			return err
		}
		return t.Many(ctx, `DELETE FROM audit_held WHERE practice_group_id = $1 AND id = $2`, done)
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
			ID: h.ID, Group: int64(group), At: time.UnixMicro(h.At), Actor: h.Actor, KeyID: h.KeyID,
			KeyGroup:  h.KeyGroup,
			RequestID: h.RequestID, Action: h.Action, Entity: h.Entity, EntityID: h.EntityID, Door: h.Door,
			Operation: h.Operation,
			Outcome:   h.Outcome, Subjects: h.Subjects, More: h.More,
		})
	}
	return entries, err
}
