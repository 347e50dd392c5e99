package clinical

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// Kind is what kind of entry a record is.
type Kind string

// The kinds of entry. Free text is a question and its answer; those after
// Allergy come from questionnaires.
const (
	FreeText      Kind = "freetext"
	Allergy       Kind = "allergy"
	Condition     Kind = "condition"
	FamilyHistory Kind = "familyHistory"
	Medication    Kind = "medication"
	Procedure     Kind = "procedure"
	Relationship  Kind = "relationship"
	File          Kind = "file"
)

// Status says whether an entry still holds; the empty one says nothing.
type Status string

// The clinical states. HL7 FHIR knows them by the same words.
const (
	Active   Status = "Active"
	Inactive Status = "Inactive"
	Resolved Status = "Resolved"
)

// Severity is how bad an allergy is; the empty one was not said.
type Severity string

// Severities are all the severities.
var Severities = []Severity{"", "Mild", "Medium", "High"}

// Record is an entry in a patient's record: part of a consultation.
type Record struct {
	ID           RecordID       `json:"id"`
	Consultation ConsultationID `json:"consultation_id"`
	Patient      patient.ID     `json:"patient_id"`
	Kind         Kind           `json:"kind"`
	// Section is the section of a questionnaire it is in; 0 is none.
	Section      int64  `json:"section_id,omitempty"`
	SectionTitle string `json:"section_title"`
	// Title is what it is about, or the question; Term is the entry in words, or
	// the answer.
	Title    string     `json:"title"`
	Term     string     `json:"term"`
	Date     input.Date `json:"date"`
	Status   Status     `json:"clinical_status"`
	Severity Severity   `json:"severity"`
	// From and Until are when it began and ceased to hold.
	From  input.Date `json:"from"`
	Until input.Date `json:"until"`
	// Code and CodeTerm are a SNOMED CT concept.
	Code       string                  `json:"snomed_code"`
	CodeTerm   string                  `json:"snomed_term"`
	Detail     Detail                  `json:"detail"`
	Comments   string                  `json:"comments"`
	Doctor     practice.PractitionerID `json:"doctor,omitempty"`
	DoctorName string                  `json:"doctor_name"`
	SharedAt   time.Time               `json:"shared_at,omitzero"`
	DeletedAt  time.Time               `json:"deleted_at,omitzero"`
	// Version counts the changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (r Record) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "record", ID: int64(r.ID), Patient: int64(r.Patient)}
}

// Detail is what only some kinds of entry have.
type Detail struct {
	Observation   string      `json:"observation,omitempty"`
	Dosage        string      `json:"dosage,omitempty"`
	Quantity      string      `json:"quantity,omitempty"`
	BatchNumber   string      `json:"batch_number,omitempty"`
	ExpiryDate    string      `json:"expiry_date,omitempty"`
	Repeat        *int        `json:"repeat,omitempty"`
	SampleDate    *input.Date `json:"sample_date,omitempty"`
	InjectionDate *input.Date `json:"injection_date,omitempty"`
	Fasting       *bool       `json:"fasting,omitempty"`
	// Question is the question of a form that it answers; 0 is none, or not known.
	Question int64 `json:"question_id,omitempty"`
}

// Deleted reports whether the entry was deleted.
func (r Record) Deleted() bool { return !r.DeletedAt.IsZero() }

// Version is what an entry said before a change.
type Version struct {
	Was Record
	At  time.Time
	// By is who changed it.
	By string
}

// FreeTextChange is what to set of a question and its answer; nil leaves a thing
// as it is.
type FreeTextChange struct{ SectionTitle, Question, Answer *string }

func (c FreeTextChange) apply(r *Record) error {
	input.Set(&r.SectionTitle, c.SectionTitle)
	input.Set(&r.Title, c.Question)
	input.Set(&r.Term, c.Answer)
	var in input.Checks
	r.SectionTitle = in.Text("section_title", r.SectionTitle, 200)
	r.Title = required(&in, "question", r.Title, 2000)
	r.Term = required(&in, "answer", r.Term, 50_000)
	return in.Err()
}

// AllergyChange is what to set of an allergy; nil leaves a thing as it is.
type AllergyChange struct {
	SectionTitle, Allergen, Comments *string
	Severity                         *Severity
}

func (c AllergyChange) apply(r *Record) error {
	input.Set(&r.SectionTitle, c.SectionTitle)
	input.Set(&r.Term, c.Allergen)
	input.Set(&r.Severity, c.Severity)
	input.Set(&r.Comments, c.Comments)
	var in input.Checks
	r.SectionTitle = in.Text("section_title", r.SectionTitle, 200)
	r.Term = in.Required("allergen", r.Term, 500)
	r.Severity = input.Choice(&in, "severity", r.Severity, Severities)
	r.Comments = in.Lines("comments", r.Comments, 10_000)
	return in.Err()
}

// required is text over several lines that may not be empty.
func required(in *input.Checks, field, value string, limit int) string {
	value = in.Lines(field, value, limit)
	if value == "" {
		in.Wrong(field, input.CodeSmall, "text that is not empty", "This may not be empty.")
	}
	return value
}

// Place is where a new entry goes: into a patient's consultation, or with 0 into
// a new one.
type Place struct {
	Patient      patient.ID
	Consultation ConsultationID
}

// CreateFreeText puts a question and its answer into a record. Errors: field
// faults, patient.ErrNotFound, ErrNoConsultation.
func (s *Records) CreateFreeText(ctx context.Context, in Place, c FreeTextChange) (Record, error) {
	return s.write(ctx, in, Record{Kind: FreeText}, c.apply)
}

// CreateAllergy puts an allergy into a record. Errors: as CreateFreeText.
func (s *Records) CreateAllergy(ctx context.Context, in Place, c AllergyChange) (Record, error) {
	return s.write(ctx, in, Record{Kind: Allergy, Status: Active}, c.apply)
}

func (s *Records) write(ctx context.Context, in Place, r Record, apply func(*Record) error) (Record, error) {
	who, err := access.Require(ctx, access.EditRecords)
	if err != nil {
		return Record{}, err
	}
	if err := apply(&r); err != nil {
		return Record{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	err = s.Store.Do(ctx, func(tx RecordTx) error {
		c, err := s.consultation(ctx, tx, who, in.Patient, in.Consultation, now)
		if err != nil {
			return err
		}
		r, err = s.Enter(ctx, tx, who, c, r, now)
		return err
	})
	return r, err
}

// Enter keeps a new entry of a consultation in a transaction.
func (s *Records) Enter(
	ctx context.Context, tx EntryTx, who access.Caller, c Consultation, r Record, now time.Time,
) (Record, error) {
	r.ID, r.Consultation, r.Patient = RecordID(s.NewID()), c.ID, c.Patient
	r.From, r.Until, r.Version, r.CreatedAt, r.UpdatedAt = input.NoDate, input.NoDate, 1, now, now
	var err error
	if r.Date, err = practice.Today(ctx, tx, who.Group, now); err != nil {
		return r, err
	}
	r.Doctor, r.DoctorName = practice.Member(who), who.Name()
	if err := tx.SaveClinicalRecord(ctx, who.Group, r); err != nil {
		return r, err
	}
	return r, tx.Audit(ctx, who.Audit(now, "record.create", "record", int64(r.ID), nil, r))
}

// UpdateFreeText changes a question or its answer. What it said before is kept.
// Errors: field faults, ErrNoRecord, ErrDeleted, ErrOtherKind.
func (s *Records) UpdateFreeText(ctx context.Context, id RecordID, c FreeTextChange) (Record, error) {
	return s.rewrite(ctx, id, FreeText, c.apply)
}

// UpdateAllergy changes an allergy. What it said before is kept. Errors: as
// UpdateFreeText.
func (s *Records) UpdateAllergy(ctx context.Context, id RecordID, c AllergyChange) (Record, error) {
	return s.rewrite(ctx, id, Allergy, c.apply)
}

func (s *Records) rewrite(ctx context.Context, id RecordID, kind Kind, apply func(*Record) error) (Record, error) {
	return write.Do(ctx, access.EditRecords, s.Now, s.Store.Do, func(e write.Edit[RecordTx]) (Record, error) {
		r, err := e.Tx.LockClinicalRecord(ctx, e.Group(), id)
		before := r
		switch {
		case err != nil:
			return r, err
		case r.Deleted():
			return r, ErrDeleted
		case r.Kind != kind:
			return r, ErrOtherKind
		}
		if err := apply(&r); err != nil {
			return r, err
		}
		err = s.replace(ctx, e.Tx, e.Who, "record.update", before, &r, e.Now)
		return r, err
	})
}

// replace puts an entry in the place of what it was before, which is kept.
func (s *Records) replace(
	ctx context.Context, tx RecordTx, who access.Caller, action string, before Record, r *Record, now time.Time,
) error {
	r.Version, r.UpdatedAt = before.Version+1, now
	if err := tx.KeepRecordVersion(ctx, who.Group, Version{before, now, who.Name()}); err != nil {
		return err
	}
	if err := tx.SaveClinicalRecord(ctx, who.Group, *r); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, action, "record", int64(r.ID), before, *r))
}

// DeleteRecord deletes an entry: it is kept, and can no longer be changed.
// Deleting it again changes nothing. Error: ErrNoRecord.
func (s *Records) DeleteRecord(ctx context.Context, id RecordID) (Record, error) {
	who, err := access.Require(ctx, access.EditRecords)
	if err != nil {
		return Record{}, err
	}
	var r Record
	err = s.Store.Do(ctx, func(tx RecordTx) error {
		r, err = s.delete(ctx, tx, who, id, s.Now().Truncate(time.Microsecond))
		return err
	})
	return r, err
}

func (s *Records) delete(ctx context.Context, tx RecordTx, who access.Caller, id RecordID,
	now time.Time) (Record, error) {
	before, err := tx.LockClinicalRecord(ctx, who.Group, id)
	if err != nil || before.Deleted() {
		return before, err
	}
	r := before
	r.DeletedAt = now
	return r, s.replace(ctx, tx, who, "record.delete", before, &r, now)
}

// Record finds one entry, deleted or not. Error: ErrNoRecord.
func (s *Records) Record(ctx context.Context, id RecordID) (Record, error) {
	return read.One(ctx, access.SeeRecords, id, s.Store.ClinicalRecord)
}

// Records lists entries, and reports whether more follow. Those asked for by their date,
// or by when they were made or changed, come in that order, others in the order
// of their ids.
func (s *Records) Records(ctx context.Context, q Query) ([]Record, bool, error) {
	return page(ctx, access.SeeRecords, q, s.Store.ClinicalRecords)
}

// RecordsOf lists a page of each patient's entries.
func (s *Records) RecordsOf(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Record], error) {
	return read.Parts(ctx, access.SeeRecords, of, p, s.Store.ClinicalRecordsOf)
}

// RecordsOfConsultations lists the entries of some consultations, in the order
// they were made. Those of a consultation that was deleted are among them, and
// no other that was.
func (s *Records) RecordsOfConsultations(
	ctx context.Context, of []ConsultationID,
) (map[ConsultationID][]Record, error) {
	return read.Lists(ctx, access.SeeRecords, of, s.Store.RecordsOfConsultations)
}

// Versions lists what an entry said, oldest first, the entry as it is now last.
// Error: ErrNoRecord.
func (s *Records) Versions(ctx context.Context, id RecordID) ([]Version, error) {
	now, err := s.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	before, err := read.Of(ctx, access.SeeRecords, id, s.Store.RecordVersions)
	return append(slices.Clip(before), Version{Was: now}), err
}
