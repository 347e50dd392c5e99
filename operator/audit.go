package operator

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/connector"
)

// AuditEntry is an entry of a group's log, as the command line shows it.
type AuditEntry struct {
	ID        int64           `json:"id,string"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	KeyID     int64           `json:"key_id,string,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Door      string          `json:"door,omitempty"`
	Operation string          `json:"operation,omitempty"`
	Action    string          `json:"action"`
	Entity    string          `json:"entity,omitempty"`
	EntityID  int64           `json:"entity_id,string,omitempty"`
	Subjects  []string        `json:"subjects,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
}

// AuditColumns are the headings of a row.
var AuditColumns = []string{"id", "at", "actor", "key_id", "request_id", "door", "operation", "action", "entity", "entity_id", "subjects", "outcome", "before", "after"}

// Row is the entry as a row.
func (e AuditEntry) Row() []string {
	digits := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		digits(e.ID), e.At.UTC().Format(time.RFC3339Nano), e.Actor, digits(e.KeyID), e.RequestID, e.Door, e.Operation, e.Action, e.Entity,
		digits(e.EntityID), strings.Join(e.Subjects, " "), e.Outcome, string(e.Before), string(e.After),
	}
}

func shownEntry(e audit.Entry) AuditEntry {
	out := AuditEntry{
		ID: e.ID, At: e.At, Actor: e.Actor, KeyID: e.KeyID, RequestID: e.RequestID, Door: e.Door, Operation: e.Operation, Action: e.Action,
		Entity: e.Entity, EntityID: e.EntityID, Subjects: e.Subjects, Outcome: e.Outcome,
	}
	if e.Entity == "connector" { // earlier versions kept addresses as they were
		e.Before, e.After = []byte(connector.Hide(string(e.Before))), []byte(connector.Hide(string(e.After)))
	}
	if len(e.Before) > 0 {
		out.Before = e.Before
	}
	if len(e.After) > 0 {
		out.After = e.After
	}
	return out
}

// auditPart is how many entries are read at once.
const auditPart = 1000

// Audit gives a group's log of a time to each, oldest first, a part at a time so
// that a long one needs no memory. A limit of 0 is none.
func (o *Operator) Audit(ctx context.Context, group string, from, to time.Time, limit int, each func(AuditEntry) error) error {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return err
	}
	var after int64
	for n := 0; ; {
		entries, err := o.Core.Key.Log(ctx, from, to, after, auditPart)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if n++; limit > 0 && n > limit {
				return nil
			}
			if err := each(shownEntry(e)); err != nil {
				return err
			}
			from, after = e.At, e.ID
		}
	}
}

// AuditQuery is which entries of a group's log are wanted.
type AuditQuery struct {
	Group    string
	From, To time.Time
	// Who is an actor, or the id of a key. Action is what was done, or the first
	// words of it: appointment, appointment.book. About is a kind of thing, or one
	// with a colon and its id: patient, patient:42. Door is the API.
	Who, Action, About, Door string
	// Failed are only those whose outcome is not ok.
	Failed bool
	// Limit is how many; 0 is no limit.
	Limit int
}

func (q AuditQuery) wants(e AuditEntry) bool {
	if q.Who != "" && !strings.EqualFold(q.Who, e.Actor) && q.Who != strconv.FormatInt(e.KeyID, 10) {
		return false
	}
	if q.Action != "" && e.Action != q.Action && !strings.HasPrefix(e.Action, q.Action+".") {
		return false
	}
	if q.About != "" && !slices.ContainsFunc(append(e.Subjects, e.Entity+":"+strconv.FormatInt(e.EntityID, 10)), func(s string) bool {
		return s == q.About || strings.HasPrefix(s, q.About+":")
	}) {
		return false
	}
	return (q.Door == "" || q.Door == e.Door) && (!q.Failed || e.Outcome != "" && e.Outcome != "ok")
}

// LatestAudit lists the entries of a group's log that are wanted, newest first. It
// reads a part at a time, and keeps only those.
func (o *Operator) LatestAudit(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	ctx, _, err := o.in(ctx, q.Group)
	if err != nil {
		return nil, err
	}
	out := []AuditEntry{}
	to, before := q.To, int64(0)
	for {
		entries, err := o.Core.Key.LogBack(ctx, q.From, to, before, auditPart)
		if err != nil || len(entries) == 0 {
			return out, err
		}
		for _, e := range entries {
			if shown := shownEntry(e); q.wants(shown) {
				if out = append(out, shown); q.Limit > 0 && len(out) == q.Limit {
					return out, nil
				}
			}
			to, before = e.At, e.ID
		}
	}
}
