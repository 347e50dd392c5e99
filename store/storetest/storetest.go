// Package storetest opens an empty database of each kind for a test.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/store"
)

// Each runs a test on an empty SQLite database and on an empty PostgreSQL one.
// TEST_POSTGRES names the PostgreSQL server; `make test` starts one. Without it
// the second half is left out, but not where CI is set: there it fails.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachAddress(t, func(t *testing.T, address string) { test(t, Open(t, address)) })
}

// EachAddress is Each for a test that opens the database itself, perhaps more
// than once.
func EachAddress(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
}

// Open opens the database at an address until the test ends.
func Open(t testing.TB, address string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), address, store.Options{Make: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// NewSQLite is the address of an SQLite file that is not there yet.
func NewSQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db")
}

// SQLite is the address of a new SQLite file, already migrated.
func SQLite(t testing.TB) string {
	t.Helper()
	file, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	address := NewSQLite(t)
	if err := os.WriteFile(strings.TrimPrefix(address, "sqlite:"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return address
}

// migrated is, made once in this process, what a migrated SQLite file has in it:
// under the race detector migrating takes seconds.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "frontdesk-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "frontdesk.db")
	db, err := store.Open(context.Background(), "sqlite:"+path, store.Options{Make: true})
	if err != nil {
		return nil, err
	}
	db.Close() // which leaves all of it in the one file
	return os.ReadFile(path)
})

// Postgres is the address of a new PostgreSQL database, already migrated.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("TEST_POSTGRES is not set: a suite that leaves a database out proves nothing")
		}
		t.Skip("TEST_POSTGRES is not set; run make test")
	}
	ctx := context.Background()
	template, err := template(server)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	name := "t_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin, err := pgx.Connect(ctx, server)
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close(ctx)
		if _, err := admin.Exec(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Error(err)
		}
	})
	return named(server, name)
}

func named(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + database
	return u.String()
}

var (
	once         sync.Once
	templateName string
	templateErr  error
)

// template makes, once in this process, a migrated database that each test's
// own is copied from: that takes half the time of migrating.
func template(server string) (string, error) {
	once.Do(func() {
		ctx := context.Background()
		templateName = "tmpl_" + strings.ToLower(rand.Text())
		var admin *pgx.Conn
		if admin, templateErr = pgx.Connect(ctx, server); templateErr != nil {
			return
		}
		defer admin.Close(ctx)
		if _, templateErr = admin.Exec(ctx, "CREATE DATABASE "+templateName); templateErr != nil {
			return
		}
		var db *store.DB
		if db, templateErr = store.Open(ctx, named(server, templateName), store.Options{Make: true}); templateErr != nil {
			return
		}
		db.Close()
	})
	return templateName, templateErr
}
