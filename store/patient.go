package store

import (
	"bytes"
	"context"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type patientStore struct{ *Tx }

// Patient is what patient remembers.
func (db *DB) Patient() patient.Store { return patientStore{db.plain()} }

func (s patientStore) Do(ctx context.Context, fn func(patient.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// letters are those that Unicode does not take apart into a plain letter and
// an accent.
var letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i",
	"'", "", "’", "", "‘", "", "ʼ", "", "`", "", "-", " ", "‐", " ", "–", " ", ".", " ")

// nameKey is a name without case, accents and apostrophes, with one space
// between its parts. It is bytes, so that both databases order it alike.
func nameKey(name string) []byte {
	bare, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn))), name)
	if err != nil {
		bare = name
	}
	return []byte(strings.Join(strings.Fields(letters.Replace(cases.Fold().String(bare))), " "))
}

// beyond is after every key that begins with this one: no UTF-8 text has the
// byte 0xff.
func beyond(key []byte) []byte { return append(bytes.Clone(key), 0xff) }

const patientColumns = `id, nhs_number, emis_id, ehr_partner_id, birth_date, deceased_at, title, first_name, last_name, sex,
	mobile, landline, email, line_1, line_2, line_3, town, county, country, postcode, notes, source, restricted, status, created_at, updated_at`

func scanPatient(scan scanner) (patient.Patient, error) {
	var p patient.Patient
	a := &p.Address
	err := scan(&p.ID, text{&p.NHSNumber}, &p.EMISID, &p.EHRPartnerID, day{&p.BirthDate}, when{&p.DeceasedAt}, &p.Title, &p.FirstName, &p.LastName, &p.Sex,
		&p.Mobile, &p.Landline, &p.Email, &a.Line1, &a.Line2, &a.Line3, &a.Town, &a.County, &a.Country, &a.Postcode, &p.Notes,
		&p.Source, &p.Restricted, &p.Status, when{&p.CreatedAt}, when{&p.UpdatedAt})
	return p, err
}

// Patient finds a patient.
func (t *Tx) Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error) {
	return find(ctx, t, patient.ErrNotFound, `SELECT `+patientColumns+` FROM patient
		WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanPatient)
}

// PatientByNHSNumber finds a patient by number.
func (t *Tx) PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error) {
	return find(ctx, t, patient.ErrNotFound, `SELECT `+patientColumns+` FROM patient
		WHERE practice_group_id = $1 AND nhs_number = $2`, in{group, number}, scanPatient)
}

// patientSearch is how to find patients by one field: $2 is the value, or with
// $3 the range of keys a prefix covers; $4 and $5 are limit and offset.
type patientSearch struct {
	list, count string
	prefix      bool
}

const (
	selectPatients = `SELECT ` + patientColumns + ` FROM patient WHERE practice_group_id = $1`
	countPatients  = `SELECT count(*) FROM (SELECT 1 FROM patient WHERE practice_group_id = $1`
	byName         = ` ORDER BY last_key, first_key, id LIMIT $2 OFFSET $3`
	upTo           = ` LIMIT $2) AS matches`
)

var patientSearches = map[patient.Field]patientSearch{
	"":                        {list: selectPatients + byName, count: countPatients + upTo},
	patient.FieldNHSNumber:    {list: selectPatients + ` AND nhs_number = $4` + byName, count: countPatients + ` AND nhs_number = $3` + upTo},
	patient.FieldEMISID:       {list: selectPatients + ` AND emis_id = $4` + byName, count: countPatients + ` AND emis_id = $3` + upTo},
	patient.FieldEHRPartnerID: {list: selectPatients + ` AND ehr_partner_id = $4` + byName, count: countPatients + ` AND ehr_partner_id = $3` + upTo},
	patient.FieldMobile:       {list: selectPatients + ` AND mobile = $4` + byName, count: countPatients + ` AND mobile = $3` + upTo},
	patient.FieldEmail:        {list: selectPatients + ` AND email_key = $4` + byName, count: countPatients + ` AND email_key = $3` + upTo},
	patient.FieldBirthDate:    {list: selectPatients + ` AND birth_date = $4` + byName, count: countPatients + ` AND birth_date = $3` + upTo},
	patient.FieldLastName: {prefix: true,
		list:  selectPatients + ` AND last_key >= $4 AND last_key < $5` + byName,
		count: countPatients + ` AND last_key >= $3 AND last_key < $4` + upTo},
	patient.FieldFirstName: {prefix: true,
		list:  selectPatients + ` AND first_key >= $4 AND first_key < $5 ORDER BY first_key, last_key, id LIMIT $2 OFFSET $3`,
		count: countPatients + ` AND first_key >= $3 AND first_key < $4` + upTo},
}

// Patients lists those that match.
func (t *Tx) Patients(ctx context.Context, group practice.ID, q patient.Query) ([]patient.Patient, int, error) {
	search := patientSearches[q.Field]
	var match in
	switch {
	case search.prefix:
		key := nameKey(q.Value)
		match = in{key, beyond(key)}
	case q.Field == patient.FieldEmail:
		match = in{emailKey(q.Value)}
	case q.Field != "":
		match = in{q.Value}
	}
	count := 0
	if _, err := t.one(ctx, search.count, append(in{group, patient.CountLimit}, match...), &count); err != nil || count == 0 {
		return nil, 0, err
	}
	found, err := list(ctx, t, search.list, append(in{group, q.Limit, q.Offset}, match...), scanPatient)
	return found, count, err
}

func emailKey(address string) string { return strings.ToLower(address) }

// AddPatient keeps a new patient unless another has the NHS number.
func (t *Tx) AddPatient(ctx context.Context, group practice.ID, p patient.Patient) (bool, error) {
	a := p.Address
	n, err := t.exec(ctx, `INSERT INTO patient (practice_group_id, id, nhs_number, emis_id, ehr_partner_id, birth_date, deceased_at, title, first_name, last_name,
			first_key, last_key, full_key, sex, mobile, landline, email, email_key, line_1, line_2, line_3, town, county, country, postcode, notes,
			source, restricted, status, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, 1, $30, $31)
		ON CONFLICT (practice_group_id, nhs_number) DO NOTHING`,
		group, p.ID, optText(p.NHSNumber), p.EMISID, p.EHRPartnerID, p.BirthDate.String(), at(p.DeceasedAt), p.Title, p.FirstName, p.LastName,
		nameKey(p.FirstName), nameKey(p.LastName), nameKey(p.FirstName+" "+p.LastName), p.Sex, p.Mobile, p.Landline, p.Email, emailKey(p.Email),
		a.Line1, a.Line2, a.Line3, a.Town, a.County, a.Country, a.Postcode, p.Notes, p.Source, p.Restricted, p.Status, p.CreatedAt, p.UpdatedAt)
	return n == 1, err
}

// LockPatient keeps others from changing the patient.
func (t *Tx) LockPatient(ctx context.Context, group practice.ID, id patient.ID) error {
	n, err := t.exec(ctx, `UPDATE patient SET version = version + 1 WHERE practice_group_id = $1 AND id = $2`, group, id)
	if err == nil && n == 0 {
		return patient.ErrNotFound
	}
	return err
}

// SavePatient keeps a changed patient.
func (t *Tx) SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error {
	a := p.Address
	_, err := t.exec(ctx, `UPDATE patient SET nhs_number = $3, emis_id = $4, ehr_partner_id = $5, birth_date = $6, deceased_at = $7, title = $8,
			first_name = $9, last_name = $10, first_key = $11, last_key = $12, full_key = $13, sex = $14, mobile = $15, landline = $16,
			email = $17, email_key = $18, line_1 = $19, line_2 = $20, line_3 = $21, town = $22, county = $23, country = $24, postcode = $25,
			notes = $26, source = $27, restricted = $28, status = $29, updated_at = $30
		WHERE practice_group_id = $1 AND id = $2`,
		group, p.ID, optText(p.NHSNumber), p.EMISID, p.EHRPartnerID, p.BirthDate.String(), at(p.DeceasedAt), p.Title, p.FirstName, p.LastName,
		nameKey(p.FirstName), nameKey(p.LastName), nameKey(p.FirstName+" "+p.LastName), p.Sex, p.Mobile, p.Landline, p.Email, emailKey(p.Email),
		a.Line1, a.Line2, a.Line3, a.Town, a.County, a.Country, a.Postcode, p.Notes, p.Source, p.Restricted, p.Status, p.UpdatedAt)
	return err
}
