package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"

	"frontdesk/core/fault"
)

// Home tells where the database is, in a way that no copy of it shares: of an
// SQLite file its number in its file system and when it was made there, of
// PostgreSQL the cluster and the database in it. A standby that takes over is the
// same cluster. It is empty where that cannot be told.
func (db *DB) Home(ctx context.Context) (string, error) {
	if db.pg == nil {
		return fileHome(db.path)
	}
	var database int64
	if _, err := db.plain().one(ctx, `SELECT oid::bigint FROM pg_database WHERE datname = current_database()`, nil,
		&database); err != nil {
		return "", err
	}
	var cluster int64
	if _, err := db.plain().one(ctx, `SELECT system_identifier FROM pg_control_system()`, nil, &cluster); err != nil &&
		fateOf(err) != final {
		return "", err // a service that keeps this to itself leaves the database's number
	}
	return fmt.Sprintf("%d/%d", cluster, database), nil
}

// ErrInUse is returned to a second server on one SQLite file.
var ErrInUse = fault.New(fault.Conflict, "database_in_use", "Another server uses this SQLite database. Stop it "+
	"first, or use PostgreSQL, which several servers can share.")

// occupy makes this program the one server on an SQLite file, until the database
// is closed or the program dies: the system ends the lock with it.
func (db *DB) occupy() error {
	path := db.path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // one file, whatever it is called
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	mine, err := lock.TryLock()
	if err != nil {
		return fileTrouble(path+".lock", err)
	}
	if !mine {
		other, err := os.ReadFile(lock.Path())
		if err != nil || len(other) == 0 {
			return ErrInUse
		}
		return ErrInUse.Saying(fmt.Sprintf("Another server uses %s: %s. Stop it first, or use PostgreSQL, which "+
			"several servers can share.", db.path, other))
	}
	db.lock = lock
	host, _ := os.Hostname()
	who := "process " + strconv.Itoa(os.Getpid()) + " on " + host + ", since " + time.Now().UTC().Format(time.RFC3339)
	return os.WriteFile(lock.Path(), []byte(who), 0o600)
}

// leave gives the file back.
func (db *DB) leave() {
	if db.lock != nil {
		_ = os.Truncate(db.lock.Path(), 0)
		_ = db.lock.Unlock()
	}
}
