package waiting

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/store/storetest"
)

// crowd fills the list with ten thousand who would have other people, places, half days and types, and one who would
// have anything of type 1.
const crowd = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
	INSERT INTO waiting_want (practice_group_id, appointment_type_id, practitioner_id, location_id, half, priority,
		entry_id, from_date, to_date)
	SELECT 1, CASE WHEN i = 10000 THEN 1 ELSE 1 + i % 2 END, CASE WHEN i = 10000 THEN 0 ELSE 2 + i % 5 END,
		CASE WHEN i = 10000 THEN 0 ELSE i % 7 END, CASE WHEN i = 10000 THEN -1 ELSE i % 14 END, 5, i, '', '' FROM n`

// TestFindingWhoFitsReadsBoundedRows asks both databases how they find who fits, with ten thousand on the list.
func TestFindingWhoFitsReadsBoundedRows(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		address := storetest.SQLite(t)
		storetest.Open(t, address)
		db := storetest.Raw(t, address)
		for _, text := range []string{`PRAGMA foreign_keys = OFF`, crowd} {
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		args := []any{1, 1, 0, 0, -1, 0, 0, "2031-01-06", "2031-01-06", 20}
		rows, err := db.Query(`EXPLAIN QUERY PLAN `+headsOf, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		want := "(practice_group_id=? AND appointment_type_id=? AND practitioner_id=? AND location_id=? AND half=? AND " +
			"(priority,entry_id)>(?,?))"
		if len(plan) != 1 || !strings.Contains(plan[0], want) {
			t.Fatalf("the plan is %q, want one step %s", plan, want)
		}
		var priority, entry int
		if err := db.QueryRow(headsOf, args...).Scan(&priority, &entry); err != nil || entry != 10000 {
			t.Fatalf("found %d: %v", entry, err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		address := storetest.Postgres(t)
		storetest.Open(t, address)
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		for _, text := range []string{`SET session_replication_role = replica`, crowd, `ANALYZE waiting_want`} {
			if _, err := conn.Exec(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := conn.Query(ctx, `EXPLAIN (ANALYZE, TIMING OFF) `+headsOf, int64(1), int64(1), int64(0), int64(0),
			int64(-1), int64(0), int64(0), "2031-01-06", "2031-01-06", int64(20))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "\n")
		removed := regexp.MustCompile(`Rows Removed by Filter: (\d+)`).FindStringSubmatch(text)
		if !strings.Contains(text, "waiting_want_pkey") || strings.Contains(text, "Seq Scan") || removed != nil ||
			strings.Contains(text, "Sort Key") {
			t.Fatalf("the plan is\n%s", text)
		}
	})
}
