package messaging

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// What happens to a message's page, in its timeline and as events.
const (
	Locked   = "locked"   // a wrong date of birth was given too often
	Unlocked = "unlocked" // a member of staff let the patient try again
)

// mark puts what happened to a message's page into its timeline, and tells of it.
func (s *Service) mark(ctx context.Context, tx Tx, group practice.ID, m Message, what string, now time.Time) error {
	if err := tx.AddStep(ctx, group, m.ID, Step{ID: s.NewID(), At: now, Leg: m.Leg, Channel: m.LegChannel(),
		What: what}); err != nil {
		return err
	}
	f := fact{MessageID: m.ID.String(), PatientID: m.Patient.String(), Channel: m.LegChannel(), State: State(what),
		At: now.UTC()}
	if m.Batch != 0 {
		f.BatchID = m.Batch.String()
	}
	return tx.RecordMessageEvent(ctx, group, m.ID, event.Event{
		Group: int64(group), Type: event.Type("message." + what), Subject: int64(m.ID), At: now,
		Data: audit.Snapshot(f),
	})
}

// linkReader reads how a page was opened.
type linkReader interface {
	LinkState(ctx context.Context, group practice.ID, id ID) (wrong int, openedAt time.Time, err error)
}

// locked reports whether a message's page is locked.
func locked(ctx context.Context, r linkReader, group practice.ID, m Message) (bool, error) {
	if m.Link == "" {
		return false, nil
	}
	wrong, _, err := r.LinkState(ctx, group, m.ID)
	return wrong >= seal.MaxWrongBirthDates, err
}

// mayUnlock gives a caller who may let a patient try again: a member of staff, or a program that acts for one.
func mayUnlock(ctx context.Context) (access.Caller, error) {
	if _, err := access.Require(ctx, access.SendMessages); err != nil {
		return access.Caller{}, err
	}
	return access.Require(ctx, access.UnlockMessages)
}

// Unlock lets a patient try the page of a message again, after a wrong date of birth was given too often. A page that
// is not locked stays as it is. Error: ErrNotFound.
func (s *Service) Unlock(ctx context.Context, id ID) (Message, error) {
	who, err := mayUnlock(ctx)
	if err != nil {
		return Message{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var m Message
	return m, s.Store.Do(ctx, func(tx Tx) error {
		var err error
		if m, err = tx.LockMessage(ctx, who.Group, id); err != nil {
			return err
		}
		shut, err := locked(ctx, tx, who.Group, m)
		if err != nil || !shut {
			return err
		}
		_, opened, err := tx.LinkState(ctx, who.Group, id)
		if err != nil {
			return err
		}
		if err := tx.SaveLinkState(ctx, who.Group, id, 0, opened); err != nil {
			return err
		}
		if err := s.mark(ctx, tx, who.Group, m, Unlocked, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "message.unlock", "message", int64(id), nil, nil))
	})
}

// SendAgain sends the text of a message to its patient once more, as a message of its own with a page of its own, by
// the same ways and judged as it is judged now, with the link it carried. The one before stays as it is. Errors:
// ErrNotFound, enclosure.ErrNewAddress, and those of Send.
func (s *Service) SendAgain(ctx context.Context, id ID) (Taken, error) {
	who, err := access.Require(ctx, access.SendMessages)
	if err != nil {
		return Taken{}, err
	}
	m, err := s.Store.Message(ctx, who.Group, id)
	if err != nil {
		return Taken{}, err
	}
	r := Request{
		Patient: m.Patient, Channel: m.Channel, Text: m.Content, Subject: m.Subject, Fallback: m.Fallback,
		Encrypted: m.Encrypted, Purpose: m.Purpose,
		TaskID: m.TaskID, Assignee: m.Assignee, Follows: m.ID,
	}
	if m.ShortLink != 0 && m.Notice == 0 {
		r.Carries.Link = m.ShortLink
		r.Text, err = s.Enclosures.Again(ctx, who.Group, m.ShortLink, m.LinkVersion, m.Content)
		if err != nil {
			return Taken{}, err
		}
	}
	if m.ContactSource == FromRequest {
		// It was meant for there, and not for the patient's own number or address.
		r.Contact = m.Contact
	}
	again, err := s.Send(ctx, r)
	if errors.Is(err, patient.ErrNotFound) {
		err = patient.ErrNotFound // the caller has named a message, and no patient
	}
	return again, err
}
