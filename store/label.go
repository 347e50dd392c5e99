package store

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/label"
	"frontdesk/core/practice"
)

type labelStore struct {
	label.Reader
	tx *Tx
}

// Label is what label remembers.
func (db *DB) Label() label.Store { return labelStore{db.plain(), db.plain()} }

func (s labelStore) Do(ctx context.Context, fn func(label.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

func scanLabel(scan scanner) (label.Label, error) {
	var l label.Label
	err := scan(&l.ID, &l.Title, &l.Colour, when{&l.DeletedAt}, when{&l.CreatedAt}, when{&l.UpdatedAt})
	return l, err
}

// Label finds a label.
func (t *Tx) Label(ctx context.Context, group practice.ID, id label.ID) (label.Label, error) {
	return find(ctx, t, label.ErrNotFound, `SELECT id, title, colour, deleted_at, created_at, updated_at FROM label
		WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NULL`, in{group, id}, scanLabel)
}

// LockLabel keeps others from changing the label or putting it on something, and
// finds it.
func (t *Tx) LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error) {
	if _, err := t.exec(ctx, `UPDATE label SET updated_at = updated_at WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return label.Label{}, err
	}
	return t.Label(ctx, group, id)
}

// Labels lists a group's labels by title.
func (t *Tx) Labels(ctx context.Context, group practice.ID, q label.Query) ([]label.Label, error) {
	key := nameKey(q.Search)
	return readPage(ctx, t, `SELECT id, title, colour, deleted_at, created_at, updated_at FROM label
		WHERE practice_group_id = $1 AND deleted_at IS NULL AND title_key >= $2 AND title_key < $3 ORDER BY
		title_key, id LIMIT $4 OFFSET $5`,
		in{group, key, beyond(key), q.Limit, q.Offset}, scanLabel, func(l label.Label) columns {
			return columns{"title_key": nameKey(l.Title), "id": l.ID}
		})
}

// SaveLabel keeps a label.
func (t *Tx) SaveLabel(ctx context.Context, group practice.ID, l label.Label) error {
	_, err := t.exec(ctx, `INSERT INTO label (practice_group_id, id, title, title_key, colour, deleted_at,
		created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $3, title_key = $4, colour = $5, deleted_at = $6,
		updated_at = $8`,
		group, l.ID, l.Title, nameKey(l.Title), l.Colour, at(l.DeletedAt), l.CreatedAt, l.UpdatedAt)
	return err
}

// TakeOff takes a label off everything it is on.
func (t *Tx) TakeOff(ctx context.Context, group practice.ID, id label.ID) error {
	_, err := t.exec(ctx, `DELETE FROM label_use WHERE practice_group_id = $1 AND label_id = $2`, group, id)
	return err
}

const selectLabelsOnProducts = `SELECT u.product_id, u.id, l.id, l.title, l.colour FROM label_use u
	JOIN label l ON l.practice_group_id = u.practice_group_id AND l.id = u.label_id
	WHERE u.practice_group_id = $1 AND u.product_id IN `

var labelsOnProducts = amongst{selectLabelsOnProducts + few2 + ` ORDER BY u.id`, selectLabelsOnProducts + many2 +
	` ORDER BY u.id`}

// LabelsOnProducts lists the labels on products.
func (t *Tx) LabelsOnProducts(ctx context.Context, group practice.ID,
	of []billing.ProductID) (map[billing.ProductID][]label.Use, error) {
	return byOwner(listAmong(ctx, t, labelsOnProducts, in{group}, of,
		func(scan scanner) (Owned[billing.ProductID, label.Use], error) {
			var o Owned[billing.ProductID, label.Use]
			u := &o.Thing
			err := scan(&o.Of, &u.ID, &u.Label.ID, &u.Label.Title, &u.Label.Colour)
			return o, err
		}))
}

// PutOnProduct puts a label on a product.
func (t *Tx) PutOnProduct(ctx context.Context, group practice.ID, of billing.ProductID, use label.UseID,
	id label.ID) error {
	_, err := t.exec(ctx, `INSERT INTO label_use (practice_group_id, id, label_id, product_id) VALUES ($1, $2, $3, $4)`,
		group, use, id, of)
	return err
}

// TakeOffProduct takes a label off a product.
func (t *Tx) TakeOffProduct(ctx context.Context, group practice.ID, of billing.ProductID, use label.UseID) error {
	_, err := t.exec(ctx, `DELETE FROM label_use WHERE practice_group_id = $1 AND product_id = $2 AND id = $3`, group,
		of, use)
	return err
}
