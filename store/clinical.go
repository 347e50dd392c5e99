package store

import (
	"context"
	"slices"

	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type clinicalStore struct{ *Tx }

// Clinical is what clinical remembers.
func (db *DB) Clinical() clinical.Store { return clinicalStore{db.plain()} }

func (s clinicalStore) Do(ctx context.Context, fn func(clinical.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// What is listed by the time it is about has these arguments after those all
// lists have in common: whether that was asked for, and its ends.
const (
	whenIn       = ` AND (CAST($11 AS bigint) = 0 OR at >= $12 AND at <= $13)`
	inOrderWhen  = ` AND at >= $12 AND at <= $13 ORDER BY at, id LIMIT $9 OFFSET $10`
	datedIn      = ` AND (CAST($11 AS bigint) = 0 OR dated >= $12 AND dated <= $13)`
	inOrderDated = ` AND dated >= $12 AND dated <= $13 ORDER BY dated, id LIMIT $9 OFFSET $10`
)

// Some of what belongs to each of many patients.
const (
	ofPatients   = `, ROW_NUMBER() OVER (PARTITION BY patient_id ORDER BY id) AS place FROM `
	amongLive    = ` WHERE practice_group_id = $1 AND deleted_at IS NULL AND patient_id IN `
	inTheirPlace = `) AS placed WHERE place > $2 AND place <= $3 ORDER BY patient_id, place`
)

// clinicalRows reads what a query asks for.
func clinicalRows[T any](ctx context.Context, t *Tx, o orders, group practice.ID, q clinical.Rows, row func(scanner) (T, error), has func(T) columns, more ...any) ([]T, error) {
	if c := q.Cursor; c != nil {
		args := listing(group, q.Listing, q.Limit, q.From, more...)
		if !c.Back {
			return list(ctx, t, o.next, args, row)
		}
		found, err := list(ctx, t, o.previous, args, row)
		slices.Reverse(found)
		return found, err
	}
	text := o.of(q.Listing)
	if q.When.Given() || q.Dated != nil {
		text = o.when
	}
	return readPage(ctx, t, text, listing(group, q.Listing, q.Limit, int64(q.Offset), more...), row, has)
}

const consultationColumns = `id, patient_id, staff_id, doctor_name, at, encounter, questionnaire_id, shared_at, deleted_at, version, created_at, updated_at`

func scanConsultation(scan scanner) (clinical.Consultation, error) {
	var c clinical.Consultation
	err := scan(&c.ID, &c.Patient, num[practice.PractitionerID]{&c.Doctor}, &c.DoctorName, when{&c.At}, &c.Encounter,
		num[clinical.QuestionnaireID]{&c.Questionnaire}, when{&c.SharedAt}, when{&c.DeletedAt}, &c.Version, when{&c.CreatedAt}, when{&c.UpdatedAt})
	return c, err
}

// Consultation finds a consultation.
func (t *Tx) Consultation(ctx context.Context, group practice.ID, id clinical.ConsultationID) (clinical.Consultation, error) {
	return find(ctx, t, clinical.ErrNoConsultation, `SELECT `+consultationColumns+` FROM consultation WHERE practice_group_id = $1 AND id = $2`,
		in{group, id}, scanConsultation)
}

// LockConsultation keeps others from changing the consultation, and reads it.
func (t *Tx) LockConsultation(ctx context.Context, group practice.ID, id clinical.ConsultationID) (clinical.Consultation, error) {
	if _, err := t.exec(ctx, `UPDATE consultation SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id); err != nil {
		return clinical.Consultation{}, err
	}
	return t.Consultation(ctx, group, id)
}

const someConsultations = `SELECT ` + consultationColumns + ` FROM consultation WHERE practice_group_id = $1` + listed + whenIn

var consultationOrders = orders{
	byID: someConsultations + inOrderOfIDs, made: someConsultations + inOrderMade, told: someConsultations + inOrderTold, when: someConsultations + inOrderWhen,
	next: someConsultations + nextIDs, previous: someConsultations + previousIDs,
}

func consultationOrder(c clinical.Consultation) columns {
	return columns{"id": c.ID, "created_at": c.CreatedAt, "updated_at": c.UpdatedAt, "at": c.At}
}

// Consultations lists consultations.
func (s clinicalStore) Consultations(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Consultation, error) {
	return clinicalRows(ctx, s.Tx, consultationOrders, group, q, scanConsultation, consultationOrder, span(q.When)...)
}

const placedConsultations = `SELECT ` + consultationColumns + ` FROM (SELECT ` + consultationColumns + ofPatients + `consultation` + amongLive

var consultationsOf = amongst{placedConsultations + few4 + inTheirPlace, placedConsultations + many4 + inTheirPlace}

// ConsultationsOf lists some of each patient's consultations.
func (s clinicalStore) ConsultationsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]clinical.Consultation, error) {
	return someOf(ctx, s.Tx, consultationsOf, group, of, from, until, scanConsultation, func(c clinical.Consultation) patient.ID { return c.Patient })
}

// SaveConsultation keeps a consultation.
func (t *Tx) SaveConsultation(ctx context.Context, group practice.ID, c clinical.Consultation) error {
	_, err := t.exec(ctx, `INSERT INTO consultation (`+consultationColumns+`, practice_group_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET deleted_at = $9, version = $10, updated_at = $12`,
		c.ID, c.Patient, opt(c.Doctor), c.DoctorName, c.At, c.Encounter, opt(c.Questionnaire), at(c.SharedAt), at(c.DeletedAt), c.Version, c.CreatedAt,
		c.UpdatedAt, group)
	return err
}

const itemColumns = `id, consultation_id, patient_id, kind, section_id, section_title, title, term, dated, clinical_status, severity, from_date, until_date,
	snomed_code, snomed_term, detail, comments, staff_id, doctor_name, shared_at, deleted_at, version, created_at, updated_at`

func scanItem(scan scanner) (clinical.Record, error) {
	var r clinical.Record
	err := scan(&r.ID, &r.Consultation, &r.Patient, &r.Kind, num[int64]{&r.Section}, &r.SectionTitle, &r.Title, &r.Term, day{&r.Date}, &r.Status, &r.Severity,
		day{&r.From}, day{&r.Until}, &r.Code, &r.CodeTerm, stored[clinical.Detail]{&r.Detail}, &r.Comments, num[practice.PractitionerID]{&r.Doctor},
		&r.DoctorName, when{&r.SharedAt}, when{&r.DeletedAt}, &r.Version, when{&r.CreatedAt}, when{&r.UpdatedAt})
	return r, err
}

// ClinicalRecord finds an entry.
func (t *Tx) ClinicalRecord(ctx context.Context, group practice.ID, id clinical.RecordID) (clinical.Record, error) {
	return find(ctx, t, clinical.ErrNoRecord, `SELECT `+itemColumns+` FROM record_item WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanItem)
}

// LockClinicalRecord keeps others from changing the entry, and reads it.
func (t *Tx) LockClinicalRecord(ctx context.Context, group practice.ID, id clinical.RecordID) (clinical.Record, error) {
	if _, err := t.exec(ctx, `UPDATE record_item SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id); err != nil {
		return clinical.Record{}, err
	}
	return t.ClinicalRecord(ctx, group, id)
}

const someItems = `SELECT ` + itemColumns + ` FROM record_item WHERE practice_group_id = $1` + listed + datedIn

var itemOrders = orders{
	byID: someItems + inOrderOfIDs, made: someItems + inOrderMade, told: someItems + inOrderTold, when: someItems + inOrderDated,
	next: someItems + nextIDs, previous: someItems + previousIDs,
}

func itemOrder(r clinical.Record) columns {
	return columns{"id": r.ID, "created_at": r.CreatedAt, "updated_at": r.UpdatedAt, "dated": r.Date.String()}
}

// ClinicalRecords lists entries.
func (s clinicalStore) ClinicalRecords(ctx context.Context, group practice.ID, q clinical.Rows) ([]clinical.Record, error) {
	return clinicalRows(ctx, s.Tx, itemOrders, group, q, scanItem, itemOrder, days(q.Dated)...)
}

const placedItems = `SELECT ` + itemColumns + ` FROM (SELECT ` + itemColumns + ofPatients + `record_item` + amongLive

var itemsOf = amongst{placedItems + few4 + inTheirPlace, placedItems + many4 + inTheirPlace}

// ClinicalRecordsOf lists some of each patient's entries.
func (s clinicalStore) ClinicalRecordsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]clinical.Record, error) {
	return someOf(ctx, s.Tx, itemsOf, group, of, from, until, scanItem, func(r clinical.Record) patient.ID { return r.Patient })
}

const (
	itemsIn  = `SELECT ` + itemColumns + ` FROM record_item WHERE practice_group_id = $1 AND consultation_id IN `
	kept     = ` AND deleted_at IS NULL`
	asNested = ` ORDER BY consultation_id, id`
)

var (
	allItemsIn  = amongst{itemsIn + few2 + asNested, itemsIn + many2 + asNested}
	keptItemsIn = amongst{itemsIn + few2 + kept + asNested, itemsIn + many2 + kept + asNested}
)

// RecordsOfConsultations lists the entries of consultations.
func (t *Tx) RecordsOfConsultations(ctx context.Context, group practice.ID, of []clinical.ConsultationID, deleted bool) (map[clinical.ConsultationID][]clinical.Record, error) {
	texts := keptItemsIn
	if deleted {
		texts = allItemsIn
	}
	found, err := listAmong(ctx, t, texts, in{group}, of, scanItem)
	out := make(map[clinical.ConsultationID][]clinical.Record, len(of))
	for _, r := range found {
		out[r.Consultation] = append(out[r.Consultation], r)
	}
	return out, err
}

// SaveClinicalRecord keeps an entry.
func (t *Tx) SaveClinicalRecord(ctx context.Context, group practice.ID, r clinical.Record) error {
	_, err := t.exec(ctx, `INSERT INTO record_item (`+itemColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET section_title = $6, title = $7, term = $8, clinical_status = $10, severity = $11, comments = $17,
			deleted_at = $21, version = $22, updated_at = $24`,
		r.ID, r.Consultation, r.Patient, r.Kind, opt(r.Section), r.SectionTitle, r.Title, r.Term, r.Date.String(), r.Status, r.Severity, r.From.String(),
		r.Until.String(), r.Code, r.CodeTerm, string(audit.Snapshot(r.Detail)), r.Comments, opt(r.Doctor), r.DoctorName, at(r.SharedAt), at(r.DeletedAt),
		r.Version, r.CreatedAt, r.UpdatedAt, group)
	return err
}

// KeepRecordVersion keeps what an entry said.
func (t *Tx) KeepRecordVersion(ctx context.Context, group practice.ID, v clinical.Version) error {
	_, err := t.exec(ctx, `INSERT INTO record_version (practice_group_id, record_id, version, replaced_at, replaced_by, was) VALUES ($1, $2, $3, $4, $5, $6)`,
		group, v.Was.ID, v.Was.Version, v.At, v.By, string(audit.Snapshot(v.Was)))
	return err
}

// RecordVersions lists what an entry said before.
func (s clinicalStore) RecordVersions(ctx context.Context, group practice.ID, id clinical.RecordID) ([]clinical.Version, error) {
	return list(ctx, s.Tx, `SELECT replaced_at, replaced_by, was FROM record_version WHERE practice_group_id = $1 AND record_id = $2 ORDER BY version`,
		in{group, id}, func(scan scanner) (clinical.Version, error) {
			var v clinical.Version
			err := scan(when{&v.At}, &v.By, stored[clinical.Record]{&v.Was})
			return v, err
		})
}
