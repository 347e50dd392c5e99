package store

import (
	"context"

	"frontdesk/core/booking"
	"frontdesk/core/practice"
)

type bookingStore struct{ *Tx }

// Booking is what booking remembers.
func (db *DB) Booking() booking.Store { return bookingStore{db.plain()} }

func (s bookingStore) Do(ctx context.Context, fn func(booking.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const typeColumns = `id, name, partner_slot_name, price, sector, minutes, profession, video, in_person, telephone, use_partner_slots,
	invoice_required, active, created_at, updated_at`

func scanType(scan scanner) (booking.Type, error) {
	var k booking.Type
	err := scan(&k.ID, &k.Name, &k.PartnerSlotName, &k.Price, &k.Sector, &k.Minutes, &k.Profession, &k.Video, &k.InPerson, &k.Telephone, &k.UsePartnerSlots,
		&k.InvoiceRequired, &k.Active, when{&k.CreatedAt}, when{&k.UpdatedAt})
	return k, err
}

// AppointmentType finds one.
func (t *Tx) AppointmentType(ctx context.Context, group practice.ID, id booking.TypeID) (booking.Type, error) {
	return find(ctx, t, booking.ErrTypeNotFound, `SELECT `+typeColumns+` FROM appointment_type
		WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanType)
}

// AppointmentTypes lists them by name.
func (t *Tx) AppointmentTypes(ctx context.Context, group practice.ID, inactive bool) ([]booking.Type, error) {
	return list(ctx, t, `SELECT `+typeColumns+` FROM appointment_type
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY name, id`, in{group, inactive}, scanType)
}

// SaveAppointmentType keeps one.
func (t *Tx) SaveAppointmentType(ctx context.Context, group practice.ID, k booking.Type) error {
	_, err := t.exec(ctx, `INSERT INTO appointment_type (`+typeColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $2, partner_slot_name = $3, price = $4, sector = $5, minutes = $6, profession = $7,
			video = $8, in_person = $9, telephone = $10, use_partner_slots = $11, invoice_required = $12, active = $13, updated_at = $15`,
		k.ID, k.Name, k.PartnerSlotName, k.Price, k.Sector, k.Minutes, k.Profession, k.Video, k.InPerson, k.Telephone, k.UsePartnerSlots,
		k.InvoiceRequired, k.Active, k.CreatedAt, k.UpdatedAt, group)
	return err
}
