package chart

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// Kind is what somebody is to a patient, spelt as the contract spells it.
type Kind string

// OtherKind is a relationship with a label of its own.
const OtherKind Kind = "OTHER"

// kinds are what people are to patients, with what they are called.
var kinds = map[Kind]string{
	"FAMILY": "Family", "EMERGENCY_CONTACT": "Emergency contact", "NEXT_OF_KIN": "Next of kin", "INSURER": "Insurer", "PRACTITIONER": "Practitioner",
	"PAYER": "Payer", "REFERRING_CLINICIAN": "Referring clinician", OtherKind: "Other", "GP": "GP", "PARENT_GUARDIAN": "Parent or guardian",
	"SOCIAL_WORKER": "Social worker", "SPOUSE_PARTNER": "Spouse or partner", "PHARMACY": "Pharmacy", "ANAESTHETIST": "Anaesthetist", "SCHOOL": "School",
}

// Details are what is known of somebody around a patient.
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

// Relationship is somebody around a patient: another patient, or somebody of whom
// only the details are kept.
type Relationship struct {
	ID      RelationshipID `json:"id"`
	Kind    Kind           `json:"kind"`
	Label   string         `json:"label"`
	Other   patient.ID     `json:"other_patient_id,omitempty"`
	Contact int64          `json:"contact_id,omitempty"`
	Details Details        `json:"details"`
}

// Called is what the relationship is called: the label of its own, or its kind's.
func (r Relationship) Called() string {
	if r.Kind == OtherKind && r.Label != "" {
		return r.Label
	}
	return kinds[r.Kind]
}

// ErrNamedTwice is the fault of a link to an account with details of its own.
var ErrNamedTwice = fault.New(fault.Invalid, "related_account_details", "Names and addresses of a linked patient or contact are their own: leave them out.")

// check tidies a relationship, of which an e-mail address was kept already.
func (r *Relationship) check(kept string) error {
	var in input.Checks
	in.Keep(kept)
	if kinds[r.Kind] == "" {
		in.Wrong("relationshipType", input.CodeChoice, "a kind of relationship", "This is not a kind of relationship.")
	}
	r.Label = in.Text("relationshipLabel", r.Label, 100)
	d := &r.Details
	for _, x := range []struct {
		name string
		text *string
	}{
		{"source", &d.Source}, {"title", &d.Title}, {"firstName", &d.FirstName}, {"lastName", &d.LastName}, {"companyName", &d.Company},
		{"phoneType", &d.PhoneKind},
	} {
		*x.text = in.Text(x.name, *x.text, 300)
	}
	for _, x := range []struct {
		name string
		text *string
	}{
		{"sourceId", &d.SourceID}, {"phoneNumber", &d.Phone}, {"address", &d.Street}, {"city", &d.Town}, {"postcode", &d.Postcode},
		{"country", &d.Country}, {"policyNumber", &d.PolicyNumber}, {"authorizationCode", &d.Authorisation},
	} {
		*x.text = in.Postal(x.name, *x.text, 300)
	}
	d.Email = in.Email("email", d.Email)
	d.Notes = in.Lines("notes", d.Notes, 2000)
	if err := in.Err(); err != nil {
		return err
	}
	own := d.FirstName + d.LastName + d.Title + d.Company + d.Phone + d.Email + d.Street + d.Town + d.Postcode + d.Country
	if (r.Other != 0 || r.Contact != 0) && own != "" {
		return ErrNamedTwice
	}
	if r.Other == 0 && r.Contact == 0 && d.FirstName+d.LastName+d.Company == "" {
		return fault.Wrong("contact", input.CodeSmall, "a name, a company or relatedAccountId", "A relationship needs to be with somebody.")
	}
	return nil
}

// Relationships are the people around some patients.
func (s *Service) Relationships(ctx context.Context, of []patient.ID) (map[patient.ID][]Relationship, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.Relationships(ctx, who.Group, of)
}

// RelationshipsByID are some relationships, of whichever patients.
func (s *Service) RelationshipsByID(ctx context.Context, ids []RelationshipID) (map[RelationshipID]Relationship, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.RelationshipsByID(ctx, who.Group, ids)
}

// AddRelationship adds somebody around a patient. Errors: ErrNoAccount,
// ErrNamedTwice, field faults.
func (s *Service) AddRelationship(ctx context.Context, of patient.ID, r Relationship) (patient.Full, error) {
	r.ID = RelationshipID(s.NewID())
	if err := r.check(""); err != nil {
		return patient.Full{}, err
	}
	return s.change(ctx, of, "patient.relationship.add", r.ID, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		all, err := tx.Relationships(ctx, who.Group, []patient.ID{p.ID})
		if err == nil && len(all[p.ID]) >= most {
			err = ErrTooMany
		}
		if err != nil {
			return err
		}
		if err := s.related(ctx, tx, who, &r); err != nil {
			return err
		}
		return keepRelationship(ctx, tx, who, p.ID, event.PatientRelationshipAdded, r, now)
	})
}

// keepRelationship keeps somebody around a patient, and tells of it.
func keepRelationship(ctx context.Context, tx Tx, who access.Caller, of patient.ID, change event.Type, r Relationship, now time.Time) error {
	if err := tx.SaveRelationship(ctx, who.Group, of, r); err != nil {
		return err
	}
	return patient.Record(ctx, tx, who, now, patient.Fact(change, of, event.IDs{"relationship": int64(r.ID)}))
}

// related makes sure that whoever a relationship is with is there. Contacts are not
// kept yet.
func (s *Service) related(ctx context.Context, tx Tx, who access.Caller, r *Relationship) error {
	if r.Contact != 0 {
		return ErrNoAccount
	}
	if r.Other == 0 {
		return nil
	}
	p, err := patient.Current(ctx, tx, who.Group, r.Other)
	if fault.Of(err).Code == patient.ErrNotFound.Code {
		return ErrNoAccount
	}
	r.Other = p.ID
	return err
}

// ChangeRelationship sets what is known of somebody; whom it is to, and what they
// are, stays. Errors: ErrNoRelationship, and those of AddRelationship.
func (s *Service) ChangeRelationship(ctx context.Context, of patient.ID, id RelationshipID, with func(*Relationship)) (patient.Full, error) {
	return s.change(ctx, of, "patient.relationship.update", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		all, err := tx.Relationships(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all[p.ID], func(r Relationship) bool { return r.ID == id })
		if i < 0 {
			return ErrNoRelationship
		}
		was := all[p.ID][i]
		r := was
		with(&r)
		if err := r.check(was.Details.Email); err != nil {
			return err
		}
		if err := s.related(ctx, tx, who, &r); err != nil || r == was {
			return err
		}
		return keepRelationship(ctx, tx, who, p.ID, event.PatientRelationshipUpdated, r, now)
	})
}

// RemoveRelationship forgets somebody around a patient. Error: ErrNoRelationship.
func (s *Service) RemoveRelationship(ctx context.Context, of patient.ID, id RelationshipID) (patient.Full, error) {
	return s.change(ctx, of, "patient.relationship.remove", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		found, err := tx.DropRelationship(ctx, who.Group, p.ID, id)
		return dropped(ctx, tx, who, now, found, err, ErrNoRelationship,
			patient.Fact(event.PatientRelationshipRemoved, p.ID, event.IDs{"relationship": int64(id)}))
	})
}
