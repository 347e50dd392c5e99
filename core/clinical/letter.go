package clinical

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/contact"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// Review says whether a letter was reviewed.
type Review string

// The states of a review.
const (
	NoReview           Review = "NONE"
	AwaitingReview     Review = "AWAITING_REVIEW"
	AwaitingCorrection Review = "AWAITING_CORRECTION"
	Completed          Review = "COMPLETED"
)

// Reviews are all the states of a review.
var Reviews = []Review{NoReview, AwaitingReview, AwaitingCorrection, Completed}

// RecipientKind says what a letter's recipient is; the empty one is none.
type RecipientKind string

// The kinds of recipient.
const (
	ToPatient      RecipientKind = "PATIENT"
	ToContact      RecipientKind = "CONTACT"
	ToRelationship RecipientKind = "PATIENT_RELATIONSHIP"
)

// Recipient is to whom a letter goes.
type Recipient struct {
	Kind RecipientKind `json:"kind"`
	ID   int64         `json:"id"`
}

// Letter is a letter about a patient.
type Letter struct {
	ID        LetterID                `json:"id"`
	Patient   patient.ID              `json:"patient_id"`
	Doctor    practice.PractitionerID `json:"doctor,omitempty"`
	Location  practice.LocationID     `json:"location_id,omitempty"`
	Recipient Recipient               `json:"recipient"`
	Date      input.Date              `json:"date"`
	Title     string                  `json:"title"`
	// Body is HTML as it was sent. It must be made harmless before a browser
	// shows it.
	Body      string    `json:"body"`
	Review    Review    `json:"review"`
	SharedAt  time.Time `json:"shared_at,omitzero"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	// Version counts the changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (l Letter) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "letter", ID: int64(l.ID), Patient: int64(l.Patient)}
}

// Deleted reports whether the letter was deleted.
func (l Letter) Deleted() bool { return !l.DeletedAt.IsZero() }

// LetterChange is what to set of a letter; nil leaves a thing as it is.
type LetterChange struct {
	Patient     *patient.ID
	Doctor      *practice.PractitionerID // 0 takes it away
	Location    *practice.LocationID     // 0 takes it away
	Recipient   *Recipient               // the zero value takes it away
	Date        *input.Date
	Title, Body *string
	Review      *Review
}

// maxTitle is how long a letter's title may be, in bytes.
const maxTitle = 128

func (c LetterChange) apply(l *Letter) error {
	input.Set(&l.Patient, c.Patient)
	input.Set(&l.Doctor, c.Doctor)
	input.Set(&l.Location, c.Location)
	input.Set(&l.Recipient, c.Recipient)
	input.Set(&l.Date, c.Date)
	input.Set(&l.Title, c.Title)
	input.Set(&l.Body, c.Body)
	input.Set(&l.Review, c.Review)
	var in input.Checks
	if l.Title = in.Required("title", l.Title, maxTitle); len(l.Title) > maxTitle {
		in.Wrong("title", input.CodeBig, "at most 128 bytes", "This is longer than 128 bytes.")
	}
	l.Body = in.Lines("body", l.Body, 500_000)
	l.Review = input.Choice(&in, "review_status", l.Review, Reviews)
	l.Date = in.Day("date", l.Date)
	if l.Date == input.NoDate && c.Date != nil {
		in.Wrong("date", input.CodeDate, "a date", "A letter has a date.")
	}
	return in.Err()
}

// LetterStore is what letters need remembered. Its lists are as those of RecordStore.
type LetterStore interface {
	Letter(ctx context.Context, group practice.ID, id LetterID) (Letter, error)
	Letters(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Letter, error)
	LettersOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]Letter, error)
	// LettersBy lists those that members of staff wrote.
	LettersBy(
		ctx context.Context, group practice.ID, by []practice.PractitionerID, from, until int,
	) (map[practice.PractitionerID][]Letter, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(LetterTx) error) error
}

// LetterTx is a LetterStore inside a transaction.
type LetterTx interface {
	practice.GroupReader
	PatientLock
	StaffReader
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
	Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error)
	// RelatedTo is the patient a relationship is one of, or 0 where there is no such
	// relationship.
	RelatedTo(ctx context.Context, group practice.ID, relationship int64) (patient.ID, error)
	// LockLetter keeps others from changing the letter until the end of the transaction, and finds it, deleted or not.
	LockLetter(ctx context.Context, group practice.ID, id LetterID) (Letter, error)
	SaveLetter(ctx context.Context, group practice.ID, l Letter) error
	event.Recorder
	Audit(ctx context.Context, e audit.Entry) error
}

// Letters is the letters about patients.
type Letters struct {
	Store LetterStore
	Now   func() time.Time
	NewID func() int64
}

var letters = write.Kind[LetterTx, LetterID, Letter]{Needs: access.EditLetters, Lock: LetterTx.LockLetter,
	Save: LetterTx.SaveLetter}

// Create writes a letter, dated today where no date is given, by the member
// of staff who asks where no one else is named. Errors: field faults, patient.ErrNotFound,
// practice.ErrLocationNotFound, ErrNoDoctor,
// ErrNoRecipient.
func (s *Letters) Create(ctx context.Context, c LetterChange) (Letter, error) {
	id := LetterID(s.NewID())
	return letters.Add(ctx, s.Now, s.Store.Do, "letter.create", id, func(e write.Edit[LetterTx], l *Letter) (err error) {
		author := practice.Member(e.Who)
		*l = Letter{ID: id, Date: input.NoDate, Review: NoReview, Version: 1, CreatedAt: e.Now, UpdatedAt: e.Now}
		if err := c.apply(l); err != nil {
			return err
		}
		if l.Doctor == 0 {
			l.Doctor = author
		}
		// Its author is there.
		if err := hold(ctx, e.Tx, e.Group(), l, Letter{Doctor: author}); err != nil {
			return err
		}
		if l.Date == input.NoDate {
			if l.Date, err = practice.Today(ctx, e.Tx, e.Group(), e.Now); err != nil {
				return err
			}
		}
		return l.record(ctx, e.Tx, e.Who, e.Now, event.LetterCreated)
	})
}

// hold makes sure that those a letter names anew are there, and keeps its
// patients from being merged away.
func hold(ctx context.Context, tx LetterTx, group practice.ID, l *Letter, before Letter) error {
	if l.Patient != before.Patient || l.Patient == 0 {
		id, err := tx.LockPatientAgainstMerge(ctx, group, l.Patient)
		if err != nil {
			return err
		}
		l.Patient = id
	}
	if err := addressed(ctx, tx, group, l, before); err != nil {
		return err
	}
	if l.Doctor != before.Doctor {
		if err := doctor(ctx, tx, group, l.Doctor); err != nil {
			return err
		}
	}
	if l.Location != before.Location && l.Location != 0 {
		if _, err := tx.Location(ctx, group, l.Location); err != nil {
			return err
		}
	}
	return nil
}

// addressed makes sure that the recipient of a letter exists, where the letter names it anew.
func addressed(ctx context.Context, tx LetterTx, group practice.ID, l *Letter, before Letter) (err error) {
	anew := l.Recipient != before.Recipient
	switch to := l.Recipient; to.Kind {
	case ToPatient:
		if !anew {
			return nil
		}
		var id patient.ID
		if id, err = tx.LockPatientAgainstMerge(ctx, group, patient.ID(to.ID)); err == nil {
			l.Recipient.ID = int64(id)
		}
	case ToContact:
		if !anew {
			return nil
		}
		var c contact.Contact
		if c, err = tx.Contact(ctx, group, contact.ID(to.ID)); err == nil && c.Deleted() {
			return ErrNoRecipient
		}
	case ToRelationship:
		// A letter goes to a person around its own patient, and to no other's.
		if !anew && l.Patient == before.Patient {
			return nil
		}
		var of patient.ID
		if of, err = tx.RelatedTo(ctx, group, to.ID); err == nil && of != l.Patient {
			return ErrNoRecipient
		}
	default:
		if to != (Recipient{}) {
			return ErrNoRecipient
		}
	}
	if errors.Is(err, patient.ErrNotFound) || errors.Is(err, contact.ErrNotFound) {
		return ErrNoRecipient
	}
	return err
}

// Update changes a letter. Errors: as Create, and ErrNoLetter, ErrDeleted.
func (s *Letters) Update(ctx context.Context, id LetterID, c LetterChange) (Letter, error) {
	return s.change(ctx, id, "letter.update", c.apply)
}

// record records a change of a letter.
func (l Letter) record(ctx context.Context, tx LetterTx, who access.Caller, now time.Time, of event.Type) error {
	ids := event.IDs{"letter": int64(l.ID), "practitioner": int64(l.Doctor)}
	return patient.Record(ctx, tx, who, now, patient.Fact(of, l.Patient, ids))
}

const deletingLetter = "letter.delete"

// Delete deletes a letter: it is kept, and can no longer be changed.
// Deleting it again changes nothing. Error: ErrNoLetter.
func (s *Letters) Delete(ctx context.Context, id LetterID) (Letter, error) {
	return s.change(ctx, id, deletingLetter, func(*Letter) error { return nil })
}

func (s *Letters) change(
	ctx context.Context, id LetterID, action string, fn func(*Letter) error,
) (Letter, error) {
	return letters.Change(ctx, s.Now, s.Store.Do, action, id, func(e write.Edit[LetterTx], l *Letter) error {
		before := *l
		switch {
		case before.Deleted() && action == deletingLetter:
			return write.ErrSame
		case before.Deleted():
			return ErrDeleted
		case action == deletingLetter:
			l.DeletedAt = e.Now
		}
		if err := fn(l); err != nil {
			return err
		}
		if err := hold(ctx, e.Tx, e.Group(), l, before); err != nil {
			return err
		}
		l.Version, l.UpdatedAt = before.Version+1, e.Now
		switch {
		case action == deletingLetter:
			return l.record(ctx, e.Tx, e.Who, e.Now, event.LetterDeleted)
		case l.Review != before.Review:
			return l.record(ctx, e.Tx, e.Who, e.Now, event.LetterReviewUpdated)
		}
		return nil
	})
}

// Find finds one letter, deleted or not. Error: ErrNoLetter.
func (s *Letters) Find(ctx context.Context, id LetterID) (Letter, error) {
	return read.One(ctx, access.SeeLetters, id, s.Store.Letter)
}

// List lists letters, and reports whether more follow. Those asked for by their date,
// or by when they were made or changed, come in that order, others in the order
// of their ids.
func (s *Letters) List(ctx context.Context, q Query) ([]Letter, bool, error) {
	return page(ctx, access.SeeLetters, q, s.Store.Letters)
}

// OfPatients lists each patient's letters, up to Most.
func (s *Letters) OfPatients(ctx context.Context, of []patient.ID) (map[patient.ID][]Letter, error) {
	return all(ctx, access.SeeLetters, of, s.Store.LettersOf)
}

// By lists a page of the letters of each member of staff.
func (s *Letters) By(
	ctx context.Context, by []practice.PractitionerID, p input.Page,
) (map[practice.PractitionerID]input.Part[Letter], error) {
	return read.Parts(ctx, access.SeeLetters, by, p, s.Store.LettersBy)
}
