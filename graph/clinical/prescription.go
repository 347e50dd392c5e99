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

func prescription(p clinical.Prescription) *gql.Prescription {
	return &gql.Prescription{
		ID: wire.Encode(wire.KindPrescription, p.ID), Date: scalar.Of(p.At), Status: wire.Text(p.Status),
		PrescriptionType: wire.Text(p.Kind), Comments: wire.Text(p.Comments),
		DateShared: scalar.Of(p.SharedAt), Drugs: wire.Map(p.Content.Drugs, drug), PatientID: int64(p.Patient),
		DoctorID: int64(p.Doctor),
		Items: wire.Map(p.Content.Items, func(i clinical.Item) *gql.PrescriptionItem {
			return &gql.PrescriptionItem{Term: wire.Text(i.Term), Comments: wire.Text(i.Comments)}
		}),
		Orders: wire.Map(p.Content.Orders, func(o clinical.Order) *gql.PrescriptionOrder {
			return &gql.PrescriptionOrder{Status: wire.Text(o.Status), Provider: wire.Text(o.Provider)}
		}),
	}
}

func drug(d clinical.Drug) *gql.PrescriptionDrug {
	out := &gql.PrescriptionDrug{Code: wire.Text(d.Code), Drug: wire.Text(d.Name), Dosage: wire.Text(d.Dosage),
		Quantity: wire.Text(d.Quantity), Comments: wire.Text(d.Comments)}
	if r := d.Repeat; r != nil {
		out.Repeat = &r.Refills
		out.RepeatDetails = &gql.RepeatPrescriptionDetails{
			Repeat: &r.Allowed, Refills: &r.Refills, Duration: &r.Duration,
			Frequency: wire.Enum[gql.RepeatPrescriptionFrequency](r.Frequency), ReviewDate: wire.DateIf(r.Review),
		}
	}
	return out
}

// Prescription finds one prescription, deleted or not.
func (q Query) Prescription(ctx context.Context, id string) (*gql.Prescription, error) {
	n, err := wire.Known[clinical.PrescriptionID](wire.KindPrescription, id)
	if err != nil {
		return nil, err
	}
	p, err := q.Core.Imported.Prescription(ctx, n)
	return wire.Absent(prescription(p), err, clinical.ErrNoPrescription)
}

// Prescriptions lists prescriptions.
func (q Query) Prescriptions(ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination,
	options *gql.QueryOptions, cursor *gql.CursorPagination) (*gql.PrescriptionData, error) {
	from, at, err := wire.Cursor(wire.KindPrescription, pagination, cursor)
	if err != nil {
		return nil, err
	}
	_, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l, Cursor: from}
	if ask.When, err = q.Span(ctx, dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.Core.Imported.Prescriptions(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.PrescriptionData{Data: wire.Map(all, prescription), PageInfo: at.Info(more)}, nil
}

// Patient is whose prescription it is.
func (f PrescriptionFields) Patient(ctx context.Context, obj *gql.Prescription) (*gql.Patient, error) {
	return f.PatientByID(ctx, patient.ID(obj.PatientID))
}

// Doctor is who prescribed.
func (f PrescriptionFields) Doctor(ctx context.Context, obj *gql.Prescription) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.DoctorID))
}

// Prescriptions are a patient's.
func (f PatientFields) Prescriptions(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.PrescriptionData, error) {
	p, at, err := wire.Part(ctx, "prescriptions", obj.ID, number, size, f.Core.Imported.PrescriptionsOf)
	if err != nil {
		return nil, err
	}
	return &gql.PrescriptionData{Data: wire.Map(p.Items, prescription), PageInfo: at.Info(p.More)}, nil
}
