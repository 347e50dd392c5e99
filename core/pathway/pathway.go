// Package pathway is clinical pathways: what the care of a patient in one episode goes through, with the product it is
// for, a diagnosis, and who is responsible for it. A pathway is of the patient its episode is of.
//
//	pathway.go  the pathway, and the faults
//	port.go     what it needs remembered
//	read.go     pathways found and listed
//	belong.go   what belongs to a pathway
//	change.go   pathways made, changed and deleted, and what other programs keep with them
package pathway

import (
	"strconv"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// ID names a clinical pathway within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// ProductID names a product of core/billing within a practice group.
type ProductID int64

// Status is how far a pathway is, spelt as https://docs.semble.io spells it. Any can follow any.
type Status string

// The states.
const (
	Planned   Status = "PLANNED"
	Waitlist  Status = "WAITLIST"
	Active    Status = "ACTIVE"
	OnHold    Status = "ON_HOLD"
	Lapsed    Status = "LAPSED"
	Finished  Status = "FINISHED"
	Cancelled Status = "CANCELLED"
)

// Statuses are all the states.
var Statuses = []Status{Planned, Waitlist, Active, OnHold, Lapsed, Finished, Cancelled}

// Pathway is a clinical pathway of an episode.
type Pathway struct {
	ID      ID         `json:"id"`
	Episode episode.ID `json:"episode_id"`
	// Patient is the episode's, and follows it.
	Patient   patient.ID `json:"patient_id"`
	Status    Status     `json:"status"`
	StartDate input.Date `json:"start_date"`
	Product   ProductID  `json:"product_id"`
	Diagnosis string     `json:"diagnosis_code"`
	// Clinician is who is responsible for it; 0 is none.
	Clinician account.StaffID `json:"assigned_clinician,omitempty"`
	// CreatedBy is the member of staff who made it; 0 when a program did.
	CreatedBy account.StaffID `json:"created_by,omitempty"`
	DeletedAt time.Time       `json:"deleted_at,omitzero"`
	// Version counts changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Deleted reports whether the pathway was deleted: it is kept, and not shown.
func (p Pathway) Deleted() bool { return !p.DeletedAt.IsZero() }

// AuditSubject says what it is in the audit trail.
func (p Pathway) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "pathway", ID: int64(p.ID), Patient: int64(p.Patient)}
}

const (
	mostDiagnosis = 50
	// mostPathways is how many an episode can have, so that a list of them needs no pages.
	mostPathways = 100
	// mostEntries is how many values of another program can be kept at once, as many as a pathway can have.
	mostEntries = 50
)

// The faults of pathway.
var (
	ErrNotFound = fault.New(fault.NotFound, "clinical_pathway_not_found",
		"This practice group has no such clinical pathway.")
	// ErrOtherPatient keeps what is about one patient off another's pathway.
	ErrOtherPatient = fault.New(fault.Conflict, "pathway_other_patient",
		"This clinical pathway is of another patient than the invoice is about.")
	// ErrMany is returned for one more pathway of an episode that has as many as it can have.
	ErrMany = fault.New(fault.Conflict, "many_pathways", "An episode can have at most 100 clinical pathways.")
	// ErrNoValue is returned for an empty value: there is no way to delete one.
	ErrNoValue = fault.New(fault.Invalid, "metadata_empty", "A value has 1 to 500 characters.")
)
