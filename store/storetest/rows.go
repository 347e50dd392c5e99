package storetest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"frontdesk/store"
)

// Row is the columns of a row.
type Row map[string]any

// Insert keeps a row that doors read and no operation makes, as an import does.
func Insert(t testing.TB, db *store.DB, table string, r Row) {
	t.Helper()
	columns := slices.Sorted(maps.Keys(r))
	args, places := make([]any, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		args[i], places[i] = r[c], "$"+strconv.Itoa(i+1)
	}
	Exec(t, db, `INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`,
		args...)
}

// Exec runs a statement in a transaction of its own.
func Exec(t testing.TB, db *store.DB, text string, args ...any) {
	t.Helper()
	if err := db.Do(context.Background(), func(c store.Conn) error {
		_, err := c.Exec(context.Background(), text, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
