package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
)

// save keeps a changed appointment with its event and its audit entry, and gives it as it is now.
func save(
	ctx context.Context, tx recorder, who access.Caller, now time.Time, action string, of event.Type,
	before, after Appointment, why string,
) (Appointment, error) {
	after.Version, after.UpdatedAt = before.Version+1, now
	if err := tx.SaveAppointment(ctx, who.Group, after); err != nil {
		return before, err
	}
	return after, record(ctx, tx, who, now, action, of, &before, after, why)
}

// note keeps what staff note with an appointment, which its sequence does not count, with its event and its audit
// entry.
func note(
	ctx context.Context, tx recorder, who access.Caller, now time.Time, of event.Type, before, after Appointment,
) (Appointment, error) {
	after.UpdatedAt = now
	if err := tx.SaveAppointment(ctx, who.Group, after); err != nil {
		return before, err
	}
	ids := event.IDs{
		"appointment": int64(after.ID), "patient": int64(after.Patient), "practitioner": int64(after.Practitioner),
	}
	if err := tx.Record(ctx, event.Of(int64(who.Group), now, event.Fact{Type: of, IDs: ids})); err != nil {
		return before, err
	}
	return after, tx.Audit(ctx, who.Audit(now, "appointment.update", "appointment", int64(after.ID), before, after))
}

// record writes the event and the audit entry of a change.
func record(
	ctx context.Context, tx recorder, who access.Caller, now time.Time, action string, of event.Type,
	before *Appointment, a Appointment, why string,
) error {
	data := fact{
		AppointmentID: a.ID.String(), State: a.State, PractitionerID: a.Practitioner.String(),
		LocationID: a.Location.String(), TypeID: a.Type.String(), StartTime: a.Start, EndTime: a.End, Reason: why,
	}
	if a.Patient != 0 {
		data.PatientID = a.Patient.String()
	}
	if a.State == Reserved {
		data.ReservedUntil = a.ReservedUntil
	}
	for _, o := range a.Elsewhere {
		data.Elsewhere = append(data.Elsewhere, o.ID.String())
	}
	if before != nil {
		data.Previous = &previous{
			State: before.State, PractitionerID: before.Practitioner.String(), LocationID: before.Location.String(),
			TypeID: before.Type.String(), StartTime: before.Start, EndTime: before.End,
		}
	}
	err := tx.Record(ctx, event.Event{
		Group: int64(who.Group), Type: of, Subject: int64(a.ID), Sequence: a.Version, At: now,
		Data: audit.Snapshot(data),
	})
	if err != nil {
		return err
	}
	var was any
	if before != nil {
		was = *before
	}
	return tx.Audit(ctx, who.Audit(now, action, "appointment", int64(a.ID), was, a))
}

// fact is the data of an appointment's event.
type fact struct {
	AppointmentID  string    `json:"appointment_id"`
	State          State     `json:"state"`
	PatientID      string    `json:"patient_id,omitempty"`
	PractitionerID string    `json:"practitioner_id"`
	LocationID     string    `json:"location_id"`
	TypeID         string    `json:"appointment_type_id"`
	StartTime      time.Time `json:"start_time"`
	EndTime        time.Time `json:"end_time"`
	ReservedUntil  time.Time `json:"reserved_until,omitzero"`
	Reason         string    `json:"reason,omitempty"` // why it happened, never why the patient comes
	// Elsewhere are appointments the patient has at the same time with others.
	Elsewhere []string  `json:"overlapping_appointment_ids,omitempty"`
	Previous  *previous `json:"previous,omitempty"`
}

type previous struct {
	State          State     `json:"state"`
	PractitionerID string    `json:"practitioner_id"`
	LocationID     string    `json:"location_id"`
	TypeID         string    `json:"appointment_type_id"`
	StartTime      time.Time `json:"start_time"`
	EndTime        time.Time `json:"end_time"`
}
