package sequence

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/sequence"
	"frontdesk/store"
	"frontdesk/store/value"
)

const selectSequences = `SELECT id, name, purpose, steps, ends_with, archived_at, created_at, updated_at
	FROM message_sequence WHERE practice_group_id = $1`

func scanSequence(scan store.Scanner) (sequence.Sequence, error) {
	var s sequence.Sequence
	var steps string
	var types []string
	if err := scan(&s.ID, &s.Name, &s.Purpose, &steps, value.Words(&types), value.When(&s.ArchivedAt),
		value.When(&s.CreatedAt), value.When(&s.UpdatedAt)); err != nil {
		return s, err
	}
	for _, text := range types {
		id, _ := input.Digits(text)
		s.EndsWith = append(s.EndsWith, diary.TypeID(id))
	}
	var err error
	s.Steps, err = sequence.Steps(steps)
	return s, err
}

// Sequence finds a sequence.
func (t *Tx) Sequence(ctx context.Context, group practice.ID, id sequence.ID) (sequence.Sequence, error) {
	return store.ByKey(ctx, t.Conn, sequence.ErrNotFound, selectSequences+` AND id = $2`, store.In{group, id},
		scanSequence)
}

// LockSequence keeps others from changing a sequence, and finds it.
func (t *Tx) LockSequence(ctx context.Context, group practice.ID, id sequence.ID) (sequence.Sequence, error) {
	if _, err := t.Exec(ctx, `UPDATE message_sequence SET updated_at = updated_at WHERE practice_group_id = $1
		AND id = $2`, group, id); err != nil {
		return sequence.Sequence{}, err
	}
	return t.Sequence(ctx, group, id)
}

// Sequences lists sequences, newest first.
func (t *Tx) Sequences(
	ctx context.Context, group practice.ID, p sequence.Page,
) (found []sequence.Sequence, count int, err error) {
	if _, err := t.One(ctx, `SELECT count(*) FROM (SELECT 1 FROM message_sequence WHERE practice_group_id = $1
		LIMIT $2) AS matches`, store.In{group, input.CountTo(p.Offset, p.Limit)}, &count); err != nil {
		return nil, 0, err
	}
	found, err = store.List(ctx, t.Conn, selectSequences+` ORDER BY id DESC LIMIT $2 OFFSET $3`,
		store.In{group, p.Limit, p.Offset}, scanSequence)
	return found, count, err
}

// SaveSequence keeps a sequence.
func (t *Tx) SaveSequence(ctx context.Context, group practice.ID, s sequence.Sequence) error {
	steps, err := sequence.Words(s.Steps)
	if err != nil {
		return err
	}
	types := make([]string, len(s.EndsWith))
	for i, id := range s.EndsWith {
		types[i] = strconv.FormatInt(int64(id), 10)
	}
	_, err = t.Exec(ctx, `INSERT INTO message_sequence (practice_group_id, id, name, purpose, steps, ends_with,
			archived_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, purpose = $4, steps = $5, ends_with = $6,
		archived_at = $7, updated_at = $9`, group, s.ID, s.Name, s.Purpose, steps, value.Joined(types),
		value.At(s.ArchivedAt), s.CreatedAt, s.UpdatedAt)
	return err
}

const (
	entryColumns = `id, sequence_id, patient_id, state, next_step, due_at, message_id, held_until, sent, reason,
	added_by, created_at, ended_at, updated_at`
	selectEntries = `SELECT ` + entryColumns + ` FROM sequence_entry WHERE practice_group_id = $1`
)

func scanEntry(scan store.Scanner) (sequence.Entry, error) {
	var e sequence.Entry
	err := scan(&e.ID, &e.Sequence, &e.Patient, &e.State, &e.Next, value.When(&e.DueAt), value.Num(&e.Message),
		value.When(&e.HeldUntil), &e.Sent, &e.Reason, &e.AddedBy, value.When(&e.CreatedAt), value.When(&e.EndedAt),
		value.When(&e.UpdatedAt))
	return e, err
}

// Entries lists the patients of a sequence, newest first.
func (t *Tx) Entries(
	ctx context.Context, group practice.ID, of sequence.ID, p sequence.Page,
) (found []sequence.Entry, count int, err error) {
	if _, err := t.One(ctx, `SELECT count(*) FROM (SELECT 1 FROM sequence_entry WHERE practice_group_id = $1
		AND sequence_id = $2 LIMIT $3) AS matches`, store.In{group, of, input.CountTo(p.Offset, p.Limit)},
		&count); err != nil {
		return nil, 0, err
	}
	found, err = store.List(ctx, t.Conn, selectEntries+` AND sequence_id = $2 ORDER BY id DESC LIMIT $3 OFFSET $4`,
		store.In{group, of, p.Limit, p.Offset}, scanEntry)
	return found, count, err
}

// DueEntries lists those whose next message is due.
func (t *Tx) DueEntries(
	ctx context.Context, group practice.ID, at time.Time, after sequence.EntryID, limit int,
) ([]sequence.Entry, error) {
	return store.List(ctx, t.Conn, selectEntries+` AND due_at IS NOT NULL AND due_at <= $2 AND id > $3
		ORDER BY id LIMIT $4`, store.In{group, at, after, limit}, scanEntry)
}

// HeldEntries lists those whose last message waits.
func (t *Tx) HeldEntries(
	ctx context.Context, group practice.ID, at time.Time, after sequence.EntryID, limit int,
) ([]sequence.Entry, error) {
	return store.List(ctx, t.Conn, selectEntries+` AND held_until IS NOT NULL AND held_until >= $2 AND id > $3
		ORDER BY id LIMIT $4`, store.In{group, at, after, limit}, scanEntry)
}

// LockActive keeps others from changing what a patient has active in a sequence, and lists it. The
// caller has locked the sequence.
func (t *Tx) LockActive(
	ctx context.Context, group practice.ID, of sequence.ID, p patient.ID,
) ([]sequence.Entry, error) {
	return store.List(ctx, t.Conn, selectEntries+` AND patient_id = $2 AND sequence_id = $3 AND state = 'active'
		ORDER BY id`, store.In{group, p, of}, scanEntry)
}

// SaveEntry keeps a patient in a sequence.
func (t *Tx) SaveEntry(ctx context.Context, group practice.ID, e sequence.Entry) error {
	_, err := t.Exec(ctx, `INSERT INTO sequence_entry (practice_group_id, `+entryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET state = $5, next_step = $6, due_at = $7, message_id = $8,
		held_until = $9, sent = $10, reason = $11, ended_at = $14, updated_at = $15`,
		group, e.ID, e.Sequence, e.Patient, e.State, e.Next, value.At(e.DueAt), value.Opt(e.Message),
		value.At(e.HeldUntil), e.Sent, e.Reason, e.AddedBy, e.CreatedAt, value.At(e.EndedAt), e.UpdatedAt)
	return err
}

// Booked lists the types of the appointments of a patient that were confirmed from a time on.
func (t *Tx) Booked(
	ctx context.Context, group practice.ID, of patient.ID, since time.Time,
) ([]diary.TypeID, error) {
	return store.List(ctx, t.Conn, `SELECT DISTINCT appointment_type_id FROM appointment
		WHERE practice_group_id = $1 AND patient_id = $2 AND confirmed_at >= $3`, store.In{group, of, since},
		store.ScanID[diary.TypeID])
}
