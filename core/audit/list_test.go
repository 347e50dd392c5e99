package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// house is a practice group with a trail, and a clock that moves.
type house struct {
	*testing.T
	db  *store.DB
	s   *audit.Service
	ctx context.Context // an operator's
	who access.Caller
	now time.Time
}

func each(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := &house{T: t, db: db, now: time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)}
		clock := func() time.Time { return h.now }
		groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		h.s = &audit.Service{Store: auditstore.New(db), Now: clock, NewID: db.NewID}
		h.ctx = access.With(context.Background(), access.Operator(g.ID))
		h.who = access.Caller{Group: g.ID, Home: g.ID, Actor: "Website", Key: 9, Door: access.REST}
		test(t, h)
	})
}

// sees keeps, a minute later, that a member of staff saw something.
func (h *house) sees(who access.Caller, operation, outcome string, things ...audit.Subject) {
	h.Helper()
	h.now = h.now.Add(time.Minute)
	ctx, seen := audit.Collect(access.With(context.Background(), who))
	audit.Seen(ctx, things...)
	if err := h.s.Keep(ctx, seen, audit.Call{Operation: operation, Outcome: outcome}); err != nil {
		h.Fatal(err)
	}
}

// list is the operations of the entries a query finds.
func (h *house) list(q audit.Query, limit int) string {
	h.Helper()
	q.Until = h.now.Add(time.Hour)
	found, err := h.s.List(h.ctx, q, limit)
	if err != nil {
		h.Fatal(err)
	}
	var out []string
	for _, e := range found {
		out = append(out, cutDoor(e.Action))
	}
	return strings.Join(out, " ")
}

func cutDoor(action string) string { return strings.TrimPrefix(action, "rest.") }

func TestEntriesAreListedByTimeSubjectAndActor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bea := audit.Person(int64(41)), audit.Person(int64(42))
		visit := audit.Subject{Kind: "appointment", ID: 7, Patient: 42}
		other := h.who
		other.Actor, other.Key = "Kiosk", 10
		h.sees(h.who, "one", "", ada)
		h.sees(other, "two", "", ada, bea)
		h.sees(h.who, "three", "", visit)
		h.sees(other, "four", "patient_not_found", bea)
		for _, c := range []struct {
			q     audit.Query
			limit int
			want  string
		}{
			{audit.Query{}, 0, "group.create one two three four"},
			{audit.Query{Newest: true}, 0, "four three two one group.create"},
			{audit.Query{Newest: true}, 2, "four three"},
			{audit.Query{Subject: ada}, 0, "one two"},
			{audit.Query{Subject: bea}, 0, "two three four"},
			{audit.Query{Subject: bea, Newest: true}, 1, "four"},
			{audit.Query{Subject: audit.Subject{Kind: "appointment", ID: 7}}, 0, "three"},
			{audit.Query{Subject: audit.Subject{Kind: "appointment"}}, 0, "three"},
			{audit.Query{Actor: "Kiosk"}, 0, "two four"},
			{audit.Query{Actor: "Kiosk", Newest: true}, 0, "four two"},
			{audit.Query{Key: 10}, 0, "two four"},
			{audit.Query{Failed: true}, 0, "four"},
			{audit.Query{Door: "rest", Newest: true}, 1, "four"},
			{audit.Query{Action: "rest.one"}, 0, "one"},
			{audit.Query{From: h.now}, 0, "four"},
		} {
			if got := h.list(c.q, c.limit); got != c.want {
				t.Errorf("%+v: got %q, want %q", c.q, got, c.want)
			}
		}
		if _, err := h.s.List(access.With(context.Background(), h.who), audit.Query{}, 0); err == nil {
			t.Error("a caller without the permission has seen the trail")
		}
	})
}

func TestLongTrailIsReadInParts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var want []string
		for i := range 45 { // more than are settled at once
			h.sees(h.who, fmt.Sprint(i), "", audit.Person(int64(i)+1))
			want = append(want, fmt.Sprint(i))
		}
		if got := h.list(audit.Query{Door: "rest"}, 0); got != strings.Join(want, " ") {
			t.Errorf("got %s", got)
		}
		slices.Reverse(want)
		if got := h.list(audit.Query{Door: "rest", Newest: true}, 0); got != strings.Join(want, " ") {
			t.Errorf("got %s", got)
		}
	})
}

func TestSettingIsKept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, before := range []bool{true, false} {
			if err := h.s.SetReadsBeforeAnswer(h.ctx, before); err != nil {
				t.Fatal(err)
			}
			if got, err := h.s.ReadsBeforeAnswer(h.ctx); err != nil || got != before {
				t.Errorf("got %v, %v", got, err)
			}
		}
		if got := h.list(audit.Query{Action: "audit"}, 0); got != "audit.reads audit.reads" {
			t.Errorf("got %s", got)
		}
	})
}
