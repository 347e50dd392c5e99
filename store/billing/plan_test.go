package billing

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/store/storetest"
)

// crowds are twenty thousand policies of a thousand memberships, most of them ended, each for two products, and twenty
// thousand members.
var crowds = []string{
	`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO membership_policy (practice_group_id, id, product_id, name, percent_off, amount_off, ended_at, version,
		created_at, updated_at)
	SELECT 1, i, i % 1000, '', 1000, 0, CASE WHEN i % 7 = 0 THEN NULL ELSE MADE END, 1, MADE, MADE FROM n`,
	`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
	INSERT INTO membership_policy_product (practice_group_id, policy_id, product_id) SELECT 1, i / 2, i FROM n`,
	`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO membership (practice_group_id, id, patient_id, product_id, start_date, said, comments, ended_at,
		created_at, updated_at)
	SELECT 1, i, i, i % 1000, '2031-01-06', '', '', NULL, MADE, MADE FROM n`,
}

// found are the statements about policies, the indexes by which they are answered, and their arguments.
var found = map[string]struct {
	text    string
	indexes []string
	args    []any
}{
	"a page of those in force": {activePolicies, []string{"membership_policy_active"}, []any{1, 51, 0}},
	"what a member pays less": {reductions, []string{"membership_of", "membership_policy_of"},
		[]any{1, 7, "2031-01-06", time.Date(2031, 1, 7, 0, 0, 0, 0, time.UTC), 5}},
}

// wrong says what is wrong with a plan: an index is not used, a table is gone through, or rows are sorted.
func wrong(plan string, indexes []string, unwanted ...string) bool {
	for _, index := range indexes {
		if !strings.Contains(plan, index) {
			return true
		}
	}
	for _, step := range unwanted {
		if strings.Contains(plan, step) {
			return true
		}
	}
	return false
}

func TestPoliciesAreFoundByAnIndex(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		address := storetest.SQLite(t)
		storetest.Open(t, address)
		db := storetest.Raw(t, address)
		for _, text := range append([]string{`PRAGMA foreign_keys = OFF`}, crowds...) {
			if _, err := db.Exec(strings.ReplaceAll(text, "MADE", `'2031-01-06T07:00:00.000000Z'`)); err != nil {
				t.Fatal(err)
			}
		}
		for name, ask := range found {
			rows, err := db.Query(`EXPLAIN QUERY PLAN `+ask.text, ask.args...)
			if err != nil {
				t.Fatal(err)
			}
			var plan []string
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				plan = append(plan, step)
			}
			rows.Close()
			if text := strings.Join(plan, "\n"); wrong(text, ask.indexes, "SCAN") {
				t.Errorf("%s: the plan is\n%s", name, text)
			}
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
		for _, text := range append(append([]string{`SET session_replication_role = replica`}, crowds...),
			`ANALYZE membership_policy`, `ANALYZE membership_policy_product`, `ANALYZE membership`) {
			if _, err := conn.Exec(ctx, strings.ReplaceAll(text, "MADE", `timestamptz '2031-01-06T07:00:00Z'`)); err != nil {
				t.Fatal(err)
			}
		}
		for name, ask := range found {
			rows, err := conn.Query(ctx, `EXPLAIN `+ask.text, ask.args...)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(plan, "\n"); wrong(text, ask.indexes, "Seq Scan on membership_policy ",
				"Seq Scan on membership ") {
				t.Errorf("%s: the plan is\n%s", name, text)
			}
		}
	})
}
