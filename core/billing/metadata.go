package billing

import (
	"context"

	"frontdesk/core/practice"
)

// SetMetadata keeps a value of another program with a product. Errors:
// ErrProductNotFound, ErrProductDeleted, and those of practice.SetMetadata.
func (s *Products) SetMetadata(ctx context.Context, id ProductID, m practice.Metadata) (Product, error) {
	return s.edit(ctx, id, "product.metadata", func(e *productEdit) (before, after any, err error) {
		return nil, m, practice.SetMetadata(ctx, e.tx, e.group, practice.OfProduct, int64(id), m, e.now)
	})
}

// DropMetadata deletes a value. Errors: ErrProductNotFound, ErrProductDeleted, practice.ErrNoKey.
func (s *Products) DropMetadata(ctx context.Context, id ProductID, key string) (Product, error) {
	return s.edit(ctx, id, "product.metadata", func(e *productEdit) (before, after any, err error) {
		found, err := e.tx.DropMetadata(ctx, e.group, practice.OfProduct, int64(id), key)
		if err == nil && !found {
			err = practice.ErrNoKey
		}
		return nil, practice.Metadata{Key: key}, err
	})
}
