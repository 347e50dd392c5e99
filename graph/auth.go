package graph

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/graph/gql"
)

// SignIn gives a token for a password.
func (m mutation) SignIn(ctx context.Context, apiKey, email *string, password string) (*gql.Token, error) {
	signed, err := m.core.Account.SignIn(ctx, account.Credentials{Key: deref(apiKey), Email: deref(email), Password: password})
	if err != nil {
		return nil, err
	}
	out := &gql.Token{Token: &signed.Token}
	if s := signed.Staff; s != nil {
		out.User = &gql.CurrentUser{
			ID: encode(kindUser, s.ID), Title: text(s.Title), FirstName: s.FirstName, LastName: s.LastName, Gender: text(s.Gender),
			Pronouns: text(s.Pronouns), Email: s.Email, FullName: s.Name(), IsDoctor: &s.Clinician, Qualifications: text(s.Qualifications),
			Registration: text(s.Registration), MinimumTreatmentAge: s.MinimumAge,
		}
	}
	return out, nil
}
