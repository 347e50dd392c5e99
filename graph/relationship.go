package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/patient"
	"frontdesk/core/relationship"
	"frontdesk/graph/gql"
)

// RelatedAccounts are the people around a patient.
func (f patientFields) RelatedAccounts(ctx context.Context, obj *gql.Patient) ([]*gql.PatientRelationship, error) {
	all, err := loaderOf(ctx, "relationships", f.core.Relationship.Of).Load(ctx, obj.Of.ID)
	if err != nil {
		return nil, err
	}
	return f.relationships(ctx, all)
}

func (d *resolver) relationships(ctx context.Context, all []relationship.Relationship) ([]*gql.PatientRelationship, error) {
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
			Source: text(r.Details.Source), SourceID: text(r.Details.SourceID), Notes: text(r.Details.Notes),
			PolicyNumber:      text(r.Details.PolicyNumber),
			AuthorizationCode: text(r.Details.Authorisation), Phones: []*gql.Phone{},
		}
		out[i] = &gql.PatientRelationship{
			RelationshipID:   new(encode(kindRelationship, r.ID)),
			RelationshipType: new(capitals[gql.PatientRelationshipType](r.Kind)), RelationshipLabel: text(r.Called()),
			Deleted: new(false), ContactDetails: c,
		}
		if r.Other == 0 {
			details(c, r)
			continue
		}
		p, err := d.patientByID(ctx, r.Other)
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

// related is the name and the e-mail address of somebody around a patient, who may
// have been removed since.
func (d *resolver) related(ctx context.Context, id relationship.ID) (name, email *string, err error) {
	r, err := loaderOf(ctx, "relationships by id", d.core.Relationship.ByID).Load(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if r.Other != 0 {
		p, err := d.patientByID(ctx, r.Other)
		if err != nil || p == nil {
			return nil, nil, err
		}
		return p.FullName, p.Email, nil
	}
	c := r.Details
	name = text(patient.Patient{Title: c.Title, FirstName: c.FirstName, LastName: c.LastName}.FullName())
	if name == nil {
		name = text(c.Company)
	}
	return name, text(c.Email), nil
}

// details tells what is kept of somebody who is no account.
func details(c *gql.PatientRelationshipContact, r relationship.Relationship) {
	d := r.Details
	c.Title, c.FirstName, c.LastName, c.CompanyName = text(d.Title), text(d.FirstName), text(d.LastName),
		text(d.Company)
	c.Email, c.Address, c.City, c.Postcode, c.Country = text(d.Email), text(d.Street), text(d.Town), text(d.Postcode),
		text(d.Country)
	c.Name = text(patient.Patient{FirstName: d.FirstName, LastName: d.LastName}.FullName())
	if d.Phone != "" {
		c.Phones = append(c.Phones, &gql.Phone{PhoneType: text(d.PhoneKind), PhoneNumber: &d.Phone})
	}
}

// of tells of a patient who is around another.
func of(c *gql.PatientRelationshipContact, p *gql.Patient) {
	c.RelatedAccountID, c.Title, c.FirstName, c.LastName, c.Email = &p.ID, p.Title, p.FirstName, p.LastName, p.Email
	c.Address, c.City, c.Postcode, c.Country = p.Address.Address, p.Address.City, p.Address.Postcode, p.Address.Country
	c.Name, c.Phones = text(patient.Patient{FirstName: p.Of.FirstName, LastName: p.Of.LastName}.FullName()),
		phones(p.Of, nil)
}

// PatientRelationships lists the people around one patient.
func (q query) PatientRelationships(ctx context.Context, patientID string,
	kind *gql.PatientRelationshipType) (*gql.PatientRelationshipData, error) {
	id, err := known[patient.ID](kindPatient, patientID)
	if err != nil {
		return nil, err
	}
	p, err := q.patientByID(ctx, id)
	if err != nil || p == nil {
		return nil, err
	}
	all, err := q.core.Relationship.Of(ctx, []patient.ID{p.Of.ID})
	if err != nil {
		return nil, err
	}
	var wanted []relationship.Relationship
	for _, r := range all[p.Of.ID] {
		if kind == nil || small[relationship.Kind](*kind) == r.Kind {
			wanted = append(wanted, r)
		}
	}
	out, err := q.relationships(ctx, wanted)
	return &gql.PatientRelationshipData{Data: out}, err
}

// relate puts what an input says into a relationship.
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
		if v := change(x.from); v != nil {
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
	if !isHex(*v) {
		return errCast(*v)
	}
	switch k, id, ok := decode(*v); {
	case ok && k == kindPatient:
		r.Other = patient.ID(id)
	case ok && k == kindContact:
		r.Contact = id
	default:
		return relationship.ErrNoAccount
	}
	return nil
}

// AddPatientRelationship adds somebody around a patient.
func (m mutation) AddPatientRelationship(ctx context.Context, patientID string, kind gql.PatientRelationshipType,
	label *string, in gql.PatientRelationshipContactInput) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		r := relationship.Relationship{Kind: small[relationship.Kind](kind), Label: deref(label)}
		if err := relate(&r, in); err != nil {
			return patient.Patient{}, err
		}
		return m.core.Relationship.Add(ctx, id, r)
	})
}

// UpdatePatientRelationship changes what is known of somebody.
func (m mutation) UpdatePatientRelationship(ctx context.Context, patientID, relationshipID string,
	in gql.PatientRelationshipContactInput) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[relationship.ID](kindRelationship, relationshipID)
		if err != nil {
			return patient.Patient{}, err
		}
		if err := relate(&relationship.Relationship{}, in); err != nil {
			return patient.Patient{}, err
		}
		return m.core.Relationship.Change(ctx, id, n, func(r *relationship.Relationship) {
			_ = relate(r, in) // it was read before
		})
	})
}

// RemovePatientRelationship forgets somebody around a patient.
func (m mutation) RemovePatientRelationship(ctx context.Context, patientID,
	relationshipID string) (*gql.PatientResponsePayload, error) {
	return m.withPatient(ctx, patientID, func(ctx context.Context, id patient.ID) (patient.Patient, error) {
		n, err := known[relationship.ID](kindRelationship, relationshipID)
		if err != nil {
			return patient.Patient{}, err
		}
		return m.core.Relationship.Remove(ctx, id, n)
	})
}
