package graph

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func consultation(c clinical.Consultation) *gql.Consultation {
	return &gql.Consultation{
		ID: encode(kindConsultation, c.ID), Patient: ptr(encode(kindPatient, c.Patient)), Date: scalar.Of(c.At),
		EncounterType: text(c.Encounter),
		DoctorName:    text(c.DoctorName), QuestionnaireID: idOrNull(kindForm, c.Questionnaire),
		Deleted: ptr(c.Deleted()),
	}
}

// idOrNull is an id to answer with; 0 is null.
func idOrNull[T ~int64](k kind, id T) *string {
	if id == 0 {
		return nil
	}
	return ptr(encode(k, id))
}

// datedIn is a stretch of dates; nil where none was asked for.
func datedIn(r *gql.DateRange) (*input.Days, error) {
	d, err := days(r)
	if err != nil || d.From == input.NoDate && d.Until == input.NoDate {
		return nil, err
	}
	return &d, nil
}

// cursored reads a cursor of things of a kind: nil where there is none.
func cursored(k kind, p *gql.Pagination, c *gql.CursorPagination) (*input.Cursor, page, error) {
	if c == nil {
		return nil, pageOf(p), nil
	}
	if p != nil {
		return nil, page{}, ErrPagedTwice
	}
	at := numbered(nil, given(c.PageSize))
	out := &input.Cursor{Size: at.size}
	var err error
	if from := word(c.Cursor); from != "" {
		if out.From, err = known[int64](k, from); err == nil && out.From == 0 {
			err = ErrCursor
		}
	}
	if d := given(c.Direction); d != nil {
		out.Back = *d == gql.CursorPaginationDirectionPrevious
	}
	return out, at, err
}

// part is a page of what belongs to the thing a field is of, read along with
// that of others.
func part[K ~int64, P any](ctx context.Context, name, id string, number, size *int, fetch func(context.Context, []K,
	input.Page) (map[K]P, error)) (P, page, error) {
	_, n, _ := decode(id)
	at := numbered(number, size)
	found, err := loaderOf(ctx, fmt.Sprint(name, " ", at.number, " ", at.size), func(ctx context.Context,
		ids []K) (map[K]P, error) {
		return fetch(ctx, ids, input.Page{Number: at.number, Size: at.size})
	}).Load(ctx, K(n))
	return found, at, err
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
