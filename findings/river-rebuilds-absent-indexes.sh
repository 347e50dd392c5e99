#!/usr/bin/env bash
# One would guess: a job queue that supports SQLite keeps up the indexes it made there.
# What happens: River's nightly rebuilding of indexes names seven of PostgreSQL's. On SQLite three of them were never
# made, two of which are of a kind that SQLite lacks, and River warns of them every time, as if migrations were missing.
# Versions: Go github.com/riverqueue/river v0.43.0 with riversqlite v0.43.0, modernc.org/sqlite v1.38.2.
# Source: https://pkg.go.dev/github.com/riverqueue/river#Config (ReindexerIndexNames, ReindexerSchedule)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
export GOFLAGS=-mod=mod
go get github.com/riverqueue/river@v0.43.0 github.com/riverqueue/river/riverdriver/riversqlite@v0.43.0 \
	modernc.org/sqlite@v1.38.2 2>/dev/null

cat >main.go <<'GO'
package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite"
)

type args struct{}

func (args) Kind() string { return "nothing" }

type nothing struct{ river.WorkerDefaults[args] }

func (*nothing) Work(context.Context, *river.Job[args]) error { return nil }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:jobs.db?_pragma=busy_timeout(10000)")
	must(err)
	db.SetMaxOpenConns(1)
	migrator, err := rivermigrate.New(riversqlite.New(db), nil)
	must(err)
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	must(err)
	workers := river.NewWorkers()
	river.AddWorker(workers, &nothing{})
	client, err := river.NewClient(riversqlite.New(db), &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 1}},
		Workers:           workers,
		Logger:            slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn})),
		ReindexerSchedule: river.PeriodicInterval(2 * time.Second), // else at midnight
	})
	must(err)
	must(client.Start(ctx))
	time.Sleep(15 * time.Second)
	must(client.Stop(ctx))
}
GO
go run . >log
cat >want <<'TXT'
Configured reindex indexes do not exist; run migrations or update ReindexerIndexNames
river_job_args_index
river_job_metadata_index
river_job_pkey
TXT
{
	grep -o 'Configured reindex indexes[^"]*' log | sort -u
	grep -o 'river_job_[a-z_]*' log | sort -u
} | tee got
diff want got
