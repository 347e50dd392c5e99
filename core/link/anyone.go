package link

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

const (
	// MostWrong is how many visitors from one network, who could not be identified within an hour, pause a link for
	// that network; mostWrongInAll is how many, from wherever they come, pause it for everyone.
	MostWrong      = 10
	mostWrongInAll = 100
	// Pause is how long that lasts, and how long a try counts.
	Pause = time.Hour
)

// The faults of links for anyone.
var (
	// ErrPaused is returned to a visitor of a link by which too many could not be identified.
	ErrPaused = fault.New(fault.Limited, "link_paused",
		"Too many details that we could not be sure of were given by this link.")
	// ErrAnother is returned to a visitor who has proved to be another person than the link is for.
	ErrAnother = fault.New(fault.Forbidden, "link_of_another_patient", "This link is not for you.")
)

// Anyone reports a link that is tied to no patient: each visitor says who they are.
func (l Link) Anyone() bool { return l.Patient == 0 }

// Tries are the visitors of a link from one network who were not identified, or are being looked up now.
type Tries struct {
	Network string // a signature of its address; empty is all networks together
	Since   time.Time
	Count   int
	// PausedAt is when they became too many.
	PausedAt time.Time
}

// old reports tries that count no more.
func (t Tries) old(now time.Time) bool {
	if !t.PausedAt.IsZero() {
		return !now.Before(t.PausedAt.Add(Pause))
	}
	return !now.Before(t.Since.Add(Pause))
}

// most is how many there may be.
func (t Tries) most() int {
	if t.Network == "" {
		return mostWrongInAll
	}
	return MostWrong
}

// full is ErrPaused, with how long to wait, where there is no room for one more.
func (t Tries) full(now time.Time) error {
	if t.Count < t.most() {
		return nil
	}
	from := t.PausedAt
	if from.IsZero() {
		from = t.Since
	}
	return ErrPaused.After(from.Add(Pause).Sub(now))
}

// Try is a visitor of a link who is being looked up.
type Try struct {
	Link  Link
	Group practice.Group // its name, telephone number and time zone alone
	// keys are what it counts against: the visitor's network, and all networks together; none for one who is trusted.
	keys []string
}

// Begin takes one of the tries that the visitors from a network have, before it is looked up who they are. Errors:
// those of Look, ErrPaused.
func (s *Service) Begin(ctx context.Context, address, network string) (Try, error) {
	p, seen, err := s.look(ctx, address)
	t := Try{Link: seen, Group: p.Group}
	if err != nil {
		return t, err
	}
	box, err := s.Box()
	if err != nil {
		return t, err
	}
	key, err := box.Sign(network, "network of "+about(seen.Group, seen.ID))
	if err != nil {
		return t, err
	}
	t.keys = []string{key, ""}
	now := s.Now().Truncate(time.Microsecond)
	return t, s.Store.Do(ctx, func(tx Tx) error {
		l, err := s.again(ctx, tx, seen, now)
		if err != nil {
			return err
		}
		return s.tries(ctx, tx, l, t, func(n *Tries) error {
			if n.old(now) {
				*n = Tries{Network: n.Network, Since: now}
			}
			n.Count++
			return Tries{n.Network, n.Since, n.Count - 1, n.PausedAt}.full(now)
		})
	})
}

// Trust is a try of a visitor whose identity another service proves: it counts against nothing. Errors: those of Look.
func (s *Service) Trust(ctx context.Context, address string) (Try, error) {
	p, l, err := s.look(ctx, address)
	if err == nil {
		err = l.shut(s.Now())
	}
	return Try{Link: l, Group: p.Group}, err
}

// tries changes both counts a try is in.
func (s *Service) tries(ctx context.Context, tx Tx, l Link, t Try, change func(*Tries) error) error {
	for _, key := range t.keys {
		n, err := tx.Tries(ctx, l.Group, l.ID, key)
		if err != nil {
			return err
		}
		n.Network = key
		if err := change(&n); err != nil {
			return err
		}
		if err := tx.SaveTries(ctx, l.Group, l.ID, n); err != nil {
			return err
		}
	}
	return nil
}

// back gives a try back.
func back(n *Tries) error {
	n.Count = max(0, n.Count-1)
	return nil
}

// GiveBack gives a try back by which nothing was learnt.
func (s *Service) GiveBack(ctx context.Context, t Try) error {
	return s.Store.Do(ctx, func(tx Tx) error {
		l, err := tx.LockLink(ctx, t.Link.Group, t.Link.ID)
		if err != nil {
			return err
		}
		return s.tries(ctx, tx, l, t, back)
	})
}

// Failed ends a try of a visitor who was not identified. The last one of all that there may be tells the practice.
func (s *Service) Failed(ctx context.Context, t Try) error {
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		l, err := tx.LockLink(ctx, t.Link.Group, t.Link.ID)
		if err != nil {
			return err
		}
		paused := false
		err = s.tries(ctx, tx, l, t, func(n *Tries) error {
			if n.Count >= n.most() && n.PausedAt.IsZero() {
				n.PausedAt, paused = now, true
			}
			return nil
		})
		if err != nil || !paused {
			return err
		}
		return s.paused(ctx, tx, l, now)
	})
}

// paused tells the practice that a link is paused.
func (s *Service) paused(ctx context.Context, tx Tx, l Link, now time.Time) error {
	l.Locks, l.UpdatedAt = l.Locks+1, now
	if err := tx.SaveLink(ctx, l.Group, l); err != nil {
		return err
	}
	visitor := access.Visitor(ctx, l.Group, "patient")
	if err := tx.Audit(ctx, visitor.Audit(now, "link.pause", "link", int64(l.ID), nil, l)); err != nil {
		return err
	}
	e := event.Of(int64(l.Group), now, event.Fact{Type: event.LinkPaused, IDs: event.IDs{"link": int64(l.ID)}})
	e.Subject, e.Sequence = int64(l.ID), int64(l.Locks)
	return tx.Record(ctx, e)
}

// Enter begins the visit of a visitor who proved to be a patient, and gives what proves the visit later. Errors: those
// of Look, and ErrAnother for a link that is for another patient.
func (s *Service) Enter(ctx context.Context, t Try, of patient.ID) (proof string, err error) {
	now := s.Now().Truncate(time.Microsecond)
	err = s.Store.Do(ctx, func(tx Tx) error {
		l, err := s.again(ctx, tx, t.Link, now)
		if err != nil {
			return err
		}
		if err := s.tries(ctx, tx, l, t, back); err != nil {
			return err
		}
		who, err := owner(ctx, tx, l)
		if err != nil {
			return err
		}
		if !l.Anyone() && who.ID != of {
			return ErrAnother
		}
		return s.open(ctx, tx, l, of, now)
	})
	if err != nil {
		return "", err
	}
	if !t.Link.Anyone() {
		of = 0
	}
	return s.proof(t.Link, of, now)
}

// Forget deletes the tries that count no more.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	return s.Store.ForgetTries(ctx, who.Group, s.Now().Add(-2*Pause))
}
