// Package plan has SQLite carry statements out in one way everywhere.
package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Estimate tells SQLite how much the columns of indexes narrow down. By itself it
// takes the first to leave ten rows: ours is the practice group, which leaves all
// of them, and an index would be read from end to end where another finds the one
// row. The figures are made up and never measured, so that a statement is carried
// out in one way everywhere, the way the tests look at
// (https://www.sqlite.org/optoverview.html, "Manual Control Of Query Plans Using
// SQLITE_STAT Tables").
func Estimate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	all, err := indexes(ctx, tx)
	if err != nil {
		return err
	}
	// The table is made anew, so that every connection sees that there is a
	// change and reads it.
	run := func(text string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, text, args...)
		}
	}
	run(`DROP TABLE IF EXISTS sqlite_stat1`)
	run(`DROP TABLE IF EXISTS sqlite_stat4`)
	run(`ANALYZE instance`)
	run(`DELETE FROM sqlite_stat1`)
	for _, i := range all {
		run(`INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)`, i.table, i.name, i.figures())
	}
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `ANALYZE sqlite_schema`) // this connection made the change and does not see it
	return err
}

// Estimated reports whether the database has the figures that Estimate gives it.
func Estimated(ctx context.Context, db *sql.DB) (bool, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	var found int
	text := `SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'`
	if err := tx.QueryRowContext(ctx, text).Scan(&found); err != nil || found == 0 {
		return false, err
	}
	all, err := indexes(ctx, tx)
	if err != nil {
		return false, err
	}
	has := map[[2]string]bool{}
	rows, err := tx.QueryContext(ctx, `SELECT idx, stat FROM sqlite_stat1`)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var one [2]string
		if err := rows.Scan(&one[0], &one[1]); err != nil {
			return false, err
		}
		has[one] = true
	}
	missing := slices.ContainsFunc(all, func(i index) bool { return !has[[2]string{i.name, i.figures()}] })
	return !missing && len(has) == len(all), rows.Err()
}

// index is an index of SQLite's that begins with the practice group.
type index struct {
	table, name string
	unique      bool
	columns     int
}

// indexes lists the indexes that begin with the practice group and go on.
func indexes(ctx context.Context, tx *sql.Tx) (all []index, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT t.name, i.name, i."unique", (SELECT count(*)
		FROM pragma_index_info(i.name))
		FROM sqlite_schema t JOIN pragma_index_list(t.name) i
		WHERE t.type = 'table' AND (SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) = 'practice_group_id'
		ORDER BY i.name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i index
		if err := rows.Scan(&i.table, &i.name, &i.unique, &i.columns); err != nil {
			return nil, err
		}
		if i.columns > 1 {
			all = append(all, i)
		}
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// figures are how many rows there are, and how many are left by the first column,
// the first two and so on: all, and then as many as SQLite guesses.
func (i index) figures() string {
	const rows, group = 10_000_000, 100_000
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d", rows, group)
	for n := 1; n < i.columns; n++ {
		left := max(2, 11-n)
		if i.unique && n == i.columns-1 {
			left = 1
		}
		fmt.Fprintf(&b, " %d", left)
	}
	return b.String()
}
