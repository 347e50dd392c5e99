package episode

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/store/storetest"
)

// crowd is twenty thousand episodes of a thousand patients, of which one in fifty is not closed.
const crowd = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO episode (practice_group_id, id, patient_id, subject, status, priority, origin, reason, closed_by,
		closed_at, active_at, created_by, facts, version, created_at, updated_at)
	SELECT 1, i, i % 1000, '', CASE WHEN i % 50 = 0 THEN 'open' ELSE 'closed' END, 1 + i % 5, 'staff', '', '', NULL, MADE,
		'', 0, 1, MADE, MADE FROM n`

// filled is the statement that adds them, each made at a time.
func filled(at string) string { return strings.ReplaceAll(crowd, "MADE", at) }

// asked are lists that are asked for again and again, each with the index whose order it has.
var asked = []struct {
	name  string
	of    list
	order order
	by    string
	args  []any
}{
	{"the newest", everything, order{newest: true}, "episode_created", nil},
	{"the highest first", everything, order{priority: true, highest: true}, "episode_priority_newest", nil},
	{"not closed, the newest", notClosed, order{newest: true}, "episode_live", []any{",open,in_progress,", int64(0)}},
	{"not closed, the highest first", notClosed, order{priority: true, highest: true}, "episode_live_newest",
		[]any{",open,in_progress,", int64(0)}},
	{"not closed, the lowest first", notClosed, order{priority: true}, "episode_live_priority",
		[]any{",open,in_progress,", int64(0)}},
	{"a patient's, the newest", ofAPatient, order{newest: true}, "episode_patient", []any{"", int64(7)}},
}

// args are the arguments of a list: the states and the patient, if any.
func args(given []any) []any {
	states, of := any(""), any(int64(0))
	if given != nil {
		states, of = given[0], given[1]
	}
	return []any{int64(1), states, "", false, "", "", false, of, int64(50), int64(0)}
}

// TestListsOfEpisodesAreReadInTheOrderOfAnIndex asks both databases how they find a page, among twenty thousand.
func TestListsOfEpisodesAreReadInTheOrderOfAnIndex(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		address := storetest.SQLite(t)
		storetest.Open(t, address)
		db := storetest.Raw(t, address)
		at := `'2031-01-06T07:00:00.000000Z'`
		for _, text := range []string{`PRAGMA foreign_keys = OFF`, filled(at)} {
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range asked {
			rows, err := db.Query(`EXPLAIN QUERY PLAN `+c.of.texts[c.order], args(c.args)...)
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
			if text := strings.Join(plan, "\n"); !strings.Contains(plan[0], "INDEX "+c.by+" ") ||
				strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("%s: the plan is\n%s", c.name, text)
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
		at := `timestamptz '2031-01-06T07:00:00Z' + i * interval '1 minute'`
		for _, text := range []string{`SET session_replication_role = replica`, filled(at), `ANALYZE episode`} {
			if _, err := conn.Exec(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range asked {
			rows, err := conn.Query(ctx, `EXPLAIN `+c.of.texts[c.order], args(c.args)...)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			// Few that are not closed may be sorted, once the others are left out.
			by, sorts := c.by+" ", false
			if c.args != nil {
				by, sorts = strings.Join(strings.Split(c.by, "_")[:2], "_"), true
			}
			text := strings.Join(plan, "\n")
			if !strings.Contains(text, by) || strings.Contains(text, "Seq Scan on episode ") ||
				strings.Contains(text, "Sort") && !sorts {
				t.Errorf("%s: the plan is\n%s", c.name, text)
			}
		}
	})
}
