package graph

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func consultation(c clinical.Consultation) *gql.Consultation {
	return &gql.Consultation{
		ID: encode(kindConsultation, c.ID), Patient: new(encode(kindPatient, c.Patient)), Date: scalar.Of(c.At),
		EncounterType: text(c.Encounter),
		DoctorName:    text(c.DoctorName), QuestionnaireID: idOrNull(kindForm, c.Questionnaire),
		Deleted: new(c.Deleted()),
	}
}

// Consultation finds one consultation, deleted or not.
func (q query) Consultation(ctx context.Context, id string) (*gql.Consultation, error) {
	n, err := known[clinical.ConsultationID](kindConsultation, id)
	if err != nil {
		return nil, err
	}
	c, err := q.core.Clinical.Consultation(ctx, n)
	return absent(consultation(c), err, clinical.ErrNoConsultation)
}

// Consultations lists consultations.
func (q query) Consultations(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination,
) (*gql.ConsultationData, error) {
	at, l, err := q.listing(ctx, pagination, nil)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.When, err = q.span(ctx, dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.core.Clinical.Consultations(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.ConsultationData{Data: mapped(all, consultation), PageInfo: at.info(more)}, nil
}

// DeleteConsultation deletes a patient's consultation with its entries.
func (m mutation) DeleteConsultation(
	ctx context.Context, patientID, consultationID string,
) (*gql.ConsultationResponsePayload, error) {
	of, err := known[patient.ID](kindPatient, patientID)
	if err != nil {
		return nil, err
	}
	id, err := known[clinical.ConsultationID](kindConsultation, consultationID)
	if err != nil {
		return nil, err
	}
	c, err := m.core.Clinical.DeleteConsultation(ctx, of, id)
	return &gql.ConsultationResponsePayload{Data: consultation(c)}, err
}

// Records are the entries of a consultation.
func (f consultationFields) Records(ctx context.Context, obj *gql.Consultation) ([]*gql.Record, error) {
	_, n, _ := decode(obj.ID)
	name := fmt.Sprint("records of consultations ", *obj.Deleted)
	all, err := loaderOf(ctx, name, func(ctx context.Context,
		ids []clinical.ConsultationID) (map[clinical.ConsultationID][]clinical.Record, error) {
		of := make([]clinical.Consultation, len(ids))
		for i, id := range ids {
			if of[i].ID = id; *obj.Deleted {
				of[i].DeletedAt = time.Unix(1, 0)
			}
		}
		return f.core.Clinical.RecordsOfConsultations(ctx, of)
	}).Load(ctx, clinical.ConsultationID(n))
	return mapped(all, record), err
}

// Consultations are a patient's.
func (f patientFields) Consultations(
	ctx context.Context, obj *gql.Patient, number, size *int,
) (*gql.ConsultationData, error) {
	p, at, err := part(ctx, "consultations", obj.ID, number, size, f.core.Clinical.ConsultationsOf)
	if err != nil {
		return nil, err
	}
	return &gql.ConsultationData{Data: mapped(p.Items, consultation), PageInfo: at.info(p.More)}, nil
}
