package patient

import (
	"context"
	"strconv"

	"github.com/go-faster/jx"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/record"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// FindRecordEntries lists what waits to be written into records.
func (o Operations) FindRecordEntries(ctx context.Context,
	p oas.FindRecordEntriesParams) (*oas.FindRecordEntriesOK, error) {
	var in input.Checks
	of := wire.FilterID[patient.ID](&in, "patient_id", p.PatientID)
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Record.Find(ctx, record.Search{
		Patient: of, Status: record.Status(p.Status.Value), PageIndex: p.PageIndex.Value, PageSize: p.PageSize.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.FindRecordEntriesOK{Data: make([]oas.ProposedEntry, len(found)), Count: float64(count)}
	for i, e := range found {
		out.Data[i] = oas.ProposedEntry{
			ID: oas.ID(strconv.FormatInt(e.ID, 10)), MessageID: about(e.Message), FormResponseID: about(e.Consultation),
			MessageType: oas.OptMessageType{Value: oas.MessageType(e.Channel), Set: e.Message != 0},
			Patient: oas.NamedPatient{
				ID: wire.Digits(e.Patient), Title: wire.Text(e.Of.Title), FirstName: wire.Text(e.Of.FirstName),
				LastName: wire.Text(e.Of.LastName),
			},
			SnomedCode: e.Code, SnomedTerm: e.Term, Content: e.Content, Status: oas.RecordEntryStatus(e.Status),
			FailureReason: wire.Text(e.Reason),
			ProposedBy:    wire.Text(e.ProposedBy), DecidedBy: wire.Text(e.DecidedBy),
			DecidedAt:     wire.OptInstant(e.DecidedAt),
			CreatedAt:     e.CreatedAt.UTC(),
			LinkExpiresAt: e.ExpiresAt.UTC(), WrittenAt: wire.OptInstant(e.WrittenAt),
		}
	}
	return out, nil
}

// ListRecordEntries lists what was written into a patient's record.
func (o Operations) ListRecordEntries(ctx context.Context,
	p oas.ListRecordEntriesParams) (*oas.ListRecordEntriesOK, error) {
	who, err := o.Core.Patient.Patient(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	found, err := o.Core.Record.Entries(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	out := &oas.ListRecordEntriesOK{Data: make([]oas.RecordEntry, len(found)), Count: float64(len(found))}
	for i, e := range found {
		out.Data[i] = entryOf(e)
	}
	return out, nil
}

// about is the id of what an entry is about, if it is about that.
func about(id int64) oas.OptID {
	return oas.OptID{Value: oas.ID(strconv.FormatInt(id, 10)), Set: id != 0}
}

func entryOf(e record.Entry) oas.RecordEntry {
	return oas.RecordEntry{
		ID: oas.ID(strconv.FormatInt(e.ID, 10)), MessageID: about(e.Message), FormResponseID: about(e.Consultation),
		SnomedCode: e.Code,
		SnomedTerm: e.Term,
		Content:    e.Content, ApprovedBy: wire.String(e.ApprovedBy()), WrittenAt: e.WrittenAt.UTC(),
	}
}

// GetRecordAsFHIR gives the same as FHIR.
func (o Operations) GetRecordAsFHIR(ctx context.Context, p oas.GetRecordAsFHIRParams) (oas.GetRecordAsFHIROK, error) {
	who, err := o.Core.Patient.Patient(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	bundle, err := o.Core.Record.FHIR(ctx, who)
	if err != nil {
		return nil, err
	}
	out := oas.GetRecordAsFHIROK{}
	for name, value := range bundle {
		out[name] = jx.Raw(value)
	}
	return out, nil
}
