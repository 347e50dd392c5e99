package messaging

import (
	"context"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/value"
)

const (
	// Addressee has the columns of p, a patient, that messages need. ScanAddressee reads the id, these and Wishes.
	Addressee = `p.nhs_number AS p_number, p.mobile AS p_mobile, p.email AS p_email, p.restricted AS p_restricted,
		p.deceased_at AS p_deceased, p.number_status AS p_number_status, p.merged_into AS p_merged,
		p.deleted_at AS p_deleted`
	// Wishes has the columns of x, a patient's profile, that say which messages they want.
	Wishes           = `x.receive_email, x.receive_sms, x.marketing`
	selectAddressees = `SELECT p.id, ` + Addressee + `, ` + Wishes + ` FROM patient p LEFT
		JOIN patient_profile x ON x.practice_group_id = p.practice_group_id AND x.patient_id = p.id
		WHERE p.practice_group_id = $1 AND p.id`
)

// ScanAddressee reads a patient as Addressee and Wishes have them.
func ScanAddressee(p *patient.Patient, scan store.Scanner) error {
	var restricted value.Flag
	err := scan(&p.ID, value.Text(&p.NHSNumber), &p.Mobile, &p.Email, &restricted, value.When(&p.DeceasedAt),
		&p.NumberStatus, value.Num(&p.MergedInto), value.When(&p.DeletedAt), value.MaybeBool(&p.ReceiveEmail),
		value.MaybeBool(&p.ReceiveSMS), value.MaybeBool(&p.Marketing))
	p.Restricted = bool(restricted)
	return err
}

// Addressee finds a patient, with what matters to messages.
func (t *Tx) Addressee(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error) {
	return store.ByKey(ctx, t.Conn, patient.ErrNotFound, selectAddressees+` = $2`, store.In{group, id},
		func(scan store.Scanner) (p patient.Patient, err error) {
			err = ScanAddressee(&p, scan)
			return p, err
		})
}

// Addressees finds patients by their ids, with what matters to messages.
func (t *Tx) Addressees(
	ctx context.Context, group practice.ID, ids []patient.ID,
) (map[patient.ID]patient.Patient, error) {
	people, err := store.ListAmong(ctx, t.Conn, store.Among(selectAddressees+` IN `+store.Few2,
		selectAddressees+` IN `+store.Many2), store.In{group}, ids,
		func(scan store.Scanner) (p patient.Patient, err error) {
			err = ScanAddressee(&p, scan)
			return p, err
		})
	return store.Keyed(people, err, func(p patient.Patient) patient.ID { return p.ID })
}
