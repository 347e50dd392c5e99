package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// belongings are what a patient has: every column that names a patient, but for
// the patient's own. what is the word callers are told. A test compares the list
// with the schema's foreign keys.
//
// note keeps which rows of patient $3 a merge $2 moves, move gives them to $4,
// and back gives those noted to $4 that $3 still has.
var belongings = []struct{ name, what, count, note, move, back string }{
	{
		name: "appointment.patient_id", what: "appointments",
		count: `SELECT count(*) FROM appointment WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'appointment.patient_id', id FROM appointment WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE appointment SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE appointment SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'appointment.patient_id')`,
	},
	{
		name: "appointment.billpayer_id", what: "bills",
		count: `SELECT count(*) FROM appointment WHERE practice_group_id = $1 AND billpayer_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'appointment.billpayer_id', id FROM appointment WHERE practice_group_id = $1 AND billpayer_id = $3`,
		move: `UPDATE appointment SET billpayer_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND billpayer_id = $2`,
		back: `UPDATE appointment SET billpayer_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND billpayer_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'appointment.billpayer_id')`,
	},
	{
		name: "patient_attachment.patient_id", what: "attachments",
		count: `SELECT count(*) FROM patient_attachment WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'patient_attachment.patient_id', id FROM patient_attachment WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE patient_attachment SET patient_id = $3 WHERE practice_group_id = $1 AND patient_id = $2 AND CAST($4 AS timestamptz) IS NOT NULL`,
		back: `UPDATE patient_attachment SET patient_id = $4 WHERE practice_group_id = $1 AND patient_id = $3 AND CAST($5 AS timestamptz) IS NOT NULL AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'patient_attachment.patient_id')`,
	},
	{
		name: "task.patient_id", what: "tasks",
		count: `SELECT count(*) FROM task WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'task.patient_id', id FROM task WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE task SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE task SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'task.patient_id')`,
	},
	{
		name: "consultation.patient_id", what: "consultations",
		count: `SELECT count(*) FROM consultation WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'consultation.patient_id', id FROM consultation WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE consultation SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE consultation SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'consultation.patient_id')`,
	},
	{
		name: "record_item.patient_id", what: "records",
		count: `SELECT count(*) FROM record_item WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'record_item.patient_id', id FROM record_item WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE record_item SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE record_item SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'record_item.patient_id')`,
	},
	{
		name: "letter.patient_id", what: "letters",
		count: `SELECT count(*) FROM letter WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'letter.patient_id', id FROM letter WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE letter SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE letter SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'letter.patient_id')`,
	},
	{
		name: "letter.recipient_patient_id", what: "letters_addressed",
		count: `SELECT count(*) FROM letter WHERE practice_group_id = $1 AND recipient_patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'letter.recipient_patient_id', id FROM letter WHERE practice_group_id = $1 AND recipient_patient_id = $3`,
		move: `UPDATE letter SET recipient_patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND recipient_patient_id = $2`,
		back: `UPDATE letter SET recipient_patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND recipient_patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'letter.recipient_patient_id')`,
	},
	{
		name: "prescription.patient_id", what: "prescriptions",
		count: `SELECT count(*) FROM prescription WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'prescription.patient_id', id FROM prescription WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE prescription SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE prescription SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'prescription.patient_id')`,
	},
	{
		name: "lab.patient_id", what: "labs",
		count: `SELECT count(*) FROM lab WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'lab.patient_id', id FROM lab WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE lab SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE lab SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'lab.patient_id')`,
	},
	{
		name: "folder.patient_id", what: "folders",
		count: `SELECT count(*) FROM folder WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'folder.patient_id', id FROM folder WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE folder SET patient_id = $3 WHERE practice_group_id = $1 AND patient_id = $2 AND CAST($4 AS timestamptz) IS NOT NULL`,
		back: `UPDATE folder SET patient_id = $4 WHERE practice_group_id = $1 AND patient_id = $3 AND CAST($5 AS timestamptz) IS NOT NULL AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'folder.patient_id')`,
	},
	{
		name: "document.patient_id", what: "documents",
		count: `SELECT count(*) FROM document WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'document.patient_id', id FROM document WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE document SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE document SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'document.patient_id')`,
	},
	{
		name: "share.patient_id", what: "shares",
		count: `SELECT count(*) FROM share WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'share.patient_id', id FROM share WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE share SET patient_id = $3 WHERE practice_group_id = $1 AND patient_id = $2 AND CAST($4 AS timestamptz) IS NOT NULL`,
		back: `UPDATE share SET patient_id = $4 WHERE practice_group_id = $1 AND patient_id = $3 AND CAST($5 AS timestamptz) IS NOT NULL AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'share.patient_id')`,
	},
	{
		name: "integration_token.patient_id", what: "integration_tokens",
		count: `SELECT count(*) FROM integration_token WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'integration_token.patient_id', id FROM integration_token WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE integration_token SET patient_id = $3 WHERE practice_group_id = $1 AND patient_id = $2 AND CAST($4 AS timestamptz) IS NOT NULL`,
		back: `UPDATE integration_token SET patient_id = $4 WHERE practice_group_id = $1 AND patient_id = $3 AND CAST($5 AS timestamptz) IS NOT NULL AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'integration_token.patient_id')`,
	},
	{
		name: "message.patient_id", what: "messages",
		count: `SELECT count(*) FROM message WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'message.patient_id', id FROM message WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE message SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE message SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'message.patient_id')`,
	},
	{
		name: "message_reply.patient_id", what: "replies",
		count: `SELECT count(*) FROM message_reply WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'message_reply.patient_id', id FROM message_reply WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE message_reply SET patient_id = $3 WHERE practice_group_id = $1 AND patient_id = $2 AND CAST($4 AS timestamptz) IS NOT NULL`,
		back: `UPDATE message_reply SET patient_id = $4 WHERE practice_group_id = $1 AND patient_id = $3 AND CAST($5 AS timestamptz) IS NOT NULL AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'message_reply.patient_id')`,
	},
	{
		name: "record_entry.patient_id", what: "record_entries",
		count: `SELECT count(*) FROM record_entry WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'record_entry.patient_id', id FROM record_entry WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE record_entry SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE record_entry SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'record_entry.patient_id')`,
	},
	{
		name: "invoice.patient_id", what: "invoices",
		count: `SELECT count(*) FROM invoice WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'invoice.patient_id', id FROM invoice WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE invoice SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE invoice SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'invoice.patient_id')`,
	},
	{
		name: "invoice.payer_patient_id", what: "bills",
		count: `SELECT count(*) FROM invoice WHERE practice_group_id = $1 AND payer_patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'invoice.payer_patient_id', id FROM invoice WHERE practice_group_id = $1 AND payer_patient_id = $3`,
		move: `UPDATE invoice SET payer_patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND payer_patient_id = $2`,
		back: `UPDATE invoice SET payer_patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND payer_patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'invoice.payer_patient_id')`,
	},
	{
		name: "statement.patient_id", what: "statements",
		count: `SELECT count(*) FROM statement WHERE practice_group_id = $1 AND patient_id = $2`,
		note: `INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'statement.patient_id', id FROM statement WHERE practice_group_id = $1 AND patient_id = $3`,
		move: `UPDATE statement SET patient_id = $3, updated_at = $4 WHERE practice_group_id = $1 AND patient_id = $2`,
		back: `UPDATE statement SET patient_id = $4, updated_at = $5 WHERE practice_group_id = $1 AND patient_id = $3 AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2 AND belonging = 'statement.patient_id')`,
	},
}

// Belongings names the columns a merge moves.
func Belongings() []string {
	var out []string
	for _, b := range belongings {
		out = append(out, b.name)
	}
	return out
}

// Belongings counts what a patient has.
func (t *Tx) Belongings(ctx context.Context, group practice.ID, of patient.ID) (patient.Moved, error) {
	out := patient.Moved{}
	for _, b := range belongings {
		var n int
		if _, err := t.one(ctx, b.count, in{group, of}, &n); err != nil {
			return nil, err
		}
		out[b.what] += n
	}
	return out, nil
}

// MoveBelongings gives everything of one patient to another.
func (t *Tx) MoveBelongings(ctx context.Context, group practice.ID, merge int64, from, to patient.ID, now time.Time) (patient.Moved, error) {
	out := patient.Moved{}
	for _, b := range belongings {
		if _, err := t.exec(ctx, b.note, group, merge, from); err != nil {
			return nil, err
		}
		n, err := t.exec(ctx, b.move, group, from, to, now)
		if err != nil {
			return nil, err
		}
		out[b.what] += int(n)
	}
	return out, nil
}

// ReturnBelongings gives back what a merge moved.
func (t *Tx) ReturnBelongings(ctx context.Context, group practice.ID, merge int64, from, to patient.ID, now time.Time) (patient.Moved, error) {
	out := patient.Moved{}
	for _, b := range belongings {
		n, err := t.exec(ctx, b.back, group, merge, from, to, now)
		if err != nil {
			return nil, err
		}
		out[b.what] += int(n)
	}
	return out, nil
}

// errAgain ends a transaction that has to be begun again: it found something it
// should have locked before what it has locked already.
var errAgain = errors.New("locks would be taken out of order")

// LockBelongings locks the diaries the patients' appointments are in: whoever
// changes an appointment has locked its diary first, and several are always
// locked in the same order. Called again when the patients are locked, it finds
// appointments made meanwhile; then the transaction begins again, rather than
// wait for somebody who waits for it.
func (t *Tx) LockBelongings(ctx context.Context, group practice.ID, ids ...patient.ID) error {
	again := t.diaries != nil
	if !again {
		t.diaries = map[practice.PractitionerID]bool{}
	}
	var all []practice.PractitionerID
	for _, id := range ids {
		of, err := list(ctx, t, `SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND patient_id = $2
			UNION SELECT practitioner_id FROM appointment WHERE practice_group_id = $1 AND billpayer_id = $2`,
			in{group, id}, scanID[practice.PractitionerID])
		if err != nil {
			return err
		}
		all = append(all, of...)
	}
	slices.Sort(all)
	for _, practitioner := range slices.Compact(all) {
		switch {
		case t.diaries[practitioner]:
		case again:
			return errAgain
		default:
			if err := t.LockDiary(ctx, group, practitioner); err != nil {
				return err
			}
			t.diaries[practitioner] = true
		}
	}
	return nil
}

// KeepPreview keeps the right to merge.
func (t *Tx) KeepPreview(ctx context.Context, group practice.ID, p patient.Preview) error {
	_, err := t.exec(ctx, `INSERT INTO merge_preview (practice_group_id, hash, keep_id, from_id, keep_version, from_version, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, group, p.Hash, p.Keep, p.From, p.KeepVersion, p.FromVersion, p.ExpiresAt)
	return err
}

// TakePreview finds the right to merge and deletes it.
func (t *Tx) TakePreview(ctx context.Context, group practice.ID, hash []byte) (patient.Preview, error) {
	p := patient.Preview{Hash: hash}
	found, err := t.one(ctx, `DELETE FROM merge_preview WHERE practice_group_id = $1 AND hash = $2
		RETURNING keep_id, from_id, keep_version, from_version, expires_at`, in{group, hash}, &p.Keep, &p.From, &p.KeepVersion, &p.FromVersion, when{&p.ExpiresAt})
	if err == nil && !found {
		err = patient.ErrMergeToken
	}
	return p, err
}

// KeepMerge keeps a merge, and the pointer from the one that is gone.
func (t *Tx) KeepMerge(ctx context.Context, group practice.ID, m patient.Merge) error {
	_, err := t.exec(ctx, `INSERT INTO patient_merge (practice_group_id, id, keep_id, from_id, merged_at, keep_before, keep_after, from_before)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, group, m.ID, m.Keep, m.From, m.At,
		string(audit.Snapshot(m.KeepBefore)), string(audit.Snapshot(m.KeepAfter)), string(audit.Snapshot(m.FromBefore)))
	return err
}

const mergeColumns = `id, keep_id, from_id, merged_at, keep_before, keep_after, from_before`

func scanMerge(scan scanner) (patient.Merge, error) {
	var m patient.Merge
	var before, after, from string
	if err := scan(&m.ID, &m.Keep, &m.From, when{&m.At}, &before, &after, &from); err != nil {
		return m, err
	}
	for text, to := range map[*string]*patient.Snapshot{&before: &m.KeepBefore, &after: &m.KeepAfter, &from: &m.FromBefore} {
		if err := json.Unmarshal([]byte(*text), to); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Merge finds a merge of a patient that has not been undone.
func (t *Tx) Merge(ctx context.Context, group practice.ID, of patient.ID, id int64) (patient.Merge, error) {
	if id != 0 {
		return find(ctx, t, patient.ErrNotMerged, `SELECT `+mergeColumns+` FROM patient_merge
			WHERE practice_group_id = $1 AND id = $2 AND (keep_id = $3 OR from_id = $3) AND undone_at IS NULL`, in{group, id, of}, scanMerge)
	}
	m, err := find(ctx, t, patient.ErrNotMerged, `SELECT `+mergeColumns+` FROM patient_merge
		WHERE practice_group_id = $1 AND from_id = $2 AND undone_at IS NULL ORDER BY id DESC LIMIT 1`, in{group, of}, scanMerge)
	if !errors.Is(err, patient.ErrNotMerged) {
		return m, err
	}
	return find(ctx, t, patient.ErrNotMerged, `SELECT `+mergeColumns+` FROM patient_merge
		WHERE practice_group_id = $1 AND keep_id = $2 AND undone_at IS NULL ORDER BY id DESC LIMIT 1`, in{group, of}, scanMerge)
}

// UndoMerge notes that a merge was undone.
func (t *Tx) UndoMerge(ctx context.Context, group practice.ID, id int64, now time.Time) error {
	_, err := t.exec(ctx, `UPDATE patient_merge SET undone_at = $3 WHERE practice_group_id = $1 AND id = $2`, group, id, now)
	return err
}

// MergedIDs lists the patients that have been merged into this one.
func (t *Tx) MergedIDs(ctx context.Context, group practice.ID, id patient.ID) ([]patient.ID, error) {
	return list(ctx, t, `SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into = $2 ORDER BY id`, in{group, id}, scanID[patient.ID])
}
