// Package record writes what happened into patients' records, once a member of staff has approved it.
//
//	record.go   the entry, as kept; proposed
//	approve.go  whose record it is for; approved or turned down; what waits
//	write.go    written into the record system
//	snomed.go   SNOMED CT codes, and those used by default
//	fhir.go     a record as a FHIR Bundle
//	resource.go the resources in it
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
	// Message is the message it is about; 0 is none.
	Message int64
	// Consultation holds the answers to a form that it is about; 0 is none.
	Consultation int64
	Code         string // SNOMED CT
	Term         string
	Content      string
	Channel      string
	Status       Status
	// Reason is why it failed, in plain English.
	Reason string
	// ProposedBy is the program that asked for it to be written.
	ProposedBy string
	Hash       []byte // SHA-256 of the token in its link
	ExpiresAt  time.Time
	// DecidedBy is who approved it or turned it down, and Decider the member of
	// staff that was; 0 is a program that approves by itself.
	DecidedBy string
	Decider   int64
	DecidedAt time.Time
	WrittenAt time.Time
	// SentAt is when its message went; only where a record is read.
	SentAt    time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AuditSubject says what it is in the audit trail.
func (e Entry) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "record_entry", ID: e.ID, Patient: int64(e.Patient)}
}

// ApprovedBy is who approved the entry; empty when it waits or was turned down.
func (e Entry) ApprovedBy() string {
	if e.Status == Rejected {
		return ""
	}
	return e.DecidedBy
}

// Writer writes entries into the record system a practice group has. Writing the same entry twice is writing it once. A
// *fault.Error that time cannot heal is the record system's final no.
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
	ErrToken    = seal.ErrLink
	ErrDecided  = fault.New(fault.Conflict, "record_entry_decided",
		"It has been decided already whether this goes into the record.")
	// ErrOtherRecord is returned when the entry is not for the record that the
	// caller has seen: two records were merged, or parted again, in between.
	ErrOtherRecord = fault.New(fault.Conflict, "record_entry_moved",
		"This is for another patient's record now. Look at it again.")
	ErrNoRecord = fault.New(fault.Conflict, "record_deleted",
		"This patient's record has been deleted, so nothing can be written into it.")
)

// Reader is what record reads.
type Reader interface {
	// RecordEntry finds an entry, or returns ErrNotFound.
	RecordEntry(ctx context.Context, group practice.ID, id int64) (Entry, error)
	// RecordEntries lists a patient's entries that were written, newest first.
	RecordEntries(ctx context.Context, group practice.ID, of patient.ID, limit int) ([]Entry, error)
	// FindRecordEntries lists entries in a state, oldest first, and how many there
	// are in all, counted as input.CountTo says.
	FindRecordEntries(ctx context.Context, group practice.ID, q Query) ([]Entry, int, error)
	// People finds patients; those the group lacks are left out.
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
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
	Keeper
	RecordEntry(ctx context.Context, group practice.ID, id int64) (Entry, error)
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	// LockRecordEntry keeps others from changing the entry, and reads it.
	LockRecordEntry(ctx context.Context, group practice.ID, id int64) (Entry, error)
	SaveRecordEntry(ctx context.Context, group practice.ID, e Entry) error
	// RecordEntryEvent keeps an event of an entry, numbered after the last.
	RecordEntryEvent(ctx context.Context, group practice.ID, id int64, e event.Event) error
	Enqueue(ctx context.Context, j job.Job) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Keeper keeps new entries.
type Keeper interface {
	AddRecordEntry(ctx context.Context, group practice.ID, e Entry) error
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
	Patient patient.ID
	// Message or Consultation is what it is about: a message, or the answers to a form.
	Message, Consultation int64
	Code, Term, Content   string
	Channel               string
	// Auto approves it at once.
	Auto bool
}

// Proposed is a proposal that was kept, and how to approve it: nothing when it is approved already.
type Proposed struct {
	Entry
	Token, URL string
}

// Propose keeps an entry in the transaction of what it tells of.
func (s *Service) Propose(ctx context.Context, tx Keeper, who access.Caller, p Proposal) (Proposed, error) {
	now := s.Now().Truncate(time.Microsecond)
	e := Entry{
		ID: s.NewID(), Patient: p.Patient, Message: p.Message, Consultation: p.Consultation, Code: p.Code,
		Term: p.Term, Content: p.Content,
		Channel: p.Channel,
		Status:  Pending, ProposedBy: who.Name(), ExpiresAt: now.Add(ApprovalLife), CreatedAt: now, UpdatedAt: now,
	}
	out := Proposed{}
	if p.Auto {
		e.Status, e.DecidedBy, e.Decider, e.DecidedAt = Approved, who.Name(), who.Staff, now
	} else {
		out.Token = seal.NewToken()
		sum := sha256.Sum256([]byte(out.Token))
		e.Hash = sum[:]
		out.URL = s.Pages() + "/record/confirm/" + strconv.FormatInt(int64(who.Group), 36) + "-" +
			strconv.FormatInt(e.ID, 36) + "-" + out.Token
	}
	out.Entry = e
	return out, tx.AddRecordEntry(ctx, who.Group, e)
}

// Link reads what the address of an approval page names. It says nothing of who may decide, and its caller shows
// nothing of the entry: that is for Review. Errors: ErrToken, and ErrDecided with the entry as it was decided.
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

// opens reports whether a token leads to the decision about the entry. Its holder
// learns when that has been made, and nothing else.
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
