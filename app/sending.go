package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// witness is the file, beside the key of secrets, that says how long this
// database had been in use when it was last seen. A database that says less is
// a copy from before: what it means to send may have been sent long ago.
//
// It is named after the database, so that several may lie side by side.
func witness(config Config, identity int64) string {
	key := sealKey(config.SealKey, config.DB)
	return strings.TrimSuffix(key, ".key") + "-" + strconv.FormatInt(identity, 36) + ".seen"
}

// watch stops sending when the database is an older copy of itself, and from
// then on notes how long it is in use.
func (a *App) watch(ctx context.Context) error {
	known, err := a.db.Sending(ctx)
	if err != nil {
		return err
	}
	if known.Identity == 0 {
		return a.beat(ctx) // nothing can have been sent from it yet
	}
	seen, err := readWitness(witness(a.config, known.Identity))
	if err != nil {
		return err
	}
	if known.Paused.IsZero() && known.Beat < seen {
		a.config.Log.WarnContext(ctx, "the database is older than when it was last seen: nothing is sent until an operator says so", "command", "frontdesk sending resume")
		if err := a.db.PauseSending(ctx, a.config.Now(), "restored from a backup"); err != nil {
			return err
		}
	}
	return a.beat(ctx)
}

// beat notes that the database is in use, in it and beside it.
func (a *App) beat(ctx context.Context) error {
	beat, identity, err := a.db.Beat(ctx)
	if err != nil || beat == 0 {
		return err
	}
	return writeWitness(witness(a.config, identity), beat)
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

func readWitness(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	// A file that is no number is nothing that can be relied on: it counts as 0.
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, nil
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
