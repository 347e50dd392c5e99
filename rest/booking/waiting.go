package booking

import (
	"context"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
	"frontdesk/core/waiting"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// AddToWaitingList puts a patient on the waiting list.
func (o Operations) AddToWaitingList(
	ctx context.Context, in *oas.WaitingListRequest, _ oas.AddToWaitingListParams,
) (*oas.WaitingListEntry, error) {
	var wrong input.Checks
	want := waiting.Joining{
		Patient: wire.FieldID[patient.ID](&wrong, "patient_id", string(in.PatientID)),
		Type:    wire.FieldID[diary.TypeID](&wrong, "appointment_type_id", string(in.AppointmentTypeID)),
		Change: waitingChange(&wrong, &oas.WaitingListUpdate{
			LocationIds: in.LocationIds, PractitionerIds: in.PractitionerIds, FromDate: in.FromDate, ToDate: in.ToDate,
			Weekdays: in.Weekdays, PartOfDay: oas.OptWaitingListUpdatePartOfDay{Set: in.PartOfDay.Set,
				Value: oas.WaitingListUpdatePartOfDay(in.PartOfDay.Value)},
			Priority: in.Priority, ReplacesAppointmentID: in.ReplacesAppointmentID,
		}),
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return waitingEntry(o.Core.Waiting.Add(ctx, want))
}

// UpdateWaitingListEntry changes an entry of the waiting list.
func (o Operations) UpdateWaitingListEntry(
	ctx context.Context, in *oas.WaitingListUpdate, p oas.UpdateWaitingListEntryParams,
) (*oas.WaitingListEntry, error) {
	var wrong input.Checks
	change := waitingChange(&wrong, in)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return waitingEntry(o.Core.Waiting.Change(ctx, wire.ID[waiting.ID](p.ID), change))
}

// GetWaitingListEntry finds an entry of the waiting list.
func (o Operations) GetWaitingListEntry(
	ctx context.Context, p oas.GetWaitingListEntryParams,
) (*oas.WaitingListEntry, error) {
	return waitingEntry(o.Core.Waiting.Find(ctx, wire.ID[waiting.ID](p.ID)))
}

// RemoveFromWaitingList takes a patient off the waiting list.
func (o Operations) RemoveFromWaitingList(
	ctx context.Context, p oas.RemoveFromWaitingListParams,
) (*oas.WaitingListEntry, error) {
	return waitingEntry(o.Core.Waiting.Remove(ctx, wire.ID[waiting.ID](p.ID)))
}

// ListWaitingList lists the waiting list.
func (o Operations) ListWaitingList(
	ctx context.Context, p oas.ListWaitingListParams,
) (*oas.ListWaitingListOK, error) {
	var wrong input.Checks
	q := waiting.Query{
		Patient: wire.FilterID[patient.ID](&wrong, "patient_id", p.PatientID),
		Type:    wire.FilterID[diary.TypeID](&wrong, "appointment_type_id", p.AppointmentTypeID),
		State:   waiting.State(p.Status.Value), Limit: p.Limit.Value,
	}
	if p.Cursor.Value != "" {
		q.After = wire.FieldID[waiting.ID](&wrong, "cursor", p.Cursor.Value)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, more, err := o.Core.Waiting.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListWaitingListOK{Data: make([]oas.WaitingListEntry, len(found)), Cursor: p.Cursor.Value, HasMore: more}
	for i, e := range found {
		shown, err := waitingEntry(e, nil)
		if err != nil {
			return nil, err
		}
		out.Data[i], out.Cursor = *shown, e.ID.String()
	}
	return out, nil
}

func waitingChange(wrong *input.Checks, in *oas.WaitingListUpdate) waiting.Change {
	c := waiting.Change{
		From: wire.Day(wrong, "from_date", in.FromDate), To: wire.Day(wrong, "to_date", in.ToDate),
		Part:     wire.As[selfbooking.Part](in.PartOfDay.Get()),
		Priority: wire.Ptr(in.Priority.Get()),
	}
	if in.LocationIds != nil {
		list := wire.IDs[practice.LocationID](wrong, "location_ids", in.LocationIds)
		c.Locations = &list
	}
	if in.PractitionerIds != nil {
		list := wire.IDs[practice.PractitionerID](wrong, "practitioner_ids", in.PractitionerIds)
		c.Practitioners = &list
	}
	if in.Weekdays != nil {
		c.Weekdays = &in.Weekdays
	}
	if in.ReplacesAppointmentID.Set {
		id := wire.OptionalID[booking.ID](wrong, "replaces_appointment_id", in.ReplacesAppointmentID)
		c.Replaces = &id
	}
	return c
}

func waitingEntry(e waiting.Entry, err error) (*oas.WaitingListEntry, error) {
	if err != nil {
		return nil, err
	}
	null := func(text string) oas.NilString { return oas.NilString{Value: text, Null: text == "" || text == "0"} }
	out := &oas.WaitingListEntry{
		ID: wire.Digits(e.ID), PatientID: wire.Digits(e.Patient), AppointmentTypeID: wire.Digits(e.Type),
		LocationIds: []oas.ID{}, PractitionerIds: []oas.ID{}, FromDate: e.From.String(), ToDate: e.To.String(),
		Weekdays: append([]int{}, e.Weekdays...), PartOfDay: string(e.Part), Priority: e.Priority,
		ReplacesAppointmentID: null(e.Replaces.String()), Status: oas.WaitingListStatus(e.State), Reason: null(e.Reason),
		AppointmentID: null(e.Appointment.String()), CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
	for _, id := range e.Locations {
		out.LocationIds = append(out.LocationIds, wire.Digits(id))
	}
	for _, id := range e.Practitioners {
		out.PractitionerIds = append(out.PractitionerIds, wire.Digits(id))
	}
	out.Offer.SetToNull()
	if o := e.Standing; o != nil {
		out.Offer.SetTo(oas.WaitingListEntryOffer{AppointmentID: wire.Digits(o.Hold),
			PractitionerID: wire.Digits(o.Practitioner), StartTime: o.Start.UTC(), HeldUntil: o.Until.UTC()})
	}
	return out, nil
}
