package store

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
)

// handovers is the journal of what is handed over to carriers. It is written many
// times as often as anything else, and each note is of use for a moment only, so
// it does not wait for the disk: it has to outlive this program, not the machine.
//
// On PostgreSQL it is an unlogged table, which is empty after the server has
// crashed or another has taken its place. SQLite has it in a file beside the
// database, where it does not wait for the transactions of the one that writes;
// after the machine has been started anew it is thrown away. Either way its epoch
// is another one then.
type handovers struct {
	db *DB

	mu   sync.Mutex
	lite statements
}

// Handovers is the journal of what is handed over.
func (db *DB) Handovers() dispatch.Journal { return &db.handed }

const (
	addNote = `INSERT INTO handover_note (practice_group_id, lease, id, note) VALUES ($1, $2, $3, $4) ON
		CONFLICT (practice_group_id, lease, id) DO NOTHING`
	notesOf     = `SELECT note FROM handover_note WHERE practice_group_id = $1 AND lease = $2 ORDER BY id`
	forgetNotes = `DELETE FROM handover_note WHERE practice_group_id = $1 AND lease = $2`
)

// Epoch implements dispatch.Journal.
func (h *handovers) Epoch(ctx context.Context) int64 {
	n, err := h.readEpoch(ctx)
	if err != nil {
		return 0
	}
	return n
}

func (h *handovers) readEpoch(ctx context.Context) (int64, error) {
	if err := h.open(ctx); err != nil {
		return 0, err
	}
	note, err := h.epochNote(ctx)
	if err == nil && note == "" {
		if err = h.exec(ctx, addNote, 0, 0, 0, strconv.FormatInt(h.db.NewID(), 10)+" "+h.boot()); err == nil {
			note, err = h.epochNote(ctx)
		}
	}
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(note, " ")
	return strconv.ParseInt(number, 10, 64)
}

func (h *handovers) epochNote(ctx context.Context) (string, error) {
	notes, err := h.notes(ctx, notesOf, 0, 0) // of no group
	if err != nil || len(notes) == 0 {
		return "", err
	}
	return string(notes[0]), nil
}

// Note implements dispatch.Journal.
func (h *handovers) Note(ctx context.Context, group practice.ID, lease int64, text []byte) error {
	return outward(h.exec(ctx, addNote, int64(group), lease, h.db.NewID(), string(text)))
}

// Notes implements dispatch.Journal.
func (h *handovers) Notes(ctx context.Context, group practice.ID, lease int64) ([][]byte, error) {
	if err := h.open(ctx); err != nil {
		return nil, outward(err)
	}
	notes, err := h.notes(ctx, notesOf, int64(group), lease)
	return notes, outward(err)
}

// Forget implements dispatch.Journal.
func (h *handovers) Forget(ctx context.Context, group practice.ID, leases []int64) error {
	for _, lease := range leases {
		if err := h.exec(ctx, forgetNotes, int64(group), lease); err != nil {
			return outward(err)
		}
	}
	return nil
}

// open makes sure that there is a journal.
func (h *handovers) open(ctx context.Context) error {
	if h.db.pg != nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.openFile(ctx)
}

// openFile opens the file beside a SQLite database, and makes it anew where it is
// of another start of the machine, or cannot be read.
func (h *handovers) openFile(ctx context.Context) error {
	if h.lite.db != nil {
		return nil
	}
	path := h.db.path + "-handover"
	for again := range 2 {
		if again > 0 {
			for _, end := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + end)
			}
		}
		lite, err := h.tryFile(ctx, path)
		if err == nil {
			h.lite.db = lite
			return nil
		}
		if again > 0 {
			return err
		}
	}
	return nil
}

var errOtherBoot = errors.New("the machine has been started anew")

func (h *handovers) tryFile(ctx context.Context, path string) (*sql.DB, error) {
	// Where it cannot be told whether the machine has been started anew, notes
	// wait for the disk.
	sync := "OFF"
	if h.boot() == "" {
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
	if err = h.fitFile(ctx, lite); err != nil {
		return nil, errors.Join(err, lite.Close())
	}
	return lite, nil
}

// fitFile makes the table of a new file, and refuses the file of another start of
// the machine.
func (h *handovers) fitFile(ctx context.Context, lite *sql.DB) error {
	var tables int
	if err := lite.QueryRowContext(ctx,
		`SELECT count(*) FROM sqlite_schema WHERE name = 'handover_note'`).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		var table string
		if _, err := h.db.plain().one(ctx, `SELECT sql FROM sqlite_schema WHERE name = 'handover_note'`, nil,
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
	if _, boot, _ := strings.Cut(note, " "); err == nil && boot != h.boot() {
		return errOtherBoot
	}
	return err
}

// boot names the time since the machine was started; empty is that it cannot be
// told. PostgreSQL sees to it by itself.
func (h *handovers) boot() string {
	if h.db.pg != nil {
		return ""
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

func (h *handovers) exec(ctx context.Context, text string, args ...any) error {
	if h.db.pg != nil {
		_, err := h.db.pg.Exec(ctx, text, args...)
		return err
	}
	stmt, err := h.lite.prepare(ctx, text)
	if err == nil {
		_, err = stmt.ExecContext(ctx, args...)
	}
	return err
}

func (h *handovers) notes(ctx context.Context, text string, args ...any) (out [][]byte, err error) {
	if h.db.pg != nil {
		rows, err := h.db.pg.Query(ctx, text, args...)
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
	stmt, err := h.lite.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
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

func (h *handovers) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lite.db != nil {
		h.lite.db.Close()
	}
}
