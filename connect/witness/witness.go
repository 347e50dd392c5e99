// Package witness keeps files that say how long a database had been in use when it was
// last seen. A database that says less is a copy from before.
package witness

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Files are beside the key of secrets or, where nothing can be written there, beside
// the SQLite database. They are named after the database, so that several may lie
// side by side.
type Files struct {
	// Key is the file of the key of secrets.
	Key string
	// Database is the file of the SQLite database; empty is PostgreSQL.
	Database string
}

func (f Files) paths(identity int64) []string {
	name := func(of, ending string) string {
		return strings.TrimSuffix(of, ending) + "-" + strconv.FormatInt(identity, 36) + ".seen"
	}
	out := []string{name(f.Key, ".key")}
	if f.Database != "" {
		out = append(out, name(f.Database, ""))
	}
	return out
}

// Seen gives the highest count the files have, and whether there is one.
func (f Files) Seen(identity int64) (beat int64, found bool, err error) {
	for _, path := range f.paths(identity) {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		// A file that is no number cannot be relied on: it counts as 0.
		n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		beat, found = max(beat, n), true
	}
	return beat, found, nil
}

// Note writes the count into the first of the files that can be written.
func (f Files) Note(identity, beat int64) error {
	var err error
	for _, path := range f.paths(identity) {
		if err = write(path, beat); err == nil {
			return nil
		}
	}
	if f.Database == "" && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		return nil // a key that is handed in often lies where nothing can be written
	}
	return err
}

func write(path string, beat int64) error {
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
