package store_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"frontdesk/store"
	mergestore "frontdesk/store/merge"
	"frontdesk/store/storetest"
)

// own are the tables of the program itself, which belong to no practice group.
var own = []string{"node", "instance", "installation", "throttle", "sign_in", "sign_in_attempt", "goose_db_version"}

// column rows of a query, as text.
func rows(t *testing.T, db *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	found, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	var out [][]string
	columns, _ := found.Columns()
	for found.Next() {
		values, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := found.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = v.String
		}
		out = append(out, row)
	}
	return out
}

// TestEveryKeyBeginsWithThePracticeGroup keeps the schema fit to be sharded:
// primary keys, unique indexes and foreign keys, and no triggers.
func TestEveryKeyBeginsWithThePracticeGroup(t *testing.T) {
	address := storetest.SQLite(t)
	storetest.Open(t, address)
	db := storetest.Raw(t, address)
	tables := 0
	for _, table := range rows(t, db,
		`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
			AND name NOT LIKE 'river_%'`) {
		name := table[0]
		if slices.Contains(own, name) {
			continue
		}
		tables++
		key := rows(t, db, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, name)
		if len(key) == 0 || key[0][0] != "practice_group_id" {
			t.Errorf("%s: the primary key is %v", name, key)
		}
		for _, index := range rows(t, db, `SELECT name, "unique" FROM pragma_index_list(?)`, name) {
			if column := rows(t, db, `SELECT name FROM pragma_index_info(?) ORDER BY seqno`,
				index[0]); column[0][0] != "practice_group_id" {
				t.Errorf("%s: the index %s is on %v", name, index[0], column)
			}
		}
		links := map[string][]string{}
		for _, link := range rows(t, db, `SELECT id, "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq`,
			name) {
			links[link[0]] = append(links[link[0]], link[1]+"="+link[2])
		}
		for id, link := range links {
			if link[0] != "practice_group_id=practice_group_id" {
				t.Errorf("%s: foreign key %s is %v", name, id, link)
			}
		}
		for _, column := range rows(t, db, `SELECT name, type FROM pragma_table_info(?)`, name) {
			if !slices.Contains([]string{"text", "bigint", "boolean", "timestamptz", "bytea"},
				strings.ToLower(column[1])) {
				t.Errorf("%s.%s is a %s, which the two databases may not keep alike", name, column[0], column[1])
			}
		}
	}
	if tables < 18 {
		t.Fatalf("looked at %d tables", tables)
	}
	if found := rows(t, db, `SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')`); len(found) > 0 {
		t.Errorf("there are triggers or views: %v", found)
	}
}

// TestAMergeMovesEverythingThatBelongsToAPatient compares what a merge moves with
// the columns that name a patient.
func TestAMergeMovesEverythingThatBelongsToAPatient(t *testing.T) {
	address := storetest.SQLite(t)
	storetest.Open(t, address)
	db := storetest.Raw(t, address)
	// A patient's own details stay with the record they are of, and who a batch
	// was for is history.
	own := []string{"patient_contact.patient_id", "patient_profile.patient_id", "patient_word.patient_id",
		"patient_merge.keep_id", "patient_merge.from_id", "batch_recipient.patient_id"}
	var named []string
	for _, link := range rows(t, db, `SELECT m.name, f."from" FROM sqlite_schema m JOIN
		pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND f."table" = 'patient' AND f."from" <> 'practice_group_id'`) {
		if name := link[0] + "." + link[1]; !slices.Contains(own, name) {
			named = append(named, name)
		}
	}
	moved := mergestore.Belongings()
	slices.Sort(named)
	slices.Sort(moved)
	if !slices.Equal(named, moved) {
		t.Errorf("these columns name a patient: %v; a merge moves %v", named, moved)
	}
}

func TestAnOlderProgramRefusesANewerDatabase(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		storetest.Open(t, address).Close()
		if _, err := storetest.Raw(t,
			address).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(context.Background(), address, store.Options{})
		if err == nil || !strings.Contains(err.Error(), store.ErrNewer.Code) {
			t.Fatalf("got %v", err)
		}
	})
}
