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

// SetParts says which appointments come with a product, in place of those there
// were. Errors: ErrProductNotFound, ErrProductDeleted, ErrNotAppointment.
func (s *Products) SetParts(ctx context.Context, id ProductID, parts []ProductID) error {
	return setOffer(ctx, s, id, Parts, parts, func(e *productEdit, parts []ProductID) (any, error) {
		before, err := e.tx.Offers(ctx, e.group, Parts, []int64{int64(id)})
		if err != nil {
			return nil, err
		}
		known, err := e.tx.ProductsByID(ctx, e.group, parts)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			switch p, ok := known[part]; {
			case !ok:
				return nil, ErrProductNotFound
			case p.Kind != Appointment || part == id:
				return nil, ErrNotAppointment
			}
		}
		return before[int64(id)], nil
	})
}

// SetOfferedAt says at which locations a product is offered, in place of those
// there were. Errors: ErrProductNotFound, ErrProductDeleted,
// practice.ErrLocationNotFound.
func (s *Products) SetOfferedAt(ctx context.Context, id ProductID, at []practice.LocationID) error {
	return setOffer(ctx, s, id, Places, at, func(e *productEdit, at []practice.LocationID) (any, error) {
		return nil, each(at, func(l practice.LocationID) error {
			_, err := e.tx.Location(ctx, e.group, l)
			return err
		})
	})
}

// SetOfferedBy says which practitioners offer a product, in place of those who did.
// Errors: ErrProductNotFound, ErrProductDeleted,
// practice.ErrPractitionerNotFound.
func (s *Products) SetOfferedBy(ctx context.Context, id ProductID, by []practice.PractitionerID) error {
	return setOffer(ctx, s, id, People, by, func(e *productEdit, by []practice.PractitionerID) (any, error) {
		return nil, each(by, func(p practice.PractitionerID) error {
			_, err := e.tx.Practitioner(ctx, e.group, p)
			return err
		})
	})
}

// setOffer puts a list in place of another. check makes sure that what it names exists, and gives the list before for
// the audit entry.
func setOffer[K ~int64](ctx context.Context, s *Products, id ProductID, list Offer, to []K,
	check func(e *productEdit, to []K) (before any, err error)) error {
	to = slices.Clone(to)
	slices.Sort(to)
	to = slices.Compact(to)
	_, err := s.edit(ctx, id, "product.set_"+string(list), func(e *productEdit) (before, after any, err error) {
		if before, err = check(e, to); err != nil {
			return nil, nil, err
		}
		if err := e.tx.SaveOffer(ctx, e.group, id, list, numbers(to)); err != nil {
			return nil, nil, err
		}
		return before, to, e.save(ctx)
	})
	return err
}

func each[T any](all []T, do func(T) error) error {
	for _, v := range all {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}

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
