package waiting

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/event"
)

// fact is the data of an event of the waiting list.
type fact struct {
	EntryID        string    `json:"waiting_list_id"`
	PatientID      string    `json:"patient_id"`
	TypeID         string    `json:"appointment_type_id"`
	AppointmentID  string    `json:"appointment_id"`
	PractitionerID string    `json:"practitioner_id"`
	StartTime      time.Time `json:"start_time"`
	HeldUntil      time.Time `json:"held_until"`
	ReplacesID     string    `json:"replaces_appointment_id,omitempty"`
	Reason         string    `json:"reason,omitempty"`
}

// types are the types of event of the verdicts.
var types = map[Verdict]event.Type{
	Held: event.WaitingListOffered, Accepted: event.WaitingListAccepted, Declined: event.WaitingListDeclined,
	Expired: event.WaitingListExpired, Withdrawn: event.WaitingListExpired,
}

// save keeps an entry and an offer after what happened to the offer, with the event and the audit entry.
func save(
	ctx context.Context, tx Tx, who access.Caller, now time.Time, before, e Entry, o Offer, about booking.ID,
) error {
	e.UpdatedAt, o.UpdatedAt = now, now
	e.Facts++
	if err := tx.SaveEntry(ctx, who.Group, e); err != nil {
		return err
	}
	if err := tx.SaveOffer(ctx, who.Group, o); err != nil {
		return err
	}
	data := fact{
		EntryID: e.ID.String(), PatientID: e.Patient.String(), TypeID: e.Type.String(), AppointmentID: about.String(),
		PractitionerID: o.Practitioner.String(), StartTime: o.Start, HeldUntil: o.Until,
	}
	if o.Replaces != 0 {
		data.ReplacesID = o.Replaces.String()
	}
	if o.Verdict == Withdrawn {
		data.Reason = string(Withdrawn)
	}
	if err := tx.Record(ctx, event.Event{Group: int64(who.Group), Type: types[o.Verdict], Subject: int64(e.ID),
		Sequence: e.Facts, At: now, Data: audit.Snapshot(data)}); err != nil {
		return err
	}
	action := "waiting_list.offer"
	if o.Verdict != Held {
		action = "waiting_list." + string(o.Verdict)
	}
	if err := tx.Audit(ctx, who.Audit(now, action, "waiting_list", int64(e.ID), before, e)); err != nil {
		return err
	}
	return wake(ctx, tx, who.Group, e, now)
}
