package patient

import (
	"context"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Person is somebody as the national demographics service describes them.
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
	Sex        Sex
	DeceasedAt time.Time
	// Restricted is a record whose whereabouts may not be told. It comes with
	// no address, telephone number or e-mail address.
	Restricted bool
	Mobile     string // +447700900123
	Landline   string
	Email      string
	Address    Address
	// Practice is the ODS code of the general practice the person is
	// registered with.
	Practice string
}

// Trace is what is known of a person whose NHS number is not.
type Trace struct {
	FirstName, LastName string
	BirthDate           input.Date
	Postcode            string
	Sex                 Sex // may be empty
}

// Demographics is the national service that knows who has which NHS number.
// Every call has a deadline and may be repeated without harm.
type Demographics interface {
	// Read finds a person by NHS number. Errors: ErrNotTraced,
	// ErrNumberInvalid, ErrNoDemographics, ErrDemographicsDown,
	// ErrDemographicsRefused.
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

type backgroundKey struct{}

// Background marks work nobody waits for: it asks the national service only
// when nobody else wants to.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// IsBackground reports work nobody waits for.
func IsBackground(ctx context.Context) bool {
	yes, _ := ctx.Value(backgroundKey{}).(bool)
	return yes
}

// The faults of tracing people.
var (
	ErrNotTraced     = fault.New(fault.NotFound, "patient_not_traced", "The Personal Demographics Service has no such person.")
	ErrNumberInvalid = fault.New(fault.NotFound, "nhs_number_invalidated", "This NHS number has been withdrawn.")
	ErrSeveralTraced = fault.New(fault.Conflict, "several_patients_traced", "More than one person matches.")
	// ErrNoDemographics is returned for a practice group that has not been set
	// up to ask.
	ErrNoDemographics = fault.New(fault.Conflict, "pds_not_set_up", "This practice group is not connected to the Personal Demographics Service.")
	// ErrDemographicsDown is returned while the service does not answer, or is
	// asked too often.
	ErrDemographicsDown = fault.New(fault.Unavailable, "pds_unavailable", "The Personal Demographics Service does not answer at the moment. Try again shortly.").After(5 * time.Second)
	// ErrDemographicsRefused is returned when the service refuses us: a wrong
	// key, or a request it does not allow. Trying again does not help.
	ErrDemographicsRefused = fault.New(fault.Internal, "pds_refused", "The Personal Demographics Service refused this practice group's connection. Its settings need attention.")
)
