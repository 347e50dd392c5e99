package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/store"
	instancestore "frontdesk/store/instance"
	limitstore "frontdesk/store/limit"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func TestAddressesThatAreRefused(t *testing.T) {
	for _, address := range []string{"", "frontdesk.db", "sqlite:", "sqlite:x?mode=memory", "mysql://x",
		"postgres://%zz"} {
		_, err := store.Open(context.Background(), address, store.Options{})
		if !errors.Is(err, store.ErrBadAddress) {
			t.Errorf("%q: got %v", address, err)
		}
	}
	_, err := store.Open(context.Background(), "postgres://someone:secret@127.0.0.1:1/x?connect_timeout=1",
		store.Options{})
	if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a server that is not there: got %v", err)
	}
	_, err = store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "no", "such", "folder", "x.db"),
		store.Options{})
	if !errors.Is(err, store.ErrNoDatabase) || !strings.Contains(fault.Of(err).Message, "does not exist") {
		t.Errorf("a folder that is not there: got %v", err)
	}
	file := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = store.Open(context.Background(), "sqlite:"+file, store.Options{}); !errors.Is(err, store.ErrFile) ||
		!strings.Contains(fault.Of(err).Message, "not an SQLite database") {
		t.Errorf("a file that is no database: got %v", err)
	}
}

func TestOpenMakesADatabaseOnlyWhenAsked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "typo.db")
	ctx := context.Background()
	for _, o := range []store.Options{{}, {NoMigrate: true}} {
		if _, err := store.Open(ctx, "sqlite:"+file, o); !errors.Is(err, store.ErrNoDatabase) ||
			!strings.Contains(fault.Of(err).Message, "no such file") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is a file: %v", err)
	}
	if _, err := store.Open(ctx, "sqlite:"+filepath.Dir(file), store.Options{Make: true}); !errors.Is(err,
		store.ErrFile) || !strings.Contains(fault.Of(err).Message, "folder") {
		t.Errorf("a folder: got %v", err)
	}
	db, err := store.Open(ctx, "sqlite:"+file, store.Options{Make: true, Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if _, _, err := instancestore.New(db).Beat(ctx); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{"", "-wal", "-shm", ".lock"} {
		if info, err := os.Stat(file + ending); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file+ending, info, err)
		}
	}
	if _, err := store.Open(ctx, "sqlite:"+file, store.Options{Serve: true}); !errors.Is(err, store.ErrInUse) ||
		!strings.Contains(fault.Of(err).Message, fmt.Sprint("process ", os.Getpid(), " on ")) {
		t.Errorf("a second server: %v", err)
	}
	other := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(file, other); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(ctx, "sqlite:"+other, store.Options{Serve: true}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("by another name: %v", err)
	}
	db.Close()
	again, err := store.Open(ctx, "sqlite:"+file, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// TestACopyOfADatabaseIsSomewhereElse compares where a database is with where it
// was.
func TestACopyOfADatabaseIsSomewhereElse(t *testing.T) {
	ctx := context.Background()
	home := func(address string) string {
		t.Helper()
		db, err := store.Open(ctx, address, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		where, err := db.Home(ctx)
		if err != nil || where == "" {
			t.Fatalf("%q, %v", where, err)
		}
		return where
	}
	for name, open := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite,
		"postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			one, two := open(t), open(t)
			first, again, other := home(one), home(one), home(two)
			if first != again || first == other {
				t.Errorf("%s, %s, %s", first, again, other)
			}
		})
	}
}

func TestSeveralStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	storetest.Postgres(t) // there must be a server
	address := empty(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			db, err := store.Open(context.Background(), address, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, pending, err := db.Version(context.Background()); err != nil || pending {
				t.Errorf("still to migrate: %v, %v", pending, err)
			}
			db.Close()
		})
	}
	wait.Wait()
}

// empty is a PostgreSQL database with nothing in it.
func empty(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	name := fmt.Sprint("e_", time.Now().UnixNano())
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(os.Getenv("TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func TestIDsOfSeveralNodesNeverMeet(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wait sync.WaitGroup
		for range 3 {
			db := storetest.Open(t, address)
			wait.Go(func() {
				last := int64(0)
				mine := make([]int64, 5000)
				for i := range mine {
					if mine[i] = db.NewID(); mine[i] <= last {
						t.Errorf("%d after %d", mine[i], last)
					}
					last = mine[i]
				}
				mu.Lock()
				defer mu.Unlock()
				for _, id := range mine {
					if seen[id] || id >= 1<<53 {
						t.Errorf("id %d", id)
					}
					seen[id] = true
				}
			})
		}
		wait.Wait()
	})
}

func TestAllNodeNumbersCanBeTaken(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		storetest.Open(t, address)
		db := storetest.Raw(t, address)
		for n := 1; n < 64; n++ {
			if _, err := db.Exec(`INSERT INTO node (number, holder,
				leased_until) VALUES ($1, 'x', '2999-01-01T00:00:00.000000Z')`, n); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.Open(context.Background(), address, store.Options{}); !errors.Is(err, store.ErrNodes) {
			t.Fatalf("got %v", err)
		}
		if _, err := db.Exec(`UPDATE node SET leased_until = '2020-01-01T00:00:00.000000Z'
			WHERE number = 7`); err != nil {
			t.Fatal(err)
		}
		storetest.Open(t, address) // a lease that ran out is taken over
	})
}

var now = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

// group makes a practice group, and gives a service that adds locations to it.
func group(t *testing.T, db *store.DB) (*practice.Service, context.Context) {
	t.Helper()
	s := &practice.Service{Store: practicestore.New(db), Now: func() time.Time { return now }, NewID: db.NewID}
	g, err := s.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
	if err != nil {
		t.Fatal(err)
	}
	return s, access.With(context.Background(), access.Operator(g.ID))
}

func places(t *testing.T, s *practice.Service, ctx context.Context) int {
	t.Helper()
	all, err := s.Locations(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestTransactionsThatShareACommitFailAlone runs many at once, of which some
// fail and some panic: only theirs is undone.
func TestTransactionsThatShareACommitFailAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := group(t, db)
		failure := errors.New("on purpose")
		var wait sync.WaitGroup
		var kept atomic.Int64
		for i := range 300 {
			wait.Go(func() {
				defer func() {
					if p := recover(); (p != nil) != (i%3 == 2) {
						t.Errorf("%d: panic %v", i, p)
					}
				}()
				err := db.Whole(ctx, func(ctx context.Context) error {
					name := "Place"
					if _, err := s.CreateLocation(ctx, practice.LocationChange{Name: &name}); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return failure
					case 2:
						panic("on purpose")
					}
					return nil
				})
				switch {
				case i%3 == 0 && err == nil:
					kept.Add(1)
				case i%3 == 1 && errors.Is(err, failure):
				default:
					t.Errorf("%d: got %v", i, err)
				}
			})
		}
		wait.Wait()
		if got := places(t, s, ctx); got != 100 || kept.Load() != 100 {
			t.Fatalf("%d kept, %d answered as kept", got, kept.Load())
		}
	})
}

func TestACallerWhoGoesAwayDoesNotDelayOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := group(t, db)
		inside, release := make(chan struct{}), make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			db.Whole(ctx, func(ctx context.Context) error {
				close(inside)
				<-release
				return nil
			})
		})
		<-inside
		if db.Engine() == "sqlite" { // one at a time
			gone, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			name := "Never"
			if _, err := s.CreateLocation(gone, practice.LocationChange{Name: &name}); !errors.Is(err,
				context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			cancel()
		}
		close(release)
		wait.Wait()
		name := "Place"
		if _, err := s.CreateLocation(ctx, practice.LocationChange{Name: &name}); err != nil || places(t, s, ctx) > 2 {
			t.Fatalf("%v, %d places", err, places(t, s, ctx))
		}
	})
}

// TestALostDatabaseIsUnavailableAndComesBack cuts the network between the
// program and PostgreSQL, and mends it.
func TestALostDatabaseIsUnavailableAndComesBack(t *testing.T) {
	address := storetest.Postgres(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	wire := newWire(t, u.Host)
	u.Host = wire.address
	db, err := store.Open(context.Background(), u.String(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s, ctx := group(t, db)
	wire.cut()
	name := "Place"
	for range 20 {
		_, err := s.CreateLocation(ctx, practice.LocationChange{Name: &name})
		_, err2 := s.Locations(ctx, true)
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err2, store.ErrUnavailable) {
			t.Fatalf("got %v, %v", err, err2)
		}
		if f := fault.Of(err); f.RetryAfter <= 0 || f.Kind != fault.Unavailable {
			t.Fatalf("got %+v", f)
		}
	}
	wire.mend()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if _, err = s.CreateLocation(ctx, practice.LocationChange{Name: &name}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// wire is a TCP connection to a server that can be cut.
type wire struct {
	address string
	mu      sync.Mutex
	broken  bool
	conns   map[net.Conn]bool
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &wire{address: l.Addr().String(), conns: map[net.Conn]bool{}}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			w.mu.Lock()
			if err != nil || w.broken {
				near.Close()
				if far != nil {
					far.Close()
				}
			} else {
				w.conns[near], w.conns[far] = true, true
				go copyAll(near, far)
				go copyAll(far, near)
			}
			w.mu.Unlock()
		}
	}()
	return w
}

func copyAll(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = false
}

// TestAClockPutBackHoldsNoOutsideSystemUp takes a turn, and puts the clock back.
func TestAClockPutBackHoldsNoOutsideSystemUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for _, at := range []time.Time{now, now.Add(-time.Hour), now.Add(-time.Hour)} {
			wait, taken, err := limitstore.New(db).Throttle(ctx, "pds", 1, 8*time.Second, at)
			if err != nil || !taken || wait > time.Second {
				t.Fatalf("%s, %v, %v", wait, taken, err)
			}
		}
	})
}

func TestATransactionHasItsOwnLimits(t *testing.T) {
	address := storetest.Postgres(t)
	for query, want := range map[string]string{"": "10s 5s 20s", "statement_timeout=7000": "7s 5s 20s"} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		values := u.Query()
		if name, value, ok := strings.Cut(query, "="); ok {
			values.Set(name, value)
		}
		u.RawQuery = values.Encode()
		inside, outside, err := storetest.Open(t, u.String()).Limits(context.Background())
		if err != nil || inside != want || query == "" && outside != "0 0 0" {
			t.Errorf("%q: inside %s, outside %s, %v", query, inside, outside, err)
		}
	}
}

func TestADatabaseThatPostgresLacksIsNotThere(t *testing.T) {
	address, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/frontdesk_nowhere"
	_, err = store.Open(t.Context(), address.String(), store.Options{})
	if !errors.Is(err, store.ErrNoDatabase) || !strings.Contains(fault.Of(err).Message, "frontdesk_nowhere") {
		t.Errorf("%v", err)
	}
}
