package migrations

import (
	"context"
	"database/sql"
	"strings"

	"frontdesk/core/audit"
	"frontdesk/store/index"
)

// IndexAuditVersion is the migration that has entries of earlier versions found by
// all they are about. It comes after the one that makes the table.
const IndexAuditVersion = 36

// indexAudit names what entries of calls are about besides their entity.
func indexAudit(ctx context.Context, tx *sql.Tx) error {
	groups, err := rows(ctx, tx, `SELECT practice_group_id FROM practice_group ORDER BY practice_group_id`, nil,
		scanID)
	if err != nil {
		return err
	}
	for _, group := range groups {
		for after, more := int64(0), true; more; {
			some, err := rows(ctx, tx,
				`SELECT id, entity, entity_id, subjects FROM audit WHERE practice_group_id = $1 AND id > $2
				ORDER BY id LIMIT $3`, []any{group, after, chunk}, func(read scan) (e audit.Entry, err error) {
					var subjects string
					err = read(&e.ID, &e.Entity, &e.EntityID, &subjects)
					e.Subjects = words(subjects)
					return e, err
				})
			if err != nil {
				return err
			}
			for _, e := range some {
				e.Group, after = group, e.ID
				for _, row := range index.Subjects(e) {
					if _, err := tx.ExecContext(ctx, index.AddSubject, row...); err != nil {
						return err
					}
				}
			}
			more = len(some) == chunk
		}
	}
	return nil
}

// words reads a list kept as words with commas between.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}
