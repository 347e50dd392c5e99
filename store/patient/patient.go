package patient

import (
	"cmp"
	"context"
	"errors"
	"time"

	"frontdesk/core/contactpoint"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/index"
	"frontdesk/store/value"
)

const patientColumns = `id, nhs_number, emis_id, ehr_partner_id, ehr_partner, birth_date, deceased_at, title,
	first_name, last_name, sex,
	mobile, landline, email, line_1, line_2, line_3, town, county, country, postcode, notes, source, restricted, status,
	number_status, superseded_by, pds_version, synced_at, merged_into, version, created_at, updated_at, deleted_at,
	death_source`

func scanPatient(scan store.Scanner) (patient.Patient, error) {
	var p patient.Patient
	err := scan(patientDest(&p)...)
	return p, err
}

// patientDest is where patientColumns go.
func patientDest(p *patient.Patient) store.In {
	a := &p.Address
	return store.In{&p.ID, value.Text(&p.NHSNumber), &p.EMISID, &p.EHRPartnerID, &p.EHRPartner, value.Day(&p.BirthDate),
		value.When(&p.DeceasedAt), &p.Title, &p.FirstName,
		&p.LastName, &p.Sex, &p.Mobile, &p.Landline, &p.Email, &a.Line1, &a.Line2, &a.Line3, &a.Town, &a.County,
		&a.Country, &a.Postcode, &p.Notes,
		&p.Source, &p.Restricted, &p.Status, &p.NumberStatus, &p.SupersededBy, &p.PDSVersion, value.When(&p.SyncedAt),
		value.Num(&p.MergedInto),
		&p.Version, value.When(&p.CreatedAt), value.When(&p.UpdatedAt), value.When(&p.DeletedAt), &p.DeathSource}
}

// Patient finds a patient.
func (t *Tx) Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error) {
	return store.ByKey(ctx, t.Conn, patient.ErrNotFound, `SELECT `+patientColumns+` FROM patient
		WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanPatient)
}

// PatientByNHSNumber finds a patient by number.
func (t *Tx) PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error) {
	return store.Find(ctx, t.Conn, patient.ErrNotFound, `SELECT `+patientColumns+` FROM patient
		WHERE practice_group_id = $1 AND nhs_number = $2`, store.In{group, number}, scanPatient)
}

// Holder finds the patient who has a number, or else who had it.
func (t *Tx) Holder(ctx context.Context, group practice.ID, number string) (patient.Patient, error) {
	p, err := t.PatientByNHSNumber(ctx, group, number)
	if errors.Is(err, patient.ErrNotFound) {
		return t.patientByFormerNumber(ctx, group, number)
	}
	return p, err
}

// patientByFormerNumber finds who had a number before it was superseded.
func (t *Tx) patientByFormerNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error) {
	var id patient.ID
	found, err := t.One(ctx, `SELECT patient_id FROM former_number WHERE practice_group_id = $1 AND nhs_number = $2`,
		store.In{group, number}, &id)
	if err != nil || !found {
		return patient.Patient{}, cmp.Or(err, error(patient.ErrNotFound))
	}
	return patient.Current(ctx, t, group, id)
}

// formerly reports whether a number was that of a patient who is still here.
func (t *Tx) formerly(ctx context.Context, group practice.ID, number string) (bool, error) {
	if number == "" {
		return false, nil
	}
	_, err := t.patientByFormerNumber(ctx, group, number)
	if errors.Is(err, patient.ErrNotFound) {
		return false, nil // no patient has it, or only a deleted one
	}
	return err == nil, err
}

// AddPatient keeps a new patient unless another has the NHS number, or had it.
func (t *Tx) AddPatient(ctx context.Context, group practice.ID, p patient.Patient) (bool, error) {
	if was, err := t.formerly(ctx, group, p.NHSNumber); err != nil || was {
		return false, err
	}
	added, err := t.addPatient(ctx, group, p)
	if err != nil || !added {
		return added, err
	}
	if err := t.saveWords(ctx, group, p, true); err != nil || !store.Parallel(t.Conn) {
		return err == nil, err
	}
	// The number may have been superseded while this waited for who had it.
	if was, err := t.formerly(ctx, group, p.NHSNumber); err != nil || was {
		return false, cmp.Or(err, store.ErrAgain)
	}
	return true, nil
}

func (t *Tx) addPatient(ctx context.Context, group practice.ID, p patient.Patient) (bool, error) {
	a := p.Address
	n, err := t.Exec(ctx, `INSERT INTO patient (practice_group_id, id, nhs_number, emis_id, ehr_partner_id,
		ehr_partner, birth_date, deceased_at, title,
			first_name, last_name, first_key, last_key, full_key, sex, mobile, landline, email, email_key, line_1,
			line_2, line_3, town, county, country,
			postcode, notes, source, restricted, status, number_status, superseded_by, pds_version, synced_at,
			version, created_at, updated_at, death_source)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28, $29, $30,
			$31, $32, $33, $34, $35, $36, $37, $38)
		ON CONFLICT (practice_group_id, nhs_number) DO NOTHING`,
		group, p.ID, value.OptText(p.NHSNumber), p.EMISID, p.EHRPartnerID, p.EHRPartner, p.BirthDate.String(),
		value.At(p.DeceasedAt), p.Title,
		p.FirstName, p.LastName, store.NameKey(p.FirstName), store.NameKey(p.LastName),
		store.NameKey(p.FirstName+" "+p.LastName), p.Sex,
		p.Mobile, p.Landline,
		p.Email, store.EmailKey(p.Email), a.Line1, a.Line2, a.Line3, a.Town, a.County, a.Country, a.Postcode, p.Notes,
		p.Source, p.Restricted, p.Status,
		p.NumberStatus, p.SupersededBy, p.PDSVersion, value.At(p.SyncedAt), p.Version, p.CreatedAt, p.UpdatedAt,
		p.DeathSource)
	return n == 1, err
}

const dropWords = `DELETE FROM patient_word WHERE practice_group_id = $1 AND patient_id = $2`

// saveWords keeps what the names of a patient end with.
func (t *Tx) saveWords(ctx context.Context, group practice.ID, p patient.Patient, fresh bool) error {
	if !fresh {
		if _, err := t.Exec(ctx, dropWords, group, p.ID); err != nil {
			return err
		}
	}
	for _, word := range index.NameWords(group, p.ID, p.FirstName, p.LastName) {
		if _, err := t.Exec(ctx, index.AddNameWord, word...); err != nil {
			return err
		}
	}
	return nil
}

// LockPatientForChange keeps others from changing the patient.
func (t *Tx) LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error {
	n, err := t.Exec(ctx, `UPDATE patient SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id)
	if err == nil && n == 0 {
		return patient.ErrNotFound
	}
	return err
}

// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged away.
func (t *Tx) LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error) {
	id, _, err := t.current(ctx, group, id, store.Hold(t.Conn))
	return id, err
}

// LockPatientForBooking is LockPatientAgainstMerge, and others who take the patient wait. One who has
// died is not taken.
func (t *Tx) LockPatientForBooking(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error) {
	id, died, err := t.current(ctx, group, id, store.Take(t.Conn))
	if err == nil && !died.IsZero() {
		err = patient.ErrDeceased
	}
	return id, err
}

// current finds the patient an id stands for, locked, and when they died.
func (t *Tx) current(ctx context.Context, group practice.ID, id patient.ID,
	lock string) (_ patient.ID, died time.Time, err error) {
	for {
		var into patient.ID
		var deleted time.Time
		found, err := t.One(ctx,
			`SELECT merged_into, deleted_at, deceased_at FROM patient WHERE practice_group_id = $1 AND id = $2`+lock,
			store.In{group, id}, value.Num(&into), value.When(&deleted), value.When(&died))
		switch {
		case err != nil:
			return 0, died, err
		case !found, !deleted.IsZero():
			return 0, died, patient.ErrNotFound
		case into == 0:
			return id, died, nil
		}
		id = into
	}
}

// Outlook counts what a patient has to come.
func (t *Tx) Outlook(ctx context.Context, group practice.ID, id patient.ID, now time.Time) (patient.Outlook, error) {
	var o patient.Outlook
	if _, err := t.One(ctx, `SELECT count(*) FROM appointment WHERE practice_group_id = $1 AND patient_id = $2 AND
		start_at > $3 AND state = 'booked'`,
		store.In{group, id, now}, &o.Appointments); err != nil {
		return o, err
	}
	_, err := t.One(ctx, `SELECT count(*) FROM message WHERE practice_group_id = $1 AND patient_id = $2 AND state
		IN ('scheduled', 'queued')`,
		store.In{group, id}, &o.Messages)
	return o, err
}

// SavePatient keeps a changed patient.
func (t *Tx) SavePatient(ctx context.Context, group practice.ID, p patient.Patient) error {
	a := p.Address
	_, err := t.Exec(ctx, `UPDATE patient SET nhs_number = $3, emis_id = $4, ehr_partner_id = $5, ehr_partner = $6,
		birth_date = $7, deceased_at = $8, title = $9,
			first_name = $10, last_name = $11, first_key = $12, last_key = $13, full_key = $14, sex = $15, mobile =
			$16, landline = $17,
			email = $18, email_key = $19, line_1 = $20, line_2 = $21, line_3 = $22, town = $23, county = $24,
			country = $25, postcode = $26,
			notes = $27, source = $28, restricted = $29, status = $30, number_status = $31, superseded_by = $32,
			pds_version = $33, synced_at = $34,
			merged_into = $35, updated_at = $36, deleted_at = $37, death_source = $38, version = version + 1
		WHERE practice_group_id = $1 AND id = $2`,
		group, p.ID, value.OptText(p.NHSNumber), p.EMISID, p.EHRPartnerID, p.EHRPartner, p.BirthDate.String(),
		value.At(p.DeceasedAt), p.Title, p.FirstName, p.LastName,
		store.NameKey(p.FirstName), store.NameKey(p.LastName), store.NameKey(p.FirstName+" "+p.LastName), p.Sex,
		p.Mobile, p.Landline,
		p.Email, store.EmailKey(p.Email),
		a.Line1, a.Line2, a.Line3, a.Town, a.County, a.Country, a.Postcode, p.Notes, p.Source, p.Restricted, p.Status,
		p.NumberStatus, p.SupersededBy,
		p.PDSVersion, value.At(p.SyncedAt), value.Opt(p.MergedInto), p.UpdatedAt, value.At(p.DeletedAt), p.DeathSource)
	if err != nil {
		return err
	}
	return t.saveWords(ctx, group, p, false)
}

// NextEvent counts the patient's events.
func (t *Tx) NextEvent(ctx context.Context, group practice.ID, id patient.ID) (n int64, err error) {
	found, err := t.One(ctx, `UPDATE patient SET events = events + 1 WHERE practice_group_id = $1 AND id = $2
		RETURNING events`, store.In{group, id}, &n)
	if err == nil && !found {
		err = patient.ErrNotFound
	}
	return n, err
}

// ContactPoints lists what each source says of how to reach a patient.
func (t *Tx) ContactPoints(ctx context.Context, group practice.ID, id patient.ID) (contactpoint.Points, error) {
	return store.List(ctx, t.Conn, `SELECT kind, source, value, recorded_at, verified_at FROM patient_contact
		WHERE practice_group_id = $1 AND patient_id = $2 ORDER BY kind, source`, store.In{group, id},
		func(scan store.Scanner) (contactpoint.Point, error) {
			var c contactpoint.Point
			err := scan(&c.Kind, &c.Source, &c.Value, value.When(&c.RecordedAt), value.When(&c.VerifiedAt))
			return c, err
		})
}

// SaveContactPoint keeps what one source says; without a value it is forgotten.
func (t *Tx) SaveContactPoint(ctx context.Context, group practice.ID, id patient.ID, c contactpoint.Point) error {
	if c.Value == "" {
		_, err := t.Exec(ctx, `DELETE FROM patient_contact
			WHERE practice_group_id = $1 AND patient_id = $2 AND kind = $3 AND source = $4`, group, id, c.Kind,
			c.Source)
		return err
	}
	_, err := t.Exec(ctx, `INSERT INTO patient_contact (practice_group_id, patient_id, kind, source, value,
		recorded_at, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (practice_group_id, patient_id, kind, source) DO UPDATE SET value = $5, recorded_at = $6,
		verified_at = $7`,
		group, id, c.Kind, c.Source, c.Value, c.RecordedAt, value.At(c.VerifiedAt))
	return err
}

// SharedMobile reports whether another live patient has the number.
func (t *Tx) SharedMobile(ctx context.Context, group practice.ID, id patient.ID, mobile string) (bool, error) {
	var one int64
	return t.One(ctx, `SELECT 1 FROM patient WHERE practice_group_id = $1 AND mobile = $2 AND id <> $3 AND
		merged_into IS NULL AND deleted_at IS NULL LIMIT 1`, store.In{group, mobile, id}, &one)
}

// MergedIDs lists the patients that have been merged into this one.
func (t *Tx) MergedIDs(ctx context.Context, group practice.ID, id patient.ID) ([]patient.ID, error) {
	return store.List(ctx, t.Conn, `SELECT id FROM patient WHERE practice_group_id = $1 AND merged_into = $2 ORDER
		BY id`,
		store.In{group, id}, store.ScanID[patient.ID])
}
