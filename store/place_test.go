package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"frontdesk/store"
	"frontdesk/store/storetest"
)

// TestAPageIsReadFromWhereTheOneBeforeEnded asks SQLite how it would read on from a
// place in each list: it goes there by the index that has the list's order, and
// sorts nothing.
func TestAPageIsReadFromWhereTheOneBeforeEnded(t *testing.T) {
	address := storetest.SQLite(t)
	storetest.Open(t, address)
	db := storetest.Raw(t, address)
	number := regexp.MustCompile(`\$(\d+)`)
	looked := 0
	for text, at := range statements(t) {
		after, order, ok := store.After(text)
		if !ok || strings.Contains(text, " UNION ALL ") { // which has a form of its own
			continue
		}
		looked++
		most := 0
		for _, m := range number.FindAllStringSubmatch(after, -1) {
			var n int
			fmt.Sscan(m[1], &n)
			most = max(most, n)
		}
		var plan []string
		for _, step := range rows(t, db, `EXPLAIN QUERY PLAN `+store.Planned(after), slices.Repeat([]any{1}, most)...) {
			plan = append(plan, step[3])
		}
		_, plain, ok := strings.Cut(order[0], ".")
		if !ok {
			plain = order[0]
		}
		first := regexp.MustCompile(`\b` + plain + `(,[\w,]+)?\)?>[=(]?`)
		whole := strings.Join(plan, "\n")
		// what is sorted, whichever page: what a search finds, and labels
		if plain == "last_key" || plain == "title_key" {
			continue
		}
		if !first.MatchString(whole) || strings.Contains(whole, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s: in the order of %v\n%s\nin\n%s", at, order, whole, after)
		}
	}
	if looked < 30 {
		t.Errorf("only %d lists were looked at", looked)
	}
}
