package record

import (
	"context"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	"frontdesk/store/value"
)

// approved_by, decider_id and approved_at say who decided and when, whatever it was.
const entryColumns = `id, patient_id, message_id, consultation_id, snomed_code, snomed_term, content, channel, status,
	reason, proposed_by, hash, expires_at, approved_by, decider_id, approved_at, written_at, created_at, updated_at`

func scanEntry(scan store.Scanner) (record.Entry, error) {
	var e record.Entry
	err := scan(&e.ID, &e.Patient, value.Num(&e.Message), value.Num(&e.Consultation), &e.Code, &e.Term,
		&e.Content, &e.Channel, &e.Status, &e.Reason,
		&e.ProposedBy, &e.Hash, value.When(&e.ExpiresAt), &e.DecidedBy, value.Num(&e.Decider),
		value.When(&e.DecidedAt), value.When(&e.WrittenAt), value.When(&e.CreatedAt), value.When(&e.UpdatedAt))
	return e, err
}

// RecordEntry finds an entry.
func (t *Tx) RecordEntry(ctx context.Context, group practice.ID, id int64) (record.Entry, error) {
	return store.Find(ctx, t.Conn, record.ErrNotFound, `SELECT `+entryColumns+
		` FROM record_entry WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanEntry)
}

// RecordEntryOf finds the entry of a message.
func (t *Tx) RecordEntryOf(ctx context.Context, group practice.ID, message int64) (record.Entry, error) {
	return store.Find(ctx, t.Conn, record.ErrNotFound, `SELECT `+entryColumns+
		` FROM record_entry WHERE practice_group_id = $1 AND message_id = $2`, store.In{group, message}, scanEntry)
}

// RecordEntries lists a patient's entries that were written.
func (t *Tx) RecordEntries(ctx context.Context, group practice.ID, of patient.ID, limit int) ([]record.Entry, error) {
	return store.List(ctx, t.Conn, `SELECT `+entryColumns+
		`, (SELECT m.sent_at FROM message m WHERE m.practice_group_id = $1 AND m.id = record_entry.message_id)
			FROM record_entry WHERE practice_group_id = $1 AND patient_id = $2 AND status = 'written' ORDER BY id DESC
			LIMIT $3`,
		store.In{group, of, limit}, func(scan store.Scanner) (record.Entry, error) {
			var sent time.Time
			e, err := scanEntry(func(dest ...any) error { return scan(append(dest, value.When(&sent))...) })
			e.SentAt = sent
			return e, err
		})
}

const (
	entriesIn    = ` FROM record_entry WHERE practice_group_id = $1 AND status = $2`
	entriesOf    = entriesIn + ` AND patient_id = $3`
	entryMatches = `SELECT count(*) FROM (SELECT 1`
)

// FindRecordEntries lists entries in a state, oldest first.
func (t *Tx) FindRecordEntries(ctx context.Context, group practice.ID, q record.Query) ([]record.Entry, int, error) {
	listText, countText := `SELECT `+entryColumns+entriesIn+` ORDER BY id LIMIT $3 OFFSET $4`, entryMatches+entriesIn+
		` LIMIT $3) AS matches`
	args := store.In{group, q.Status}
	if q.Patient != 0 {
		listText, countText = `SELECT `+entryColumns+entriesOf+` ORDER BY id LIMIT $4 OFFSET $5`,
			entryMatches+entriesOf+
				` LIMIT $4) AS matches`
		args = append(args, q.Patient)
	}
	count := 0
	if _, err := t.One(ctx, countText, append(append(store.In{}, args...), input.CountTo(q.Offset, q.Limit)),
		&count); err != nil || count <= q.Offset {
		return nil, count, err
	}
	found, err := store.ReadPage(ctx, t.Conn, listText, append(append(store.In{}, args...), q.Limit, q.Offset),
		scanEntry,
		func(e record.Entry) store.Columns { return store.Columns{"id": e.ID} })
	return found, count, err
}

// MessageSent reports whether a carrier has taken a message.
func (t *Tx) MessageSent(ctx context.Context, group practice.ID, message int64) (bool, error) {
	var one int64
	return t.One(ctx, `SELECT 1 FROM message WHERE practice_group_id = $1 AND id = $2 AND sent_at IS NOT NULL`,
		store.In{group, message}, &one)
}

// AddRecordEntry keeps a new entry.
func (t *Tx) AddRecordEntry(ctx context.Context, group practice.ID, e record.Entry) error {
	_, err := t.Exec(ctx, `INSERT INTO record_entry (practice_group_id, `+entryColumns+`, events)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0)`,
		group, e.ID, e.Patient, value.Opt(e.Message), value.Opt(e.Consultation), e.Code, e.Term, e.Content,
		e.Channel, e.Status, e.Reason, e.ProposedBy,
		e.Hash, value.At(e.ExpiresAt), e.DecidedBy, value.Opt(e.Decider), value.At(e.DecidedAt),
		value.At(e.WrittenAt), e.CreatedAt, e.UpdatedAt)
	return err
}

// LockRecordEntry keeps others from changing the entry, and reads it.
func (t *Tx) LockRecordEntry(ctx context.Context, group practice.ID, id int64) (record.Entry, error) {
	if _, err := t.Exec(ctx, `UPDATE record_entry SET events = events WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return record.Entry{}, err
	}
	return t.RecordEntry(ctx, group, id)
}

// SaveRecordEntry keeps a changed entry.
func (t *Tx) SaveRecordEntry(ctx context.Context, group practice.ID, e record.Entry) error {
	_, err := t.Exec(ctx,
		`UPDATE record_entry SET status = $3, reason = $4, hash = $5, approved_by = $6, approved_at = $7,
			written_at = $8, updated_at = $9, decider_id = $10 WHERE practice_group_id = $1 AND id = $2`,
		group, e.ID, e.Status, e.Reason, e.Hash, e.DecidedBy, value.At(e.DecidedAt), value.At(e.WrittenAt),
		e.UpdatedAt, value.Opt(e.Decider))
	return err
}

// RecordEntryEvent keeps an event of an entry.
func (t *Tx) RecordEntryEvent(ctx context.Context, group practice.ID, id int64, e event.Event) error {
	found, err := t.One(ctx,
		`UPDATE record_entry SET events = events + 1 WHERE practice_group_id = $1 AND id = $2 RETURNING events`,
		store.In{group, id}, &e.Sequence)
	if err != nil || !found {
		return err
	}
	return t.Record(ctx, e)
}
