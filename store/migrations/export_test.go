package migrations

import "context"

// One applies one migration alone, whatever has been applied after it.
func (db Database) One(ctx context.Context, version int64) error {
	m, err := db.migrator()
	if err != nil {
		return err
	}
	defer m.close()
	_, err = m.goose.ApplyVersion(ctx, version, true)
	return err
}
