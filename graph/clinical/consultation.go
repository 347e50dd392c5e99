package clinical

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func consultation(c clinical.Consultation) *gql.Consultation {
	return &gql.Consultation{
		ID: wire.Encode(wire.KindConsultation, c.ID), Patient: new(wire.Encode(wire.KindPatient, c.Patient)),
		Date:          scalar.Of(c.At),
		EncounterType: wire.Text(c.Encounter),
		DoctorName:    wire.Text(c.DoctorName), QuestionnaireID: wire.IDOrNull(wire.KindForm, c.Questionnaire),
		Deleted: new(c.Deleted()),
	}
}

// Consultation finds one consultation, deleted or not.
func (q Query) Consultation(ctx context.Context, id string) (*gql.Consultation, error) {
	n, err := wire.Known[clinical.ConsultationID](wire.KindConsultation, id)
	if err != nil {
		return nil, err
	}
	c, err := q.Core.Clinical.Consultation(ctx, n)
	return wire.Absent(consultation(c), err, clinical.ErrNoConsultation)
}

// Consultations lists consultations.
func (q Query) Consultations(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination,
) (*gql.ConsultationData, error) {
	at, l, err := q.Listing(ctx, pagination, nil)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.When, err = q.Span(ctx, dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.Core.Clinical.Consultations(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.ConsultationData{Data: wire.Map(all, consultation), PageInfo: at.Info(more)}, nil
}

// DeleteConsultation deletes a patient's consultation with its entries.
func (m Mutation) DeleteConsultation(
	ctx context.Context, patientID, consultationID string,
) (*gql.ConsultationResponsePayload, error) {
	of, err := wire.Known[patient.ID](wire.KindPatient, patientID)
	if err != nil {
		return nil, err
	}
	id, err := wire.Known[clinical.ConsultationID](wire.KindConsultation, consultationID)
	if err != nil {
		return nil, err
	}
	c, err := m.Core.Clinical.DeleteConsultation(ctx, of, id)
	return &gql.ConsultationResponsePayload{Data: consultation(c)}, err
}

// Records are the entries of a consultation.
func (f ConsultationFields) Records(ctx context.Context, obj *gql.Consultation) ([]*gql.Record, error) {
	_, n, _ := wire.Decode(obj.ID)
	all, err := wire.Loader(ctx, "records of consultations", f.Core.Clinical.RecordsOfConsultations).Load(ctx,
		clinical.ConsultationID(n))
	return wire.Map(all, record), err
}

// Consultations are a patient's.
func (f PatientFields) Consultations(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.ConsultationData, error) {
	p, at, err := wire.Part(ctx, "consultations", obj.ID, number, size, f.Core.Clinical.ConsultationsOf)
	if err != nil {
		return nil, err
	}
	return &gql.ConsultationData{Data: wire.Map(p.Items, consultation), PageInfo: at.Info(p.More)}, nil
}
