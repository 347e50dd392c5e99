// Package demographics registers people the national service knows, and keeps their
// records fresh. PDS is the Personal Demographics Service.
//
//	pds.go       the national service, as connectors provide it
//	register.go  register a person the national service knows
//	adopt.go     take over what the national service says
//	refresh.go   read the national service again for patients who are coming
//	identify.go  a visitor of a page who says who they are
//	identity.go  the page for a person who could not be identified
package demographics

import (
	"context"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Person is a person as the national demographics service describes them.
// Every detail may be missing: a real record may hold nothing but its number.
type Person struct {
	// NHSNumber is the number the service knows the person by. It is another
	// one than was asked for when that one has been superseded.
	NHSNumber string
	// Version is the service's own word for this state of the record.
	Version    string
	Title      string
	FirstName  string // all given names, with a space between
	LastName   string
	OtherNames []string   // other surnames in use: a temporary one, a nickname's
	BirthDate  input.Date // NoDate when not known
	Sex        patient.Sex
	DeceasedAt time.Time
	// Restricted is a record whose whereabouts may not be told. It comes with
	// no address, telephone number or e-mail address.
	Restricted bool
	Mobile     string // +447700900123
	Landline   string
	Email      string
	Address    patient.Address
	// Practice is the ODS code of the general practice the person is registered with.
	Practice string
}

// Trace is what is known of a person whose NHS number is not.
type Trace struct {
	FirstName, LastName string
	BirthDate           input.Date
	Postcode            string
	Sex                 patient.Sex // may be empty
}

// PDS is the national service that knows who has which NHS number. Every call has
// a deadline and may be repeated without harm.
type PDS interface {
	// Read finds a person by NHS number. Errors: ErrNotTraced, ErrNumberInvalid, ErrNotSetUp, ErrDown, ErrRefused.
	Read(ctx context.Context, group practice.ID, number string) (Person, error)
	// Trace finds the one person who matches exactly, and reads the whole of
	// their record. Errors: those of Read, and ErrSeveralTraced.
	Trace(ctx context.Context, group practice.ID, t Trace) (Person, error)
}

// Upkeep says how a practice group wants its patients kept fresh.
type Upkeep struct {
	// On is whether it wants it at all.
	On bool
	// Every is how old the reading of a national record may become, and Ahead
	// how far ahead an appointment may be for its patient to be read again.
	Every, Ahead time.Duration
}

// Networks finds the practices that a group is in a network with.
type Networks interface {
	// NetworkODSCodes lists the ODS codes of the members of the group's networks.
	NetworkODSCodes(ctx context.Context, group practice.ID) ([]string, error)
}

// Reader is what demographics reads of patients.
type Reader interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error)
	patient.HolderReader
	Patients(ctx context.Context, group practice.ID, q patient.Query) ([]patient.Patient, int, error)
	// Due lists live patients with an appointment between from and to whose national record was last read before stale.
	Due(ctx context.Context, group practice.ID, from, to, stale time.Time, limit int) ([]patient.ID, error)
}

// Store is what demographics needs remembered.
type Store interface {
	Reader
	// IdentityCheck finds the check of a token's hash, or returns ErrNoCheck.
	IdentityCheck(ctx context.Context, group practice.ID, hash []byte) (IdentityCheck, error)
	// IdentityCheckQuoted finds the check of a reference that has not expired, or returns ErrNoReference.
	IdentityCheckQuoted(ctx context.Context, group practice.ID, reference int64, now time.Time) (IdentityCheck, error)
	// Forget deletes identity checks that have expired.
	Forget(ctx context.Context, group practice.ID, before time.Time) error
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	patient.AddTx
	patient.DeathTx
	PatientByNHSNumber(ctx context.Context, group practice.ID, number string) (patient.Patient, error)
	// SaveFormerNumber keeps that a number was a patient's, in place of what was known of the number before.
	SaveFormerNumber(ctx context.Context, group practice.ID, f FormerNumber) error
	// Synced notes that the national record was read and held nothing new.
	Synced(ctx context.Context, group practice.ID, id patient.ID, version string, at time.Time) error
	AddIdentityCheck(ctx context.Context, group practice.ID, c IdentityCheck) error
}

// Service is the demographics capability.
type Service struct {
	Store    Store
	Networks Networks
	PDS      PDS
	// Upkeep says how a group wants its patients kept fresh.
	Upkeep func(ctx context.Context, group practice.ID) (Upkeep, error)
	// Pages is the address patients' own pages are below.
	Pages func() string
	Now   func() time.Time
	NewID func() int64
}

type backgroundKey struct{}

// Background marks work that no caller waits for: it asks the national service when no other call wants to.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// IsBackground reports work that no caller waits for.
func IsBackground(ctx context.Context) bool {
	yes, _ := ctx.Value(backgroundKey{}).(bool)
	return yes
}

// The faults of tracing people.
var (
	ErrNotTraced = fault.New(fault.NotFound, "patient_not_traced",
		"The Personal Demographics Service has no such person.")
	ErrNumberInvalid = fault.New(fault.NotFound, "nhs_number_invalidated", "This NHS number has been withdrawn.")
	ErrSeveralTraced = fault.New(fault.Conflict, "several_patients_traced", "More than one person matches.")
	// ErrNotSetUp is returned for a practice group that has not been set up to ask.
	ErrNotSetUp = fault.New(fault.Conflict, "pds_not_set_up",
		"This practice group is not connected to the Personal Demographics Service.")
	// ErrDown is returned while the service does not answer, or is asked too often.
	ErrDown = fault.New(fault.Unavailable, "pds_unavailable",
		"The Personal Demographics Service does not answer at the moment. Try again shortly.").After(5 * time.Second)
	// ErrRefused is returned when the service refuses us: a wrong
	// key, or a request it does not allow. Trying again does not help.
	ErrRefused = fault.New(fault.Internal, "pds_refused",
		"The Personal Demographics Service refused this practice group's connection. Its settings need attention.")
)
