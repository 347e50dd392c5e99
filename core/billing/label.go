package billing

import (
	"context"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/label"
	"frontdesk/core/practice"
)

// LabelTx is what is kept of the labels on products.
type LabelTx interface {
	// LockLabel keeps others from changing a label until the end of the
	// transaction, and finds it, or returns label.ErrNotFound. It comes after
	// LockProduct.
	LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error)
	PutOnProduct(ctx context.Context, group practice.ID, of ProductID, use label.UseID, id label.ID) error
	TakeOffProduct(ctx context.Context, group practice.ID, of ProductID, use label.UseID) error
	event.Recorder
}

// mostLabels is how many labels a product can have.
const mostLabels = 200

// AddLabel puts a label on a product. Putting it on twice is putting it on once.
// Errors: ErrProductNotFound, ErrProductDeleted, ErrTooManyLabels,
// label.ErrNotFound.
func (s *Service) AddLabel(ctx context.Context, of ProductID, id label.ID) (Product, error) {
	return s.labels(ctx, of, "product.label.add", func(tx Tx, who access.Caller,
		all []label.Use) (label.Use, event.Type, error) {
		l, err := tx.LockLabel(ctx, who.Group, id)
		if err != nil || slices.ContainsFunc(all, func(u label.Use) bool { return u.Label.ID == id }) {
			return label.Use{}, "", err
		}
		if len(all) >= mostLabels {
			return label.Use{}, "", ErrTooManyLabels
		}
		use := label.Use{ID: label.UseID(s.NewID()), Label: l}
		return use, event.ProductLabelAdded, tx.PutOnProduct(ctx, who.Group, of, use.ID, id)
	})
}

// RemoveLabel takes a label off a product, named by where it is on it or as the
// practice's. Errors: ErrProductNotFound, ErrProductDeleted, ErrNoLabel.
func (s *Service) RemoveLabel(ctx context.Context, of ProductID, use label.UseID, id label.ID) (Product, error) {
	return s.labels(ctx, of, "product.label.remove", func(tx Tx, who access.Caller,
		all []label.Use) (label.Use, event.Type, error) {
		i := slices.IndexFunc(all, func(u label.Use) bool { return u.ID == use || u.Label.ID == id })
		if i < 0 {
			return label.Use{}, "", ErrNoLabel
		}
		return all[i], event.ProductLabelRemoved, tx.TakeOffProduct(ctx, who.Group, of, all[i].ID)
	})
}

// labels changes the labels of a product, with the event and the audit entry.
// change gives the label it put on or took off, and no type where it changed
// nothing.
func (s *Service) labels(ctx context.Context, of ProductID, action string, change func(tx Tx, who access.Caller,
	all []label.Use) (label.Use, event.Type, error)) (Product, error) {
	who, err := access.Require(ctx, access.EditProducts)
	if err != nil {
		return Product{}, err
	}
	now := s.now()
	var after Product
	err = s.Store.Do(ctx, func(tx Tx) error {
		if after, err = tx.LockProduct(ctx, who.Group, of); err != nil {
			return err
		}
		if after.Deleted() {
			return ErrProductDeleted
		}
		all, err := tx.LabelsOnProducts(ctx, who.Group, []ProductID{of})
		if err != nil {
			return err
		}
		use, kind, err := change(tx, who, all[of])
		if err != nil || kind == "" {
			return err
		}
		after.Version, after.UpdatedAt = after.Version+1, now
		if err := tx.SaveProduct(ctx, who.Group, after); err != nil {
			return err
		}
		ids := event.IDs{"product": int64(of), "label": int64(use.Label.ID)}
		if err := tx.Record(ctx, event.Of(int64(who.Group), now, event.Fact{Type: kind, IDs: ids})); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "product", int64(of), nil, use.Label.ID))
	})
	return after, err
}

// LabelsOn are the labels on some products. A caller without permission for labels sees none,
// and is not told so.
func (s *Service) LabelsOn(ctx context.Context, of []ProductID) (map[ProductID][]label.Use, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil || !who.May(access.SeeLabels) {
		return nil, err
	}
	return s.Store.LabelsOnProducts(ctx, who.Group, of)
}
