package migrations_test

import (
	"context"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	"frontdesk/store/migrations"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func TestEntriesOfEarlierVersionsAreFoundByAllTheyAreAbout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		groups := &practice.Service{Store: practicestore.New(db), Now: time.Now, NewID: db.NewID}
		g, err := groups.CreateGroup(ctx, practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		ada, bea := audit.Person(int64(41)), audit.Person(int64(42))
		trail := &audit.Service{Store: auditstore.New(db), Now: time.Now, NewID: db.NewID}
		asked, seen := audit.Collect(access.With(ctx, access.Caller{Group: g.ID, Actor: "Website", Door: access.REST}))
		audit.Seen(asked, ada, bea)
		if err := trail.Keep(asked, seen, audit.Call{Operation: "one"}); err != nil {
			t.Fatal(err)
		}
		found := func() int {
			t.Helper()
			q := audit.Query{Until: time.Now().Add(time.Hour), Subject: bea}
			all, err := trail.List(access.With(ctx, access.Operator(g.ID)), q, 0)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if found() != 1 {
			t.Fatal("it is not found at all")
		}
		run(t, db, `DELETE FROM audit_subject`) // as before there was one
		if found() != 0 {
			t.Fatal("it is found without the table")
		}
		again(t, db, migrations.IndexAuditVersion)
		if found() != 1 {
			t.Error("it is not found")
		}
	})
}
