package store_test

import (
	"strings"
	"testing"

	"frontdesk/store/storetest"
)

// TestAPageOfAListIsReadInItsOrder asks SQLite how it would find the pages of the
// lists that have their first arguments in common: along an index, with nothing
// to sort.
func TestAPageOfAListIsReadInItsOrder(t *testing.T) {
	address := storetest.SQLite(t)
	storetest.Open(t, address)
	db := storetest.Raw(t, address)
	looked := 0
	for text := range statements(t) {
		if !strings.Contains(text, "OR deleted_at IS NULL") || !strings.Contains(text, "LIMIT") || !strings.HasPrefix(text, "SELECT") {
			continue
		}
		looked++
		args := make([]any, 9)
		for i := range args {
			args[i] = 1
		}
		for strings.Contains(text, "$"+string(rune('0'+(len(args)+1)/10))+string(rune('0'+(len(args)+1)%10))) {
			args = append(args, 1)
		}
		for _, step := range rows(t, db, `EXPLAIN QUERY PLAN `+text, args...) {
			if plan := step[3]; strings.HasPrefix(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s\nin\n%s", plan, text)
			}
		}
	}
	if looked < 5 {
		t.Fatalf("looked at %d lists, which cannot be all", looked)
	}
}
