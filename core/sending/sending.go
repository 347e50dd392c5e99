// Package sending says whether anything is sent from a database. A copy of one, and
// one that was restored from a backup, holds messages and deliveries that may have
// been sent long ago: nothing is sent from it until an operator says so.
package sending

import (
	"context"
	"time"

	"frontdesk/core/access"
)

// State is whether messages go out, and how long the database has been in use.
type State struct {
	// Identity tells the database from others; 0 before there is a practice group.
	Identity int64 `json:"-"`
	// Beat counts while the database is in use.
	Beat   int64     `json:"-"`
	Paused time.Time `json:"paused_at,omitzero"`
	Why    string    `json:"why,omitempty"`
}

// Why nothing is sent.
const (
	// Copied and Restored are found by Watch. Then nothing is delivered to webhooks either.
	Copied   = "this database is a copy: it is not where a server last used it"
	Restored = "restored from a backup"
	// Paused is what an operator has asked for.
	Paused = "paused by an operator"
)

// Store is what sending needs remembered.
type Store interface {
	Sending(ctx context.Context) (State, error)
	// PauseSending stops all sending, unless it is stopped already.
	PauseSending(ctx context.Context, now time.Time, why string) error
	ResumeSending(ctx context.Context) error
	// Beat counts that the database is in use, and gives the count and the
	// database's identity; 0 before there is a practice group.
	Beat(ctx context.Context) (beat, identity int64, err error)
	// Home tells where the database is, in a way that no copy of it shares; empty where that cannot be told.
	Home(ctx context.Context) (string, error)
	// LastHome is where it was when a server last ran on it; empty when no server has said.
	LastHome(ctx context.Context) (string, error)
	KeepHome(ctx context.Context, home string) error
}

// Witness remembers, beside the database and not in it, how far a database had counted when it was last seen.
type Witness interface {
	Seen(identity int64) (beat int64, found bool, err error)
	Note(identity, beat int64) error
}

// Service is whether anything is sent.
type Service struct {
	Store   Store
	Witness Witness
	// OneFile says that the database is one file, which anyone can copy.
	OneFile bool
	Now     func() time.Time
}

// State tells whether messages go out.
func (s *Service) State(ctx context.Context) (State, error) {
	if _, err := access.Require(ctx, access.Operate); err != nil {
		return State{}, err
	}
	return s.Store.Sending(ctx)
}

// Pause stops all sending; Resume lets it go on. Running servers take it up at once.
func (s *Service) Pause(ctx context.Context) error {
	if _, err := access.Require(ctx, access.Operate); err != nil {
		return err
	}
	return s.Store.PauseSending(ctx, s.Now(), Paused)
}

// Resume lets messages go out again.
func (s *Service) Resume(ctx context.Context) error {
	if _, err := access.Require(ctx, access.Operate); err != nil {
		return err
	}
	return s.Store.ResumeSending(ctx)
}

// Watch stops sending when the database is a copy, or an older copy of itself, and
// says why. It notes where the database is, and that it is in use.
func (s *Service) Watch(ctx context.Context) (why string, err error) {
	known, err := s.Store.Sending(ctx)
	if err != nil {
		return "", err
	}
	last, err := s.Store.LastHome(ctx)
	if err != nil {
		return "", err
	}
	here, err := s.Store.Home(ctx)
	if err != nil {
		return "", err
	}
	// With no identity nothing can have been sent from it yet.
	if known.Identity != 0 && known.Paused.IsZero() {
		if why, err = s.suspect(known, last, here); err != nil {
			return "", err
		}
		if why != "" {
			if err := s.Store.PauseSending(ctx, s.Now(), why); err != nil {
				return "", err
			}
		}
	}
	if here != last && here != "" {
		if err := s.Store.KeepHome(ctx, here); err != nil {
			return why, err
		}
	}
	return why, s.Beat(ctx)
}

// suspect says why what is due in the database may have been sent already.
func (s *Service) suspect(known State, last, here string) (why string, err error) {
	seen, found, err := s.Witness.Seen(known.Identity)
	switch {
	case err != nil:
		return "", err
	case last != "" && here != "" && here != last:
		return Copied, nil
	case last == "" && !found && s.OneFile:
		return Copied, nil // it was last used by a version that did not note where
	case known.Beat < seen:
		return Restored, nil
	}
	return "", nil
}

// Delivers reports whether events may go to webhooks: an operator's pause does not stop them.
func (s *Service) Delivers(ctx context.Context) (bool, error) {
	now, err := s.Store.Sending(ctx)
	return err == nil && now.Why != Copied && now.Why != Restored, err
}

// Beat notes that the database is in use, in it and beside it.
func (s *Service) Beat(ctx context.Context) error {
	beat, identity, err := s.Store.Beat(ctx)
	if err != nil || beat == 0 {
		return err
	}
	return s.Witness.Note(identity, beat)
}
