package contact

import (
	"context"
	"strings"

	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
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

// Contact finds one contact, deleted or not. Error: ErrNotFound.
func (s *Service) Contact(ctx context.Context, id ID) (Contact, error) {
	return read.One(ctx, See, id, s.Store.Contact)
}

// Contacts lists contacts, and whether more follow the page. Those asked for by when they were made or changed come in
// that order, others in the order of their ids.
func (s *Service) Contacts(ctx context.Context, q Query) (found []Contact, more bool, err error) {
	var in input.Checks
	rows, typed := in.Rows(q.Page), in.Text("search", input.Visible(q.Search), 200)
	q.Search = dial(typed)
	return read.Page(ctx, See, &in, rows, q, func(ctx context.Context, group practice.ID, q Query,
		rows input.Rows) ([]Contact, error) {
		found, err := s.Store.Contacts(ctx, group, q, rows)
		if dialled := input.AsDialled(typed); err == nil && len(found) == 0 && dialled != "" && dialled != q.Search {
			q.Search = dialled
			return s.Store.Contacts(ctx, group, q, rows)
		}
		return found, err
	})
}

// dial is a telephone number, or part of one, as it is searched for; any other text stays as it is.
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

// ByIDs finds those of the contacts that exist, deleted ones too.
func (s *Service) ByIDs(ctx context.Context, ids []ID) (map[ID]Contact, error) {
	return read.ByID(ctx, See, ids, s.Store.ContactsByID)
}

// PhonesOf lists the telephone numbers of some contacts.
func (s *Service) PhonesOf(ctx context.Context, ids []ID) (map[ID][]Phone, error) {
	return read.Of(ctx, See, ids, s.Store.PhonesOfContacts)
}
