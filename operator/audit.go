package operator

import (
	"context"
	"encoding/json"
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
	More      int             `json:"more,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
}

// AuditColumns are the headings of a row.
var AuditColumns = []string{"id", "at", "actor", "key_id", "request_id", "door", "operation", "action", "entity",
	"entity_id", "subjects", "outcome", "before", "after", "more"}

// Row is the entry as a row.
func (e AuditEntry) Row() []string {
	digits := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		digits(e.ID), e.At.UTC().Format(time.RFC3339Nano), e.Actor, digits(e.KeyID), e.RequestID, e.Door, e.Operation,
		e.Action, e.Entity,
		digits(e.EntityID), strings.Join(e.Subjects, " "), e.Outcome, string(e.Before), string(e.After),
		strconv.Itoa(e.More),
	}
}

func shownEntry(e audit.Entry) AuditEntry {
	out := AuditEntry{
		ID: e.ID, At: e.At, Actor: e.Actor, KeyID: e.KeyID, RequestID: e.RequestID, Door: e.Door,
		Operation: e.Operation, Action: e.Action,
		Entity: e.Entity, EntityID: e.EntityID, Subjects: e.Subjects, More: e.More, Outcome: e.Outcome,
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

// AuditQuery is which entries of a group's trail are wanted.
type AuditQuery struct {
	Group    string
	From, To time.Time
	// Who is an actor, or the id of a key. Action is what was done, or the first
	// words of it: appointment, appointment.book. About is a kind of thing, or one
	// with a colon and its id: patient, patient:42. Door is what a call came through.
	Who, Action, About, Door string
	// Failed are only those whose outcome is not ok.
	Failed bool
	// Oldest lists the oldest first.
	Oldest bool
	// Limit is how many; 0 is no limit.
	Limit int
}

func (q AuditQuery) query() audit.Query {
	out := audit.Query{From: q.From, Until: q.To, Newest: !q.Oldest, Actor: q.Who, Action: q.Action, Door: q.Door,
		Failed: q.Failed}
	if key, err := strconv.ParseInt(q.Who, 10, 64); err == nil {
		out.Actor, out.Key = "", key
	}
	kind, id, _ := strings.Cut(q.About, ":")
	out.Subject.Kind = kind
	out.Subject.ID, _ = strconv.ParseInt(id, 10, 64) // none is all of a kind
	return out
}

// Audit gives the wanted entries of a group's trail to each, a part at a time so
// that a long one needs no memory. It takes no limit.
func (o *Operator) Audit(ctx context.Context, q AuditQuery, each func(AuditEntry) error) error {
	ctx, _, err := o.in(ctx, q.Group)
	if err != nil {
		return err
	}
	return o.Core.Audit.Each(ctx, q.query(), func(e audit.Entry) error { return each(shownEntry(e)) })
}

// ListAudit lists the wanted entries of a group's trail.
func (o *Operator) ListAudit(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	ctx, _, err := o.in(ctx, q.Group)
	if err != nil {
		return nil, err
	}
	found, err := o.Core.Audit.List(ctx, q.query(), q.Limit)
	out := make([]AuditEntry, len(found))
	for i, e := range found {
		out[i] = shownEntry(e)
	}
	return out, err
}

// When reads are written into the audit trail.
const (
	ReadsGrouped      = "grouped"
	ReadsBeforeAnswer = "before-answer"
)

// AuditReads sets when reads of a group's data are written into the audit trail,
// where it is said, and gives when.
func (o *Operator) AuditReads(ctx context.Context, group, when string) (string, error) {
	ctx, _, err := o.in(ctx, group)
	if err != nil {
		return "", err
	}
	if when != "" {
		return when, o.Core.Audit.SetReadsBeforeAnswer(ctx, when == ReadsBeforeAnswer)
	}
	before, err := o.Core.Audit.ReadsBeforeAnswer(ctx)
	if before {
		return ReadsBeforeAnswer, err
	}
	return ReadsGrouped, err
}

// reading runs a command that shows what is about people, and keeps who saw whom
// before it is printed.
func (o *Operator) reading(ctx context.Context, operation string, fn func(context.Context) error) error {
	ctx, seen := audit.Collect(ctx)
	if err := fn(ctx); err != nil {
		return err
	}
	return o.Core.Audit.Keep(ctx, seen, audit.Call{Operation: operation})
}
