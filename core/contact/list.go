package contact

import (
	"context"
	"maps"
	"strings"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
)

// Query is what contacts to list.
type Query struct {
	input.Listing
	// Search is part of a name, a company, an e-mail address, a specialty or a
	// telephone number, without case and accents.
	Search string
	// IsPayor and IsDoctor narrow the list where they are set.
	IsPayor, IsDoctor *bool
}

// Rows is a Query in the form the store takes: Limit rows after Offset.
type Rows struct {
	Query
	Offset, Limit int
}

// Contact finds one contact, deleted or not. Error: ErrNotFound.
func (s *Service) Contact(ctx context.Context, id ID) (Contact, error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return Contact{}, err
	}
	c, err := s.Store.Contact(ctx, who.Group, id)
	if err == nil {
		audit.Seen(ctx, c)
	}
	return c, err
}

// Contacts lists contacts, and whether more follow the page. Those asked for by
// when they were made or changed come in that order, others in the order of
// their ids.
func (s *Service) Contacts(ctx context.Context, q Query) (found []Contact, more bool, err error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	typed := in.Text("search", input.Visible(q.Search), 200)
	q.Search = dial(typed)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	found, err = s.Store.Contacts(ctx, who.Group, Rows{q, offset, size + 1})
	if dialled := input.AsDialled(typed); err == nil && len(found) == 0 && dialled != "" && dialled != q.Search {
		q.Search = dialled
		found, err = s.Store.Contacts(ctx, who.Group, Rows{q, offset, size + 1})
	}
	more = len(found) > size
	found = found[:min(len(found), size)]
	audit.Seen(ctx, found...)
	return found, more, err
}

// dial is a telephone number, or part of one, as it is searched for; any other
// text stays as it is.
func dial(text string) string {
	var in input.Checks
	if whole := in.Telephone("search", text); in.Err() == nil {
		return whole
	}
	bare := strings.NewReplacer("(", "", ")", "").Replace(input.Bare(text))
	if len(bare) >= 4 && strings.Trim(strings.TrimPrefix(bare, "+"), "0123456789") == "" {
		return bare
	}
	return text
}

// ByIDs finds those of the contacts there are, deleted ones too.
func (s *Service) ByIDs(ctx context.Context, ids []ID) (map[ID]Contact, error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.ContactsByID(ctx, who.Group, ids)
	audit.SeenEach(ctx, maps.Values(found))
	return found, err
}

// PhonesOf lists the telephone numbers of some contacts.
func (s *Service) PhonesOf(ctx context.Context, ids []ID) (map[ID][]Phone, error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return nil, err
	}
	return s.Store.PhonesOfContacts(ctx, who.Group, ids)
}
