package pathway

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/store/storetest"
)

// crowd is twenty thousand pathways of a thousand episodes.
const crowd = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO clinical_pathway (practice_group_id, id, episode_id, status, start_date, product_id, diagnosis,
		clinician_id, created_by, deleted_at, version, created_at, updated_at)
	SELECT 1, i, i % 1000, 'ACTIVE', '2031-01-06', 1, '', 0, 0, NULL, 1, MADE, MADE FROM n`

// TestThePathwaysOfAnEpisodeAreReadInTheOrderOfAnIndex asks both databases how they find them, among twenty thousand.
func TestThePathwaysOfAnEpisodeAreReadInTheOrderOfAnIndex(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		address := storetest.SQLite(t)
		storetest.Open(t, address)
		db := storetest.Raw(t, address)
		made := strings.ReplaceAll(crowd, "MADE", `'2031-01-06T07:00:00.000000Z'`)
		for _, text := range []string{`PRAGMA foreign_keys = OFF`, made} {
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := db.Query(`EXPLAIN QUERY PLAN `+ofEpisode, 1, 7, 100)
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
		if text := strings.Join(plan, "\n"); !strings.Contains(text, "INDEX clinical_pathway_episode ") ||
			strings.Contains(text, "TEMP B-TREE") || strings.Contains(text, "SCAN") {
			t.Errorf("the plan is\n%s", text)
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
		made := strings.ReplaceAll(crowd, "MADE", `timestamptz '2031-01-06T07:00:00Z'`)
		for _, text := range []string{`SET session_replication_role = replica`, made, `ANALYZE clinical_pathway`} {
			if _, err := conn.Exec(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := conn.Query(ctx, `EXPLAIN `+ofEpisode, int64(1), int64(7), 100)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); !strings.Contains(text, "clinical_pathway_episode") ||
			strings.Contains(text, "Seq Scan on clinical_pathway") {
			t.Errorf("the plan is\n%s", text)
		}
	})
}
