package instance

import (
	"context"

	"frontdesk/store"
)

// Installation is what a database knows of the programs that run on it.
type Installation struct {
	// Sealed is a text sealed with the key of its secrets; empty before any
	// program has said which that is.
	Sealed []byte
	// Home is where the database was when a server last ran on it.
	Home string
}

// Installation reads what the database knows.
func (s *Store) Installation(ctx context.Context) (i Installation, err error) {
	_, err = s.One(ctx, `SELECT sealed, home FROM installation WHERE id = 1`, nil, &i.Sealed, &i.Home)
	return i, err
}

// KeepSealed keeps a sealed text in place of another, unless another program came
// first, and gives what is kept.
func (s *Store) KeepSealed(ctx context.Context, was, sealed []byte) (kept []byte, err error) {
	if was == nil {
		was = []byte{}
	}
	err = s.db.Do(ctx, func(c store.Conn) error {
		if _, err := c.Exec(ctx, `INSERT INTO installation (id, sealed, home) VALUES (1, $2, '')
			ON CONFLICT (id) DO UPDATE SET sealed = $2 WHERE installation.sealed = $1`, was, sealed); err != nil {
			return err
		}
		_, err := c.One(ctx, `SELECT sealed FROM installation WHERE id = 1`, nil, &kept)
		return err
	})
	return kept, err
}

// LastHome is where the database was when a server last ran on it.
func (s *Store) LastHome(ctx context.Context) (string, error) {
	known, err := s.Installation(ctx)
	return known.Home, err
}

// KeepHome keeps where the database is.
func (s *Store) KeepHome(ctx context.Context, home string) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, `INSERT INTO installation (id, sealed, home) VALUES (1, $2, $1) ON CONFLICT (id) DO
			UPDATE SET home = $1`, home, []byte{})
		return err
	})
}

// Home tells where the database is, in a way that no copy of it shares; empty where that cannot be told.
func (s *Store) Home(ctx context.Context) (string, error) { return s.db.Home(ctx) }
