package graph

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func lab(l clinical.Lab) *gql.Lab {
	return &gql.Lab{
		ID: encode(kindLab, l.ID), Status: text(l.Status), RequestDate: on(l.Requested), SampleDate: on(l.Sampled),
		Fasting:     l.Fasting,
		OrderNumber: text(l.OrderNumber), ParsedResults: text(l.Results), ResultsReceivedAt: scalar.Of(l.ReceivedAt),
		TestList:   text(l.Tests),
		DateShared: scalar.Of(l.SharedAt), CreatedAt: scalar.Of(l.CreatedAt), UpdatedAt: scalar.Of(l.UpdatedAt),
		PatientID: int64(l.Patient), DoctorID: int64(l.Doctor),
	}
}

// Lab finds one request to a laboratory, deleted or not.
func (q query) Lab(ctx context.Context, id string) (*gql.Lab, error) {
	n, err := known[clinical.LabID](kindLab, id)
	if err != nil {
		return nil, err
	}
	l, err := q.core.Clinical.Lab(ctx, n)
	return absent(lab(l), err, clinical.ErrNoLab)
}

// Labs lists requests to laboratories.
func (q query) Labs(
	ctx context.Context, pagination *gql.Pagination, options *gql.LabQueryOptions,
) (*gql.LabData, error) {
	if options == nil {
		options = &gql.LabQueryOptions{}
	}
	at, l, err := q.narrowed(ctx, pagination, options.IncludeDeleted.Value(), options.CreatedAt.Value(),
		options.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.When, err = q.span(ctx, options.ResultsReceivedAt.Value()); err != nil {
		return nil, err
	}
	all, more, err := q.core.Clinical.Labs(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.LabData{Data: mapped(all, lab), PageInfo: at.info(more)}, nil
}

// Patient is whose request it is.
func (f labFields) Patient(ctx context.Context, obj *gql.Lab) (*gql.Patient, error) {
	return f.patientByID(ctx, patient.ID(obj.PatientID))
}

// Doctor is who asked.
func (f labFields) Doctor(ctx context.Context, obj *gql.Lab) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.DoctorID))
}

// Labs are a patient's.
func (f patientFields) Labs(ctx context.Context, obj *gql.Patient) ([]*gql.Lab, error) {
	_, n, _ := decode(obj.ID)
	all, err := loaderOf(ctx, "labs", f.core.Clinical.LabsOf).Load(ctx, patient.ID(n))
	return mapped(all, lab), err
}
