// Package patient is the people a practice group looks after.
//
//	patient.go       the patient, as kept
//	register.go      add a person, or bring a known one up to date
//	demographics.go  the national service that knows who people are
//	trace.go         add a person the national service knows
//	identity.go      what somebody is told whom it could not identify
//	refresh.go       read the national service again for those who are coming
//	contact.go       telephone numbers and addresses, and who gave them
//	reach.go         who may not be written to
//	contest.go       people with one number and two names; the dead
//	match.go         who may be the same person as somebody; the practice's own id
//	merge.go         two records of one person made one, and made two again
//	news.go          the events of a patient, and what subscriptions are told of
//	search.go        find people
//	person.go        what else is known of them; change, delete and archive
//	nhsnumber.go     the NHS number and its check digit
package patient

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
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

// otherSex reports two sexes of which one speaks against the other: of a sex that
// is not known nothing can be said.
func otherSex(a, b Sex) bool {
	return a != b && slices.Contains(Sexes[2:], a) && slices.Contains(Sexes[2:], b)
}

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

// NumberStatus is what is known of an NHS number. The meanings are those of the
// NHS Data Dictionary's NHS NUMBER STATUS INDICATOR CODE.
type NumberStatus string

// The states of an NHS number; the empty one is a number nobody has traced.
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

// Patient is one person. Empty text means not known.
type Patient struct {
	ID           ID         `json:"id"`
	NHSNumber    string     `json:"nhs_number"` // ten digits
	EMISID       string     `json:"emis_id"`
	EHRPartnerID string     `json:"ehr_partner_id"` // the practice record system's own id
	EHRPartner   string     `json:"ehr_partner"`    // which record system that is
	BirthDate    input.Date `json:"dob"`
	DeceasedAt   time.Time  `json:"deceased_at,omitzero"`
	// DeathSource is who said that the patient has died.
	DeathSource ContactSource `json:"death_source,omitempty"`
	Title       string        `json:"title"`
	FirstName   string        `json:"first_name"`
	LastName    string        `json:"last_name"`
	Sex         Sex           `json:"sex"`
	Mobile      string        `json:"mobile"` // +447700900123
	Landline    string        `json:"landline"`
	Email       string        `json:"email"`
	Address     Address       `json:"address"`
	Notes       string        `json:"notes"`
	Source      Source        `json:"data_source"`
	Restricted  bool          `json:"restricted"` // where the person lives may not be told
	Status      Status        `json:"status"`
	// NumberStatus is what is known of the NHS number. SupersededBy is the
	// number the national service gives this person now, when another patient
	// of the group holds that one: the two must be merged.
	NumberStatus NumberStatus `json:"number_status"`
	SupersededBy string       `json:"superseded_by"`
	// PDSVersion and SyncedAt are which state of the national record was read
	// last, and when.
	PDSVersion string    `json:"pds_version"`
	SyncedAt   time.Time `json:"synced_at,omitzero"`
	// MergedInto is the patient this one is a part of since a merge; 0 is none.
	MergedInto ID `json:"merged_into,omitempty"`
	// DeletedAt is when the record was deleted; it is kept, and not found any more.
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	// Version counts the changes of the record.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Live reports whether the record stands for a person of its own.
func (p Patient) Live() bool { return p.MergedInto == 0 }

// Deleted reports whether the record was deleted.
func (p Patient) Deleted() bool { return !p.DeletedAt.IsZero() }

// The faults of patient.
var (
	ErrNotFound = fault.New(fault.NotFound, "patient_not_found", "This practice group has no such patient.")
	ErrNotInEHR = fault.New(fault.NotFound, "patient_not_in_ehr", "This patient is not connected to the practice's record system.")
	// ErrNHSNumberTaken is returned when the number belongs to a patient with
	// another birth date: one of the two is wrong, and we do not guess which.
	ErrNHSNumberTaken = fault.New(fault.Conflict, "nhs_number_taken", "This NHS number belongs to a patient with another date of birth.")
)

// Reader is what patient reads.
type Reader interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Patient finds a patient, also one that has been merged, or returns
	// ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id ID) (Patient, error)
	// PatientByNHSNumber finds a patient by number, or returns ErrNotFound.
	// PatientByFormerNumber finds the one who had a number before it was
	// superseded, as who they are now; not one that was deleted.
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (Patient, error)
	PatientByFormerNumber(ctx context.Context, group practice.ID, number string) (Patient, error)
	// Patients lists those that match, and how many match in all, counted up to
	// CountTo of the page.
	Patients(ctx context.Context, group practice.ID, q Query) ([]Patient, int, error)
	// Contacts lists what each source says of how to reach a patient.
	Contacts(ctx context.Context, group practice.ID, id ID) (Contacts, error)
	// SharedMobile reports whether another live patient has the number.
	SharedMobile(ctx context.Context, group practice.ID, id ID, mobile string) (bool, error)
	// Alike lists live patients who may be the same person: by birth date and a
	// name, or by a telephone number or e-mail address.
	Alike(ctx context.Context, group practice.ID, p Patient, limit int) ([]Patient, error)
	// MergedIDs lists the patients that have been merged into this one.
	MergedIDs(ctx context.Context, group practice.ID, id ID) ([]ID, error)
	// Merge finds a merge, or returns ErrNotMerged. With id 0 it is the latest
	// of the patient that has not been undone.
	Merge(ctx context.Context, group practice.ID, of ID, id int64) (Merge, error)
	// Due lists live patients with an appointment between from and to whose
	// national record was last read before stale.
	Due(ctx context.Context, group practice.ID, from, to, stale time.Time, limit int) ([]ID, error)
	// People finds patients with what else is known of them, merged and deleted
	// ones too; those the group lacks are left out. PeopleList lists them.
	People(ctx context.Context, group practice.ID, ids []ID) ([]Full, error)
	PeopleList(ctx context.Context, group practice.ID, q PeopleQuery) ([]Full, error)
}

// Store is what patient needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// IdentityCheck finds the check of a token's hash, or returns ErrNoCheck.
	IdentityCheck(ctx context.Context, group practice.ID, hash []byte) (IdentityCheck, error)
	// IdentityCheckQuoted finds the check of a reference that has not expired, or
	// returns ErrNoReference.
	IdentityCheckQuoted(ctx context.Context, group practice.ID, reference int64, now time.Time) (IdentityCheck, error)
	// Forget deletes previews of merges and identity checks that have expired.
	Forget(ctx context.Context, group practice.ID, before time.Time) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// AddPatient keeps a new patient. It reports false, and keeps nothing,
	// when another has the same NHS number, or had it before it was superseded.
	AddPatient(ctx context.Context, group practice.ID, p Patient) (bool, error)
	// SaveFormerNumber keeps that a number was a patient's, in place of what was
	// known of the number before.
	SaveFormerNumber(ctx context.Context, group practice.ID, f FormerNumber) error
	// LockPatient keeps others from changing the patient until the end of the
	// transaction.
	LockPatient(ctx context.Context, group practice.ID, id ID) error
	// SavePatient keeps a changed patient, one version further.
	SavePatient(ctx context.Context, group practice.ID, p Patient) error
	// SaveParticulars keeps what else is known of a patient.
	SaveParticulars(ctx context.Context, group practice.ID, id ID, x Particulars) error
	// Synced notes that the national record was read and held nothing new.
	Synced(ctx context.Context, group practice.ID, id ID, version string, at time.Time) error
	// SaveContact keeps what one source says; DropContact forgets it.
	SaveContact(ctx context.Context, group practice.ID, id ID, c Contact) error
	DropContact(ctx context.Context, group practice.ID, id ID, kind ContactKind, source ContactSource) error

	// KeepPreview keeps the right to merge; TakePreview finds it and deletes
	// it, or returns ErrMergeToken.
	KeepPreview(ctx context.Context, group practice.ID, p Preview) error
	TakePreview(ctx context.Context, group practice.ID, hash []byte) (Preview, error)
	// LockBelongings keeps others from changing what belongs to the patients
	// until the end of the transaction. It comes before LockPatient.
	LockBelongings(ctx context.Context, group practice.ID, ids ...ID) error
	KeepMerge(ctx context.Context, group practice.ID, m Merge) error
	UndoMerge(ctx context.Context, group practice.ID, id int64, at time.Time) error
	// MoveBelongings gives everything of one patient to another and notes it
	// under the merge; ReturnBelongings gives back what is noted there. Both
	// count what was moved, by what it is.
	MoveBelongings(ctx context.Context, group practice.ID, merge int64, from, to ID, at time.Time) (Moved, error)
	ReturnBelongings(ctx context.Context, group practice.ID, merge int64, from, to ID, at time.Time) (Moved, error)
	// Outlook counts the appointments a patient has to come, and the messages that
	// are still to be sent.
	Outlook(ctx context.Context, group practice.ID, id ID, now time.Time) (Outlook, error)
	// Belongings counts what a patient has, by what it is.
	Belongings(ctx context.Context, group practice.ID, of ID) (Moved, error)

	AddIdentityCheck(ctx context.Context, group practice.ID, c IdentityCheck) error
	EventTx
	Enqueue(ctx context.Context, j job.Job) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the patient capability.
type Service struct {
	Store        Store
	Demographics Demographics
	// Upkeep says how a group wants its patients kept fresh.
	Upkeep func(ctx context.Context, group practice.ID) (Upkeep, error)
	// Pages is the address patients' own pages are below.
	Pages func() string
	Now   func() time.Time
	NewID func() int64
}

// Patient finds one patient. A patient who has been merged into another is
// found as that other. Error: ErrNotFound.
func (s *Service) Patient(ctx context.Context, id ID) (Patient, error) {
	who, err := access.Require(ctx, access.SeePatients)
	if err != nil {
		return Patient{}, err
	}
	return Current(ctx, s.Store, who.Group, id)
}

// Misnamed is an error of looking for a patient, with the field that names one
// there is not.
func Misnamed(err error, field string) error {
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	f := *ErrNotFound
	f.Fields = []fault.Field{{Path: []string{field}, Code: f.Code, Expected: "the id of a patient of this practice group", Message: f.Message}}
	return &f
}

// finder finds patients.
type finder interface {
	Patient(ctx context.Context, group practice.ID, id ID) (Patient, error)
}

// Current finds the patient an id stands for now: the one it was merged into,
// if it was. Error: ErrNotFound.
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

// Profile is a patient with all that is known around them.
type Profile struct {
	Patient
	Contacts Contacts
	// SharedMobile says that another patient has the same mobile number, so
	// that a message to it may be read by the wrong person.
	SharedMobile bool
	// Merged are the patients that have been merged into this one.
	Merged []ID
}

// Profile finds one patient with all that is known around them; connected finds
// only one who is connected to the practice's record system. Errors:
// ErrNotFound, ErrNotInEHR.
func (s *Service) Profile(ctx context.Context, id ID, connected bool) (Profile, error) {
	p, err := s.Patient(ctx, id)
	if err != nil {
		return Profile{}, err
	}
	if connected && p.EHRPartnerID == "" {
		return Profile{}, ErrNotInEHR
	}
	return s.profile(ctx, p)
}

func (s *Service) profile(ctx context.Context, p Patient) (Profile, error) {
	who, err := access.Who(ctx)
	if err != nil {
		return Profile{}, err
	}
	out := Profile{Patient: p}
	if out.Contacts, err = contactsOf(ctx, s.Store, who.Group, p); err != nil {
		return out, err
	}
	if p.Mobile != "" {
		if out.SharedMobile, err = s.Store.SharedMobile(ctx, who.Group, p.ID, p.Mobile); err != nil {
			return out, err
		}
	}
	out.Merged, err = s.Store.MergedIDs(ctx, who.Group, p.ID)
	return out, err
}
