package billing

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/practice"
)

// SetProductMetadata keeps a value of another program with a product. Errors:
// ErrProductNotFound, ErrProductDeleted, and those of practice.SetMetadata.
func (s *Service) SetProductMetadata(ctx context.Context, id ProductID, m practice.Metadata) (Product, error) {
	return s.keepWith(ctx, id, m, func(tx Tx, who access.Caller, now time.Time) error {
		return practice.SetMetadata(ctx, tx, who.Group, practice.OfProduct, int64(id), m, now)
	})
}

// DropProductMetadata forgets a value. Errors: ErrProductNotFound,
// ErrProductDeleted, practice.ErrNoKey.
func (s *Service) DropProductMetadata(ctx context.Context, id ProductID, key string) (Product, error) {
	return s.keepWith(ctx, id, practice.Metadata{Key: key}, func(tx Tx, who access.Caller, _ time.Time) error {
		found, err := tx.DropMetadata(ctx, who.Group, practice.OfProduct, int64(id), key)
		if err == nil && !found {
			err = practice.ErrNoKey
		}
		return err
	})
}

func (s *Service) keepWith(
	ctx context.Context, id ProductID, m practice.Metadata, do func(tx Tx, who access.Caller, now time.Time) error,
) (Product, error) {
	who, err := access.Require(ctx, access.EditProducts)
	if err != nil {
		return Product{}, err
	}
	now := s.now()
	var p Product
	err = s.Store.Do(ctx, func(tx Tx) error {
		if p, err = tx.LockProduct(ctx, who.Group, id); err != nil {
			return err
		}
		if p.Deleted() {
			return ErrProductDeleted
		}
		if err := do(tx, who, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "product.metadata", "product", int64(id), nil, m))
	})
	return p, err
}
