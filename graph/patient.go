package graph

import (
	"context"
	"strings"

	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// person is a patient as this API tells of one.
func person(p patient.Patient) *gql.Patient {
	return &gql.Patient{
		ID: encode(kindPatient, p.ID), Title: text(p.Title), FirstName: text(p.FirstName), LastName: text(p.LastName),
		FullName: text(strings.Join(strings.Fields(p.Title+" "+p.FirstName+" "+p.LastName), " ")), Dob: on(p.BirthDate), Email: text(p.Email),
		CreatedAt: scalar.Of(p.CreatedAt), UpdatedAt: scalar.Of(p.UpdatedAt),
	}
}

// patientByID finds a patient along with others that are asked for.
func (d *door) patientByID(ctx context.Context, id patient.ID) (*gql.Patient, error) {
	if id == 0 {
		return nil, nil
	}
	return loaderOf(ctx, "patients", func(ctx context.Context, ids []patient.ID) (map[patient.ID]*gql.Patient, error) {
		all, err := d.core.Patient.ByIDs(ctx, ids)
		out := make(map[patient.ID]*gql.Patient, len(all))
		for id, p := range all {
			out[id] = person(p)
		}
		return out, err
	}).Load(ctx, id)
}
