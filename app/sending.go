package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/job"
	"frontdesk/core/practice"
	"frontdesk/operator"
)

// witnesses are the files, beside the key of secrets or where that is nobody's to
// write beside the SQLite database, that say how long this database had been in use
// when it was last seen. A database that says less is a copy from before: what it
// means to send may have been sent long ago.
//
// They are named after the database, so that several may lie side by side.
func witnesses(config Config, identity int64) []string {
	name := func(of, ending string) string {
		return strings.TrimSuffix(of, ending) + "-" + strconv.FormatInt(identity, 36) + ".seen"
	}
	out := []string{name(operator.KeyFile(config.SealKey, config.DB), ".key")}
	if path, ok := strings.CutPrefix(config.DB, "sqlite:"); ok {
		out = append(out, name(path, ""))
	}
	return out
}

// Why nothing is sent, where the program itself has stopped that. Then nothing is
// delivered to webhooks either.
const (
	copied   = "this database is a copy: it is not where a server last used it"
	restored = "restored from a backup"
)

// watch stops sending when the database is a copy, or an older copy of itself, and
// from then on notes how long it is in use and where.
func (a *App) watch(ctx context.Context) error {
	known, err := a.db.Sending(ctx)
	if err != nil {
		return err
	}
	before, err := a.db.Installation(ctx)
	if err != nil {
		return err
	}
	here, err := a.db.Home(ctx)
	if err != nil {
		return err
	}
	// With no identity nothing can have been sent from it yet.
	if known.Identity != 0 && known.Paused.IsZero() {
		seen, found, err := readWitnesses(witnesses(a.config, known.Identity))
		if err != nil {
			return err
		}
		why := ""
		switch {
		case before.Home != "" && here != "" && here != before.Home:
			why = copied
		case before.Home == "" && !found && a.db.SQLite() != nil:
			why = copied // it was last used by a version that did not note where
		case known.Beat < seen:
			why = restored
		}
		if why != "" {
			a.config.Log.WarnContext(ctx, "nothing is sent until an operator says so", "why", why, "command", "frontdesk sending resume")
			if err := a.db.PauseSending(ctx, a.config.Now(), why); err != nil {
				return err
			}
		}
	}
	if here != before.Home && here != "" {
		if err := a.db.KeepHome(ctx, here); err != nil {
			return err
		}
	}
	return a.beat(ctx)
}

// mayDeliver waits until an operator has let a copy send, and reports false where
// the context ends before.
func (a *App) mayDeliver(ctx context.Context) bool {
	for {
		now, err := a.db.Sending(ctx)
		if err == nil && now.Why != copied && now.Why != restored {
			return true
		}
		if sleep(ctx, time.Second) != nil {
			return false
		}
	}
}

// beat notes that the database is in use, in it and beside it.
func (a *App) beat(ctx context.Context) error {
	beat, identity, err := a.db.Beat(ctx)
	if err != nil || beat == 0 {
		return err
	}
	for _, path := range witnesses(a.config, identity) {
		if err = writeWitness(path, beat); err == nil {
			return nil
		}
	}
	if a.db.Postgres() != nil && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		return nil // a key that is handed in often lies where nothing can be written
	}
	return err
}

// beating goes on until the program stops.
func (a *App) beating(ctx context.Context) {
	ticks := time.NewTicker(beatEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			if err := a.beat(ctx); err != nil && ctx.Err() == nil {
				a.config.Log.WarnContext(ctx, "cannot note that the database is in use", "error", err.Error())
			}
		case <-ctx.Done():
			return
		}
	}
}

// readWitnesses gives the highest count the files have, and whether there is one.
func readWitnesses(paths []string) (seen int64, found bool, err error) {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		// A file that is no number is nothing that can be relied on: it counts as 0.
		n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		seen, found = max(seen, n), true
	}
	return seen, found, nil
}

func writeWitness(path string, beat int64) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".seen-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strconv.FormatInt(beat, 10) + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// recovers is the job that takes back what was lost, and asks again for what is
// due.
func (a *App) recovers() job.Handler {
	return a.eachGroup(func(ctx context.Context) error {
		who, err := access.Who(ctx)
		if err != nil {
			return err
		}
		if err := a.core.Messaging.Recover(ctx, who.Group); err != nil {
			return err
		}
		return a.core.Batch.Recover(ctx, who.Group)
	})
}

// writeRecord is the job that writes an entry into a record.
func (a *App) writeRecord(ctx context.Context, j job.Job) error {
	id, err := strconv.ParseInt(string(j.Args), 10, 64)
	if err != nil {
		return err
	}
	return a.core.Record.Write(ctx, practice.ID(j.Group), id)
}

// beatEvery is how often a running program notes that the database is in use.
const beatEvery = 30 * time.Second
