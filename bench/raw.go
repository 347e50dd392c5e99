package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite"
)

// raw runs the statements that a request needs at the least, through the same
// driver, with no HTTP, no rules, and only plain values.
type raw struct {
	pg             *pgxpool.Pool
	writer, reader *sql.DB
	next           atomic.Int64
}

// open opens the database the server works on.
func open(db string) (*raw, error) {
	r := &raw{}
	r.next.Store(1 << 40)
	if strings.HasPrefix(db, "postgres") {
		cfg, err := pgxpool.ParseConfig(db)
		if err != nil {
			return nil, err
		}
		cfg.MaxConns = 16
		r.pg, err = pgxpool.NewWithConfig(context.Background(), cfg)
		return r, err
	}
	dsn := "file:" + strings.TrimPrefix(db, "sqlite:") +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)"
	var err1, err2 error
	r.writer, err1 = sql.Open("sqlite", dsn+"&_txlock=immediate")
	r.reader, err2 = sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	r.writer.SetMaxOpenConns(1)
	r.reader.SetMaxOpenConns(6)
	r.reader.SetMaxIdleConns(6)
	return r, errors.Join(err1, err2)
}

func (r *raw) close() {
	if r.pg != nil {
		r.pg.Close()
		return
	}
	r.reader.Close()
	r.writer.Close()
}

// rows runs a query and reads every column of every row.
func (r *raw) rows(ctx context.Context, text string, args ...any) error {
	return r.scan(ctx, func([]any) {}, text, args...)
}

// values runs a query and gives every row.
func (r *raw) values(ctx context.Context, text string, args ...any) (all [][]any, err error) {
	err = r.scan(ctx, func(row []any) { all = append(all, slices.Clone(row)) }, text, args...)
	return all, err
}

// scan runs a query and shows each row.
func (r *raw) scan(ctx context.Context, show func([]any), text string, args ...any) error {
	if r.pg != nil {
		rows, err := r.pg.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			row, err := rows.Values()
			if err != nil {
				return err
			}
			show(row)
		}
		return rows.Err()
	}
	rows, err := r.reader.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		show(values)
	}
	return rows.Err()
}

// tx runs statements in one transaction.
func (r *raw) tx(ctx context.Context, fn func(exec func(text string, args ...any) error) error) error {
	if r.pg != nil {
		return pgx.BeginFunc(ctx, r.pg, func(tx pgx.Tx) error {
			return fn(func(text string, args ...any) error {
				_, err := tx.Exec(ctx, text, args...)
				return err
			})
		})
	}
	tx, err := r.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	err = fn(func(text string, args ...any) error {
		_, err := tx.ExecContext(ctx, text, args...)
		return err
	})
	if err != nil {
		return err
	}
	return tx.Commit()
}

// when is a time as the database keeps it.
func (r *raw) when(t time.Time) any {
	if r.pg != nil {
		return t
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// read is one appointment with the names around it.
func (r *raw) read(ctx context.Context, group, id int64) error {
	return r.rows(ctx,
		`SELECT a.*, k.name, l.name, w.title, w.first_name, w.last_name, p.title, p.first_name, p.last_name,
			g.cancellation_hours
		FROM appointment a
		JOIN practice_group g ON g.practice_group_id = a.practice_group_id
		JOIN appointment_type k ON k.practice_group_id = a.practice_group_id AND k.id = a.appointment_type_id
		JOIN location l ON l.practice_group_id = a.practice_group_id AND l.id = a.location_id
		JOIN practitioner w ON w.practice_group_id = a.practice_group_id AND w.id = a.practitioner_id
		LEFT JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id
		WHERE a.practice_group_id = $1 AND a.id = $2`, group, id)
}

// search reads the sessions and what is booked, which is all that a search for
// slots has to know.
func (r *raw) search(ctx context.Context, group int64, who []string, from, to time.Time) error {
	some := ""
	if len(who) < people {
		some = " AND practitioner_id IN (" + strings.Join(who, ",") + ")"
	}
	return errors.Join(
		r.rows(ctx,
			`SELECT id, practitioner_id, location_id, start_date, until_date, from_minute, to_minute, step,
				every_weeks, days, week_start, time_zone, works_holidays
			FROM session WHERE practice_group_id = $1`+some, group),
		r.rows(ctx, `SELECT practitioner_id, start_at, end_at, state, reserved_until FROM appointment
			WHERE practice_group_id = $1 AND start_at > $4 AND start_at < $3 AND end_at > $2
			AND state IN ('reserved', 'booked')`+some,
			group, r.when(from), r.when(to), r.when(from.Add(-24*time.Hour))))
}

// pair holds a time and confirms it: the rows of both, in two transactions.
func (r *raw) pair(ctx context.Context, group int64, p *practice, who string, at time.Time) error {
	person, _ := strconv.ParseInt(who, 10, 64)
	place, _ := strconv.ParseInt(p.place, 10, 64)
	kind, _ := strconv.ParseInt(p.kind, 10, 64)
	patient, _ := strconv.ParseInt(p.patient, 10, 64)
	id, now := r.next.Add(10), time.Now()
	log := func(exec func(string, ...any) error, n int64, what string) error {
		return errors.Join(
			exec(`INSERT INTO event (practice_group_id, id, type, subject_id, sequence, at, data) VALUES ($1, $2, $3,
				$4, $5, $6, '{}')`, group, id+n, what, id, n, r.when(now)),
			exec(`INSERT INTO audit (practice_group_id, id, at, actor, key_id, key_group_id, request_id, action,
				entity, entity_id, before, after)
				VALUES ($1, $2, $3, '', 0, 0, '', $4, 'appointment',
				$5, '{}', '{}')`, group, id+n, r.when(now), what, id))
	}
	err := r.tx(ctx, func(exec func(string, ...any) error) error {
		return errors.Join(
			exec(`UPDATE diary SET version = version + 1 WHERE practice_group_id = $1
				AND practitioner_id = $2`, group, person),
			exec(`INSERT INTO appointment (practice_group_id, id, state, patient_id, practitioner_id, location_id,
				appointment_type_id, start_at, end_at, video, in_person,
					telephone, reserved_until, reason, suppress_mail, override, source, version, created_at, updated_at)
				VALUES ($1, $2, 'reserved', $3, $4, $5, $6, $7, $8, false, true, false, $9, '', false, false, 'raw',
				1, $9, $9)`,
				group, id, patient, person, place, kind, r.when(at), r.when(at.Add(minutes*time.Minute)), r.when(now)),
			exec(fmt.Sprintf(`INSERT INTO busy_minute (practice_group_id, practitioner_id, minute, appointment_id)
				WITH RECURSIVE span (minute) AS (SELECT CAST($4 AS bigint) UNION ALL SELECT minute + 1 FROM span
				WHERE minute + 1 < CAST($4 AS bigint) + %d)
				SELECT CAST($1 AS bigint), CAST($2 AS bigint), minute, CAST($3 AS bigint)
				FROM span`, minutes), group, person, id, at.Unix()/60),
			log(exec, 1, "reserved"))
	})
	if err != nil {
		return err
	}
	return r.tx(ctx, func(exec func(string, ...any) error) error {
		return errors.Join(
			exec(`UPDATE diary SET version = version + 1 WHERE practice_group_id = $1
				AND practitioner_id = $2`, group, person),
			exec(`UPDATE appointment SET state = 'booked', confirmed_at = $3, version = 2
				WHERE practice_group_id = $1 AND id = $2`, group, id, r.when(now)),
			log(exec, 2, "confirmed"))
	})
}
