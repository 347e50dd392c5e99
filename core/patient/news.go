package patient

import (
	"bytes"
	"context"
	"maps"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
)

// News tells subscriptions of something about a patient; ids are of what else it is
// about, by noun.
func News(ctx context.Context, tx event.Recorder, who access.Caller, now time.Time, topic string, of ID, ids map[string]int64) error {
	all := map[string]int64{"patient": int64(of)}
	maps.Copy(all, ids)
	return tx.Record(ctx, event.News(int64(who.Group), topic, now, all))
}

// tellChange tells what of a patient is not as it was, whoever changed it: every
// change of demographics is the event patient.demographics-updated. Subscriptions
// have topics of their own for telephone numbers and the NHS number, and
// patient.updated for all else together. The caller has locked the patient.
func tellChange(ctx context.Context, tx EventTx, who access.Caller, now time.Time, before, after Full, was, is Contacts) error {
	for _, x := range []struct{ topic, noun, was, is string }{
		{"patient.phone.", "mobile", before.Mobile, after.Mobile}, {"patient.phone.", "landline", before.Landline, after.Landline},
		{"patient.number.", "nhs_number", before.NHSNumber, after.NHSNumber},
	} {
		how := "updated"
		switch {
		case x.was == x.is:
			continue
		case x.was == "":
			how = "added"
		case x.is == "":
			how = "removed"
		}
		if err := News(ctx, tx, who, now, x.topic+how, after.ID, map[string]int64{x.noun: int64(after.ID)}); err != nil {
			return err
		}
	}
	if otherwise(before, after) {
		if err := News(ctx, tx, who, now, "patient.updated", after.ID, nil); err != nil {
			return err
		}
	}
	changed := changes(before.Patient, after.Patient, was, is)
	if len(changed) == 0 {
		return nil
	}
	return Tell(ctx, tx, who, now, "patient.demographics-updated", after.ID, updated{after.ID.String(), changed})
}

// updated is the data of patient.demographics-updated: which details changed,
// never what they are.
type updated struct {
	PatientID string   `json:"patient_id"`
	Changed   []string `json:"changed"`
}

// changes names what is known differently now: by us, or by the national
// service.
func changes(before, after Patient, was, is Contacts) []string {
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
	for _, kind := range ContactKinds {
		note(string(kind), was.said(kind) != is.said(kind) || before.detail(kind) != after.detail(kind))
	}
	return changed
}

// said is what the national service says of one way to reach a patient.
func (c Contacts) said(kind ContactKind) string {
	if i := c.find(kind, FromPDS); i >= 0 {
		return c[i].Value
	}
	return ""
}

// otherwise reports whether anything is not as it was that has no topic of its own
// and is no bookkeeping.
func otherwise(before, after Full) bool {
	if before.NHSNumber != after.NHSNumber {
		before.NumberStatus, before.SupersededBy = after.NumberStatus, after.SupersededBy
	}
	before.Mobile, before.Landline, before.NHSNumber = after.Mobile, after.Landline, after.NHSNumber
	before.PDSVersion, before.SyncedAt, before.Version, before.UpdatedAt = after.PDSVersion, after.SyncedAt, after.Version, after.UpdatedAt
	return before.Patient != after.Patient || !bytes.Equal(audit.Snapshot(before.Particulars), audit.Snapshot(after.Particulars))
}

// EventTx is what an event of a patient is kept with.
type EventTx interface {
	// NextEvent counts the patient's events: 1, 2, 3, with no gaps.
	NextEvent(ctx context.Context, group access.GroupID, id ID) (int64, error)
	event.Recorder
}

// Tell keeps an event of a patient. The caller has locked the patient.
func Tell(ctx context.Context, tx EventTx, who access.Caller, now time.Time, eventType string, id ID, data any) error {
	n, err := tx.NextEvent(ctx, who.Group, id)
	if err != nil {
		return err
	}
	return tx.Record(ctx, event.Event{
		Group: int64(who.Group), Type: eventType, Subject: int64(id), Sequence: n, At: now, Data: audit.Snapshot(data),
	})
}
