package store

import (
	"context"
	"database/sql"

	"frontdesk/core/audit"
)

// indexAuditVersion is the migration that has entries of earlier versions found by
// all they are about. It comes after the one that makes the table.
const indexAuditVersion = 36

// indexAudit names what entries of calls are about besides their entity.
func indexAudit(ctx context.Context, tx *sql.Tx) error {
	groups, err := rekeyRows(ctx, tx, `SELECT practice_group_id FROM practice_group ORDER BY practice_group_id`, nil,
		func(scan scanner) (id int64, err error) { return id, scan(&id) })
	if err != nil {
		return err
	}
	for _, group := range groups {
		for after, more := int64(0), true; more; {
			some, err := rekeyRows(ctx, tx,
				`SELECT id, entity, entity_id, subjects FROM audit WHERE practice_group_id = $1 AND id > $2
				ORDER BY id LIMIT $3`, in{group, after, rekeyChunk}, func(scan scanner) (e audit.Entry, err error) {
					return e, scan(&e.ID, &e.Entity, &e.EntityID, words[string]{&e.Subjects})
				})
			if err != nil {
				return err
			}
			for _, e := range some {
				e.Group, after = group, e.ID
				for _, row := range besides(e) {
					if _, err := tx.ExecContext(ctx, addAuditSubject, row...); err != nil {
						return err
					}
				}
			}
			more = len(some) == rekeyChunk
		}
	}
	return nil
}
