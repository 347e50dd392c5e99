package merge

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

var mergedAmong = store.Among(`SELECT merged_into, id FROM patient WHERE practice_group_id = $1
	AND merged_into IN `+store.Few2+` ORDER BY id`, `SELECT merged_into, id FROM patient WHERE practice_group_id = $1
	AND merged_into IN `+store.Many2+` ORDER BY id`)

// MergedAmong lists the patients that have been merged into each of some.
func (s *Store) MergedAmong(
	ctx context.Context, group practice.ID, ids []patient.ID,
) (map[patient.ID][]patient.ID, error) {
	return store.ListOwned(ctx, s.db.Conn(), mergedAmong, group, ids,
		func(id *patient.ID) store.In { return store.In{id} })
}

// Forget deletes previews that have expired.
func (s *Store) Forget(ctx context.Context, group practice.ID, before time.Time) error {
	return s.db.Do(ctx, func(t store.Conn) error {
		_, err := t.Exec(ctx, `DELETE FROM merge_preview WHERE practice_group_id = $1 AND expires_at <= $2`, group,
			before)
		return err
	})
}

// belonging is a column that names a patient; what is the word callers are told.
//
// note keeps which rows of patient $3 a merge $2 moves, move gives them to $3 from $2, and back gives those noted to $4
// that $3 still has. first, where there is one, makes $3's fit to be $4's before that.
type belonging struct{ name, what, count, first, note, move, back string }

// belongs makes the statements of one table's column. dated says that the table keeps when its rows were last changed.
// Each argument must be used, so that PostgreSQL knows its type.
func belongs(table, column, what string, dated bool) belonging {
	text := func(template string) string {
		set, where := "", " AND CAST($NOW AS timestamptz) IS NOT NULL"
		if dated {
			set, where = ", updated_at = $NOW", ""
		}
		template = strings.NewReplacer("SET", set, "WHEN", where).Replace(template)
		now := "$4"
		if strings.Contains(template, "patient_moved") {
			now = "$5"
		}
		return strings.NewReplacer("TABLE", table, "COLUMN", column, "$NOW", now).Replace(template)
	}
	return belonging{
		name: table + "." + column, what: what,
		count: text(` SELECT count(*) FROM TABLE WHERE practice_group_id = $1 AND COLUMN = $2`),
		note: text(` INSERT INTO patient_moved (practice_group_id, merge_id, belonging, id)
			SELECT practice_group_id, CAST($2 AS bigint), 'TABLE.COLUMN', id FROM TABLE WHERE practice_group_id =
			$1 AND COLUMN = $3`),
		move: text(` update TABLE set COLUMN = $3SET WHERE practice_group_id = $1 AND COLUMN = $2WHEN`),
		back: text(` update TABLE set COLUMN = $4SET WHERE practice_group_id = $1 AND COLUMN = $3WHEN AND id IN (
			SELECT id FROM patient_moved WHERE practice_group_id = $1 AND merge_id = $2
			AND belonging = 'TABLE.COLUMN')`),
	}
}

// belongings are what a patient has: every column that names a patient, but for
// the patient's own. A test compares the list with the schema's foreign keys.
var belongings = []belonging{
	belongs("former_number", "patient_id", "former_numbers", false),
	belongs("appointment", "patient_id", "appointments", true),
	belongs("appointment", "billpayer_id", "bills", true),
	belongs("patient_attachment", "patient_id", "attachments", false),
	links(),
	belongs("message", "patient_id", "messages", true),
	belongs("notice", "patient_id", "notices", true),
	belongs("sequence_entry", "patient_id", "sequences", true),
	belongs("waiting_entry", "patient_id", "waiting_list", true),
	belongs("message_reply", "patient_id", "replies", false),
	belongs("reply_candidate", "patient_id", "replies", false),
	belongs("record_entry", "patient_id", "record_entries", true),
	belongs("patient_phone", "patient_id", "phones", false),
	belongs("patient_number", "patient_id", "numbers", false),
	belongs("patient_attribute", "patient_id", "attributes", false),
	belongs("label_use", "patient_id", "labels", false),
	belongs("relationship", "patient_id", "relationships", false),
	belongs("relationship", "other_patient_id", "related", false),
	belongs("access_group_patient", "patient_id", "access_groups", false),
	belongs("task", "patient_id", "tasks", true),
	belongs("episode", "patient_id", "episodes", true),
	belongs("consultation", "patient_id", "consultations", true),
	belongs("record_item", "patient_id", "records", true),
	belongs("letter", "patient_id", "letters", true),
	belongs("letter", "recipient_patient_id", "letters_addressed", true),
	belongs("prescription", "patient_id", "prescriptions", true),
	belongs("lab", "patient_id", "labs", true),
	belongs("folder", "patient_id", "folders", false),
	belongs("document", "patient_id", "documents", true),
	belongs("share", "patient_id", "shares", false),
	belongs("integration_token", "patient_id", "integration_tokens", false),
	belongs("invoice", "patient_id", "invoices", true),
	belongs("invoice", "payer_patient_id", "bills", true),
	belongs("statement", "patient_id", "statements", true),
	belongs("payment_customer", "patient_id", "bills", false),
	members(),
}

// links makes the statements of links. An appointment may have a link for each of both patients, after a merge that was
// undone: that of the one that is gone stays theirs, who is the other one now, and leads to the same.
func links() belonging {
	b := belongs("link", "patient_id", "links", true)
	b.move += ` AND NOT EXISTS (SELECT 1 FROM link k WHERE k.practice_group_id = link.practice_group_id
		AND k.appointment_id = link.appointment_id AND k.patient_id = $3)`
	return b
}

// members makes the statements of memberships. A patient has one at a time: where
// both are members, that of the one that is gone ends until the merge is undone.
func members() belonging {
	b := belongs("membership", "patient_id", "memberships", true)
	b.first = ` update membership set ended_at = $5, merge_id = $2 WHERE practice_group_id = $1 AND patient_id = $3
		AND ended_at IS NULL
		AND EXISTS (SELECT 1 FROM membership k WHERE k.practice_group_id = $1 AND k.patient_id = $4
		AND k.ended_at IS NULL)`
	b.back = strings.Replace(b.back, " WHERE ", `, ended_at = CASE WHEN merge_id = $2 THEN NULL ELSE ended_at END,
		merge_id = CASE WHEN merge_id = $2 THEN NULL ELSE merge_id END WHERE `, 1)
	return b
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
func (t *Tx) Belongings(ctx context.Context, group practice.ID, of patient.ID) (merge.Moved, error) {
	out := merge.Moved{}
	for _, b := range belongings {
		var n int
		if _, err := t.One(ctx, b.count, store.In{group, of}, &n); err != nil {
			return nil, err
		}
		out[b.what] += n
	}
	return out, nil
}

// MoveBelongings gives everything of one patient to another.
func (t *Tx) MoveBelongings(ctx context.Context, group practice.ID, into int64, from, to patient.ID,
	now time.Time) (merge.Moved, error) {
	out := merge.Moved{}
	for _, b := range belongings {
		if b.first != "" {
			if _, err := t.Exec(ctx, b.first, group, into, from, to, now); err != nil {
				return nil, err
			}
		}
		if _, err := t.Exec(ctx, b.note, group, into, from); err != nil {
			return nil, err
		}
		n, err := t.Exec(ctx, b.move, group, from, to, now)
		if err != nil {
			return nil, err
		}
		out[b.what] += int(n)
	}
	return out, nil
}

// ReturnBelongings gives back what a merge moved.
func (t *Tx) ReturnBelongings(ctx context.Context, group practice.ID, into int64, from, to patient.ID,
	now time.Time) (merge.Moved, error) {
	out := merge.Moved{}
	for _, b := range belongings {
		n, err := t.Exec(ctx, b.back, group, into, from, to, now)
		if err != nil {
			return nil, err
		}
		out[b.what] += int(n)
	}
	return out, nil
}

// KeepPreview keeps the right to merge.
func (t *Tx) KeepPreview(ctx context.Context, group practice.ID, p merge.Preview) error {
	_, err := t.Exec(ctx, `INSERT INTO merge_preview (practice_group_id, hash, keep_id, from_id, keep_version,
		from_version, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, group, p.Hash, p.Keep, p.From, p.KeepVersion, p.FromVersion, p.ExpiresAt)
	return err
}

// TakePreview finds the right to merge and deletes it.
func (t *Tx) TakePreview(ctx context.Context, group practice.ID, hash []byte) (merge.Preview, error) {
	p := merge.Preview{Hash: hash}
	found, err := t.One(ctx, `DELETE FROM merge_preview WHERE practice_group_id = $1 AND hash = $2
		RETURNING keep_id, from_id, keep_version, from_version, expires_at`, store.In{group, hash}, &p.Keep, &p.From,
		&p.KeepVersion, &p.FromVersion, value.When(&p.ExpiresAt))
	if err == nil && !found {
		err = merge.ErrToken
	}
	return p, err
}

// KeepMerge keeps a merge, and the pointer from the one that is gone.
func (t *Tx) KeepMerge(ctx context.Context, group practice.ID, m merge.Merge) error {
	_, err := t.Exec(ctx, `INSERT INTO patient_merge (practice_group_id, id, keep_id, from_id, merged_at,
		keep_before, keep_after, from_before)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, group, m.ID, m.Keep, m.From, m.At,
		string(audit.Snapshot(m.KeepBefore)), string(audit.Snapshot(m.KeepAfter)), string(audit.Snapshot(m.FromBefore)))
	return err
}

const mergeColumns = `id, keep_id, from_id, merged_at, keep_before, keep_after, from_before`

func scanMerge(scan store.Scanner) (merge.Merge, error) {
	var m merge.Merge
	var before, after, from string
	if err := scan(&m.ID, &m.Keep, &m.From, value.When(&m.At), &before, &after, &from); err != nil {
		return m, err
	}
	for text, to := range map[*string]*patient.Patient{&before: &m.KeepBefore, &after: &m.KeepAfter,
		&from: &m.FromBefore} {
		if err := json.Unmarshal([]byte(*text), to); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Merge finds a merge of a patient that has not been undone.
func (t *Tx) Merge(ctx context.Context, group practice.ID, of patient.ID, id int64) (merge.Merge, error) {
	if id != 0 {
		return store.Find(ctx, t.Conn, merge.ErrNotMerged, `SELECT `+mergeColumns+` FROM patient_merge
			WHERE practice_group_id = $1 AND id = $2 AND (keep_id = $3 OR from_id = $3) AND undone_at IS NULL`,
			store.In{group, id, of}, scanMerge)
	}
	m, err := store.Find(ctx, t.Conn, merge.ErrNotMerged, `SELECT `+mergeColumns+` FROM patient_merge
		WHERE practice_group_id = $1 AND from_id = $2 AND undone_at IS NULL ORDER BY id DESC LIMIT 1`,
		store.In{group, of},
		scanMerge)
	if !errors.Is(err, merge.ErrNotMerged) {
		return m, err
	}
	return store.Find(ctx, t.Conn, merge.ErrNotMerged, `SELECT `+mergeColumns+` FROM patient_merge
		WHERE practice_group_id = $1 AND keep_id = $2 AND undone_at IS NULL ORDER BY id DESC LIMIT 1`,
		store.In{group, of},
		scanMerge)
}

// UndoMerge notes that a merge was undone.
func (t *Tx) UndoMerge(ctx context.Context, group practice.ID, id int64, now time.Time) error {
	_, err := t.Exec(ctx, `UPDATE patient_merge SET undone_at = $3 WHERE practice_group_id = $1 AND id = $2`, group, id,
		now)
	return err
}
