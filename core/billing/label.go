package billing

import (
	"context"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/label"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// LabelTx is the labels on products inside a transaction.
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
func (s *Products) AddLabel(ctx context.Context, of ProductID, id label.ID) (Product, error) {
	return s.editLabels(ctx, of, "product.label.add", event.ProductLabelAdded,
		func(e *productEdit, all []label.Use) (label.Use, error) {
			l, err := e.tx.LockLabel(ctx, e.group, id)
			switch {
			case err != nil:
				return label.Use{}, err
			case slices.ContainsFunc(all, func(u label.Use) bool { return u.Label.ID == id }):
				return label.Use{}, write.ErrSame
			case len(all) >= mostLabels:
				return label.Use{}, ErrTooManyLabels
			}
			use := label.Use{ID: label.UseID(s.NewID()), Label: l}
			return use, e.tx.PutOnProduct(ctx, e.group, of, use.ID, id)
		})
}

// RemoveLabel takes a label off a product, named by its use on the product or by the practice's id of it. Errors:
// ErrProductNotFound, ErrProductDeleted, ErrNoLabel.
func (s *Products) RemoveLabel(ctx context.Context, of ProductID, use label.UseID, id label.ID) (Product, error) {
	return s.editLabels(ctx, of, "product.label.remove", event.ProductLabelRemoved,
		func(e *productEdit, all []label.Use) (label.Use, error) {
			i := slices.IndexFunc(all, func(u label.Use) bool { return u.ID == use || u.Label.ID == id })
			if i < 0 {
				return label.Use{}, ErrNoLabel
			}
			return all[i], e.tx.TakeOffProduct(ctx, e.group, of, all[i].ID)
		})
}

// editLabels changes the labels of a product, with the event. change gives the label it put on or took off.
func (s *Products) editLabels(ctx context.Context, of ProductID, action string, kind event.Type,
	change func(e *productEdit, all []label.Use) (label.Use, error)) (Product, error) {
	return s.edit(ctx, of, action, func(e *productEdit) (before, after any, err error) {
		all, err := e.tx.LabelsOnProducts(ctx, e.group, []ProductID{of})
		if err != nil {
			return nil, nil, err
		}
		use, err := change(e, all[of])
		if err != nil {
			return nil, nil, err
		}
		if err := e.save(ctx); err != nil {
			return nil, nil, err
		}
		ids := event.IDs{"product": int64(of), "label": int64(use.Label.ID)}
		return nil, use.Label.ID, e.tx.Record(ctx, event.Of(int64(e.group), e.now, event.Fact{Type: kind, IDs: ids}))
	})
}

// LabelsOn are the labels on some products. A caller without permission for labels sees none, and gets no fault.
func (s *Products) LabelsOn(ctx context.Context, of []ProductID) (map[ProductID][]label.Use, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil || !who.May(access.SeeLabels) {
		return nil, err
	}
	return read.Of(ctx, access.SeeProducts, of, s.Store.LabelsOnProducts)
}
