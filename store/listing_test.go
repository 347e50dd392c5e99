package store_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/store"
	"frontdesk/store/storetest"
)

// few are the tables of which a practice has so few rows that all of them may be
// read, and what is no table at all.
var few = regexp.MustCompile(`^(SEARCH|SCAN) (` +
	strings.Join(strings.Fields(`location practitioner staff s appointment_type session session_type session_exception
		t k e y api_key role label access_group payment_type number_definition network connector batch
		webhook w wt webhook_type billing diary d event_log instance practice_group g
		session_token sign_in sign_in_attempt goose_db_version questionnaire notice_setting product_location
		product_practitioner placed paged matches each_of waiting failed owed oldest
		r json_each CONSTANT \(subquery-\d\)`), "|") + `)( |$)`)

// waiting are the indexes of what waits to be done, which is gone when it is done.
var waiting = regexp.MustCompile(`INDEX (message_due|webhook_delivery_due|event_unplaced|` +
	`sqlite_autoindex_webhook_backlog_1) `)

// TestEveryListIsFoundThroughAnIndex asks SQLite how it would carry out everything
// the program asks: never by looking at all that a practice group has of a thing,
// unless in order and up to a limit, and with nothing to sort in a page.
func TestEveryListIsFoundThroughAnIndex(t *testing.T) {
	address := storetest.SQLite(t)
	storetest.Open(t, address)
	db := storetest.Raw(t, address)
	whole := regexp.MustCompile(`\((practice_group_id=\?)?\)$`)
	stretch := regexp.MustCompile(`\(practice_group_id=\?( AND \w+[<>]\?)*\)$`)
	number := regexp.MustCompile(`\$(\d+)`)
	pages := 0
	for text, at := range statements(t) {
		if postgresOnly.MatchString(text) || strings.Contains(text, "sqlite_s") || strings.HasPrefix(text, "INSERT") {
			continue
		}
		most := 0
		for _, m := range number.FindAllStringSubmatch(text, -1) {
			var n int
			fmt.Sscan(m[1], &n)
			most = max(most, n)
		}
		page := strings.HasPrefix(text, "SELECT") && strings.Contains(text, "LIMIT")
		if page {
			pages++
		}
		many := false   // whether what is found so far is more than a few rows
		inside := false // whether it is a page already that is sorted
		for _, step := range rows(t, db, `EXPLAIN QUERY PLAN `+store.Planned(text), slices.Repeat([]any{1}, most)...) {
			plan := step[3]
			inside = inside || strings.HasPrefix(plan, "LIST SUBQUERY")
			if few.MatchString(plan) || waiting.MatchString(plan) {
				continue
			}
			scan := strings.HasPrefix(plan, "SCAN")
			if scan || !page && whole.MatchString(plan) || many && strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s: %s\nin\n%s", at, plan, text)
			}
			many = page && !inside && stretch.MatchString(plan)
		}
	}
	if pages < 40 {
		t.Fatalf("looked at %d pages, which cannot be all", pages)
	}
}

// TestPostgreSQLFindsWhatItTakesInHandByItsKey asks for the plans of the
// statements that lease what is due, on tables PostgreSQL knows nothing of yet.
// It thinks there that all keys narrow down alike, and would go through all of a
// practice group's for a list of ids.
func TestPostgreSQLFindsWhatItTakesInHandByItsKey(t *testing.T) {
	address := storetest.Postgres(t)
	storetest.Open(t, address)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `SET plan_cache_mode = force_generic_plan`); err != nil {
		t.Fatal(err)
	}
	leases := 0
	for text, at := range statements(t) {
		if !strings.HasPrefix(text, "WITH due AS") && !strings.Contains(text, "AS endpoints") {
			continue
		}
		leases++
		known, err := conn.Prepare(ctx, "asked", text)
		if err != nil {
			t.Fatal(err)
		}
		nothing := strings.TrimSuffix(strings.Repeat("NULL, ", len(known.ParamOIDs)), ", ")
		rows, err := conn.Query(ctx, `EXPLAIN EXECUTE asked(`+nothing+`)`, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range plan {
			if strings.Contains(step, "Filter: (due_at") || strings.Contains(step, "Join Filter") ||
				strings.Contains(step, "ANY (") {
				t.Errorf("%s: %s\nin\n%s", at, step, strings.Join(plan, "\n"))
			}
		}
		if err := conn.Deallocate(ctx, "asked"); err != nil {
			t.Fatal(err)
		}
	}
	if leases != 4 {
		t.Errorf("looked at %d statements", leases)
	}
}
