package document

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// Kind is what was shared, in the words of the GraphQL API.
type Kind string

// The kinds that can be shared here.
const (
	KindLetter       Kind = "letter"
	KindLab          Kind = "lab"
	KindPrescription Kind = "rx"
	KindDocument     Kind = "document"
	KindConsultation Kind = "consultation"
)

// Recipient is the kind of person something was shared with.
type Recipient string

// The recipients.
const (
	ToPatient      Recipient = "PATIENT"
	ToContact      Recipient = "CONTACT"
	ToRelationship Recipient = "PATIENT_RELATIONSHIP"
	ToOther        Recipient = "OTHER"
)

// Method is how something was shared.
type Method string

// The methods.
const (
	ByEmail Method = "EMAIL"
	ByLink  Method = "SECURELINK"
)

// Share is that something was shared with a person.
type Share struct {
	ID      int64 `json:"id"`
	Kind    Kind  `json:"kind"`
	Subject int64 `json:"subject_id"` // what was shared, among those of its kind
	// Patient is the patient it is about.
	Patient   patient.ID `json:"patient_id"`
	Recipient Recipient  `json:"recipient"`
	// RecipientID is the contact or the relationship; the patient, too, where it was
	// read; 0 is a person without one.
	RecipientID int64  `json:"recipient_id,omitempty"`
	Email       string `json:"email"`
	Name        string `json:"name"`
	// Title is the thing's title as it was then.
	Title  string `json:"title"`
	Method Method `json:"method"`
	// Records are the entries of a consultation that were shared.
	Records   []int64   `json:"record_ids,omitempty"`
	At        time.Time `json:"at"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
}

// AuditSubject says what it is in the audit trail.
func (s Share) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "share", ID: s.ID, Patient: int64(s.Patient)}
}

// ShareStore is what shares need remembered.
type ShareStore interface {
	// SharesOf lists with whom things of a kind were shared, oldest first; those
	// taken off again too when asked.
	SharesOf(ctx context.Context, group practice.ID, kind Kind, of []int64, deleted bool) ([]Share, error)
	// SharedWith lists what was shared with each patient, the newest first and each
	// thing once: the rows after from and up to until, counted from 1.
	SharedWith(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]Share, error)
}

// Shares is what was shared, and the recipients.
type Shares struct{ Store ShareStore }

// Of lists with whom things of one kind were shared in a stretch of time,
// oldest first; those taken off again too when asked.
func (s *Shares) Of(
	ctx context.Context, kind Kind, of []int64, deleted bool, when input.Span,
) (map[int64][]Share, error) {
	who, err := access.Require(ctx, access.SeeDocuments)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.SharesOf(ctx, who.Group, kind, of, deleted)
	from, until := when.Bounds()
	found = slices.DeleteFunc(found, func(sh Share) bool { return sh.At.Before(from) || sh.At.After(until) })
	out := map[int64][]Share{}
	audit.Seen(ctx, found...)
	for _, sh := range found {
		out[sh.Subject] = append(out[sh.Subject], sh)
	}
	return out, err
}

// With lists a page of what was shared with each patient: each thing once,
// as it was last shared, the newest first.
func (s *Shares) With(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Share], error) {
	return read.Parts(ctx, access.SeeDocuments, of, p, s.Store.SharedWith)
}
