package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	modernc "modernc.org/sqlite"
	"modernc.org/sqlite/lib"

	"frontdesk/core/fault"
)

// The faults of an SQLite database's file.
var (
	ErrNoDatabase = fault.New(fault.NotFound, "no_database", "There is no such database.")
	ErrFile       = fault.New(fault.Unavailable, "database_file", "The file of the database cannot be used.")
)

// makeFile makes the file of a new database, for its owner alone: SQLite gives the
// files beside it the same mode. What is there already is left as it is.
func makeFile(path string, make bool) error {
	_, err := os.Stat(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return nil // opening it tells the rest
	}
	if folder := filepath.Dir(path); missing(folder) {
		return ErrNoDatabase.Saying(fmt.Sprintf("There is no database: the folder %s does not exist.", folder))
	}
	if !make {
		return ErrNoDatabase.Saying(fmt.Sprintf("There is no database at %s: no such file. frontdesk serve, "+
			"frontdesk migrate and frontdesk group create make one.", path))
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another program made it this moment
	}
	if err != nil {
		return fileTrouble(path, err)
	}
	return f.Close()
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// fileTrouble says why a file, or a database in it, cannot be opened: SQLite itself
// says of nearly everything that it is unable to.
func fileTrouble(path string, err error) error {
	cause := err
	var lite *modernc.Error
	switch code := sqliteCode(err, &lite); {
	case code == sqlite3.SQLITE_NOTADB:
		return ErrFile.Saying(fmt.Sprintf("%s is not an SQLite database.", path)).Because(err)
	case lite != nil &&
		(code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_PERM ||
			code == sqlite3.SQLITE_IOERR):
		cause = tryFile(path, err)
	case lite != nil && code != sqlite3.SQLITE_FULL:
		return outward(err)
	}
	why := "it cannot be used"
	switch info, _ := os.Stat(path); {
	case errors.Is(cause, fs.ErrPermission):
		why = fmt.Sprintf("permission denied to user %d. It must be able to read and write the file, and to make "+
			"others beside it", os.Getuid())
	case errors.Is(cause, syscall.EROFS):
		why = "its file system is read-only"
	case errors.Is(cause, syscall.ENOSPC), sqliteCode(err, &lite) == sqlite3.SQLITE_FULL:
		why = "no space is left on its file system"
	case errors.Is(cause, fs.ErrNotExist):
		why = "no such file or directory"
	case info != nil && info.IsDir():
		why = "it is a folder"
	}
	return ErrFile.Saying(fmt.Sprintf("%s cannot be opened: %s.", path, why)).Because(err)
}

func sqliteCode(err error, lite **modernc.Error) int {
	if !errors.As(err, lite) {
		return sqlite3.SQLITE_OK
	}
	return (*lite).Code() & 0xff
}

// tryFile opens a file, and makes one beside it, to learn why SQLite could not.
func tryFile(path string, err error) error {
	f, tried := os.OpenFile(path, os.O_RDWR, 0)
	if tried != nil {
		return tried
	}
	f.Close()
	beside, tried := os.CreateTemp(filepath.Dir(path), ".frontdesk-*")
	if tried != nil {
		return tried
	}
	beside.Close()
	os.Remove(beside.Name())
	return err
}
