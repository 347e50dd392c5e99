package graph

import (
	"context"

	"frontdesk/core/patient"
	torecord "frontdesk/core/record"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func recordEntry(e torecord.Review) *gql.RecordEntry {
	return &gql.RecordEntry{
		ID: encode(kindRecordEntry, e.ID), PatientID: encode(kindPatient, e.Patient),
		MessageID: encode(kindMessage, e.Message), Channel: e.Channel,
		Snomed: &gql.Snomed{Code: text(e.Code), Term: text(e.Term)}, Content: e.Content,
		Status: gql.RecordEntryStatus(e.Status), FailureReason: text(e.Reason),
		ProposedBy: text(e.ProposedBy), DecidedBy: text(e.DecidedBy), DecidedAt: scalar.Of(e.DecidedAt),
		CreatedAt:     scalar.Of(e.CreatedAt),
		LinkExpiresAt: scalar.Of(e.ExpiresAt), WrittenAt: scalar.Of(e.WrittenAt),
	}
}

// Patient is whose record an entry is for.
func (f recordEntryFields) Patient(ctx context.Context, obj *gql.RecordEntry) (*gql.Patient, error) {
	return f.patientByID(ctx, ourID[patient.ID](&obj.PatientID))
}

// RecordEntries lists what waits to be written into torecord.
func (q query) RecordEntries(
	ctx context.Context, pagination *gql.Pagination, status *gql.RecordEntryStatus, of *string,
) (*gql.RecordEntryData, error) {
	at := pageOf(pagination)
	ask := torecord.Search{Status: torecord.Status(deref(status)), PageIndex: at.number - 1, PageSize: at.size}
	if id := deref(of); id != "" {
		var err error
		if ask.Patient, err = some[patient.ID](kindPatient, id); err != nil {
			return nil, err
		}
	}
	all, count, err := q.core.Record.Find(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.RecordEntryData{Data: mapped(all, recordEntry), PageInfo: at.info(at.offset()+len(all) < count)}, nil
}

// ApproveRecordEntry has an entry written into a record.
func (m mutation) ApproveRecordEntry(ctx context.Context, id, patientID string) (*gql.RecordEntryPayload, error) {
	return m.decideEntry(ctx, id, patientID, true)
}

// RejectRecordEntry keeps an entry out of a record.
func (m mutation) RejectRecordEntry(ctx context.Context, id, patientID string) (*gql.RecordEntryPayload, error) {
	return m.decideEntry(ctx, id, patientID, false)
}

func (m mutation) decideEntry(
	ctx context.Context, id, patientID string, approve bool,
) (*gql.RecordEntryPayload, error) {
	n, err := known[int64](kindRecordEntry, id)
	if err != nil {
		return nil, err
	}
	seen, err := some[patient.ID](kindPatient, patientID)
	if err != nil {
		return nil, err
	}
	e, err := m.core.Record.Decide(ctx, n, seen, approve)
	if err != nil {
		return nil, err
	}
	return &gql.RecordEntryPayload{Data: recordEntry(e)}, nil
}
