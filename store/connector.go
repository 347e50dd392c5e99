package store

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
)

type connectorStore struct{ *Tx }

// Connector is what connector remembers.
func (db *DB) Connector() connector.Store { return connectorStore{db.plain()} }

func (s connectorStore) Do(ctx context.Context, fn func(connector.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const connectorColumns = `name, settings, secret, version, created_at, updated_at`

func scanConnector(scan scanner) (connector.Connector, error) {
	var c connector.Connector
	var settings string
	if err := scan(&c.Name, &settings, &c.Sealed, &c.Version, when{&c.CreatedAt}, when{&c.UpdatedAt}); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(settings), &c.Settings)
}

// Connector finds a connector.
func (t *Tx) Connector(ctx context.Context, group practice.ID, name connector.Name) (connector.Connector, error) {
	return find(ctx, t, connector.ErrNotFound, `SELECT `+connectorColumns+` FROM connector WHERE practice_group_id = $1 AND name = $2`, in{group, name}, scanConnector)
}

// Connectors lists a group's connectors.
func (s connectorStore) Connectors(ctx context.Context, group practice.ID) ([]connector.Connector, error) {
	return list(ctx, s.Tx, `SELECT `+connectorColumns+` FROM connector WHERE practice_group_id = $1 ORDER BY name`, in{group}, scanConnector)
}

// SaveConnector keeps a connector.
func (t *Tx) SaveConnector(ctx context.Context, group practice.ID, c connector.Connector) error {
	_, err := t.exec(ctx, `INSERT INTO connector (practice_group_id, name, settings, secret, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (practice_group_id, name) DO UPDATE SET settings = $3, secret = $4, version = $5, updated_at = $7`,
		group, c.Name, string(audit.Snapshot(c.Settings)), c.Sealed, c.Version, c.CreatedAt, c.UpdatedAt)
	return err
}

// DropConnector forgets a connector.
func (t *Tx) DropConnector(ctx context.Context, group practice.ID, name connector.Name) error {
	_, err := t.exec(ctx, `DELETE FROM connector WHERE practice_group_id = $1 AND name = $2`, group, name)
	return err
}

// Throttle takes the next free moment of an outside system that may be asked
// perSecond times a second, by all running programs together, and says how long
// to wait for it. With none within patience, taken is false and nothing is
// taken.
func (db *DB) Throttle(ctx context.Context, name string, perSecond float64, patience time.Duration, now time.Time) (wait time.Duration, taken bool, err error) {
	step, at := int64(1e6/perSecond), now.UnixMicro()
	err = db.do(ctx, func(t *Tx) error {
		if _, err := t.exec(ctx, `INSERT INTO throttle (name, free_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, at); err != nil {
			return err
		}
		var free int64
		// Nobody takes a moment that far ahead: the clock was put back since.
		ahead := at + step + time.Minute.Microseconds()
		taken, err = t.one(ctx, `UPDATE throttle SET free_at = CASE WHEN free_at > $2 AND free_at <= $5 THEN free_at ELSE $2 END + $3
			WHERE name = $1 AND (free_at <= $4 OR free_at > $5) RETURNING free_at`, in{name, at, step, at + patience.Microseconds(), ahead}, &free)
		wait = max(0, time.Duration(free-step-at)*time.Microsecond)
		return err
	})
	return wait, taken, err
}
