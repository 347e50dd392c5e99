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

// SessionQuery says which sessions to list: those of one of the practitioners and at one of the places, where any are
// named.
type SessionQuery struct {
	Practitioners []practice.PractitionerID
	Locations     []practice.LocationID
	// Since lists all that did not end before that date, with their types: sessions and, with Blocks, blocks. Locations
	// does not narrow that list. Without Since it is a page of sessions and blocks.
	Since  *input.Date
	Blocks bool
	input.Page
}

// maxNamed is how many practitioners or places a list may be narrowed to.
const maxNamed = 200

// seen checks that the caller may see sessions, and blocks too: those who set up the practice know no blocks.
func seen(ctx context.Context, blocks bool) (access.Caller, error) {
	if blocks {
		return access.Require(ctx, access.SeeAvailability)
	}
	return access.Require(ctx, access.EditAvailability)
}

// Session finds one session or, with blocks set, one block. Error: ErrSessionNotFound.
func (s *Service) Session(ctx context.Context, id SessionID, blocks bool) (Session, error) {
	who, err := seen(ctx, blocks)
	if err != nil {
		return Session{}, err
	}
	found, err := s.Store.Session(ctx, who.Group, id)
	if err == nil && found.Away && !blocks {
		err = ErrSessionNotFound
	}
	return found, err
}

// Sessions lists sessions in the order of their ids, and whether more follow the page.
func (s *Service) Sessions(ctx context.Context, q SessionQuery) (found []Session, more bool, err error) {
	who, err := seen(ctx, q.Blocks || q.Since == nil)
	if err != nil {
		return nil, false, err
	}
	if q.Since != nil {
		found, err = s.notOver(ctx, who.Group, q)
		return found, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	atMost(&in, "practitioners", len(q.Practitioners), maxNamed)
	atMost(&in, "locations", len(q.Locations), maxNamed)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	return s.Store.SessionPage(ctx, who.Group, q, offset, size)
}

// notOver lists the sessions that did not end before q.Since.
func (s *Service) notOver(ctx context.Context, group practice.ID, q SessionQuery) ([]Session, error) {
	found, err := s.Store.Sessions(ctx, group, Dates{Practitioners: q.Practitioners, From: *q.Since, To: lastDay,
		Blocks: q.Blocks})
	found = slices.DeleteFunc(found, func(x Session) bool {
		return x.Last() != input.NoDate && x.Last() < *q.Since
	})
	slices.SortFunc(found, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return found, err
}

func atMost(in *input.Checks, field string, n, most int) {
	if n > most {
		in.Wrong(field, input.CodeBig, fmt.Sprintf("at most %d ids", most), "These are too many.")
	}
}
