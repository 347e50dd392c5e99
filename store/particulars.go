package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

const particularColumns = `gender, occupation, payment_reference, birth_surname, birth_name, birth_names, birth_place, birth_place_code,
	social_security_number, ins, receive_email, receive_sms, marketing, payment_reminders, privacy_policy, on_hold,
	archived_at, archived_by, archived_reason, archived_comments, unarchived_at, unarchived_by, unarchived_reason`

const selectWhole = `SELECT ` + patientColumns + `, ` + particularColumns + ` FROM patient
	LEFT JOIN patient_profile x ON x.practice_group_id = patient.practice_group_id AND x.patient_id = patient.id
	WHERE patient.practice_group_id = $1`

// optBool reads a truth that may be unknown.
type optBool struct{ b **bool }

// Scan implements sql.Scanner.
func (o optBool) Scan(src any) error {
	var n sql.NullBool
	if err := n.Scan(src); err != nil {
		return err
	}
	*o.b = nil
	if n.Valid {
		*o.b = &n.Bool
	}
	return nil
}

func optTruth(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// scanWhole reads a patient with their particulars.
func scanWhole(scan scanner) (patient.Patient, error) {
	var p patient.Patient
	x := &p.Particulars
	var ins string
	var hold flag
	err := scan(append(patientDest(&p), text{&x.Gender}, text{&x.Occupation}, text{&x.PaymentReference},
		text{&x.BirthSurname},
		text{&x.BirthName}, text{&x.BirthNames}, text{&x.BirthPlace}, text{&x.BirthPlaceCode},
		text{&x.SocialSecurityNumber},
		text{&ins}, optBool{&x.ReceiveEmail}, optBool{&x.ReceiveSMS}, optBool{&x.Marketing},
		optBool{&x.PaymentReminders},
		text{&x.PrivacyPolicy}, &hold, when{&x.ArchivedAt}, num[int64]{&x.ArchivedBy},
		lower[patient.ArchiveReason]{&x.ArchivedReason},
		text{&x.ArchivedComments}, when{&x.UnarchivedAt}, num[int64]{&x.UnarchivedBy},
		lower[patient.ArchiveReason]{&x.UnarchivedReason})...)
	x.OnHold = bool(hold)
	if ins != "" {
		x.INS = json.RawMessage(ins)
	}
	return p, err
}

// PatientsByID finds patients with their particulars.
func (t *Tx) PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error) {
	of := amongst{selectWhole + ` AND patient.id IN ` + few2, selectWhole + ` AND patient.id IN ` + many2}
	return listAmong(ctx, t, of, in{group}, ids, scanWhole)
}

// SaveParticulars keeps what else is known of a patient.
func (t *Tx) SaveParticulars(ctx context.Context, group practice.ID, id patient.ID, x patient.Particulars) error {
	_, err := t.exec(ctx, `INSERT INTO patient_profile (practice_group_id, patient_id, `+particularColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		ON CONFLICT (practice_group_id, patient_id) DO UPDATE SET gender = $3, occupation = $4, payment_reference = $5, birth_surname = $6,
			birth_name = $7, birth_names = $8, birth_place = $9, birth_place_code = $10, social_security_number = $11, ins = $12, receive_email = $13,
			receive_sms = $14, marketing = $15, payment_reminders = $16, privacy_policy = $17, on_hold = $18, archived_at = $19, archived_by = $20,
			archived_reason = $21, archived_comments = $22, unarchived_at = $23, unarchived_by = $24, unarchived_reason = $25`,
		group, id, x.Gender, x.Occupation, x.PaymentReference, x.BirthSurname, x.BirthName, x.BirthNames, x.BirthPlace,
		x.BirthPlaceCode,
		x.SocialSecurityNumber, string(x.INS), optTruth(x.ReceiveEmail), optTruth(x.ReceiveSMS), optTruth(x.Marketing),
		optTruth(x.PaymentReminders),
		x.PrivacyPolicy, x.OnHold, at(x.ArchivedAt), opt(x.ArchivedBy), strings.ToUpper(string(x.ArchivedReason)),
		x.ArchivedComments, at(x.UnarchivedAt), opt(x.UnarchivedBy),
		strings.ToUpper(string(x.UnarchivedReason)))
	return err
}
