package migrations_test

import (
	"context"
	"log/slog"
	"testing"

	"frontdesk/store"
	"frontdesk/store/plan"
	"frontdesk/store/storetest"
)

// TestMigrationCutShortIsFinishedAtTheNextStart has a program that was killed when it had applied the last migration,
// before it did what follows.
func TestMigrationCutShortIsFinishedAtTheNextStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		cut, left := `DELETE FROM sqlite_stat1 WHERE tbl = 'patient'`,
			`SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'patient'`
		if db.Postgres() != nil {
			cut, left = `ALTER TABLE handover_note SET LOGGED`,
				`SELECT count(*) FROM pg_class WHERE oid = 'handover_note'::regclass AND relpersistence = 'u'`
		}
		count := func() (n int) {
			t.Helper()
			var err error
			if pool := db.Postgres(); pool != nil {
				err = pool.QueryRow(ctx, left).Scan(&n)
			} else {
				err = db.SQLite().QueryRowContext(ctx, left).Scan(&n)
			}
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := count()
		run(t, db, cut)
		if before == 0 || count() != 0 {
			t.Fatalf("%d before, and %d now", before, count())
		}
		if err := db.Migrate(ctx, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if count() != before {
			t.Errorf("%d of %d", count(), before)
		}
		if db.Postgres() == nil {
			if done, err := plan.Estimated(ctx, db.SQLite()); err != nil || !done {
				t.Errorf("it would be done at each start: %v, %v", done, err)
			}
		}
	})
}
