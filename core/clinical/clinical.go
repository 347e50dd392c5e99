// Package clinical is what clinicians write about patients, and what patients are prescribed and tested for. Records,
// Letters and Imported are services of their own.
//
//	clinical.go       what they have in common: ids, faults, lists
//	consultation.go   what was written at one time
//	item.go           an entry of it: free text, an allergy; and what it said before
//	letter.go         letters about patients
//	imported.go       how records that were made elsewhere are kept
//	prescription.go   what was prescribed; only read
//	lab.go            requests to laboratories; only read
package clinical

import (
	"context"
	"strconv"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// ConsultationID names a consultation within a practice group.
type ConsultationID int64

// RecordID names an entry within a practice group.
type RecordID int64

// LetterID names a letter within a practice group.
type LetterID int64

// FormID names a questionnaire of core/form within a practice group.
type FormID int64

// String gives the id as digits.
func (id FormID) String() string { return strconv.FormatInt(int64(id), 10) }

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
	ErrNoConsultation = fault.New(fault.NotFound, "consultation_not_found", "This patient has no such consultation.")
	ErrNoRecord       = fault.New(fault.NotFound, "record_not_found", "This practice group has no such record.")
	ErrNoLetter       = fault.New(fault.NotFound, "letter_not_found", "This practice group has no such letter.")
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

// Rows are the rows that a query asks for.
func (q Query) Rows(in *input.Checks) input.Rows {
	if q.Cursor != nil {
		return in.Near(*q.Cursor)
	}
	return in.Rows(q.Page)
}

// page lists what a query asks for, and reports whether more follow.
func page[T any](ctx context.Context, needs access.Permission, q Query,
	list func(context.Context, practice.ID, Query, input.Rows) ([]T, error)) (found []T, more bool, err error) {
	var in input.Checks
	return read.Page(ctx, needs, &in, q.Rows(&in), q, list)
}

// all lists what belongs to each of many, up to Most.
func all[K comparable, T any](ctx context.Context, needs access.Permission, of []K,
	list func(ctx context.Context, group practice.ID, of []K, from, until int) (map[K][]T, error)) (map[K][]T, error) {
	return read.Lists(ctx, needs, of, func(ctx context.Context, group practice.ID, of []K) (map[K][]T, error) {
		return list(ctx, group, of, 0, Most)
	})
}

// PatientLock locks the patient something is written about.
type PatientLock interface {
	// LockPatientAgainstMerge finds the patient an id stands for and keeps them from being merged into another until the
	// end of the transaction, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

// StaffReader finds members of staff.
type StaffReader interface {
	// Staff finds members of staff, whether patients are booked with them or not.
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
}

// doctor makes sure that a member of staff exists, whether patients are booked
// with them or not; 0 is none.
func doctor(ctx context.Context, r StaffReader, group practice.ID, id practice.PractitionerID) error {
	if id == 0 {
		return nil
	}
	found, err := r.Staff(ctx, group, []account.StaffID{account.StaffID(id)})
	if err == nil && (len(found) == 0 || !found[0].DeletedAt.IsZero()) {
		err = ErrNoDoctor
	}
	return err
}
