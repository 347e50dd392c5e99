// Package patient is the people a practice group looks after.
//
//	patient.go    the patient, as kept
//	register.go   add a person, or bring a known one up to date
//	search.go     find people
//	nhsnumber.go  the NHS number and its check digit
package patient

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// ID names a patient within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Source says which system a patient's details came from.
type Source string

// The sources, spelt as the contract spells them; SourceHero is the partner's
// own call.
const (
	SourceHero     Source = "hero"
	SourceEMIS     Source = "emis"
	SourcePDS      Source = "pds"
	SourceGHA      Source = "gha"
	SourceSystmOne Source = "systm_one"
)

// Sources are all the sources.
var Sources = []Source{SourceHero, SourceEMIS, SourcePDS, SourceGHA, SourceSystmOne}

// Sex is a patient's sex, spelt as the contract spells it.
type Sex string

// Sexes are the values of Sex.
var Sexes = []Sex{"Not known", "Not specified", "Male", "Female", "Other"}

// Titles are the forms of address the contract allows; the empty one is none.
var Titles = []string{
	"Baron", "Baroness", "Brigadier", "Count", "Colonel", "Countess", "Captain", "Dame", "The Dowager Viscountess",
	"Dr", "Duchess", "Duke", "Earl", "His Excellency", "Father", "H.E. Ambassador Mr", "H.E. Mr", "H.E. Mrs",
	"Her Grace", "His Grace", "The Hon", "The Hon Mr", "The Hon Mrs", "HRH", "HRH Prince", "HRH Princess",
	"Insurance", "HM King", "Lady", "Lord", "Major", "Master", "Miss", "Mr", "Mrs", "Ms", "Mss", "Mx", "Pr",
	"Professor", "HM Queen", "Rabbi", "Reverend", "Sheikh", "Sheikha", "Sir", "The", "", "Viscount", "Viscountess",
}

// Status says whether a patient is in use.
type Status string

// The statuses.
const (
	Archived   Status = "archived"
	Unarchived Status = "unarchived"
)

// Address is where a patient lives.
type Address struct {
	Line1    string `json:"line_1"`
	Line2    string `json:"line_2"`
	Line3    string `json:"line_3"`
	Town     string `json:"town"`
	County   string `json:"county"`
	Country  string `json:"country"`
	Postcode string `json:"postcode"`
}

// Patient is one person. Empty text means not known.
type Patient struct {
	ID           ID         `json:"id"`
	NHSNumber    string     `json:"nhs_number"` // ten digits
	EMISID       string     `json:"emis_id"`
	EHRPartnerID string     `json:"ehr_partner_id"` // the practice record system's own id
	BirthDate    input.Date `json:"dob"`
	DeceasedAt   time.Time  `json:"deceased_at,omitzero"`
	Title        string     `json:"title"`
	FirstName    string     `json:"first_name"`
	LastName     string     `json:"last_name"`
	Sex          Sex        `json:"sex"`
	Mobile       string     `json:"mobile"` // +447700900123
	Landline     string     `json:"landline"`
	Email        string     `json:"email"`
	Address      Address    `json:"address"`
	Notes        string     `json:"notes"`
	Source       Source     `json:"data_source"`
	Restricted   bool       `json:"restricted"` // where the person lives may not be told
	Status       Status     `json:"status"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

// The faults of patient.
var (
	ErrNotFound = fault.New(fault.NotFound, "patient_not_found", "This practice group has no such patient.")
	// ErrNHSNumberTaken is returned when the number belongs to a patient with
	// another birth date: one of the two is wrong, and we do not guess which.
	ErrNHSNumberTaken = fault.New(fault.Conflict, "nhs_number_taken", "This NHS number belongs to a patient with another date of birth.")
)

// Reader is what patient reads.
type Reader interface {
	// Patient finds a patient, or returns ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id ID) (Patient, error)
	// PatientByNHSNumber finds a patient by number, or returns ErrNotFound.
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (Patient, error)
	// Patients lists those that match, by surname and first name, and how many
	// match in all, counted up to CountLimit.
	Patients(ctx context.Context, group practice.ID, q Query) ([]Patient, int, error)
}

// Store is what patient needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// AddPatient keeps a new patient. It reports false, and keeps nothing,
	// when another has the same NHS number.
	AddPatient(ctx context.Context, group practice.ID, p Patient) (bool, error)
	// LockPatient keeps others from changing the patient until the end of the
	// transaction.
	LockPatient(ctx context.Context, group practice.ID, id ID) error
	// SavePatient keeps a changed patient.
	SavePatient(ctx context.Context, group practice.ID, p Patient) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the patient capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Patient finds one patient. Error: ErrNotFound.
func (s *Service) Patient(ctx context.Context, id ID) (Patient, error) {
	who, err := access.Require(ctx, access.Booking, access.Messaging)
	if err != nil {
		return Patient{}, err
	}
	return s.Store.Patient(ctx, who.Group, id)
}
