package billing

import (
	"context"
	"maps"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/practice"
)

// Offer is one of the lists that say how a product is offered.
type Offer string

// The lists: the appointments that come with a product, and the locations and practitioners that offer it.
const (
	Parts  Offer = "parts"
	Places Offer = "places"
	People Offer = "people"
)

func numbers[K ~int64](ids []K) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

// PartsOf lists which appointments come with some products.
func (s *Products) PartsOf(ctx context.Context, ids []ProductID) (map[ProductID][]ProductID, error) {
	return offered(ctx, s, Parts, ids)
}

// OfferedAt lists what is offered at some locations: where nothing is set for one,
// the appointments its sessions offer from today on.
func (s *Products) OfferedAt(
	ctx context.Context, at []practice.LocationID,
) (map[practice.LocationID][]ProductID, error) {
	return offered(ctx, s, Places, at)
}

// OfferedBy lists what practitioners offer: where nothing is set for one,
// the appointments their sessions offer from today on.
func (s *Products) OfferedBy(
	ctx context.Context, by []practice.PractitionerID,
) (map[practice.PractitionerID][]ProductID, error) {
	return offered(ctx, s, People, by)
}

func offered[K ~int64](ctx context.Context, s *Products, list Offer, of []K) (map[K][]ProductID, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Offers(ctx, who.Group, list, numbers(of))
	if err != nil {
		return nil, err
	}
	unset := slices.DeleteFunc(numbers(of), func(id int64) bool { _, ok := all[id]; return ok })
	if list != Parts && len(unset) > 0 {
		day, err := practice.Today(ctx, s.Store, who.Group, s.Now())
		if err != nil {
			return nil, err
		}
		worked, err := s.Store.Worked(ctx, who.Group, list, unset, day)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, worked)
	}
	out := make(map[K][]ProductID, len(all))
	for id, products := range all {
		out[K(id)] = products
	}
	return out, nil
}
