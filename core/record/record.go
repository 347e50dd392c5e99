// Package record writes what happened into patients' records, once somebody has
// approved it.
//
//	record.go  the entry, proposed, approved, written
//	snomed.go  SNOMED CT codes, and those used by default
//	fhir.go    a record as FHIR resources
package record

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// Status is how far an entry has come.
type Status string

// The states of an entry.
const (
	Pending  Status = "pending_approval"
	Approved Status = "approved"
	Written  Status = "written"
	Failed   Status = "failed"
	Rejected Status = "rejected"
)

// Entry is something for a patient's record.
type Entry struct {
	ID      int64
	Patient patient.ID
	// Message is the message it tells of.
	Message int64
	Code    string // SNOMED CT
	Term    string
	Content string
	Channel string
	Status  Status
	// Reason is why it failed, in plain English.
	Reason     string
	Hash       []byte // SHA-256 of the token that approves it
	ExpiresAt  time.Time
	ApprovedBy string
	ApprovedAt time.Time
	WrittenAt  time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Writer writes entries into the record system a practice group has. Writing
// the same entry twice is writing it once. A *fault.Error that time cannot heal
// is the record system's final no.
type Writer interface {
	Write(ctx context.Context, group practice.ID, e Entry) error
}

// Own is the writer of Frontdesk's own record: what is approved is kept already.
type Own struct{}

// Write implements Writer.
func (Own) Write(context.Context, practice.ID, Entry) error { return nil }

// The faults of record.
var (
	ErrNotFound = fault.New(fault.NotFound, "record_entry_not_found", "There is no such entry.")
	ErrToken    = fault.New(fault.NotFound, "link_not_found", "This link is not known, was used before, or is too old to use.")
	ErrDecided  = fault.New(fault.Conflict, "record_entry_decided", "It has been decided already whether this goes into the record.")
)

// Reader is what record reads.
type Reader interface {
	// RecordEntry finds an entry, or returns ErrNotFound.
	RecordEntry(ctx context.Context, group practice.ID, id int64) (Entry, error)
	// RecordEntries lists a patient's entries that were written, newest first.
	RecordEntries(ctx context.Context, group practice.ID, of patient.ID, limit int) ([]Entry, error)
	// MessageSent reports whether a carrier has taken an entry's message.
	MessageSent(ctx context.Context, group practice.ID, message int64) (bool, error)
}

// Store is what record needs remembered.
type Store interface {
	Reader
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	RecordEntry(ctx context.Context, group practice.ID, id int64) (Entry, error)
	AddRecordEntry(ctx context.Context, group practice.ID, e Entry) error
	// LockRecordEntry keeps others from changing the entry, and reads it.
	LockRecordEntry(ctx context.Context, group practice.ID, id int64) (Entry, error)
	SaveRecordEntry(ctx context.Context, group practice.ID, e Entry) error
	// TellRecordEntry keeps an event of an entry, numbered after the last.
	TellRecordEntry(ctx context.Context, group practice.ID, id int64, e event.Event) error
	Enqueue(ctx context.Context, j job.Job) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the record capability.
type Service struct {
	Store  Store
	Writer Writer
	Pages  func() string
	Now    func() time.Time
	NewID  func() int64
}

// ApprovalLife is how long an entry can be approved.
const ApprovalLife = 7 * 24 * time.Hour

// WriteKind is the kind of the job that writes an approved entry.
const WriteKind = "record.write"

// Proposal is what to propose for a record.
type Proposal struct {
	Patient             patient.ID
	Message             int64
	Code, Term, Content string
	Channel             string
	// Auto approves it at once.
	Auto bool
}

// Proposed is a proposal that was kept, and how to approve it: nothing when it
// is approved already.
type Proposed struct {
	Entry
	Token, URL string
}

// Propose keeps an entry in the transaction of what it tells of.
func (s *Service) Propose(ctx context.Context, tx Tx, who access.Caller, p Proposal) (Proposed, error) {
	now := s.Now().Truncate(time.Microsecond)
	e := Entry{
		ID: s.NewID(), Patient: p.Patient, Message: p.Message, Code: p.Code, Term: p.Term, Content: p.Content, Channel: p.Channel,
		Status: Pending, ExpiresAt: now.Add(ApprovalLife), CreatedAt: now, UpdatedAt: now,
	}
	out := Proposed{}
	if p.Auto {
		e.Status, e.ApprovedBy, e.ApprovedAt = Approved, who.Actor, now
	} else {
		out.Token = seal.NewToken()
		sum := sha256.Sum256([]byte(out.Token))
		e.Hash = sum[:]
		out.URL = s.Pages() + "/record/confirm/" + strconv.FormatInt(int64(who.Group), 36) + "-" + strconv.FormatInt(e.ID, 36) + "-" + out.Token
	}
	out.Entry = e
	return out, tx.AddRecordEntry(ctx, who.Group, e)
}

// Link reads what the address of an approval page names. Errors: ErrToken, and
// ErrDecided with the entry as it was decided.
func (s *Service) Link(ctx context.Context, link string) (practice.ID, Entry, error) {
	part := strings.Split(link, "-")
	if len(part) != 3 || len(part[2]) > 64 {
		return 0, Entry{}, ErrToken
	}
	group, err1 := strconv.ParseInt(part[0], 36, 64)
	id, err2 := strconv.ParseInt(part[1], 36, 64)
	if err1 != nil || err2 != nil {
		return 0, Entry{}, ErrToken
	}
	e, err := s.Store.RecordEntry(ctx, practice.ID(group), id)
	if errors.Is(err, ErrNotFound) {
		err = ErrToken
	}
	if err == nil {
		err = e.opens(part[2], s.Now())
	}
	return practice.ID(group), e, err
}

// opens reports whether a token decides about the entry. Whoever holds it is
// told when that has happened.
func (e Entry) opens(token string, now time.Time) error {
	sum := sha256.Sum256([]byte(token))
	switch {
	case len(e.Hash) == 0 || string(sum[:]) != string(e.Hash) || !now.Before(e.ExpiresAt):
		return ErrToken
	case e.Status != Pending:
		return ErrDecided
	}
	return nil
}

// Decide approves an entry, or turns it down. The link is used up by that.
// Errors: ErrToken, ErrDecided.
func (s *Service) Decide(ctx context.Context, link string, approve bool) (Entry, error) {
	group, e, err := s.Link(ctx, link)
	if err != nil {
		return e, err
	}
	who := access.Caller{Group: group, Home: group, Actor: "approval page"}
	now := s.Now().Truncate(time.Microsecond)
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockRecordEntry(ctx, group, e.ID)
		if err != nil {
			return err
		}
		if before.Status != Pending {
			return ErrDecided
		}
		e = before
		e.UpdatedAt = now
		e.Status = Rejected
		if approve {
			e.Status, e.ApprovedBy, e.ApprovedAt = Approved, who.Actor, now
		}
		if err := tx.SaveRecordEntry(ctx, group, e); err != nil {
			return err
		}
		if approve {
			if err := tx.Enqueue(ctx, WriteJob(group, e.ID)); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, who.Audit(now, "record.decide", "record_entry", e.ID, before.Status, e.Status))
	})
	return e, err
}

// WriteJob is the job that writes an entry, once it is approved and its message
// has gone.
func WriteJob(group practice.ID, id int64) job.Job {
	return job.Job{Group: int64(group), Kind: WriteKind, Key: strconv.FormatInt(id, 10), Args: job.Args(id)}
}

// fact is the data of write-to-record.succeeded and write-to-record.failed.
type fact struct {
	EntryID   string `json:"record_entry_id"`
	MessageID string `json:"message_id"`
	PatientID string `json:"patient_id"`
	Status    Status `json:"status"`
	Reason    string `json:"reason,omitempty"`
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
	if sent, err := s.Store.MessageSent(ctx, group, e.Message); err != nil || !sent {
		return err
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
		kind := "write-to-record.succeeded"
		if failed != nil {
			after.Status, after.WrittenAt, after.Reason, kind = Failed, time.Time{}, fault.Of(failed).Message, "write-to-record.failed"
		}
		if err := tx.SaveRecordEntry(ctx, group, after); err != nil {
			return err
		}
		tell := func(kind string, data any) error {
			return tx.TellRecordEntry(ctx, group, id, event.Event{Group: int64(group), Type: kind, Subject: id, At: now, Data: audit.Snapshot(data)})
		}
		err = tell(kind, fact{strconv.FormatInt(id, 10), strconv.FormatInt(e.Message, 10), e.Patient.String(), after.Status, after.Reason})
		if err == nil && failed == nil {
			err = tell("patient.medical-record-updated", updated{e.Patient.String(), strconv.FormatInt(id, 10)})
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
	who, err := access.Require(ctx, access.SeeRecords, access.Messaging)
	if err != nil {
		return nil, err
	}
	return s.Store.RecordEntries(ctx, who.Group, of, listLimit)
}
