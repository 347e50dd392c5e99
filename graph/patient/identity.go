package patient

import (
	"context"

	"frontdesk/core/demographics"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// The details a patient gave: core's names and those of this API.
var saidNames = map[string]string{"nhs_number": "nhsNumber"}

// IdentityCheck finds the details that a patient gave.
func (q Query) IdentityCheck(ctx context.Context, reference string) (*gql.IdentityCheck, error) {
	c, known, err := q.Core.Demographics.Quoted(ctx, reference)
	out := &gql.IdentityCheck{
		Reference: c.Reference(), Reason: gql.IdentityCheckReason(c.Reason), Differs: make([]string, len(c.Differs)),
		PatientID: int64(known),
		Said: &gql.IdentityCheckSaid{
			NhsNumber: wire.Text(c.Said.NHSNumber), Dob: wire.Text(c.Said.BirthDate),
			Forename: wire.Text(c.Said.Forename),
			Surname:  wire.Text(c.Said.Surname),
			Postcode: wire.Text(c.Said.Postcode), Sex: wire.Text(string(c.Said.Sex)),
		},
		AskedBy: wire.Text(c.AskedBy), CreatedAt: scalar.Of(c.CreatedAt), ExpiresAt: scalar.Of(c.ExpiresAt),
	}
	for i, name := range c.Differs {
		if out.Differs[i] = name; saidNames[name] != "" {
			out.Differs[i] = saidNames[name]
		}
	}
	return wire.Absent(out, err, demographics.ErrNoReference)
}

// Patient is the patient with the NHS number that was given.
func (f CheckFields) Patient(ctx context.Context, obj *gql.IdentityCheck) (*gql.Patient, error) {
	return f.PatientByID(ctx, patient.ID(obj.PatientID))
}
