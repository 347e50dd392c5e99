package billing

import (
	"context"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// SetParts says which appointments come with a product, in place of those there
// were. Errors: ErrProductNotFound, ErrProductDeleted, ErrNotAppointment.
func (s *Service) SetParts(ctx context.Context, id ProductID, parts []ProductID) error {
	parts = sorted(parts)
	return s.offer(ctx, id, "product.set_parts", parts, func(tx Tx, who access.Caller) (any, error) {
		before, err := tx.PartsOfProducts(ctx, who.Group, []ProductID{id})
		if err != nil {
			return nil, err
		}
		known, err := tx.ProductsByID(ctx, who.Group, parts)
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
		return before[id], tx.SaveParts(ctx, who.Group, id, parts)
	})
}

// SetOfferedAt says at which places a product is offered, in place of those
// there were. Errors: ErrProductNotFound, ErrProductDeleted,
// practice.ErrLocationNotFound.
func (s *Service) SetOfferedAt(ctx context.Context, id ProductID, at []practice.LocationID) error {
	at = sorted(at)
	return s.offer(ctx, id, "product.set_places", at, func(tx Tx, who access.Caller) (any, error) {
		for _, place := range at {
			if _, err := tx.Location(ctx, who.Group, place); err != nil {
				return nil, err
			}
		}
		return nil, tx.SaveOfferedAt(ctx, who.Group, id, at)
	})
}

// SetOfferedBy says which people offer a product, in place of those who did.
// Errors: ErrProductNotFound, ErrProductDeleted,
// practice.ErrPractitionerNotFound.
func (s *Service) SetOfferedBy(ctx context.Context, id ProductID, by []practice.PractitionerID) error {
	by = sorted(by)
	return s.offer(ctx, id, "product.set_people", by, func(tx Tx, who access.Caller) (any, error) {
		for _, person := range by {
			if _, err := tx.Practitioner(ctx, who.Group, person); err != nil {
				return nil, err
			}
		}
		return nil, tx.SaveOfferedBy(ctx, who.Group, id, by)
	})
}

func sorted[T ~int64](ids []T) []T {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// offer changes one list of a product, with the audit entry.
func (s *Service) offer(ctx context.Context, id ProductID, action string, after any,
	change func(tx Tx, who access.Caller) (before any, err error)) error {
	who, err := access.Require(ctx, access.EditProducts)
	if err != nil {
		return err
	}
	now := s.now()
	return s.Store.Do(ctx, func(tx Tx) error {
		p, err := tx.LockProduct(ctx, who.Group, id)
		if err != nil {
			return err
		}
		if p.Deleted() {
			return ErrProductDeleted
		}
		before, err := change(tx, who)
		if err != nil {
			return err
		}
		p.Version, p.UpdatedAt = p.Version+1, now
		if err := tx.SaveProduct(ctx, who.Group, p); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "product", int64(id), before, after))
	})
}

// PartsOf lists which appointments come with some products.
func (s *Service) PartsOf(ctx context.Context, ids []ProductID) (map[ProductID][]ProductID, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return nil, err
	}
	return s.Store.PartsOfProducts(ctx, who.Group, ids)
}

// OfferedAt lists what is offered at some places: where nothing was said of a
// place, the appointments its sessions offer from today on.
func (s *Service) OfferedAt(
	ctx context.Context, at []practice.LocationID,
) (map[practice.LocationID][]ProductID, error) {
	return offered(ctx, s, at, s.Store.OfferedAt, s.Store.WorkedAt)
}

// OfferedBy lists what practitioners offer: where nothing is set for one,
// the appointments their sessions offer from today on.
func (s *Service) OfferedBy(
	ctx context.Context, by []practice.PractitionerID,
) (map[practice.PractitionerID][]ProductID, error) {
	return offered(ctx, s, by, s.Store.OfferedBy, s.Store.WorkedBy)
}

func offered[K comparable](ctx context.Context, s *Service, of []K,
	said func(context.Context, practice.ID, []K) (map[K][]ProductID, error),
	worked func(context.Context, practice.ID, []K, input.Date) (map[K][]ProductID, error),
) (map[K][]ProductID, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return nil, err
	}
	out, err := said(ctx, who.Group, of)
	if err != nil {
		return nil, err
	}
	silent := slices.DeleteFunc(slices.Clone(of), func(k K) bool { _, ok := out[k]; return ok })
	if len(silent) == 0 {
		return out, nil
	}
	day, err := today(ctx, s.Store, who.Group, s.now())
	if err != nil {
		return nil, err
	}
	more, err := worked(ctx, who.Group, silent, day)
	for k, all := range more {
		out[k] = all
	}
	return out, err
}
