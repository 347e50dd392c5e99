// Package relationship is the people around a patient: another patient, or a person of whom only the details are kept.
package relationship

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// ID names a relationship.
type ID int64

// Kind is what a person is to a patient.
type Kind string

// OtherKind is a relationship with a label of its own.
const OtherKind Kind = "other"

// kinds are what people are to patients, by name.
var kinds = map[Kind]string{
	"family": "Family", "emergency_contact": "Emergency contact", "next_of_kin": "Next of kin", "insurer": "Insurer",
	"practitioner": "Practitioner",
	"payer":        "Payer", "referring_clinician": "Referring clinician", OtherKind: "Other", "gp": "gp",
	"parent_guardian": "Parent or guardian",
	"social_worker":   "Social worker", "spouse_partner": "Spouse or partner", "pharmacy": "Pharmacy",
	"anaesthetist": "Anaesthetist", "school": "School",
}

// Details are what is known of a person around a patient.
type Details struct {
	Source        string `json:"source,omitempty"`
	SourceID      string `json:"source_id,omitempty"`
	Title         string `json:"title,omitempty"`
	FirstName     string `json:"first_name,omitempty"`
	LastName      string `json:"last_name,omitempty"`
	Company       string `json:"company,omitempty"`
	PhoneKind     string `json:"phone_kind,omitempty"`
	Phone         string `json:"phone,omitempty"`
	Email         string `json:"email,omitempty"`
	Street        string `json:"street,omitempty"`
	Town          string `json:"town,omitempty"`
	Postcode      string `json:"postcode,omitempty"`
	Country       string `json:"country,omitempty"`
	Notes         string `json:"notes,omitempty"`
	PolicyNumber  string `json:"policy_number,omitempty"`
	Authorisation string `json:"authorisation,omitempty"`
}

// Relationship is a person around a patient: another patient, or a person of whom only the details are kept.
type Relationship struct {
	ID      ID         `json:"id"`
	Kind    Kind       `json:"kind"`
	Label   string     `json:"label"`
	Other   patient.ID `json:"other_patient_id,omitempty"`
	Contact int64      `json:"contact_id,omitempty"`
	Details Details    `json:"details"`
}

// Called is what the relationship is called: the label of its own, or its kind's.
func (r Relationship) Called() string {
	if r.Kind == OtherKind && r.Label != "" {
		return r.Label
	}
	return kinds[r.Kind]
}

// The faults of relationships.
var (
	ErrNotFound  = fault.New(fault.NotFound, "relationship_not_found", "This patient has no such relationship.")
	ErrNoAccount = fault.New(fault.NotFound, "account_not_found", "There is no such patient or contact.")
	// ErrNamedTwice is returned for a link to an account with details of its own.
	ErrNamedTwice = fault.New(fault.Invalid, "related_account_details",
		"Names and addresses of a linked patient or contact are their own: leave them out.")
)

// most is how many relationships a patient can have.
const most = 200

// Reader is what relationship reads.
type Reader interface {
	// Relationships lists those of some patients, in the order of ids.
	Relationships(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Relationship, error)
}

// Store is what relationship needs remembered.
type Store interface {
	Reader
	// RelationshipsByID finds those of the relationships there are.
	RelationshipsByID(ctx context.Context, group practice.ID, ids []ID) (map[ID]Relationship, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	patient.EditTx
	event.Recorder
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	SaveRelationship(ctx context.Context, group practice.ID, of patient.ID, r Relationship) error
	// DropRelationship forgets one, and reports whether the patient had it.
	DropRelationship(ctx context.Context, group practice.ID, of patient.ID, id ID) (bool, error)
}

// Service is the relationship capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// check tidies a relationship, of which an e-mail address was kept already.
func (r *Relationship) check(kept string) error {
	var in input.Checks
	in.Keep(kept)
	if kinds[r.Kind] == "" {
		in.Wrong("relationship_type", input.CodeChoice, "a kind of relationship", "This is not a kind of relationship.")
	}
	r.Label = in.Text("relationship_label", r.Label, 100)
	d := &r.Details
	for _, x := range []struct {
		name string
		text *string
	}{
		{"source", &d.Source}, {"title", &d.Title}, {"first_name", &d.FirstName}, {"last_name", &d.LastName},
		{"company_name", &d.Company},
		{"phone_type", &d.PhoneKind},
	} {
		*x.text = in.Text(x.name, *x.text, 300)
	}
	for _, x := range []struct {
		name string
		text *string
	}{
		{"source_id", &d.SourceID}, {"phone_number", &d.Phone}, {"street", &d.Street}, {"town", &d.Town},
		{"postcode", &d.Postcode},
		{"country", &d.Country}, {"policy_number", &d.PolicyNumber}, {"authorisation_code", &d.Authorisation},
	} {
		*x.text = in.Postal(x.name, *x.text, 300)
	}
	d.Email = in.Email("email", d.Email)
	d.Notes = in.Lines("notes", d.Notes, 2000)
	if err := in.Err(); err != nil {
		return err
	}
	own := d.FirstName + d.LastName + d.Title + d.Company + d.Phone + d.Email + d.Street + d.Town + d.Postcode +
		d.Country
	if (r.Other != 0 || r.Contact != 0) && own != "" {
		return ErrNamedTwice
	}
	if r.Other == 0 && r.Contact == 0 && d.FirstName+d.LastName+d.Company == "" {
		return fault.Wrong("contact", input.CodeSmall, "a name, a company or a related account",
			"A relationship needs a person or a company.")
	}
	return nil
}

// Of are the people around some patients.
func (s *Service) Of(ctx context.Context, of []patient.ID) (map[patient.ID][]Relationship, error) {
	return read.Of(ctx, access.SeePatients, of, s.Store.Relationships)
}

// ByID are some relationships, of whichever patients.
func (s *Service) ByID(ctx context.Context, ids []ID) (map[ID]Relationship, error) {
	return read.Of(ctx, access.SeePatients, ids, s.Store.RelationshipsByID)
}

// edit locks a patient, changes the people around them, and writes the audit entry
// and, with the id of what changed, the event.
func (s *Service) edit(
	ctx context.Context, of patient.ID, action string, asked ID, change event.Type,
	do func(tx Tx, who access.Caller, p patient.Patient) error,
) (patient.Patient, error) {
	now := s.Now().Truncate(time.Microsecond)
	return patient.Edit(ctx, s.Store.Do, now, of, func(tx Tx, who access.Caller, p patient.Patient) error {
		err := do(tx, who, p)
		if err == nil {
			fact := patient.Fact(change, p.ID, event.IDs{"relationship": int64(asked)})
			err = patient.Record(ctx, tx, who, now, fact)
		}
		if err != nil && !errors.Is(err, errSame) {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), nil, asked))
	})
}

// errSame says that a relationship is as it was, so that there is no event.
var errSame = errors.New("nothing differs")

// Add adds a person around a patient. Errors: ErrNoAccount, ErrNamedTwice, patient.ErrTooMany, field faults.
func (s *Service) Add(ctx context.Context, of patient.ID, r Relationship) (patient.Patient, error) {
	r.ID = ID(s.NewID())
	if err := r.check(""); err != nil {
		return patient.Patient{}, err
	}
	return s.edit(ctx, of, "patient.relationship.add", r.ID, event.PatientRelationshipAdded,
		func(tx Tx, who access.Caller, p patient.Patient) error {
			all, err := tx.Relationships(ctx, who.Group, []patient.ID{p.ID})
			if err == nil && len(all[p.ID]) >= most {
				err = patient.ErrTooMany
			}
			if err != nil {
				return err
			}
			if err := related(ctx, tx, who, &r); err != nil {
				return err
			}
			return tx.SaveRelationship(ctx, who.Group, p.ID, r)
		})
}

// related makes sure that the account a relationship is with is there. Contacts cannot be linked yet.
func related(ctx context.Context, tx Tx, who access.Caller, r *Relationship) error {
	if r.Contact != 0 {
		return ErrNoAccount
	}
	if r.Other == 0 {
		return nil
	}
	p, err := patient.Current(ctx, tx, who.Group, r.Other)
	if errors.Is(err, patient.ErrNotFound) {
		return ErrNoAccount
	}
	r.Other = p.ID
	return err
}

// Change sets what is known of a person around a patient; what they are to the
// patient stays. Errors: ErrNotFound, and those of Add.
func (s *Service) Change(ctx context.Context, of patient.ID, id ID, with func(*Relationship)) (patient.Patient, error) {
	return s.edit(ctx, of, "patient.relationship.update", id, event.PatientRelationshipUpdated,
		func(tx Tx, who access.Caller, p patient.Patient) error {
			all, err := tx.Relationships(ctx, who.Group, []patient.ID{p.ID})
			if err != nil {
				return err
			}
			i := slices.IndexFunc(all[p.ID], func(r Relationship) bool { return r.ID == id })
			if i < 0 {
				return ErrNotFound
			}
			was := all[p.ID][i]
			r := was
			with(&r)
			if err := r.check(was.Details.Email); err != nil {
				return err
			}
			if err := related(ctx, tx, who, &r); err != nil {
				return err
			}
			if r == was {
				return errSame
			}
			return tx.SaveRelationship(ctx, who.Group, p.ID, r)
		})
}

// Remove forgets a person around a patient. Error: ErrNotFound.
func (s *Service) Remove(ctx context.Context, of patient.ID, id ID) (patient.Patient, error) {
	return s.edit(ctx, of, "patient.relationship.remove", id, event.PatientRelationshipRemoved,
		func(tx Tx, who access.Caller, p patient.Patient) error {
			found, err := tx.DropRelationship(ctx, who.Group, p.ID, id)
			if err == nil && !found {
				err = ErrNotFound
			}
			return err
		})
}
