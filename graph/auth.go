package graph

import (
	"context"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/web"
)

// SignIn gives a token for a password.
func (m mutation) SignIn(
	ctx context.Context, apiKey, email *string, password string, group *string,
) (*gql.Token, error) {
	about := web.Of(ctx)
	c := account.Credentials{
		Key: deref(apiKey), Email: deref(email), Password: password, From: about.Network(), RequestID: about.ID,
	}
	if group != nil {
		var err error
		if c.Group, err = practiceGroup(*group); err != nil {
			return nil, err
		}
	}
	signed, err := m.core.Account.SignIn(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &gql.Token{Token: &signed.Token}
	if s := signed.Staff; s != nil {
		out.User = &gql.CurrentUser{
			ID: encode(kindUser, s.ID), Title: text(s.Title), FirstName: s.FirstName, LastName: s.LastName,
			Gender:   text(s.Gender),
			Pronouns: text(s.Pronouns), Email: s.Email, FullName: s.Name(), IsDoctor: &s.Clinician,
			Qualifications: text(s.Qualifications),
			Registration:   text(s.Registration), MinimumTreatmentAge: s.MinimumAge,
		}
	}
	return out, nil
}

// practiceGroup reads the id of a practice group: as digits, which is how it is
// written everywhere else, or as the practice's id of this API.
func practiceGroup(s string) (practice.ID, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return practice.ID(n), nil
	}
	n, err := known[practice.ID](kindPractice, s)
	if err != nil || n == 0 {
		const expected = "the id of a practice group: digits"
		return 0, fault.Wrong("practiceGroupId", input.CodeString, expected, "This is not the id of a practice group.")
	}
	return n, nil
}
