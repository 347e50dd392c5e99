package practice

import (
	"context"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
	"frontdesk/web"
)

// SignIn gives a token for a password.
func (m Mutation) SignIn(
	ctx context.Context, apiKey, email *string, password string, group *string,
) (*gql.Token, error) {
	about := web.Of(ctx)
	c := account.Credentials{
		Key: wire.Deref(apiKey), Email: wire.Deref(email), Password: password, From: about.Network(),
		RequestID: about.ID,
	}
	if group != nil {
		var err error
		if c.Group, err = practiceGroup(*group); err != nil {
			return nil, err
		}
	}
	signed, err := m.Core.Account.SignIn(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &gql.Token{Token: &signed.Token}
	if s := signed.Staff; s != nil {
		out.User = &gql.CurrentUser{
			ID: wire.Encode(wire.KindUser, s.ID), Title: wire.Text(s.Title), FirstName: s.FirstName,
			LastName: s.LastName,
			Gender:   wire.Text(s.Gender),
			Pronouns: wire.Text(s.Pronouns), Email: s.Email, FullName: s.Name(), IsDoctor: &s.Clinician,
			Qualifications: wire.Text(s.Qualifications),
			Registration:   wire.Text(s.Registration), MinimumTreatmentAge: s.MinimumAge,
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
	n, err := wire.Known[practice.ID](wire.KindPractice, s)
	if err != nil || n == 0 {
		const expected = "the id of a practice group: digits"
		return 0, fault.Wrong("practiceGroupId", input.CodeString, expected, "This is not the id of a practice group.")
	}
	return n, nil
}
