package patient

import (
	"context"

	"frontdesk/core/demographics"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// GetIdentityCheck finds the details that a patient gave.
func (o Operations) GetIdentityCheck(ctx context.Context, p oas.GetIdentityCheckParams) (*oas.IdentityCheck, error) {
	c, known, err := o.Core.Demographics.Quoted(ctx, p.Reference)
	if err != nil {
		return nil, err
	}
	out := &oas.IdentityCheck{
		Reference: c.Reference(), Reason: oas.IdentityCheckReason(c.Reason), Said: said(c.Said), Differs: c.Differs,
		PatientID: wire.Text(""), AskedBy: wire.Text(c.AskedBy),
		CreatedAt: c.CreatedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC(),
	}
	if out.Differs == nil {
		out.Differs = []string{}
	}
	if known != 0 {
		out.PatientID = wire.Text(known.String())
	}
	return out, nil
}

func said(s demographics.Said) oas.IdentityCheckSaid {
	var out oas.IdentityCheckSaid
	for value, to := range map[*string]*oas.OptString{
		&s.NHSNumber: &out.NhsNumber, &s.BirthDate: &out.Dob, &s.Forename: &out.Forename, &s.Surname: &out.Surname,
		&s.Postcode: &out.Postcode,
	} {
		if *value != "" {
			*to = wire.String(*value)
		}
	}
	if s.Sex != "" {
		out.Sex = oas.NewOptSex(oas.Sex(s.Sex))
	}
	return out
}
