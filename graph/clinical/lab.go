package clinical

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func lab(l clinical.Lab) *gql.Lab {
	return &gql.Lab{
		ID: wire.Encode(wire.KindLab, l.ID), Status: wire.Text(l.Status), RequestDate: wire.Date(l.Requested),
		SampleDate:  wire.Date(l.Sampled),
		Fasting:     l.Fasting,
		OrderNumber: wire.Text(l.OrderNumber), ParsedResults: wire.Text(l.Results),
		ResultsReceivedAt: scalar.Of(l.ReceivedAt),
		TestList:          wire.Text(l.Tests),
		DateShared:        scalar.Of(l.SharedAt), CreatedAt: scalar.Of(l.CreatedAt), UpdatedAt: scalar.Of(l.UpdatedAt),
		PatientID: int64(l.Patient), DoctorID: int64(l.Doctor),
	}
}

// Lab finds one request to a laboratory, deleted or not.
func (q Query) Lab(ctx context.Context, id string) (*gql.Lab, error) {
	n, err := wire.Known[clinical.LabID](wire.KindLab, id)
	if err != nil {
		return nil, err
	}
	l, err := q.Core.Imported.Lab(ctx, n)
	return wire.Absent(lab(l), err, clinical.ErrNoLab)
}

// Labs lists requests to laboratories.
func (q Query) Labs(
	ctx context.Context, pagination *gql.Pagination, options *gql.LabQueryOptions,
) (*gql.LabData, error) {
	if options == nil {
		options = &gql.LabQueryOptions{}
	}
	at, l, err := q.Narrowed(ctx, pagination, options.IncludeDeleted.Value(), options.CreatedAt.Value(),
		options.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.When, err = q.Span(ctx, options.ResultsReceivedAt.Value()); err != nil {
		return nil, err
	}
	all, more, err := q.Core.Imported.Labs(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.LabData{Data: wire.Map(all, lab), PageInfo: at.Info(more)}, nil
}

// Patient is whose request it is.
func (f LabFields) Patient(ctx context.Context, obj *gql.Lab) (*gql.Patient, error) {
	return f.PatientByID(ctx, patient.ID(obj.PatientID))
}

// Doctor is who asked.
func (f LabFields) Doctor(ctx context.Context, obj *gql.Lab) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.DoctorID))
}

// Labs are a patient's.
func (f PatientFields) Labs(ctx context.Context, obj *gql.Patient) ([]*gql.Lab, error) {
	_, n, _ := wire.Decode(obj.ID)
	all, err := wire.Loader(ctx, "labs", f.Core.Imported.LabsOf).Load(ctx, patient.ID(n))
	return wire.Map(all, lab), err
}
