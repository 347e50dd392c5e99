package billing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

// product is the statements about products that memberships need too.
type product struct{ store.Conn }

// productColumns are the columns of a product, in the order scanProduct reads them.
const productColumns = `id, kind, name, code, serial_number, price, cost, vat_permille, vat_name, vat_code, stock,
	supplier, comments, colour, minutes, video,
	bookable, needs_payment, needs_confirmation, membership_frequency, deleted_at, version, created_at, updated_at`

// scanProduct reads a product.
func scanProduct(scan store.Scanner) (billing.Product, error) {
	var p billing.Product
	err := scan(&p.ID, &p.Kind, &p.Name, &p.Code, &p.SerialNumber, &p.Price, value.Maybe(&p.Cost),
		value.Maybe(&p.VAT), &p.VATName,
		&p.VATCode, value.Maybe(&p.Stock), &p.Supplier, &p.Comments, &p.Colour, &p.Minutes, &p.Video, &p.Bookable,
		&p.NeedsPayment, &p.NeedsConfirmation,
		&p.MembershipFrequency, value.When(&p.DeletedAt), &p.Version, value.When(&p.CreatedAt),
		value.When(&p.UpdatedAt))
	return p, err
}

// Product finds a product.
func (t product) Product(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error) {
	return store.Find(ctx, t.Conn, billing.ErrProductNotFound, `SELECT `+productColumns+
		` FROM product WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanProduct)
}

// LockProduct keeps others from changing the product, and finds it.
func (t product) LockProduct(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error) {
	if _, err := t.Exec(ctx, `UPDATE product SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return billing.Product{}, err
	}
	return t.Product(ctx, group, id)
}

const (
	selectProducts = `SELECT ` + productColumns + ` FROM product WHERE practice_group_id = $1`
	// What every list of products may ask: $2 is whether to give deleted ones, $3
	// part of a name or a code.
	someProducts = selectProducts + ` AND (deleted_at IS NULL OR $2) AND (name_key LIKE $3 ESCAPE '\' OR code_key
		LIKE $3 ESCAPE '\')`
	// As with contacts.
	productsMade = ` AND created_at >= $6 AND created_at <= $7 AND COALESCE(updated_at, $8) >= $8 AND
		COALESCE(updated_at, $9) <= $9
		ORDER BY created_at, id LIMIT $4 OFFSET $5`
	productsTold = ` AND COALESCE(created_at, $6) >= $6 AND COALESCE(created_at, $7) <= $7 AND updated_at >= $8 AND
		updated_at <= $9
		ORDER BY updated_at, id LIMIT $4 OFFSET $5`
)

func productOrder(p billing.Product) store.Columns {
	return store.Columns{"id": p.ID, "created_at": p.CreatedAt, "updated_at": p.UpdatedAt}
}

// Products lists products.
func (t *Tx) Products(ctx context.Context, group practice.ID, q billing.ProductQuery,
	rows input.Rows) ([]billing.Product, error) {
	args := store.In{group, q.Deleted, store.Within(q.Search), rows.Limit, rows.Offset}
	switch {
	case q.Updated.Given():
		return store.ReadPage(ctx, t.Conn, someProducts+productsTold, append(args, listing.Spans(q.Listing)...),
			scanProduct, productOrder)
	case q.Created.Given():
		return store.ReadPage(ctx, t.Conn, someProducts+productsMade, append(args, listing.Spans(q.Listing)...),
			scanProduct, productOrder)
	}
	return store.ReadPage(ctx, t.Conn, someProducts+` ORDER BY id LIMIT $4 OFFSET $5`, args, scanProduct,
		productOrder)
}

var productsByID = store.Among(selectProducts+` AND id IN `+store.Few2, selectProducts+` AND id IN `+store.Many2)

// ProductsByID finds products.
func (t product) ProductsByID(
	ctx context.Context, group practice.ID, ids []billing.ProductID,
) (map[billing.ProductID]billing.Product, error) {
	found, err := store.ListAmong(ctx, t.Conn, productsByID, store.In{group}, ids, scanProduct)
	return store.Keyed(found, err, func(p billing.Product) billing.ProductID { return p.ID })
}

// SaveProduct keeps a product.
func (t *Tx) SaveProduct(ctx context.Context, group practice.ID, p billing.Product) error {
	_, err := t.Exec(ctx, `INSERT INTO product (`+productColumns+`, name_key, code_key, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
		$21, $22, $23, $24, $25, $26, $27)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET kind = $2, name = $3, code = $4,
		serial_number = $5, price = $6, cost = $7, vat_permille = $8,
			vat_name = $9, vat_code = $10, stock = $11, supplier = $12, comments = $13, colour = $14,
			minutes = $15, video = $16, bookable = $17,
			needs_payment = $18, needs_confirmation = $19, membership_frequency = $20, deleted_at = $21,
			version = $22, updated_at = $24,
			name_key = $25, code_key = $26`,
		p.ID, p.Kind, p.Name, p.Code, p.SerialNumber, p.Price, value.Given(p.Cost), value.Given(p.VAT), p.VATName,
		p.VATCode, value.Given(p.Stock), p.Supplier, p.Comments,
		p.Colour, p.Minutes, p.Video, p.Bookable, p.NeedsPayment, p.NeedsConfirmation, p.MembershipFrequency,
		value.At(p.DeletedAt), p.Version, p.CreatedAt,
		p.UpdatedAt, names.Key(p.Name), names.Key(p.Code+" "+p.SerialNumber), group)
	return err
}

const selectParts = `SELECT product_id, part_id FROM product_part WHERE practice_group_id = $1 AND product_id IN `

var partsOf = store.Among(selectParts+store.Few2+` ORDER BY product_id, part_id`, selectParts+store.Many2+
	` ORDER BY product_id, part_id`)

const (
	placesOf = `SELECT o.location_id, o.product_id FROM product_location o
		JOIN product p ON p.practice_group_id = o.practice_group_id AND p.id = o.product_id AND p.deleted_at IS NULL
		WHERE o.practice_group_id = $1 AND o.location_id IN `
	peopleOf = `SELECT o.practitioner_id, o.product_id FROM product_practitioner o
		JOIN product p ON p.practice_group_id = o.practice_group_id AND p.id = o.product_id AND p.deleted_at IS NULL
		WHERE o.practice_group_id = $1 AND o.practitioner_id IN `
	byPlace  = ` ORDER BY o.location_id, o.product_id`
	byPerson = ` ORDER BY o.practitioner_id, o.product_id`

	// $2 is today, and $3 whether the type is to be offered at all. A session of
	// one date has no days of the week.
	worked = ` FROM session s
		JOIN session_type k ON k.practice_group_id = s.practice_group_id AND k.session_id = s.id
		JOIN appointment_type y ON y.practice_group_id = k.practice_group_id AND y.id = k.appointment_type_id
		WHERE s.practice_group_id = $1 AND s.until_date >= $2 AND (s.days <> 0 OR s.start_date >= $2) AND y.active = $3`
	placesWorked = `SELECT DISTINCT s.location_id, k.appointment_type_id` + worked + ` AND s.location_id IN `
	peopleWorked = `SELECT DISTINCT s.practitioner_id, k.appointment_type_id` + worked + ` AND s.practitioner_id IN `
)

// The lists of products, by what they belong to.
var (
	offers = map[billing.Offer]store.Amongst{
		billing.Parts:  partsOf,
		billing.Places: store.Among(placesOf+store.Few2+byPlace, placesOf+store.Many2+byPlace),
		billing.People: store.Among(peopleOf+store.Few2+byPerson, peopleOf+store.Many2+byPerson),
	}
	workedOffers = map[billing.Offer]store.Amongst{
		billing.Places: store.Among(placesWorked+store.Few4+` ORDER BY 1, 2`, placesWorked+store.Many4+
			` ORDER BY 1, 2`),
		billing.People: store.Among(peopleWorked+store.Few4+` ORDER BY 1, 2`, peopleWorked+store.Many4+
			` ORDER BY 1, 2`),
	}
)

// Offers reads a list of products by what it belongs to.
func (t *Tx) Offers(
	ctx context.Context, group practice.ID, list billing.Offer, of []int64,
) (map[int64][]billing.ProductID, error) {
	return t.offers(ctx, offers[list], store.In{group}, of)
}

// Worked lists what sessions offer.
func (t *Tx) Worked(
	ctx context.Context, group practice.ID, list billing.Offer, of []int64, today input.Date,
) (map[int64][]billing.ProductID, error) {
	return t.offers(ctx, workedOffers[list], store.In{group, today.String(), true}, of)
}

func (t *Tx) offers(
	ctx context.Context, text store.Amongst, args store.In, of []int64,
) (map[int64][]billing.ProductID, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, text, args, of,
		func(scan store.Scanner) (store.Owned[int64, billing.ProductID], error) {
			var o store.Owned[int64, billing.ProductID]
			err := scan(&o.Of, &o.Thing)
			return o, err
		}))
}

// PaymentTypes lists the ways to pay.
func (t *Tx) PaymentTypes(ctx context.Context, group practice.ID, inactive bool) ([]billing.PaymentType, error) {
	return store.List(ctx, t.Conn, `SELECT id, name, active, created_at, updated_at FROM payment_type
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY id`, store.In{group, inactive},
		func(scan store.Scanner) (billing.PaymentType, error) {
			var p billing.PaymentType
			err := scan(&p.ID, &p.Name, &p.Active, value.When(&p.CreatedAt), value.When(&p.UpdatedAt))
			return p, err
		})
}

// VAT is the practice's own rate.
func (t *Tx) VAT(ctx context.Context, group practice.ID) (billing.Permille, error) {
	var rate billing.Permille
	_, err := t.One(ctx, `SELECT vat_permille FROM practice_group WHERE practice_group_id = $1`, store.In{group}, &rate)
	return rate, err
}
