package connector

import (
	"context"
	"encoding/json"

	"frontdesk/core/audit"
	"frontdesk/core/connector"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/value"
)

const connectorColumns = `name, settings, secret, version, created_at, updated_at`

func scanConnector(scan store.Scanner) (connector.Connector, error) {
	var c connector.Connector
	var settings string
	if err := scan(&c.Name, &settings, &c.Sealed, &c.Version, value.When(&c.CreatedAt),
		value.When(&c.UpdatedAt)); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(settings), &c.Settings)
}

// Connector finds a connector.
func (t *Tx) Connector(ctx context.Context, group practice.ID, name connector.Name) (connector.Connector, error) {
	return store.Find(ctx, t.Conn, connector.ErrNotFound, `SELECT `+connectorColumns+` FROM connector WHERE
		practice_group_id = $1 AND name = $2`, store.In{group, name}, scanConnector)
}

// Connectors lists a group's connectors.
func (s *Store) Connectors(ctx context.Context, group practice.ID) ([]connector.Connector, error) {
	return store.List(ctx, s.Conn, `SELECT `+connectorColumns+` FROM connector WHERE practice_group_id = $1
		ORDER BY name`, store.In{group}, scanConnector)
}

// SaveConnector keeps a connector.
func (t *Tx) SaveConnector(ctx context.Context, group practice.ID, c connector.Connector) error {
	_, err := t.Exec(ctx, `INSERT INTO connector (practice_group_id, name, settings, secret, version, created_at,
		updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (practice_group_id, name) DO UPDATE SET settings = $3, secret = $4, version = $5, updated_at = $7`,
		group, c.Name, string(audit.Snapshot(c.Settings)), c.Sealed, c.Version, c.CreatedAt, c.UpdatedAt)
	return err
}

// DropConnector forgets a connector.
func (t *Tx) DropConnector(ctx context.Context, group practice.ID, name connector.Name) error {
	_, err := t.Exec(ctx, `DELETE FROM connector WHERE practice_group_id = $1 AND name = $2`, group, name)
	return err
}
