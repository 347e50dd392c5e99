package graph

import (
	"context"

	"frontdesk/core/demographics"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// The details somebody gave, by their names here for those of core.
var saidNames = map[string]string{"nhs_number": "nhsNumber"}

// IdentityCheck finds who somebody said they were.
func (q query) IdentityCheck(ctx context.Context, reference string) (*gql.IdentityCheck, error) {
	c, known, err := q.core.Demographics.Quoted(ctx, reference)
	out := &gql.IdentityCheck{
		Reference: c.Reference(), Reason: gql.IdentityCheckReason(c.Reason), Differs: make([]string, len(c.Differs)),
		PatientID: int64(known),
		Said: &gql.IdentityCheckSaid{
			NhsNumber: text(c.Said.NHSNumber), Dob: text(c.Said.BirthDate), Forename: text(c.Said.Forename),
			Surname:  text(c.Said.Surname),
			Postcode: text(c.Said.Postcode), Sex: text(string(c.Said.Sex)),
		},
		AskedBy: text(c.AskedBy), CreatedAt: scalar.Of(c.CreatedAt), ExpiresAt: scalar.Of(c.ExpiresAt),
	}
	for i, name := range c.Differs {
		if out.Differs[i] = name; saidNames[name] != "" {
			out.Differs[i] = saidNames[name]
		}
	}
	return absent(out, err, demographics.ErrNoReference)
}

// Patient is who has the NHS number somebody gave.
func (f checkFields) Patient(ctx context.Context, obj *gql.IdentityCheck) (*gql.Patient, error) {
	return f.patientByID(ctx, patient.ID(obj.PatientID))
}
