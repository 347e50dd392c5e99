package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"frontdesk/core/seal"
)

// sealKey is the file of the keys that secrets are sealed with. Where none is
// named it lies beside the SQLite database, or in the working directory with
// PostgreSQL, where every node must have the same.
func sealKey(named, db string) string {
	if named != "" {
		return named
	}
	if path, ok := strings.CutPrefix(db, "sqlite:"); ok {
		return path + ".key"
	}
	return "frontdesk.key"
}

// box reads the key file when it is first needed, and makes one where there is
// none.
func box(path string) func() (*seal.Box, error) {
	return sync.OnceValues(func() (*seal.Box, error) {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if text, err = newSealKey(path); err != nil {
				return nil, seal.ErrNoKey.Because(err)
			}
		}
		if err != nil {
			return nil, seal.ErrNoKey.Because(err)
		}
		return seal.Parse(text)
	})
}

// newSealKey makes a key file for its owner alone, unless another program made
// one at the same moment.
func newSealKey(path string) ([]byte, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".seal-*") // made with mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	text := "# Secrets in Frontdesk's database can be read with this key alone. Keep a copy apart from the database's.\n" + seal.NewKey() + "\n"
	if _, err := f.WriteString(text); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}
