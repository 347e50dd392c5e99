package patient

import (
	"context"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/prescription"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// GetPrescriber finds a member of staff who issues prescriptions.
func (o Operations) GetPrescriber(ctx context.Context, p oas.GetPrescriberParams) (*oas.Prescriber, error) {
	s, err := o.Core.Prescription.Prescriber(ctx, wire.ID[account.StaffID](p.ID))
	if err != nil {
		return nil, err
	}
	known, err := o.Core.Prescriber.Of(ctx, []account.StaffID{s.ID})
	if err != nil {
		return nil, err
	}
	by, registration := known[s.ID], s.Registration
	if by.Details != nil && by.Details.Registration != "" {
		registration = by.Details.Registration
	}
	return &oas.Prescriber{ID: wire.Digits(s.ID), Title: wire.Text(s.Title), FirstName: s.FirstName, LastName: s.LastName,
		Email: s.Email, RegistrationCode: wire.Text(registration), ExternalPrescriberID: wire.Text(by.ExternalID)}, nil
}

// ListPharmacies lists a prescriber's pharmacies.
func (o Operations) ListPharmacies(
	ctx context.Context, p oas.ListPharmaciesParams,
) (*oas.ListPharmaciesOK, error) {
	found, count, err := o.Core.Prescription.Pharmacies(ctx, wire.ID[account.StaffID](p.ID),
		prescription.Page{Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value})
	if err != nil {
		return nil, err
	}
	out := &oas.ListPharmaciesOK{Data: make([]oas.Pharmacy, len(found)), Count: float64(count)}
	for i, one := range found {
		out.Data[i] = pharmacyOf(one)
	}
	return out, nil
}

func pharmacyOf(p prescription.Pharmacy) oas.Pharmacy {
	return oas.Pharmacy{ID: wire.Digits(p.ID), PrescriberID: wire.Digits(p.Prescriber), Name: p.Name, Email: p.Email,
		Mobile: p.Mobile}
}

// CreatePharmacy adds a pharmacy to a prescriber's.
func (o Operations) CreatePharmacy(
	ctx context.Context, in *oas.PharmacyRequest, _ oas.CreatePharmacyParams,
) (*oas.Pharmacy, error) {
	var wrong input.Checks
	of := wire.FieldID[account.StaffID](&wrong, "prescriber_id", string(in.PrescriberID))
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	made, err := o.Core.Prescription.AddPharmacy(ctx, prescription.Pharmacy{Prescriber: of, Name: in.Name,
		Email: in.Email, Mobile: in.Mobile})
	if err != nil {
		return nil, err
	}
	out := pharmacyOf(made)
	return &out, nil
}

// CreatePrescriptionWithPatient issues a prescription.
func (o Operations) CreatePrescriptionWithPatient(
	ctx context.Context, in *oas.PrescriptionRequest, _ oas.CreatePrescriptionWithPatientParams,
) (*oas.IssuedPrescription, error) {
	var wrong input.Checks
	r := prescription.Request{
		Patient:    wire.FilterID[patient.ID](&wrong, "patient_id", in.PatientID),
		Prescriber: wire.FieldID[account.StaffID](&wrong, "prescriber_id", string(in.PrescriberID)),
		Pharmacy:   wire.FilterID[prescription.PharmacyID](&wrong, "pharmacy_id", in.PharmacyID),
		At:         wrong.GivenInstant("prescribed_at", in.PrescribedAt.Value, in.PrescribedAt.Set),
		Kind:       in.Type.Value, Comments: in.Comments.Value, Write: in.WriteToRecord.Value,
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	if in.Patient.Set {
		r.New = new(registration(&in.Patient.Value))
	}
	for _, d := range in.Drugs {
		r.Drugs = append(r.Drugs, clinical.Drug{Name: d.Name, Code: d.Code.Value, Dosage: d.Dosage.Value,
			Quantity: d.Quantity.Value, Comments: d.Comments.Value})
	}
	for _, i := range in.Items {
		r.Items = append(r.Items, clinical.Item{Term: i.Term, Comments: i.Comments.Value})
	}
	made, err := o.Core.Prescription.Issue(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &oas.IssuedPrescription{Prescription: prescriptionOf(made.Prescription),
		RecordEntryID: textOrNull(""), RecordEntryURL: textOrNull(made.Entry.URL)}
	if made.Entry.ID != 0 {
		out.RecordEntryID = textOrNull(strconv.FormatInt(made.Entry.ID, 10))
	}
	return out, nil
}

// GetPrescription finds one prescription.
func (o Operations) GetPrescription(ctx context.Context, p oas.GetPrescriptionParams) (*oas.Prescription, error) {
	found, err := o.Core.Prescription.Find(ctx, wire.ID[clinical.PrescriptionID](p.ID))
	if err != nil {
		return nil, err
	}
	out := prescriptionOf(found)
	return &out, nil
}

// ListPrescriptions lists prescriptions.
func (o Operations) ListPrescriptions(
	ctx context.Context, p oas.ListPrescriptionsParams,
) (*oas.ListPrescriptionsOK, error) {
	var wrong input.Checks
	q := prescription.Query{Patient: wire.FilterID[patient.ID](&wrong, "patient_id", p.PatientID),
		Page: prescription.Page{Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value}}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Prescription.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListPrescriptionsOK{Data: make([]oas.Prescription, len(found)), Count: float64(count)}
	for i, one := range found {
		out.Data[i] = prescriptionOf(one)
	}
	return out, nil
}

func textOrNull(s string) oas.NilString { return oas.NilString{Value: s, Null: s == ""} }

func prescriptionOf(p clinical.Prescription) oas.Prescription {
	out := oas.Prescription{
		ID: oas.ID(strconv.FormatInt(int64(p.ID), 10)), PatientID: wire.Digits(p.Patient), Status: p.Status,
		PrescriberID: textOrNull(""), PharmacyID: textOrNull(""), Type: textOrNull(p.Kind), PrescribedAt: p.At,
		Comments: textOrNull(p.Comments), Drugs: []oas.PrescribedDrug{}, Items: []oas.PrescribedItem{},
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	if p.Doctor != 0 {
		out.PrescriberID = textOrNull(p.Doctor.String())
	}
	for _, order := range p.Content.Orders {
		if order.Pharmacy != 0 {
			out.PharmacyID = textOrNull(strconv.FormatInt(order.Pharmacy, 10))
		}
	}
	for _, d := range p.Content.Drugs {
		out.Drugs = append(out.Drugs, oas.PrescribedDrug{Name: d.Name, Code: wire.Text(d.Code), Dosage: wire.Text(d.Dosage),
			Quantity: wire.Text(d.Quantity), Comments: wire.Text(d.Comments)})
	}
	for _, i := range p.Content.Items {
		out.Items = append(out.Items, oas.PrescribedItem{Term: i.Term, Comments: wire.Text(i.Comments)})
	}
	return out
}
