package rest

import (
	"context"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/rest/oas"
)

// RegisterPatient adds a patient or brings a known one up to date.
func (d *door) RegisterPatient(ctx context.Context, in *oas.PatientRegistration, _ oas.RegisterPatientParams) (oas.RegisterPatientRes, error) {
	who, err := d.core.Patient.Register(ctx, patient.Registration{
		NHSNumber: ptr(in.NhsNumber.Get()), EHRPartnerID: ptr(in.EhrPartnerID.Get()), Title: to[string](in.Title.Get()),
		Landline: ptr(in.Landline.Get()), Mobile: ptr(in.Mobile.Get()), Email: ptr(in.Email.Get()), Source: ptr(in.DataSource.Get()),
		BirthDate: in.Dob, FirstName: in.FirstName, LastName: in.LastName, Sex: to[patient.Sex](in.Sex.Get()),
		Line1: ptr(in.AddressLine1.Get()), Line2: ptr(in.AddressLine2.Get()), Line3: ptr(in.AddressLine3.Get()), Town: ptr(in.Town.Get()),
		County: ptr(in.County.Get()), Country: ptr(in.Country.Get()), Postcode: ptr(in.Postcode.Get()),
	})
	if err != nil {
		return nil, err
	}
	return &oas.RegisterPatientOK{PatientID: who.String()}, nil
}

func patientOf(p patient.Patient) *oas.Patient {
	a := p.Address
	out := &oas.Patient{
		ID: digits(p.ID), UID: text(""), EmisID: text(p.EMISID), EhrPartnerID: text(p.EHRPartnerID), Dob: oas.NilDateTime{Null: true},
		DeceasedAt: optInstant(p.DeceasedAt), Title: oas.OptNilTitle{Value: oas.Title(p.Title), Set: true, Null: p.Title == ""},
		Sex: oas.OptNilSex{Value: oas.Sex(p.Sex), Set: true, Null: p.Sex == ""}, FirstName: text(p.FirstName), LastName: text(p.LastName),
		NhsNumber: text(p.NHSNumber), Email: text(p.Email), Emails: oas.OptNilStringArray{Value: []string{}, Set: true}, Mobile: text(p.Mobile),
		LastSyncAt: oas.OptNilDateTime{Set: true, Null: true}, AddressLine1: text(a.Line1), AddressLine2: text(a.Line2), AddressLine3: text(a.Line3),
		Country: text(a.Country), Postcode: text(a.Postcode), Town: text(a.Town), County: text(a.County), Notes: text(p.Notes),
		VerificationCredentials: oas.OptNilStringArray{Value: []string{}, Set: true}, DataSource: oas.DataSource(p.Source),
		Restricted: oas.NewOptBool(p.Restricted), SexChangedAt: oas.OptNilDateTime{Set: true, Null: true}, Status: oas.PatientStatus(p.Status),
	}
	if p.BirthDate != input.NoDate {
		out.Dob = oas.NewNilDateTime(p.BirthDate.UTC())
	}
	if p.Email != "" {
		out.Emails.Value = append(out.Emails.Value, p.Email)
	}
	return out
}

// GetPatientById finds one patient.
func (d *door) GetPatientById(ctx context.Context, p oas.GetPatientByIdParams) (oas.GetPatientByIdRes, error) {
	found, err := d.core.Patient.Patient(ctx, id[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return patientOf(found), nil
}

// ListPatients searches patients.
func (d *door) ListPatients(ctx context.Context, p oas.ListPatientsParams) (oas.ListPatientsRes, error) {
	found, count, err := d.core.Patient.Search(ctx, patient.Search{
		Field: patient.Field(p.Field.Value), Text: p.Search.Value, PageIndex: p.PageIndex.Value, PageSize: p.PageSize.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.ListPatientsOK{Data: make([]oas.Patient, len(found)), Count: float64(count)}
	for i, q := range found {
		out.Data[i] = *patientOf(q)
	}
	return out, nil
}
