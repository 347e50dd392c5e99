// Package clinical is what clinicians write about patients, and what patients
// are asked, prescribed and tested for.
//
//	clinical.go       what the room has in common: ids, faults, lists
//	consultation.go   what was written at one time
//	item.go           an entry of it: free text, an allergy; and what it said before
//	letter.go         letters about patients
//	questionnaire.go  questions to patients
//	fill.go           the answers to them
//	prescription.go   what was prescribed; only read
//	lab.go            requests to laboratories; only read
package clinical

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/document"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// What a role grants of what is clinical. Consultations and their entries are
// records.
const (
	SeeRecords         access.Permission = "seeRecords"
	EditRecords        access.Permission = "editRecords"
	SeeLetters         access.Permission = "seeLetters"
	EditLetters        access.Permission = "editLetters"
	SeePrescriptions   access.Permission = "seePrescriptions"
	SeeLabs            access.Permission = "seeLabs"
	SeeQuestionnaires  access.Permission = "seeQuestionnaires"
	FillQuestionnaires access.Permission = "fillQuestionnaires"
)

// ConsultationID names a consultation within a practice group.
type ConsultationID int64

// RecordID names an entry within a practice group.
type RecordID int64

// LetterID names a letter within a practice group.
type LetterID int64

// QuestionnaireID names a questionnaire within a practice group.
type QuestionnaireID int64

// PrescriptionID names a prescription within a practice group.
type PrescriptionID int64

// LabID names a laboratory request within a practice group.
type LabID int64

// String gives the id as digits.
func (id ConsultationID) String() string { return strconv.FormatInt(int64(id), 10) }

// String gives the id as digits.
func (id RecordID) String() string { return strconv.FormatInt(int64(id), 10) }

// The faults of clinical.
var (
	ErrNoConsultation  = fault.New(fault.NotFound, "consultation_not_found", "This patient has no such consultation.")
	ErrNoRecord        = fault.New(fault.NotFound, "record_not_found", "This practice group has no such record.")
	ErrNoLetter        = fault.New(fault.NotFound, "letter_not_found", "This practice group has no such letter.")
	ErrNoQuestionnaire = fault.New(fault.NotFound, "questionnaire_not_found",
		"This practice group has no such questionnaire.")
	ErrNoPrescription = fault.New(fault.NotFound, "prescription_not_found",
		"This practice group has no such prescription.")
	ErrNoLab       = fault.New(fault.NotFound, "lab_not_found", "This practice group has no such laboratory request.")
	ErrNoDoctor    = fault.New(fault.NotFound, "doctor_not_found", "This practice group has no such member of staff.")
	ErrNoRecipient = fault.New(fault.NotFound, "recipient_not_found",
		"This practice group has no such patient, contact or relationship.")
	ErrDeleted = fault.New(fault.Conflict, "deleted", "This has been deleted.")
	// ErrOtherKind is returned when an entry is changed as one of another kind.
	ErrOtherKind = fault.New(fault.Conflict, "record_of_another_kind", "This record is of another kind.")
)

// Most is how many things of one patient a list without pages has.
const Most = 1000

// Query is what to list. What is left empty does not narrow the list.
type Query struct {
	input.Listing
	// Cursor, where there is one, takes the place of the page.
	Cursor *input.Cursor
	// When is when consultations and prescriptions were, and when the results of
	// laboratory requests came.
	When input.Span
	// Dated is the date of letters and of entries.
	Dated *input.Days
}

// Rows is a Query in the form the store takes: Limit rows after Offset, or after
// the id From where there is a cursor.
type Rows struct {
	Query
	Offset, Limit int
	From          int64
}

// Reader is what clinical reads. What it finds may have been deleted.
type Reader interface {
	Consultation(ctx context.Context, group practice.ID, id ConsultationID) (Consultation, error)
	ClinicalRecord(ctx context.Context, group practice.ID, id RecordID) (Record, error)
	Letter(ctx context.Context, group practice.ID, id LetterID) (Letter, error)
	Questionnaire(ctx context.Context, group practice.ID, id QuestionnaireID) (Questionnaire, error)
	Prescription(ctx context.Context, group practice.ID, id PrescriptionID) (Prescription, error)
	Lab(ctx context.Context, group practice.ID, id LabID) (Lab, error)

	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	// Staff finds members of staff, whether patients are booked with them or not.
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
}

// Store is what clinical needs remembered. Lists that are asked for by a
// stretch of time come in its order, others in the order of ids. Those of many
// patients leave out what was deleted; of each they give the rows after from and
// up to until, counted from 1.
type Store interface {
	Reader
	Consultations(ctx context.Context, group practice.ID, q Rows) ([]Consultation, error)
	ClinicalRecords(ctx context.Context, group practice.ID, q Rows) ([]Record, error)
	Letters(ctx context.Context, group practice.ID, q Rows) ([]Letter, error)
	Questionnaires(ctx context.Context, group practice.ID, q Rows) ([]Questionnaire, error)
	Prescriptions(ctx context.Context, group practice.ID, q Rows) ([]Prescription, error)
	Labs(ctx context.Context, group practice.ID, q Rows) ([]Lab, error)

	ConsultationsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Consultation, error)
	ClinicalRecordsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Record, error)
	LettersOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]Letter, error)
	PrescriptionsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Prescription, error)
	LabsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]Lab, error)
	// LettersBy lists those that members of staff wrote.
	LettersBy(
		ctx context.Context, group practice.ID, by []practice.PractitionerID, from, until int,
	) (map[practice.PractitionerID][]Letter, error)
	// RecordsOfConsultations lists the entries of some consultations, deleted ones
	// too when asked.
	RecordsOfConsultations(
		ctx context.Context, group practice.ID, of []ConsultationID, deleted bool,
	) (map[ConsultationID][]Record, error)
	// RecordVersions lists what an entry said before, oldest first.
	RecordVersions(ctx context.Context, group practice.ID, id RecordID) ([]Version, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged
	// away, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// RelatedTo is the patient a relationship is one of, or 0 where there is no such
	// relationship.
	RelatedTo(ctx context.Context, group practice.ID, relationship int64) (patient.ID, error)
	// LockConsultation, LockClinicalRecord and LockLetter keep others from changing
	// the thing until the end of the transaction, and find it, deleted or not.
	LockConsultation(ctx context.Context, group practice.ID, id ConsultationID) (Consultation, error)
	LockClinicalRecord(ctx context.Context, group practice.ID, id RecordID) (Record, error)
	LockLetter(ctx context.Context, group practice.ID, id LetterID) (Letter, error)
	RecordsOfConsultations(
		ctx context.Context, group practice.ID, of []ConsultationID, deleted bool,
	) (map[ConsultationID][]Record, error)
	// These keep a new or a changed thing.
	SaveConsultation(ctx context.Context, group practice.ID, c Consultation) error
	SaveClinicalRecord(ctx context.Context, group practice.ID, r Record) error
	SaveLetter(ctx context.Context, group practice.ID, l Letter) error
	SaveQuestionnaire(ctx context.Context, group practice.ID, q Questionnaire) error
	SavePrescription(ctx context.Context, group practice.ID, p Prescription) error
	SaveLab(ctx context.Context, group practice.ID, l Lab) error
	// SaveDocument and KeepContent keep the files of answers.
	SaveDocument(ctx context.Context, group practice.ID, d document.Document) error
	KeepContent(ctx context.Context, group practice.ID, id document.ID, content []byte) error
	// KeepRecordVersion keeps what an entry said before a change.
	KeepRecordVersion(ctx context.Context, group practice.ID, v Version) error
	event.Recorder
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the clinical capability.
type Service struct {
	Store Store
	// Recipient makes sure that a contact is there that a letter goes to, or
	// returns ErrNoRecipient. Without it there are none.
	Recipient func(ctx context.Context, group practice.ID, to Recipient) error
	// Files gives the addresses that files of answers are put at.
	Files *document.Service
	// MediaType tells what kind of file some content is, by its first bytes.
	MediaType func(content []byte) string
	Now       func() time.Time
	NewID     func() int64
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// page lists what a query asks for, and tells whether more follow.
func page[T audit.Thing](
	ctx context.Context, g access.Permission, q Query, list func(context.Context, practice.ID, Rows) ([]T, error),
) (found []T, more bool, err error) {
	who, err := access.Require(ctx, g)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	rows := Rows{Query: q}
	var size int
	if q.Cursor != nil {
		rows.From, size = in.Reach(*q.Cursor)
	} else {
		rows.Offset, size = in.Window(q.Page)
	}
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	rows.Limit = size + 1
	found, err = list(ctx, who.Group, rows)
	if more = len(found) > size; more {
		if q.Cursor != nil && q.Cursor.Back {
			found = found[1:] // the one too many is the earliest
		} else {
			found = found[:size]
		}
	}
	audit.Seen(ctx, found...)
	return found, more, err
}

// parts lists a page of what belongs to each of many.
func parts[K comparable, T audit.Thing](
	ctx context.Context, g access.Permission, of []K, p input.Page,
	list func(context.Context, practice.ID, []K, int, int) (map[K][]T, error),
) (map[K]input.Part[T], error) {
	who, err := access.Require(ctx, g)
	if err != nil {
		return nil, err
	}
	out, err := input.Parts(p, func(from, until int) (map[K][]T, error) {
		return list(ctx, who.Group, of, from, until)
	})
	for _, part := range out {
		audit.Seen(ctx, part.Items...)
	}
	return out, err
}

// all lists what belongs to each of many, up to Most.
func all[K comparable, T audit.Thing](
	ctx context.Context, g access.Permission, of []K, list func(context.Context, practice.ID, []K, int,
		int) (map[K][]T, error),
) (map[K][]T, error) {
	who, err := access.Require(ctx, g)
	if err != nil {
		return nil, err
	}
	out, err := list(ctx, who.Group, of, 0, Most)
	audit.SeenAll(ctx, out)
	return out, err
}

// one finds a thing.
func one[I any, T audit.Thing](
	ctx context.Context, g access.Permission, id I, find func(context.Context, practice.ID, I) (T, error),
) (T, error) {
	who, err := access.Require(ctx, g)
	if err != nil {
		var none T
		return none, err
	}
	out, err := find(ctx, who.Group, id)
	if err == nil {
		audit.Seen(ctx, out)
	}
	return out, err
}

// doctor makes sure that a member of staff is there, whether patients are booked
// with them or not.
func doctor(ctx context.Context, r Reader, group practice.ID, id practice.PractitionerID) error {
	found, err := r.Staff(ctx, group, []account.StaffID{account.StaffID(id)})
	if err == nil && (len(found) == 0 || !found[0].DeletedAt.IsZero()) {
		err = ErrNoDoctor
	}
	return err
}

// today is the date at the practice.
func today(ctx context.Context, r Reader, group practice.ID, now time.Time) (input.Date, error) {
	g, err := r.Group(ctx, group)
	if err != nil {
		return input.NoDate, err
	}
	return input.DateOf(now.In(g.Zone())), nil
}
