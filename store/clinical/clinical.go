package clinical

import (
	"context"
	"slices"

	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

// What is listing.Asked by the time it is about has these arguments after those all
// lists have in common: whether that was asked for, and its ends.
const (
	whenIn       = ` AND (CAST($11 AS bigint) = 0 OR at >= $12 AND at <= $13)`
	inOrderWhen  = ` AND at >= $12 AND at <= $13 ORDER BY at, id LIMIT $9 OFFSET $10`
	datedIn      = ` AND (CAST($11 AS bigint) = 0 OR dated >= $12 AND dated <= $13)`
	inOrderDated = ` AND dated >= $12 AND dated <= $13 ORDER BY dated, id LIMIT $9 OFFSET $10`
)

// Read reads the rows of a list that a query asks for.
func Read[T any](ctx context.Context, c store.Conn, o listing.Orders, group practice.ID, q clinical.Query,
	rows input.Rows,
	row func(store.Scanner) (T, error), has func(T) store.Columns, more ...any) ([]T, error) {
	if q.Cursor != nil {
		args := listing.Arguments(group, q.Listing, rows.Limit, rows.From, more...)
		if !rows.Back {
			return store.List(ctx, c, o.Next, args, row)
		}
		found, err := store.List(ctx, c, o.Previous, args, row)
		slices.Reverse(found)
		return found, err
	}
	text := o.Of(q.Listing)
	if q.When.Given() || q.Dated != nil {
		text = o.When
	}
	return store.ReadPage(ctx, c, text, listing.Arguments(group, q.Listing, rows.Limit, int64(rows.Offset), more...),
		row,
		has)
}

const consultationColumns = `id, patient_id, staff_id, doctor_name, at, encounter, questionnaire_id, shared_at, ` +
	`deleted_at, version, created_at, updated_at`

func scanConsultation(scan store.Scanner) (clinical.Consultation, error) {
	var c clinical.Consultation
	err := scan(&c.ID, &c.Patient, value.Num(&c.Doctor), &c.DoctorName, value.When(&c.At), &c.Encounter,
		value.Num(&c.Questionnaire), value.When(&c.SharedAt), value.When(&c.DeletedAt), &c.Version,
		value.When(&c.CreatedAt), value.When(&c.UpdatedAt))
	return c, err
}

// Consultation finds a consultation.
func (t *Tx) Consultation(
	ctx context.Context, group practice.ID, id clinical.ConsultationID,
) (clinical.Consultation, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoConsultation, `SELECT `+consultationColumns+` FROM consultation
		WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id}, scanConsultation)
}

// LockConsultation keeps others from changing the consultation, and reads it.
func (t *Tx) LockConsultation(
	ctx context.Context, group practice.ID, id clinical.ConsultationID,
) (clinical.Consultation, error) {
	if _, err := t.Exec(ctx, `UPDATE consultation SET version = version WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return clinical.Consultation{}, err
	}
	return t.Consultation(ctx, group, id)
}

const someConsultations = `SELECT ` + consultationColumns + ` FROM consultation WHERE practice_group_id = $1` +
	listing.Asked + whenIn

var consultationOrders = listing.Orders{
	ByID: someConsultations + listing.InOrderOfIDs, Made: someConsultations + listing.InOrderMade,
	Updated: someConsultations +
		listing.InOrderUpdated, When: someConsultations + inOrderWhen,
	Next: someConsultations + listing.NextIDs, Previous: someConsultations + listing.PreviousIDs,
}

func consultationOrder(c clinical.Consultation) store.Columns {
	return store.Columns{"id": c.ID, "created_at": c.CreatedAt, "updated_at": c.UpdatedAt, "at": c.At}
}

// Consultations lists consultations.
func (t *Tx) Consultations(
	ctx context.Context, group practice.ID, q clinical.Query, rows input.Rows,
) ([]clinical.Consultation, error) {
	return Read(ctx, t.Conn, consultationOrders, group, q, rows, scanConsultation, consultationOrder,
		listing.Span(q.When)...)
}

const placedConsultations = `SELECT ` + consultationColumns + ` FROM (SELECT ` + consultationColumns +
	listing.OfPatients + `consultation` + listing.AmongLive

var consultationsOf = store.Among(placedConsultations+store.Few4+listing.InTheirPlace, placedConsultations+store.Many4+
	listing.InTheirPlace)

// ConsultationsOf lists some of each patient's consultations.
func (t *Tx) ConsultationsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Consultation, error) {
	return store.SomeOf(ctx, t.Conn, consultationsOf, group, of, from, until, scanConsultation,
		func(c clinical.Consultation) patient.ID { return c.Patient })
}

// SaveConsultation keeps a consultation.
func (t *Tx) SaveConsultation(ctx context.Context, group practice.ID, c clinical.Consultation) error {
	_, err := t.Exec(ctx, `INSERT INTO consultation (`+consultationColumns+
		`, practice_group_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET deleted_at = $9, version = $10, updated_at = $12`,
		c.ID, c.Patient, value.Opt(c.Doctor), c.DoctorName, c.At, c.Encounter, value.Opt(c.Questionnaire),
		value.At(c.SharedAt), value.At(c.DeletedAt), c.Version, c.CreatedAt,
		c.UpdatedAt, group)
	return err
}

const itemColumns = `id, consultation_id, patient_id, kind, section_id, section_title, title, term,
	dated, clinical_status, severity, from_date, until_date,
	snomed_code, snomed_term, detail, comments, staff_id, doctor_name, shared_at, deleted_at, version,
	created_at, updated_at`

func scanItem(scan store.Scanner) (clinical.Record, error) {
	var r clinical.Record
	err := scan(&r.ID, &r.Consultation, &r.Patient, &r.Kind, value.Num(&r.Section), &r.SectionTitle, &r.Title, &r.Term,
		value.Day(&r.Date), &r.Status, &r.Severity,
		value.Day(&r.From), value.Day(&r.Until), &r.Code, &r.CodeTerm, value.Stored(&r.Detail), &r.Comments,
		value.Num(&r.Doctor),
		&r.DoctorName, value.When(&r.SharedAt), value.When(&r.DeletedAt), &r.Version, value.When(&r.CreatedAt),
		value.When(&r.UpdatedAt))
	return r, err
}

// ClinicalRecord finds an entry.
func (t *Tx) ClinicalRecord(ctx context.Context, group practice.ID, id clinical.RecordID) (clinical.Record, error) {
	return store.Find(ctx, t.Conn, clinical.ErrNoRecord, `SELECT `+itemColumns+` FROM record_item WHERE
		practice_group_id = $1 AND id = $2`, store.In{group, id}, scanItem)
}

// LockClinicalRecord keeps others from changing the entry, and reads it.
func (t *Tx) LockClinicalRecord(ctx context.Context, group practice.ID, id clinical.RecordID) (clinical.Record, error) {
	if _, err := t.Exec(ctx, `UPDATE record_item SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return clinical.Record{}, err
	}
	return t.ClinicalRecord(ctx, group, id)
}

const someItems = `SELECT ` + itemColumns + ` FROM record_item WHERE practice_group_id = $1` + listing.Asked + datedIn

var itemOrders = listing.Orders{
	ByID: someItems + listing.InOrderOfIDs, Made: someItems + listing.InOrderMade,
	Updated: someItems + listing.InOrderUpdated,
	When:    someItems + inOrderDated,
	Next:    someItems + listing.NextIDs, Previous: someItems + listing.PreviousIDs,
}

func itemOrder(r clinical.Record) store.Columns {
	return store.Columns{"id": r.ID, "created_at": r.CreatedAt, "updated_at": r.UpdatedAt, "dated": r.Date.String()}
}

// ClinicalRecords lists entries.
func (t *Tx) ClinicalRecords(ctx context.Context, group practice.ID, q clinical.Query,
	rows input.Rows) ([]clinical.Record, error) {
	return Read(ctx, t.Conn, itemOrders, group, q, rows, scanItem, itemOrder, listing.Days(q.Dated)...)
}

const placedItems = `SELECT ` + itemColumns + ` FROM (SELECT ` + itemColumns + listing.OfPatients + `record_item` +
	listing.AmongLive

var itemsOf = store.Among(placedItems+store.Few4+listing.InTheirPlace, placedItems+store.Many4+listing.InTheirPlace)

// ClinicalRecordsOf lists some of each patient's entries.
func (t *Tx) ClinicalRecordsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]clinical.Record, error) {
	return store.SomeOf(ctx, t.Conn, itemsOf, group, of, from, until, scanItem,
		func(r clinical.Record) patient.ID { return r.Patient })
}

const (
	itemsIn = `SELECT ` + itemColumns + ` FROM record_item WHERE practice_group_id = $1 AND consultation_id IN `
	// Those of a consultation that was deleted were deleted with it.
	asNested = ` AND (deleted_at IS NULL OR EXISTS (SELECT 1 FROM consultation c
		WHERE c.practice_group_id = record_item.practice_group_id AND c.id = record_item.consultation_id AND
		c.deleted_at IS NOT NULL)) ORDER BY consultation_id, id`
)

var consultedItems = store.Among(itemsIn+store.Few2+asNested, itemsIn+store.Many2+asNested)

// RecordsOfConsultations lists the entries of consultations.
func (t *Tx) RecordsOfConsultations(
	ctx context.Context, group practice.ID, of []clinical.ConsultationID,
) (map[clinical.ConsultationID][]clinical.Record, error) {
	found, err := store.ListAmong(ctx, t.Conn, consultedItems, store.In{group}, of, scanItem)
	out := make(map[clinical.ConsultationID][]clinical.Record, len(of))
	for _, r := range found {
		out[r.Consultation] = append(out[r.Consultation], r)
	}
	return out, err
}

// SaveClinicalRecord keeps an entry.
func (t *Tx) SaveClinicalRecord(ctx context.Context, group practice.ID, r clinical.Record) error {
	_, err := t.Exec(ctx, `INSERT INTO record_item (`+itemColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
		$21, $22, $23, $24, $25)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET section_title = $6, title = $7, term = $8,
		clinical_status = $10, severity = $11, comments = $17,
			deleted_at = $21, version = $22, updated_at = $24`,
		r.ID, r.Consultation, r.Patient, r.Kind, value.Opt(r.Section), r.SectionTitle, r.Title, r.Term, r.Date.String(),
		r.Status, r.Severity, r.From.String(),
		r.Until.String(), r.Code, r.CodeTerm, string(audit.Snapshot(r.Detail)), r.Comments, value.Opt(r.Doctor),
		r.DoctorName, value.At(r.SharedAt), value.At(r.DeletedAt),
		r.Version, r.CreatedAt, r.UpdatedAt, group)
	return err
}

// KeepRecordVersion keeps what an entry said.
func (t *Tx) KeepRecordVersion(ctx context.Context, group practice.ID, v clinical.Version) error {
	_, err := t.Exec(ctx, `INSERT INTO record_version (practice_group_id, record_id, version, replaced_at,
		replaced_by, was) VALUES ($1, $2, $3, $4, $5, $6)`,
		group, v.Was.ID, v.Was.Version, v.At, v.By, string(audit.Snapshot(v.Was)))
	return err
}

// RecordVersions lists what an entry said before.
func (t *Tx) RecordVersions(
	ctx context.Context, group practice.ID, id clinical.RecordID,
) ([]clinical.Version, error) {
	return store.List(ctx, t.Conn, `SELECT replaced_at, replaced_by, was FROM record_version WHERE
		practice_group_id = $1 AND record_id = $2 ORDER BY version`,
		store.In{group, id}, func(scan store.Scanner) (clinical.Version, error) {
			var v clinical.Version
			err := scan(value.When(&v.At), &v.By, value.Stored(&v.Was))
			return v, err
		})
}
