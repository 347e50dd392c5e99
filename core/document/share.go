package document

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
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

// Kinds are all the kinds.
var Kinds = []Kind{KindLetter, KindLab, KindPrescription, KindDocument, KindConsultation}

// shared are the events of those kinds that have one when they are shared, and
// their nouns.
var shared = map[Kind]struct {
	noun string
	of   event.Type
}{KindLetter: {"letter", event.LetterShared}, KindPrescription: {"prescription", event.PrescriptionShared}}

// Recipient is the kind of person something was shared with.
type Recipient string

// The recipients.
const (
	ToPatient      Recipient = "PATIENT"
	ToContact      Recipient = "CONTACT"
	ToRelationship Recipient = "PATIENT_RELATIONSHIP"
	ToOther        Recipient = "OTHER"
)

// Recipients are all the recipients.
var Recipients = []Recipient{ToPatient, ToContact, ToRelationship, ToOther}

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
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(ShareTx) error) error
}

// ShareTx is a ShareStore inside a transaction.
type ShareTx interface {
	PatientLock
	// MarkShared notes on a patient's thing when it was last shared, and reports
	// whether there is one.
	MarkShared(ctx context.Context, group practice.ID, s Share) (bool, error)
	// Share finds a share, or returns ErrNotShared.
	Share(ctx context.Context, group practice.ID, id int64) (Share, error)
	SaveShare(ctx context.Context, group practice.ID, s Share) error
	event.Recorder
	Audit(ctx context.Context, e audit.Entry) error
}

// Shares is what was shared, and the recipients.
type Shares struct {
	Store ShareStore
	Now   func() time.Time
	NewID func() int64
}

// Create notes that something was shared. The caller has sent it: this
// sends nothing. Errors: field faults, patient.ErrNotFound, ErrNotShared.
func (s *Shares) Create(ctx context.Context, sh Share) (Share, error) {
	who, err := access.Require(ctx, access.EditDocuments)
	if err != nil {
		return Share{}, err
	}
	var in input.Checks
	sh.Kind = input.Choice(&in, "type", sh.Kind, Kinds)
	sh.Recipient = input.Choice(&in, "kind", sh.Recipient, Recipients)
	sh.Method = input.Choice(&in, "share_method", sh.Method, []Method{ByEmail, ByLink})
	sh.Email, sh.Name, sh.Title = in.Email("email", sh.Email), in.Text("name", sh.Name, 200), in.Text("title", sh.Title,
		500)
	if err := in.Err(); err != nil {
		return Share{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	sh.ID, sh.At, sh.DeletedAt = s.NewID(), now, time.Time{}
	err = s.Store.Do(ctx, func(tx ShareTx) error {
		if sh.Patient, err = tx.LockPatientAgainstMerge(ctx, who.Group, sh.Patient); err != nil {
			return err
		}
		if sh.Recipient == ToPatient {
			sh.RecipientID = int64(sh.Patient)
		}
		found, err := tx.MarkShared(ctx, who.Group, sh)
		if err != nil {
			return err
		}
		if !found {
			return ErrNotShared
		}
		if err := tx.SaveShare(ctx, who.Group, sh); err != nil {
			return err
		}
		if x, ok := shared[sh.Kind]; ok {
			if err := patient.Record(ctx, tx, who, now, patient.Fact(x.of, sh.Patient,
				event.IDs{x.noun: sh.Subject})); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, who.Audit(now, "share.create", "share", sh.ID, nil, sh))
	})
	return sh, err
}

// End ends a share. It is kept that it was shared. Ending it
// again changes nothing. Error: ErrNotShared.
func (s *Shares) End(ctx context.Context, id int64) (Share, error) {
	who, err := access.Require(ctx, access.EditDocuments)
	if err != nil {
		return Share{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var sh Share
	err = s.Store.Do(ctx, func(tx ShareTx) error {
		before, err := tx.Share(ctx, who.Group, id)
		if sh = before; err != nil || !sh.DeletedAt.IsZero() {
			return err
		}
		sh.DeletedAt = now
		if err := tx.SaveShare(ctx, who.Group, sh); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "share.end", "share", id, before, sh))
	})
	return sh, err
}

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
