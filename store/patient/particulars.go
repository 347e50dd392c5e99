package patient

import (
	"context"
	"encoding/json"
	"strings"

	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

const particularColumns = `gender, occupation, payment_reference, birth_surname, birth_name, birth_names, birth_place,
	birth_place_code,
	social_security_number, ins, receive_email, receive_sms, marketing, payment_reminders, privacy_policy, on_hold,
	archived_at, archived_by, archived_reason, archived_comments, unarchived_at, unarchived_by, unarchived_reason`

const selectWhole = `SELECT ` + patientColumns + `, ` + particularColumns + ` FROM patient
	LEFT JOIN patient_profile x ON x.practice_group_id = patient.practice_group_id AND x.patient_id = patient.id
	WHERE patient.practice_group_id = $1`

// scanWhole reads a patient with their particulars.
func scanWhole(scan store.Scanner) (patient.Patient, error) {
	var p patient.Patient
	x := &p.Particulars
	var ins string
	err := scan(append(patientDest(&p), value.Text(&x.Gender), value.Text(&x.Occupation),
		value.Text(&x.PaymentReference),
		value.Text(&x.BirthSurname),
		value.Text(&x.BirthName), value.Text(&x.BirthNames), value.Text(&x.BirthPlace), value.Text(&x.BirthPlaceCode),
		value.Text(&x.SocialSecurityNumber),
		value.Text(&ins), value.MaybeBool(&x.ReceiveEmail), value.MaybeBool(&x.ReceiveSMS),
		value.MaybeBool(&x.Marketing),
		value.MaybeBool(&x.PaymentReminders),
		value.Text(&x.PrivacyPolicy), value.Bool(&x.OnHold), value.When(&x.ArchivedAt), value.Num(&x.ArchivedBy),
		value.Lower(&x.ArchivedReason),
		value.Text(&x.ArchivedComments), value.When(&x.UnarchivedAt), value.Num(&x.UnarchivedBy),
		value.Lower(&x.UnarchivedReason))...)
	if ins != "" {
		x.INS = json.RawMessage(ins)
	}
	return p, err
}

// PatientsByID finds patients with their particulars.
func (t *Tx) PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error) {
	of := store.Among(selectWhole+` AND patient.id IN `+store.Few2, selectWhole+` AND patient.id IN `+store.Many2)
	return store.ListAmong(ctx, t.Conn, of, store.In{group}, ids, scanWhole)
}

// SaveParticulars keeps what else is known of a patient.
func (t *Tx) SaveParticulars(ctx context.Context, group practice.ID, id patient.ID, x patient.Particulars) error {
	_, err := t.Exec(ctx, `INSERT INTO patient_profile (practice_group_id, patient_id, `+particularColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
		$23, $24, $25)
		ON CONFLICT (practice_group_id, patient_id) DO UPDATE SET gender = $3, occupation = $4,
		payment_reference = $5, birth_surname = $6,
			birth_name = $7, birth_names = $8, birth_place = $9, birth_place_code = $10, social_security_number = $11,
			ins = $12, receive_email = $13,
			receive_sms = $14, marketing = $15, payment_reminders = $16, privacy_policy = $17, on_hold = $18,
			archived_at = $19, archived_by = $20,
			archived_reason = $21, archived_comments = $22, unarchived_at = $23, unarchived_by = $24,
			unarchived_reason = $25`,
		group, id, x.Gender, x.Occupation, x.PaymentReference, x.BirthSurname, x.BirthName, x.BirthNames, x.BirthPlace,
		x.BirthPlaceCode,
		x.SocialSecurityNumber, string(x.INS), value.GivenBool(x.ReceiveEmail), value.GivenBool(x.ReceiveSMS),
		value.GivenBool(x.Marketing),
		value.GivenBool(x.PaymentReminders),
		x.PrivacyPolicy, x.OnHold, value.At(x.ArchivedAt), value.Opt(x.ArchivedBy),
		strings.ToUpper(string(x.ArchivedReason)),
		x.ArchivedComments, value.At(x.UnarchivedAt), value.Opt(x.UnarchivedBy),
		strings.ToUpper(string(x.UnarchivedReason)))
	return err
}
