package pathway

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/episode"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// Find finds one pathway that was not deleted. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Pathway, error) {
	p, err := read.One(ctx, access.SeeRecords, id, s.Store.Pathway)
	if err == nil && p.Deleted() {
		return Pathway{}, ErrNotFound
	}
	return p, err
}

// ByID finds those of the pathways that were not deleted.
func (s *Service) ByID(ctx context.Context, ids []ID) (map[ID]Pathway, error) {
	all, err := read.ByID(ctx, access.SeeRecords, ids, s.Store.PathwaysByID)
	for id, p := range all {
		if p.Deleted() {
			delete(all, id)
		}
	}
	return all, err
}

// Of lists the pathways of an episode in the order they were made; an episode that is not there has none.
func (s *Service) Of(ctx context.Context, id episode.ID) ([]Pathway, error) {
	return read.Of(ctx, access.SeeRecords, id,
		func(ctx context.Context, group practice.ID, id episode.ID) ([]Pathway, error) {
			return s.Store.PathwaysOf(ctx, group, id, mostPathways)
		})
}
