package patient

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/patient"
	"frontdesk/core/relationship"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
)

// RelatedAccounts are the people related to a patient.
func (f Fields) RelatedAccounts(ctx context.Context, obj *gql.Patient) ([]*gql.PatientRelationship, error) {
	all, err := wire.Loader(ctx, "relationships", f.Core.Relationship.Of).Load(ctx, obj.Of.ID)
	if err != nil {
		return nil, err
	}
	return f.relationships(ctx, all)
}

func (d Resolver) relationships(ctx context.Context,
	all []relationship.Relationship) ([]*gql.PatientRelationship, error) {
	// The others are asked for together.
	var others []patient.ID
	for _, r := range all {
		if r.Other != 0 {
			others = append(others, r.Other)
		}
	}
	if _, err := d.people(ctx).LoadAll(ctx, others); err != nil {
		return nil, err
	}
	out := make([]*gql.PatientRelationship, len(all))
	for i, r := range all {
		c := &gql.PatientRelationshipContact{
			Source: wire.Text(r.Details.Source), SourceID: wire.Text(r.Details.SourceID),
			Notes:             wire.Text(r.Details.Notes),
			PolicyNumber:      wire.Text(r.Details.PolicyNumber),
			AuthorizationCode: wire.Text(r.Details.Authorisation), Phones: []*gql.Phone{},
		}
		out[i] = &gql.PatientRelationship{
			RelationshipID:    new(wire.Encode(wire.KindRelationship, r.ID)),
			RelationshipType:  new(wire.Upper[gql.PatientRelationshipType](r.Kind)),
			RelationshipLabel: wire.Text(r.Called()),
			Deleted:           new(false), ContactDetails: c,
		}
		if r.Other == 0 {
			details(c, r)
			continue
		}
		p, err := d.PatientByID(ctx, r.Other)
		if err != nil {
			return nil, err
		}
		if p != nil {
			out[i].Deleted = new(p.Of.Deleted())
			of(c, p)
		}
	}
	return out, nil
}

// Related is the name and the e-mail address of a person related to a patient, who may
// have been removed since.
func (d Resolver) Related(ctx context.Context, id relationship.ID) (name, email *string, err error) {
	r, err := wire.Loader(ctx, "relationships by id", d.Core.Relationship.ByID).Load(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if r.Other != 0 {
		p, err := d.PatientByID(ctx, r.Other)
		if err != nil || p == nil {
			return nil, nil, err
		}
		return p.FullName, p.Email, nil
	}
	c := r.Details
	name = wire.Text(patient.Patient{Title: c.Title, FirstName: c.FirstName, LastName: c.LastName}.FullName())
	if name == nil {
		name = wire.Text(c.Company)
	}
	return name, wire.Text(c.Email), nil
}

// details fills in what is kept of a related person who is no account.
func details(c *gql.PatientRelationshipContact, r relationship.Relationship) {
	d := r.Details
	c.Title, c.FirstName, c.LastName, c.CompanyName = wire.Text(d.Title), wire.Text(d.FirstName), wire.Text(d.LastName),
		wire.Text(d.Company)
	c.Email, c.Address, c.City, c.Postcode, c.Country = wire.Text(d.Email), wire.Text(d.Street), wire.Text(d.Town),
		wire.Text(d.Postcode),
		wire.Text(d.Country)
	c.Name = wire.Text(patient.Patient{FirstName: d.FirstName, LastName: d.LastName}.FullName())
	if d.Phone != "" {
		c.Phones = append(c.Phones, &gql.Phone{PhoneType: wire.Text(d.PhoneKind), PhoneNumber: &d.Phone})
	}
}

// of fills in a patient who is related to another.
func of(c *gql.PatientRelationshipContact, p *gql.Patient) {
	c.RelatedAccountID, c.Title, c.FirstName, c.LastName, c.Email = &p.ID, p.Title, p.FirstName, p.LastName, p.Email
	c.Address, c.City, c.Postcode, c.Country = p.Address.Address, p.Address.City, p.Address.Postcode, p.Address.Country
	c.Name, c.Phones = wire.Text(patient.Patient{FirstName: p.Of.FirstName, LastName: p.Of.LastName}.FullName()),
		phones(p.Of, nil)
}

// PatientRelationships lists the people related to one patient.
func (q Query) PatientRelationships(ctx context.Context, patientID string,
	kind *gql.PatientRelationshipType) (*gql.PatientRelationshipData, error) {
	id, err := wire.Known[patient.ID](wire.KindPatient, patientID)
	if err != nil {
		return nil, err
	}
	p, err := q.PatientByID(ctx, id)
	if err != nil || p == nil {
		return nil, err
	}
	all, err := q.Core.Relationship.Of(ctx, []patient.ID{p.Of.ID})
	if err != nil {
		return nil, err
	}
	var wanted []relationship.Relationship
	for _, r := range all[p.Of.ID] {
		if kind == nil || wire.Lower[relationship.Kind](*kind) == r.Kind {
			wanted = append(wanted, r)
		}
	}
	out, err := q.relationships(ctx, wanted)
	return &gql.PatientRelationshipData{Data: out}, err
}

// relate copies an input into a relationship.
func relate(r *relationship.Relationship, in gql.PatientRelationshipContactInput) error {
	d := &r.Details
	for _, x := range []struct {
		to   *string
		from graphql.Omittable[*string]
	}{
		{&d.Source, in.Source}, {&d.SourceID, in.SourceID}, {&d.Title, in.Title}, {&d.FirstName, in.FirstName},
		{&d.LastName, in.LastName},
		{&d.Company, in.CompanyName}, {&d.PhoneKind, in.PhoneType}, {&d.Phone, in.PhoneNumber}, {&d.Email, in.Email},
		{&d.Street, in.Address},
		{&d.Town, in.City}, {&d.Postcode, in.Postcode}, {&d.Country, in.Country}, {&d.Notes, in.Notes},
		{&d.PolicyNumber, in.PolicyNumber},
		{&d.Authorisation, in.AuthorizationCode},
	} {
		if v := wire.Change(x.from); v != nil {
			*x.to = *v
		}
	}
	// Before names were in two parts they were one.
	if v := in.Name.Value(); v != nil && d.FirstName == "" && d.LastName == "" {
		d.LastName = *v
	}
	if v := in.ContactInfo.Value(); v != nil && d.Notes == "" {
		d.Notes = *v
	}
	v, set := in.RelatedAccountID.ValueOK()
	if !set {
		return nil
	}
	r.Other, r.Contact = 0, 0
	if v == nil || *v == "" {
		return nil
	}
	if !wire.IsHex(*v) {
		return wire.ErrCast(*v)
	}
	switch k, id, ok := wire.Decode(*v); {
	case ok && k == wire.KindPatient:
		r.Other = patient.ID(id)
	case ok && k == wire.KindContact:
		r.Contact = id
	default:
		return relationship.ErrNoAccount
	}
	return nil
}

// AddPatientRelationship adds a person related to a patient.
func (m Mutation) AddPatientRelationship(ctx context.Context, patientID string, kind gql.PatientRelationshipType,
	label *string, in gql.PatientRelationshipContactInput) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		r := relationship.Relationship{Kind: wire.Lower[relationship.Kind](kind), Label: wire.Deref(label)}
		if err := relate(&r, in); err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Relationship.Add(ctx, id, r)
	})
}

// UpdatePatientRelationship changes a related person.
func (m Mutation) UpdatePatientRelationship(ctx context.Context, patientID, relationshipID string,
	in gql.PatientRelationshipContactInput) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[relationship.ID](wire.KindRelationship, relationshipID)
		if err != nil {
			return patient.Patient{}, err
		}
		if err := relate(&relationship.Relationship{}, in); err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Relationship.Change(ctx, id, n, func(r *relationship.Relationship) {
			_ = relate(r, in) // it was read before
		})
	})
}

// RemovePatientRelationship removes a person related to a patient.
func (m Mutation) RemovePatientRelationship(ctx context.Context, patientID,
	relationshipID string) (*gql.PatientResponsePayload, error) {
	return m.WithPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := wire.Known[relationship.ID](wire.KindRelationship, relationshipID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.Core.Relationship.Remove(ctx, id, n)
	})
}
