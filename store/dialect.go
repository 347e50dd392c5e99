package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	modernc "modernc.org/sqlite"
	"modernc.org/sqlite/lib"

	"frontdesk/core/fault"
	"frontdesk/store/value"
)

// dialect is every difference between the two databases.
type dialect struct {
	name string
	// share, after a SELECT, keeps the row from being deleted until the end of
	// the transaction. SQLite lets one transaction write at a time, and needs
	// nothing.
	share string
	// hold, after a SELECT, keeps the row from being changed until the end of
	// the transaction.
	hold string
	// take, after a SELECT, does that too, and others who take the row wait.
	take string
	// skips says that a SELECT can pass over rows that others are changing.
	skips bool
	// inOrder, before a SELECT whose order an index gives, keeps the database
	// from sorting instead until the end of the transaction. PostgreSQL would, of
	// a table that has just filled and that it knows nothing of yet.
	inOrder string
	// pages says that a change costs as much as the pages it touches, however
	// little of each: all of them are written down whole.
	pages bool
	// value is how an argument is sent.
	value func(any) any
}

var postgres = dialect{name: "postgres", share: ` FOR KEY SHARE`, hold: ` FOR SHARE`, take: ` FOR NO KEY UPDATE`,
	skips: true, inOrder: `SET LOCAL enable_sort = off`,
	value: func(v any) any { return v }}

var sqlite = dialect{name: "sqlite", pages: true, value: func(v any) any {
	if t, ok := v.(time.Time); ok {
		return string(value.AppendTime(nil, t))
	}
	return v
}}

// fate is what to do about an error of the database.
type fate int

const (
	final       fate = iota
	again            // the same transaction may succeed if begun again
	unavailable      // the database does not answer
)

// fateOf sorts the errors of both drivers.
func fateOf(err error) fate {
	var pg *pgconn.PgError
	var lite *modernc.Error
	var network net.Error
	switch {
	case errors.As(err, &pg) && pg.ConstraintName == "patient_nhs_number":
		return again // another call has just taken the number: look again
	case errors.As(err, &pg):
		return fateOfPostgres(pg.Code)
	case errors.As(err, &lite):
		return fateOfSQLite(lite.Code())
	case errors.Is(err, ErrAgain):
		return again
	case errors.Is(err, context.Canceled):
		return final
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, driver.ErrBadConn),
		pgconn.SafeToRetry(err):
		return unavailable
	}
	return final
}

// fateOfPostgres reads an SQLSTATE. Source: PostgreSQL documentation, appendix A.
func fateOfPostgres(code string) fate {
	switch {
	case code == "40001", code == "40P01":
		return again // serialization failure, deadlock
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"),
		strings.HasPrefix(code, "58"),
		code == "55P03", code == "25006", code == "25P03":
		return unavailable // connection, resources, operator, system; lock timeout, read only, idle too long
	}
	return final
}

// fateOfSQLite reads a result code. Source: https://www.sqlite.org/rescode.html.
func fateOfSQLite(code int) fate {
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return again
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_PERM:
		return unavailable
	}
	return final
}

// outward is an error of the database in the terms callers know.
func outward(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	if fateOf(err) != final {
		return ErrUnavailable.Because(err)
	}
	return err
}

// ErrAgain ends a transaction that has to be begun again: it found something it should have locked before what it has
// locked already.
var ErrAgain = errors.New("locks would be taken out of order")

// Outward is an error of the database in the terms callers know, outside a transaction.
func Outward(err error) error { return outward(err) }
