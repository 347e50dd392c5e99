package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// build is a build of the program that runs on a database of its own, and what
// it is asked.
type build struct {
	*server
	raw       *raw
	group     int64
	register  *register
	questions []question
}

// startAll starts the program, and the build to compare it with if there is one.
// idle is the memory of the first after its start.
func startAll(binary, dir, engine string) (builds []*build, idle string, err error) {
	for i, path := range []string{binary, *before} {
		if path == "" {
			continue
		}
		b, err := startBuild(path, filepath.Join(dir, strconv.Itoa(i)), engine)
		if err != nil {
			return builds, "", err
		}
		if builds = append(builds, b); i == 0 {
			idle = b.memory()
		}
	}
	return builds, idle, nil
}

func startBuild(binary, dir, engine string) (*build, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db := "sqlite:" + filepath.Join(dir, "bench.db")
	if engine == "postgres" {
		var err error
		if db, err = freshPostgres(); err != nil {
			return nil, err
		}
	}
	s, err := start(binary, dir, db)
	if err != nil {
		return nil, err
	}
	r, err1 := open(db)
	group, err2 := strconv.ParseInt(s.Group, 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		s.stop()
		return nil, err
	}
	b := &build{server: s, raw: r, group: group, register: newRegister(r, group)}
	// The patients come last: a hundred thousand of them are not to be in the
	// way of the diary's figures.
	b.questions = slices.Concat(diary(s, r, group), patients(r, group, b.register), graphql(s, r, group, b.register),
		messages(r, group, b.register))
	return b, nil
}

func (b *build) stop() {
	b.raw.close()
	b.server.stop()
}

// ask asks a question over HTTP with n clients for a while.
func (b *build) ask(q question, n int) (result, error) {
	conns := make([]*client, n)
	for i := range conns {
		var err error
		if conns[i], err = dial(b.server); err != nil {
			return result{}, err
		}
		defer conns[i].Close()
	}
	return load(n, func(client, i int) error { return q.http(conns[client], i) })
}

// head begins a table, with the columns of the build before if there is one.
func head(names string) string {
	if *before != "" {
		names += " before, per second | of before |"
	}
	columns := strings.Split(strings.Trim(names, "|"), "|")
	rule := "| --- |" + strings.Repeat(" ---: |", len(columns)-1)
	return names + "\n" + rule + "\n"
}

// beside are the columns of a row that compare a rate with that of the build before.
func beside(now, before float64) string { return fmt.Sprintf(" %s | %.2f |", rate(before), now/before) }
