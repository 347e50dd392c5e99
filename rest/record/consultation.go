package record

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// ListConsultations lists what was written about patients.
func (o Operations) ListConsultations(
	ctx context.Context, p oas.ListConsultationsParams,
) (*oas.ConsultationPage, error) {
	var in input.Checks
	of := wire.FilterID[patient.ID](&in, "patient_id", p.PatientID)
	if of != 0 && (p.Since.Set || p.Until.Set) {
		in.Wrong("since", input.CodeChoice, "a time, or patient_id", "Give patient_id or a time, not both.")
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	page := input.Page{Number: p.PageIndex.Value + 1, Size: p.PageSize.Value}
	found, more, err := o.consultations(ctx, of, page, input.Span{From: p.Since.Value, Until: p.Until.Value})
	if err != nil {
		return nil, err
	}
	out, err := o.withEntries(ctx, found)
	if err != nil {
		return nil, err
	}
	return &oas.ConsultationPage{Data: out, HasMore: more}, nil
}

// consultations are those of a patient, or of all patients in a stretch of time.
func (o Operations) consultations(
	ctx context.Context, of patient.ID, page input.Page, when input.Span,
) ([]clinical.Consultation, bool, error) {
	if of == 0 {
		return o.Core.Clinical.Consultations(ctx, clinical.Query{Listing: input.Listing{Page: page}, When: when})
	}
	who, err := o.Core.Patient.Patient(ctx, of)
	if err != nil {
		return nil, false, err
	}
	parts, err := o.Core.Clinical.ConsultationsOf(ctx, []patient.ID{who.ID}, page)
	part := parts[who.ID]
	return part.Items, part.More, err
}

// GetConsultation finds one consultation.
func (o Operations) GetConsultation(ctx context.Context, p oas.GetConsultationParams) (*oas.Consultation, error) {
	found, err := o.Core.Clinical.Consultation(ctx, wire.ID[clinical.ConsultationID](p.ID))
	if err == nil && found.Deleted() {
		err = clinical.ErrNoConsultation
	}
	if err != nil {
		return nil, err
	}
	out, err := o.withEntries(ctx, []clinical.Consultation{found})
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

// withEntries are consultations with their entries, all read at once.
func (o Operations) withEntries(ctx context.Context, list []clinical.Consultation) ([]oas.Consultation, error) {
	ids := make([]clinical.ConsultationID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	entries, err := o.Core.Clinical.RecordsOfConsultations(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]oas.Consultation, len(list))
	for i, c := range list {
		out[i] = oas.Consultation{
			ID: wire.Digits(c.ID), PatientID: wire.Digits(c.Patient), PractitionerID: wire.IDOrNull(c.Doctor),
			PractitionerName: c.DoctorName, Date: c.At.UTC(), Type: c.Encounter, FormID: wire.IDOrNull(c.Questionnaire),
			SharedAt: wire.Instant(c.SharedAt), CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
			Entries: make([]oas.ConsultationEntry, len(entries[c.ID])),
		}
		for j, e := range entries[c.ID] {
			out[i].Entries[j] = entryOf(e)
		}
	}
	return out, nil
}

func entryOf(e clinical.Record) oas.ConsultationEntry {
	date := oas.NilString{Value: e.Date.String(), Null: e.Date == input.NoDate}
	return oas.ConsultationEntry{
		ID: wire.Digits(e.ID), Type: string(e.Kind), Title: e.Title, Term: e.Term, Comments: e.Comments, Date: date,
		SnomedCode: e.Code, SnomedTerm: e.CodeTerm, ClinicalStatus: string(e.Status), Severity: string(e.Severity),
		PractitionerName: e.DoctorName, CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
}
