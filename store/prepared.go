package store

import (
	"context"
	"database/sql"
	"regexp"
	"sync"
)

// statements keeps SQLite's prepared statements: parsing one takes longer than
// running it. The texts are constants, so there is an end to them.
type statements struct {
	db     *sql.DB
	mu     sync.RWMutex
	known  map[string]*sql.Stmt
	missed []string
}

var bound = regexp.MustCompile(`\b(LIMIT|OFFSET)\s+(\$\d+)`)

// planned is the text that SQLite gets. It looks at what a limit is given, and so
// plans the statement anew each time it is carried out; at a sum it does not.
func planned(text string) string { return bound.ReplaceAllString(text, "$1 $2 + 0") }

func (s *statements) get(text string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known[text]
}

func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := s.get(text); stmt != nil {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, planned(text))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.known[text]; known != nil {
		return known, stmt.Close()
	}
	if s.known == nil {
		s.known = map[string]*sql.Stmt{}
	}
	s.known[text] = stmt
	return stmt, nil
}

// within is the statement inside a transaction. The one writing connection is
// busy with it, so a statement not met before is prepared for this transaction
// alone, and for good by settle, once the connection is free.
func (s *statements) within(ctx context.Context, tx *sql.Tx, text string) (*sql.Stmt, error) {
	if stmt := s.get(text); stmt != nil {
		return tx.StmtContext(ctx, stmt), nil
	}
	s.mu.Lock()
	s.missed = append(s.missed, text)
	s.mu.Unlock()
	return tx.PrepareContext(ctx, planned(text))
}

func (s *statements) settle(ctx context.Context) {
	s.mu.Lock()
	missed := s.missed
	s.missed = nil
	s.mu.Unlock()
	for _, text := range missed {
		if _, err := s.prepare(ctx, text); err != nil {
			return // it will be missed again
		}
	}
}
