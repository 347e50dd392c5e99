package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"frontdesk/core/connector"
	"frontdesk/core/fault"
	"frontdesk/core/seal"
	"frontdesk/store"
	connectorstore "frontdesk/store/connector"
	instancestore "frontdesk/store/instance"
	practicestore "frontdesk/store/practice"
)

// KeyFile is the file of the keys that secrets are sealed with. Where none is
// named it lies beside the SQLite database, or in the working directory with
// PostgreSQL, where every node must have the same.
func KeyFile(named, db string) string {
	if named != "" {
		return named
	}
	if path, ok := strings.CutPrefix(db, "sqlite:"); ok {
		return path + ".key"
	}
	return "frontdesk.key"
}

// ErrOtherKey is returned for a key file that the database's secrets are not sealed
// with.
var ErrOtherKey = fault.New(fault.Conflict, "other_seal_key", "The secrets in this database are sealed with another "+
	"key.")

// Keys is the key file of one database. The database keeps a text sealed with it,
// so that a program with another key is found out before it does anything.
type Keys struct {
	DB   *store.DB
	Path string

	mu  sync.Mutex
	box *seal.Box
}

// witnessed is the text, and what it is.
const (
	witnessed    = "frontdesk"
	witnessAbout = "installation/key"
)

// Open reads the key file when it is first needed, and makes one where there is
// none and nothing is sealed yet. Errors: ErrOtherKey, seal.ErrNoKey.
func (k *Keys) Open() (*seal.Box, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.box != nil {
		return k.box, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	known, err := instancestore.New(k.DB).Installation(ctx)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(k.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(known.Sealed) > 0:
		return nil, ErrOtherKey.Saying(fmt.Sprintf("The secrets in this database are sealed with a key, and there "+
			"is no key file at %s: no such file. Put the file there, or say where it is with --seal-key.", k.Path))
	case errors.Is(err, fs.ErrNotExist):
		if _, shut, sealErr := sealedConnectors(ctx, k.DB, nil); sealErr != nil || shut > 0 {
			return nil, cmp.Or(sealErr, k.other())
		}
		text, err = newSealKey(k.Path)
	}
	if err != nil {
		return nil, keyTrouble(k.Path, err)
	}
	box, err := k.parse(text)
	if err != nil {
		return nil, err
	}
	if len(known.Sealed) > 0 {
		if _, err := box.Open(known.Sealed, witnessAbout); err != nil {
			return nil, k.other()
		}
	}
	k.box = box
	return box, nil
}

func (k *Keys) other() error {
	return ErrOtherKey.Saying(fmt.Sprintf("The secrets in this database are sealed with another key than the one in "+
		"%s. Put the right file there, or say where it is with --seal-key. "+
		"If that key is lost: frontdesk seal adopt.", k.Path))
}

// keyTrouble says why a key file cannot be used.
func keyTrouble(path string, err error) error {
	why := err.Error()
	switch {
	case errors.Is(err, fs.ErrPermission):
		why = fmt.Sprintf("permission denied to user %d", os.Getuid())
	case errors.Is(err, fs.ErrNotExist):
		why = "no such file or directory"
	}
	return seal.ErrNoKey.Saying(fmt.Sprintf("The key file %s cannot be read or made: %s. Say where it is with "+
		"--seal-key.", path, why)).Because(err)
}

// Claim makes sure that the key is the one this database's secrets are sealed with,
// and has the database remember it. A database from before it did that is tried with
// what is sealed in it. Error: ErrOtherKey.
func (k *Keys) Claim(ctx context.Context) error {
	box, err := k.Open()
	if err != nil {
		return err
	}
	known, err := instancestore.New(k.DB).Installation(ctx)
	if err != nil {
		return err
	}
	if len(known.Sealed) == 0 {
		if opened, shut, err := sealedConnectors(ctx, k.DB, box); err != nil || opened == 0 && shut > 0 {
			return cmp.Or(err, k.other())
		}
	} else if box.Sealed(known.Sealed) {
		return nil
	}
	return k.keep(ctx, box, known.Sealed)
}

// Adopt has the database take the key of the file as its own, whatever it had
// before. What is sealed with another stays unreadable.
func (k *Keys) Adopt(ctx context.Context) error {
	text, err := os.ReadFile(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = newSealKey(k.Path)
	}
	if err != nil {
		return keyTrouble(k.Path, err)
	}
	box, err := k.parse(text)
	if err != nil {
		return err
	}
	known, err := instancestore.New(k.DB).Installation(ctx)
	if err != nil {
		return err
	}
	return k.keep(ctx, box, known.Sealed)
}

func (k *Keys) parse(text []byte) (*seal.Box, error) {
	box, err := seal.Parse(text)
	if err != nil {
		return nil, seal.ErrBadKey.Saying(fmt.Sprintf("%s is not a key file: it must have one key of 32 bytes, in "+
			"Base64, on each line.", k.Path))
	}
	return box, nil
}

// keep has the database remember the first key of the file.
func (k *Keys) keep(ctx context.Context, box *seal.Box, was []byte) error {
	sealed, err := box.Seal([]byte(witnessed), witnessAbout)
	if err != nil {
		return err
	}
	kept, err := instancestore.New(k.DB).KeepSealed(ctx, was, sealed)
	if err != nil {
		return err
	}
	if _, err := box.Open(kept, witnessAbout); err != nil {
		return k.other() // a program with another key came first
	}
	return nil
}

// sealedConnectors counts the connectors whose secrets a box opens, and those that
// it does not.
func sealedConnectors(ctx context.Context, db *store.DB, box *seal.Box) (opened, shut int, err error) {
	groups, err := practicestore.New(db).Groups(ctx)
	if err != nil {
		return 0, 0, err
	}
	all := &connector.Service{Store: connectorstore.New(db), Box: func() (*seal.Box, error) { return box, nil }}
	for _, g := range groups {
		used, err := connectorstore.New(db).Connectors(ctx, g.ID)
		if err != nil {
			return 0, 0, err
		}
		for _, c := range used {
			switch _, err := all.Get(ctx, g.ID, c.Name); {
			case err == nil && len(c.Sealed) > 0:
				opened++
			case errors.Is(err, seal.ErrCannotOpen), errors.Is(err, seal.ErrNoKey):
				shut++
			case err != nil:
				return 0, 0, err
			}
		}
	}
	return opened, shut, nil
}

// newSealKey makes a key file for its owner alone, unless another program made
// one at the same moment.
func newSealKey(path string) ([]byte, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".seal-*") // made with mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	text := "# Secrets in Frontdesk's database can be read with this key alone. Keep a copy apart from the " +
		"database's.\n" + seal.NewKey() + "\n"
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
