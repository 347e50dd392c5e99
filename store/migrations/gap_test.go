package migrations_test

import (
	"log/slog"
	"testing"

	"frontdesk/store"
	"frontdesk/store/storetest"
)

func TestAMigrationThatCameLaterThanOneWithAHigherNumberIsApplied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		run(t, db, `DROP TABLE video_room`,
			`ALTER TABLE practice_group DROP COLUMN video_url_template`,
			`DELETE FROM goose_db_version WHERE version_id = 39`)
		if _, pending, err := db.Version(t.Context()); err != nil || !pending {
			t.Errorf("a migration is missing, and pending is %t, %v", pending, err)
		}
		if err := db.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if _, pending, err := db.Version(t.Context()); err != nil || pending {
			t.Errorf("all are applied, and pending is %t, %v", pending, err)
		}
		var n int
		if _, err := db.Conn().One(t.Context(), `SELECT count(*) FROM video_room`, store.In{}, &n); err != nil {
			t.Error(err)
		}
	})
}
