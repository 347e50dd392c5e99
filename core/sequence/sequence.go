// Package sequence sends patients a list of messages with delays between them, until they have booked, are taken out,
// or may not be written to any more. Each message is one of core/messaging, with all that is judged there.
//
//	sequence.go  a sequence: made, changed, listed
//	entry.go     a patient in a sequence: added, taken out, listed
//	due.go       what is due becomes a message, or ends the sequence for a patient
//	port.go      what it needs remembered
package sequence

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/selfbooking"
	"frontdesk/core/template"
	"frontdesk/core/write"
)

// ID names a sequence within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Step is one message of a sequence.
type Step struct {
	// Delay is how long after the message before it is sent, and the first after the patient was added, in minutes.
	Delay    int             `json:"delay_minutes"`
	Channel  carrier.Channel `json:"channel"`
	Fallback carrier.Channel `json:"fallback,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	Text     string          `json:"text"`
	// Booking is what a booking link offers that is made with the message; nil is none.
	Booking *selfbooking.Change `json:"booking,omitempty"`
}

// Sequence is a list of messages.
type Sequence struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
	// Purpose is Other unless the practice says that it is direct care, which goes on for patients who have opted out.
	Purpose messaging.Purpose `json:"purpose"`
	Steps   []Step            `json:"steps"`
	// EndsWith are the types of appointment of which a booking ends it for a patient; none is any type.
	EndsWith []diary.TypeID `json:"ends_with,omitempty"`
	// ArchivedAt is when it was ended for all of its patients.
	ArchivedAt time.Time `json:"archived_at,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (s Sequence) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "sequence", ID: int64(s.ID)}
}

const (
	// mostSteps is how many messages a sequence may have, and mostTypes how many types may end it.
	mostSteps, mostTypes = 20, 50
	// longest is the longest delay, in minutes: a year.
	longest = 366 * 24 * 60
)

// The faults of sequences.
var (
	ErrNotFound = fault.New(fault.NotFound, "sequence_not_found", "This practice group has no such sequence.")
	ErrNotIn    = fault.New(fault.NotFound, "not_in_sequence", "This patient is not in the sequence.")
	ErrArchived = fault.New(fault.Conflict, "sequence_archived", "This sequence is archived and takes no patients.")
)

// Change is what to set of a sequence; nil leaves a thing as it is.
type Change struct {
	Name     *string
	Purpose  *messaging.Purpose
	Steps    *[]Step
	EndsWith *[]diary.TypeID
	Archived *bool
}

// apply changes a sequence. Patients who are in it go on with the steps as they are then.
func (c Change) apply(s *Sequence, now time.Time) error {
	var in input.Checks
	input.Set(&s.Name, c.Name)
	input.Set(&s.Purpose, c.Purpose)
	input.Set(&s.Steps, c.Steps)
	s.Name = in.Required("name", s.Name, 200)
	input.Choice(&in, "purpose", s.Purpose, []messaging.Purpose{messaging.DirectCare, messaging.Other})
	if c.EndsWith != nil {
		s.EndsWith = slices.Compact(slices.Sorted(slices.Values(*c.EndsWith)))
	}
	if len(s.EndsWith) > mostTypes {
		in.Wrong("ends_with", input.CodeBig, "at most 50 ids", "These are too many.")
	}
	if c.Archived != nil && *c.Archived == s.ArchivedAt.IsZero() {
		s.ArchivedAt = time.Time{}
		if *c.Archived {
			s.ArchivedAt = now
		}
	}
	switch {
	case len(s.Steps) == 0:
		in.Wrong("messages", input.CodeSmall, "at least one message", "A sequence needs a message.")
	case len(s.Steps) > mostSteps:
		in.Wrong("messages", input.CodeBig, "at most 20 messages", "These are too many messages.")
	}
	s.UpdatedAt = now
	return in.Err()
}

// checkStep checks what can be known of a message before there is a patient.
func (s *Service) checkStep(ctx context.Context, g practice.Group, step *Step) error {
	var in input.Checks
	in.Between("delay_minutes", step.Delay, 0, longest)
	input.Choice(&in, "channel", step.Channel, []carrier.Channel{carrier.SMS, carrier.Email, carrier.NHSApp})
	if step.Fallback != "" {
		input.Choice(&in, "fallback", step.Fallback, []carrier.Channel{carrier.SMS, carrier.Email})
		if step.Fallback == step.Channel {
			in.Wrong("fallback", input.CodeChoice, "another channel than the first",
				"A message cannot fall back to the same kind.")
		}
	}
	step.Subject = in.Text("subject", template.Composed(step.Subject), messaging.MaxSubject)
	step.Text = in.Lines("text", template.Composed(step.Text), messaging.MaxText)
	if step.Text == "" {
		in.Wrong("text", input.CodeSmall, "text that is not empty", "This may not be empty.")
	}
	template.Check(&in, "text", step.Text, enclosure.Placeholders...)
	template.Check(&in, "subject", step.Subject)
	if err := in.Err(); err != nil {
		return err
	}
	_, err := s.Messages.Enclosures.Check(ctx, g, enclosure.Want{Booking: step.Booking}, "text", step.Text)
	return err
}

// checkAll checks what a change sets, and that what it names exists.
func (s *Service) checkAll(ctx context.Context, c Change) error {
	who, err := access.Require(ctx, sequences.Needs)
	if err != nil {
		return err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return err
	}
	if c.Steps != nil {
		for i := range (*c.Steps)[:min(len(*c.Steps), mostSteps)] {
			if err := s.checkStep(ctx, g, &(*c.Steps)[i]); err != nil {
				return fault.Within(err, "messages", strconv.Itoa(i))
			}
		}
	}
	if c.EndsWith == nil {
		return nil
	}
	for _, id := range (*c.EndsWith)[:min(len(*c.EndsWith), mostTypes)] {
		if _, err := s.Store.AppointmentType(ctx, who.Group, id); err != nil {
			return err
		}
	}
	return nil
}

// sequences says how sequences are changed.
var sequences = write.Kind[Tx, ID, Sequence]{Needs: access.SendMessages, Lock: Tx.LockSequence, Save: Tx.SaveSequence}

// Create makes a sequence. Errors: field faults, diary.ErrTypeNotFound, and those of enclosure.Service.Check.
func (s *Service) Create(ctx context.Context, c Change) (Sequence, error) {
	if err := s.checkAll(ctx, c); err != nil {
		return Sequence{}, err
	}
	id := ID(s.NewID())
	return sequences.Add(ctx, s.Now, s.Store.Do, "sequence.create", id, func(e write.Edit[Tx], q *Sequence) error {
		*q = Sequence{ID: id, Purpose: messaging.Other, CreatedAt: e.Now}
		return c.apply(q, e.Now)
	})
}

// Update changes a sequence. Errors: as Create, and ErrNotFound.
func (s *Service) Update(ctx context.Context, id ID, c Change) (Sequence, error) {
	if err := s.checkAll(ctx, c); err != nil {
		return Sequence{}, err
	}
	return sequences.Change(ctx, s.Now, s.Store.Do, "sequence.update", id, func(e write.Edit[Tx], q *Sequence) error {
		return c.apply(q, e.Now)
	})
}

// Find finds a sequence. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Sequence, error) {
	return read.One(ctx, access.SeeMessages, id, s.Store.Sequence)
}

// Page is a page of a list.
type Page struct{ Offset, Limit int }

// List lists sequences, newest first, archived ones too, and how many there are, counted up to input.CountTo.
func (s *Service) List(ctx context.Context, p Page) ([]Sequence, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	return s.Store.Sequences(ctx, who.Group, p)
}

// Words are steps as they are kept.
func Words(steps []Step) (string, error) {
	text, err := json.Marshal(steps)
	return string(text), err
}

// Steps reads what Words wrote.
func Steps(text string) (steps []Step, err error) {
	err = json.Unmarshal([]byte(text), &steps)
	return steps, err
}
