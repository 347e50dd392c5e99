package clinical

import (
	"context"

	"frontdesk/core/patient"
	torecord "frontdesk/core/record"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func recordEntry(e torecord.Review) *gql.RecordEntry {
	return &gql.RecordEntry{
		ID: wire.Encode(wire.KindRecordEntry, e.ID), PatientID: wire.Encode(wire.KindPatient, e.Patient),
		MessageID: about(wire.KindMessage, e.Message), ConsultationID: about(wire.KindConsultation, e.Consultation),
		Channel: e.Channel,
		Snomed:  &gql.Snomed{Code: wire.Text(e.Code), Term: wire.Text(e.Term)}, Content: e.Content,
		Status: gql.RecordEntryStatus(e.Status), FailureReason: wire.Text(e.Reason),
		ProposedBy: wire.Text(e.ProposedBy), DecidedBy: wire.Text(e.DecidedBy), DecidedAt: scalar.Of(e.DecidedAt),
		CreatedAt:     scalar.Of(e.CreatedAt),
		LinkExpiresAt: scalar.Of(e.ExpiresAt), WrittenAt: scalar.Of(e.WrittenAt),
	}
}

// about is the id of what an entry is about; nil where it is about something else.
func about(kind wire.Kind, id int64) *string {
	if id == 0 {
		return nil
	}
	text := wire.Encode(kind, id)
	return &text
}

// Patient is whose record an entry is for.
func (f RecordEntryFields) Patient(ctx context.Context, obj *gql.RecordEntry) (*gql.Patient, error) {
	return f.PatientByID(ctx, wire.Decoded[patient.ID](&obj.PatientID))
}

// RecordEntries lists what waits to be written into torecord.
func (q Query) RecordEntries(
	ctx context.Context, pagination *gql.Pagination, status *gql.RecordEntryStatus, of *string,
) (*gql.RecordEntryData, error) {
	at := wire.PageOf(pagination)
	ask := torecord.Search{Status: torecord.Status(wire.Deref(status)), PageIndex: at.Number - 1, PageSize: at.Size}
	if id := wire.Deref(of); id != "" {
		var err error
		if ask.Patient, err = wire.IDOrUnknown[patient.ID](wire.KindPatient, id); err != nil {
			return nil, err
		}
	}
	all, count, err := q.Core.Record.Find(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.RecordEntryData{Data: wire.Map(all, recordEntry), PageInfo: at.Info(at.Offset()+len(all) < count)}, nil
}

// ApproveRecordEntry has an entry written into a record.
func (m Mutation) ApproveRecordEntry(ctx context.Context, id, patientID string) (*gql.RecordEntryPayload, error) {
	return m.decideEntry(ctx, id, patientID, true)
}

// RejectRecordEntry keeps an entry out of a record.
func (m Mutation) RejectRecordEntry(ctx context.Context, id, patientID string) (*gql.RecordEntryPayload, error) {
	return m.decideEntry(ctx, id, patientID, false)
}

func (m Mutation) decideEntry(
	ctx context.Context, id, patientID string, approve bool,
) (*gql.RecordEntryPayload, error) {
	n, err := wire.Known[int64](wire.KindRecordEntry, id)
	if err != nil {
		return nil, err
	}
	seen, err := wire.IDOrUnknown[patient.ID](wire.KindPatient, patientID)
	if err != nil {
		return nil, err
	}
	e, err := m.Core.Record.Decide(ctx, n, seen, approve)
	if err != nil {
		return nil, err
	}
	return &gql.RecordEntryPayload{Data: recordEntry(e)}, nil
}
