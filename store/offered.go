package store

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/diary"
	"frontdesk/core/names"
	"frontdesk/core/practice"
)

// ProductColumns are the columns of a product, in the order ScanProduct reads them.
const ProductColumns = `id, kind, name, code, serial_number, price, cost, vat_permille, vat_name, vat_code, stock,
	supplier, comments, colour, minutes, video,
	bookable, needs_payment, needs_confirmation, membership_frequency, deleted_at, version, created_at, updated_at`

// ScanProduct reads a product.
func ScanProduct(scan scanner) (billing.Product, error) {
	var p billing.Product
	err := scan(&p.ID, &p.Kind, &p.Name, &p.Code, &p.SerialNumber, &p.Price, maybe[billing.Pence]{&p.Cost},
		maybe[billing.Permille]{&p.VAT}, &p.VATName,
		&p.VATCode, maybe[int]{&p.Stock}, &p.Supplier, &p.Comments, &p.Colour, &p.Minutes, &p.Video, &p.Bookable,
		&p.NeedsPayment, &p.NeedsConfirmation,
		&p.MembershipFrequency, when{&p.DeletedAt}, &p.Version, when{&p.CreatedAt}, when{&p.UpdatedAt})
	return p, err
}

// Product finds a product.
func (t *Tx) Product(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error) {
	return find(ctx, t, billing.ErrProductNotFound, `SELECT `+ProductColumns+
		` FROM product WHERE practice_group_id = $1 AND id = $2`, in{group, id}, ScanProduct)
}

// LockProduct keeps others from changing the product, and finds it.
func (t *Tx) LockProduct(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error) {
	if _, err := t.exec(ctx, `UPDATE product SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return billing.Product{}, err
	}
	return t.Product(ctx, group, id)
}

// saveProductOf keeps what an appointment type says of the product that it is.
func (t *Tx) saveProductOf(ctx context.Context, group practice.ID, k diary.Type) error {
	_, err := t.exec(ctx,
		`INSERT INTO product (practice_group_id, id, kind, name, name_key, code, serial_number, code_key, price,
			vat_name, vat_code, supplier,
			comments, colour, minutes, video, bookable, needs_payment, needs_confirmation, membership_frequency,
			deleted_at, version, created_at, updated_at,
			vat_permille)
		VALUES ($1, $2, 'appointment', $3, $4, '', '', '', $5, '', '', '', '', '', $6, $7, $8, $9, $9, '',
			CASE WHEN $8 THEN CAST(NULL AS timestamptz) ELSE CAST($11 AS timestamptz) END, 1, $10, $11, $12)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, name_key = $4, price = $5, minutes = $6, video
		= $7, updated_at = $11, vat_permille = $12,
			deleted_at = CASE WHEN $8 THEN NULL ELSE COALESCE(product.deleted_at, $11) END, version =
			product.version + 1`,
		group, k.ID, k.Name, names.Key(k.Name), k.Price, k.Minutes, k.Video, k.Active, false, k.CreatedAt, k.UpdatedAt,
		given(k.VAT))
	return err
}

// PlacesOffering lists where a type of appointment, whose product has its id, was
// said to be offered.
func (t *Tx) PlacesOffering(ctx context.Context, group practice.ID, kind diary.TypeID) ([]practice.LocationID, error) {
	return list(ctx, t,
		`SELECT location_id FROM product_location WHERE practice_group_id = $1 AND product_id = $2
			ORDER BY location_id`,
		in{group, kind}, ScanID[practice.LocationID])
}

// firstPaymentTypes are the ways to pay a new group begins with.
const firstPaymentTypes = `INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	VALUES ($1, 1, 'Card', $2, $3, $3), ($1, 2, 'Cash', $2, $3, $3), ($1, 3, 'Bank transfer', $2, $3, $3), ($1, 4,
	'Insurance', $2, $3, $3), ($1, 5, 'Other', $2, $3, $3)
	ON CONFLICT (practice_group_id, id) DO NOTHING`
