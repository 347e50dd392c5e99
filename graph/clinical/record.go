package clinical

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/clinical"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func record(r clinical.Record) *gql.Record {
	out := &gql.Record{
		ID: new(wire.Encode(wire.KindRecord, r.ID)), Deleted: new(r.Deleted()),
		ConsultationID: wire.IDOrNull(wire.KindConsultation,
			r.Consultation),
		SectionID: wire.IDOrNull(wire.KindSection, r.Section), SectionTitle: wire.Text(r.SectionTitle),
		RecordType: wire.Text(string(r.Kind)),
		Patient:    new(wire.Encode(wire.KindPatient, r.Patient)), DoctorName: wire.Text(r.DoctorName),
		Term:  wire.Text(r.Term),
		Title: wire.Text(r.Title), Date: wire.Date(r.Date),
		ClinicalStatus: wire.Enum[gql.ClinicalStatus](r.Status), Start: wire.Date(r.From), End: wire.Date(r.Until),
		Observation: wire.Text(r.Detail.Observation), Dosage: wire.Text(r.Detail.Dosage),
		Quantity:    wire.Text(r.Detail.Quantity),
		BatchNumber: wire.Text(r.Detail.BatchNumber),
		ExpiryDate:  wire.Text(r.Detail.ExpiryDate), Repeat: r.Detail.Repeat,
		SampleDate:    wire.DateIf(r.Detail.SampleDate),
		InjectionDate: wire.DateIf(r.Detail.InjectionDate),
		Fasting:       r.Detail.Fasting, Comments: wire.Text(r.Comments), DateShared: scalar.Of(r.SharedAt),
		CreatedAt: scalar.Of(r.CreatedAt), UpdatedAt: scalar.Of(r.UpdatedAt),
	}
	if r.Code != "" || r.CodeTerm != "" {
		out.Snomed = &gql.Snomed{Code: wire.Text(r.Code), Term: wire.Text(r.CodeTerm)}
	}
	return out
}

func freeText(r clinical.Record) *gql.FreeTextRecord {
	return &gql.FreeTextRecord{
		ID: wire.Encode(wire.KindRecord, r.ID), PatientID: new(wire.Encode(wire.KindPatient, r.Patient)),
		ConsultationID: wire.IDOrNull(wire.KindConsultation, r.Consultation),
		SectionTitle:   wire.Text(r.SectionTitle), Question: wire.Text(r.Title), Answer: wire.Text(r.Term),
		CreatedAt: scalar.Of(r.CreatedAt), UpdatedAt: scalar.Of(r.UpdatedAt),
	}
}

func allergy(r clinical.Record) *gql.AllergyRecord {
	return &gql.AllergyRecord{
		ID: wire.Encode(wire.KindRecord, r.ID), PatientID: new(wire.Encode(wire.KindPatient, r.Patient)),
		ConsultationID: wire.IDOrNull(wire.KindConsultation, r.Consultation),
		SectionTitle:   wire.Text(r.SectionTitle), Allergen: wire.Text(r.Term),
		ClinicalStatus: wire.Enum[gql.ClinicalStatus](r.Status), Start: wire.Date(r.From), End: wire.Date(r.Until),
		Severity: wire.Enum[gql.AllergyRecordSeverity](r.Severity), Comments: wire.Text(r.Comments),
		CreatedAt: scalar.Of(r.CreatedAt), UpdatedAt: scalar.Of(r.UpdatedAt),
	}
}

// Record finds one entry, deleted or not.
func (q Query) Record(ctx context.Context, id string) (*gql.Record, error) {
	n, err := wire.Known[clinical.RecordID](wire.KindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := q.Core.Clinical.Record(ctx, n)
	return wire.Absent(record(r), err, clinical.ErrNoRecord)
}

// Records lists entries.
func (q Query) Records(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.RecordData, error) {
	at, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := clinical.Query{Listing: l}
	if ask.Dated, err = wire.OptionalDays(dateRange); err != nil {
		return nil, err
	}
	all, more, err := q.Core.Clinical.Records(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.RecordData{Data: wire.Map(all, record), PageInfo: at.Info(more)}, nil
}

// placed is where a new entry goes.
func placed(patientID string, consultationID graphql.Omittable[*string]) (out clinical.Place, err error) {
	if out.Patient, err = wire.Known[patient.ID](wire.KindPatient, patientID); err != nil {
		return out, err
	}
	if id := wire.Word(consultationID); id != "" {
		out.Consultation, err = wire.IDOrUnknown[clinical.ConsultationID](wire.KindConsultation, id)
	}
	return out, err
}

// CreateFreeTextRecord puts a question and its answer into a record.
func (m Mutation) CreateFreeTextRecord(
	ctx context.Context, in gql.CreateFreeTextRecordDataInput,
) (*gql.FreeTextRecordResponsePayload, error) {
	at, err := placed(in.PatientID, in.ConsultationID)
	if err != nil {
		return nil, err
	}
	r, err := m.Core.Clinical.CreateFreeText(ctx, at,
		clinical.FreeTextChange{SectionTitle: wire.Change(in.SectionTitle),
			Question: &in.Question, Answer: &in.Answer})
	return &gql.FreeTextRecordResponsePayload{Data: freeText(r)}, err
}

// UpdateFreeTextRecord changes a question or its answer.
func (m Mutation) UpdateFreeTextRecord(
	ctx context.Context, id string, in gql.UpdateFreeTextRecordDataInput,
) (*gql.FreeTextRecordResponsePayload, error) {
	n, err := wire.Known[clinical.RecordID](wire.KindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := m.Core.Clinical.UpdateFreeText(ctx, n, clinical.FreeTextChange{SectionTitle: wire.Change(in.SectionTitle),
		Question: in.Question.Value(), Answer: in.Answer.Value()})
	return &gql.FreeTextRecordResponsePayload{Data: freeText(r)}, err
}

// severity is how bad an allergy is, to set.
func severity(o graphql.Omittable[*gql.AllergyRecordSeverity]) *clinical.Severity {
	if v := wire.ChangeEnum(o); v != nil {
		return new(clinical.Severity(*v))
	}
	return nil
}

// CreateAllergyRecord puts an allergy into a record.
func (m Mutation) CreateAllergyRecord(
	ctx context.Context, in gql.CreateAllergyRecordDataInput,
) (*gql.AllergyRecordResponsePayload, error) {
	at, err := placed(in.PatientID, in.ConsultationID)
	if err != nil {
		return nil, err
	}
	r, err := m.Core.Clinical.CreateAllergy(ctx, at, clinical.AllergyChange{
		SectionTitle: wire.Change(in.SectionTitle), Allergen: wire.Change(in.Allergen),
		Comments: wire.Change(in.Comments),
		Severity: severity(in.Severity),
	})
	return &gql.AllergyRecordResponsePayload{Data: allergy(r)}, err
}

// UpdateAllergyRecord changes an allergy.
func (m Mutation) UpdateAllergyRecord(
	ctx context.Context, id string, in gql.UpdateAllergyRecordDataInput,
) (*gql.AllergyRecordResponsePayload, error) {
	n, err := wire.Known[clinical.RecordID](wire.KindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := m.Core.Clinical.UpdateAllergy(ctx, n, clinical.AllergyChange{Allergen: in.Allergen.Value(),
		Comments: wire.Change(in.Comments), Severity: severity(in.Severity)})
	return &gql.AllergyRecordResponsePayload{Data: allergy(r)}, err
}

// DeleteRecord deletes an entry.
func (m Mutation) DeleteRecord(ctx context.Context, id string) (*gql.RecordResponsePayload, error) {
	n, err := wire.Known[clinical.RecordID](wire.KindRecord, id)
	if err != nil {
		return nil, err
	}
	r, err := m.Core.Clinical.DeleteRecord(ctx, n)
	return &gql.RecordResponsePayload{Data: record(r)}, err
}

// Records are a patient's.
func (f PatientFields) Records(ctx context.Context, obj *gql.Patient, number, size *int) (*gql.RecordData, error) {
	p, at, err := wire.Part(ctx, "records", obj.ID, number, size, f.Core.Clinical.RecordsOf)
	if err != nil {
		return nil, err
	}
	return &gql.RecordData{Data: wire.Map(p.Items, record), PageInfo: at.Info(p.More)}, nil
}
