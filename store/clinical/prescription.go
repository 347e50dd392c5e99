package clinical

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
)

const (
	livePrescriptions   = ` FROM prescription WHERE practice_group_id = $1 AND deleted_at IS NULL`
	livePrescriptionsOf = livePrescriptions + ` AND patient_id = $2`
)

// LivePrescription finds a prescription that was not deleted.
func (t *Tx) LivePrescription(
	ctx context.Context, group practice.ID, id clinical.PrescriptionID,
) (clinical.Prescription, error) {
	p, err := t.Prescription(ctx, group, id)
	if err == nil && !p.DeletedAt.IsZero() {
		return clinical.Prescription{}, clinical.ErrNoPrescription
	}
	return p, err
}

// LivePrescriptions lists prescriptions that were not deleted, of one patient or of all.
func (t *Tx) LivePrescriptions(
	ctx context.Context, group practice.ID, of patient.ID, limit, offset int,
) ([]clinical.Prescription, error) {
	if of == 0 {
		return store.ReadPage(ctx, t.Conn, `SELECT `+prescriptionColumns+livePrescriptions+
			` ORDER BY id LIMIT $2 OFFSET $3`, store.In{group, limit, offset}, scanPrescription, prescriptionOrder)
	}
	return store.ReadPage(ctx, t.Conn, `SELECT `+prescriptionColumns+livePrescriptionsOf+
		` ORDER BY id LIMIT $3 OFFSET $4`, store.In{group, of, limit, offset}, scanPrescription, prescriptionOrder)
}

// CountPrescriptions counts what LivePrescriptions lists, up to a limit.
func (t *Tx) CountPrescriptions(
	ctx context.Context, group practice.ID, of patient.ID, limit int,
) (n int, err error) {
	if of == 0 {
		_, err = t.One(ctx, `SELECT count(*) FROM (SELECT 1`+livePrescriptions+` LIMIT $2) AS matches`,
			store.In{group, limit}, &n)
		return n, err
	}
	_, err = t.One(ctx, `SELECT count(*) FROM (SELECT 1`+livePrescriptionsOf+` LIMIT $3) AS matches`,
		store.In{group, of, limit}, &n)
	return n, err
}
