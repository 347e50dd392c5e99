package messaging

import (
	"context"

	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/sequence"
	linkrest "frontdesk/rest/link"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// CreateSequence makes a sequence.
func (o Operations) CreateSequence(
	ctx context.Context, in *oas.SequenceRequest, _ oas.CreateSequenceParams,
) (*oas.Sequence, error) {
	var wrong input.Checks
	c := sequenceChange(&wrong, &oas.SequenceUpdate{Name: oas.NewOptString(in.Name), Purpose: in.Purpose,
		EndsWith: in.EndsWith, Messages: in.Messages})
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return sequenceOf(o.Core.Sequence.Create(ctx, c))
}

// UpdateSequence changes a sequence.
func (o Operations) UpdateSequence(
	ctx context.Context, in *oas.SequenceUpdate, p oas.UpdateSequenceParams,
) (*oas.Sequence, error) {
	var wrong input.Checks
	c := sequenceChange(&wrong, in)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return sequenceOf(o.Core.Sequence.Update(ctx, wire.ID[sequence.ID](p.ID), c))
}

// sequenceChange is what to set of a sequence.
func sequenceChange(wrong *input.Checks, in *oas.SequenceUpdate) sequence.Change {
	c := sequence.Change{Name: wire.Ptr(in.Name.Value, in.Name.Set),
		Archived: wire.Ptr(in.Archived.Value, in.Archived.Set),
		Purpose:  wire.As[messaging.Purpose](in.Purpose.Value, in.Purpose.Set)}
	if in.EndsWith != nil {
		types := wire.IDs[diary.TypeID](wrong, "ends_with", in.EndsWith)
		c.EndsWith = &types
	}
	if in.Messages == nil {
		return c
	}
	steps := make([]sequence.Step, len(in.Messages))
	for i, m := range in.Messages {
		steps[i] = sequence.Step{Delay: m.DelayMinutes, Channel: carrier.Channel(m.MessageType),
			Fallback: carrier.Channel(m.FallbackMessageType.Value), Subject: m.Subject.Value, Text: m.MessageString}
		if m.BookingLink.Set {
			offer := linkrest.OfferOf(wrong, &m.BookingLink.Value)
			steps[i].Booking = &offer
		}
	}
	c.Steps = &steps
	return c
}

// GetSequence finds a sequence.
func (o Operations) GetSequence(ctx context.Context, p oas.GetSequenceParams) (*oas.Sequence, error) {
	return sequenceOf(o.Core.Sequence.Find(ctx, wire.ID[sequence.ID](p.ID)))
}

// ListSequences lists sequences.
func (o Operations) ListSequences(ctx context.Context, p oas.ListSequencesParams) (*oas.ListSequencesOK, error) {
	found, count, err := o.Core.Sequence.List(ctx, sequence.Page{Offset: p.PageIndex.Value * p.PageSize.Value,
		Limit: p.PageSize.Value})
	if err != nil {
		return nil, err
	}
	out := &oas.ListSequencesOK{Data: make([]oas.Sequence, len(found)), Count: float64(count)}
	for i, s := range found {
		shown, err := sequenceOf(s, nil)
		if err != nil {
			return nil, err
		}
		out.Data[i] = *shown
	}
	return out, nil
}

func sequenceOf(s sequence.Sequence, err error) (*oas.Sequence, error) {
	if err != nil {
		return nil, err
	}
	out := &oas.Sequence{ID: wire.Digits(s.ID), Name: s.Name, Purpose: oas.Purpose(s.Purpose),
		EndsWith: make([]oas.ID, len(s.EndsWith)), Messages: make([]oas.SequenceMessage, len(s.Steps)),
		ArchivedAt: wire.Instant(s.ArchivedAt), CreatedAt: s.CreatedAt.UTC()}
	for i, id := range s.EndsWith {
		out.EndsWith[i] = wire.Digits(id)
	}
	for i, step := range s.Steps {
		m := &out.Messages[i]
		*m = oas.SequenceMessage{DelayMinutes: step.Delay, MessageType: oas.SequenceMessageMessageType(step.Channel),
			MessageString: step.Text}
		if step.Fallback != "" {
			m.FallbackMessageType = oas.NewOptSequenceMessageFallbackMessageType(
				oas.SequenceMessageFallbackMessageType(step.Fallback))
		}
		if step.Subject != "" {
			m.Subject = oas.NewOptString(step.Subject)
		}
		if step.Booking != nil {
			m.BookingLink = oas.NewOptBookingLinkUpdate(linkrest.Offered(*step.Booking))
		}
	}
	return out, nil
}

// AddPatientToSequence adds a patient to a sequence.
func (o Operations) AddPatientToSequence(
	ctx context.Context, in *oas.SequencePatientRequest, p oas.AddPatientToSequenceParams,
) (*oas.SequencePatient, error) {
	return entryOf(o.Core.Sequence.Add(ctx, wire.ID[sequence.ID](p.ID), wire.ID[patient.ID](string(in.PatientID))))
}

// RemovePatientFromSequence takes a patient out of a sequence.
func (o Operations) RemovePatientFromSequence(
	ctx context.Context, p oas.RemovePatientFromSequenceParams,
) (*oas.SequencePatient, error) {
	return entryOf(o.Core.Sequence.Remove(ctx, wire.ID[sequence.ID](p.ID), wire.ID[patient.ID](string(p.PatientID))))
}

// ListSequencePatients lists who is and was in a sequence.
func (o Operations) ListSequencePatients(
	ctx context.Context, p oas.ListSequencePatientsParams,
) (*oas.ListSequencePatientsOK, error) {
	found, count, err := o.Core.Sequence.Entries(ctx, wire.ID[sequence.ID](p.ID),
		sequence.Page{Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value})
	if err != nil {
		return nil, err
	}
	out := &oas.ListSequencePatientsOK{Data: make([]oas.SequencePatient, len(found)), Count: float64(count)}
	for i, e := range found {
		shown, err := entryOf(e, nil)
		if err != nil {
			return nil, err
		}
		out.Data[i] = *shown
	}
	return out, nil
}

func entryOf(e sequence.Entry, err error) (*oas.SequencePatient, error) {
	if err != nil {
		return nil, err
	}
	out := &oas.SequencePatient{PatientID: wire.Digits(e.Patient), SequenceID: wire.Digits(e.Sequence),
		Status: oas.SequencePatientStatus(e.State), MessagesSent: e.Sent, LastMessageID: wire.IDOrNull(e.Message),
		Reason: wire.Text(e.Reason), AddedAt: e.CreatedAt.UTC(), EndedAt: wire.OptInstant(e.EndedAt)}
	next := e.State == sequence.Active && e.DueAt != e.HeldUntil
	out.NextMessage = oas.OptNilInt{Value: e.Next + 1, Set: true, Null: !next}
	if out.NextAt = wire.OptInstant(e.DueAt); !next {
		out.NextAt.SetToNull()
	}
	return out, nil
}
