package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func record(r clinical.Record) *gql.Record {
	out := &gql.Record{
		ID: new(encode(kindRecord, r.ID)), Deleted: new(r.Deleted()), ConsultationID: idOrNull(kindConsultation,
			r.Consultation),
		SectionID: idOrNull(kindSection, r.Section), SectionTitle: text(r.SectionTitle),
		RecordType: text(string(r.Kind)),
		Patient:    new(encode(kindPatient, r.Patient)), DoctorName: text(r.DoctorName), Term: text(r.Term),
		Title: text(r.Title), Date: on(r.Date),
		ClinicalStatus: choice[gql.ClinicalStatus](r.Status), Start: on(r.From), End: on(r.Until),
		Observation: text(r.Detail.Observation), Dosage: text(r.Detail.Dosage), Quantity: text(r.Detail.Quantity),
		BatchNumber: text(r.Detail.BatchNumber),
		ExpiryDate:  text(r.Detail.ExpiryDate), Repeat: r.Detail.Repeat, SampleDate: onIf(r.Detail.SampleDate),
		InjectionDate: onIf(r.Detail.InjectionDate),
		Fasting:       r.Detail.Fasting, Comments: text(r.Comments), DateShared: scalar.Of(r.SharedAt),
		CreatedAt: scalar.Of(r.CreatedAt), UpdatedAt: scalar.Of(r.UpdatedAt),
	}
	if r.Code != "" || r.CodeTerm != "" {
		out.Snomed = &gql.Snomed{Code: text(r.Code), Term: text(r.CodeTerm)}
	}
	return out
}

func freeText(r clinical.Record) *gql.FreeTextRecord {
	return &gql.FreeTextRecord{
		ID: encode(kindRecord, r.ID), PatientID: new(encode(kindPatient, r.Patient)),
		ConsultationID: idOrNull(kindConsultation, r.Consultation),
		SectionTitle:   text(r.SectionTitle), Question: text(r.Title), Answer: text(r.Term),
		CreatedAt: scalar.Of(r.CreatedAt), UpdatedAt: scalar.Of(r.UpdatedAt),
	}
}

func allergy(r clinical.Record) *gql.AllergyRecord {
	return &gql.AllergyRecord{
		ID: encode(kindRecord, r.ID), PatientID: new(encode(kindPatient, r.Patient)),
		ConsultationID: idOrNull(kindConsultation, r.Consultation),
		SectionTitle:   text(r.SectionTitle), Allergen: text(r.Term),
		ClinicalStatus: choice[gql.ClinicalStatus](r.Status), Start: on(r.From), End: on(r.Until),
		Severity: choice[gql.AllergyRecordSeverity](r.Severity), Comments: text(r.Comments),
		CreatedAt: scalar.Of(r.CreatedAt), UpdatedAt: scalar.Of(r.UpdatedAt),
	}
}

// Record finds one entry, deleted or not.
func (q query) Record(ctx context.Context, id string) (*gql.Record, error) {
	n, err := known[clinical.RecordID](kindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := q.core.Clinical.ClinicalRecord(ctx, n)
	return absent(record(r), err, clinical.ErrNoRecord)
}

// Records lists entries.
func (q query) Records(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.RecordData, error) {
	at, l, err := q.listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.Dated, err = datedIn(dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.core.Clinical.Records(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.RecordData{Data: mapped(all, record), PageInfo: at.info(more)}, nil
}

// placed is where a new entry goes.
func placed(patientID string, consultationID graphql.Omittable[*string]) (out clinical.Place, err error) {
	if out.Patient, err = known[patient.ID](kindPatient, patientID); err != nil {
		return out, err
	}
	if id := word(consultationID); id != "" {
		out.Consultation, err = some[clinical.ConsultationID](kindConsultation, id)
	}
	return out, err
}

// CreateFreeTextRecord puts a question and its answer into a record.
func (m mutation) CreateFreeTextRecord(
	ctx context.Context, in gql.CreateFreeTextRecordDataInput,
) (*gql.FreeTextRecordResponsePayload, error) {
	at, err := placed(in.PatientID, in.ConsultationID)
	if err != nil {
		return nil, err
	}
	r, err := m.core.Clinical.CreateFreeText(ctx, at, clinical.FreeTextChange{SectionTitle: change(in.SectionTitle),
		Question: &in.Question, Answer: &in.Answer})
	return &gql.FreeTextRecordResponsePayload{Data: freeText(r)}, err
}

// UpdateFreeTextRecord changes a question or its answer.
func (m mutation) UpdateFreeTextRecord(
	ctx context.Context, id string, in gql.UpdateFreeTextRecordDataInput,
) (*gql.FreeTextRecordResponsePayload, error) {
	n, err := known[clinical.RecordID](kindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := m.core.Clinical.UpdateFreeText(ctx, n, clinical.FreeTextChange{SectionTitle: change(in.SectionTitle),
		Question: in.Question.Value(), Answer: in.Answer.Value()})
	return &gql.FreeTextRecordResponsePayload{Data: freeText(r)}, err
}

// severity is how bad an allergy is, to set.
func severity(o graphql.Omittable[*gql.AllergyRecordSeverity]) *clinical.Severity {
	if v := chosen(o); v != nil {
		return new(clinical.Severity(*v))
	}
	return nil
}

// CreateAllergyRecord puts an allergy into a record.
func (m mutation) CreateAllergyRecord(
	ctx context.Context, in gql.CreateAllergyRecordDataInput,
) (*gql.AllergyRecordResponsePayload, error) {
	at, err := placed(in.PatientID, in.ConsultationID)
	if err != nil {
		return nil, err
	}
	r, err := m.core.Clinical.CreateAllergy(ctx, at, clinical.AllergyChange{
		SectionTitle: change(in.SectionTitle), Allergen: change(in.Allergen), Comments: change(in.Comments),
		Severity: severity(in.Severity),
	})
	return &gql.AllergyRecordResponsePayload{Data: allergy(r)}, err
}

// UpdateAllergyRecord changes an allergy.
func (m mutation) UpdateAllergyRecord(
	ctx context.Context, id string, in gql.UpdateAllergyRecordDataInput,
) (*gql.AllergyRecordResponsePayload, error) {
	n, err := known[clinical.RecordID](kindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := m.core.Clinical.UpdateAllergy(ctx, n, clinical.AllergyChange{Allergen: in.Allergen.Value(),
		Comments: change(in.Comments), Severity: severity(in.Severity)})
	return &gql.AllergyRecordResponsePayload{Data: allergy(r)}, err
}

// DeleteRecord deletes an entry.
func (m mutation) DeleteRecord(ctx context.Context, id string) (*gql.RecordResponsePayload, error) {
	n, err := known[clinical.RecordID](kindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := m.core.Clinical.DeleteRecord(ctx, n)
	return &gql.RecordResponsePayload{Data: record(r)}, err
}

// Records are a patient's.
func (f patientFields) Records(ctx context.Context, obj *gql.Patient, number, size *int) (*gql.RecordData, error) {
	p, at, err := part(ctx, "records", obj.ID, number, size, f.core.Clinical.RecordsOf)
	if err != nil {
		return nil, err
	}
	return &gql.RecordData{Data: mapped(p.Items, record), PageInfo: at.info(p.More)}, nil
}
