package record

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// WriteJob is the job that writes an entry, once it is approved and its message has gone.
func WriteJob(group practice.ID, id int64) job.Job {
	return job.Job{Group: int64(group), Kind: WriteKind, Key: strconv.FormatInt(id, 10), Args: job.Args(id)}
}

// fact is the data of write-to-record.succeeded and write-to-record.failed.
type fact struct {
	EntryID    string `json:"record_entry_id"`
	MessageID  string `json:"message_id,omitempty"`
	ResponseID string `json:"form_response_id,omitempty"`
	PatientID  string `json:"patient_id"`
	Status     Status `json:"status"`
	Reason     string `json:"reason,omitempty"`
}

// digits is an id as an event has it; empty for none.
func digits(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// updated is the data of patient.medical-record-updated.
type updated struct {
	PatientID string `json:"patient_id"`
	EntryID   string `json:"record_entry_id"`
}

// Write is the job. An entry that is not approved, or whose message has not
// gone, is left for later: approving it, or sending the message, asks again.
func (s *Service) Write(ctx context.Context, group practice.ID, id int64) error {
	e, err := s.Store.RecordEntry(ctx, group, id)
	if err != nil || e.Status != Approved {
		return err
	}
	if e.Message != 0 {
		if sent, err := s.Store.MessageSent(ctx, group, e.Message); err != nil || !sent {
			return err
		}
	}
	failed := s.Writer.Write(ctx, group, e)
	if failed != nil && fault.Later(failed) {
		return failed
	}
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockRecordEntry(ctx, group, id)
		if err != nil || before.Status != Approved {
			return err
		}
		after := before
		after.Status, after.WrittenAt, after.UpdatedAt = Written, now, now
		kind := event.WriteToRecordSucceeded
		if failed != nil {
			after.Status, after.WrittenAt, after.Reason, kind = Failed, time.Time{}, fault.Of(failed).Message,
				event.WriteToRecordFailed
		}
		if err := tx.SaveRecordEntry(ctx, group, after); err != nil {
			return err
		}
		emit := func(kind event.Type, data any) error {
			return tx.RecordEntryEvent(ctx, group, id,
				event.Event{Group: int64(group), Type: kind, Subject: id, At: now, Data: audit.Snapshot(data)})
		}
		err = emit(kind, fact{strconv.FormatInt(id, 10), digits(e.Message), digits(e.Consultation), e.Patient.String(),
			after.Status, after.Reason})
		if err == nil && failed == nil {
			err = emit(event.MedicalRecordUpdated, updated{e.Patient.String(), strconv.FormatInt(id, 10)})
		}
		if err != nil {
			return err
		}
		return tx.Audit(ctx, access.System(group).Audit(now, "record.write", "record_entry", id, before.Status, after.Status))
	})
}

// listLimit is how many entries of a record are listed.
const listLimit = 1000

// Entries lists what was written into a patient's record, newest first.
func (s *Service) Entries(ctx context.Context, of patient.ID) ([]Entry, error) {
	who, err := access.Require(ctx, access.SeeRecords)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.RecordEntries(ctx, who.Group, of, listLimit)
	if err == nil {
		audit.Seen(ctx, audit.Person(of)) // even one with nothing written
		audit.Seen(ctx, found...)
	}
	return found, err
}
