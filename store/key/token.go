package key

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/key"

	"frontdesk/store"
	"frontdesk/store/value"
)

// KeyBearer finds who holds a key.
func (t *Tx) KeyBearer(ctx context.Context, group access.GroupID, id access.KeyID) (key.Bearer, error) {
	return store.ByKey(ctx, t.Conn, key.ErrBadToken, `SELECT k.practice_group_id, k.id, k.hash, k.partner, k.rate_limit,
		k.expires_at, k.revoked_at, k.last_used_at, k.role,
			r.permissions, g.graphql_limit, g.limit_status
		FROM api_key k
		JOIN practice_group g ON g.practice_group_id = k.practice_group_id
		LEFT JOIN role r ON r.practice_group_id = k.practice_group_id AND r.name = k.role
		WHERE k.practice_group_id = $1 AND k.id = $2`, store.In{group, id},
		func(scan store.Scanner) (key.Bearer, error) {
			var b key.Bearer
			k := &b.Key
			err := scan(&k.Group, &k.ID, &k.Hash, &k.Partner, value.Maybe(&k.Limit), value.When(&k.ExpiresAt),
				value.When(&k.RevokedAt),
				value.When(&k.LastUsed), &k.Role,
				value.Words(&b.Held), &b.Terms.Limit, &b.Terms.Status)
			b.Name, b.Role = k.Partner, k.Role
			return b, err
		})
}

// SessionBearer finds whose session it is.
func (t *Tx) SessionBearer(ctx context.Context, group access.GroupID, id access.SessionID) (key.Bearer, error) {
	return store.ByKey(ctx, t.Conn, key.ErrBadToken, `SELECT s.practice_group_id, s.id, s.hash, s.staff_id, s.key_id,
		s.made_at, s.expires_at, s.revoked_at, s.last_used_at,
			k.partner, k.rate_limit, k.expires_at, k.revoked_at, f.title, f.first_name, f.last_name, f.deleted_at,
			COALESCE(f.role, k.role),
			r.permissions, g.graphql_limit, g.limit_status
		FROM session_token s
		JOIN practice_group g ON g.practice_group_id = s.practice_group_id
		LEFT JOIN api_key k ON k.practice_group_id = s.practice_group_id AND k.id = s.key_id
		LEFT JOIN staff f ON f.practice_group_id = s.practice_group_id AND f.id = s.staff_id
		LEFT JOIN role r ON r.practice_group_id = s.practice_group_id AND r.name = COALESCE(f.role, k.role)
		WHERE s.practice_group_id = $1 AND s.id = $2`, store.In{group, id},
		func(scan store.Scanner) (key.Bearer, error) {
			var b key.Bearer
			var title, first, last string
			var left time.Time
			s, k := &b.Session, &b.Key
			err := scan(&s.Group, &s.ID, &s.Hash, value.Num(&s.Staff), value.Num(&s.Key), value.When(&s.MadeAt),
				value.When(&s.ExpiresAt), value.When(&s.RevokedAt), value.When(&s.LastUsed),
				value.Text(&k.Partner), value.Maybe(&k.Limit), value.When(&k.ExpiresAt), value.When(&k.RevokedAt),
				value.Text(&title), value.Text(&first), value.Text(&last),
				value.When(&left), value.Text(&b.Role),
				value.Words(&b.Held), &b.Terms.Limit, &b.Terms.Status)
			k.Group, k.ID, b.Gone, b.Name = s.Group, s.Key, !left.IsZero(), k.Partner
			if s.Staff != 0 {
				b.Name = joinedName(title, first, last)
			}
			return b, err
		})
}

func joinedName(parts ...string) string {
	name := ""
	for _, p := range parts {
		if p != "" && name != "" {
			name += " "
		}
		name += p
	}
	return name
}

// AddSession keeps a session.
func (t *Tx) AddSession(ctx context.Context, s key.Session) error {
	_, err := t.Exec(ctx, `INSERT INTO session_token (practice_group_id, id, hash, staff_id, key_id, made_at,
		expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		s.Group, s.ID, s.Hash, value.Opt(s.Staff), value.Opt(s.Key), s.MadeAt, s.ExpiresAt)
	return err
}

// TouchSession notes that the session was used.
func (s *Store) TouchSession(ctx context.Context, group access.GroupID, id access.SessionID, now time.Time) error {
	return s.db.Do(ctx, func(t store.Conn) error {
		_, err := t.Exec(ctx, `UPDATE session_token SET last_used_at = $3 WHERE practice_group_id = $1 AND id = $2`,
			group, id, now)
		return err
	})
}

// EndSession revokes a session.
func (t *Tx) EndSession(ctx context.Context, group access.GroupID, id access.SessionID, now time.Time) (bool, error) {
	n, err := t.Exec(ctx, `UPDATE session_token SET revoked_at = COALESCE(revoked_at, $3)
		WHERE practice_group_id = $1 AND id = $2`, group, id, now)
	return n == 1, err
}

// OpenSessions lists a group's sessions that have not ended.
func (t *Tx) OpenSessions(ctx context.Context, group access.GroupID, now time.Time) ([]key.Session, error) {
	return store.List(ctx, t.Conn, `SELECT id, staff_id, key_id, made_at, expires_at, last_used_at FROM session_token
		WHERE practice_group_id = $1 AND expires_at > $2 AND revoked_at IS NULL ORDER BY id`, store.In{group, now},
		func(scan store.Scanner) (key.Session, error) {
			s := key.Session{Group: group}
			err := scan(&s.ID, value.Num(&s.Staff), value.Num(&s.Key), value.When(&s.MadeAt), value.When(&s.ExpiresAt),
				value.When(&s.LastUsed))
			return s, err
		})
}

// Roles lists a group's own roles.
func (t *Tx) Roles(ctx context.Context, group access.GroupID) ([]access.Role, error) {
	return store.List(ctx, t.Conn, `SELECT name, permissions FROM role WHERE practice_group_id = $1 ORDER BY name`,
		store.In{group},
		func(scan store.Scanner) (access.Role, error) {
			var r access.Role
			err := scan(&r.Name, value.Words(&r.Permissions))
			return r, err
		})
}

// SaveRole keeps a role.
func (t *Tx) SaveRole(ctx context.Context, group access.GroupID, r access.Role, now time.Time) error {
	_, err := t.Exec(ctx, `INSERT INTO role (practice_group_id, name, permissions, created_at, updated_at) VALUES
		($1, $2, $3, $4, $4)
		ON CONFLICT (practice_group_id, name) DO UPDATE SET permissions = $3, updated_at = $4`, group, r.Name,
		value.Joined(r.Permissions), now)
	return err
}

// SaveTerms keeps how often a group's tokens may be used.
func (t *Tx) SaveTerms(ctx context.Context, group access.GroupID, n key.Terms) error {
	_, err := t.Exec(ctx, `UPDATE practice_group SET graphql_limit = $2, limit_status = $3
		WHERE practice_group_id = $1`,
		group, n.Limit, n.Status)
	return err
}
