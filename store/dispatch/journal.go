package dispatch

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"

	"frontdesk/core/dispatch"
	"frontdesk/core/practice"
	"frontdesk/store"
)

// Journal is the journal of what is handed over to carriers. It is written many
// times as often as anything else, and each note is of use for a moment only, so
// it does not wait for the disk: it has to outlive this program, not the machine.
//
// On PostgreSQL it is an unlogged table, which is empty after the server has crashed or another has taken its place.
// SQLite has it in a file beside the database, where it does not wait for the transactions of the one that writes;
// after the machine has been started anew it is thrown away. Either way its epoch is another one then.
type Journal struct {
	db   *store.DB
	conn store.Conn

	mu   sync.Mutex
	lite *sql.DB
	// SQLite's statements, prepared: parsing one takes longer than running it.
	add, list, drop *sql.Stmt
}

// NewJournal keeps the journal of a database. It is closed with the database.
func NewJournal(db *store.DB) *Journal {
	j := &Journal{db: db, conn: db.Conn()}
	db.OnClose(j.close)
	return j
}

var _ dispatch.Journal = (*Journal)(nil)

const (
	addNote = `INSERT INTO handover_note (practice_group_id, lease, id, note) VALUES ($1, $2, $3, $4) ON
		CONFLICT (practice_group_id, lease, id) DO NOTHING`
	notesOf     = `SELECT note FROM handover_note WHERE practice_group_id = $1 AND lease = $2 ORDER BY id`
	forgetNotes = `DELETE FROM handover_note WHERE practice_group_id = $1 AND lease = $2`
)

// Epoch implements dispatch.Journal.
func (j *Journal) Epoch(ctx context.Context) int64 {
	n, err := j.readEpoch(ctx)
	if err != nil {
		return 0
	}
	return n
}

func (j *Journal) readEpoch(ctx context.Context) (int64, error) {
	if err := j.open(ctx); err != nil {
		return 0, err
	}
	note, err := j.epochNote(ctx)
	if err == nil && note == "" {
		if err = j.exec(ctx, addNote, 0, 0, 0, strconv.FormatInt(j.db.NewID(), 10)+" "+j.boot()); err == nil {
			note, err = j.epochNote(ctx)
		}
	}
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(note, " ")
	return strconv.ParseInt(number, 10, 64)
}

func (j *Journal) epochNote(ctx context.Context) (string, error) {
	notes, err := j.notes(ctx, 0, 0) // of no group
	if err != nil || len(notes) == 0 {
		return "", err
	}
	return string(notes[0]), nil
}

// Note implements dispatch.Journal.
func (j *Journal) Note(ctx context.Context, group practice.ID, lease int64, text []byte) error {
	return store.Outward(j.exec(ctx, addNote, int64(group), lease, j.db.NewID(), string(text)))
}

// Notes implements dispatch.Journal.
func (j *Journal) Notes(ctx context.Context, group practice.ID, lease int64) ([][]byte, error) {
	if err := j.open(ctx); err != nil {
		return nil, store.Outward(err)
	}
	notes, err := j.notes(ctx, int64(group), lease)
	return notes, store.Outward(err)
}

// Forget implements dispatch.Journal.
func (j *Journal) Forget(ctx context.Context, group practice.ID, leases []int64) error {
	for _, lease := range leases {
		if err := j.exec(ctx, forgetNotes, int64(group), lease); err != nil {
			return store.Outward(err)
		}
	}
	return nil
}

// open makes sure that there is a journal.
func (j *Journal) open(ctx context.Context) error {
	if j.db.Postgres() != nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.openFile(ctx)
}

// openFile opens the file beside a SQLite database, and makes it anew where it is
// of another start of the machine, or cannot be read.
func (j *Journal) openFile(ctx context.Context) error {
	if j.lite != nil {
		return nil
	}
	path := j.db.File() + "-handover"
	for again := range 2 {
		if again > 0 {
			for _, end := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + end)
			}
		}
		lite, err := j.tryFile(ctx, path)
		if err == nil {
			return j.use(ctx, lite)
		}
		if again > 0 {
			return err
		}
	}
	return nil
}

// use prepares the statements of an open file.
func (j *Journal) use(ctx context.Context, lite *sql.DB) error {
	for _, s := range []struct {
		into **sql.Stmt
		text string
	}{{&j.add, addNote}, {&j.list, notesOf}, {&j.drop, forgetNotes}} {
		var err error
		if *s.into, err = lite.PrepareContext(ctx, s.text); err != nil {
			return errors.Join(err, lite.Close())
		}
	}
	j.lite = lite
	return nil
}

var errOtherBoot = errors.New("the machine has been started anew")

func (j *Journal) tryFile(ctx context.Context, path string) (*sql.DB, error) {
	// Where it cannot be told whether the machine has been started anew, notes wait for the disk.
	sync := "OFF"
	if j.boot() == "" {
		sync = "FULL"
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	lite, err := sql.Open("sqlite",
		"file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous("+sync+
			")&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	lite.SetMaxOpenConns(1)
	lite.SetMaxIdleConns(1)
	if err = j.fitFile(ctx, lite); err != nil {
		return nil, errors.Join(err, lite.Close())
	}
	return lite, nil
}

// fitFile makes the table of a new file, and refuses the file of another start of the machine.
func (j *Journal) fitFile(ctx context.Context, lite *sql.DB) error {
	var tables int
	if err := lite.QueryRowContext(ctx,
		`SELECT count(*) FROM sqlite_schema WHERE name = 'handover_note'`).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		var table string
		if _, err := j.conn.One(ctx, `SELECT sql FROM sqlite_schema WHERE name = 'handover_note'`, nil,
			&table); err != nil {
			return err
		}
		_, err := lite.ExecContext(ctx, table)
		return err
	}
	var note string
	err := lite.QueryRowContext(ctx, notesOf, 0, 0).Scan(&note)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if _, boot, _ := strings.Cut(note, " "); err == nil && boot != j.boot() {
		return errOtherBoot
	}
	return err
}

// boot names the time since the machine was started; empty is that it cannot be told. PostgreSQL sees to it by itself.
func (j *Journal) boot() string {
	if j.db.Postgres() != nil {
		return ""
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

func (j *Journal) exec(ctx context.Context, text string, args ...any) error {
	if j.db.Postgres() != nil {
		_, err := j.db.Postgres().Exec(ctx, text, args...)
		return err
	}
	stmt := j.add
	if text == forgetNotes {
		stmt = j.drop
	}
	_, err := stmt.ExecContext(ctx, args...)
	return err
}

func (j *Journal) notes(ctx context.Context, args ...any) (out [][]byte, err error) {
	if j.db.Postgres() != nil {
		rows, err := j.db.Postgres().Query(ctx, notesOf, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var note string
			if err := rows.Scan(&note); err != nil {
				return nil, err
			}
			out = append(out, []byte(note))
		}
		return out, rows.Err()
	}
	rows, err := j.list.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var note string
		if err := rows.Scan(&note); err != nil {
			return nil, err
		}
		out = append(out, []byte(note))
	}
	return out, rows.Err()
}

func (j *Journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lite != nil {
		j.lite.Close()
	}
}
