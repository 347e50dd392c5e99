package graph

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func prescription(p clinical.Prescription) *gql.Prescription {
	return &gql.Prescription{
		ID: encode(kindPrescription, p.ID), Date: scalar.Of(p.At), Status: text(p.Status),
		PrescriptionType: text(p.Kind), Comments: text(p.Comments),
		DateShared: scalar.Of(p.SharedAt), Drugs: mapped(p.Content.Drugs, drug), PatientID: int64(p.Patient),
		DoctorID: int64(p.Doctor),
		Items: mapped(p.Content.Items, func(i clinical.Item) *gql.PrescriptionItem {
			return &gql.PrescriptionItem{Term: text(i.Term), Comments: text(i.Comments)}
		}),
		Orders: mapped(p.Content.Orders, func(o clinical.Order) *gql.PrescriptionOrder {
			return &gql.PrescriptionOrder{Status: text(o.Status), Provider: text(o.Provider)}
		}),
	}
}

func drug(d clinical.Drug) *gql.PrescriptionDrug {
	out := &gql.PrescriptionDrug{Code: text(d.Code), Drug: text(d.Name), Dosage: text(d.Dosage),
		Quantity: text(d.Quantity), Comments: text(d.Comments)}
	if r := d.Repeat; r != nil {
		out.Repeat = &r.Refills
		out.RepeatDetails = &gql.RepeatPrescriptionDetails{
			Repeat: &r.Allowed, Refills: &r.Refills, Duration: &r.Duration,
			Frequency: choice[gql.RepeatPrescriptionFrequency](r.Frequency), ReviewDate: onIf(r.Review),
		}
	}
	return out
}

// Prescription finds one prescription, deleted or not.
func (q query) Prescription(ctx context.Context, id string) (*gql.Prescription, error) {
	n, err := known[clinical.PrescriptionID](kindPrescription, id)
	if err != nil {
		return nil, err
	}
	p, err := q.core.Clinical.Prescription(ctx, n)
	return absent(prescription(p), err, clinical.ErrNoPrescription)
}

// Prescriptions lists prescriptions.
func (q query) Prescriptions(ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination,
	options *gql.QueryOptions, cursor *gql.CursorPagination) (*gql.PrescriptionData, error) {
	from, at, err := cursored(kindPrescription, pagination, cursor)
	if err != nil {
		return nil, err
	}
	_, l, err := q.listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l, Cursor: from}
	if ask.When, err = q.span(ctx, dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.core.Clinical.Prescriptions(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.PrescriptionData{Data: mapped(all, prescription), PageInfo: at.info(more)}, nil
}

// Patient is whose prescription it is.
func (f prescriptionFields) Patient(ctx context.Context, obj *gql.Prescription) (*gql.Patient, error) {
	return f.patientByID(ctx, patient.ID(obj.PatientID))
}

// Doctor is who prescribed.
func (f prescriptionFields) Doctor(ctx context.Context, obj *gql.Prescription) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.DoctorID))
}

// Prescriptions are a patient's.
func (f patientFields) Prescriptions(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.PrescriptionData, error) {
	p, at, err := part(ctx, "prescriptions", obj.ID, number, size, f.core.Clinical.PrescriptionsOf)
	if err != nil {
		return nil, err
	}
	return &gql.PrescriptionData{Data: mapped(p.Items, prescription), PageInfo: at.info(p.More)}, nil
}
