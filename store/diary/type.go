package diary

import (
	"context"

	"frontdesk/core/diary"
	"frontdesk/core/names"
	"frontdesk/core/practice"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	"frontdesk/store/value"
)

const typeColumns = `id, name, partner_slot_name, price, sector, minutes, profession, video, in_person, telephone,
	use_partner_slots,
	invoice_required, active, created_at, updated_at, vat_permille, assignee_id, assignee_type,
	form_id`

func scanType(scan store.Scanner) (diary.Type, error) {
	var k diary.Type
	err := scan(&k.ID, &k.Name, &k.PartnerSlotName, &k.Price, &k.Sector, &k.Minutes, &k.Profession, &k.Video,
		&k.InPerson,
		&k.Telephone, &k.UsePartnerSlots,
		&k.InvoiceRequired, &k.Active, value.When(&k.CreatedAt), value.When(&k.UpdatedAt), value.Maybe(&k.VAT),
		value.Num(&k.Assignee.ID), assigneestore.Kind(&k.Assignee), value.Num(&k.Form))
	return k, err
}

// AppointmentType finds one.
func (t *Tx) AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error) {
	return store.Find(ctx, t.Conn, diary.ErrTypeNotFound, `SELECT `+typeColumns+` FROM appointment_type
		WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanType)
}

// AppointmentTypes lists them by name.
func (t *Tx) AppointmentTypes(ctx context.Context, group practice.ID, inactive bool) ([]diary.Type, error) {
	return store.List(ctx, t.Conn, `SELECT `+typeColumns+` FROM appointment_type
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY name, id`, store.In{group, inactive}, scanType)
}

// LockAppointmentType keeps others from changing one, when there is one.
func (t *Tx) LockAppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) error {
	_, err := t.Exec(ctx, `UPDATE appointment_type SET active = active WHERE practice_group_id = $1 AND id = $2`, group,
		id)
	return err
}

// HoldAppointmentType keeps others from changing one, and finds it.
func (t *Tx) HoldAppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error) {
	if err := t.LockAppointmentType(ctx, group, id); err != nil {
		return diary.Type{}, err
	}
	return t.AppointmentType(ctx, group, id)
}

// FormPublished reports whether a version of a form was published.
func (t *Tx) FormPublished(ctx context.Context, group practice.ID, form int64) (bool, error) {
	var one int64
	return t.One(ctx, `SELECT 1 FROM questionnaire WHERE practice_group_id = $1 AND id = $2 AND published > 0
		AND deleted_at IS NULL`, store.In{group, form}, &one)
}

// SaveAppointmentType keeps one, and the product that it is.
func (t *Tx) SaveAppointmentType(ctx context.Context, group practice.ID, k diary.Type) error {
	_, err := t.Exec(ctx, `INSERT INTO appointment_type (`+typeColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $2, partner_slot_name = $3, price = $4, sector = $5,
		minutes = $6, profession = $7,
			video = $8, in_person = $9, telephone = $10, use_partner_slots = $11, invoice_required = $12,
			active = $13, updated_at = $15, vat_permille = $16, assignee_id = $17, assignee_type = $18,
			form_id = $19`,
		k.ID, k.Name, k.PartnerSlotName, k.Price, k.Sector, k.Minutes, k.Profession, k.Video, k.InPerson, k.Telephone,
		k.UsePartnerSlots,
		k.InvoiceRequired, k.Active, k.CreatedAt, k.UpdatedAt, value.Given(k.VAT),
		value.Opt(k.Assignee.ID), assigneestore.KindOf(k.Assignee), value.Opt(k.Form), group)
	if err != nil {
		return err
	}
	return t.saveProductOf(ctx, group, k)
}

// saveProductOf keeps the product that an appointment type is.
func (t *Tx) saveProductOf(ctx context.Context, group practice.ID, k diary.Type) error {
	_, err := t.Exec(ctx,
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
		value.Given(k.VAT))
	return err
}

// TypesOffered lists the appointment types a practitioner offers at a place.
func (t *Tx) TypesOffered(
	ctx context.Context, group practice.ID, by practice.PractitionerID, at practice.LocationID,
) ([]diary.Type, error) {
	return store.List(ctx, t.Conn, `SELECT `+typeColumns+` FROM appointment_type WHERE practice_group_id = $1 AND active
		AND (id IN (SELECT product_id FROM product_practitioner WHERE practice_group_id = $1 AND practitioner_id =
		$2) OR NOT EXISTS (
			SELECT 1 FROM product_practitioner o JOIN appointment_type y ON y.practice_group_id =
			o.practice_group_id AND y.id = o.product_id
			WHERE o.practice_group_id = $1 AND o.practitioner_id = $2 AND y.active))
		AND (id IN (SELECT product_id FROM product_location WHERE practice_group_id = $1 AND location_id = $3) OR
		NOT EXISTS (
			SELECT 1 FROM product_location o JOIN appointment_type y ON y.practice_group_id = o.practice_group_id
			AND y.id = o.product_id
			WHERE o.practice_group_id = $1 AND o.location_id = $3 AND y.active))
		ORDER BY id`, store.In{group, by, at}, scanType)
}

// PlacesOffering lists where a type of appointment, whose product has its id, was said to be offered.
func (t *Tx) PlacesOffering(ctx context.Context, group practice.ID, kind diary.TypeID) ([]practice.LocationID, error) {
	return store.List(ctx, t.Conn,
		`SELECT location_id FROM product_location WHERE practice_group_id = $1 AND product_id = $2
			ORDER BY location_id`,
		store.In{group, kind}, store.ScanID[practice.LocationID])
}
