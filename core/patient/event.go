package patient

import (
	"context"
	"maps"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/contactpoint"
	"frontdesk/core/event"
)

// Fact is a fact about a patient; ids are of what else it is about.
func Fact(of event.Type, id ID, ids event.IDs) event.Fact {
	all := event.IDs{"patient": int64(id)}
	maps.Copy(all, ids)
	return event.Fact{Type: of, IDs: all}
}

// Record records a change of which facts about a patient say all.
func Record(ctx context.Context, tx event.Recorder, who access.Caller, now time.Time, facts ...event.Fact) error {
	return tx.Record(ctx, event.Of(int64(who.Group), now, facts...))
}

// recordChange records what of a patient is not as it was, however it changed. Telephone numbers and the NHS number
// have facts of their own, and all else together is patient.updated; when demographics changed, the event is
// patient.demographics-updated, and those facts are its parts. The caller has locked the patient.
func recordChange(ctx context.Context, tx EventTx, who access.Caller, now time.Time, before, after Patient) error {
	var facts []event.Fact
	phones := [3]event.Type{event.PatientPhoneAdded, event.PatientPhoneUpdated, event.PatientPhoneRemoved}
	numbers := [3]event.Type{event.PatientNumberAdded, event.PatientNumberUpdated, event.PatientNumberRemoved}
	note := func(noun, was, is string, types [3]event.Type) {
		of := types[1]
		switch {
		case was == is:
			return
		case was == "":
			of = types[0]
		case is == "":
			of = types[2]
		}
		facts = append(facts, Fact(of, after.ID, event.IDs{noun: int64(after.ID)}))
	}
	note("mobile", before.Mobile, after.Mobile, phones)
	note("landline", before.Landline, after.Landline, phones)
	note("nhs_number", before.NHSNumber, after.NHSNumber, numbers)
	if otherwise(before, after) {
		facts = append(facts, Fact(event.PatientUpdated, after.ID, nil))
	}
	changed := Changed(before, after)
	switch {
	case len(changed) > 0:
		return RecordDemographics(ctx, tx, who, now, after.ID, changed, facts...)
	case len(facts) > 0:
		return Record(ctx, tx, who, now, facts...)
	}
	return nil
}

// RecordDemographics records which details of a patient changed.
func RecordDemographics(
	ctx context.Context, tx EventTx, who access.Caller, now time.Time, id ID, changed []string, parts ...event.Fact,
) error {
	return RecordCounted(ctx, tx, who, now, event.DemographicsUpdated, id, updated{id.String(), changed}, parts...)
}

// updated is the data of patient.demographics-updated: which details changed, never what they are.
type updated struct {
	PatientID string   `json:"patient_id"`
	Changed   []string `json:"changed"`
}

// Changed names what is known differently now: by us, or by the national service.
func Changed(before, after Patient) []string {
	changed := []string{}
	note := func(name string, differs bool) {
		if differs {
			changed = append(changed, name)
		}
	}
	note("nhs_number", before.NHSNumber != after.NHSNumber)
	note("title", before.Title != after.Title)
	note("first_name", before.FirstName != after.FirstName)
	note("last_name", before.LastName != after.LastName)
	note("dob", before.BirthDate != after.BirthDate)
	note("sex", before.Sex != after.Sex)
	note("deceased_at", !before.DeceasedAt.Equal(after.DeceasedAt))
	note("restricted", before.Restricted != after.Restricted)
	for _, kind := range contactpoint.Kinds {
		note(string(kind), before.ContactPoints.Said(kind) != after.ContactPoints.Said(kind) ||
			before.detail(kind) != after.detail(kind))
	}
	return changed
}

// otherwise reports whether anything is not as it was that has no fact of its own and is no bookkeeping.
func otherwise(before, after Patient) bool {
	if before.NHSNumber != after.NHSNumber {
		before.NumberStatus, before.SupersededBy = after.NumberStatus, after.SupersededBy
	}
	before.Mobile, before.Landline, before.NHSNumber = after.Mobile, after.Landline, after.NHSNumber
	before.PDSVersion, before.SyncedAt = after.PDSVersion, after.SyncedAt
	before.Version, before.UpdatedAt = after.Version, after.UpdatedAt
	before.ContactPoints, after.ContactPoints = nil, nil
	return !before.same(after)
}

// EventTx is what an event of a patient is kept with.
type EventTx interface {
	// NextEvent counts the patient's events: 1, 2, 3, with no gaps.
	NextEvent(ctx context.Context, group access.GroupID, id ID) (int64, error)
	event.Recorder
}

// RecordCounted records an event that the patient's sequence counts. The caller has locked the patient.
func RecordCounted(
	ctx context.Context, tx EventTx, who access.Caller, now time.Time, of event.Type, id ID, data any,
	parts ...event.Fact,
) error {
	n, err := tx.NextEvent(ctx, who.Group, id)
	if err != nil {
		return err
	}
	return tx.Record(ctx, event.Event{
		Group: int64(who.Group), Type: of, Subject: int64(id), Sequence: n, At: now, Data: audit.Snapshot(data),
		Parts: parts,
	})
}
