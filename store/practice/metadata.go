package practice

import (
	"context"
	"time"

	"frontdesk/core/practice"

	"frontdesk/store"
)

const selectMetadata = `SELECT kind, subject_id, key, value FROM metadata WHERE practice_group_id = $1 AND
	subject_id IN `

// Metadata reads what is kept with some things of a kind. No two things have one
// id, so the kind is looked at afterwards.
func (t *Tx) Metadata(
	ctx context.Context, group practice.ID, kind practice.Kind, ids []int64,
) (map[int64][]practice.Metadata, error) {
	type row struct {
		kind practice.Kind
		of   int64
		practice.Metadata
	}
	rows, err := store.ListAmong(ctx, t.Conn, store.Among(selectMetadata+store.Few2+` ORDER BY subject_id, key`,
		selectMetadata+store.Many2+
			` ORDER BY subject_id, key`), store.In{group}, ids,
		func(scan store.Scanner) (row, error) {
			var r row
			err := scan(&r.kind, &r.of, &r.Key, &r.Value)
			return r, err
		})
	out := map[int64][]practice.Metadata{}
	for _, r := range rows {
		if r.kind == kind {
			out[r.of] = append(out[r.of], r.Metadata)
		}
	}
	return out, err
}

// PutMetadata keeps a value.
func (t *Tx) PutMetadata(
	ctx context.Context, group practice.ID, kind practice.Kind, of int64, m practice.Metadata, now time.Time,
) error {
	_, err := t.Exec(ctx, `INSERT INTO metadata (practice_group_id, kind, subject_id, key, value, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, subject_id, key) DO UPDATE SET value = $5, updated_at = $6`, group, kind, of,
		m.Key, m.Value, now)
	return err
}

// DropMetadata forgets a value.
func (t *Tx) DropMetadata(
	ctx context.Context, group practice.ID, kind practice.Kind, of int64, key string,
) (bool, error) {
	n, err := t.Exec(ctx, `DELETE FROM metadata WHERE practice_group_id = $1 AND kind = $2 AND subject_id = $3 AND
		key = $4`, group, kind, of, key)
	return n == 1, err
}

// Branding is how a practice looks.
func (t *Tx) Branding(ctx context.Context, group practice.ID) (practice.Branding, error) {
	return store.Find(ctx, t.Conn, practice.ErrGroupNotFound, `SELECT logo_url, second_logo_url, colour_1, colour_2,
		patient_sharing, contact_sharing
		FROM practice_group WHERE practice_group_id = $1`, store.In{group},
		func(scan store.Scanner) (practice.Branding, error) {
			var b practice.Branding
			err := scan(&b.Logo, &b.SecondLogo, &b.Colour, &b.SecondColour, &b.PatientSharing, &b.ContactSharing)
			return b, err
		})
}
