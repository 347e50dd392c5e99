package store

import (
	"context"
	"fmt"

	"frontdesk/core/billing"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/practice"
)

type billingStore struct{ *Tx }

// Billing is what billing remembers.
func (db *DB) Billing() billing.Store { return billingStore{db.plain()} }

func (s billingStore) Do(ctx context.Context, fn func(billing.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// maybe reads a number that may be NULL, as nil.
type maybe[T ~int | ~int64] struct{ n **T }

// Scan implements sql.Scanner.
func (w maybe[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*w.n = nil
	case int64:
		n := T(v)
		*w.n = &n
	default:
		return fmt.Errorf("cannot read a number from %T", src)
	}
	return nil
}

// given sends a number; nil is NULL.
func given[T ~int | ~int64](n *T) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

const productColumns = `id, kind, name, code, serial_number, price, cost, vat_permille, vat_name, vat_code, stock, supplier, comments, colour, minutes, video,
	bookable, needs_payment, needs_confirmation, membership_frequency, deleted_at, version, created_at, updated_at`

func scanProduct(scan scanner) (billing.Product, error) {
	var p billing.Product
	err := scan(&p.ID, &p.Kind, &p.Name, &p.Code, &p.SerialNumber, &p.Price, maybe[billing.Pence]{&p.Cost}, maybe[billing.Permille]{&p.VAT}, &p.VATName,
		&p.VATCode, maybe[int]{&p.Stock}, &p.Supplier, &p.Comments, &p.Colour, &p.Minutes, &p.Video, &p.Bookable, &p.NeedsPayment, &p.NeedsConfirmation,
		&p.MembershipFrequency, when{&p.DeletedAt}, &p.Version, when{&p.CreatedAt}, when{&p.UpdatedAt})
	return p, err
}

// Product finds a product.
func (t *Tx) Product(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error) {
	return find(ctx, t, billing.ErrProductNotFound, `SELECT `+productColumns+` FROM product WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanProduct)
}

// LockProduct keeps others from changing the product, and finds it.
func (t *Tx) LockProduct(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error) {
	if _, err := t.exec(ctx, `UPDATE product SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id); err != nil {
		return billing.Product{}, err
	}
	return t.Product(ctx, group, id)
}

const (
	selectProducts = `SELECT ` + productColumns + ` FROM product WHERE practice_group_id = $1`
	// What every list of products may ask: $2 is whether to give deleted ones, $3
	// part of a name or a code.
	someProducts = selectProducts + ` AND (deleted_at IS NULL OR $2) AND (name_key LIKE $3 ESCAPE '\' OR code_key LIKE $3 ESCAPE '\')`
	// As with contacts.
	productsMade = ` AND created_at >= $6 AND created_at <= $7 AND COALESCE(updated_at, $8) >= $8 AND COALESCE(updated_at, $9) <= $9
		ORDER BY created_at, id LIMIT $4 OFFSET $5`
	productsTold = ` AND COALESCE(created_at, $6) >= $6 AND COALESCE(created_at, $7) <= $7 AND updated_at >= $8 AND updated_at <= $9
		ORDER BY updated_at, id LIMIT $4 OFFSET $5`
)

func productOrder(p billing.Product) columns {
	return columns{"id": p.ID, "created_at": p.CreatedAt, "updated_at": p.UpdatedAt}
}

// Products lists products.
func (s billingStore) Products(ctx context.Context, group practice.ID, q billing.ProductRows) ([]billing.Product, error) {
	args := in{group, q.Deleted, within(q.Search), q.Limit, q.Offset}
	switch {
	case q.Updated.Given():
		return readPage(ctx, s.Tx, someProducts+productsTold, append(args, spans(q.Listing)...), scanProduct, productOrder)
	case q.Created.Given():
		return readPage(ctx, s.Tx, someProducts+productsMade, append(args, spans(q.Listing)...), scanProduct, productOrder)
	}
	return readPage(ctx, s.Tx, someProducts+` ORDER BY id LIMIT $4 OFFSET $5`, args, scanProduct, productOrder)
}

var productsByID = amongst{selectProducts + ` AND id IN ` + few2, selectProducts + ` AND id IN ` + many2}

// ProductsByID finds products.
func (t *Tx) ProductsByID(ctx context.Context, group practice.ID, ids []billing.ProductID) (map[billing.ProductID]billing.Product, error) {
	found, err := listAmong(ctx, t, productsByID, in{group}, ids, scanProduct)
	return keyed(found, err, func(p billing.Product) billing.ProductID { return p.ID })
}

// SaveProduct keeps a product.
func (t *Tx) SaveProduct(ctx context.Context, group practice.ID, p billing.Product) error {
	_, err := t.exec(ctx, `INSERT INTO product (`+productColumns+`, name_key, code_key, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET kind = $2, name = $3, code = $4, serial_number = $5, price = $6, cost = $7, vat_permille = $8,
			vat_name = $9, vat_code = $10, stock = $11, supplier = $12, comments = $13, colour = $14, minutes = $15, video = $16, bookable = $17,
			needs_payment = $18, needs_confirmation = $19, membership_frequency = $20, deleted_at = $21, version = $22, updated_at = $24,
			name_key = $25, code_key = $26`,
		p.ID, p.Kind, p.Name, p.Code, p.SerialNumber, p.Price, given(p.Cost), given(p.VAT), p.VATName, p.VATCode, given(p.Stock), p.Supplier, p.Comments,
		p.Colour, p.Minutes, p.Video, p.Bookable, p.NeedsPayment, p.NeedsConfirmation, p.MembershipFrequency, at(p.DeletedAt), p.Version, p.CreatedAt,
		p.UpdatedAt, names.Key(p.Name), names.Key(p.Code+" "+p.SerialNumber), group)
	return err
}

// saveProductOf keeps what an appointment type says of the product that it is.
func (t *Tx) saveProductOf(ctx context.Context, group practice.ID, k diary.Type) error {
	_, err := t.exec(ctx, `INSERT INTO product (practice_group_id, id, kind, name, name_key, code, serial_number, code_key, price, vat_name, vat_code, supplier,
			comments, colour, minutes, video, bookable, needs_payment, needs_confirmation, membership_frequency, deleted_at, version, created_at, updated_at,
			vat_permille)
		VALUES ($1, $2, 'appointment', $3, $4, '', '', '', $5, '', '', '', '', '', $6, $7, $8, $9, $9, '',
			CASE WHEN $8 THEN CAST(NULL AS timestamptz) ELSE CAST($11 AS timestamptz) END, 1, $10, $11, $12)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, name_key = $4, price = $5, minutes = $6, video = $7, updated_at = $11, vat_permille = $12,
			deleted_at = CASE WHEN $8 THEN NULL ELSE COALESCE(product.deleted_at, $11) END, version = product.version + 1`,
		group, k.ID, k.Name, names.Key(k.Name), k.Price, k.Minutes, k.Video, k.Active, false, k.CreatedAt, k.UpdatedAt, given(k.VAT))
	return err
}

const selectParts = `SELECT product_id, part_id FROM product_part WHERE practice_group_id = $1 AND product_id IN `

var partsOf = amongst{selectParts + few2 + ` ORDER BY product_id, part_id`, selectParts + many2 + ` ORDER BY product_id, part_id`}

// pair reads an id and the product, or the appointment type, that goes with it.
func pair[K comparable, P ~int64](scan scanner) (owned[K, P], error) {
	var o owned[K, P]
	err := scan(&o.of, &o.thing)
	return o, err
}

// PartsOfProducts lists what comes with products.
func (t *Tx) PartsOfProducts(ctx context.Context, group practice.ID, of []billing.ProductID) (map[billing.ProductID][]billing.ProductID, error) {
	return byOwner(listAmong(ctx, t, partsOf, in{group}, of, pair[billing.ProductID, billing.ProductID]))
}

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

var (
	offeredAt = amongst{placesOf + few2 + byPlace, placesOf + many2 + byPlace}
	offeredBy = amongst{peopleOf + few2 + byPerson, peopleOf + many2 + byPerson}
	workedAt  = amongst{placesWorked + few4 + ` ORDER BY 1, 2`, placesWorked + many4 + ` ORDER BY 1, 2`}
	workedBy  = amongst{peopleWorked + few4 + ` ORDER BY 1, 2`, peopleWorked + many4 + ` ORDER BY 1, 2`}
)

// OfferedAt lists what was said to be offered at places.
func (s billingStore) OfferedAt(ctx context.Context, group practice.ID, at []practice.LocationID) (map[practice.LocationID][]billing.ProductID, error) {
	return byOwner(listAmong(ctx, s.Tx, offeredAt, in{group}, at, pair[practice.LocationID, billing.ProductID]))
}

// OfferedBy lists what was said to be offered by people.
func (s billingStore) OfferedBy(ctx context.Context, group practice.ID, by []practice.PractitionerID) (map[practice.PractitionerID][]billing.ProductID, error) {
	return byOwner(listAmong(ctx, s.Tx, offeredBy, in{group}, by, pair[practice.PractitionerID, billing.ProductID]))
}

// WorkedAt lists what sessions at places offer.
func (s billingStore) WorkedAt(ctx context.Context, group practice.ID, at []practice.LocationID, today input.Date) (map[practice.LocationID][]billing.ProductID, error) {
	return byOwner(listAmong(ctx, s.Tx, workedAt, in{group, today.String(), true}, at, pair[practice.LocationID, billing.ProductID]))
}

// PlacesOffering lists where a type of appointment, whose product has its id, was
// said to be offered.
func (t *Tx) PlacesOffering(ctx context.Context, group practice.ID, kind diary.TypeID) ([]practice.LocationID, error) {
	return list(ctx, t, `SELECT location_id FROM product_location WHERE practice_group_id = $1 AND product_id = $2 ORDER BY location_id`, in{group, kind}, scanID[practice.LocationID])
}

// WorkedBy lists what sessions of people offer.
func (s billingStore) WorkedBy(ctx context.Context, group practice.ID, by []practice.PractitionerID, today input.Date) (map[practice.PractitionerID][]billing.ProductID, error) {
	return byOwner(listAmong(ctx, s.Tx, workedBy, in{group, today.String(), true}, by, pair[practice.PractitionerID, billing.ProductID]))
}

// SaveParts puts a list in place of another.
func (t *Tx) SaveParts(ctx context.Context, group practice.ID, of billing.ProductID, parts []billing.ProductID) error {
	if _, err := t.exec(ctx, `DELETE FROM product_part WHERE practice_group_id = $1 AND product_id = $2`, group, of); err != nil {
		return err
	}
	return t.many(ctx, `INSERT INTO product_part (practice_group_id, product_id, part_id) VALUES ($1, $2, $3)`, pairs(group, of, parts))
}

// SaveOfferedAt puts a list in place of another.
func (t *Tx) SaveOfferedAt(ctx context.Context, group practice.ID, of billing.ProductID, places []practice.LocationID) error {
	if _, err := t.exec(ctx, `DELETE FROM product_location WHERE practice_group_id = $1 AND product_id = $2`, group, of); err != nil {
		return err
	}
	return t.many(ctx, `INSERT INTO product_location (practice_group_id, product_id, location_id) VALUES ($1, $2, $3)`, pairs(group, of, places))
}

// SaveOfferedBy puts a list in place of another.
func (t *Tx) SaveOfferedBy(ctx context.Context, group practice.ID, of billing.ProductID, people []practice.PractitionerID) error {
	if _, err := t.exec(ctx, `DELETE FROM product_practitioner WHERE practice_group_id = $1 AND product_id = $2`, group, of); err != nil {
		return err
	}
	return t.many(ctx, `INSERT INTO product_practitioner (practice_group_id, product_id, practitioner_id) VALUES ($1, $2, $3)`, pairs(group, of, people))
}

func pairs[T ~int64](group practice.ID, of billing.ProductID, with []T) []in {
	out := make([]in, len(with))
	for i, id := range with {
		out[i] = in{group, of, int64(id)}
	}
	return out
}

// PaymentTypes lists the ways to pay.
func (t *Tx) PaymentTypes(ctx context.Context, group practice.ID, inactive bool) ([]billing.PaymentType, error) {
	return list(ctx, t, `SELECT id, name, active, created_at, updated_at FROM payment_type
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY id`, in{group, inactive}, func(scan scanner) (billing.PaymentType, error) {
		var p billing.PaymentType
		err := scan(&p.ID, &p.Name, &p.Active, when{&p.CreatedAt}, when{&p.UpdatedAt})
		return p, err
	})
}

// SavePaymentType keeps a way to pay.
func (t *Tx) SavePaymentType(ctx context.Context, group practice.ID, p billing.PaymentType) error {
	_, err := t.exec(ctx, `INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, active = $4, updated_at = $6`, group, p.ID, p.Name, p.Active, p.CreatedAt, p.UpdatedAt)
	return err
}

// firstPaymentTypes are the ways to pay a new group begins with.
const firstPaymentTypes = `INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	VALUES ($1, 1, 'Card', $2, $3, $3), ($1, 2, 'Cash', $2, $3, $3), ($1, 3, 'Bank transfer', $2, $3, $3), ($1, 4, 'Insurance', $2, $3, $3), ($1, 5, 'Other', $2, $3, $3)
	ON CONFLICT (practice_group_id, id) DO NOTHING`

// VAT is the practice's own rate.
func (t *Tx) VAT(ctx context.Context, group practice.ID) (billing.Permille, error) {
	var rate billing.Permille
	_, err := t.one(ctx, `SELECT vat_permille FROM practice_group WHERE practice_group_id = $1`, in{group}, &rate)
	return rate, err
}
