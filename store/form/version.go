package form

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/form"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Version finds a version of a form.
func (t *Tx) Version(ctx context.Context, group practice.ID, id form.ID, number int64) (form.Version, error) {
	return store.ByKey(ctx, t.Conn, form.ErrNoVersion, `SELECT title, published_by, published_at, content
		FROM questionnaire_version WHERE practice_group_id = $1 AND questionnaire_id = $2 AND number = $3`,
		store.In{group, id, number}, func(scan store.Scanner) (form.Version, error) {
			v := form.Version{Form: id, Number: number}
			err := scan(&v.Title, &v.By, value.When(&v.At), value.Stored(&v.Content))
			return v, err
		})
}

// Versions lists the versions of a form without their content, newest first.
func (t *Tx) Versions(ctx context.Context, group practice.ID, id form.ID, most int) ([]form.Version, error) {
	return store.List(ctx, t.Conn, `SELECT number, title, published_by, published_at FROM questionnaire_version
		WHERE practice_group_id = $1 AND questionnaire_id = $2 ORDER BY number DESC LIMIT $3`,
		store.In{group, id, most}, func(scan store.Scanner) (form.Version, error) {
			v := form.Version{Form: id}
			err := scan(&v.Number, &v.Title, &v.By, value.When(&v.At))
			return v, err
		})
}

// AddVersion keeps a version.
func (t *Tx) AddVersion(ctx context.Context, group practice.ID, v form.Version) error {
	_, err := t.Exec(ctx, `INSERT INTO questionnaire_version (practice_group_id, questionnaire_id, number, title, content,
			published_by, published_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		group, v.Form, v.Number, v.Title, string(audit.Snapshot(v.Content)), v.By, v.At)
	return err
}
