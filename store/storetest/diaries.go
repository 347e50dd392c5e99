package storetest

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx
	_ "modernc.org/sqlite"             // the driver called sqlite
)

// Raw opens a database with no more than its driver, to look at it from the
// outside.
func Raw(t testing.TB, address string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// CheckDiaries looks at every diary of a database for what must never be: two
// live appointments over one another, a minute that belongs to none or is
// missing, a change without its event or its audit entry.
func CheckDiaries(t testing.TB, address string) {
	t.Helper()
	db := Raw(t, address)
	ctx := context.Background()
	const live = `state IN ('reserved', 'booked')`
	for _, c := range []struct{ what, text string }{
		{"pairs of live appointments of one practitioner overlap", `SELECT count(*) FROM appointment a
			JOIN appointment b
			ON b.practice_group_id = a.practice_group_id AND b.practitioner_id = a.practitioner_id AND b.id > a.id
			AND b.start_at < a.end_at AND b.end_at > a.start_at
			WHERE a.` + live + ` AND b.` + live},
		{"minutes belong to no live appointment of that practitioner and time",
			`SELECT count(*) FROM busy_minute m LEFT JOIN appointment a
			ON a.practice_group_id = m.practice_group_id AND a.id = m.appointment_id
			AND a.practitioner_id = m.practitioner_id AND a.` + live + `
			WHERE a.id IS NULL`},
		{"live appointments lack a version's event", `SELECT count(*) FROM appointment a WHERE a.version <>
			(SELECT count(*) FROM event e WHERE e.practice_group_id = a.practice_group_id AND e.subject_id = a.id)`},
		{"events of appointments skip a number",
			`SELECT count(*) FROM (SELECT subject_id FROM event WHERE type LIKE 'appointment.%'
			GROUP BY practice_group_id, subject_id HAVING max(sequence) <> count(*) OR min(sequence) <> 1) AS gaps`},
		{"appointments have another number of audit entries than of events",
			`SELECT count(*) FROM appointment a WHERE a.version <>
			(SELECT count(*) FROM audit u WHERE u.practice_group_id = a.practice_group_id
			AND u.entity = 'appointment' AND u.entity_id = a.id)`},
	} {
		var n int
		if err := db.QueryRowContext(ctx, c.text).Scan(&n); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, c.what)
		}
	}
	// Every live appointment has all its minutes.
	length := `CAST((julianday(a.end_at) - julianday(a.start_at)) * 1440 + 0.5 AS bigint)`
	if !strings.HasPrefix(address, "sqlite:") {
		length = `CAST(EXTRACT(EPOCH FROM a.end_at - a.start_at) / 60 AS bigint)`
	}
	var n int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM appointment a WHERE a.`+live+` AND `+length+` <>
		(SELECT count(*) FROM busy_minute m WHERE m.practice_group_id = a.practice_group_id
		AND m.practitioner_id = a.practitioner_id AND m.appointment_id = a.id)`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("%d live appointments lack minutes of their time", n)
	}
}
