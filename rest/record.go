package rest

import (
	"context"
	"strconv"

	"github.com/go-faster/jx"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/record"
	"frontdesk/rest/oas"
)

// FindRecordEntries lists what waits to be written into records.
func (d *door) FindRecordEntries(ctx context.Context, p oas.FindRecordEntriesParams) (*oas.FindRecordEntriesOK, error) {
	var in input.Checks
	of := filter[patient.ID](&in, "patient_id", p.PatientID)
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := d.core.Record.Find(ctx, record.Search{
		Patient: of, Status: record.Status(p.Status.Value), PageIndex: p.PageIndex.Value, PageSize: p.PageSize.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.FindRecordEntriesOK{Data: make([]oas.ProposedEntry, len(found)), Count: float64(count)}
	for i, e := range found {
		out.Data[i] = oas.ProposedEntry{
			ID: oas.ID(strconv.FormatInt(e.ID, 10)), MessageID: oas.ID(strconv.FormatInt(e.Message, 10)),
			MessageType: oas.MessageType(e.Channel),
			Patient: oas.NamedPatient{
				ID: digits(e.Patient), Title: text(e.Of.Title), FirstName: text(e.Of.FirstName), LastName: text(e.Of.LastName),
			},
			SnomedCode: e.Code, SnomedTerm: e.Term, Content: e.Content, Status: oas.RecordEntryStatus(e.Status),
			FailureReason: text(e.Reason),
			ProposedBy:    text(e.ProposedBy), DecidedBy: text(e.DecidedBy), DecidedAt: optInstant(e.DecidedAt),
			CreatedAt:     e.CreatedAt.UTC(),
			LinkExpiresAt: e.ExpiresAt.UTC(), WrittenAt: optInstant(e.WrittenAt),
		}
	}
	return out, nil
}

// ListRecordEntries lists what was written into a patient's record.
func (d *door) ListRecordEntries(ctx context.Context, p oas.ListRecordEntriesParams) (*oas.ListRecordEntriesOK, error) {
	who, err := d.core.Patient.Patient(ctx, id[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	found, err := d.core.Record.Entries(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	out := &oas.ListRecordEntriesOK{Data: make([]oas.RecordEntry, len(found)), Count: float64(len(found))}
	for i, e := range found {
		out.Data[i] = entryOf(e)
	}
	return out, nil
}

func entryOf(e record.Entry) oas.RecordEntry {
	return oas.RecordEntry{
		ID: oas.ID(strconv.FormatInt(e.ID, 10)), MessageID: oas.ID(strconv.FormatInt(e.Message, 10)), SnomedCode: e.Code,
		SnomedTerm: e.Term,
		Content:    e.Content, ApprovedBy: str(e.ApprovedBy()), WrittenAt: e.WrittenAt.UTC(),
	}
}

// GetRecordAsFHIR gives the same as FHIR.
func (d *door) GetRecordAsFHIR(ctx context.Context, p oas.GetRecordAsFHIRParams) (oas.GetRecordAsFHIROK, error) {
	who, err := d.core.Patient.Patient(ctx, id[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	bundle, err := d.core.Record.FHIR(ctx, who)
	if err != nil {
		return nil, err
	}
	out := oas.GetRecordAsFHIROK{}
	for name, value := range bundle {
		out[name] = jx.Raw(value)
	}
	return out, nil
}
