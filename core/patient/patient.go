// Package patient is the people a practice group looks after.
//
//	patient.go       the patient, as kept
//	particulars.go   what else is known of them
//	register.go      add a patient, or bring a known one up to date
//	change.go        change a patient; keep a change, with its event and audit entry
//	edit.go          lock a patient, and change something that belongs to them
//	read.go          patients by their ids
//	list.go          patients listed and searched for
//	contactpoint.go  a patient's telephone numbers and addresses, and who gave them
//	belonging.go     attributes, labels and access groups
//	phone.go         further telephone numbers
//	number.go        the numbers a practice knows a patient by
//	contest.go       people with one number and two names; patients who have died
//	reach.go         patients who may not be written to
//	event.go         the events of a patient
//
// Package demographics finds people in the national service, package merge makes one record of two, package archive
// archives and deletes patients, and package identifier has the kinds of numbers.
package patient

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/contactpoint"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/label"
	"frontdesk/core/practice"
)

// ID names a patient within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Source says which system a patient's details came from.
type Source string

// The sources; SourceHero is the partner's own call.
const (
	SourceHero     Source = "hero"
	SourceEMIS     Source = "emis"
	SourcePDS      Source = "pds"
	SourceGHA      Source = "gha"
	SourceSystmOne Source = "systm_one"
)

// Sources are all the sources.
var Sources = []Source{SourceHero, SourceEMIS, SourcePDS, SourceGHA, SourceSystmOne}

// Sex is a patient's sex; the empty one was never given.
type Sex string

// The sexes, by the words of the NHS Data Dictionary.
const (
	SexNotKnown     Sex = "Not known"
	SexNotSpecified Sex = "Not specified"
	Male            Sex = "Male"
	Female          Sex = "Female"
	SexOther        Sex = "Other"
)

// Sexes are the values of Sex.
var Sexes = []Sex{SexNotKnown, SexNotSpecified, Male, Female, SexOther}

// SexDiffers reports two sexes of which one speaks against the other: of a sex that is not known nothing can be said.
func SexDiffers(a, b Sex) bool {
	return a != b && slices.Contains(Sexes[2:], a) && slices.Contains(Sexes[2:], b)
}

// Titles are the forms of address that are kept; the empty one is none.
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

// NumberStatus is what is known of an NHS number. The meanings are those of the
// NHS Data Dictionary's NHS NUMBER STATUS INDICATOR CODE.
type NumberStatus string

// The states of an NHS number; the empty one is a number that was never traced.
const (
	NumberVerified  NumberStatus = "verified"  // the national service knows the person by it
	NumberWithdrawn NumberStatus = "withdrawn" // it was invalidated
	NumberDisputed  NumberStatus = "disputed"  // the national service has it with another birth date
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

// Patient is one person. Empty text means not known. The particulars, the contact
// points and what stands below them are there where they were asked for.
type Patient struct {
	ID           ID         `json:"id"`
	NHSNumber    string     `json:"nhs_number"` // ten digits
	EMISID       string     `json:"emis_id"`
	EHRPartnerID string     `json:"ehr_partner_id"` // the practice record system's own id
	EHRPartner   string     `json:"ehr_partner"`    // which record system that is
	BirthDate    input.Date `json:"dob"`
	DeceasedAt   time.Time  `json:"deceased_at,omitzero"`
	// DeathSource is who said that the patient has died.
	DeathSource contactpoint.Informant `json:"death_source,omitempty"`
	Title       string                 `json:"title"`
	FirstName   string                 `json:"first_name"`
	LastName    string                 `json:"last_name"`
	Sex         Sex                    `json:"sex"`
	Mobile      string                 `json:"mobile"` // +447700900123
	Landline    string                 `json:"landline"`
	Email       string                 `json:"email"`
	Address     Address                `json:"address"`
	Notes       string                 `json:"notes"`
	Source      Source                 `json:"data_source"`
	Restricted  bool                   `json:"restricted"` // where the person lives may not be told
	Status      Status                 `json:"status"`
	// NumberStatus is what is known of the NHS number. SupersededBy is the number the national service gives this
	// person now, when another patient of the group holds that one: the two must be merged.
	NumberStatus NumberStatus `json:"number_status"`
	SupersededBy string       `json:"superseded_by"`
	// PDSVersion and SyncedAt are which state of the national record was read last, and when.
	PDSVersion string    `json:"pds_version"`
	SyncedAt   time.Time `json:"synced_at,omitzero"`
	// MergedInto is the patient this one is a part of since a merge; 0 is none.
	MergedInto ID `json:"merged_into,omitempty"`
	// DeletedAt is when the record was deleted; it is kept, and not found any more.
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	Particulars
	// contactpoint.Points are what each source says of how to reach the patient.
	ContactPoints contactpoint.Points `json:"contact_details,omitempty"`
	// SharedMobile says that another patient has the same mobile number, so
	// that a message to it may be read by the wrong person.
	SharedMobile bool `json:"-"`
	// Merged are the patients that have been merged into this one.
	Merged []ID `json:"-"`
	// Version counts the changes of the record.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Live reports whether the record stands for a person of its own.
func (p Patient) Live() bool { return p.MergedInto == 0 }

// Deleted reports whether the record was deleted.
func (p Patient) Deleted() bool { return !p.DeletedAt.IsZero() }

// same reports whether nothing of the record differs.
func (p Patient) same(o Patient) bool {
	points := slices.Equal(p.ContactPoints, o.ContactPoints)
	p.ContactPoints, o.ContactPoints = nil, nil
	return points && reflect.DeepEqual(p, o)
}

// FullName is title, given names and surname.
func (p Patient) FullName() string {
	return strings.Join(strings.Fields(p.Title+" "+p.FirstName+" "+p.LastName), " ")
}

// RecordSystem is the practice's record system: the word given with the patient's id there decides.
func (p Patient) RecordSystem() Source {
	name := strings.ToLower(p.EHRPartner)
	if strings.Contains(name, "systm") || strings.Contains(name, "tpp") || p.Source == SourceSystmOne {
		return SourceSystmOne
	}
	return SourceEMIS
}

// The faults of patient.
var (
	ErrNotFound = fault.New(fault.NotFound, "patient_not_found", "This practice group has no such patient.")
	ErrNotInEHR = fault.New(fault.NotFound, "patient_not_in_ehr",
		"This patient is not connected to the practice's record system.")
	ErrTooMany = fault.New(fault.Conflict, "too_many", "A patient can have at most 200 of these.")
	// ErrRestricted is returned when a contact point is given for a restricted record.
	ErrRestricted = fault.New(fault.Conflict, "patient_restricted",
		"This is a restricted record: no address, telephone number or e-mail address is kept.")
	// ErrNHSNumberTaken is returned when the number belongs to a patient with
	// another birth date: one of the two is wrong, and we do not guess which.
	ErrNHSNumberTaken = fault.New(fault.Conflict, "nhs_number_taken",
		"This NHS number belongs to a patient with another date of birth.")
)

// HolderReader finds who has an NHS number.
type HolderReader interface {
	// Holder finds the patient who has a number, or else the one who had it before it was superseded, as who they are
	// now, unless that one was deleted; or returns ErrNotFound.
	Holder(ctx context.Context, group practice.ID, number string) (Patient, error)
}

// PointReader reads contact points.
type PointReader interface {
	// contactpoint.Points lists what each source says of how to reach a patient.
	ContactPoints(ctx context.Context, group practice.ID, id ID) (contactpoint.Points, error)
}

// BelongingReader reads what belongs to some patients, in the order of ids.
type BelongingReader interface {
	Phones(ctx context.Context, group practice.ID, of []ID) (map[ID][]Phone, error)
	Numbers(ctx context.Context, group practice.ID, of []ID) (map[ID][]Number, error)
	Attributes(ctx context.Context, group practice.ID, of []ID) (map[ID][]Attribute, error)
	LabelsOn(ctx context.Context, group practice.ID, of []ID) (map[ID][]label.Use, error)
	AccessGroupsOfPatients(ctx context.Context, group practice.ID, of []ID) (map[ID][]account.AccessGroup, error)
}

// Reader is what is read of patients.
type Reader interface {
	PointReader
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Patient finds a patient without their particulars, also one that has been merged, or returns ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id ID) (Patient, error)
	// PatientsByID finds patients with their particulars, merged and deleted ones
	// too; those the group lacks are left out.
	PatientsByID(ctx context.Context, group practice.ID, ids []ID) ([]Patient, error)
	// Patients lists those that match, and how many match in all where the query
	// wants that, counted as input.CountTo says of the page.
	Patients(ctx context.Context, group practice.ID, q Query) ([]Patient, int, error)
	// SharedMobile reports whether another live patient has the number.
	SharedMobile(ctx context.Context, group practice.ID, id ID, mobile string) (bool, error)
	// MergedIDs lists the patients that have been merged into this one.
	MergedIDs(ctx context.Context, group practice.ID, id ID) ([]ID, error)
}

// Store is what patients need remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// BelongingStore is what belongs to patients.
type BelongingStore interface {
	BelongingReader
	HasNumberDefinition(ctx context.Context, group practice.ID, id DefinitionID) (bool, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(BelongingTx) error) error
}

// Tx is a Store inside a transaction that adds or changes a patient.
type Tx interface {
	AddTx
	labelTx
	Patients(ctx context.Context, group practice.ID, q Query) ([]Patient, int, error)
}

// AddTx is what it takes to add a patient, or to change the one there is.
type AddTx interface {
	ChangeTx
	HolderReader
	TaskTx
	// AddPatient keeps a new patient. It reports false, and keeps nothing,
	// when another has the same NHS number, or had it before it was superseded.
	AddPatient(ctx context.Context, group practice.ID, p Patient) (bool, error)
}

// ChangeTx is what it takes to change a patient.
type ChangeTx interface {
	EditTx
	KeepTx
	PointReader
}

// KeepTx keeps a changed patient, with an event.
type KeepTx interface {
	EventTx
	// SavePatient keeps a changed patient, one version further.
	SavePatient(ctx context.Context, group practice.ID, p Patient) error
	// SaveParticulars keeps what else is known of a patient.
	SaveParticulars(ctx context.Context, group practice.ID, id ID, x Particulars) error
	// SaveContactPoint keeps what one source says; without a value it is forgotten.
	SaveContactPoint(ctx context.Context, group practice.ID, id ID, c contactpoint.Point) error
	Audit(ctx context.Context, e audit.Entry) error
}

// BelongingTx is a Store inside a transaction that changes what belongs to a patient.
type BelongingTx interface {
	ChangeTx
	HolderReader
	BelongingReader
	labelTx
	AccessGroups(ctx context.Context, group practice.ID) ([]account.AccessGroup, error)
	// DropBelonging forgets a thing, and reports whether the patient had it.
	DropBelonging(ctx context.Context, group practice.ID, of ID, b Belonging) (bool, error)
}

// TaskTx gives staff tasks.
type TaskTx interface {
	Enqueue(ctx context.Context, j job.Job) error
}

// Service is the patient capability.
type Service struct {
	Store      Store
	Belongings BelongingStore
	Now        func() time.Time
	NewID      func() int64
}

func (s *Service) now() time.Time { return s.Now().Truncate(time.Microsecond) }

// Misnamed is an error of looking for a patient, with the field that names one there is not.
func Misnamed(err error, field string) error {
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	f := *ErrNotFound
	f.Fields = []fault.Field{{
		Path: []string{field}, Code: f.Code, Expected: "the id of a patient of this practice group", Message: f.Message,
	}}
	return &f
}

// finder finds patients.
type finder interface {
	Patient(ctx context.Context, group practice.ID, id ID) (Patient, error)
}

// Current finds the patient an id stands for now: the one it was merged into, if it was. Error: ErrNotFound.
func Current(ctx context.Context, r finder, group practice.ID, id ID) (Patient, error) {
	for {
		p, err := r.Patient(ctx, group, id)
		// A merge needs two live records, so the pointers never go round.
		if err != nil {
			return p, err
		}
		if p.Deleted() {
			return Patient{}, ErrNotFound
		}
		if p.Live() {
			return p, nil
		}
		id = p.MergedInto
	}
}
