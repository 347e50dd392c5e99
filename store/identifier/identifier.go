// Package identifier keeps what core/identifier remembers.
package identifier

import (
	"context"
	"strings"

	"frontdesk/core/identifier"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Store is what core/identifier remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{&Tx{db.Conn()}, db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(identifier.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(&Tx{c}) })
}

// Tx is its statements in one transaction.
type Tx struct{ store.Conn }

// NumberDefinitions lists a group's kinds of numbers.
func (t *Tx) NumberDefinitions(ctx context.Context, group practice.ID) ([]identifier.Definition, error) {
	return store.List(ctx, t.Conn, `SELECT id, name, id_type, is_primary, deleted_at, created_at, updated_at FROM
		number_definition
		WHERE practice_group_id = $1 ORDER BY id`, store.In{group},
		func(scan store.Scanner) (identifier.Definition, error) {
			var d identifier.Definition
			err := scan(&d.ID, &d.Name, value.Lower(&d.Type), &d.Primary, value.When(&d.DeletedAt),
				value.When(&d.CreatedAt), value.When(&d.UpdatedAt))
			return d, err
		})
}

// SaveNumberDefinition keeps a kind of number.
func (t *Tx) SaveNumberDefinition(ctx context.Context, group practice.ID, d identifier.Definition) error {
	_, err := t.Exec(ctx, `INSERT INTO number_definition (practice_group_id, id, name, id_type, is_primary,
		deleted_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, is_primary = $5, deleted_at = $6, updated_at = $8`,
		group, d.ID, d.Name, strings.ToUpper(string(d.Type)), d.Primary, value.At(d.DeletedAt), d.CreatedAt,
		d.UpdatedAt)
	return err
}
