package label

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/label"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

func scanLabel(scan store.Scanner) (label.Label, error) {
	var l label.Label
	err := scan(&l.ID, &l.Title, &l.Colour, value.When(&l.DeletedAt), value.When(&l.CreatedAt),
		value.When(&l.UpdatedAt))
	return l, err
}

// Label finds a label.
func (t *Tx) Label(ctx context.Context, group practice.ID, id label.ID) (label.Label, error) {
	return store.Find(ctx, t.Conn, label.ErrNotFound, `SELECT id, title, colour, deleted_at, created_at, updated_at
		FROM label
		WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`, store.In{group, id}, scanLabel)
}

// LockLabel keeps others from changing the label or putting it on something, and finds it.
func (t *Tx) LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error) {
	if _, err := t.Exec(ctx, `UPDATE label SET updated_at = updated_at WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return label.Label{}, err
	}
	return t.Label(ctx, group, id)
}

// Labels lists a group's labels by title.
func (t *Tx) Labels(ctx context.Context, group practice.ID, q label.Query) ([]label.Label, error) {
	key := store.NameKey(q.Search)
	return store.ReadPage(ctx, t.Conn, `SELECT id, title, colour, deleted_at, created_at, updated_at FROM label
		WHERE practice_group_id = $1 AND deleted_at IS NULL AND title_key >= $2 AND title_key < $3 ORDER BY
		title_key, id LIMIT $4 OFFSET $5`,
		store.In{group, key, store.Beyond(key), q.Limit, q.Offset}, scanLabel, func(l label.Label) store.Columns {
			return store.Columns{"title_key": store.NameKey(l.Title), "id": l.ID}
		})
}

// SaveLabel keeps a label.
func (t *Tx) SaveLabel(ctx context.Context, group practice.ID, l label.Label) error {
	_, err := t.Exec(ctx, `INSERT INTO label (practice_group_id, id, title, title_key, colour, deleted_at,
		created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $3, title_key = $4, colour = $5, deleted_at = $6,
		updated_at = $8`,
		group, l.ID, l.Title, store.NameKey(l.Title), l.Colour, value.At(l.DeletedAt), l.CreatedAt, l.UpdatedAt)
	return err
}

// TakeOff takes a label off everything it is on.
func (t *Tx) TakeOff(ctx context.Context, group practice.ID, id label.ID) error {
	_, err := t.Exec(ctx, `DELETE FROM label_use WHERE practice_group_id = $1 AND label_id = $2`, group, id)
	return err
}

const selectLabelsOnProducts = `SELECT u.product_id, u.id, l.id, l.title, l.colour FROM label_use u
	JOIN label l ON l.practice_group_id = u.practice_group_id AND l.id = u.label_id
	WHERE u.practice_group_id = $1 AND u.product_id IN `

var labelsOnProducts = store.Among(selectLabelsOnProducts+store.Few2+` ORDER BY u.id`, selectLabelsOnProducts+
	store.Many2+
	` ORDER BY u.id`)

// LabelsOnProducts lists the labels on products.
func (t *Tx) LabelsOnProducts(ctx context.Context, group practice.ID,
	of []billing.ProductID) (map[billing.ProductID][]label.Use, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, labelsOnProducts, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[billing.ProductID, label.Use], error) {
			var o store.Owned[billing.ProductID, label.Use]
			u := &o.Thing
			err := scan(&o.Of, &u.ID, &u.Label.ID, &u.Label.Title, &u.Label.Colour)
			return o, err
		}))
}

// PutOnProduct puts a label on a product.
func (t *Tx) PutOnProduct(ctx context.Context, group practice.ID, of billing.ProductID, use label.UseID,
	id label.ID) error {
	_, err := t.Exec(ctx, `INSERT INTO label_use (practice_group_id, id, label_id, product_id) VALUES ($1, $2, $3, $4)`,
		group, use, id, of)
	return err
}

// TakeOffProduct takes a label off a product.
func (t *Tx) TakeOffProduct(ctx context.Context, group practice.ID, of billing.ProductID, use label.UseID) error {
	_, err := t.Exec(ctx, `DELETE FROM label_use WHERE practice_group_id = $1 AND product_id = $2 AND id = $3`, group,
		of, use)
	return err
}
