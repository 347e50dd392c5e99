package diary

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// PageQuery is which sessions and blocks to list: those that are of one of the
// practitioners and at one of the places, where any are named.
type PageQuery struct {
	Practitioners []practice.PractitionerID
	Locations     []practice.LocationID
	input.Page
}

// PageRows is a PageQuery in the form the store takes: Limit rows after Offset.
type PageRows struct {
	PageQuery
	Offset, Limit int
}

// maxNamed is how many practitioners or places a list may be narrowed to.
const maxNamed = 200

// Session finds one session or block. Error: ErrSessionNotFound.
func (s *Service) Session(ctx context.Context, id SessionID) (Session, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return Session{}, err
	}
	return s.Store.Session(ctx, who.Group, id)
}

// WorkedSession is Session for a caller who sets sessions up, and knows no blocks.
func (s *Service) WorkedSession(ctx context.Context, id SessionID) (Session, error) {
	who, err := access.Require(ctx, access.EditAvailability)
	if err != nil {
		return Session{}, err
	}
	found, err := s.Store.Session(ctx, who.Group, id)
	if err == nil && found.Away {
		err = ErrSessionNotFound
	}
	return found, err
}

// SessionPage lists sessions and blocks, without their types, in the order of their ids,
// and whether more follow the page.
func (s *Service) SessionPage(ctx context.Context, q PageQuery) (found []Session, more bool, err error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	atMost(&in, "practitioners", len(q.Practitioners), maxNamed)
	atMost(&in, "locations", len(q.Locations), maxNamed)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	ids, err := s.Store.SessionIDs(ctx, who.Group, PageRows{q, offset, size + 1})
	if err != nil || len(ids) == 0 {
		return nil, false, err
	}
	more = len(ids) > size
	ids = ids[:min(size, len(ids))]
	all, err := s.Store.SessionsByID(ctx, who.Group, ids)
	for _, id := range ids {
		if x, ok := all[id]; ok {
			found = append(found, x)
		}
	}
	return found, more, err
}

func atMost(in *input.Checks, field string, n, most int) {
	if n > most {
		in.Wrong(field, input.CodeBig, fmt.Sprintf("at most %d ids", most), "These are too many.")
	}
}

// Sessions lists the group's sessions that have not ended before the date, for
// one practitioner or, with 0, for all.
func (s *Service) Sessions(ctx context.Context, of practice.PractitionerID, since input.Date) ([]Session, error) {
	who, err := access.Require(ctx, access.EditAvailability)
	if err != nil {
		return nil, err
	}
	q := SessionQuery{From: since, To: lastDay}
	if of != 0 {
		q.Practitioners = []practice.PractitionerID{of}
	}
	return s.Store.Sessions(ctx, who.Group, q)
}

// SessionsToCome lists the sessions and blocks that are not over, with the date at the
// practice.
func (s *Service) SessionsToCome(ctx context.Context) ([]Session, input.Date, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, 0, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, 0, err
	}
	today := input.DateOf(s.Now().In(g.Zone()))
	q := SessionQuery{From: today, To: lastDay}
	out, err := s.Store.Sessions(ctx, who.Group, q)
	if err != nil {
		return nil, 0, err
	}
	blocks, err := s.Store.Blocks(ctx, who.Group, q)
	out = slices.DeleteFunc(append(out, blocks...), func(x Session) bool {
		return x.Last() != input.NoDate && x.Last() < today
	})
	slices.SortFunc(out, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return out, today, err
}
