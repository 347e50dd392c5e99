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

// tellChange tells subscriptions what of a patient is not as it was. Telephone
// numbers and the NHS number have topics of their own, and all else together is
// patient.updated; but not where said, because an event says so already.
func tellChange(ctx context.Context, tx event.Recorder, who access.Caller, now time.Time, before, after Full, said bool) error {
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
	if said || !otherwise(before, after) {
		return nil
	}
	return News(ctx, tx, who, now, "patient.updated", after.ID, nil)
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
