package clinical

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
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
	set(&l.Patient, c.Patient)
	set(&l.Doctor, c.Doctor)
	set(&l.Location, c.Location)
	set(&l.Recipient, c.Recipient)
	set(&l.Date, c.Date)
	set(&l.Title, c.Title)
	set(&l.Body, c.Body)
	set(&l.Review, c.Review)
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

// CreateLetter writes a letter, dated today where no date is given, by the member
// of staff who asks where no one else is named. Errors: field faults, patient.ErrNotFound,
// practice.ErrLocationNotFound, ErrNoDoctor,
// ErrNoRecipient.
func (s *Service) CreateLetter(ctx context.Context, c LetterChange) (Letter, error) {
	who, err := access.Require(ctx, EditLetters)
	if err != nil {
		return Letter{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	fresh := Letter{ID: LetterID(s.NewID()), Date: input.NoDate, Review: NoReview, Version: 1, CreatedAt: now,
		UpdatedAt: now}
	if err := c.apply(&fresh); err != nil {
		return Letter{}, err
	}
	if fresh.Doctor == 0 {
		fresh.Doctor = practice.Member(who)
	}
	if err := s.addressed(ctx, who.Group, fresh.Recipient, Recipient{}); err != nil {
		return Letter{}, err
	}
	var l Letter
	err = s.Store.Do(ctx, func(tx Tx) error {
		l = fresh
		// Its author is there.
		if err := hold(ctx, tx, who.Group, &l, Letter{Doctor: practice.Member(who)}); err != nil {
			return err
		}
		if l.Date == input.NoDate {
			if l.Date, err = today(ctx, tx, who.Group, now); err != nil {
				return err
			}
		}
		if err := tx.SaveLetter(ctx, who.Group, l); err != nil {
			return err
		}
		if err := l.record(ctx, tx, who, now, event.LetterCreated); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "letter.create", "letter", int64(l.ID), nil, l))
	})
	return l, err
}

// addressed makes sure that the recipient is there, other than a patient and those
// around them, whom a letter is to go to: those are looked up in the transaction.
func (s *Service) addressed(ctx context.Context, group practice.ID, to, before Recipient) error {
	switch {
	case to == before || to == Recipient{} || to.Kind == ToPatient || to.Kind == ToRelationship:
		return nil
	case to.Kind != ToContact || s.Recipient == nil:
		return ErrNoRecipient
	}
	return s.Recipient(ctx, group, to)
}

// hold makes sure that those a letter names anew are there, and keeps its
// patients from being merged away.
func hold(ctx context.Context, tx Tx, group practice.ID, l *Letter, before Letter) error {
	if l.Patient != before.Patient || l.Patient == 0 {
		id, err := tx.LockPatientAgainstMerge(ctx, group, l.Patient)
		if err != nil {
			return err
		}
		l.Patient = id
	}
	if l.Recipient != before.Recipient && l.Recipient.Kind == ToPatient {
		id, err := tx.LockPatientAgainstMerge(ctx, group, patient.ID(l.Recipient.ID))
		if errors.Is(err, patient.ErrNotFound) {
			return ErrNoRecipient
		}
		if err != nil {
			return err
		}
		l.Recipient.ID = int64(id)
	}
	// A letter goes to a person around its own patient, and to no other's.
	if l.Recipient.Kind == ToRelationship && (l.Recipient != before.Recipient || l.Patient != before.Patient) {
		of, err := tx.RelatedTo(ctx, group, l.Recipient.ID)
		if err == nil && of != l.Patient {
			err = ErrNoRecipient
		}
		if err != nil {
			return err
		}
	}
	if l.Doctor != before.Doctor && l.Doctor != 0 {
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

// UpdateLetter changes a letter. Errors: as CreateLetter, and ErrNoLetter,
// ErrDeleted.
func (s *Service) UpdateLetter(ctx context.Context, id LetterID, c LetterChange) (Letter, error) {
	// Other recipients are asked for before anything is locked.
	if c.Recipient != nil {
		who, err := access.Require(ctx, EditLetters)
		if err != nil {
			return Letter{}, err
		}
		if err := s.addressed(ctx, who.Group, *c.Recipient, Recipient{}); err != nil {
			return Letter{}, err
		}
	}
	return s.changeLetter(ctx, id, "letter.update", c.apply)
}

// record records a change of a letter.
func (l Letter) record(ctx context.Context, tx Tx, who access.Caller, now time.Time, of event.Type) error {
	ids := event.IDs{"letter": int64(l.ID), "practitioner": int64(l.Doctor)}
	return patient.Record(ctx, tx, who, now, patient.Fact(of, l.Patient, ids))
}

const deletingLetter = "letter.delete"

// DeleteLetter deletes a letter: it is kept, and can no longer be changed.
// Deleting it again changes nothing. Error: ErrNoLetter.
func (s *Service) DeleteLetter(ctx context.Context, id LetterID) (Letter, error) {
	return s.changeLetter(ctx, id, deletingLetter, func(*Letter) error { return nil })
}

func (s *Service) changeLetter(
	ctx context.Context, id LetterID, action string, fn func(*Letter) error,
) (Letter, error) {
	who, err := access.Require(ctx, EditLetters)
	if err != nil {
		return Letter{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var l Letter
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockLetter(ctx, who.Group, id)
		if err != nil {
			return err
		}
		l = before
		switch {
		case before.Deleted() && action == deletingLetter:
			return nil
		case before.Deleted():
			return ErrDeleted
		case action == deletingLetter:
			l.DeletedAt = now
		}
		if err := fn(&l); err != nil {
			return err
		}
		if err := hold(ctx, tx, who.Group, &l, before); err != nil {
			return err
		}
		l.Version, l.UpdatedAt = before.Version+1, now
		if err := tx.SaveLetter(ctx, who.Group, l); err != nil {
			return err
		}
		of := event.Type("")
		switch {
		case action == deletingLetter:
			of = event.LetterDeleted
		case l.Review != before.Review:
			of = event.LetterReviewUpdated
		}
		if of != "" {
			if err := l.record(ctx, tx, who, now, of); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, who.Audit(now, action, "letter", int64(id), before, l))
	})
	return l, err
}

// Letter finds one letter, deleted or not. Error: ErrNoLetter.
func (s *Service) Letter(ctx context.Context, id LetterID) (Letter, error) {
	return one(ctx, SeeLetters, id, s.Store.Letter)
}

// Letters lists letters, and whether more follow. Those asked for by their date,
// or by when they were made or changed, come in that order, others in the order
// of their ids.
func (s *Service) Letters(ctx context.Context, q Query) ([]Letter, bool, error) {
	return page(ctx, SeeLetters, q, s.Store.Letters)
}

// LettersOf lists each patient's letters, up to Most.
func (s *Service) LettersOf(ctx context.Context, of []patient.ID) (map[patient.ID][]Letter, error) {
	return all(ctx, SeeLetters, of, s.Store.LettersOf)
}

// LettersBy lists a page of the letters of each member of staff.
func (s *Service) LettersBy(
	ctx context.Context, by []practice.PractitionerID, p input.Page,
) (map[practice.PractitionerID]input.Part[Letter], error) {
	return parts(ctx, SeeLetters, by, p, s.Store.LettersBy)
}
